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
    /// Line of the file on which each row begins, counted from 1; `None` for Parquet.
    pub lines: Option<Vec<u64>>,
}

impl TextTable {
    /// Returns the line of the file on which a row begins, as shown by an editor or a spreadsheet.
    #[must_use]
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.as_ref()?.get(row).copied()
    }
}

/// A table of text whose rows may have more or fewer cells than its header, as programs leave it that append to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaggedTable {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
    /// Line of the file on which each row begins, counted from 1.
    pub lines: Vec<u64>,
}

/// Reads a table with arbitrary columns.
///
/// Text may be UTF-8, UTF-16 or Windows-1252, a superset of Latin-1. CSV may be separated by commas, semicolons, tabs or
/// bars (whichever occurs most often in the header, unless Excel's `sep=` line names another); empty rows are skipped.
/// Objects of JSON Lines may differ in their keys, whose columns are then in no particular order. Numbers are formatted
/// as in Rust, NaN is a missing value, lists and objects are JSON, dates and times ISO 8601.
///
/// # Errors
///
/// An unknown extension, a file that is not of its format, a duplicate column in the header, or an error of the
/// operating system.
pub fn read_text_table(path: &Path) -> Result<TextTable, Error> {
    read(path, None, &|_| true)
}

/// Reads those columns of a table whose names are `wanted`, as [`read_text_table`] does; the cells of others are empty.
///
/// `separator` is that of a CSV file, if it need not be detected. Columns that are not wanted may have any type, and
/// may have the same name.
///
/// # Errors
///
/// Those of [`read_text_table`], where the duplicate column is a wanted one; a separator that is not ASCII.
pub fn read_text_columns(path: &Path, separator: Option<char>, wanted: &[&str]) -> Result<TextTable, Error> {
    let separator = ascii(path, separator)?;
    let mut table = read(path, separator, &|name| wanted.contains(&name))?;
    let unwanted: Vec<usize> =
        (0..table.columns.len()).filter(|&at| !wanted.contains(&table.columns[at].as_str())).collect();
    for row in &mut table.rows {
        for &at in &unwanted {
            row[at] = None;
        }
    }
    Ok(table)
}

/// Reads a table whose rows may differ in their number of cells, in the forms of CSV that [`read_text_table`] reads.
///
/// Returns `None` for Parquet and JSON Lines.
///
/// # Errors
///
/// Those of [`read_text_columns`], except for rows of another length than the header and columns of one name.
pub fn read_ragged_table(path: &Path, separator: Option<char>) -> Result<Option<RaggedTable>, Error> {
    let separator = ascii(path, separator)?;
    let separator = match TableFormat::of(path)? {
        TableFormat::Csv => separator,
        TableFormat::Tsv => separator.or(Some(b'\t')),
        TableFormat::Parquet | TableFormat::JsonLines => return Ok(None),
    };
    delimited::decode_ragged(path, &read_text(path)?, separator).map(Some)
}

/// Validates a separator.
fn ascii(path: &Path, separator: Option<char>) -> Result<Option<u8>, Error> {
    let fits = |byte: u8| byte.is_ascii() && !b"\"\r\n".contains(&byte);
    let bytes = separator.map(u8::try_from).transpose().ok();
    bytes.filter(|separator| separator.is_none_or(fits)).ok_or_else(|| Error::Table {
        path: path.to_owned(),
        why: "a separator is one ASCII character other than a quotation mark".to_owned(),
    })
}

fn read(path: &Path, separator: Option<u8>, is_wanted: &dyn Fn(&str) -> bool) -> Result<TextTable, Error> {
    let format = TableFormat::of(path)?;
    let table = match format {
        TableFormat::Csv => delimited::decode_text(path, &read_text(path)?, separator)?,
        TableFormat::Tsv => delimited::decode_text(path, &read_text(path)?, separator.or(Some(b'\t')))?,
        TableFormat::Parquet => parquet(path, is_wanted)?,
        TableFormat::JsonLines => json_lines(path, &read_text(path)?)?,
    };
    for (index, name) in table.columns.iter().enumerate() {
        if !name.is_empty() && is_wanted(name) && table.columns[..index].contains(name) {
            let why = format!("two columns are named `{name}`");
            return Err(Error::Table { path: path.to_owned(), why });
        }
    }
    Ok(table)
}

