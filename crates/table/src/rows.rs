//! Tables as vectors of serde structs.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::atomic_file::write_atomic;
use crate::cell::{self, Cell};
use crate::fitting::fit;
use crate::format::{TableFormat, is_gzip};
use crate::parquet_reader::ParquetFile;
use crate::schema::Schema;
use crate::{delimited, encoding, gzip, json_lines, parquet_writer};

/// Writes `rows` to `path` atomically, in the format of its extension.
///
/// # Errors
///
/// An unknown extension, a row type that is not flat, a float that is not finite, or an error of the operating system.
pub fn write_table<T>(path: &Path, rows: &[T]) -> Result<(), Error>
where
    T: Serialize + DeserializeOwned,
{
    let format = TableFormat::of(path)?;
    let schema = Schema::of::<T>()?;
    let cells = rows
        .iter()
        .enumerate()
        .map(|(index, row)| cell::row_to_cells(row, &schema).map_err(|why| row_error(path, index, &why)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut bytes = match format {
        TableFormat::Parquet => parquet_writer::encode(path, &schema, &cells)?,
        TableFormat::Csv => delimited::encode(path, b',', &schema, &cells)?,
        TableFormat::Tsv => delimited::encode(path, b'\t', &schema, &cells)?,
        TableFormat::JsonLines => json_lines::encode(path, rows)?,
    };
    if is_gzip(path) {
        bytes = gzip::compress(&bytes).map_err(Error::io("compress", path))?;
    }
    write_atomic(path, &bytes)
}

/// Reads the rows of `path` in the format of its extension.
///
/// Tables of other programs are supported: text in UTF-8, UTF-16 or Windows-1252, separated by commas, semicolons or
/// tabs, with decimal commas if the separator is not a comma; Parquet with additional columns of any type. A whole
/// float is an integer where `T` has one, and `NaN` is a missing value where `T` has an `Option`.
///
/// # Errors
///
/// An unknown extension, a file that is not of its format, a row that does not have the form of `T` (named in the
/// message), or an error of the operating system.
pub fn read_table<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Error> {
    let format = TableFormat::of(path)?;
    let (names, cells) = match format {
        TableFormat::JsonLines => return json_lines::decode(path, &read_text(path)?),
        TableFormat::Parquet => parquet_rows(path, &Schema::of::<T>()?)?,
        TableFormat::Csv => delimited::decode(path, &read_text(path)?, None, &Schema::of::<T>()?)?,
        TableFormat::Tsv => delimited::decode(path, &read_text(path)?, Some(b'\t'), &Schema::of::<T>()?)?,
    };
    cells
        .into_iter()
        .enumerate()
        .map(|(index, row)| cell::cells_to_row(&names, row).map_err(|why| row_error(path, index, &why)))
        .collect()
}

/// Reads a text file in any of the encodings, decompressing it if its name ends in `.gz`.
pub(crate) fn read_text(path: &Path) -> Result<String, Error> {
    let mut bytes = fs::read(path).map_err(Error::io("read", path))?;
    if is_gzip(path) {
        bytes = gzip::decompress(&bytes).map_err(Error::io("decompress", path))?;
    }
    encoding::decode(bytes).map_err(|why| Error::Table { path: path.to_owned(), why })
}

/// Reads those columns of `schema` that a Parquet file has.
fn parquet_rows(path: &Path, schema: &Schema) -> Result<Untyped, Error> {
    let file = ParquetFile::open(path)?;
    let there: Vec<&str> = file.names().collect();
    let wanted: Vec<_> =
        schema.columns.iter().filter(|column| there.contains(&column.name.as_str())).collect();
    let mut rows: Vec<Vec<Cell>> = vec![Vec::with_capacity(wanted.len()); file.n_rows()];
    for column in &wanted {
        for (row, cell) in rows.iter_mut().zip(file.cells(&column.name)?) {
            row.push(fit(cell, column).map_err(|why| file.refuse(&column.name, &why))?);
        }
    }
    Ok((wanted.into_iter().map(|column| column.name.clone()).collect(), rows))
}

pub(crate) fn row_error(path: &Path, index: usize, why: &dyn Display) -> Error {
    Error::Row { path: path.to_owned(), row: index + 1, why: why.to_string() }
}

/// Rows of a table before typing: the names of the columns, and the cells by column and row.
pub(crate) type Untyped = (Vec<String>, Vec<Vec<Cell>>);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::{read_table, write_table};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Color {
        DeepRed,
        Blue,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Row {
        name: String,
        count: u64,
        offset: i32,
        level: f64,
        maybe: Option<f64>,
        note: Option<String>,
        color: Color,
        good: bool,
        ids: Vec<u32>,
        steps: Vec<i64>,
        words: Vec<String>,
    }

    fn row(seed: u64) -> Row {
        Row {
            name: format!("a, \"quoted\" näme\n{seed}"),
            count: u64::MAX - seed,
            offset: -(seed as i32),
            level: 0.1 + seed as f64,
            maybe: (seed.is_multiple_of(2)).then_some(1.0 / 3.0),
            note: (seed.is_multiple_of(3)).then(|| "note".to_owned()),
            color: if seed.is_multiple_of(2) { Color::DeepRed } else { Color::Blue },
            good: seed % 2 == 1,
            ids: (0..seed as u32 % 4).collect(),
            steps: vec![-1, seed as i64],
            words: vec!["x y".to_owned(); seed as usize % 3],
        }
    }

    #[test]
    fn rows_survive_every_format() {
        let directory = tempfile::tempdir().unwrap();
        for count in [0, 1, 7] {
            let rows: Vec<Row> = (0..count).map(row).collect();
            for extension in ["parquet", "csv", "tsv", "jsonl", "csv.gz", "jsonl.gz"] {
                let path = directory.path().join("t").with_extension(extension);
                write_table(&path, &rows).unwrap();
                assert_eq!(read_table::<Row>(&path).unwrap(), rows, "{extension} × {count}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn arbitrary_strings_and_floats_survive(text in "\\PC*", value in proptest::num::f64::NORMAL, ids in proptest::collection::vec(any::<u32>(), 0..5)) {
            let directory = tempfile::tempdir().unwrap();
            let rows = vec![Row { name: text, level: value, maybe: Some(value), ids, ..row(1) }];
            for extension in ["parquet", "csv", "tsv", "jsonl", "csv.gz", "jsonl.gz"] {
                let path = directory.path().join("t").with_extension(extension);
                write_table(&path, &rows).unwrap();
                prop_assert_eq!(&read_table::<Row>(&path).unwrap(), &rows);
            }
        }
    }

    #[test]
    fn rejects_a_float_that_is_not_finite_and_writes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        for extension in ["parquet", "csv", "tsv", "jsonl", "csv.gz", "jsonl.gz"] {
            let path = directory.path().join("t").with_extension(extension);
            let error =
                write_table(&path, &[row(1), Row { level: f64::NAN, ..row(2) }]).unwrap_err().to_string();
            assert!(error.starts_with("row 2 of") && error.contains("`level`"), "{error}");
            assert!(!path.exists());
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Counted {
        name: String,
        count: u64,
        frames: Option<u64>,
        offset: Option<i32>,
        value: Option<f64>,
        good: bool,
    }

    /// The same row as kept by pandas: an integer column with a missing value is a float column.
    #[derive(Debug, Serialize, Deserialize)]
    struct Floats {
        name: String,
        count: f64,
        frames: Option<f64>,
        offset: Option<f64>,
        value: Option<f64>,
        good: bool,
    }

    fn counted() -> [Counted; 2] {
        let first = Counted {
            name: "NA".into(),
            count: 841,
            frames: Some(536),
            offset: Some(-3),
            value: Some(2.0),
            good: true,
        };
        let second =
            Counted { name: "b".into(), count: 0, frames: None, offset: None, value: None, good: false };
        [first, second]
    }

    #[test]
    fn reads_integers_stored_as_floats() {
        let directory = tempfile::tempdir().unwrap();
        for extension in ["parquet", "csv", "jsonl"] {
            let path = directory.path().join("t").with_extension(extension);
            let rows = counted().map(|row| Floats {
                name: row.name,
                count: row.count as f64,
                frames: row.frames.map(|frames| frames as f64),
                offset: row.offset.map(f64::from),
                value: row.value,
                good: row.good,
            });
            write_table(&path, &rows).unwrap();
            assert_eq!(read_table::<Counted>(&path).unwrap(), counted(), "{extension}");
            let broken = Floats { frames: Some(0.5), ..rows.into_iter().next().unwrap() };
            write_table(&path, &[broken]).unwrap();
            assert!(read_table::<Counted>(&path).is_err(), "{extension}: a fraction is not an integer");
        }
    }

    #[test]
    fn reads_tables_of_pandas_and_r() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        let header = "name,count,frames,offset,value,good\n";
        for rows in [
            "NA,841.0,536.0,-3.0,2.0,True\nb,0.0,,,,False\n",
            "\"NA\",841,536,-3,2,TRUE\n\"b\",0,NA,NA,NA,FALSE\n",
            "NA,841,536,-3,2e0,true\nb,0,<NA>,null,NaN,false\n",
        ] {
            std::fs::write(&path, format!("{header}{rows}")).unwrap();
            assert_eq!(read_table::<Counted>(&path).unwrap(), counted(), "{rows}");
        }
        for (row, why) in [
            ("a,-1.0,,,,true", "nonnegative integer"),
            ("a,NA,,,,true", "nonnegative integer"),
            ("a,1,1.5,,,true", "nonnegative integer"),
            ("a,1,,1e300,,true", "an integer"),
        ] {
            std::fs::write(&path, format!("{header}{row}\n")).unwrap();
            let error = read_table::<Counted>(&path).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn names_an_invalid_row() {
        let directory = tempfile::tempdir().unwrap();
        let csv = directory.path().join("t.csv");
        write_table(&csv, &[row(1), row(2)]).unwrap();
        let broken = std::fs::read_to_string(&csv).unwrap().replacen(",-2,", ",two,", 1);
        std::fs::write(&csv, broken).unwrap();
        let error = read_table::<Row>(&csv).unwrap_err().to_string();
        assert!(error.contains("row 2 of") && error.contains("`offset`") && error.contains("two"), "{error}");

        let lines = directory.path().join("t.jsonl");
        std::fs::write(&lines, "{\"name\": 1}\n").unwrap();
        let error = read_table::<Row>(&lines).unwrap_err().to_string();
        assert!(error.contains("row 1 of"), "{error}");

        let error = read_table::<Row>(Path::new("t.xlsx")).unwrap_err().to_string();
        assert!(error.contains(".parquet"), "{error}");
    }

    #[test]
    fn names_a_missing_column_and_ignores_an_additional_one() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Narrow {
            name: String,
            note: Option<String>,
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Wide {
            name: String,
            extra: f64,
        }
        let directory = tempfile::tempdir().unwrap();
        for extension in ["parquet", "csv", "tsv", "jsonl", "csv.gz", "jsonl.gz"] {
            let path = directory.path().join("t").with_extension(extension);
            write_table(&path, &[Wide { name: "a".to_owned(), extra: 1.0 }]).unwrap();
            assert_eq!(read_table::<Narrow>(&path).unwrap(), [Narrow { name: "a".to_owned(), note: None }]);
            write_table(&path, &[Narrow { name: "a".to_owned(), note: None }]).unwrap();
            let error = read_table::<Wide>(&path).unwrap_err().to_string();
            assert!(error.contains("extra"), "{error}");
        }
    }
}
