//! The encoder of a pre-training, as the start of a training.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, read_toml};
use mynah_text::{SupPhones, Vocabulary};
use mynah_training::checkpoints;
use mynah_voice::{MODEL_FILE as MODEL, ModelConfig};

use super::files::{EncoderInfo, FORMAT, PRETRAIN_INFO, PretrainInfo, SUP_PHONES, VOCABULARY};

/// An encoder in a checkpoint.
pub(super) struct PretrainedEncoder {
    /// The checkpoint.
    pub(super) checkpoint: PathBuf,
    /// The entry in `run.toml`.
    pub(super) info: EncoderInfo,
    run: PathBuf,
}

impl PretrainedEncoder {
    /// Finds the encoder of a pre-training's last checkpoint, or of the checkpoint that is named.
    pub(super) fn find(given: &Path) -> Result<Self> {
        let shown = given.display();
        let run = if given.join(PRETRAIN_INFO).is_file() {
            given.to_owned()
        } else {
            // RUN/checkpoints/step-N
            let run = given.ancestors().nth(2).filter(|run| run.join(PRETRAIN_INFO).is_file());
            let Some(run) = run else {
                bail!(
                    "`{shown}` is neither a run of `mynah-train pretrain` nor one of its checkpoints (there is no \
                     `{PRETRAIN_INFO}`)"
                );
            };
            run.to_owned()
        };
        let there = checkpoints(&run).context("failed to list the checkpoints")?;
        let chosen = if run == given {
            there.last()
        } else {
            there.iter().find(|(_, checkpoint)| checkpoint.file_name() == given.file_name())
        };
        let Some((step, checkpoint)) = chosen else {
            bail!(Advised::new(
                format!("`{shown}` has no checkpoint"),
                "run `mynah-train pretrain --resume`, which writes one"
            ));
        };
        let path = checkpoint.join(MODEL);
        let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        let info = EncoderInfo {
            checkpoint: checkpoint.display().to_string(),
            step: *step,
            fingerprint: blake3::hash(&bytes).to_string(),
        };
        Ok(Self { checkpoint: checkpoint.clone(), info, run })
    }

    /// Returns the file with the parameters.
    pub(super) fn parameters(&self) -> PathBuf {
        self.checkpoint.join(MODEL)
    }

    /// Finds the encoder that a run started with, at its earlier path.
    pub(super) fn again(info: &EncoderInfo) -> Result<Self> {
        let found = Self::find(Path::new(&info.checkpoint))
            .context("the run has no checkpoint yet, and the encoder it started with is missing")?;
        if found.info.fingerprint != info.fingerprint {
            bail!(Advised::new(
                format!("`{}` is not the encoder that the run was started with", info.checkpoint),
                "name another --out"
            ));
        }
        Ok(found)
    }

    /// Refuses an encoder that reads other symbols than the dataset's, or has other sizes than the model.
    pub(super) fn check(
        &self,
        model: &ModelConfig,
        vocabulary: &Vocabulary,
        sup_phones: &SupPhones,
    ) -> Result<()> {
        let run = self.run.display();
        let path = self.run.join(PRETRAIN_INFO);
        let info: PretrainInfo = read_toml(&path)?;
        if info.format != FORMAT {
            bail!("`{}` has format {}, expected {FORMAT}", path.display(), info.format);
        }
        let pretrained = &info.config.model;
        // Dropout has no parameters.
        let mut encoder = pretrained.encoder.clone();
        encoder.dropout = model.encoder.dropout;
        if pretrained.hidden != model.hidden || encoder != model.encoder {
            bail!(Advised::new(
                format!("the encoder of `{run}` has other sizes than the configuration"),
                format!("copy `model.hidden` and `model.encoder` from `{run}/{PRETRAIN_INFO}`")
            ));
        }
        let read = |name: &str| {
            let path = self.run.join(name);
            fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
        };
        let (of_symbols, of_sup_phones) = (read(VOCABULARY)?, read(SUP_PHONES)?);
        if Vocabulary::from_json(&of_symbols)
            .with_context(|| format!("failed to read `{run}/{VOCABULARY}`"))?
            != *vocabulary
        {
            bail!(Advised::new(
                format!("the vocabulary of `{run}` differs from the dataset's"),
                "prepare the text and the dataset with the same version, and pre-train again"
            ));
        }
        if SupPhones::from_json(&of_sup_phones)
            .with_context(|| format!("failed to read `{run}/{SUP_PHONES}`"))?
            != *sup_phones
        {
            bail!(Advised::new(
                format!("the sup-phonemes of `{run}` differ from the dataset's"),
                format!("prepare the dataset with `mynah-prepare run … --sup-phones {run}/{SUP_PHONES}`")
            ));
        }
        Ok(())
    }
}
