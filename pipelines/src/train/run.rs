//! `mynah-train run`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, INTERRUPTED, read_toml, say};
use mynah_corpus::{Dataset, Split};
use mynah_table::write_atomic;
use mynah_training::Run;
use mynah_training::tasks::naturalspeech::{
    Examples as _, NaturalSpeechTask, Symbols, Trainer, TrainerConfig,
};
use mynah_voice::Device;
use mynah_voice::blocks::VocabularySizes;

use super::examples::DatasetExamples;
use super::files::{
    Config, FORMAT, INFO, PRETRAIN_INFO, RunInfo, SUP_PHONES, VOCABULARY, refuse_other, write_info,
};
use super::interruption;
use super::observer::Watcher;
use super::origin::Origin;
use super::pretrained::PretrainedEncoder;
use super::reports::NATURALSPEECH;
use super::resumption::resume;
use super::same_config::check_same_config;
use crate::lock;

/// The settings of a training.
pub(crate) struct Settings {
    /// The configuration.
    pub(crate) config: Config,
    /// The dataset.
    pub(crate) data: PathBuf,
    /// The directory of the run.
    pub(crate) out: PathBuf,
    /// The device that computes.
    pub(crate) device: Device,
    /// Resumes from the last checkpoint.
    pub(crate) resume: bool,
    /// The pre-training, or one of its checkpoints, whose encoder the training starts from.
    pub(crate) encoder: Option<PathBuf>,
    /// The voice, the run or the checkpoint whose parameters the training starts from.
    pub(crate) from: Option<PathBuf>,
}

