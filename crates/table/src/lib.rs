//! Tables of serde rows in Parquet, CSV or JSON Lines, and atomic files.
//!
//! ```text
//! Vec<Row> ──serde──► cells ──► column builders ──► .parquet   (polars)
//!                       │──► text cells ─────────► .csv
//!                       └──► objects ────────────► .jsonl
//! ```
//!
//! A row is a flat struct: its fields are booleans, integers, floats, strings, enums without data, lists of one of
//! these, or an `Option` of one. Columns and their types come from the Rust type, not from the values, so an empty
//! table has the same columns as a full one. The format follows from the extension of the file.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Score {
//!     item: String,
//!     value: Option<f64>,
//! }
//!
//! # fn main() -> Result<(), mynah_table::Error> {
//! # let directory = tempfile::tempdir().expect("a temporary directory");
//! let path = directory.path().join("scores.parquet");
//! let scores = [Score { item: "LJ001-0001".to_owned(), value: Some(3.5) }];
//! mynah_table::write_table(&path, &scores)?;
//! assert_eq!(mynah_table::read_table::<Score>(&path)?, scores);
//! # Ok(())
//! # }
//! ```
//!
//!
//! A missing value is a null in Parquet and JSON Lines and an empty cell in CSV, so that `Some("")` reads back as
//! `None` there. Columns that the row type does not have are ignored; a missing column is an error unless the field is
//! an `Option` or has a serde default. [`read_text_table`] reads tables with unknown columns, and [`write_columns`] and
//! [`read_byte_columns`] handle large tables by column.
//!
//! **Invariant:** no float in a table is NaN or infinite; writing one is an error that names row and column.
//!
//! **Invariant:** files are written atomically ([`write_atomic`]): either the whole file appears or nothing.
//!
//! The crate owns polars; no type of its interface exposes it.

mod arrow_cells;
mod atomic_file;
mod cell;
mod columns;
mod delimited;
mod encoding;
mod error;
mod fitting;
mod format;
mod gzip;
mod json_lines;
mod parquet_reader;
mod parquet_writer;
mod rows;
mod schema;
mod text_table;

pub use atomic_file::{final_name, remove_files, write_atomic};
pub use columns::{ByteColumn, Values, read_byte_columns, write_columns};
pub use encoding::to_utf_8;
pub use error::Error;
pub use format::TableFormat;
pub use gzip::compress as gzip;
pub use rows::{read_table, write_table};
pub use text_table::{RaggedTable, TextTable, read_ragged_table, read_text_columns, read_text_table};
