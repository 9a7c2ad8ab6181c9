//! Export of checkpoints as voices.

use std::path::Path;

use candle_core::{DType, Tensor};
use mynah_voice::{
    Architecture, AudioConfig, ModelConfig, SUP_PHONES_FILE, VOCABULARY_FILE, VoiceInfo, write_voice,
};
use serde::{Deserialize, Serialize};

use super::task::{AVERAGES, DISCRIMINATOR_PARAMETERS, NAME, NaturalSpeechState};
use super::training_file::{TRAINING_FILE, training_file};
use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::task::Tensors;

/// Prefix of the parameters of the posterior encoder, which only training needs.
pub(super) const POSTERIOR: &str = "posterior.";

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
    /// True to add the posterior encoder and the discriminators, so that the voice can be trained further.
    pub trainable: bool,
}

/// Writes the voice of a checkpoint: its inference parameters, or their averages if it has them, its configuration and its
/// symbols.
///
/// The voice is written to a temporary directory next to `out` and renamed.
///
/// # Errors
///
/// Fails if the checkpoint belongs to another model, a weight is not finite in the format, or the operating system refuses.
pub fn export_voice(config: &ExportConfig<'_>, out: &Path) -> Result<VoiceInfo, Error> {
    let checkpoint = Checkpoint::read(config.checkpoint)?;
    checkpoint.check_task(NAME)?;
    let NaturalSpeechState { memory_attached, .. } = checkpoint.numbers()?;
    let state = checkpoint.state()?;
    let mut model = state.model.clone();
    model.extend(state.section(AVERAGES));
    let converted = |tensors: Tensors| -> candle_core::Result<Tensors> {
        let convert = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_dtype(config.weights.dtype())?));
        tensors.into_iter().map(convert).collect()
    };
    let (training, speaking): (Tensors, Tensors) =
        model.into_iter().partition(|(name, _)| name.starts_with(POSTERIOR));
    let training = if config.trainable {
        let of_discriminators = state.section(DISCRIMINATOR_PARAMETERS).into_iter();
        let named =
            of_discriminators.map(|(name, tensor)| (format!("{DISCRIMINATOR_PARAMETERS}.{name}"), tensor));
        Some(training_file(&converted(training.into_iter().chain(named).collect())?)?)
    } else {
        None
    };
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
    let mut files = vec![
        (VOCABULARY_FILE, config.vocabulary.as_bytes()),
        (SUP_PHONES_FILE, config.sup_phones.as_bytes()),
    ];
    files.extend(training.as_deref().map(|bytes| (TRAINING_FILE, bytes)));
    Ok(write_voice(info, converted(speaking)?, &files, out)?)
}
