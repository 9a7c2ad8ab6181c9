//! Voices of other programs: checkpoints of PyTorch, read without PyTorch and without running any of them.
//!
//! ```text
//! voice.pth ─archive, pickle─► their parameters ─┬─settings (with config.json)─► sizes ─┐
//!                                                └─parameters─► ours, and an account ───┴─► VOICE
//! ```
//!
//! Read are the generators of `jaywalnut310/vits` and of `heatz123/naturalspeech`, for one speaker, as their training scripts
//! write them. `docs/import.md` says what is read, and what a voice of theirs sounds like here.

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

/// Whose checkpoint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointFormat {
    /// `jaywalnut310/vits`.
    Vits,
    /// `heatz123/naturalspeech`.
    Heatz,
}

impl CheckpointFormat {
    /// Its name in `voice.toml` and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Vits => "vits",
            Self::Heatz => "heatz",
        }
    }
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct ImportConfig {
    /// The checkpoint.
    pub checkpoint: PathBuf,
    /// The configuration of its training, `config.json`.
    pub config: Option<PathBuf>,
    /// Whose it is; recognised without it.
    pub format: Option<CheckpointFormat>,
    /// Whether parameters that nobody knows are left out. Without it they are an error.
    pub allow_unknown: bool,
}

/// What was imported: every parameter of the checkpoint is counted or named here.
#[derive(Debug)]
pub struct Imported {
    /// The voice.
    pub info: VoiceInfo,
    /// Whose it was.
    pub format: CheckpointFormat,
    /// Parameters of the checkpoint that the voice has.
    pub read: usize,
    /// Those that only training needs.
    pub unneeded: Vec<String>,
    /// Those that nobody knows; none without `allow_unknown`.
    pub unknown: Vec<String>,
    /// What stood beside the parameters: the state of an optimiser, the number of an epoch.
    pub beside: Vec<String>,
}

/// Makes a voice of a checkpoint. `out` is written beside its place and renamed into it.
///
/// # Errors
///
/// [`Error::File`] when the checkpoint cannot be read, [`Error::Import`] when it is of a kind that is not imported,
/// [`Error::Parameters`] when parameters are missing, of another shape, or unknown.
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
    // Whatever the model asks for is there, or no voice is written.
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
