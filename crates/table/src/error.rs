//! Errors of reading and writing tables, with their remedies.

use std::path::{Path, PathBuf};

/// Reason why a table or a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation.
    #[error("cannot {action} `{path}`")]
    Io {
        /// Name of the operation: `read`, `write`, …
        action: &'static str,
        /// File or directory.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The extension does not name a table format.
    #[error("`{path}` does not end in `.parquet`, `.csv`, `.tsv` or `.jsonl`")]
    UnknownTableFormat {
        /// Path as given.
        path: PathBuf,
    },
    /// The row type is not a flat struct.
    #[error("`{row}` is not a valid row type: {why}")]
    RowType {
        /// Name of the Rust type.
        row: &'static str,
        /// Description of the fault.
        why: String,
    },
    /// One row does not have the form of the table.
    #[error("row {row} of `{path}` is invalid: {why}")]
    Row {
        /// Path of the file.
        path: PathBuf,
        /// Number of the row, counted from 1, without a header.
        row: usize,
        /// Description of the fault.
        why: String,
    },
    /// The file as a whole is not a valid table of its format.
    #[error("`{path}` is not a valid table: {why}")]
    Table {
        /// Path of the file.
        path: PathBuf,
        /// Message of the reader.
        why: String,
    },
}

impl Error {
    /// Returns the action that resolves the error, if one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::UnknownTableFormat { .. } => Some(
                "name a file that ends in `.parquet`, `.csv`, `.tsv` or `.jsonl`; text may be followed by `.gz`",
            ),
            Self::Row { .. } => Some("correct the row, or write the table again"),
            Self::Table { .. } => {
                Some("check that the extension names the format of the file, or write it again")
            }
            Self::Io { .. } | Self::RowType { .. } => None,
        }
    }

    /// Returns a closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> [Error; 5] {
        let path = PathBuf::from("t.csv");
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        [
            Error::Io { action: "read", path: path.clone(), source },
            Error::UnknownTableFormat { path: path.clone() },
            Error::RowType { row: "Row", why: "field `a`: a list of lists".to_owned() },
            Error::Row { path: path.clone(), row: 2, why: "column `a`: `x` is not an integer".to_owned() },
            Error::Table { path, why: "two columns are named `a`".to_owned() },
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::Io { .. }
                | Error::UnknownTableFormat { .. }
                | Error::RowType { .. }
                | Error::Row { .. }
                | Error::Table { .. }
        );
    }
}
