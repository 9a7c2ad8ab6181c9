//! Import of voices of other programs: PyTorch checkpoints, read without PyTorch and without running their code.
//!
//! ```text
//! voice.pth ─archive, pickle─► their parameters ─┬─settings (with config.json)─► sizes ─┐
//!                                                └─parameters─► ours, and an account ───┴─► VOICE
//! ```
//!
//! The import reads the single-speaker generators of `jaywalnut310/vits` and `heatz123/naturalspeech` as their training
//! scripts write them. `docs/import.md` describes what is read, and the sound of imported voices.

mod archive;
mod parameters;
mod pickle;
mod settings;

use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use mynah_ops::Precision;

use crate::Error;
use crate::builder::Builder;
use crate::vits::Vits;
use crate::voice_file::{Architecture, VoiceInfo, write_voice};

/// Origin of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointFormat {
    /// Official VITS, `jaywalnut310/vits`.
    Vits,
    /// NaturalSpeech of `heatz123/naturalspeech`.
    Heatz,
}

impl CheckpointFormat {
    /// Returns the name in `voice.toml` and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Vits => "vits",
            Self::Heatz => "heatz",
        }
    }
}

/// Settings of an import.
#[derive(Debug, Clone)]
pub struct ImportConfig {
    /// Path of the checkpoint.
    pub checkpoint: PathBuf,
    /// Path of the configuration of its training, `config.json`.
    pub config: Option<PathBuf>,
    /// Origin of the checkpoint; detected if `None`.
    pub format: Option<CheckpointFormat>,
    /// True to skip unknown parameters, which are an error otherwise.
    pub allow_unknown: bool,
}

/// Account of an import, which counts or names every parameter of the checkpoint.
#[derive(Debug)]
pub struct Imported {
    /// Contents of `voice.toml`.
    pub info: VoiceInfo,
    /// Origin of the checkpoint.
    pub format: CheckpointFormat,
    /// Number of parameters of the checkpoint that the voice contains.
    pub read: usize,
    /// Names of the parameters that only training needs.
    pub unneeded: Vec<String>,
    /// Names of unknown parameters; empty without `allow_unknown`.
    pub unknown: Vec<String>,
    /// Names of other contents of the checkpoint: the state of an optimizer, the number of an epoch.
    pub beside: Vec<String>,
}

/// Converts a checkpoint to a voice, which is written to a temporary directory next to `out` and renamed.
///
/// # Errors
///
/// Returns [`Error::File`] if the checkpoint cannot be read, [`Error::Import`] if its kind is not supported, and
/// [`Error::Parameters`] if parameters are missing, unknown or of the wrong shape.
pub fn import_voice(config: &ImportConfig, out: &Path) -> Result<Imported, Error> {
    let path = &config.checkpoint;
    let training = settings::read_config(config.config.as_deref())?;
    let checkpoint = archive::read_checkpoint(path)?;
    let settings = settings::settings(&checkpoint.tensors, &training, config.format)
        .map_err(|why| Error::Import { path: path.clone(), why })?;
    settings.model.validate(&settings.audio)?;
    let n_theirs = checkpoint.tensors.len();
    let renamed = parameters::rename(checkpoint.tensors, &settings)?;
    let (missing, reshaped, unknown) = (renamed.missing, renamed.reshaped, renamed.unknown);
    if !(missing.is_empty() && reshaped.is_empty() && (unknown.is_empty() || config.allow_unknown)) {
        return Err(Error::Parameters { path: path.clone(), missing, unknown, reshaped });
    }
    let tensors = renamed.tensors;
    // Build the model before writing: a voice never lacks a parameter.
    let all = tensors.clone().into_iter().collect();
    let vb = VarBuilder::from_tensors(all, DType::F32, &Device::Cpu);
    Vits::new(&settings.model, &Builder::new(vb, Precision::F32))?;
    let sizes = Box::new(settings.model);
    let info = VoiceInfo {
        step: checkpoint.iteration.unwrap_or(0),
        fingerprint: String::new(),
        pronunciation: None,
        audio: settings.audio,
        architecture: match settings.format {
            CheckpointFormat::Vits => Architecture::Vits(sizes),
            CheckpointFormat::Heatz => Architecture::Heatz(sizes),
        },
    };
    let info = write_voice(info, tensors, &[], out)?;
    Ok(Imported {
        info,
        format: settings.format,
        read: n_theirs - renamed.unneeded.len() - unknown.len(),
        unneeded: renamed.unneeded,
        unknown,
        beside: checkpoint.beside,
    })
}
