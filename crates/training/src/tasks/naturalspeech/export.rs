//! The voice of a checkpoint.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor, safetensors};
use mynah_voice::{
    Architecture, AudioConfig, FORMAT, MODEL_FILE, ModelConfig, SUP_PHONES_FILE, VOCABULARY_FILE, VoiceInfo,
    write_voice,
};

use crate::Error;
use crate::checkpoint::State;

/// The parameters that only training needs.
const TRAINING_ONLY: &str = "posterior.";

/// Writes the voice of a checkpoint: its inference parameters, its configuration and its symbols.
///
/// `out` is written beside its place and renamed into it.
///
/// # Errors
///
/// When the checkpoint is not of this model, or the operating system refuses.
pub fn export_voice(
    checkpoint: &Path,
    model: &ModelConfig,
    audio: &AudioConfig,
    pronunciation: &str,
    vocabulary: &str,
    sup_phones: &str,
    out: &Path,
) -> Result<VoiceInfo, Error> {
    let state = State::read(checkpoint)?;
    let path = checkpoint.join(MODEL_FILE);
    let tensors: BTreeMap<String, Tensor> = safetensors::load(&path, &Device::Cpu)
        .map_err(Error::file(&path))?
        .into_iter()
        .filter(|(name, _)| !name.starts_with(TRAINING_ONLY))
        .collect();
    let info = VoiceInfo {
        format: FORMAT,
        architecture: Architecture::NaturalSpeech,
        step: state.step,
        memory: state.memory_attached,
        fingerprint: String::new(),
        pronunciation: Some(pronunciation.to_owned()),
        audio: audio.clone(),
        model: Some(model.clone()),
        vits: None,
    };
    let symbols = [(VOCABULARY_FILE, vocabulary), (SUP_PHONES_FILE, sup_phones)];
    Ok(write_voice(info, tensors, &symbols, out)?)
}
