//! Tables: built once, rendered as HTML, Markdown, CSV and LaTeX.
//!
//! A cell keeps its value, so that the CSV has every digit while the page shows the significant ones. A cell without a
//! value keeps the reason, and every form of the table shows it.

mod cell;
mod csv;
mod html;
mod markdown;
mod tex;

pub use cell::{Cell, Column, Table};
pub(crate) use markdown::escape_markdown;
