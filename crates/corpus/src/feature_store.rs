//! Feature store: one safetensors file per utterance, valid for one key.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use mynah_signal::Spectrogram;
use mynah_table::{final_name, remove_files, write_atomic};
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::features::{AudioSummary, Features};

/// Only entry of the file's metadata; the order of several would not be deterministic.
const HEADER: &str = "mynah";

const EXTENSION: &str = ".safetensors";

/// Longest header that is read; real ones have a few hundred bytes.
const LONGEST_HEADER: u64 = 1 << 20;

/// Header of a feature file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Header {
    key: String,
    summary: AudioSummary,
}

/// Directory `features` of a dataset.
#[derive(Debug, Clone)]
pub struct FeatureStore {
    directory: PathBuf,
}

impl FeatureStore {
    /// Returns the store in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Returns the path of an utterance's file.
    #[must_use]
    pub fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}{EXTENSION}"))
    }

    /// Returns the summary of an utterance if its stored features have this key; `None` if there are none, they have
    /// another key, or the file is truncated.
    #[must_use]
    pub fn summary(&self, id: &str, key: &str) -> Option<AudioSummary> {
        let header = read_header(&self.path(id))?;
        (header.key == key).then_some(header.summary)
    }

    /// Stores features under a key, atomically.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write(&self, id: &str, key: &str, features: &Features) -> Result<(), Error> {
        let path = self.path(id);
        let bytes = encode(key, features).map_err(|why| Error::dataset(&path, &why))?;
        Ok(write_atomic(&path, &bytes)?)
    }

    /// Reads the features of an utterance.
    ///
    /// # Errors
    ///
    /// The file is missing or not a feature file.
    pub fn read(&self, id: &str) -> Result<Features, Error> {
        let path = self.path(id);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        decode(&bytes).map_err(|why| Error::dataset(&path, &why))
    }

    /// Removes the features of all utterances but these, and leftovers of interrupted writes; returns the number of
    /// removed files.
    ///
    /// Only files with the header of this store are removed: any other file is kept.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn retain(&self, ids: &BTreeSet<&str>) -> Result<usize, Error> {
        let outdated = |name: &str| match name.strip_suffix(EXTENSION) {
            Some(id) => !ids.contains(id) && read_header(&self.path(id)).is_some(),
            None => final_name(name).is_some_and(|whole| whole.ends_with(EXTENSION)),
        };
        Ok(remove_files(&self.directory, outdated)?)
    }
}

fn encode(key: &str, features: &Features) -> Result<Vec<u8>, String> {
    let header = Header { key: key.to_owned(), summary: features.summary.clone() };
    let header = serde_json::to_string(&header).map_err(|why| why.to_string())?;
    let wave: Vec<u8> = features.wave.iter().flat_map(|value| value.to_le_bytes()).collect();
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let (mel, f0, level) = (floats(features.mel.data()), floats(&features.f0), floats(&features.level));
    let view =
        |dtype, shape: Vec<usize>, data| TensorView::new(dtype, shape, data).map_err(|why| why.to_string());
    let tensors = [
        ("f0", view(Dtype::F32, vec![features.f0.len()], &f0)?),
        ("level", view(Dtype::F32, vec![features.level.len()], &level)?),
        ("mel", view(Dtype::F32, vec![features.mel.n_bins(), features.mel.n_frames()], &mel)?),
        ("wave", view(Dtype::I16, vec![features.wave.len()], &wave)?),
    ];
    serialize(tensors, Some(HashMap::from([(HEADER.to_owned(), header)]))).map_err(|why| why.to_string())
}

