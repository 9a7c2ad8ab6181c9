//! Tables written and read by columns, for many rows without a struct for each.
//!
//! Long lists of small integers are stored as byte strings, since Parquet lists would take as long as all their
//! content.

use std::path::Path;

use polars::prelude::{
    Column, DataFrame, IntoColumn as _, NamedFrom as _, ParquetCompression, ParquetWriter, PolarsResult,
    Series,
};
use polars_arrow::array::BinaryViewArray;

use crate::Error;
use crate::atomic_file::write_atomic;
use crate::parquet_reader::ParquetFile;

/// Values of a column.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// One integer per row.
    Integers(&'a [u64]),
    /// One byte string per row, concatenated.
    Bytes {
        /// Bytes of all rows.
        bytes: &'a [u8],
        /// Number of bytes in each row.
        lengths: &'a [usize],
    },
}

/// A column of byte strings read from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByteColumn {
    /// Bytes of all rows, concatenated.
    pub bytes: Vec<u8>,
    /// Number of bytes in each row.
    pub lengths: Vec<usize>,
}

impl ByteColumn {
    /// Returns the byte string of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map(move |length| {
            let (row, behind) = rest.split_at(*length);
            rest = behind;
            row
        })
    }
}

/// Reads the named columns of byte strings of a Parquet file, in the order of the names.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be opened, [`Error::Table`] if it is not Parquet, lacks a column, has one of
/// another type, or has a row without a value; the message names the column, and the row counted from 1.
pub fn read_byte_columns(path: &Path, names: &[&str]) -> Result<Vec<ByteColumn>, Error> {
    let file = ParquetFile::open(path)?;
    let read = |name: &&str| -> Result<ByteColumn, Error> {
        let mut read = ByteColumn::default();
        for array in file.arrays(name)? {
            let Some(array) = array.as_any().downcast_ref::<BinaryViewArray>() else {
                return Err(file.refuse(name, "the values are not byte strings"));
            };
            for value in array {
                let Some(value) = value else {
                    return Err(file.refuse(name, &format!("row {} has no value", read.lengths.len() + 1)));
                };
                read.bytes.extend_from_slice(value);
                read.lengths.push(value.len());
            }
        }
        Ok(read)
    };
    names.iter().map(read).collect()
}

/// Writes columns to a Parquet file atomically.
///
/// [`read_table`](crate::read_table) reads it back into rows. Equal columns give identical bytes.
///
/// # Errors
///
/// [`Error::Table`] if the columns have different numbers of rows, or the lengths of a column do not sum to its number
/// of bytes; [`Error::Io`] if the operating system refuses.
pub fn write_columns(path: &Path, columns: &[(&str, Values<'_>)]) -> Result<(), Error> {
    let encode = || -> PolarsResult<Vec<u8>> {
        let rows = columns.first().map_or(0, |(_, values)| values.rows());
        let columns = columns.iter().map(|(name, values)| column(name, values)).collect();
        let mut frame = DataFrame::new(rows, columns)?;
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes)
            .with_compression(ParquetCompression::Zstd(None))
            .set_parallel(false)
            .finish(&mut frame)?;
        Ok(bytes)
    };
    let refuse = |why: String| Error::Table { path: path.to_owned(), why };
    for (name, values) in columns {
        if let Values::Bytes { bytes, lengths } = values
            && lengths.iter().sum::<usize>() != bytes.len()
        {
            return Err(refuse(format!("the lengths of column `{name}` do not sum to its number of bytes")));
        }
    }
    write_atomic(path, &encode().map_err(|why| refuse(why.to_string()))?)
}

impl Values<'_> {
    fn rows(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Bytes { lengths, .. } => lengths.len(),
        }
    }
}

fn column(name: &str, values: &Values<'_>) -> Column {
    match values {
        Values::Integers(values) => Series::new(name.into(), values).into_column(),
        Values::Bytes { bytes, lengths } => {
            let mut rest = *bytes;
            let mut rows = Vec::with_capacity(lengths.len());
            for length in *lengths {
                let (row, behind) = rest.split_at((*length).min(rest.len()));
                rows.push(row);
                rest = behind;
            }
            Series::new(name.into(), rows).into_column()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::read_table;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        offset: u64,
        ids: Vec<u8>,
    }

    #[test]
    fn columns_are_read_back_as_rows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.parquet");
        for lengths in [&[2, 0, 3][..], &[0], &[], &[5]] {
            let offsets: Vec<u64> = (0..lengths.len() as u64).map(|row| row * 10).collect();
            let bytes: Vec<u8> =
                (0..lengths.iter().sum::<usize>()).map(|id| 250_u8.wrapping_add(id as u8)).collect();
            let columns =
                [("offset", Values::Integers(&offsets)), ("ids", Values::Bytes { bytes: &bytes, lengths })];
            write_columns(&path, &columns).unwrap();
            let mut rest = bytes.as_slice();
            let expected: Vec<Row> = offsets
                .iter()
                .zip(lengths)
                .map(|(&offset, &length)| {
                    let (ids, behind) = rest.split_at(length);
                    rest = behind;
                    Row { offset, ids: ids.to_vec() }
                })
                .collect();
            assert_eq!(read_table::<Row>(&path).unwrap(), expected);
            let read = read_byte_columns(&path, &["ids"]).unwrap();
            assert_eq!(read, [ByteColumn { bytes, lengths: lengths.to_vec() }]);
            assert!(read[0].rows().eq(expected.iter().map(|row| row.ids.as_slice())));
        }
    }

    #[test]
    fn names_a_missing_or_mistyped_column() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.parquet");
        write_columns(&path, &[("a", Values::Integers(&[1, 2]))]).unwrap();
        for name in ["a", "b"] {
            let error = read_byte_columns(&path, &[name]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("t.parquet"), "{error}");
        }
        assert!(matches!(
            read_byte_columns(directory.path(), &["a"]),
            Err(Error::Io { .. } | Error::Table { .. })
        ));
    }

    #[test]
    fn rejects_inconsistent_columns() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.parquet");
        let columns = [("a", Values::Integers(&[1, 2])), ("b", Values::Integers(&[1]))];
        assert!(matches!(write_columns(&path, &columns), Err(Error::Table { .. })));
        let lists = [("a", Values::Bytes { bytes: &[1, 2], lengths: &[1] })];
        assert!(write_columns(&path, &lists).unwrap_err().to_string().contains("`a`"));
        assert!(!path.exists());
    }
}
