//! Formats of tables.

use std::path::Path;

use crate::Error;

/// Format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Apache Parquet, compressed with zstd.
    Parquet,
    /// Comma-separated values with a header, quoted where needed.
    Csv,
    /// Tab-separated values, otherwise like CSV.
    Tsv,
    /// One JSON object per line.
    JsonLines,
}

impl TableFormat {
    /// Returns the format named by the extension of `path`, in either case.
    ///
    /// Text formats may be followed by `.gz`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTableFormat`] for extensions other than `.parquet`, `.csv`, `.tsv` and `.jsonl`.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let inner = if is_gzip(path) { &name[..name.len() - ".gz".len()] } else { name };
        let ends = |extension: &str| has_extension(Path::new(inner), extension);
        match () {
            () if ends("parquet") && !is_gzip(path) => Ok(Self::Parquet),
            () if ends("csv") => Ok(Self::Csv),
            () if ends("tsv") => Ok(Self::Tsv),
            () if ends("jsonl") => Ok(Self::JsonLines),
            () => Err(Error::UnknownTableFormat { path: path.to_owned() }),
        }
    }
}

/// Returns true if the table at `path` is compressed with gzip.
pub(crate) fn is_gzip(path: &Path) -> bool {
    has_extension(path, "gz")
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_follow_from_extensions() {
        let check = |name: &str, expected: Option<TableFormat>| {
            assert_eq!(TableFormat::of(Path::new(name)).ok(), expected, "{name}");
        };
        check("a/t.parquet", Some(TableFormat::Parquet));
        check("a.b/t.CSV", Some(TableFormat::Csv));
        check("t.csv.gz", Some(TableFormat::Csv));
        check("t.tsv", Some(TableFormat::Tsv));
        check("t.jsonl.GZ", Some(TableFormat::JsonLines));
        for name in ["t.parquet.gz", "t.gz", "t.xlsx", "csv", "t.csv/x", ""] {
            check(name, None);
        }
    }
}
