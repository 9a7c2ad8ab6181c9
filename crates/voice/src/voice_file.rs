//! Files of a voice: `voice.toml`, the parameters and the vocabulary.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor, safetensors};
use mynah_text::{SupPhones, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::{AudioConfig, ModelConfig};
use crate::tensors::{MODEL_FILE, check_finite, write_tensors};
use crate::vits::VitsConfig;

/// Format version of `voice.toml`.
const FORMAT: u32 = 1;

pub(crate) const VOICE_FILE: &str = "voice.toml";
/// File name of the vocabulary of a voice.
pub const VOCABULARY_FILE: &str = "vocabulary.json";
/// File name of the sup-phonemes of a voice.
pub const SUP_PHONES_FILE: &str = "supphones.json";

/// Contents of `voice.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "VoiceToml", into = "VoiceToml")]
pub struct VoiceInfo {
    /// Training step of the weights; for an imported voice, the iteration in its checkpoint, or 0.
    pub step: u64,
    /// BLAKE3 hash of `model.safetensors`.
    pub fingerprint: String,
    /// Pronouncer of the training text, under the trainer's name for it, so that new text is pronounced in the same way;
    /// unknown for imported voices.
    pub pronunciation: Option<String>,
    /// Properties of the audio that the voice produces.
    pub audio: AudioConfig,
    /// Kind of model, with its sizes.
    pub architecture: Architecture,
}

/// Model of a voice.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// NaturalSpeech as implemented in this library.
    NaturalSpeech {
        /// Sizes of the model.
        model: Box<ModelConfig>,
        /// True if the decoder reads from the memory bank; false for a checkpoint of the warm-up.
        memory: bool,
    },
    /// Imported model of official VITS.
    Vits(Box<VitsConfig>),
    /// Imported model of `heatz123/naturalspeech`.
    Heatz(Box<VitsConfig>),
}

impl Architecture {
    /// Returns the name in `voice.toml`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.name().word()
    }

    fn name(&self) -> Name {
        match self {
            Self::NaturalSpeech { .. } => Name::NaturalSpeech,
            Self::Vits(_) => Name::Vits,
            Self::Heatz(_) => Name::Heatz,
        }
    }
}

/// Layout of `voice.toml` on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VoiceToml {
    format: u32,
    /// Architecture; NaturalSpeech in files without it.
    #[serde(default)]
    architecture: Name,
    step: u64,
    memory: bool,
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pronunciation: Option<String>,
    audio: AudioConfig,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Box<ModelConfig>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vits: Option<Box<VitsConfig>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    #[default]
    NaturalSpeech,
    Vits,
    Heatz,
}

impl Name {
    fn word(self) -> &'static str {
        match self {
            Self::NaturalSpeech => "naturalspeech",
            Self::Vits => "vits",
            Self::Heatz => "heatz",
        }
    }
}

impl TryFrom<VoiceToml> for VoiceInfo {
    type Error = String;

    fn try_from(file: VoiceToml) -> Result<Self, String> {
        if file.format != FORMAT {
            return Err(format!("its format is {}, expected {FORMAT}", file.format));
        }
        let architecture = match (file.architecture, file.model, file.vits) {
            (Name::NaturalSpeech, Some(model), None) => {
                Architecture::NaturalSpeech { model, memory: file.memory }
            }
            (Name::Vits, None, Some(vits)) => Architecture::Vits(vits),
            (Name::Heatz, None, Some(vits)) => Architecture::Heatz(vits),
            (name, ..) => return Err(format!("its sizes are not those of `{}`", name.word())),
        };
        let VoiceToml { step, fingerprint, pronunciation, audio, .. } = file;
        Ok(Self { step, fingerprint, pronunciation, audio, architecture })
    }
}

impl From<VoiceInfo> for VoiceToml {
    fn from(info: VoiceInfo) -> Self {
        let VoiceInfo { step, fingerprint, pronunciation, audio, architecture } = info;
        let name = architecture.name();
        let (memory, model, vits) = match architecture {
            Architecture::NaturalSpeech { model, memory } => (memory, Some(model), None),
            Architecture::Vits(vits) | Architecture::Heatz(vits) => (vits.memory.is_some(), None, Some(vits)),
        };
        Self {
            format: FORMAT,
            architecture: name,
            step,
            memory,
            fingerprint,
            pronunciation,
            audio,
            model,
            vits,
        }
    }
}

