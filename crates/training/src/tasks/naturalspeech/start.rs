//! Start of a training from the parameters of another one: a checkpoint, or a voice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use mynah_text::{Phone, SupPhones, Vocabulary};
use mynah_voice::{Architecture, AudioConfig, ModelConfig, read_symbols, read_voice};
use serde::{Deserialize, Serialize};

use super::export::POSTERIOR;
use super::task::{DISCRIMINATOR_PARAMETERS, NAME, NaturalSpeechState};
use super::trainer::Trainer;
use super::training_file::{TRAINING_FILE, read_training_file};
use crate::Error;
use crate::averages::copies;
use crate::checkpoint::Checkpoint;
use crate::task::Tensors;

/// Symbols that a model reads, in the order of their embeddings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbols {
    /// Symbols.
    pub vocabulary: Vocabulary,
    /// Sup-phonemes.
    pub sup_phones: SupPhones,
}

/// Part of a training that a voice may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Posterior encoder.
    Posterior,
    /// Discriminators.
    Discriminators,
}

impl Part {
    /// Returns the name in messages and files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Posterior => "posterior",
            Self::Discriminators => "discriminators",
        }
    }
}

/// Parameters that a training starts from.
#[derive(Debug, Clone)]
pub struct Start {
    /// Directory that they were read from, for messages.
    path: PathBuf,
    /// Parameters of the model; those of the posterior encoder may be missing.
    model: Tensors,
    /// Parameters of the discriminators; empty if they are missing.
    discriminators: Tensors,
    symbols: Symbols,
    memory_attached: bool,
}

/// Result of [`Trainer::start_from`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Parts with initial values, which the source lacks or has in other sizes.
    pub fresh: Vec<Part>,
    /// Symbols without an embedding in the source.
    pub new_symbols: usize,
    /// Sup-phonemes without an embedding in the source.
    pub new_sup_phones: usize,
}

impl Start {
    /// Reads the parameters of a checkpoint, without the state of the optimizers and without averages.
    ///
    /// # Errors
    ///
    /// Fails if the checkpoint belongs to another task or cannot be read.
    pub fn of_checkpoint(directory: &Path, symbols: Symbols) -> Result<Self, Error> {
        let checkpoint = Checkpoint::read(directory)?;
        checkpoint.check_task(NAME)?;
        let NaturalSpeechState { memory_attached, .. } = checkpoint.numbers()?;
        let state = checkpoint.state()?;
        let discriminators = state.section(DISCRIMINATOR_PARAMETERS);
        Ok(Self { path: directory.to_owned(), model: state.model, discriminators, symbols, memory_attached })
    }

    /// Reads the parameters of a voice, and of the parts that only training needs if it has them. Returns the sizes of its
    /// model and its audio as well.
    ///
    /// # Errors
    ///
    /// Fails if the voice cannot be read, or was imported: models of other programs are not trained here.
    pub fn of_voice(directory: &Path) -> Result<(Self, Box<ModelConfig>, AudioConfig), Error> {
        let (info, tensors) = read_voice(directory, &Device::Cpu)?;
        let Architecture::NaturalSpeech { model: sizes, memory } = info.architecture else {
            let why = format!("voices of the architecture `{}` cannot be trained", info.architecture.word());
            return Err(Error::File { path: directory.join("voice.toml"), why });
        };
        let (vocabulary, sup_phones) = read_symbols(directory)?;
        let mut model: Tensors = tensors.into_iter().collect();
        let mut discriminators = Tensors::new();
        let path = directory.join(TRAINING_FILE);
        if path.exists() {
            for (name, tensor) in read_training_file(&path)? {
                match name.strip_prefix(DISCRIMINATOR_PARAMETERS).and_then(|name| name.strip_prefix('.')) {
                    Some(name) => discriminators.insert(name.to_owned(), tensor),
                    None => model.insert(name, tensor),
                };
            }
        }
        let symbols = Symbols { vocabulary, sup_phones };
        let path = directory.to_owned();
        Ok((Self { path, model, discriminators, symbols, memory_attached: memory }, sizes, info.audio))
    }

    /// Returns the parts that are missing.
    fn missing(&self) -> Vec<Part> {
        let posterior = self.model.keys().any(|name| name.starts_with(POSTERIOR));
        let mut missing = Vec::new();
        missing.extend((!posterior).then_some(Part::Posterior));
        missing.extend(self.discriminators.is_empty().then_some(Part::Discriminators));
        missing
    }
}

