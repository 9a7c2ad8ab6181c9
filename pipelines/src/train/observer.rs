//! What is shown and written while a model trains.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use mynah_corpus::table::{read_table, write_table};
use mynah_voice::Error;
use mynah_voice::train::{Observer, StepReport};

use super::events::Events;
use crate::program::say;

const METRICS: &str = "metrics.jsonl";

/// Shows progress, and writes metrics and TensorBoard events into the run's directory.
pub(super) struct Watcher {
    path: PathBuf,
    metrics: File,
    events: Events,
    bar: Option<ProgressBar>,
    steps: u64,
    first_step: Option<u64>,
    interrupted: Arc<AtomicBool>,
}

impl Watcher {
    /// Begins to watch a run that has done `step` of `steps` steps. Metrics of later steps, which an interrupted run
    /// left behind, are taken away: they will be written again.
    pub(super) fn new(run: &Path, step: u64, steps: u64, interrupted: Arc<AtomicBool>) -> Result<Self> {
        let path = run.join(METRICS);
        let failed = || format!("failed to write `{}`", path.display());
        let earlier: Vec<StepReport> = if path.exists() {
            cut_torn_line(&path).with_context(failed)?;
            read_table(&path).with_context(|| format!("failed to read `{}`", path.display()))?
        } else {
            Vec::new()
        };
        let kept: Vec<StepReport> = earlier.into_iter().filter(|report| report.step <= step).collect();
        write_table(&path, &kept).with_context(failed)?;
        let metrics = File::options().append(true).open(&path).with_context(failed)?;
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}  {eta} left");
            let bar = ProgressBar::new(steps).with_position(step);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let events =
            Events::create(run).with_context(|| format!("failed to begin events in `{}`", run.display()))?;
        Ok(Self { path, metrics, events, bar, steps, first_step: None, interrupted })
    }

    /// Ends, and leaves no bar behind.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn talk(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    fn record(&mut self, report: &StepReport) -> Result<(), Error> {
        let failed = |source: io::Error| Error::Io { action: "write", path: self.path.clone(), source };
        let mut line = serde_json::to_vec(report).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.metrics.write_all(&line).map_err(failed)?;
        self.events.scalars(report.step, &scalars(report)).map_err(failed)
    }
}

impl Observer for Watcher {
    fn step(&mut self, report: &StepReport, logged: bool) -> Result<(), Error> {
        let done = report.step - *self.first_step.get_or_insert(report.step) + 1;
        let line = format!(
            "step {} of {}  {}  mel {:.3}  KL {:.2}  duration {:.3}  {:.2} steps/s",
            report.step,
            self.steps,
            if report.loss_forward_kl.is_some() { "main" } else { "warm-up" },
            report.loss_mel.unwrap_or_default(),
            report.loss_backward_kl.unwrap_or_default(),
            report.loss_duration.unwrap_or_default(),
            done as f64 / report.seconds.max(1e-9)
        );
        match &self.bar {
            Some(bar) => {
                bar.set_position(report.step);
                bar.set_message(format!("mel {:.3}", report.loss_mel.unwrap_or_default()));
            }
            None if logged => say(&line),
            None => {}
        }
        if logged { self.record(report) } else { Ok(()) }
    }

    fn checkpoint(&mut self, directory: &Path, validation: Option<&StepReport>) -> Result<(), Error> {
        let losses = validation.map_or(String::new(), |report| {
            format!("  validation: mel {:.3}", report.loss_mel.unwrap_or_default())
        });
        self.talk(&format!("wrote {}{losses}", directory.display()));
        validation.map_or(Ok(()), |report| self.record(report))
    }

    fn stop(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Takes away the half of a line that a full disk leaves at the end: its step will be done, and written, again.
fn cut_torn_line(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    if whole < bytes.len() {
        File::options().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}

/// The numbers of a report under the names that TensorBoard groups by.
fn scalars(report: &StepReport) -> Vec<(String, f64)> {
    let StepReport { split, .. } = report;
    let named = [
        ("total", Some(report.loss_total)),
        ("mel", report.loss_mel),
        ("adversarial", report.loss_adversarial),
        ("feature", report.loss_feature),
        ("backward_kl", report.loss_backward_kl),
        ("forward_kl", report.loss_forward_kl),
        ("end_to_end", report.loss_end_to_end),
        ("duration", report.loss_duration),
        ("discriminator", report.loss_discriminator),
    ];
    let other = [("gradient_norm", report.gradient_norm), ("learning_rate", report.learning_rate)];
    let losses = named.into_iter().filter_map(|(name, value)| Some((format!("loss_{name}/{split}"), value?)));
    losses.chain(other.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))).collect()
}

/// Whether there is a run in `directory`.
pub(super) fn has_run(directory: &Path) -> bool {
    fs::exists(directory.join(super::run::INFO)).unwrap_or(false)
}
