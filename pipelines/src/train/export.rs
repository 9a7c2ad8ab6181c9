//! `mynah-train export`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_training::checkpoints;
use mynah_training::tasks::naturalspeech::{ExportConfig, export_voice};
use mynah_voice::AudioConfig;

use super::run::{INFO, SUP_PHONES, VOCABULARY};
use super::files::{FORMAT, RunInfo};
use crate::program::{read_toml, say};

/// The file by which a voice is known.
const VOICE: &str = "voice.toml";

/// What to do.
pub(crate) struct Settings {
    /// The run.
    pub(crate) run: PathBuf,
    /// The step of the checkpoint, or the last one.
    pub(crate) step: Option<u64>,
    /// Where the voice goes.
    pub(crate) out: PathBuf,
}

/// Makes a voice of a checkpoint.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { run, step, out } = settings;
    let info: RunInfo = read_toml(&run.join(INFO))?;
    if info.format != FORMAT {
        bail!(
            "`{}` has format {}, and this program reads format {FORMAT}",
            run.join(INFO).display(),
            info.format
        );
    }
    check_place(out)?;
    let there = checkpoints(run).context("failed to list the checkpoints")?;
    if there.is_empty() {
        bail!("`{}` has no checkpoint yet: `mynah-train run --resume` makes one", run.display());
    }
    let steps: Vec<String> = there.iter().map(|(step, _)| step.to_string()).collect();
    let chosen = match step {
        Some(step) => there.iter().find(|(other, _)| other == step),
        None => there.last(),
    };
    let Some((_, checkpoint)) = chosen else {
        bail!("`{}` has no such checkpoint; it has those of steps [{}]", run.display(), steps.join(", "));
    };
    let read = |name: &str| {
        let path = run.join(name);
        fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
    };
    let mel = info.audio.mel.config(info.audio.sample_rate);
    let audio = AudioConfig { sample_rate: mel.sample_rate, hop_length: mel.hop_length, n_fft: mel.n_fft };
    let (vocabulary, sup_phones) = (read(VOCABULARY)?, read(SUP_PHONES)?);
    let config = ExportConfig {
        checkpoint,
        model: &info.config.model,
        audio: &audio,
        pronunciation: info.pronunciation.word(),
        vocabulary: &vocabulary,
        sup_phones: &sup_phones,
    };
    let voice = export_voice(&config, out)
        .with_context(|| format!("failed to write the voice `{}`", out.display()))?;
    say(&format!("wrote the voice of step {} to {}", voice.step, out.display()));
    Ok(ExitCode::SUCCESS)
}

/// A voice replaces a voice that is there, and nothing else: whatever lies in `out` goes with it.
pub(super) fn check_place(out: &Path) -> Result<()> {
    let shown = out.display();
    if out.file_name().is_none() {
        bail!("`{shown}` has no name of its own: name a directory for the voice");
    }
    let empty = || fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
    if out.exists() && !out.join(VOICE).is_file() && !empty() {
        bail!("`{shown}` is no voice, and would be replaced by one: name another --out, or move it away");
    }
    Ok(())
}
