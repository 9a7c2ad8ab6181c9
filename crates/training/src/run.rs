//! Loop of batches, steps, logs, checkpoints and validations.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoint::{Checkpoint, checkpoints, write};
use crate::task::{Drawn, Position, Report, Task};
use crate::values::{Value, Values};

/// Length of a run, and the schedule of its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunConfig {
    /// Total steps.
    pub steps: u64,
    /// Steps between logged rows; the first and the last step are always logged.
    pub log_every: u64,
    /// Steps between checkpoints; the last step always writes one.
    pub checkpoint_every: u64,
    /// Number of latest checkpoints to keep; `None` keeps all.
    pub keep: Option<usize>,
}

/// Row of `metrics.jsonl`, the measurements of a step or a validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Completed steps.
    pub step: u64,
    /// Completed passes over the data.
    pub epoch: u64,
    /// Phase, for a task that has phases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Data that the row is about.
    pub split: Split,
    /// Values of the task.
    #[serde(flatten)]
    pub values: Values,
    /// Wall time since the run was started or resumed, in seconds.
    pub seconds: f64,
}

/// Data that a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Batch of a step.
    Train,
    /// Held-out examples, at a checkpoint.
    Validation,
}

impl Split {
    /// Returns the name in the files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
        }
    }
}

/// Observer of a run.
pub trait Observer {
    /// Records a step; `logged` is true if its row belongs in the metrics.
    ///
    /// # Errors
    ///
    /// Ends the run if the step cannot be recorded.
    fn step(&mut self, row: &Row, logged: bool) -> Result<(), Error>;

    /// Records a checkpoint in `directory`, with the row of the validation, if there is one. By default, does nothing.
    ///
    /// # Errors
    ///
    /// Ends the run if the checkpoint cannot be recorded.
    fn checkpoint(&mut self, _directory: &Path, _validation: Option<&Row>) -> Result<(), Error> {
        Ok(())
    }

    /// Returns true to write a checkpoint and stop. By default, the run goes on to its end.
    fn stop(&self) -> bool {
        false
    }
}

/// Execution of a task, with the directory of its checkpoints.
#[derive(Debug)]
pub struct Run<T> {
    task: T,
    config: RunConfig,
    directory: PathBuf,
    position: Position,
}

impl<T: Task> Run<T> {
    /// Returns a run at its start.
    pub fn new(task: T, config: RunConfig, directory: &Path) -> Self {
        Self { task, config, directory: directory.to_owned(), position: Position::default() }
    }

    /// Returns the task.
    #[must_use]
    pub fn task(&self) -> &T {
        &self.task
    }

    /// Returns the task for preparation before the first step.
    #[must_use]
    pub fn task_mut(&mut self) -> &mut T {
        &mut self.task
    }

    /// Returns the position of the run.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns true if all steps are completed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.position.step >= self.config.steps
    }

    /// Restores the latest checkpoint of the directory; returns false if there is none.
    ///
    /// # Errors
    ///
    /// Fails if the checkpoint cannot be read, or belongs to another task or model.
    pub fn resume(&mut self) -> Result<bool, Error> {
        let Some((_, directory)) = checkpoints(&self.directory)?.pop() else { return Ok(false) };
        let checkpoint = Checkpoint::read(&directory)?;
        checkpoint.check_task(self.task.name())?;
        self.task.restore(&checkpoint.state()?)?;
        self.position = checkpoint.position;
        Ok(true)
    }

    /// Writes a checkpoint of the current state, and returns its directory.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the operating system refuses.
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
    /// Returns errors of the task, of checkpoints and of the observer. The run can be resumed from its last checkpoint.
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

/// Converts a report to a row, or fails if any of its values is not finite.
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
