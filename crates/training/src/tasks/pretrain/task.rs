//! Pre-training as a task.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::config::PretrainConfig;
use super::inventory::Sentence;
use super::stream::{Reading, Shards, Stream, held_out};
use super::trainer::Pretrainer;
use crate::Error;
use crate::run::RunConfig;
use crate::task::{Drawn, Place, Position, Report, Task, TaskState};
use crate::values::Values;

/// Section of the optimizer's moments in a checkpoint.
const MODEL: &str = "model";

/// Numbers in a checkpoint of this task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainState {
    /// Sentences trained on.
    pub sentences: u64,
    /// Sentences skipped because they are too long.
    pub too_long: u64,
}

/// Pre-training of an encoder on the shards of a text.
pub struct PretrainTask<'a> {
    trainer: Pretrainer,
    stream: Stream<'a>,
    validation: Vec<Sentence>,
    state: PretrainState,
}

impl fmt::Debug for PretrainTask<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("PretrainTask");
        shown.field("trainer", &self.trainer).field("state", &self.state).finish_non_exhaustive()
    }
}

impl<'a> PretrainTask<'a> {
    /// Starts pre-training on `shards`, from which the held-out sentences are loaded immediately.
    ///
    /// # Errors
    ///
    /// Fails if a shard cannot be read.
    pub fn new(trainer: Pretrainer, shards: &'a dyn Shards) -> Result<Self, Error> {
        let validation = held_out(shards, &trainer.config)?;
        let stream = Stream::new(shards, &trainer.config);
        Ok(Self { trainer, stream, validation, state: PretrainState::default() })
    }

    /// Returns the trainer.
    #[must_use]
    pub fn trainer(&self) -> &Pretrainer {
        &self.trainer
    }

    /// Returns the counts of the sentences read so far.
    #[must_use]
    pub fn progress(&self) -> PretrainState {
        self.state
    }

    fn report(&self, mut values: Values) -> Report {
        values.set("sentences", self.state.sentences);
        values.set("too_long", self.state.too_long);
        Report { phase: None, values }
    }
}

impl Task for PretrainTask<'_> {
    type Batch = Reading;

    fn name(&self) -> &'static str {
        "pretrain"
    }

    fn draw(&mut self, place: Place) -> Result<Drawn<Reading>, Error> {
        self.stream.draw(place)
    }

    fn step(&mut self, reading: Reading, position: Position) -> Result<Report, Error> {
        let values = self.trainer.step(&reading.batches, position.step)?;
        self.state.sentences += reading.batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        self.state.too_long += reading.too_long;
        Ok(self.report(values))
    }

    fn validate(&mut self, position: Position) -> Result<Option<Report>, Error> {
        let values = self.trainer.validate(&self.validation, position.step)?;
        Ok(values.map(|values| self.report(values)))
    }

    fn state(&self) -> Result<TaskState, Error> {
        let state = TaskState::new(self.trainer.parameters.tensors(), &self.state)?;
        Ok(state.with(MODEL, self.trainer.optimizer.state()?))
    }

    fn restore(&mut self, state: &TaskState) -> Result<(), Error> {
        let (trainer, path) = (&mut self.trainer, &state.origin);
        let numbers = state.numbers()?;
        trainer.parameters.assign(&state.model, path)?;
        trainer.optimizer.load_state(&state.section(MODEL)).map_err(Error::file(path))?;
        self.state = numbers;
        Ok(())
    }
}

impl PretrainConfig {
    /// Returns the length of the run, and the schedule of its outputs.
    #[must_use]
    pub fn run(&self) -> RunConfig {
        RunConfig {
            steps: self.steps,
            log_every: self.log_every,
            checkpoint_every: self.checkpoint_every,
            keep: self.keep.clone(),
            patience: 0,
        }
    }
}