fn parquet(path: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<TextTable, Error> {
    let file = ParquetFile::open(path)?;
    let columns: Vec<String> = file.names().map(str::to_owned).collect();
    let mut rows = vec![Vec::with_capacity(columns.len()); file.n_rows()];
    for name in &columns {
        if !is_wanted(name) {
            for row in &mut rows {
                row.push(None);
            }
            continue;
        }
        for (row, cell) in rows.iter_mut().zip(file.cells(name)?) {
            let missing = matches!(cell, Cell::Float(value) if value.is_nan());
            row.push(Some(cell.to_text()).filter(|text| !missing && !text.is_empty()));
        }
    }
    Ok(TextTable { columns, rows, lines: None })
}

fn json_lines(path: &Path, text: &str) -> Result<TextTable, Error> {
    let mut table = TextTable { columns: Vec::new(), rows: Vec::new(), lines: Some(Vec::new()) };
    let lines = (1..).zip(text.split('\n')).filter(|(_, line)| !line.trim_ascii().is_empty());
    for (index, (number, line)) in lines.enumerate() {
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
        if let Some(lines) = &mut table.lines {
            lines.push(number);
        }
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
        // R's write.table has no name for the column of row names.
        assert_eq!(shown(&read("t.tsv", b"\"a\"\t\"b\"\n\"1\"\t2\t3\n").unwrap()), "|a|b 1|2|3");
        assert_eq!(shown(&read("t.csv", b"a|b\n1|2,5\n|\n3|4\n").unwrap()), "a|b 1|2,5 3|4");
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let lines = |name: &str, content: &str| read(name, content.as_bytes()).unwrap().lines.unwrap();
        assert_eq!(lines("t.csv", "sep=;\r\na;b\r\n1;\"x\r\ny\"\r\n;\r\n\r\n2;z\r\n"), [3, 7]);
        assert_eq!(lines("t.jsonl", "{\"a\":1}\n\n{\"a\":2}\n"), [1, 3]);
    }

    #[test]
    fn unwanted_columns_are_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        fs::write(&path, "a:x:x:b\n1:2:3:4\n").unwrap();
        let table = read_text_columns(&path, Some(':'), &["b", "a"]).unwrap();
        assert_eq!(shown(&table), "a|x|x|b 1|-|-|4");
        let error = |separator, wanted: &[&str]| {
            read_text_columns(&path, Some(separator), wanted).unwrap_err().to_string()
        };
        assert!(error(':', &["x"]).contains("two columns are named `x`"));
        for separator in ['"', '\n', '€'] {
            assert!(error(separator, &["a"]).contains("one ASCII character"), "{separator}");
        }
    }

    #[test]
    fn ragged_rows_are_kept_as_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let read = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            fs::write(&path, content).unwrap();
            read_ragged_table(&path, None)
        };
        let table = read("t.csv", b"\xEF\xBB\xBFa; b\r\n1; 2 ;3\r\n;\r\n4\r\na; b\r\n").unwrap().unwrap();
        assert_eq!(table.columns, ["a", "b"]);
        assert_eq!(table.rows, [vec!["1", " 2 ", "3"], vec!["4"], vec!["a", " b"]]);
        assert_eq!(table.lines, [2, 4, 5]);
        assert_eq!(read("t.jsonl", b"{}").unwrap(), None);
        let empty = read("t.tsv", b"").unwrap().unwrap();
        assert!(empty.columns.is_empty() && empty.rows.is_empty() && empty.lines.is_empty());
        assert!(read("t.csv", b"a\n\x81\n").is_err() && read("t.txt", b"a").is_err());
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
        assert!(error("t.csv", b"a,b\n1,2\n3\n").contains("line 3 has 1 cells"));
        assert!(error("t.csv", b"a,b\n1,\x81\n").contains("t.csv"));
        assert!(error("t.jsonl", b"{\"a\": 1}\n[1]\n").starts_with("row 2 of"));
        assert!(error("t.xlsx", b"").contains(".parquet"));
    }
}
