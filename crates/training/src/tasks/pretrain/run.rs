//! The loop.

use std::path::Path;
use std::time::Instant;

use super::config::PretrainConfig;
use super::report::PretrainReport;
use super::stream::{Shards, Stream, held_out};
use super::trainer::Pretrainer;
use crate::Error;
use crate::tasks::naturalspeech::Observer;

/// Pre-trains until all steps are done or the observer stops the run; writes checkpoints into `run`.
///
/// # Errors
///
/// Whatever a step, a shard or a checkpoint says; the last checkpoint stays and can be resumed from.
pub fn run(
    trainer: &mut Pretrainer,
    config: &PretrainConfig,
    shards: &dyn Shards,
    run: &Path,
    observer: &mut dyn Observer<PretrainReport>,
) -> Result<(), Error> {
    config.precision.put_in_force();
    let begin = Instant::now();
    let validation = held_out(shards, config)?;
    let mut stream = Stream::new(shards, config);
    while trainer.state.step < config.steps {
        let mut next = trainer.state.clone();
        let batches = stream.next(&mut next)?;
        let mut report = trainer.step(&batches)?;
        trainer.state = super::PretrainState { step: trainer.state.step, ..next };
        report.sentences = trainer.state.sentences;
        report.too_long = trainer.state.too_long;
        report.seconds = begin.elapsed().as_secs_f64();

        let (step, last) = (trainer.state.step, trainer.state.step == config.steps);
        observer.step(&report, step == 1 || last || step.is_multiple_of(config.log_every))?;
        let stop = observer.stop();
        if last || stop || step.is_multiple_of(config.checkpoint_every) {
            let directory = trainer.save(run)?;
            let mut losses = trainer.validate(&validation)?;
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
