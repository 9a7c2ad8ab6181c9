//! Writing of Parquet files, with polars.

use std::path::Path;

use polars::prelude::{
    AnyValue, Column as PolarsColumn, DataFrame, DataType, IntoColumn as _, NamedFrom as _,
    ParquetCompression, ParquetWriter, PolarsResult, Series,
};

use crate::Error;
use crate::cell::Cell;
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
        // Sequential: callers write many tables on many threads, and a parallel writer would return the memory of each
        // only at the end.
        ParquetWriter::new(&mut bytes)
            .with_compression(ParquetCompression::Zstd(None))
            .set_parallel(false)
            .finish(&mut frame)?;
        Ok(bytes)
    };
    write().map_err(|why| Error::Table { path: path.to_owned(), why: why.to_string() })
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
        Cell::Object(_) => AnyValue::StringOwned(cell.to_text().into()),
    })
}

/// Builds the series of a list cell, directly for integers, of which the manifest has millions.
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
