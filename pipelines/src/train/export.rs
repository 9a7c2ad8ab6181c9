//! `mynah-train export`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, read_toml, say};
use mynah_training::tasks::naturalspeech::{ExportConfig, WeightFormat, export_voice};
use mynah_training::{best_checkpoint, checkpoints};
use mynah_voice::VoiceInfo;

use super::files::{FORMAT, INFO, RunInfo, SUP_PHONES, VOCABULARY};
use super::voice_directory::check_replaceable;

/// The settings of an export.
pub(crate) struct Settings {
    /// The run.
    pub(crate) run: PathBuf,
    /// The checkpoint.
    pub(crate) choice: Choice,
    /// The directory for the voice.
    pub(crate) out: PathBuf,
    /// The number format of the weights.
    pub(crate) weights: WeightFormat,
    /// Adds the parts that only training needs.
    pub(crate) trainable: bool,
}

/// A checkpoint of the run.
pub(crate) enum Choice {
    Last,
    Step(u64),
    /// The one with the smallest value of this name in its validation.
    Best(String),
}

/// Makes a voice of a checkpoint.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { run, choice, out, weights, trainable } = settings;
    let info: RunInfo = read_toml(&run.join(INFO))?;
    if info.format != FORMAT {
        bail!("`{}` has format {}, expected {FORMAT}", run.join(INFO).display(), info.format);
    }
    check_replaceable(out)?;
    let there = checkpoints(run).context("failed to list the checkpoints")?;
    if there.is_empty() {
        bail!(Advised::new(
            format!("`{}` has no checkpoint yet", run.display()),
            "run `mynah-train run --resume`, which writes one"
        ));
    }
    let steps: Vec<String> = there.iter().map(|(step, _)| step.to_string()).collect();
    let at = |step: u64| there.iter().find(|(other, _)| *other == step);
    let chosen = match choice {
        Choice::Last => there.last(),
        Choice::Step(step) => at(*step),
        Choice::Best(name) => {
            let Some(step) = best_checkpoint(run, name).context("failed to list the checkpoints")? else {
                bail!(Advised::new(
                    format!("no checkpoint of `{}` has a validation with `{name}`", run.display()),
                    "name a column of the validation rows in metrics.jsonl, or choose a --step"
                ));
            };
            at(step)
        }
    };
    let Some((_, checkpoint)) = chosen else {
        bail!(Advised::new(
            format!("`{}` has no such checkpoint", run.display()),
            format!("choose a step of [{}]", steps.join(", "))
        ));
    };
    let voice = write_voice((run, &info), checkpoint, (*weights, *trainable), out)
        .with_context(|| format!("failed to write the voice `{}`", out.display()))?;
    say(&format!("wrote the voice of step {} to {}", voice.step, out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Writes the voice of a checkpoint of a run, in a number format, with or without the parts that only training needs.
pub(super) fn write_voice(
    (run, info): (&Path, &RunInfo),
    checkpoint: &Path,
    (weights, trainable): (WeightFormat, bool),
    out: &Path,
) -> Result<VoiceInfo> {
    let read = |name: &str| {
        let path = run.join(name);
        fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
    };
    let config = ExportConfig {
        checkpoint,
        model: &info.config.model,
        audio: &info.audio_config(),
        pronunciation: info.pronunciation.word(),
        vocabulary: &read(VOCABULARY)?,
        sup_phones: &read(SUP_PHONES)?,
        weights,
        trainable,
    };
    Ok(export_voice(&config, out)?)
}
