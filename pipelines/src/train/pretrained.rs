//! The encoder of a pre-training, for a training that begins with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mynah_text::{SupPhones, Vocabulary};
use mynah_training::checkpoints;
use mynah_voice::{MODEL_FILE as MODEL, ModelConfig};

use super::run::{SUP_PHONES, VOCABULARY};
use super::files::{EncoderInfo, FORMAT, PRETRAIN_INFO, PretrainInfo};
use crate::program::read_toml;

/// An encoder that was found.
pub(super) struct PretrainedEncoder {
    /// Its checkpoint.
    pub(super) checkpoint: PathBuf,
    /// What the run will say of it.
    pub(super) info: EncoderInfo,
    run: PathBuf,
}

impl PretrainedEncoder {
    /// The encoder of the last checkpoint of a pre-training, or of one of its checkpoints.
    pub(super) fn find(given: &Path) -> Result<Self> {
        let shown = given.display();
        let run = if given.join(PRETRAIN_INFO).is_file() {
            given.to_owned()
        } else {
            // RUN/checkpoints/step-N
            let run = given.ancestors().nth(2).filter(|run| run.join(PRETRAIN_INFO).is_file());
            let Some(run) = run else {
                bail!(
                    "`{shown}` is neither what `mynah-train pretrain` made nor one of its checkpoints (there is no \
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
            bail!("`{shown}` has no checkpoint: `mynah-train pretrain --resume` makes one");
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

    /// The file with its parameters.
    pub(super) fn parameters(&self) -> PathBuf {
        self.checkpoint.join(MODEL)
    }

    /// The encoder with which a run began, where it lay then.
    pub(super) fn again(info: &EncoderInfo) -> Result<Self> {
        let found = Self::find(Path::new(&info.checkpoint))
            .context("the run has no checkpoint yet, and the encoder with which it begins is gone")?;
        if found.info.fingerprint != info.fingerprint {
            bail!(
                "`{}` is not the encoder with which the run was begun: name another --out",
                info.checkpoint
            );
        }
        Ok(found)
    }

    /// Refuses an encoder that reads other symbols than the dataset has, or has other sizes than the model.
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
            bail!("`{}` has format {}, and this program reads format {FORMAT}", path.display(), info.format);
        }
        let pretrained = &info.config.model;
        // Dropout changes no parameter.
        let mut encoder = pretrained.encoder.clone();
        encoder.dropout = model.encoder.dropout;
        if pretrained.hidden != model.hidden || encoder != model.encoder {
            bail!(
                "the encoder of `{run}` has other sizes than the configuration: `model.hidden` and `model.encoder` have to be \
                 those of its {PRETRAIN_INFO}"
            );
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
            bail!(
                "the vocabulary of `{run}` is not that of the dataset: prepare text and dataset with the same version, and \
                 pre-train again"
            );
        }
        if SupPhones::from_json(&of_sup_phones)
            .with_context(|| format!("failed to read `{run}/{SUP_PHONES}`"))?
            != *sup_phones
        {
            bail!(
                "the sup-phones of `{run}` are not those of the dataset: prepare the dataset with the same, by \
                 `mynah-prepare run … --sup-phones {run}/{SUP_PHONES}`"
            );
        }
        Ok(())
    }
}
