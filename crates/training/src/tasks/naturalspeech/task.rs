//! Task of NaturalSpeech: data, phases and state.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::config::TrainConfig;
use super::example::{Example, Examples};
use super::phase::Phase;
use super::start::Part;
use super::trainer::Trainer;
use crate::Error;
use crate::averages::Averages;
use crate::run::RunConfig;
use crate::sampler::batches;
use crate::task::{Drawn, Place, Position, Report, Task, TaskState};

/// Examples per pool that is sorted by length.
const POOL: usize = 64;

/// Name of the task in checkpoints.
pub(super) const NAME: &str = "naturalspeech";

/// Sections of the tensors that only training needs.
const MODEL: &str = "model";
const DISCRIMINATOR: &str = "discriminator";
pub(super) const DISCRIMINATOR_PARAMETERS: &str = "discriminator_parameters";
pub(super) const AVERAGES: &str = "average";

/// Numbers in a checkpoint of this task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaturalSpeechState {
    /// True if the decoder reads from the memory bank.
    pub memory_attached: bool,
    /// Parts that the source of the parameters lacked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fresh: Vec<Part>,
    /// Updates of the averages, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_updates: Option<u64>,
}

/// Training of NaturalSpeech on two splits of a dataset.
pub struct NaturalSpeechTask<'a> {
    trainer: Trainer,
    training: &'a dyn Examples,
    validation: &'a dyn Examples,
    /// Frames of the examples of the training split.
    frames: Vec<usize>,
    /// Batches of an epoch, with its number.
    order: Option<(u64, Vec<Vec<usize>>)>,
}

impl fmt::Debug for NaturalSpeechTask<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("NaturalSpeechTask");
        shown.field("trainer", &self.trainer).field("examples", &self.frames.len()).finish_non_exhaustive()
    }
}

impl<'a> NaturalSpeechTask<'a> {
    /// Returns the training of a model on `training`, evaluated on `validation`.
    #[must_use]
    pub fn new(trainer: Trainer, training: &'a dyn Examples, validation: &'a dyn Examples) -> Self {
        let frames = (0..training.len()).map(|index| training.frames(index)).collect();
        Self { trainer, training, validation, frames, order: None }
    }

    /// Returns the trainer.
    #[must_use]
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    /// Returns the trainer, for example to load an encoder.
    #[must_use]
    pub fn trainer_mut(&mut self) -> &mut Trainer {
        &mut self.trainer
    }

    fn order(&mut self, epoch: u64) -> &[Vec<usize>] {
        let Trainer { config, .. } = &self.trainer;
        let order = match self.order.take() {
            Some((of, order)) if of == epoch => order,
            _ => batches(&self.frames, config.batch_frames, POOL, config.seed, epoch),
        };
        &self.order.insert((epoch, order)).1
    }
}

impl Task for NaturalSpeechTask<'_> {
    /// The batches of a step.
    type Batch = Vec<Vec<Example>>;

    fn name(&self) -> &'static str {
        NAME
    }

    fn draw(&mut self, place: Place) -> Result<Drawn<Vec<Vec<Example>>>, Error> {
        if self.frames.is_empty() {
            return Err(Error::Empty { why: "the training split has no examples" });
        }
        let (training, count) = (self.training, self.trainer.config.accumulate);
        let (mut batch, mut next) = (Vec::with_capacity(count), place);
        for _ in 0..count {
            let order = self.order(next.epoch);
            let Some(indices) = usize::try_from(next.batch).ok().and_then(|batch| order.get(batch)) else {
                return Err(Error::Empty { why: "the epoch has no such batch, so the dataset has changed" });
            };
            batch.push(indices.iter().map(|index| training.load(*index)).collect::<Result<_, _>>()?);
            next = next.next(order.len() as u64);
        }
        Ok(Drawn { batch, next })
    }

    fn step(&mut self, batch: Vec<Vec<Example>>, position: Position) -> Result<Report, Error> {
        let phase = self.trainer.config.phase(position.step);
        if phase != Phase::WarmUp && self.trainer.memory_is_missing() {
            self.trainer.attach_memory(self.training)?;
        }
        let batches: Vec<&[Example]> = batch.iter().map(Vec::as_slice).collect();
        self.trainer.step_over(&batches, position)
    }

    fn validate(&mut self, position: Position) -> Result<Option<Report>, Error> {
        self.trainer.validate(self.validation, position)
    }

    fn state(&self) -> Result<TaskState, Error> {
        let trainer = &self.trainer;
        let numbers = NaturalSpeechState {
            memory_attached: trainer.memory_attached,
            fresh: trainer.fresh.clone(),
            average_updates: trainer.averages.as_ref().map(Averages::updates),
        };
        let averages = trainer.averages.as_ref().map(|averages| averages.tensors().clone());
        Ok(TaskState::new(trainer.parameters.tensors(), &numbers)?
            .with(MODEL, trainer.optimizer.state()?)
            .with(DISCRIMINATOR, trainer.discriminator_optimizer.state()?)
            .with(DISCRIMINATOR_PARAMETERS, trainer.discriminator_parameters.tensors())
            .with(AVERAGES, averages.unwrap_or_default()))
    }

    fn restore(&mut self, state: &TaskState) -> Result<(), Error> {
        let (trainer, path) = (&mut self.trainer, &state.origin);
        let NaturalSpeechState { memory_attached, fresh, average_updates } = state.numbers()?;
        trainer.parameters.assign(&state.model, path)?;
        trainer.discriminator_parameters.assign(&state.section(DISCRIMINATOR_PARAMETERS), path)?;
        trainer.optimizer.load_state(&state.section(MODEL)).map_err(Error::file(path))?;
        trainer
            .discriminator_optimizer
            .load_state(&state.section(DISCRIMINATOR))
            .map_err(Error::file(path))?;
        if let Some(averages) = &mut trainer.averages {
            match average_updates {
                Some(updates) => averages.restore(state.section(AVERAGES), updates)?,
                None => averages.reset(&trainer.parameters)?,
            }
        }
        trainer.memory_attached = memory_attached;
        trainer.fresh = fresh;
        Ok(())
    }
}

impl TrainConfig {
    /// Returns the length of the run, and the schedule of its outputs.
    #[must_use]
    pub fn run(&self) -> RunConfig {
        RunConfig {
            steps: self.steps,
            log_every: self.log_every,
            checkpoint_every: self.checkpoint_every,
            keep: self.keep.clone(),
            patience: self.patience,
        }
    }
}
