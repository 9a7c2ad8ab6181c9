//! A voice that speaks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::VarBuilder;
use mynah_ops::Noise;
use mynah_signal::Waveform;
use mynah_text::{SupPhones, Symbol, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::blocks::{Dropout, VocabularySizes, sequence_mask};
use crate::config::{AudioConfig, ModelConfig};
use crate::naturalspeech::{DURATION_BOUNDS, NaturalSpeech};
use crate::tensors::{MODEL_FILE, write_tensors};
use crate::vits::{Vits, VitsConfig};

/// The form of `voice.toml`.
pub const FORMAT: u32 = 1;

const VOICE_FILE: &str = "voice.toml";
/// The vocabulary beside it.
pub const VOCABULARY_FILE: &str = "vocabulary.json";
/// The sup-phones beside it.
pub const SUP_PHONES_FILE: &str = "supphones.json";

/// What stands in `voice.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceInfo {
    /// The version of this file's form.
    pub format: u32,
    /// What kind of model it is; files without it are of [`Architecture::NaturalSpeech`].
    #[serde(default)]
    pub architecture: Architecture,
    /// The training step of the weights; of an imported voice, what its checkpoint calls its iteration, or 0.
    pub step: u64,
    /// Whether the decoder reads from the memory bank; false for a checkpoint of the warm-up.
    pub memory: bool,
    /// BLAKE3 of `model.safetensors`.
    pub fingerprint: String,
    /// What said the words that it was trained on, as the trainer calls it, so that it is spoken to in the same way; not known of
    /// imported voices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronunciation: Option<String>,
    /// The audio that it makes.
    pub audio: AudioConfig,
    /// The sizes of the model, of [`Architecture::NaturalSpeech`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelConfig>,
    /// The sizes of the model, of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vits: Option<VitsConfig>,
}

/// The kind of a voice's model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// NaturalSpeech as this library trains it.
    #[default]
    NaturalSpeech,
    /// Official VITS, imported.
    Vits,
    /// NaturalSpeech of `heatz123/naturalspeech`, imported.
    Heatz,
}

/// How to speak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeakConfig {
    /// Standard deviation of the prior's sample (1 in the paper, 0.667 in VITS; 0 gives the mean).
    pub noise_scale: f64,
    /// The same for the durations, where they are sampled: in VITS with its stochastic predictor (0.8).
    pub duration_noise_scale: f64,
    /// What every duration is multiplied by.
    pub length_scale: f64,
    /// Another seed draws another sample.
    pub seed: u64,
}

impl Default for SpeakConfig {
    fn default() -> Self {
        Self { noise_scale: 0.667, duration_noise_scale: 0.8, length_scale: 1.0, seed: 0 }
    }
}

/// A trained model with the symbols that it reads.
#[derive(Debug)]
pub struct Voice {
    info: VoiceInfo,
    model: Model,
    device: Device,
}

#[derive(Debug)]
enum Model {
    NaturalSpeech { model: Box<NaturalSpeech>, vocabulary: Vocabulary, sup_phones: SupPhones },
    Vits(Box<Vits>),
}

