//! Values separated by commas, semicolons, tabs or bars.

use std::path::Path;

use crate::Error;
use crate::cell::Cell;
use crate::fitting::whole;
use crate::rows::{Untyped, row_error};
use crate::schema::{Column, Schema, Type};
use crate::text_table::{RaggedTable, TextTable};

/// Words for a missing number or boolean, as written by R, NumPy and pandas.
const MISSING: [&str; 5] = ["NA", "<NA>", "NaN", "nan", "null"];

/// Encodes rows after a header.
pub(crate) fn encode(
    path: &Path,
    separator: u8,
    schema: &Schema,
    rows: &[Vec<Cell>],
) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let table = |why: csv::Error| Error::Table { path: path.to_owned(), why: why.to_string() };
    writer.write_record(schema.columns.iter().map(|column| &column.name)).map_err(table)?;
    for row in rows {
        writer.write_record(row.iter().map(Cell::to_text)).map_err(table)?;
    }
    writer.into_inner().map_err(|why| Error::Table { path: path.to_owned(), why: why.to_string() })
}

/// Decodes rows with the columns of `schema`; cells of other columns are null.
///
/// If the separator is not a comma, the decimal sign may be one.
pub(crate) fn decode(
    path: &Path,
    text: &str,
    separator: Option<u8>,
    schema: &Schema,
) -> Result<Untyped, Error> {
    let Split { names, records, .. } = split(path, text, separator)?;
    let columns: Vec<Option<&Column>> =
        names.iter().map(|name| schema.columns.iter().find(|column| &column.name == name)).collect();
    let mut rows = Vec::with_capacity(records.len());
    let separator = dialect(text, separator).0;
    for (index, record) in records.iter().enumerate() {
        let cells = record
            .iter()
            .zip(&columns)
            .map(|(cell, column)| {
                column.map_or(Ok(Cell::Null), |column| {
                    parse(cell, column, separator != b',')
                        .map_err(|why| row_error(path, index, &format!("column `{}`: {why}", column.name)))
                })
            })
            .collect::<Result<_, _>>()?;
        rows.push(cells);
    }
    Ok((names, rows))
}

/// Decodes a table with arbitrary columns, without its empty rows.
pub(crate) fn decode_text(path: &Path, text: &str, separator: Option<u8>) -> Result<TextTable, Error> {
    let Split { names, records, lines } = split(path, text, separator)?;
    let cell = |cell: &str| Some(cell.to_owned()).filter(|cell| !cell.is_empty());
    let mut rows = Vec::with_capacity(records.len());
    let mut lines_of_rows = Vec::with_capacity(records.len());
    for (record, line) in records.iter().zip(lines).filter(|(record, _)| !is_empty(record)) {
        rows.push(record.iter().map(cell).collect());
        lines_of_rows.push(line);
    }
    Ok(TextTable { columns: names, rows, lines: Some(lines_of_rows) })
}

/// Decodes a table whose rows may have other numbers of cells than its header, without its empty rows.
pub(crate) fn decode_ragged(path: &Path, text: &str, separator: Option<u8>) -> Result<RaggedTable, Error> {
    let Split { names, records, lines } = split_ragged(path, text, separator)?;
    let row = |(record, line): (&csv::StringRecord, u64)| {
        (record.iter().map(str::to_owned).collect::<Vec<String>>(), line)
    };
    let (rows, lines) = records.iter().zip(lines).filter(|(record, _)| !is_empty(record)).map(row).unzip();
    Ok(RaggedTable { columns: names, rows, lines })
}

/// Returns `true` for separators alone, which spreadsheets write for rows that once had content.
fn is_empty(record: &csv::StringRecord) -> bool {
    record.iter().all(str::is_empty)
}

