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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunConfig {
    /// Total steps.
    pub steps: u64,
    /// Steps between logged rows; the first and the last step are always logged.
    pub log_every: u64,
    /// Steps between checkpoints; the last step always writes one.
    pub checkpoint_every: u64,
    /// Checkpoints to keep.
    pub keep: Keep,
    /// Checkpoints after the best one, by [`Keep::best`], at which the run ends; 0 for no early end.
    pub patience: u64,
}

/// Selection of the checkpoints that stay on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Number of latest checkpoints; 0 keeps all.
    pub last: usize,
    /// Name of a value of the validation, such as `loss_mel`: the checkpoint where it is smallest is kept as well. Empty for none.
    pub best: String,
}

impl Keep {
    /// Keeps this number of latest checkpoints.
    #[must_use]
    pub fn last(count: usize) -> Self {
        Self { last: count, best: String::new() }
    }

    /// Removes the other checkpoints of a run up to this step. Later ones are damaged; they were passed over.
    fn prune(&self, run: &Path, step: u64) -> Result<(), Error> {
        if self.last == 0 {
            return Ok(());
        }
        let mut there = checkpoints(run)?;
        there.retain(|(other, _)| *other <= step);
        let best = best_checkpoint(run, &self.best)?;
        for (step, old) in &there[..there.len().saturating_sub(self.last)] {
            if best != Some(*step) {
                fs::remove_dir_all(old).map_err(Error::io("remove", old))?;
            }
        }
        Ok(())
    }
}

/// Returns the step of the checkpoint whose validation has the smallest value of this name, the earliest of equals; `None` if no
/// checkpoint has such a value. Checkpoints that cannot be read are passed over.
///
/// # Errors
///
/// Returns [`Error::Io`] if the directory cannot be listed.
pub fn best_checkpoint(run: &Path, name: &str) -> Result<Option<u64>, Error> {
    let mut best: Option<(u64, f64)> = None;
    for (step, directory) in checkpoints(run)? {
        let Ok(checkpoint) = Checkpoint::read(&directory) else { continue };
        let Some(value) = checkpoint.validation.get(name) else { continue };
        if best.is_none_or(|(_, least)| value < least) {
            best = Some((step, value));
        }
    }
    Ok(best.map(|(step, _)| step))
}

/// Outcome of [`Run::resume`].
#[derive(Debug)]
pub struct Resumed {
    /// Latest checkpoints that are damaged, with the reason of each; they were passed over.
    pub passed_over: Vec<(PathBuf, Error)>,
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

    /// Returns the step of the best checkpoint if the run has waited for a better one as long as its patience allows.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the checkpoints cannot be listed.
    pub fn stalled(&self) -> Result<Option<u64>, Error> {
        let RunConfig { patience, checkpoint_every, keep, .. } = &self.config;
        if *patience == 0 {
            return Ok(None);
        }
        let best = best_checkpoint(&self.directory, &keep.best)?;
        Ok(best.filter(|best| self.position.step >= best + patience * checkpoint_every))
    }

    /// Restores the latest checkpoint of the directory that is not damaged; returns `None` if there are no checkpoints.
    ///
    /// # Errors
    ///
    /// Fails if the checkpoint belongs to another task or model, or if all checkpoints are damaged.
    pub fn resume(&mut self) -> Result<Option<Resumed>, Error> {
        let mut passed_over = Vec::new();
        for (_, directory) in checkpoints(&self.directory)?.into_iter().rev() {
            let read = Checkpoint::read(&directory).and_then(|checkpoint| {
                checkpoint.check_task(self.task.name())?;
                Ok((checkpoint.position, checkpoint.state()?))
            });
            match read {
                Ok((position, state)) => {
                    self.task.restore(&state)?;
                    self.position = position;
                    return Ok(Some(Resumed { passed_over }));
                }
                Err(error) if error.is_damage() => passed_over.push((directory, error)),
                Err(error) => return Err(error),
            }
        }
        match passed_over.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(None),
        }
    }

    /// Writes a checkpoint of the current state with the values of its validation, and returns its directory.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the operating system refuses.
    pub fn save(&self, validation: Values) -> Result<PathBuf, Error> {
        let state = self.task.state()?;
        let written = write(&self.directory, self.task.name(), self.position, validation, state)?;
        self.config.keep.prune(&self.directory, self.position.step)?;
        Ok(written)
    }

    /// Trains until all steps are done, the patience is over or the observer stops the run.
    ///
    /// The loop runs on a thread of rayon's global pool. Work that only one thread can do is then not handed over to another,
    /// which on a busy machine takes most of the time of a step.
    ///
    /// # Errors
    ///
    /// Returns errors of the task, of checkpoints and of the observer. The run can be resumed from its last checkpoint.
    pub fn train(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), Error> {
        rayon::scope(|_| self.advance(observer))
    }

    fn advance(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let begin = Instant::now();
        let seconds = || begin.elapsed().as_secs_f64();
        let mut stalled = self.stalled()?.is_some();
        while !self.is_done() && !stalled {
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
                let epoch = self.position.place.epoch;
                let report = self.task.validate(self.position)?;
                let row =
                    report.map(|report| row_of_validation(step, epoch, report, seconds())).transpose()?;
                let directory = self.save(row.as_ref().map_or_else(Values::new, |row| row.values.clone()))?;
                observer.checkpoint(&directory, row.as_ref())?;
                stalled = self.stalled()?.is_some();
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