impl Voice {
    /// Opens the voice in a directory.
    ///
    /// # Errors
    ///
    /// When a file is missing, or does not fit the others: the weights must be those of the fingerprint.
    pub fn open(directory: &Path, device: &Device) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).map_err(Error::io("read", &path))
        };
        let path = directory.join(VOICE_FILE);
        let info: VoiceInfo = toml::from_str(&read(VOICE_FILE)?).map_err(Error::file(&path))?;
        if info.format != FORMAT {
            let why = format!("its format is {}, and this program reads format {FORMAT}", info.format);
            return Err(Error::File { path, why });
        }
        let symbols = match (info.architecture, &info.model, &info.vits) {
            (Architecture::NaturalSpeech, Some(model), None) => {
                model.validate(&info.audio)?;
                let path = directory.join(VOCABULARY_FILE);
                let vocabulary =
                    Vocabulary::from_json(&read(VOCABULARY_FILE)?).map_err(Error::file(&path))?;
                let path = directory.join(SUP_PHONES_FILE);
                let sup_phones = SupPhones::from_json(&read(SUP_PHONES_FILE)?).map_err(Error::file(&path))?;
                Some((model, vocabulary, sup_phones))
            }
            (Architecture::Vits | Architecture::Heatz, None, Some(vits)) => {
                vits.validate(&info.audio)?;
                None
            }
            (architecture, ..) => {
                let why = format!("its sizes are not those of `{architecture:?}`");
                return Err(Error::File { path, why });
            }
        };
        let path = directory.join(MODEL_FILE);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        if blake3::hash(&bytes).to_hex().as_str() != info.fingerprint {
            let why =
                format!("it is not the file of the fingerprint in `{VOICE_FILE}`: export the voice again");
            return Err(Error::File { path, why });
        }
        let tensors = safetensors::load_buffer(&bytes, device).map_err(Error::file(&path))?;
        let vb = VarBuilder::from_tensors(tensors, DType::F32, device);
        let model = match (symbols, &info.vits) {
            (Some((model, vocabulary, sup_phones)), _) => {
                let sizes = VocabularySizes { symbols: vocabulary.len(), sup_phones: sup_phones.len() };
                let model = NaturalSpeech::new(model, sizes, &vb).map_err(Error::file(&path))?;
                Model::NaturalSpeech { model: Box::new(model), vocabulary, sup_phones }
            }
            (None, Some(vits)) => Model::Vits(Box::new(Vits::new(vits, &vb).map_err(Error::file(&path))?)),
            (None, None) => return Err(Error::File { path, why: "it is of no known model".to_owned() }),
        };
        Ok(Self { info, model, device: device.clone() })
    }

    /// The model of an imported voice, which speaks characters too.
    #[must_use]
    pub fn vits(&self) -> Option<&Vits> {
        match &self.model {
            Model::Vits(vits) => Some(vits),
            Model::NaturalSpeech { .. } => None,
        }
    }

    /// What stands in `voice.toml`.
    #[must_use]
    pub fn info(&self) -> &VoiceInfo {
        &self.info
    }

    /// Speaks a sequence of symbols; `word_index` says which word each belongs to.
    ///
    /// # Errors
    ///
    /// When there are no symbols.
    pub fn speak(
        &self,
        symbols: &[Symbol],
        word_index: &[Option<u32>],
        config: &SpeakConfig,
    ) -> Result<Waveform, Error> {
        let n = symbols.len();
        if n == 0 {
            return Err(Error::Empty { why: "there are no symbols to speak" });
        }
        let (model, vocabulary, sup_phones) = match &self.model {
            Model::NaturalSpeech { model, vocabulary, sup_phones } => (model, vocabulary, sup_phones),
            Model::Vits(vits) => {
                let speech = vits.speak(symbols, config)?;
                return Ok(Waveform::new(speech.wave, self.info.audio.sample_rate));
            }
        };
        let (device, dtype) = (&self.device, DType::F32);
        let ids: Vec<u32> = symbols.iter().map(|symbol| vocabulary.id(*symbol)).collect();
        let sup_phones = sup_phones.encode(symbols, word_index);
        let ids = Tensor::from_vec(ids, (1, n), device)?;
        let sup_phones = Tensor::from_vec(sup_phones, (1, n), device)?;
        let mask = sequence_mask(&[n], n, dtype, device)?;

        let hidden = model.encoder.forward(&ids, &sup_phones, &mask, &mut Dropout::off())?;
        let log_durations = model.durator.log_durations(&hidden, &mask, &mut Dropout::off())?;
        let (shortest, longest) = DURATION_BOUNDS;
        let durations = (log_durations.exp()?.clamp(shortest, longest)? * config.length_scale)?;
        let total: f32 = durations.sum_all()?.to_scalar()?;
        let frames = (total.round() as usize).max(1);
        let frame_mask = sequence_mask(&[frames], frames, dtype, device)?;

        let prior = model.durator.prior(&hidden, &durations, &mask, &frame_mask)?;
        let noise = Noise::new(config.seed).normal(prior.mean.shape(), dtype, device)?;
        let spread = (noise * prior.log_deviation.exp()?)?;
        let sample = (prior.mean + (spread * config.noise_scale)?)?;
        let latent = model.flow.to_posterior(&sample, &frame_mask)?;
        let latent = match &model.memory {
            Some(memory) if self.info.memory => memory.forward(&latent)?,
            _ => latent,
        };
        let wave = model.decoder.forward(&latent)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(Waveform::new(wave, self.info.audio.sample_rate))
    }
}

/// Writes a voice beside its place and renames it into it; the fingerprint is that of the weights as they are written.
///
/// # Errors
///
/// When the operating system refuses.
pub fn write_voice(
    mut info: VoiceInfo,
    tensors: BTreeMap<String, Tensor>,
    texts: &[(&str, &str)],
    out: &Path,
) -> Result<VoiceInfo, Error> {
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
    let write = |name: &str, text: &str| {
        let path = beside.join(name);
        fs::write(&path, text).map_err(Error::io("write", &path))
    };
    let text = toml::to_string(&info).map_err(Error::file(&beside.join(VOICE_FILE)))?;
    for (name, text) in texts {
        write(name, text)?;
    }
    write(VOICE_FILE, &text)?;
    if out.exists() {
        fs::remove_dir_all(out).map_err(Error::io("remove", out))?;
    }
    fs::rename(&beside, out).map_err(Error::io("rename", &beside))?;
    Ok(info)
}
