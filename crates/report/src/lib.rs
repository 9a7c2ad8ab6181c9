//! Reports: rows in; tables, figures and documents out.
//!
//! ```text
//! plain data ───────────────► figure::*                one SVG each
//! dataset::DatasetPage ─────► one HTML file            what mynah-prepare made of a corpus
//! Score rows, Verdict ──────► comparison::Comparison   HTML, Markdown, JSON, CSV, LaTeX and SVG files
//! ```
//!
//! The same data give the same bytes: there is no date, no random name and no font that is measured. A report is whole
//! by itself: its style and its figures are inside, and it has neither scripts nor references to anything outside of
//! its directory. Nothing is dropped: a value that is missing stands in its place with the reason.
//!
//! ```
//! use mynah_report::figure::Histogram;
//!
//! let svg = Histogram {
//!     title: "Length of the utterances".into(),
//!     x_label: "length (s)".into(),
//!     y_label: "utterances".into(),
//!     values: vec![3.0, 4.5, 5.0, 5.5, 9.0],
//! }
//! .to_svg()?;
//! assert!(svg.contains("median 5.0"));
//! # Ok::<(), mynah_report::Error>(())
//! ```
//!
//! The crate writes no files. It knows nothing of corpora and models.

pub mod comparison;
pub mod dataset;
mod document;
mod error;
pub mod figure;
mod page;
mod table;

pub use document::Document;
pub use error::Error;
pub use table::{Cell, Column, Table};
