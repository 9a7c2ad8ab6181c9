//! Export of checkpoints as voices.

use std::path::Path;

use candle_core::DType;
use mynah_voice::{
    Architecture, AudioConfig, ModelConfig, SUP_PHONES_FILE, VOCABULARY_FILE, VoiceInfo, write_voice,
};
use serde::{Deserialize, Serialize};

use super::task::{NAME, NaturalSpeechState};
use crate::Error;
use crate::checkpoint::Checkpoint;

/// Prefix of the parameters that only training needs.
const TRAINING_ONLY: &str = "posterior.";

/// Number format of the weights of a voice on disk; speaking always computes in 32 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightFormat {
    /// 32 bits, as trained.
    #[default]
    F32,
    /// 16 bits, half the size: each weight is rounded to 11 significant bits.
    F16,
}

impl WeightFormat {
    fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F16 => DType::F16,
        }
    }
}

/// Parts of a voice to export.
#[derive(Debug, Clone, Copy)]
pub struct ExportConfig<'a> {
    /// Directory of the checkpoint.
    pub checkpoint: &'a Path,
    /// Sizes of the model.
    pub model: &'a ModelConfig,
    /// Properties of the training audio.
    pub audio: &'a AudioConfig,
    /// Pronouncer of the training text.
    pub pronunciation: &'a str,
    /// Contents of `vocabulary.json`.
    pub vocabulary: &'a str,
    /// Contents of `supphones.json`.
    pub sup_phones: &'a str,
    /// Number format of the weights.
    pub weights: WeightFormat,
}

/// Writes the voice of a checkpoint: its inference parameters, its configuration and its symbols.
///
/// The voice is written to a temporary directory next to `out` and renamed.
///
/// # Errors
///
/// Fails if the checkpoint belongs to another model, a weight is not finite in the format, or the operating system refuses.
pub fn export_voice(config: &ExportConfig<'_>, out: &Path) -> Result<VoiceInfo, Error> {
    let checkpoint = Checkpoint::read(config.checkpoint)?;
    checkpoint.check_task(NAME)?;
    let NaturalSpeechState { memory_attached } = checkpoint.numbers()?;
    let tensors = checkpoint
        .model()?
        .into_iter()
        .filter(|(name, _)| !name.starts_with(TRAINING_ONLY))
        .map(|(name, tensor)| Ok((name, tensor.to_dtype(config.weights.dtype())?)))
        .collect::<candle_core::Result<_>>()?;
    let info = VoiceInfo {
        step: checkpoint.position.step,
        fingerprint: String::new(),
        pronunciation: Some(config.pronunciation.to_owned()),
        audio: config.audio.clone(),
        architecture: Architecture::NaturalSpeech {
            model: Box::new(config.model.clone()),
            memory: memory_attached,
        },
    };
    let symbols = [(VOCABULARY_FILE, config.vocabulary), (SUP_PHONES_FILE, config.sup_phones)];
    Ok(write_voice(info, tensors, &symbols, out)?)
}
