//! The seam between the run and what is trained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::values::Values;

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// A kind of training: a model, its data, its losses and its optimizers.
///
/// The [`Run`](crate::Run) owns the steps, the files, the resumption, the logging and the end; a task owns everything that
/// depends on the model. An epoch, a phase, an adversarial step and several optimizers are the task's own affair: it sees
/// the position of the run in every call and reports its phase by name.
///
/// A resumed run ends as an undisturbed one bit for bit, provided that
///
/// - [`draw`](Self::draw) depends on the task's seed and the place alone,
/// - [`step`](Self::step) draws whatever is random in it from the seed and [`Position::step`], and
/// - [`state`](Self::state) holds everything else that a step changes.
pub trait Task {
    /// What one step learns from.
    type Batch;

    /// The name that its checkpoints carry; another task's are refused.
    fn name(&self) -> &'static str;

    /// Draws the batch of a place, and says which place comes after it.
    ///
    /// # Errors
    ///
    /// When the data cannot be read, or there is none.
    fn draw(&mut self, place: Place) -> Result<Drawn<Self::Batch>, Error>;

    /// Learns from a batch.
    ///
    /// # Errors
    ///
    /// [`Error::Diverged`] when a loss or a gradient is not finite.
    fn step(&mut self, batch: Self::Batch, position: Position) -> Result<Report, Error>;

    /// Measures held-out examples as the model is now; `None` without any.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn validate(&mut self, position: Position) -> Result<Option<Report>, Error>;

    /// Everything that steps change.
    ///
    /// # Errors
    ///
    /// When a tensor cannot be read.
    fn state(&self) -> Result<TaskState, Error>;

    /// Takes a state that [`state`](Self::state) gave.
    ///
    /// # Errors
    ///
    /// When it is of another model or other settings.
    fn restore(&mut self, state: &TaskState) -> Result<(), Error>;
}

/// Where a run stands in its data. Only the task knows how many batches a part and how many parts an epoch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Place {
    /// Passes over the data that are done.
    pub epoch: u64,
    /// Parts of this pass that are done, where the data is larger than memory and read part by part; else 0.
    pub part: u64,
    /// Batches of this part that are done.
    pub batch: u64,
}

impl Place {
    /// The place after this one in epochs of one part and this many batches.
    #[must_use]
    pub fn next(self, batches: u64) -> Self {
        if self.batch + 1 < batches {
            Self { batch: self.batch + 1, ..self }
        } else {
            Self { epoch: self.epoch + 1, part: 0, batch: 0 }
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Steps done.
    pub step: u64,
    /// What has been drawn for them.
    pub place: Place,
}

/// A batch and what comes after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn<B> {
    /// The batch.
    pub batch: B,
    /// The place of the next one.
    pub next: Place,
}

/// What a step or a validation has to say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The phase of the training, for a task that has phases.
    pub phase: Option<&'static str>,
    /// Losses and whatever else was measured. The same names in every report, so that the rows make a table.
    pub values: Values,
}

/// The state of a task, as data.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// The parameters of the model: `model.safetensors`.
    pub model: Tensors,
    /// The tensors that only training needs, each under the prefix of its section: `optimizer.safetensors`.
    pub training: Tensors,
    /// What is not a tensor: the table `[state]` of `state.toml`.
    pub numbers: toml::Table,
    /// The directory that it was read from, for messages; empty for a state that was never written.
    pub origin: PathBuf,
}

impl TaskState {
    /// A state with the parameters of a model, and `numbers`: a struct whose fields TOML can hold.
    ///
    /// # Errors
    ///
    /// When `numbers` is no table.
    pub fn new(model: Tensors, numbers: &impl Serialize) -> Result<Self, Error> {
        let numbers = toml::Table::try_from(numbers).map_err(Error::file(Path::new("state.toml")))?;
        Ok(Self { model, training: Tensors::new(), numbers, origin: PathBuf::new() })
    }

    /// The same with a section of tensors that only training needs.
    #[must_use]
    pub fn with(mut self, section: &str, tensors: Tensors) -> Self {
        self.training.extend(tensors.into_iter().map(|(name, tensor)| (format!("{section}.{name}"), tensor)));
        self
    }

    /// The tensors of a section, without its prefix.
    #[must_use]
    pub fn section(&self, section: &str) -> Tensors {
        let named = self.training.iter().filter_map(|(name, tensor)| {
            Some((name.strip_prefix(section)?.strip_prefix('.')?.to_owned(), tensor.clone()))
        });
        named.collect()
    }

    /// What is not a tensor.
    ///
    /// # Errors
    ///
    /// When it does not have the form of `T`.
    pub fn numbers<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.numbers.clone().try_into().map_err(Error::file(&self.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn places_follow_each_other_through_epochs() {
        let mut place = Place::default();
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push((place.epoch, place.batch));
            place = place.next(2);
        }
        assert_eq!(seen, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]);
    }
}
