//! `mynah-train pretrain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, INTERRUPTED, read_toml, say};
use mynah_corpus::text_dataset::TextDataset;
use mynah_table::write_atomic;
use mynah_training::Run;
use mynah_training::tasks::pretrain::{PretrainTask, Pretrainer};
use mynah_voice::Device;

use super::files::{
    FORMAT, INFO, PRETRAIN_INFO, PretrainInfo, PretrainSettings, SUP_PHONES, VOCABULARY, refuse_other,
    write_info,
};
use super::interruption;
use super::observer::Watcher;
use super::reports::PRETRAIN;
use super::resumption::resume;
use super::same_config::check_same_config;
use super::text_shards::TextShards;
use crate::lock;

/// The settings of a pre-training.
pub(crate) struct Settings {
    /// The configuration.
    pub(crate) config: PretrainSettings,
    /// The text.
    pub(crate) data: PathBuf,
    /// The directory of the run.
    pub(crate) out: PathBuf,
    /// The device that computes.
    pub(crate) device: Device,
    /// Resumes from the last checkpoint.
    pub(crate) resume: bool,
}

/// Pre-trains until all steps are done or the user interrupts.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { config, out, .. } = settings;
    let text = TextDataset::open(&settings.data).context("failed to open the text")?;
    let _lock = lock::directory(out, || format!("failed to start the pre-training `{}`", out.display()))?;
    refuse_other(out, INFO, "a run of `mynah-train run`")?;
    let trainer =
        Pretrainer::new(&config.model, &config.train, text.vocabulary(), text.sup_phones(), &settings.device)
            .context("failed to make the encoder")?;
    let info = PretrainInfo {
        format: FORMAT,
        program: concat!("mynah-train ", env!("CARGO_PKG_VERSION")).to_owned(),
        data: settings.data.display().to_string(),
        text: text.info().fingerprint.clone(),
        config: config.clone(),
    };
    if out.join(PRETRAIN_INFO).exists() {
        if !settings.resume {
            bail!(Advised::new(
                format!("`{}` has a pre-training", out.display()),
                "add --resume to continue it, or name another --out"
            ));
        }
        let earlier: PretrainInfo = read_toml(&out.join(PRETRAIN_INFO))?;
        if earlier.text != info.text {
            bail!(Advised::new(
                format!(
                    "the pre-training was started on another text (`{}`, fingerprint {})",
                    earlier.data,
                    earlier.text.get(..12).unwrap_or(&earlier.text)
                ),
                "name that text, or another --out"
            ));
        }
        check_same_config(&earlier.config, &info.config, PRETRAIN_INFO)?;
        if earlier.config != info.config {
            write_info(out, PRETRAIN_INFO, &PretrainInfo { config: info.config, ..earlier })?;
        }
    } else {
        let failed = "failed to start the pre-training";
        write_atomic(&out.join(VOCABULARY), text.vocabulary().to_json().as_bytes()).context(failed)?;
        write_atomic(&out.join(SUP_PHONES), text.sup_phones().to_json().as_bytes()).context(failed)?;
        write_info(out, PRETRAIN_INFO, &info)?;
    }

    let (encoder, heads) = trainer.parameter_counts();
    let counts = &text.info().counts;
    say(&format!(
        "{} sentences of {} symbols; {:.2} M parameters in the encoder, {:.2} M in the heads",
        counts.sentences,
        counts.symbols,
        encoder as f64 / 1e6,
        heads as f64 / 1e6
    ));
    let inventory = trainer.inventory().clone();
    let shards = TextShards { text: &text, inventory: &inventory };
    let task = PretrainTask::new(trainer, &shards).context("failed to read the text")?;
    let mut run = Run::new(task, config.train.run(), out);
    if settings.resume {
        resume(&mut run).with_context(|| format!("failed to resume `{}`", out.display()))?;
    }
    let (step, steps) = (run.position().step, config.train.steps);
    if run.is_done() {
        say_done(step, out);
        return Ok(ExitCode::SUCCESS);
    }

    let interrupted = interruption::watch()?;
    let mut watcher = Watcher::new(out, (step, steps), PRETRAIN, interrupted)?;
    let outcome = run.train(&mut watcher);
    watcher.finish();
    outcome.with_context(|| format!("failed to pre-train `{}`", out.display()))?;
    let too_long = run.task().progress().too_long;
    if too_long > 0 {
        say(&format!(
            "{too_long} times a sentence was skipped because it is longer than {} symbols (`train.max_symbols`)",
            config.train.max_symbols
        ));
    }
    if !run.is_done() {
        say(&format!("interrupted at step {} of {steps}; continue with --resume", run.position().step));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    say_done(steps, out);
    Ok(ExitCode::SUCCESS)
}

fn say_done(steps: u64, out: &Path) {
    let out = out.display();
    say(&format!(
        "{steps} steps are done; prepare the dataset with `mynah-prepare run … --sup-phones {out}/{SUP_PHONES}` and train \
         it with `mynah-train run … --encoder {out}`"
    ));
}
