//! The training loop.

use std::path::Path;
use std::time::Instant;

use super::config::TrainConfig;
use super::example::{Example, Examples};
use super::report::{Phase, StepReport};
use super::trainer::Trainer;
use crate::Error;
use crate::sampler::batches;

/// Examples that are sorted by length together.
const POOL: usize = 64;

/// Who watches a run, whose steps report `R`.
pub trait Observer<R = StepReport> {
    /// A step is done; `logged` when it belongs into the metrics.
    ///
    /// # Errors
    ///
    /// When it cannot be recorded; the run ends.
    fn step(&mut self, report: &R, logged: bool) -> Result<(), Error>;

    /// A checkpoint was written into `directory`, with the losses of the validation split where there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be recorded; the run ends.
    fn checkpoint(&mut self, directory: &Path, validation: Option<&R>) -> Result<(), Error>;

    /// Whether to write a checkpoint and stop.
    fn stop(&self) -> bool;
}

/// Trains until all steps are done or the observer stops the run; writes checkpoints into `run`.
///
/// # Errors
///
/// Whatever a step or a checkpoint says; the last checkpoint stays and can be resumed from.
pub fn run(
    trainer: &mut Trainer,
    config: &TrainConfig,
    training: &dyn Examples,
    validation: &dyn Examples,
    run: &Path,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    config.precision.put_in_force();
    let begin = Instant::now();
    let frames: Vec<usize> = (0..training.len()).map(|index| training.frames(index)).collect();
    if frames.is_empty() {
        return Err(Error::Empty { why: "the training split has no examples" });
    }
    let mut order = batches(&frames, config.batch_frames, POOL, config.seed, trainer.state.epoch);
    while trainer.state.step < config.steps {
        if trainer.phase() != Phase::WarmUp && trainer.memory_is_missing() {
            trainer.attach_memory(training)?;
        }
        let batch = order[trainer.state.batch].iter().map(|index| training.load(*index));
        let examples: Vec<Example> = batch.collect::<Result<_, _>>()?;
        let mut report = trainer.step(&examples)?;
        report.seconds = begin.elapsed().as_secs_f64();

        trainer.state.batch += 1;
        if trainer.state.batch == order.len() {
            trainer.state.epoch += 1;
            trainer.state.batch = 0;
            order = batches(&frames, config.batch_frames, POOL, config.seed, trainer.state.epoch);
        }

        let (step, last) = (trainer.state.step, trainer.state.step == config.steps);
        observer.step(&report, step == 1 || last || step.is_multiple_of(config.log_every))?;
        let stop = observer.stop();
        if last || stop || step.is_multiple_of(config.checkpoint_every) {
            let directory = trainer.save(run)?;
            let mut losses = trainer.validate(validation)?;
            if let Some(losses) = &mut losses {
                losses.seconds = begin.elapsed().as_secs_f64();
            }
            observer.checkpoint(&directory, losses.as_ref())?;
        }
        if stop {
            break;
        }
    }
    Ok(())
}
