//! Tables of other programs: arbitrary columns, every cell as text.

use std::path::Path;

use crate::Error;
use crate::cell::Cell;
use crate::delimited;
use crate::format::TableFormat;
use crate::parquet_reader::ParquetFile;
use crate::rows::{read_text, row_error};

/// A table with columns not known in advance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTable {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows of cells; an empty cell is `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Reads a table with arbitrary columns.
///
/// Text may be UTF-8, UTF-16 or Windows-1252, a superset of Latin-1. CSV may be separated by commas, semicolons or tabs
/// (whichever occurs most often in the header, unless Excel's `sep=` line names another). Objects of JSON Lines may
/// differ in their keys, whose columns are then in no particular order. Numbers are formatted as in Rust, NaN is a
/// missing value, lists and objects are JSON, dates and times ISO 8601.
///
/// # Errors
///
/// An unknown extension, a file that is not of its format, a duplicate column in the header, or an error of the
/// operating system.
pub fn read_text_table(path: &Path) -> Result<TextTable, Error> {
    let format = TableFormat::of(path)?;
    let table = match format {
        TableFormat::Csv => delimited::decode_text(path, &read_text(path)?, None)?,
        TableFormat::Tsv => delimited::decode_text(path, &read_text(path)?, Some(b'\t'))?,
        TableFormat::Parquet => parquet(path)?,
        TableFormat::JsonLines => json_lines(path, &read_text(path)?)?,
    };
    for (index, name) in table.columns.iter().enumerate() {
        if !name.is_empty() && table.columns[..index].contains(name) {
            let why = format!("two columns are named `{name}`");
            return Err(Error::Table { path: path.to_owned(), why });
        }
    }
    Ok(table)
}

fn parquet(path: &Path) -> Result<TextTable, Error> {
    let file = ParquetFile::open(path)?;
    let columns: Vec<String> = file.names().map(str::to_owned).collect();
    let mut rows = vec![Vec::with_capacity(columns.len()); file.n_rows()];
    for name in &columns {
        for (row, cell) in rows.iter_mut().zip(file.cells(name)?) {
            let missing = matches!(cell, Cell::Float(value) if value.is_nan());
            row.push(Some(cell.to_text()).filter(|text| !missing && !text.is_empty()));
        }
    }
    Ok(TextTable { columns, rows })
}

fn json_lines(path: &Path, text: &str) -> Result<TextTable, Error> {
    let mut table = TextTable { columns: Vec::new(), rows: Vec::new() };
    let lines = text.split('\n').filter(|line| !line.trim_ascii().is_empty());
    for (index, line) in lines.enumerate() {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).map_err(|why| row_error(path, index, &why))?;
        let mut row = vec![None; table.columns.len()];
        for (name, value) in object {
            let position = table.columns.iter().position(|column| *column == name).unwrap_or_else(|| {
                table.columns.push(name);
                row.push(None);
                table.columns.len() - 1
            });
            row[position] = match value {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text).filter(|text| !text.is_empty()),
                other => Some(other.to_string()),
            };
        }
        table.rows.push(row);
    }
    for row in &mut table.rows {
        row.resize(table.columns.len(), None);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(name: &str, content: &[u8]) -> Result<TextTable, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        read_text_table(&path)
    }

    fn shown(table: &TextTable) -> String {
        let row = |row: &Vec<Option<String>>| {
            row.iter().map(|cell| cell.as_deref().unwrap_or("-")).collect::<Vec<_>>().join("|")
        };
        [vec![table.columns.join("|")], table.rows.iter().map(row).collect()].concat().join(" ")
    }

    #[test]
    fn detects_separators_and_byte_order_marks() {
        for content in ["a,b c,d\n1,\"x, y\",\n", "\u{feff}a;b c;d\r\n1;x, y;\r\n", "a\tb c\td\n1\tx, y\t\n"]
        {
            assert_eq!(shown(&read("t.csv", content.as_bytes()).unwrap()), "a|b c|d 1|x, y|-");
        }
        let lines = b"{\"a\": 1, \"b\": \"x\"}\n\n{\"b\": null, \"c\": [1, 2], \"a\": -0.5}\n";
        assert_eq!(shown(&read("t.jsonl", lines).unwrap()), "a|b|c 1|x|- -0.5|-|[1,2]");
        assert_eq!(shown(&read("t.csv", b"").unwrap()), "");
    }

    #[test]
    fn every_format_gives_the_same_text() {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct Row {
            rater: String,
            score: f64,
            page: Option<u32>,
        }
        let directory = tempfile::tempdir().unwrap();
        let rows = [
            Row { rater: "r, 1".into(), score: -2.0, page: None },
            Row { rater: "ö".into(), score: 0.5, page: Some(3) },
        ];
        let tables = ["csv", "jsonl", "parquet"].map(|extension| {
            let path = directory.path().join("t").with_extension(extension);
            crate::write_table(&path, &rows).unwrap();
            let table = read_text_table(&path).unwrap();
            let cell = |row: &Vec<Option<String>>, name| {
                row[table.columns.iter().position(|column| column == name).unwrap()].clone()
            };
            let number = |row, name| cell(row, name).map(|text| text.parse::<f64>().ok());
            let rows = table.rows.iter();
            rows.map(|row| (cell(row, "rater"), number(row, "score"), number(row, "page")))
                .collect::<Vec<_>>()
        });
        assert_eq!(tables[0], tables[1]);
        assert_eq!(tables[0], tables[2]);
        assert_eq!(tables[0][0], (Some("r, 1".to_owned()), Some(Some(-2.0)), None));
    }

    #[test]
    fn rejects_a_malformed_table_by_row() {
        let error = |name: &str, content: &[u8]| read(name, content).unwrap_err().to_string();
        assert!(error("t.csv", b"a,a\n1,2\n").contains("two columns are named `a`"));
        assert!(error("t.csv", b"a,b\n1,2\n3\n").contains('3'), "{}", error("t.csv", b"a,b\n1,2\n3\n"));
        assert!(error("t.csv", b"a,b\n1,\x81\n").contains("t.csv"));
        assert!(error("t.jsonl", b"{\"a\": 1}\n[1]\n").starts_with("row 2 of"));
        assert!(error("t.xlsx", b"").contains(".parquet"));
    }
}