/// Trains until all steps are done or the user interrupts.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { config, out, .. } = settings;
    let dataset = Dataset::open(&settings.data).context("failed to open the dataset")?;
    let audio = &dataset.info().recipe.audio;
    let mel = audio.mel.config(audio.sample_rate);
    let (vocabulary, sup_phones) = (dataset.vocabulary(), dataset.sup_phones());
    let sizes = VocabularySizes { symbols: vocabulary.len(), sup_phones: sup_phones.len() };
    let _lock = lock::directory(out, || format!("failed to start the run `{}`", out.display()))?;
    refuse_other(out, PRETRAIN_INFO, "a pre-training")?;
    let encoder = settings.encoder.as_deref().map(PretrainedEncoder::find).transpose()?;
    let origin = settings.from.as_deref().map(Origin::find).transpose()?;
    let trainer = TrainerConfig {
        model: &config.model,
        discriminator: &config.discriminator,
        train: &config.train,
        mel: &mel,
        sizes,
    };
    let trainer = Trainer::new(&trainer, &settings.device).context("failed to make the model")?;

    let mut info = RunInfo {
        format: FORMAT,
        program: concat!("mynah-train ", env!("CARGO_PKG_VERSION")).to_owned(),
        data: settings.data.display().to_string(),
        dataset: dataset.info().fingerprint.clone(),
        pronunciation: dataset.info().recipe.text.backend,
        audio: audio.clone(),
        encoder: encoder.as_ref().map(|encoder| encoder.info.clone()),
        from: origin.as_ref().map(|origin| origin.info.clone()),
        config: config.clone(),
    };
    if out.join(INFO).exists() {
        if !settings.resume {
            bail!(Advised::new(
                format!("`{}` has a run", out.display()),
                "add --resume to continue it, or name another --out"
            ));
        }
        let earlier: RunInfo = read_toml(&out.join(INFO))?;
        check_same(&earlier, &info)?;
        info.encoder.clone_from(&earlier.encoder);
        info.from.clone_from(&earlier.from);
        if earlier.config != info.config {
            write_info(out, INFO, &RunInfo { config: info.config.clone(), ..earlier })?;
        }
    } else {
        if let Some(encoder) = &encoder {
            encoder.check(&config.model, vocabulary, sup_phones)?;
        }
        if let Some(origin) = &origin {
            origin.check(&config.model, trainer.audio())?;
        }
        let failed = "failed to start the run";
        write_atomic(&out.join(VOCABULARY), vocabulary.to_json().as_bytes()).context(failed)?;
        write_atomic(&out.join(SUP_PHONES), sup_phones.to_json().as_bytes()).context(failed)?;
        write_info(out, INFO, &info)?;
    }

    let training = DatasetExamples::new(&dataset, Split::Train);
    let validation = DatasetExamples::new(&dataset, Split::Validation);
    for examples in [&training, &validation] {
        for index in 0..examples.len() {
            examples
                .load(index)
                .and_then(|example| example.validate(trainer.audio(), sizes.symbols, sizes.sup_phones))
                .with_context(|| format!("failed to read the dataset `{}`", settings.data.display()))?;
        }
    }
    let (generator, discriminators) = trainer.parameter_counts();
    say(&format!(
        "{} training and {} validation utterances; {:.2} M parameters, {:.2} M in the discriminators",
        training.len(),
        validation.len(),
        generator as f64 / 1e6,
        discriminators as f64 / 1e6
    ));
    let task = NaturalSpeechTask::new(trainer, &training, &validation);
    let mut run = Run::new(task, config.train.run(), out);
    let failed = || format!("failed to resume `{}`", out.display());
    let resumed = settings.resume && resume(&mut run).with_context(failed)?;
    if !resumed {
        let symbols = Symbols { vocabulary: vocabulary.clone(), sup_phones: sup_phones.clone() };
        load_sources(run.task_mut().trainer_mut(), &info, (encoder, origin), &symbols)?;
    }
    let (step, steps) = (run.position().step, config.train.steps);
    if run.is_done() {
        say_done(step, out);
        return Ok(ExitCode::SUCCESS);
    }

    let interrupted = interruption::watch()?;
    let mut watcher = Watcher::new(out, (step, steps), NATURALSPEECH, interrupted)?;
    let outcome = run.train(&mut watcher);
    watcher.finish();
    let failed = || format!("failed to train `{}`", out.display());
    outcome.with_context(failed)?;
    if let Some(best) = run.stalled().with_context(failed)? {
        say(&format!(
            "stopped at step {}: `{}` has not fallen since step {best}; make a voice with `mynah-train export {} --step \
             {best} --out VOICE`",
            run.position().step,
            config.train.keep.best,
            out.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if !run.is_done() {
        say(&format!("interrupted at step {} of {steps}; continue with --resume", run.position().step));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    say_done(steps, out);
    Ok(ExitCode::SUCCESS)
}

/// Loads the parameters that a run starts with, if it has a source. A run that stopped before its first checkpoint starts again
/// with the same source, which it finds by its record.
fn load_sources(
    trainer: &mut Trainer,
    info: &RunInfo,
    (encoder, origin): (Option<PretrainedEncoder>, Option<Origin>),
    symbols: &Symbols,
) -> Result<()> {
    let RunInfo { config, .. } = info;
    if let Some(info) = &info.encoder {
        let encoder = encoder.map_or_else(|| PretrainedEncoder::again(info), Ok)?;
        encoder.check(&config.model, &symbols.vocabulary, &symbols.sup_phones)?;
        trainer.load_encoder(&encoder.parameters()).context("failed to load the pre-trained encoder")?;
        say(&format!("starting with the encoder of {}, step {}", info.checkpoint, info.step));
    }
    if let Some(info) = &info.from {
        let origin = origin.map_or_else(|| Origin::again(info), Ok)?;
        origin.check(&config.model, trainer.audio())?;
        origin.load(trainer, symbols, config.train.freeze_steps)?;
    }
    Ok(())
}

fn say_done(steps: u64, out: &Path) {
    say(&format!(
        "{steps} steps are done; make a voice with `mynah-train export {} --out VOICE`",
        out.display()
    ));
}

/// Checks that a run is resumed with the dataset, the encoder and the configuration it was started with.
fn check_same(earlier: &RunInfo, now: &RunInfo) -> Result<()> {
    if earlier.dataset != now.dataset {
        bail!(Advised::new(
            format!(
                "the run was started on another dataset (`{}`, fingerprint {})",
                earlier.data,
                earlier.dataset.get(..12).unwrap_or(&earlier.dataset)
            ),
            "name that dataset, or another --out"
        ));
    }
    check_source(
        "--encoder",
        now.encoder_source().as_ref(),
        earlier.encoder_source(),
        "without a pre-trained encoder",
    )?;
    check_source("--from", now.origin_source().as_ref(), earlier.origin_source(), "from new parameters")?;
    check_same_config(&earlier.config, &now.config, INFO)
}

/// A source of parameters: its fingerprint, and what a run that has it started with.
type Source<'a> = (&'a str, String);

impl RunInfo {
    fn encoder_source(&self) -> Option<Source<'_>> {
        let encoder = self.encoder.as_ref()?;
        Some((&encoder.fingerprint, format!("with the encoder of `{}`", encoder.checkpoint)))
    }

    fn origin_source(&self) -> Option<Source<'_>> {
        let from = self.from.as_ref()?;
        Some((&from.fingerprint, format!("from `{}`", from.path)))
    }
}

/// Refuses a source, named by an option, that is not the one the run was started with.
fn check_source(
    option: &str,
    now: Option<&Source<'_>>,
    earlier: Option<Source<'_>>,
    without: &str,
) -> Result<()> {
    let Some((fingerprint, _)) = now else { return Ok(()) };
    let started = match earlier {
        Some((earlier, _)) if earlier == *fingerprint => return Ok(()),
        Some((_, started)) => started,
        None => without.to_owned(),
    };
    bail!(Advised::new(
        format!("the run was started {started}"),
        format!("omit {option}, or name another --out")
    ))
}