/// Reads `voice.toml` and the weights of a voice, without building its model.
///
/// # Errors
///
/// Fails if a file is missing or malformed, the weights do not match the fingerprint, or one of them is not finite.
pub fn read_voice(directory: &Path, device: &Device) -> Result<(VoiceInfo, HashMap<String, Tensor>), Error> {
    let path = directory.join(VOICE_FILE);
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let info: VoiceInfo = toml::from_str(&text).map_err(Error::file(&path))?;
    match &info.architecture {
        Architecture::NaturalSpeech { model, .. } => model.validate(&info.audio)?,
        Architecture::Vits(vits) | Architecture::Heatz(vits) => vits.validate(&info.audio)?,
    }
    let path = directory.join(MODEL_FILE);
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    if blake3::hash(&bytes).to_hex().as_str() != info.fingerprint {
        let why = format!("its hash is not the fingerprint in `{VOICE_FILE}`");
        return Err(Error::File { path, why });
    }
    let tensors = safetensors::load_buffer(&bytes, device).map_err(Error::file(&path))?;
    check_finite(&tensors, &path)?;
    Ok((info, tensors))
}

/// Reads the symbols and the sup-phonemes of a voice of NaturalSpeech.
///
/// # Errors
///
/// Fails if a file is missing or malformed.
pub fn read_symbols(directory: &Path) -> Result<(Vocabulary, SupPhones), Error> {
    let (of_symbols, of_sup_phones) = (directory.join(VOCABULARY_FILE), directory.join(SUP_PHONES_FILE));
    let read = |path: &Path| fs::read_to_string(path).map_err(Error::io("read", path));
    let vocabulary = Vocabulary::from_json(&read(&of_symbols)?).map_err(Error::file(&of_symbols))?;
    let sup_phones = SupPhones::from_json(&read(&of_sup_phones)?).map_err(Error::file(&of_sup_phones))?;
    Ok((vocabulary, sup_phones))
}

/// Writes a voice with additional `files` to a temporary directory next to `out` and renames it; the fingerprint is the hash
/// of the written weights.
///
/// # Errors
///
/// Returns [`Error::NotFinite`] if a parameter is not finite, and [`Error::Io`] if the operating system refuses.
pub fn write_voice(
    mut info: VoiceInfo,
    tensors: BTreeMap<String, Tensor>,
    files: &[(&str, &[u8])],
    out: &Path,
) -> Result<VoiceInfo, Error> {
    check_finite(&tensors, &out.join(MODEL_FILE))?;
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let beside = out.with_file_name(name);
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(Error::io("remove", &beside))?;
    }
    fs::create_dir_all(&beside).map_err(Error::io("create", &beside))?;
    let weights = beside.join(MODEL_FILE);
    write_tensors(&weights, tensors)?;
    let bytes = fs::read(&weights).map_err(Error::io("read", &weights))?;
    info.fingerprint = blake3::hash(&bytes).to_hex().to_string();
    let write = |name: &str, bytes: &[u8]| {
        let path = beside.join(name);
        fs::write(&path, bytes).map_err(Error::io("write", &path))
    };
    let text = toml::to_string(&info).map_err(Error::file(&beside.join(VOICE_FILE)))?;
    for (name, bytes) in files {
        write(name, bytes)?;
    }
    write(VOICE_FILE, text.as_bytes())?;
    if out.exists() {
        fs::remove_dir_all(out).map_err(Error::io("remove", out))?;
    }
    fs::rename(&beside, out).map_err(Error::io("rename", &beside))?;
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIO: &str = "[audio]\nsample_rate = 22050\nhop_length = 256\nn_fft = 1024\n";

    fn info(head: &str, sizes: &str) -> Result<VoiceInfo, String> {
        let text = format!("step = 7\nmemory = true\nfingerprint = \"x\"\n{head}{AUDIO}{sizes}");
        toml::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_a_file_without_an_architecture_as_naturalspeech() {
        let read = info("format = 1\n", "[model]\nhidden = 8\n").unwrap();
        let Architecture::NaturalSpeech { model, memory } = &read.architecture else { panic!("{read:?}") };
        assert_eq!((model.hidden, *memory, read.step), (8, true, 7));
        let text = toml::to_string(&read).unwrap();
        assert!(text.starts_with("format = 1\narchitecture = \"naturalspeech\"\nstep = 7\n"), "{text}");
        assert_eq!(toml::from_str::<VoiceInfo>(&text).unwrap(), read);
    }

    #[test]
    fn rejects_sizes_of_another_architecture_and_unknown_formats() {
        let says = |head: &str, sizes: &str| info(head, sizes).unwrap_err();
        let vits = "format = 1\narchitecture = \"vits\"\n";
        assert!(says(vits, "[model]\nhidden = 8\n").contains("not those of `vits`"));
        assert!(says("format = 1\n", "").contains("not those of `naturalspeech`"));
        assert!(says("format = 2\n", "[model]\n").contains("its format is 2"));
        assert!(says("format = 1\narchitecture = \"bark\"\n", "[model]\n").contains("bark"));
    }
}