/// Returns the separator and the text after Excel's `sep=` line.
///
/// Without that line and without a `separator`, it is the candidate that occurs most often in the header outside
/// quotes.
fn dialect(text: &str, separator: Option<u8>) -> (u8, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim_end_matches('\r');
    if let Some((word, &[declared])) = first.split_at_checked("sep=".len()).map(|(a, b)| (a, b.as_bytes()))
        && word.eq_ignore_ascii_case("sep=")
        && declared.is_ascii()
    {
        return (declared, rest);
    }
    let header: Vec<u8> = first.split('"').step_by(2).flat_map(str::bytes).collect();
    let count = |separator: u8| header.iter().map(|byte| usize::from(*byte == separator)).sum::<usize>();
    // Of two equally frequent candidates the last one wins: a comma.
    let found = [b'|', b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator));
    (separator.or(found).unwrap_or(b','), text)
}

/// Header and records of a text.
struct Split {
    names: Vec<String>,
    records: Vec<csv::StringRecord>,
    /// Line of the text on which each record begins, counted from 1.
    lines: Vec<u64>,
}

/// Splits a text into records of as many cells as its header.
///
/// A header that lacks one cell has none for the names of the rows, as written by R's `write.table`.
fn split(path: &Path, text: &str, separator: Option<u8>) -> Result<Split, Error> {
    let Split { mut names, records, lines } = split_ragged(path, text, separator)?;
    if !records.is_empty() && records.iter().all(|record| record.len() == names.len() + 1) {
        names.insert(0, String::new());
    }
    if let Some(index) = records.iter().position(|record| record.len() != names.len()) {
        let (line, record) = (lines[index], &records[index]);
        let why = format!(
            "line {line} has {} cells, but the header has {}; the separator is {}",
            record.len(),
            names.len(),
            named(dialect(text, separator).0)
        );
        return Err(row_error(path, index, &why));
    }
    Ok(Split { names, records, lines })
}

/// Splits a text into records of any number of cells.
fn split_ragged(path: &Path, text: &str, separator: Option<u8>) -> Result<Split, Error> {
    let (separator, rest) = dialect(text, separator);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(rest.as_bytes());
    let table = |why: csv::Error| Error::Table { path: path.to_owned(), why: why.to_string() };
    let names = reader.headers().map_err(table)?.iter().map(|name| name.trim().to_owned()).collect();
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().map_err(table)?;
    let lines = lines_of(text, text.len() - rest.len(), &records);
    Ok(Split { names, records, lines })
}

/// Returns the line on which each record begins. The csv crate has the record's place before the line break that precedes it.
fn lines_of(text: &str, offset: usize, records: &[csv::StringRecord]) -> Vec<u64> {
    let bytes = text.as_bytes();
    let is_break = |byte: u8| matches!(byte, b'\r' | b'\n');
    let (mut at, mut line) = (0, 1);
    let mut lines = Vec::with_capacity(records.len());
    for record in records {
        let start = offset + record.position().map_or(0, |position| position.byte() as usize);
        while at < bytes.len() && (at < start || is_break(bytes[at])) {
            // A carriage return before a line feed belongs to the same line break.
            let is_end = bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            line += u64::from(is_end);
            at += 1;
        }
        lines.push(line);
    }
    lines
}

fn named(separator: u8) -> String {
    if separator == b'\t' { "a tab".to_owned() } else { format!("`{}`", char::from(separator)) }
}

fn parse(cell: &str, column: &Column, decimal_comma: bool) -> Result<Cell, String> {
    let textual = column.kind == Type::Text;
    if cell.is_empty() && (column.nullable || !textual) {
        return Ok(Cell::Null);
    }
    if column.nullable && !textual && MISSING.contains(&cell.trim()) {
        return Ok(Cell::Null);
    }
    let expected = |what: &str| format!("`{cell}` is not {what}");
    match &column.kind {
        Type::Bool => match cell.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Cell::Bool(true)),
            "false" => Ok(Cell::Bool(false)),
            _ => Err(expected("`true` or `false`")),
        },
        Type::Int => integer(cell, decimal_comma, Cell::Int).ok_or_else(|| expected("an integer")),
        Type::UInt => {
            integer(cell, decimal_comma, Cell::UInt).ok_or_else(|| expected("a nonnegative integer"))
        }
        Type::Float => float(cell, decimal_comma).map(Cell::Float).ok_or_else(|| expected("a finite number")),
        Type::Text => Ok(Cell::Text(cell.to_owned())),
        Type::List(kind) => {
            let values: Vec<serde_json::Value> =
                serde_json::from_str(cell).map_err(|_| expected("a JSON array"))?;
            values.iter().map(|value| element(value, kind)).collect::<Result<_, _>>().map(Cell::List)
        }
    }
}

