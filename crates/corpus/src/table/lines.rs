//! JSON Lines.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cell::Cell;
use super::row_error;
use crate::Error;

pub(super) fn encode<T: Serialize>(path: &Path, rows: &[T]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        serde_json::to_writer(&mut bytes, row).map_err(|why| row_error(path, index, &why))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

pub(super) fn decode<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<Vec<T>, Error> {
    bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| row(line).map_err(|why| row_error(path, index, &why)))
        .collect()
}

/// A row; where it is none as it stands, with the integers that were written as floats.
fn row<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(line).or_else(|why| {
        let mut object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(line).map_err(|_| why)?;
        for value in object.values_mut() {
            let float = value.as_f64().filter(|_| value.is_f64());
            if let Some(Cell::Int(integer)) = float.map(|float| Cell::Float(float).into_integer()) {
                *value = integer.into();
            }
        }
        serde_json::from_value(object.into())
    })
}
