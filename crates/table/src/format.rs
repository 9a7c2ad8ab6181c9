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
    /// The same with tabs.
    Tsv,
    /// One JSON object a line.
    JsonLines,
}

impl TableFormat {
    /// Returns the format that the extension of `path` names, in either case.
    ///
    /// The formats of text may be followed by `.gz`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTableFormat`] for any other extension than `.parquet`, `.csv`, `.tsv` and `.jsonl`.
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

/// Returns whether the table at `path` is compressed as a whole.
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
    fn formats_are_known_by_their_extensions() {
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
