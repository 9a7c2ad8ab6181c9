//! Checkpoints: all that a run needs to go on.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use candle_core::safetensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use mynah_voice::{MODEL_FILE, write_tensors};

use crate::Error;
use crate::tasks::naturalspeech::Trainer;

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const STATE_FILE: &str = "state.toml";
const CHECKPOINTS: &str = "checkpoints";

/// What the names of the phoneme encoder's parameters begin with.
const ENCODER: &str = "encoder.";

/// The sections of the optimizer file.
const MODEL: &str = "model.";
const JUDGE: &str = "discriminator.";
const JUDGE_PARAMETERS: &str = "discriminator_parameters.";

/// Where a run stands: `state.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Optimiser steps done.
    pub step: u64,
    /// Passes over the training split that are done.
    pub epoch: u64,
    /// Batches of this epoch that are done.
    pub batch: usize,
    /// Whether the decoder reads from the memory bank.
    pub memory_attached: bool,
}

impl State {
    /// Reads the state of a checkpoint.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not a state.
    pub fn read(checkpoint: &Path) -> Result<Self, Error> {
        read_state(checkpoint)
    }
}

/// The checkpoints of a run by their steps, in order.
///
/// # Errors
///
/// When the directory cannot be listed.
pub fn checkpoints(run: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let path = run.join(CHECKPOINTS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&path).map_err(Error::io("list", &path))? {
        let place = entry.map_err(Error::io("list", &path))?.path();
        let name = place.file_name().and_then(|name| name.to_str());
        if let Some(step) = name.and_then(|name| name.strip_prefix("step-")?.parse().ok()) {
            found.push((step, place));
        }
    }
    found.sort_unstable();
    Ok(found)
}

impl Trainer {
    /// Writes a checkpoint of where the run stands into `run`, and returns its directory.
    ///
    /// It is written beside its place and renamed into it: a directory `step-N` is whole.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn save(&self, run: &Path) -> Result<PathBuf, Error> {
        let sections = [
            (MODEL, self.optimizer.state()?),
            (JUDGE, self.judge_optimizer.state()?),
            (JUDGE_PARAMETERS, self.judge_parameters.tensors()),
        ];
        write_checkpoint(run, self.state.step, self.parameters.tensors(), sections, &self.state)
    }

    /// Takes the phoneme encoder of a checkpoint of [`Pretrainer`](crate::tasks::pretrain::Pretrainer): its parameters, the embeddings
    /// of symbols and of sup-phones among them. Vocabulary and sup-phones have to be the same, which only the caller can know.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is of an encoder of other sizes.
    pub fn load_encoder(&mut self, checkpoint: &Path) -> Result<(), Error> {
        Ok(self.parameters.load_below(ENCODER, &checkpoint.join(MODEL_FILE))?)
    }

    /// Goes back to the latest checkpoint of `run`; returns whether there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is of a model with other parameters.
    pub fn resume(&mut self, run: &Path) -> Result<bool, Error> {
        let Some((_, place)) = checkpoints(run)?.pop() else { return Ok(false) };
        let state = State::read(&place)?;
        self.parameters.load(&place.join(MODEL_FILE))?;
        let rest = Sections::read(&place)?;
        let path = &rest.path;
        self.judge_parameters.assign(&rest.section(JUDGE_PARAMETERS), path)?;
        self.optimizer.load_state(&rest.section(MODEL)).map_err(Error::file(path))?;
        self.judge_optimizer.load_state(&rest.section(JUDGE)).map_err(Error::file(path))?;
        self.state = state;
        Ok(true)
    }
}

/// What a checkpoint has beside the parameters of the model: tensors in sections, which are prefixes of their names.
pub(crate) struct Sections {
    /// The file.
    pub(crate) path: PathBuf,
    tensors: HashMap<String, Tensor>,
}

impl Sections {
    pub(crate) fn read(checkpoint: &Path) -> Result<Self, Error> {
        let path = checkpoint.join(OPTIMIZER_FILE);
        let tensors = safetensors::load(&path, &candle_core::Device::Cpu).map_err(Error::file(&path))?;
        Ok(Self { path, tensors })
    }

    /// The tensors of a section, without its prefix.
    pub(crate) fn section(&self, prefix: &str) -> BTreeMap<String, Tensor> {
        self.tensors
            .iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?.to_owned(), tensor.clone())))
            .collect()
    }
}

/// Writes `checkpoints/step-<step>` of a run beside its place, and renames it into it.
pub(crate) fn write_checkpoint(
    run: &Path,
    step: u64,
    model: BTreeMap<String, Tensor>,
    sections: impl IntoIterator<Item = (&'static str, BTreeMap<String, Tensor>)>,
    state: &impl Serialize,
) -> Result<PathBuf, Error> {
    let place = run.join(CHECKPOINTS).join(format!("step-{step}"));
    let beside = place.with_extension("partial");
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(Error::io("remove", &beside))?;
    }
    fs::create_dir_all(&beside).map_err(Error::io("create", &beside))?;
    write_tensors(&beside.join(MODEL_FILE), model)?;
    let all = sections
        .into_iter()
        .flat_map(|(section, tensors)| {
            tensors.into_iter().map(move |(name, tensor)| (format!("{section}{name}"), tensor))
        })
        .collect();
    write_tensors(&beside.join(OPTIMIZER_FILE), all)?;
    let path = beside.join(STATE_FILE);
    let text = toml::to_string(state).map_err(Error::file(&path))?;
    fs::write(&path, text).map_err(Error::io("write", &path))?;
    sync(&path)?;
    if place.exists() {
        fs::remove_dir_all(&place).map_err(Error::io("remove", &place))?;
    }
    fs::rename(&beside, &place).map_err(Error::io("rename", &beside))?;
    Ok(place)
}

/// Reads `state.toml` of a checkpoint.
pub(crate) fn read_state<T: DeserializeOwned>(checkpoint: &Path) -> Result<T, Error> {
    let path = checkpoint.join(STATE_FILE);
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    toml::from_str(&text).map_err(Error::file(&path))
}

fn sync(path: &Path) -> Result<(), Error> {
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("write", path))
}
