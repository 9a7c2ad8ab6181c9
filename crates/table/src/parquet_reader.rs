//! Reading of Parquet files, column by column.
//!
//! Columns are read with polars' Parquet reader but not into its data frames, which panic on column types whose
//! features are not compiled in, even in columns that are not requested. The types come from the Parquet schema alone,
//! in which a pandas `category` is a plain string.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use polars_arrow::array::Array;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_parquet::read::schema::parquet_to_arrow_schema;
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, PageReader, ParquetType, PrimitiveConvertedType, PrimitiveLogicalType,
    column_iter_to_arrays, read_metadata,
};

use crate::Error;
use crate::arrow_cells::cells;
use crate::cell::Cell;

/// A Parquet file in memory, read by column.
pub(crate) struct ParquetFile<'a> {
    path: &'a Path,
    bytes: Vec<u8>,
    metadata: FileMetadata,
}

impl<'a> ParquetFile<'a> {
    /// Reads the file and its metadata.
    pub(crate) fn open(path: &'a Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        let metadata = read_metadata(&mut Cursor::new(&bytes))
            .map_err(|why| Error::Table { path: path.to_owned(), why: why.to_string() })?;
        Ok(Self { path, bytes, metadata })
    }

    /// Returns the names of the columns in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.metadata.schema().fields().iter().map(ParquetType::name)
    }

    /// Returns the number of rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.metadata.row_groups.iter().map(polars_parquet::read::RowGroupMetadata::num_rows).sum()
    }

    /// Reads a column as cells, one per row.
    pub(crate) fn cells(&self, name: &str) -> Result<Vec<Cell>, Error> {
        let mut all = Vec::with_capacity(self.n_rows());
        for array in self.arrays(name)? {
            all.extend(cells(array.as_ref()));
        }
        if all.len() != self.n_rows() {
            let why = format!("it has {} values, but the table has {} rows", all.len(), self.n_rows());
            return Err(self.refuse(name, &why));
        }
        Ok(all)
    }

    /// Reads a column as the arrays of its row groups.
    pub(crate) fn arrays(&self, name: &str) -> Result<Vec<Box<dyn Array>>, Error> {
        let mut found = self.metadata.schema().fields().iter().filter(|field| field.name() == name);
        let Some(parquet_type) = found.next() else {
            return Err(self.refuse(name, "it does not exist"));
        };
        if found.next().is_some() {
            return Err(self.refuse(name, "two columns have this name"));
        }
        let Some(field) = field(parquet_type) else {
            return Err(self.refuse(name, "it is an empty group"));
        };
        let mut arrays = Vec::new();
        for group in &self.metadata.row_groups {
            let Some(chunks) = group.columns_under_root_iter(name) else {
                return Err(self.refuse(name, "a row group lacks it"));
            };
            let (mut columns, mut types) = (Vec::new(), Vec::new());
            for chunk in chunks {
                let range = chunk.byte_range();
                let Some(pages) = self.bytes.get(range.start as usize..range.end as usize) else {
                    return Err(self.refuse(name, "the file ends before its last value"));
                };
                let pages =
                    PageReader::new(Cursor::new(pages.to_vec().into()), chunk, Vec::new(), usize::MAX);
                columns.push(BasicDecompressor::new(pages, Vec::new()));
                types.push(&chunk.descriptor().descriptor.primitive_type);
            }
            let (read, _) = column_iter_to_arrays(columns, types, field.clone(), None)
                .map_err(|why| self.refuse(name, &why.to_string()))?;
            arrays.extend(read);
        }
        Ok(arrays)
    }

    /// Returns an error of column `name` for the reason `why`.
    pub(crate) fn refuse(&self, name: &str, why: &str) -> Error {
        Error::Table { path: self.path.to_owned(), why: format!("column `{name}`: {why}") }
    }
}

/// Returns the type of a column, or `None` for a group without columns.
fn field(parquet_type: &ParquetType) -> Option<Field> {
    let schema = parquet_to_arrow_schema(std::slice::from_ref(parquet_type));
    let mut field = schema.iter_values().next()?.clone();
    if let ParquetType::PrimitiveType(primitive) = parquet_type {
        // Enumerations and JSON, as written by DuckDB, are text.
        let is_text =
            matches!(primitive.logical_type, Some(PrimitiveLogicalType::Enum | PrimitiveLogicalType::Json))
                || matches!(
                    primitive.converted_type,
                    Some(PrimitiveConvertedType::Enum | PrimitiveConvertedType::Json)
                );
        if is_text && field.dtype == ArrowDataType::BinaryView {
            field.dtype = ArrowDataType::Utf8View;
        }
        if primitive.logical_type == Some(PrimitiveLogicalType::Float16) {
            field.dtype = ArrowDataType::Float16;
        }
    }
    Some(field)
}
