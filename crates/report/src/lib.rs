//! Reports: rows in; tables, figures and documents out.
//!
//! ```text
//! plain data ───────────────► figure::*                one SVG each
//! dataset::DatasetPage ─────► one HTML file            what mynah-prepare made of a corpus
//! training::TrainingPage ───► one HTML file            curves, speech and settings of training runs
//! Score rows ───────────────► scores::ScoresPage       one HTML file            distributions, failures and items to hear
//! Score rows, Verdict ──────► comparison::Comparison   HTML, Markdown, JSON, CSV, LaTeX and SVG files
//! ```
//!
//! The same data give the same bytes: there is no date, no random name and no measured font. A report is
//! self-contained: its style and figures are embedded, and it has no scripts and no references to anything outside its
//! directory. Nothing is dropped: a missing value is replaced by the reason.
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
//! The crate writes no files and knows nothing about corpora and models.

pub mod comparison;
pub mod dataset;
mod document;
mod error;
pub mod figure;
mod page;
pub mod scores;
mod table;
pub mod training;

pub use document::Document;
pub use error::Error;
pub use table::{Cell, Column, Table};
