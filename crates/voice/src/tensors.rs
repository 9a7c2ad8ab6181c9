//! Tensors in files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::Tensor;

use crate::Error;

/// The file of a model's parameters, in a voice and in a checkpoint.
pub const MODEL_FILE: &str = "model.safetensors";

/// Writes tensors in the order of their names, and waits until they are on the disk.
///
/// # Errors
///
/// When the operating system refuses.
pub fn write_tensors(path: &Path, tensors: BTreeMap<String, Tensor>) -> Result<(), Error> {
    // The library's own writer makes files that only their owner can read, and wraps what the system says into text.
    let bytes = safetensors::serialize(tensors, None).map_err(Error::file(path))?;
    fs::write(path, bytes).map_err(Error::io("write", path))?;
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("write", path))
}
