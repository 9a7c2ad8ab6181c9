//! The voice or checkpoint whose parameters a training starts from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, read_toml, say};
use mynah_training::checkpoints;
use mynah_training::tasks::naturalspeech::{Start, Started, Symbols, Trainer};
use mynah_voice::{AudioConfig, MODEL_FILE, ModelConfig, read_symbols};

use super::files::{INFO, OriginInfo, RunInfo};
use super::voice_directory::VOICE;

/// The parameters of a voice or of a checkpoint, with what they belong to.
pub(super) struct Origin {
    /// The entry in `run.toml`.
    pub(super) info: OriginInfo,
    start: Start,
    model: ModelConfig,
    audio: AudioConfig,
}

impl Origin {
    /// Reads a voice, a run's last checkpoint, or the checkpoint that is named.
    pub(super) fn find(given: &Path) -> Result<Self> {
        let shown = given.display();
        let failed = || format!("failed to read `{shown}`");
        if given.join(VOICE).is_file() {
            let (start, model, audio) = Start::of_voice(given).with_context(failed)?;
            let info = origin_info(given)?;
            return Ok(Self { info, start, model: *model, audio });
        }
        let (run, checkpoint) = checkpoint_of(given)?;
        let info: RunInfo = read_toml(&run.join(INFO))?;
        // A run has the files of its symbols under the names that they have in a voice.
        let (vocabulary, sup_phones) = read_symbols(&run).with_context(failed)?;
        let symbols = Symbols { vocabulary, sup_phones };
        let start = Start::of_checkpoint(&checkpoint, symbols).with_context(failed)?;
        let audio = info.audio_config();
        Ok(Self { info: origin_info(&checkpoint)?, start, model: info.config.model, audio })
    }

    /// Finds what a run started from, at its earlier path.
    pub(super) fn again(info: &OriginInfo) -> Result<Self> {
        let found = Self::find(Path::new(&info.path))
            .context("the run has no checkpoint yet, and what it started from is missing")?;
        if found.info != *info {
            bail!(Advised::new(
                format!("`{}` is not what the run was started from", info.path),
                "name another --out"
            ));
        }
        Ok(found)
    }

    /// Refuses parameters of another model or for other audio.
    pub(super) fn check(&self, model: &ModelConfig, audio: &AudioConfig) -> Result<()> {
        let path = &self.info.path;
        // Dropout has no parameters.
        let mut sizes = self.model.clone();
        sizes.encoder.dropout = model.encoder.dropout;
        sizes.durator.dropout = model.durator.dropout;
        if sizes != *model {
            bail!(Advised::new(
                format!("the model of `{path}` has other sizes than the configuration"),
                format!("copy the tables `[model]` of `{path}` to the configuration")
            ));
        }
        if self.audio != *audio {
            bail!(Advised::new(
                format!(
                    "`{path}` has a sample rate of {} Hz and hops of {} samples, the dataset {} Hz and {}",
                    self.audio.sample_rate, self.audio.hop_length, audio.sample_rate, audio.hop_length
                ),
                "prepare the dataset with the audio settings of the voice"
            ));
        }
        Ok(())
    }

    /// Loads the parameters, and says what is new.
    pub(super) fn load(&self, trainer: &mut Trainer, symbols: &Symbols, freeze_steps: u64) -> Result<()> {
        let started = trainer.start_from(&self.start, symbols).context("failed to load the parameters")?;
        let Started { fresh, new_symbols, new_sup_phones } = started;
        say(&format!("starting from `{}`", self.info.path));
        if new_symbols + new_sup_phones > 0 {
            say(&format!("new embeddings: {new_symbols} symbols, {new_sup_phones} sup-phonemes"));
        }
        if !fresh.is_empty() {
            let parts: Vec<&str> = fresh.iter().map(|part| part.word()).collect();
            say(&format!("new, and trained alone for {freeze_steps} steps: {}", parts.join(", ")));
        }
        Ok(())
    }
}

/// Returns the run and the directory of a checkpoint that is named, or of the last one of a run.
fn checkpoint_of(given: &Path) -> Result<(PathBuf, PathBuf)> {
    let shown = given.display();
    if given.join(INFO).is_file() {
        let last = checkpoints(given).context("failed to list the checkpoints")?.pop();
        let Some((_, checkpoint)) = last else {
            bail!(Advised::new(
                format!("`{shown}` has no checkpoint"),
                "run `mynah-train run --resume`, which writes one"
            ));
        };
        return Ok((given.to_owned(), checkpoint));
    }
    // RUN/checkpoints/step-N
    match given.ancestors().nth(2).filter(|run| run.join(INFO).is_file() && given.is_dir()) {
        Some(run) => Ok((run.to_owned(), given.to_owned())),
        None => bail!(
            "`{shown}` is neither a voice, nor a run of `mynah-train run` or one of its checkpoints (there is no \
             `{VOICE}` and no `{INFO}`)"
        ),
    }
}

fn origin_info(directory: &Path) -> Result<OriginInfo> {
    let path = directory.join(MODEL_FILE);
    let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(OriginInfo {
        path: directory.display().to_string(),
        fingerprint: blake3::hash(&bytes).to_hex().to_string(),
    })
}
