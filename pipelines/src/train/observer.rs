//! Progress and metrics of a training.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use mynah_cli::say;
use mynah_table::{read_table, write_atomic};
use mynah_training::{Error, Observer, Row};

use super::reports::{Style, scalars};
use super::tensorboard::Events;

const METRICS: &str = "metrics.jsonl";

/// An observer that shows progress and writes metrics and TensorBoard events to the run's directory.
pub(super) struct Watcher {
    path: PathBuf,
    metrics: File,
    events: Events,
    bar: Option<ProgressBar>,
    steps: u64,
    style: Style,
    first_step: Option<u64>,
    interrupted: Arc<AtomicBool>,
}

impl Watcher {
    /// Observes a run that has done `step` of `steps` steps. Removes metrics of later steps, which an interrupted run left
    /// and which will be written again.
    pub(super) fn new(
        run: &Path,
        (step, steps): (u64, u64),
        style: Style,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self> {
        let path = run.join(METRICS);
        let failed = || format!("failed to write `{}`", path.display());
        let earlier: Vec<Row> = if path.exists() {
            cut_torn_line(&path).with_context(failed)?;
            read_table(&path).with_context(|| format!("failed to read `{}`", path.display()))?
        } else {
            Vec::new()
        };
        let kept: Vec<Row> = earlier.into_iter().filter(|row| row.step <= step).collect();
        let mut lines = Vec::new();
        for row in &kept {
            serde_json::to_writer(&mut lines, row).with_context(failed)?;
            lines.push(b'\n');
        }
        write_atomic(&path, &lines).with_context(failed)?;
        let metrics = File::options().append(true).open(&path).with_context(failed)?;
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}  {eta} left");
            let bar = ProgressBar::new(steps).with_position(step);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let events = Events::create(run)
            .with_context(|| format!("failed to create an events file in `{}`", run.display()))?;
        Ok(Self { path, metrics, events, bar, steps, style, first_step: None, interrupted })
    }

    /// Removes the progress bar.
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

    fn record(&mut self, row: &Row) -> Result<(), Error> {
        let failed = |source: io::Error| Error::Io { action: "write", path: self.path.clone(), source };
        let mut line = serde_json::to_vec(row).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.metrics.write_all(&line).map_err(failed)?;
        self.events.scalars(row.step, &scalars(row)).map_err(failed)
    }
}

impl Observer for Watcher {
    fn step(&mut self, row: &Row, logged: bool) -> Result<(), Error> {
        let step = row.step;
        let done = step - *self.first_step.get_or_insert(step) + 1;
        match &self.bar {
            Some(bar) => {
                bar.set_position(step);
                bar.set_message((self.style.short)(row));
            }
            None if logged => {
                let rate = done as f64 / row.seconds.max(1e-9);
                say(&format!("step {step} of {}  {}", self.steps, (self.style.line)(row, rate)));
            }
            None => {}
        }
        if logged { self.record(row) } else { Ok(()) }
    }

    fn checkpoint(&mut self, directory: &Path, validation: Option<&Row>) -> Result<(), Error> {
        let losses =
            validation.map_or(String::new(), |row| format!("  validation: {}", (self.style.short)(row)));
        self.talk(&format!("wrote {}{losses}", directory.display()));
        validation.map_or(Ok(()), |row| self.record(row))
    }

    fn stop(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Cuts a partial last line, which a full disk leaves: its step will be done and written again.
fn cut_torn_line(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    if whole < bytes.len() {
        File::options().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}
