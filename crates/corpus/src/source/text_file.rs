//! Text files of corpora: UTF-8 or UTF-16, in lines, or in records of RFC 4180.

use std::path::Path;
use std::{fs, str};

use mynah_table::to_utf_8;

use crate::Error;

/// A line that is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotText {
    /// Byte of the line, from 1.
    pub(crate) at: usize,
    pub(crate) byte: u8,
}

/// A record of a delimited file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Line on which it begins, from 1.
    pub(crate) line: u64,
    pub(crate) cells: Result<Vec<String>, NotText>,
    /// True if a quoted cell does not end; then the rest of its line is the cell.
    pub(crate) is_open: bool,
}

/// Reads a file and returns its bytes as UTF-8, without a byte order mark; bytes that are not UTF-8 stay.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    to_utf_8(bytes).map_err(|_| Error::Source {
        path: path.to_owned(),
        why: "it begins as UTF-16 and is not UTF-16".to_owned(),
        remedy: "save the file as UTF-8".to_owned(),
    })
}

/// Returns the lines that are not empty, with their numbers from 1. Lines end in LF or CRLF.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    bytes
        .split(|byte| *byte == b'\n')
        .zip(1..)
        .map(|(line, number)| (number, line.strip_suffix(b"\r").unwrap_or(line)))
        .filter(|(_, line)| !line.is_empty())
}

/// Returns a line as text.
pub(crate) fn text(line: &[u8]) -> Result<&str, NotText> {
    str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        NotText { at: at + 1, byte: line[at] }
    })
}

/// Splits lines at every separator: quotes are characters of the text.
pub(crate) fn plain_records(bytes: &[u8], separator: char) -> Vec<Record> {
    let cells = |line| text(line).map(|line| line.split(separator).map(str::to_owned).collect());
    lines(bytes).map(|(line, content)| Record { line, cells: cells(content), is_open: false }).collect()
}

/// Splits records of RFC 4180: cells in double quotes may contain separators, line breaks and doubled quotes.
///
/// A quoted cell that never ends ends with its line, so that it does not swallow the others.
pub(crate) fn quoted_records(bytes: &[u8], separator: char) -> Vec<Record> {
    let mut buffer = [0; 4];
    let separator = separator.encode_utf8(&mut buffer).as_bytes();
    let mut records = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let (start, first_line) = (at, line);
        let mut cells: Vec<Vec<u8>> = Vec::new();
        let mut is_open = false;
        loop {
            let mut cell = Vec::new();
            if bytes.get(at) == Some(&b'"') {
                let ends_cell = |end: usize| {
                    let rest = &bytes[end + 1..];
                    rest.is_empty()
                        || rest.starts_with(b"\n")
                        || rest.starts_with(b"\r\n")
                        || rest.starts_with(separator)
                };
                match closing(bytes, at + 1) {
                    Some(end) if ends_cell(end) => {
                        let inner = &bytes[at + 1..end];
                        line += inner.split(|byte| *byte == b'\n').count() as u64 - 1;
                        let mut rest = inner.iter().copied().peekable();
                        while let Some(byte) = rest.next() {
                            cell.push(byte);
                            if byte == b'"' {
                                rest.next_if_eq(&b'"');
                            }
                        }
                        at = end + 1;
                    }
                    // Quotes within a line that do not surround its cell are characters of the text.
                    Some(end) if !bytes[at..end].contains(&b'\n') => {}
                    _ => is_open = true,
                }
            }
            // A plain cell.
            while at < bytes.len() && bytes[at] != b'\n' && !bytes[at..].starts_with(separator) {
                cell.push(bytes[at]);
                at += 1;
            }
            let ends = at >= bytes.len() || bytes[at] == b'\n';
            if ends && cell.last() == Some(&b'\r') {
                cell.pop();
            }
            cells.push(cell);
            if ends {
                break;
            }
            at += separator.len();
        }
        at += 1;
        line += 1;
        if let [only] = cells.as_slice()
            && only.is_empty()
        {
            continue;
        }
        let valid = text(&bytes[start..(at - 1).min(bytes.len())]).map(drop);
        let cells = valid
            .map(|()| cells.into_iter().map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect());
        records.push(Record { line: first_line, cells, is_open });
    }
    records
}

/// Returns the place of the quote that ends a cell.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{plain_records, quoted_records, read};

    fn cells(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        let records = quoted_records(bytes, ',');
        records.into_iter().map(|record| (record.line, record.cells.unwrap())).collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quoted_cells_hold_separators_breaks_and_quotes() {
        assert_eq!(
            cells(b"a,\"one, two\"\r\n\r\nb,\"three\n\"\"four\"\"\"\nc,plain \"inner\" quotes\nd,\"\"\n"),
            [
                row(1, &["a", "one, two"]),
                row(3, &["b", "three\n\"four\""]),
                row(5, &["c", "plain \"inner\" quotes"]),
                row(6, &["d", ""]),
            ]
        );
        assert_eq!(cells(b"a,b"), [row(1, &["a", "b"])]);
        assert_eq!(cells(b""), []);
    }

    #[test]
    fn a_quote_that_never_ends_costs_its_own_line_only() {
        let records = quoted_records(b"a,\"one\nb,two\nc,three", ',');
        let open: Vec<bool> = records.iter().map(|record| record.is_open).collect();
        assert_eq!(open, [true, false, false]);
        assert_eq!(records[1].cells.as_deref(), Ok(&["b".to_owned(), "two".to_owned()][..]));
        let records = quoted_records(b"a,\"one\nb,\"two\"\n", ',');
        assert_eq!((records.len(), records[0].is_open, records[1].is_open), (2, true, false));
        assert_eq!(cells(b"a,\"No\" he said\n"), [row(1, &["a", "\"No\" he said"])]);
    }

    #[test]
    fn plain_cells_keep_their_quotes() {
        let records = plain_records(b"a|\"one\"\r\n\nb|caf\xe9\n", '|');
        assert_eq!(records[0].cells.as_deref(), Ok(&["a".to_owned(), "\"one\"".to_owned()][..]));
        let bad = records[1].cells.as_ref().unwrap_err();
        assert_eq!((records[1].line, bad.at, bad.byte), (3, 6, 0xe9));
    }

    #[test]
    fn reads_every_unicode_encoding() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.csv");
        let text = "a|süß “é”\n";
        let utf_16 = |mark: &str, bytes: fn(u16) -> [u8; 2]| {
            format!("{mark}{text}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            utf_16("\u{FEFF}", u16::to_le_bytes),
            utf_16("\u{FEFF}", u16::to_be_bytes),
            utf_16("", u16::to_le_bytes),
            utf_16("", u16::to_be_bytes),
        ] {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path).unwrap(), text.as_bytes(), "{bytes:?}");
        }
        fs::write(&path, b"\xFF\xFE\x00\xD8").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("not UTF-16"));
    }
}
