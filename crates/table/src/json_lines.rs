//! JSON Lines.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::cell::Cell;
use crate::fitting::whole;
use crate::rows::row_error;

pub(crate) fn encode<T: Serialize>(path: &Path, rows: &[T]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        serde_json::to_writer(&mut bytes, row).map_err(|why| row_error(path, index, &why))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

pub(crate) fn decode<T: DeserializeOwned>(path: &Path, text: &str) -> Result<Vec<T>, Error> {
    text.split('\n')
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| row(line).map_err(|why| row_error(path, index, &why)))
        .collect()
}

/// Reads a row; where it does not fit as it stands, whole floats are taken for the integers they were before a program
/// without nullable integers had them.
fn row<T: DeserializeOwned>(line: &str) -> serde_json::Result<T> {
    serde_json::from_str(line).or_else(|why| {
        let Ok(mut object) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line) else {
            return Err(why);
        };
        for value in object.values_mut() {
            match value.as_f64().filter(|_| value.is_f64()).map(whole) {
                Some(Cell::Int(integer)) => *value = integer.into(),
                Some(Cell::UInt(integer)) => *value = integer.into(),
                _ => {}
            }
        }
        serde_json::from_value(object.into())
    })
}
