//! Comma-separated values.

use std::path::Path;

use crate::Error;
use crate::cell::Cell;
use crate::rows::{Untyped, row_error};
use crate::schema::{Column, Schema, Type};
use crate::text_table::TextTable;

pub(crate) fn encode(path: &Path, schema: &Schema, rows: &[Vec<Cell>]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let table = |why: csv::Error| Error::Table { path: path.to_owned(), why: why.to_string() };
    writer.write_record(schema.columns.iter().map(|column| &column.name)).map_err(table)?;
    for row in rows {
        writer.write_record(row.iter().map(text)).map_err(table)?;
    }
    writer.into_inner().map_err(|why| Error::Table { path: path.to_owned(), why: why.to_string() })
}

pub(crate) fn decode(path: &Path, bytes: &[u8], schema: &Schema) -> Result<Untyped, Error> {
    let mut reader = csv::Reader::from_reader(bytes);
    let table = |why: csv::Error| Error::Table { path: path.to_owned(), why: why.to_string() };
    let names: Vec<String> = reader.headers().map_err(table)?.iter().map(str::to_owned).collect();
    let columns: Vec<Option<&Column>> =
        names.iter().map(|name| schema.columns.iter().find(|column| &column.name == name)).collect();
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(table)?;
        let cells = record
            .iter()
            .zip(&columns)
            .map(|(cell, column)| {
                column.map_or(Ok(Cell::Null), |column| {
                    parse(cell, column)
                        .map_err(|why| row_error(path, index, &format!("column `{}`: {why}", column.name)))
                })
            })
            .collect::<Result<_, _>>()?;
        rows.push(cells);
    }
    Ok((names, rows))
}

/// A table of any columns, separated by whichever separator the header has most of.
pub(crate) fn decode_text(path: &Path, bytes: &[u8]) -> Result<TextTable, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(header);
    let count = |separator: u8| header.matches(char::from(separator)).count();
    // Of two that are as frequent the last one wins: a comma.
    let separator = [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(bytes);
    let table = |why: csv::Error| Error::Table { path: path.to_owned(), why: why.to_string() };
    let columns = reader.headers().map_err(table)?.iter().map(|name| name.trim().to_owned()).collect();
    let cell = |cell: &str| Some(cell.to_owned()).filter(|cell| !cell.is_empty());
    let rows = reader
        .records()
        .map(|record| record.map(|record| record.iter().map(cell).collect()).map_err(table))
        .collect::<Result<_, _>>()?;
    Ok(TextTable { columns, rows })
}

pub(crate) fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::UInt(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Text(value) => value.clone(),
        Cell::List(values) => json(values).to_string(),
    }
}

fn json(values: &[Cell]) -> serde_json::Value {
    values
        .iter()
        .map(|value| match value {
            Cell::Null => serde_json::Value::Null,
            Cell::Bool(value) => (*value).into(),
            Cell::Int(value) => (*value).into(),
            Cell::UInt(value) => (*value).into(),
            Cell::Float(value) => (*value).into(),
            Cell::Text(value) => value.as_str().into(),
            Cell::List(values) => json(values),
        })
        .collect()
}

fn parse(cell: &str, column: &Column) -> Result<Cell, String> {
    if cell.is_empty() && (column.nullable || column.kind != Type::Text) {
        return Ok(Cell::Null);
    }
    let expected = |what: &str| format!("`{cell}` is not {what}");
    match &column.kind {
        Type::Bool => cell.parse().map(Cell::Bool).map_err(|_| expected("`true` or `false`")),
        Type::Int => cell.parse().map(Cell::Int).map_err(|_| expected("an integer")),
        Type::UInt => cell.parse().map(Cell::UInt).map_err(|_| expected("a non-negative integer")),
        Type::Float => match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Cell::Float(value)),
            _ => Err(expected("a finite number")),
        },
        Type::Text => Ok(Cell::Text(cell.to_owned())),
        Type::List(kind) => {
            let values: Vec<serde_json::Value> =
                serde_json::from_str(cell).map_err(|_| expected("a JSON array"))?;
            values.iter().map(|value| element(value, kind)).collect::<Result<_, _>>().map(Cell::List)
        }
    }
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
    cell.ok_or_else(|| format!("element `{value}` has another type than the column"))
}
