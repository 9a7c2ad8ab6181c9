//! The formats of tables.

use std::path::Path;

use crate::Error;

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Apache Parquet, zstd-compressed.
    Parquet,
    /// Comma-separated values with a header, quoted where needed.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl TableFormat {
    /// The format that the extension of `path` names.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTableFormat`] for any other extension than `.parquet`, `.csv` and `.jsonl`.
    pub fn of(path: &Path) -> Result<Self, Error> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => Ok(Self::Parquet),
            Some("csv") => Ok(Self::Csv),
            Some("jsonl") => Ok(Self::JsonLines),
            _ => Err(Error::UnknownTableFormat { path: path.to_owned() }),
        }
    }
}
