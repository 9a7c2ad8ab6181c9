//! `mynah-train g2p`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, INTERRUPTED, put, say};
use mynah_table::write_atomic;
use mynah_text::Dictionary;
use mynah_training::tasks::g2p::{G2pConfig, G2pTask, Lesson, accuracy};
use mynah_training::{Error, Observer, Row, Run, Values};

use super::interruption;
use super::resumption;
use crate::lock;

/// The settings of a training.
pub(crate) struct Settings {
    /// Sizes and schedule.
    pub(crate) config: G2pConfig,
    /// The file for the weights.
    pub(crate) out: PathBuf,
    /// Resumes from the checkpoint next to it.
    pub(crate) resume: bool,
}

/// Trains on CMUdict without its held-out tenth, writes the weights, and prints the error rates on that tenth.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { config, out, resume } = settings;
    let begin = std::time::Instant::now();
    let _lock = lock::file(out, || format!("failed to start the training of `{}`", out.display()))?;
    let checkpoint = checkpoint_of(out);
    let begun = checkpoint.exists();
    if begun && !resume {
        bail!(Advised::new(
            format!("`{}` is the checkpoint of an interrupted training", checkpoint.display()),
            "add --resume to continue it, or remove the checkpoint"
        ));
    }
    if checkpoint.is_file() {
        bail!(Advised::new(
            format!(
                "`{}` is a checkpoint of an earlier version, a single file, which this program does not read",
                checkpoint.display()
            ),
            "remove it and start again"
        ));
    }
    let interrupted = interruption::watch()?;
    let lesson = Lesson::new(Dictionary::cmudict());
    let task = G2pTask::new(config, &lesson).context("failed to make the network")?;
    say(&format!(
        "{} training, {} validation and {} held-out words; {} chunks; {:.2} M parameters",
        lesson.words(),
        lesson.watched().len(),
        lesson.held_out().len(),
        lesson.chunks().len(),
        task.parameter_count() as f64 / 1e6
    ));
    let run_config = task.run();
    let steps = run_config.steps;
    let mut observer =
        Epochs { epoch_steps: task.epoch_steps(), total: config.epochs, sum: 0.0, count: 0, interrupted };
    let mut run = Run::new(task, run_config, &checkpoint);
    let failed = || format!("failed to resume `{}`", checkpoint.display());
    let resumed = begun && resumption::resume(&mut run).with_context(failed)?;
    if !resumed {
        // An hour later would be late to learn that nothing can be written there.
        if !begun {
            let failed = || format!("failed to make `{}`", checkpoint.display());
            fs::create_dir(&checkpoint).with_context(failed)?;
        }
        run.save(Values::new()).context("failed to write a checkpoint")?;
    }
    run.train(&mut observer).context("failed to train the network")?;
    if !run.is_done() {
        let step = run.position().step;
        say(&format!("interrupted at step {step} of {steps}; continue with --resume"));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let (bytes, g2p) = run.task().network().context("failed to pack the weights")?;
    write_atomic(out, &bytes).context("failed to write the weights")?;
    let held_out = accuracy(&g2p, lesson.held_out());
    let (words, phones) = (held_out.word_error_rates(), held_out.phone_error_rates());
    put(&format!(
        "held-out words: {}\nword error rate: {:.2} % without stress, {:.2} % with\nphone error rate: {:.2} % without \
         stress, {:.2} % with\n",
        held_out.words, words.0, words.1, phones.0, phones.1
    ))?;
    fs::remove_dir_all(&checkpoint)
        .with_context(|| format!("failed to remove `{}`", checkpoint.display()))?;
    say(&format!(
        "wrote {} bytes to {} in {:.0} s",
        bytes.len(),
        out.display(),
        begin.elapsed().as_secs_f64()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Returns the directory of the checkpoint.
fn checkpoint_of(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".checkpoint");
    name.into()
}

/// An observer that prints a line per epoch.
struct Epochs {
    epoch_steps: u64,
    total: u64,
    /// Sum of the losses since the last line.
    sum: f64,
    count: u32,
    interrupted: Arc<AtomicBool>,
}

impl Observer for Epochs {
    fn step(&mut self, row: &Row, _: bool) -> Result<(), Error> {
        self.sum += row.values.get("loss_total").unwrap_or_default();
        self.count += 1;
        if row.step.is_multiple_of(self.epoch_steps) {
            say(&format!(
                "epoch {} of {}  step {}  loss {:.4}  {:.0} s",
                row.step / self.epoch_steps,
                self.total,
                row.step,
                self.sum / f64::from(self.count),
                row.seconds
            ));
            (self.sum, self.count) = (0.0, 0);
        }
        Ok(())
    }

    fn checkpoint(&mut self, _: &Path, validation: Option<&Row>) -> Result<(), Error> {
        let rate = |name| validation.and_then(|row| row.values.get(name));
        if let (Some(without), Some(with)) = (rate("word_error_rate"), rate("word_error_rate_with_stress")) {
            say(&format!("  validation words: {without:.2} % wrong without stress, {with:.2} % with"));
        }
        Ok(())
    }

    fn stop(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
