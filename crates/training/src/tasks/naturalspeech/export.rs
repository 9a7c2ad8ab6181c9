//! The voice of a checkpoint.

use std::path::Path;

use candle_core::{Device, safetensors};
use mynah_voice::{
    Architecture, AudioConfig, ModelConfig, SUP_PHONES_FILE, VOCABULARY_FILE, VoiceInfo, write_voice,
};

use super::task::{NAME, NaturalSpeechState};
use crate::Error;
use crate::checkpoint::Checkpoint;

/// The parameters that only training needs.
const TRAINING_ONLY: &str = "posterior.";

/// What a voice is made of.
#[derive(Debug, Clone, Copy)]
pub struct ExportConfig<'a> {
    /// The directory of the checkpoint.
    pub checkpoint: &'a Path,
    /// The sizes of the model.
    pub model: &'a ModelConfig,
    /// The audio that it was trained on.
    pub audio: &'a AudioConfig,
    /// What said the words that it was trained on.
    pub pronunciation: &'a str,
    /// The content of `vocabulary.json`.
    pub vocabulary: &'a str,
    /// The content of `supphones.json`.
    pub sup_phones: &'a str,
}

/// Writes the voice of a checkpoint: its inference parameters, its configuration and its symbols.
///
/// `out` is written beside its place and renamed into it.
///
/// # Errors
///
/// When the checkpoint is not of this model, or the operating system refuses.
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