impl Trainer {
    /// Replaces the parameters with those of `start`, and returns what it lacks. Embeddings are found by symbol; `symbols`
    /// are those of this model. Discriminators of other sizes start anew. The optimizers, the averages and the schedule are
    /// those of a new training.
    ///
    /// # Errors
    ///
    /// Returns [`mynah_voice::Error::Parameters`] if the model has other sizes; nothing is changed then.
    pub fn start_from(&mut self, start: &Start, symbols: &Symbols) -> Result<Started, Error> {
        let mut fresh = start.missing();
        if self.discriminator_parameters.check(&start.discriminators, &start.path).is_err()
            && !fresh.contains(&Part::Discriminators)
        {
            fresh.push(Part::Discriminators);
        }
        let mut model = start.model.clone();
        if fresh.contains(&Part::Posterior) {
            let mut own = self.parameters.tensors();
            own.retain(|name, _| name.starts_with(POSTERIOR));
            model.extend(copies(own)?);
        }
        let (from, to) = (&start.symbols, symbols);
        let ids = (0..to.vocabulary.len() as u32).map(|id| {
            let symbol = to.vocabulary.symbol(id)?;
            let there = from.vocabulary.id(symbol);
            (from.vocabulary.symbol(there) == Some(symbol)).then_some(there)
        });
        let new_symbols = self.map_rows(&mut model, SYMBOL_EMBEDDING, &ids.collect::<Vec<_>>())?;
        let known: HashMap<SupPhoneKey<'_>, u32> =
            (0..from.sup_phones.len() as u32).map(|id| (key(&from.sup_phones, id), id)).collect();
        let ids = (0..to.sup_phones.len() as u32).map(|id| known.get(&key(&to.sup_phones, id)).copied());
        let new_sup_phones = self.map_rows(&mut model, SUP_PHONE_EMBEDDING, &ids.collect::<Vec<_>>())?;

        let of_discriminators = if fresh.contains(&Part::Discriminators) {
            copies(self.discriminator_parameters.tensors())?
        } else {
            start.discriminators.clone()
        };
        self.parameters.assign(&model, &start.path)?;
        self.discriminator_parameters.assign(&of_discriminators, &start.path)?;
        self.memory_attached = start.memory_attached && self.model.memory.is_some();
        self.fresh.clone_from(&fresh);
        if let Some(averages) = &mut self.averages {
            averages.reset(&self.parameters)?;
        }
        Ok(Started { fresh, new_symbols, new_sup_phones })
    }

    /// Replaces an embedding of the source with one for this model: the rows of `ids`, and initial values where there is
    /// `None`. Returns the number of the latter.
    fn map_rows(&self, model: &mut Tensors, name: &str, ids: &[Option<u32>]) -> Result<usize, Error> {
        let (Some(source), Some(own)) = (model.get(name), self.parameters.tensors().remove(name)) else {
            return Ok(0);
        };
        if source.dims().get(1) != own.dims().get(1) {
            // The error of the assignment names it.
            return Ok(0);
        }
        let source = source.to_device(&self.device)?.to_dtype(self.dtype)?;
        let rows = ids.iter().enumerate().map(|(at, id)| match id {
            Some(id) => source.narrow(0, *id as usize, 1),
            None => own.narrow(0, at, 1),
        });
        let rows = rows.collect::<candle_core::Result<Vec<_>>>()?;
        model.insert(name.to_owned(), Tensor::cat(&rows, 0)?);
        Ok(ids.iter().filter(|id| id.is_none()).count())
    }

    /// Returns true if only parts that are fresh learn in this step.
    pub(super) fn is_frozen(&self, step: u64) -> bool {
        !self.fresh.is_empty() && step < self.config.freeze_steps
    }

    /// Returns true if a parameter of the model learns while the others are frozen.
    pub(super) fn is_fresh(&self, name: &str) -> bool {
        self.fresh.contains(&Part::Posterior) && name.starts_with(POSTERIOR)
    }
}

/// Names of the embeddings.
const SYMBOL_EMBEDDING: &str = "encoder.symbols.weight";
const SUP_PHONE_EMBEDDING: &str = "encoder.sup_phones.weight";

/// Identity of a sup-phoneme in any vocabulary: its phones, or for a symbol that is not a phone its number, which is the
/// same everywhere.
type SupPhoneKey<'a> = (&'a [Phone], Option<u32>);

fn key(sup_phones: &SupPhones, id: u32) -> SupPhoneKey<'_> {
    match sup_phones.phones(id) {
        Some([]) | None => (&[], Some(id)),
        Some(phones) => (phones, None),
    }
}
