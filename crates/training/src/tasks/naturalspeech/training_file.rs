//! Parameters that only training needs, in a voice that can be trained further.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, safetensors as candle_safetensors};
use safetensors::SafeTensors;

use crate::Error;
use crate::task::Tensors;

/// File name in the directory of the voice.
pub(super) const TRAINING_FILE: &str = "training.safetensors";

/// Key of the hash in the metadata of the file.
const HASH: &str = "blake3";

/// Serializes tensors with a hash of their names, types, shapes and values.
pub(super) fn training_file(tensors: &Tensors) -> Result<Vec<u8>, Error> {
    let failed = || Error::file(Path::new(TRAINING_FILE));
    let plain = safetensors::serialize(tensors, None).map_err(failed())?;
    let hash = content_hash(&SafeTensors::deserialize(&plain).map_err(failed())?);
    let metadata = HashMap::from([(HASH.to_owned(), hash)]);
    safetensors::serialize(tensors, Some(metadata)).map_err(failed())
}

/// Reads a file of [`training_file`].
pub(super) fn read_training_file(path: &Path) -> Result<Tensors, Error> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let damaged = || Error::Damaged { path: path.to_owned() };
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|_| damaged())?;
    let recorded = metadata.metadata().as_ref().and_then(|entries| entries.get(HASH));
    let found = content_hash(&SafeTensors::deserialize(&bytes).map_err(|_| damaged())?);
    if recorded != Some(&found) {
        return Err(damaged());
    }
    let tensors = candle_safetensors::load_buffer(&bytes, &Device::Cpu).map_err(Error::file(path))?;
    Ok(tensors.into_iter().collect())
}

fn content_hash(file: &SafeTensors<'_>) -> String {
    let mut tensors = file.tensors();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut hasher = blake3::Hasher::new();
    for (name, tensor) in tensors {
        hasher.update(format!("{name}\n{:?}\n{:?}\n", tensor.dtype(), tensor.shape()).as_bytes());
        hasher.update(tensor.data());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};

    use super::*;

    #[test]
    fn notices_every_changed_byte() {
        let tensor = Tensor::new(&[1.0_f32, -2.0, 0.5], &Device::Cpu).unwrap();
        let half = tensor.to_dtype(DType::F16).unwrap();
        let tensors = Tensors::from([("a.b".to_owned(), tensor), ("c".to_owned(), half)]);
        let bytes = training_file(&tensors).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(TRAINING_FILE);
        fs::write(&path, &bytes).unwrap();
        let read = read_training_file(&path).unwrap();
        assert_eq!(read["a.b"].to_vec1::<f32>().unwrap(), [1.0, -2.0, 0.5]);
        assert_eq!(read["c"].dtype(), DType::F16);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            let Ok(read) = read_training_file(&path) else { continue };
            // Unused bytes of the header, such as its padding, may change.
            assert_eq!(read["a.b"].to_vec1::<f32>().unwrap(), [1.0, -2.0, 0.5], "byte {at}");
            assert_eq!(read.len(), 2, "byte {at}");
        }
    }
}
