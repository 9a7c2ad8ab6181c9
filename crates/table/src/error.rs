//! The errors of reading and writing tables.

use std::path::{Path, PathBuf};

/// The reason a table or a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{action} `{path}`")]
    Io {
        /// `read`, `write`, …
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// The extension names no table format.
    #[error("`{path}` names no table format: end it in `.parquet`, `.csv`, `.tsv` or `.jsonl`")]
    UnknownTableFormat {
        /// The path as given.
        path: PathBuf,
    },
    /// The row type is not a flat struct.
    #[error("`{row}` cannot be a table row: {why}")]
    RowType {
        /// The name of the Rust type.
        row: &'static str,
        /// What about it.
        why: String,
    },
    /// One row does not have the form of the table.
    #[error("row {row} of `{path}`: {why}")]
    Row {
        /// The file.
        path: PathBuf,
        /// Counted from 1, without a header.
        row: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The file as a whole is not a table of its format.
    #[error("`{path}` is not a readable table: {why}")]
    Table {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
}

impl Error {
    /// A closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
