//! Export of checkpoints as voices.

use std::path::Path;

use candle_core::{Device, safetensors};
use mynah_voice::{
    Architecture, AudioConfig, ModelConfig, SUP_PHONES_FILE, VOCABULARY_FILE, VoiceInfo, write_voice,
};

use super::task::{NAME, NaturalSpeechState};
use crate::Error;
use crate::checkpoint::Checkpoint;

/// Prefix of the parameters that only training needs.
const TRAINING_ONLY: &str = "posterior.";

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
}

/// Writes the voice of a checkpoint: its inference parameters, its configuration and its symbols.
///
/// The voice is written to a temporary directory next to `out` and renamed.
///
/// # Errors
///
/// Fails if the checkpoint belongs to another model, or the operating system refuses.
pub fn export_voice(config: &ExportConfig<'_>, out: &Path) -> Result<VoiceInfo, Error> {
    let checkpoint = Checkpoint::read(config.checkpoint)?;
    checkpoint.check_task(NAME)?;
    let NaturalSpeechState { memory_attached } = checkpoint.numbers()?;
    let path = checkpoint.model_file();
    let tensors = safetensors::load(&path, &Device::Cpu)
        .map_err(Error::file(&path))?
        .into_iter()
        .filter(|(name, _)| !name.starts_with(TRAINING_ONLY))
        .collect();
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
