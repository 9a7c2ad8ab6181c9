//! Parquet, through polars.

use std::io::Cursor;
use std::path::Path;

use polars::prelude::{
    AnyValue, Column as PolarsColumn, DataFrame, DataType, IntoColumn as _, NamedFrom as _,
    ParquetCompression, ParquetReader, ParquetWriter, PolarsResult, SerReader as _, Series,
};

use crate::Error;
use crate::cell::Cell;
use crate::rows::Untyped;
use crate::schema::{Column, Schema, Type};

pub(crate) fn encode(path: &Path, schema: &Schema, rows: &[Vec<Cell>]) -> Result<Vec<u8>, Error> {
    let write = || -> PolarsResult<Vec<u8>> {
        let columns = schema
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| polars_column(column, rows.iter().map(|row| &row[index])))
            .collect::<PolarsResult<Vec<_>>>()?;
        let mut frame = DataFrame::new(rows.len(), columns)?;
        let mut bytes = Vec::new();
        // Not in parallel: callers write many tables on many threads, and the memory of each would only come back at the end.
        ParquetWriter::new(&mut bytes)
            .with_compression(ParquetCompression::Zstd(None))
            .set_parallel(false)
            .finish(&mut frame)?;
        Ok(bytes)
    };
    write().map_err(|why| Error::Table { path: path.to_owned(), why: why.to_string() })
}

pub(crate) fn decode(path: &Path, bytes: Vec<u8>) -> Result<Untyped, Error> {
    let table = |why: &dyn std::fmt::Display| Error::Table { path: path.to_owned(), why: why.to_string() };
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().map_err(|why| table(&why))?;
    let names: Vec<String> = frame.columns().iter().map(|column| column.name().to_string()).collect();
    let mut rows: Vec<Vec<Cell>> = vec![Vec::with_capacity(names.len()); frame.height()];
    for column in frame.columns() {
        for (row, value) in rows.iter_mut().zip(column.as_materialized_series().iter()) {
            row.push(from_polars(value).map_err(|why| table(&format!("column `{}`: {why}", column.name())))?);
        }
    }
    Ok((names, rows))
}

fn polars_column<'a>(column: &Column, cells: impl Iterator<Item = &'a Cell>) -> PolarsResult<PolarsColumn> {
    let values = cells.map(|cell| to_polars(cell, &column.kind)).collect::<PolarsResult<Vec<_>>>()?;
    Series::from_any_values_and_dtype(column.name.as_str().into(), &values, &data_type(&column.kind), true)
        .map(Series::into_column)
}

fn data_type(kind: &Type) -> DataType {
    match kind {
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::UInt => DataType::UInt64,
        Type::Float => DataType::Float64,
        Type::Text => DataType::String,
        Type::List(inner) => DataType::List(Box::new(data_type(inner))),
    }
}

fn to_polars<'a>(cell: &'a Cell, kind: &Type) -> PolarsResult<AnyValue<'a>> {
    Ok(match cell {
        Cell::Null => AnyValue::Null,
        Cell::Bool(value) => AnyValue::Boolean(*value),
        Cell::Int(value) => AnyValue::Int64(*value),
        Cell::UInt(value) => AnyValue::UInt64(*value),
        Cell::Float(value) => AnyValue::Float64(*value),
        Cell::Text(value) => AnyValue::String(value),
        Cell::List(values) => AnyValue::List(list(values, kind)?),
    })
}

/// The series of a list cell, built at once for integers, of which the manifest has millions.
fn list(values: &[Cell], kind: &Type) -> PolarsResult<Series> {
    let inner = match kind {
        Type::List(inner) => inner.as_ref(),
        other => other,
    };
    if *inner == Type::UInt {
        let numbers: Option<Vec<u64>> = values
            .iter()
            .map(|value| if let Cell::UInt(number) = value { Some(*number) } else { None })
            .collect();
        if let Some(numbers) = numbers {
            return Ok(Series::new("".into(), numbers));
        }
    }
    let values = values.iter().map(|value| to_polars(value, inner)).collect::<PolarsResult<Vec<_>>>()?;
    Series::from_any_values_and_dtype("".into(), &values, &data_type(inner), true)
}

fn from_polars(value: AnyValue<'_>) -> Result<Cell, String> {
    Ok(match value {
        AnyValue::Null => Cell::Null,
        AnyValue::Boolean(value) => Cell::Bool(value),
        AnyValue::String(value) => Cell::Text(value.to_owned()),
        AnyValue::StringOwned(value) => Cell::Text(value.to_string()),
        AnyValue::UInt8(value) => Cell::UInt(value.into()),
        AnyValue::UInt16(value) => Cell::UInt(value.into()),
        AnyValue::UInt32(value) => Cell::UInt(value.into()),
        AnyValue::UInt64(value) => Cell::UInt(value),
        AnyValue::Int8(value) => Cell::Int(value.into()),
        AnyValue::Int16(value) => Cell::Int(value.into()),
        AnyValue::Int32(value) => Cell::Int(value.into()),
        AnyValue::Int64(value) => Cell::Int(value),
        AnyValue::Float32(value) => finite(value.into())?,
        AnyValue::Float64(value) => finite(value)?,
        AnyValue::Binary(bytes) => Cell::List(bytes.iter().map(|byte| Cell::UInt((*byte).into())).collect()),
        AnyValue::BinaryOwned(bytes) => {
            Cell::List(bytes.into_iter().map(|byte| Cell::UInt(byte.into())).collect())
        }
        AnyValue::List(series) => Cell::List(series.iter().map(from_polars).collect::<Result<_, _>>()?),
        other => return Err(format!("a value of type {} is not read here", other.dtype())),
    })
}

fn finite(value: f64) -> Result<Cell, String> {
    if value.is_finite() { Ok(Cell::Float(value)) } else { Err(format!("{value} is not a finite number")) }
}
