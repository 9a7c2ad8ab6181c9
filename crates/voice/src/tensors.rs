//! Tensor files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::Tensor;

use crate::Error;

/// File name of the parameters in a voice and in a checkpoint.
pub const MODEL_FILE: &str = "model.safetensors";

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