fn decode(bytes: &[u8]) -> Result<Features, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|why| why.to_string())?;
    let header = metadata.metadata().as_ref().and_then(|entries| entries.get(HEADER));
    let header: Header = serde_json::from_str(header.ok_or("it does not have the header of a feature file")?)
        .map_err(|why| why.to_string())?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|why| why.to_string())?;
    let tensor = |name: &str, dtype: Dtype, rank: usize| {
        let tensor = tensors.tensor(name).map_err(|why| why.to_string())?;
        if tensor.dtype() == dtype && tensor.shape().len() == rank {
            Ok(tensor)
        } else {
            Err(format!("`{name}` is {:?} {:?}", tensor.dtype(), tensor.shape()))
        }
    };
    let floats = |name: &str, rank: usize| {
        let tensor = tensor(name, Dtype::F32, rank)?;
        let values: Vec<f32> =
            tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Ok::<_, String>((values, tensor.shape().to_vec()))
    };
    let wave = tensor("wave", Dtype::I16, 1)?
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|bytes| i16::from_le_bytes(*bytes))
        .collect();
    let (mel, shape) = floats("mel", 2)?;
    Ok(Features {
        wave,
        mel: Spectrogram::new(mel, shape[0], shape[1]).map_err(|why| why.to_string())?,
        f0: floats("f0", 1)?.0,
        level: floats("level", 1)?.0,
        summary: header.summary,
    })
}

/// Reads the header of a complete feature file without its tensors.
fn read_header(path: &Path) -> Option<Header> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix).ok()?;
    let header_length = Some(u64::from_le_bytes(prefix)).filter(|length| *length <= LONGEST_HEADER)?;
    let mut header = Vec::new();
    file.take(header_length).read_to_end(&mut header).ok()?;
    let metadata: Metadata = serde_json::from_slice(&header).ok()?;
    if 8 + header_length + metadata.data_len() as u64 != length {
        return None;
    }
    serde_json::from_str(metadata.metadata().as_ref()?.get(HEADER)?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use mynah_testkit::mini_corpus;

    use super::FeatureStore;
    use crate::features::FeatureExtractor;
    use crate::recipe::AudioRecipe;

    #[test]
    fn features_are_read_back_and_valid_for_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let store = FeatureStore::new(directory.path().join("features"));
        let wav = fs::read(mini_corpus().join("wavs/LJ001-0045.wav")).unwrap();
        let extractor = FeatureExtractor::new(&AudioRecipe::default()).unwrap();
        let features = extractor.extract("a", &wav, "a.wav", None).unwrap();

        assert_eq!(store.summary("a", "k"), None);
        store.write("a", "k", &features).unwrap();
        assert_eq!(store.summary("a", "k"), Some(features.summary.clone()));
        assert_eq!(store.summary("a", "other"), None);
        assert_eq!(store.read("a").unwrap(), features);

        let bytes = fs::read(store.path("a")).unwrap();
        store.write("a", "k", &features).unwrap();
        assert_eq!(fs::read(store.path("a")).unwrap(), bytes, "the same features give the same bytes");

        for cut in [0, 4, 100, bytes.len() - 1] {
            fs::write(store.path("a"), &bytes[..cut]).unwrap();
            assert_eq!(store.summary("a", "k"), None, "{cut} bytes are not a complete file");
            assert!(store.read("a").is_err());
        }
    }

    #[test]
    fn removes_features_of_other_utterances_and_keeps_foreign_files() {
        let directory = tempfile::tempdir().unwrap();
        let store = FeatureStore::new(directory.path().to_owned());
        let wav = fs::read(mini_corpus().join("wavs/LJ001-0045.wav")).unwrap();
        let features = FeatureExtractor::new(&AudioRecipe::default()).unwrap();
        let features = features.extract("a", &wav, "a.wav", None).unwrap();
        for id in ["a", "b", "a.b"] {
            store.write(id, "k", &features).unwrap();
        }
        for name in [".a.safetensors.x1Y2z3", "foreign.safetensors", "notes.txt"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        assert_eq!(store.retain(&BTreeSet::from(["a"])).unwrap(), 3);
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.safetensors", "foreign.safetensors", "notes.txt"]);
    }
}
