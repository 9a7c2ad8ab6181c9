//! Interface between runs and tasks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::values::Values;

/// Named tensors.
pub type Tensors = BTreeMap<String, Tensor>;

/// Model with its data, losses and optimizers, for a [`Run`](crate::Run).
///
/// The run owns steps, files, resumption, logging and the end; the task owns everything that depends on the model. Epochs,
/// phases, adversarial steps and multiple optimizers are internal to the task, which receives the position of the run in
/// every call and reports its phase by name.
///
/// A resumed run ends like an uninterrupted one bit for bit, provided that
///
/// - [`draw`](Self::draw) depends only on the seed of the task and the place,
/// - [`step`](Self::step) draws its random numbers from the seed and [`Position::step`], and
/// - [`state`](Self::state) contains everything else that a step changes.
pub trait Task: Send {
    /// Input of a step.
    type Batch;

    /// Returns the name in the checkpoints of the task; those of other tasks are rejected.
    fn name(&self) -> &'static str;

    /// Draws the batch of a place, and returns the next place.
    ///
    /// # Errors
    ///
    /// Fails if there is no data or it cannot be read.
    fn draw(&mut self, place: Place) -> Result<Drawn<Self::Batch>, Error>;

    /// Trains on a batch.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Diverged`] if a loss or a gradient is not finite.
    fn step(&mut self, batch: Self::Batch, position: Position) -> Result<Report, Error>;

    /// Evaluates the current model on held-out examples; `None` without any.
    ///
    /// # Errors
    ///
    /// Fails if the examples cannot be read.
    fn validate(&mut self, position: Position) -> Result<Option<Report>, Error>;

    /// Returns everything that steps change.
    ///
    /// # Errors
    ///
    /// Fails if a tensor cannot be read.
    fn state(&self) -> Result<TaskState, Error>;

    /// Restores a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    ///
    /// Fails if the state belongs to another model or other settings.
    fn restore(&mut self, state: &TaskState) -> Result<(), Error>;
}

/// Position in the data. Only the task knows the number of batches in a part and of parts in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Place {
    /// Completed passes over the data.
    pub epoch: u64,
    /// Completed parts of this pass if the data is read in parts because it exceeds memory, otherwise 0.
    pub part: u64,
    /// Completed batches of this part.
    pub batch: u64,
}

impl Place {
    /// Returns the next place in epochs of one part with this number of batches.
    #[must_use]
    pub fn next(self, batches: u64) -> Self {
        if self.batch + 1 < batches {
            Self { batch: self.batch + 1, ..self }
        } else {
            Self { epoch: self.epoch + 1, part: 0, batch: 0 }
        }
    }
}

/// Position of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Completed steps.
    pub step: u64,
    /// Position in the data after these steps.
    pub place: Place,
}

/// Batch, with the place after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn<B> {
    /// Batch of the place.
    pub batch: B,
    /// Place of the next batch.
    pub next: Place,
}

/// Report of a step or a validation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Phase of the training, for a task that has phases.
    pub phase: Option<&'static str>,
    /// Losses and other measurements. All reports have the same names, so that the rows form a table.
    pub values: Values,
}

/// Serializable state of a task.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// Parameters of the model, stored in `model.safetensors`.
    pub model: Tensors,
    /// Tensors that only training needs, each with the prefix of its section, stored in `optimizer.safetensors`.
    pub training: Tensors,
    /// Everything except tensors, stored in the table `[state]` of `state.toml`.
    pub numbers: toml::Table,
    /// Directory that the state was read from, for messages; empty for a state that was never written.
    pub origin: PathBuf,
}

impl TaskState {
    /// Returns a state with the parameters of a model and `numbers`, a struct that can be serialized to TOML.
    ///
    /// # Errors
    ///
    /// Fails if `numbers` is not a TOML table.
    pub fn new(model: Tensors, numbers: &impl Serialize) -> Result<Self, Error> {
        let numbers = toml::Table::try_from(numbers).map_err(Error::file(Path::new("state.toml")))?;
        Ok(Self { model, training: Tensors::new(), numbers, origin: PathBuf::new() })
    }

    /// Adds a section of tensors that only training needs.
    #[must_use]
    pub fn with(mut self, section: &str, tensors: Tensors) -> Self {
        self.training.extend(tensors.into_iter().map(|(name, tensor)| (format!("{section}.{name}"), tensor)));
        self
    }

    /// Returns the tensors of a section, without its prefix.
    #[must_use]
    pub fn section(&self, section: &str) -> Tensors {
        let named = self.training.iter().filter_map(|(name, tensor)| {
            Some((name.strip_prefix(section)?.strip_prefix('.')?.to_owned(), tensor.clone()))
        });
        named.collect()
    }

    /// Returns everything except tensors.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] if it cannot be deserialized as `T`.
    pub fn numbers<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.numbers.clone().try_into().map_err(Error::file(&self.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn places_advance_through_epochs() {
        let mut place = Place::default();
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push((place.epoch, place.batch));
            place = place.next(2);
        }
        assert_eq!(seen, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]);
    }
}
