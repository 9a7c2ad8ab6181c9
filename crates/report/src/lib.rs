//! Reports: rows in; tables, figures and documents out.
//!
//! ```text
//! plain data ──► figure::*            one SVG each
//! dataset::DatasetPage ──► HTML       what mynah-prepare made of a corpus
//! ```
//!
//! The same data give the same bytes: there is no date, no random name and no font that is measured. A report is whole
//! by itself: its style and its figures are inside, and it has neither scripts nor references to anything outside of
//! its directory. Nothing is dropped: a value that is missing stands in its place with the reason.
//!
//! The crate writes no files. It knows nothing of corpora and models.

pub mod dataset;
mod error;
pub mod figure;
#[allow(dead_code, unused_imports, reason = "the comparison of systems, which comes next, uses the rest")]
mod page;
mod table;

pub use error::Error;
pub use table::{Cell, Column, Table};
