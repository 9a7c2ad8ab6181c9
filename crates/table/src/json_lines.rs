//! JSON Lines encoding of rows.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;
use crate::cell::Cell;
use crate::fitting;
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

/// Parses a row; whole floats may be integers, as written for a nullable integer column of pandas.
fn row<T: DeserializeOwned>(line: &str) -> serde_json::Result<T> {
    serde_json::from_str(line).or_else(|why| {
        let Ok(mut value) = serde_json::from_str::<Value>(line) else { return Err(why) };
        whole_floats_to_integers(&mut value);
        serde_json::from_value(value).map_err(|_| why)
    })
}

fn whole_floats_to_integers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64().map(fitting::whole) {
            Some(Cell::Int(integer)) => *value = Value::from(integer),
            Some(Cell::UInt(integer)) => *value = Value::from(integer),
            _ => {}
        },
        Value::Array(elements) => elements.iter_mut().for_each(whole_floats_to_integers),
        Value::Object(fields) => fields.values_mut().for_each(whole_floats_to_integers),
        _ => {}
    }
}
