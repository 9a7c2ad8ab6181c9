//! Tensor files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Tensor};

use crate::Error;

/// File name of the parameters in a voice and in a checkpoint.
pub const MODEL_FILE: &str = "model.safetensors";

/// Checks that every value is finite; `path` names the file in the error.
pub(crate) fn check_finite<'a>(
    tensors: impl IntoIterator<Item = (&'a String, &'a Tensor)>,
    path: &Path,
) -> Result<(), Error> {
    let mut names: Vec<&String> = Vec::new();
    for (name, tensor) in tensors {
        // 0 times a finite number is 0, and NaN otherwise.
        let sum: f32 = (tensor.to_dtype(DType::F32)? * 0.0)?.sum_all()?.to_scalar()?;
        if sum != 0.0 {
            names.push(name);
        }
    }
    match names.into_iter().min() {
        None => Ok(()),
        Some(name) => Err(Error::NotFinite { path: path.to_owned(), name: name.clone() }),
    }
}

/// Writes tensors in the order of their names and syncs the file to disk.
///
/// # Errors
///
/// Returns [`Error::Io`] if the operating system refuses.
pub fn write_tensors(path: &Path, tensors: BTreeMap<String, Tensor>) -> Result<(), Error> {
    // The writer of the library creates files that only their owner can read, and turns system errors into text.
    let bytes = safetensors::serialize(tensors, None).map_err(Error::file(path))?;
    fs::write(path, bytes).map_err(Error::io("write", path))?;
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("write", path))
}
