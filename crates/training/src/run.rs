//! The loop: batch, step, log, checkpoint, validate.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoint::{Checkpoint, checkpoints, write};
use crate::task::{Drawn, Position, Report, Task};
use crate::values::{Value, Values};

/// How long a run is, and what it leaves on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunConfig {
    /// Steps in all.
    pub steps: u64,
    /// Steps from one logged row to the next; the first and the last step are always logged.
    pub log_every: u64,
    /// Steps from one checkpoint to the next; the last step always makes one.
    pub checkpoint_every: u64,
    /// Checkpoints that are kept, the latest; all of them with `None`.
    pub keep: Option<usize>,
}

/// A row of `metrics.jsonl`: what a step or a validation measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps done.
    pub step: u64,
    /// Passes over the data that are done.
    pub epoch: u64,
    /// The phase, for a task that has phases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Whether it is of a step or of held-out examples.
    pub split: Split,
    /// The values of the task.
    #[serde(flatten)]
    pub values: Values,
    /// Wall time since the run began or was resumed, in seconds.
    pub seconds: f64,
}

/// The data that a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The batch of a step.
    Train,
    /// Held-out examples, at a checkpoint.
    Validation,
}

impl Split {
    /// Its name in the files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
        }
    }
}

/// Watches a run.
pub trait Observer {
    /// Takes note of a step; `logged` when its row belongs into the metrics.
    ///
    /// # Errors
    ///
    /// When it cannot be recorded; the run ends.
    fn step(&mut self, row: &Row, logged: bool) -> Result<(), Error>;

    /// Takes note of a checkpoint in `directory`, with the row of the validation where there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be recorded; the run ends.
    fn checkpoint(&mut self, directory: &Path, validation: Option<&Row>) -> Result<(), Error>;

    /// Returns whether to write a checkpoint and stop.
    fn stop(&self) -> bool;
}

/// A task on its way through its steps, with the directory that keeps its checkpoints.
#[derive(Debug)]
pub struct Run<T> {
    task: T,
    config: RunConfig,
    directory: PathBuf,
    position: Position,
}

impl<T: Task> Run<T> {
    /// A run that has not begun.
    pub fn new(task: T, config: RunConfig, directory: &Path) -> Self {
        Self { task, config, directory: directory.to_owned(), position: Position::default() }
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &T {
        &self.task
    }

    /// The task, to be prepared before the first step.
    #[must_use]
    pub fn task_mut(&mut self) -> &mut T {
        &mut self.task
    }

    /// Where the run stands.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.position.step >= self.config.steps
    }

    /// Goes back to the latest checkpoint of the directory; returns whether there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is of another task or another model.
    pub fn resume(&mut self) -> Result<bool, Error> {
        let Some((_, directory)) = checkpoints(&self.directory)?.pop() else { return Ok(false) };
        let checkpoint = Checkpoint::read(&directory)?;
        checkpoint.check_task(self.task.name())?;
        self.task.restore(&checkpoint.state()?)?;
        self.position = checkpoint.position;
        Ok(true)
    }

    /// Writes a checkpoint of where the run stands, and returns its directory.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn save(&self) -> Result<PathBuf, Error> {
        let written = write(&self.directory, self.task.name(), self.position, self.task.state()?)?;
        if let Some(keep) = self.config.keep {
            let there = checkpoints(&self.directory)?;
            for (_, old) in &there[..there.len().saturating_sub(keep.max(1))] {
                fs::remove_dir_all(old).map_err(Error::io("remove", old))?;
            }
        }
        Ok(written)
    }

    /// Trains until all steps are done or the observer stops the run.
    ///
    /// # Errors
    ///
    /// Whatever the task, a checkpoint or the observer says; the last checkpoint stays and can be resumed from.
    pub fn train(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let begin = Instant::now();
        let seconds = || begin.elapsed().as_secs_f64();
        while !self.is_done() {
            let epoch = self.position.place.epoch;
            let Drawn { batch, next } = self.task.draw(self.position.place)?;
            let report = self.task.step(batch, self.position)?;
            self.position = Position { step: self.position.step + 1, place: next };
            let step = self.position.step;
            let row = row(step, epoch, Split::Train, report, seconds())?;

            let logged = step == 1 || self.is_done() || step.is_multiple_of(self.config.log_every);
            observer.step(&row, logged)?;
            let stop = observer.stop();
            if self.is_done() || stop || step.is_multiple_of(self.config.checkpoint_every) {
                let directory = self.save()?;
                let epoch = self.position.place.epoch;
                let report = self.task.validate(self.position)?;
                let row =
                    report.map(|report| row_of_validation(step, epoch, report, seconds())).transpose()?;
                observer.checkpoint(&directory, row.as_ref())?;
            }
            if stop {
                break;
            }
        }
        Ok(())
    }
}

fn row_of_validation(step: u64, epoch: u64, report: Report, seconds: f64) -> Result<Row, Error> {
    row(step, epoch, Split::Validation, report, seconds)
}

/// The row of a report; a value that is not finite ends the run, whichever task gave it.
fn row(step: u64, epoch: u64, split: Split, report: Report, seconds: f64) -> Result<Row, Error> {
    for (name, value) in report.values.iter() {
        if let Value::Number(value) = value
            && !value.is_finite()
        {
            let origin = format!("the task reported it for the {} split", split.word());
            return Err(Error::Diverged { step, loss: name.to_owned(), value, origin });
        }
    }
    let phase = report.phase.map(str::to_owned);
    Ok(Row { step, epoch, phase, split, values: report.values, seconds })
}
