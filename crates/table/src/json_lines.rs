//! JSON Lines encoding of rows.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
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
        .map(|(index, line)| serde_json::from_str(line).map_err(|why| row_error(path, index, &why)))
        .collect()
}