/// Parses an integer, possibly written as a float, as in a nullable column of pandas.
fn integer<T: std::str::FromStr>(cell: &str, decimal_comma: bool, exact: fn(T) -> Cell) -> Option<Cell> {
    let cell = cell.trim();
    if let Ok(value) = cell.parse() {
        return Some(exact(value));
    }
    // The digits of a whole number determine whether it fits the column's type.
    whole(float(cell, decimal_comma)?).to_text().parse().ok().map(exact)
}

fn float(cell: &str, decimal_comma: bool) -> Option<f64> {
    let cell = cell.trim();
    let parsed = match cell.parse::<f64>() {
        Err(_) if decimal_comma => cell.replacen(',', ".", 1).parse(),
        parsed => parsed,
    };
    parsed.ok().filter(|value| value.is_finite())
}

fn element(value: &serde_json::Value, kind: &Type) -> Result<Cell, String> {
    let cell = match kind {
        Type::Bool => value.as_bool().map(Cell::Bool),
        Type::Int => value.as_i64().map(Cell::Int),
        Type::UInt => value.as_u64().map(Cell::UInt),
        Type::Float => value.as_f64().map(Cell::Float),
        Type::Text => value.as_str().map(|text| Cell::Text(text.to_owned())),
        Type::List(_) => None,
    };
    cell.ok_or_else(|| format!("element `{value}` does not have the type of the column"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_declared_or_detected_in_the_header() {
        let check =
            |text: &str, separator: u8, rest: &str| assert_eq!(dialect(text, None), (separator, rest));
        check("sep=;\r\na,b,c;d\n", b';', "a,b,c;d\n");
        check("SEP=|\na|b\n", b'|', "a|b\n");
        check("sep=\na;b\n", b',', "sep=\na;b\n");
        check("\"a;b;c\",d\n", b',', "\"a;b;c\",d\n");
        check("a\tb;c\td\n", b'\t', "a\tb;c\td\n");
        check("a|b,c|d\n", b'|', "a|b,c|d\n");
        check("a", b',', "a");
        assert_eq!(dialect("a,b\n", Some(b'\t')), (b'\t', "a,b\n"));
    }

    #[test]
    fn reads_numbers_of_other_programs() {
        let check = |cell: &str, kind: Type, nullable: bool, comma: bool, expected: Option<Cell>| {
            let column = Column { name: "c".to_owned(), kind, nullable };
            assert_eq!(parse(cell, &column, comma).ok(), expected, "{cell}");
        };
        check("12.0", Type::UInt, false, false, Some(Cell::UInt(12)));
        check("12,0", Type::UInt, false, true, Some(Cell::UInt(12)));
        check("-3.0", Type::Int, false, false, Some(Cell::Int(-3)));
        check("-3.0", Type::UInt, false, false, None);
        check("12.5", Type::UInt, false, false, None);
        check("18446744073709551615", Type::UInt, false, false, Some(Cell::UInt(u64::MAX)));
        check("3,25", Type::Float, false, true, Some(Cell::Float(3.25)));
        check("3,25", Type::Float, false, false, None);
        check("1.234,5", Type::Float, false, true, None);
        check(" 0.5", Type::Float, false, false, Some(Cell::Float(0.5)));
        check("TRUE", Type::Bool, false, false, Some(Cell::Bool(true)));
        check("False", Type::Bool, false, false, Some(Cell::Bool(false)));
        check("1", Type::Bool, false, false, None);
        check("NA", Type::Float, true, false, Some(Cell::Null));
        check("NaN", Type::UInt, true, false, Some(Cell::Null));
        check("NaN", Type::Float, false, false, None);
        check("inf", Type::Float, true, false, None);
        check("NA", Type::Text, true, false, Some(Cell::Text("NA".to_owned())));
    }
}
