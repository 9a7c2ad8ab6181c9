//! The files of a run's directory, and configurations.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use mynah_corpus::{AudioRecipe, TextBackend};
use mynah_table::write_atomic;
use mynah_training::DiscriminatorConfig;
use mynah_training::tasks::naturalspeech::TrainConfig;
use mynah_training::tasks::pretrain::{PretrainConfig, PretrainModelConfig};
use mynah_voice::{AudioConfig, ModelConfig};
use serde::{Deserialize, Serialize};

/// The version of a run's layout.
pub(super) const FORMAT: u32 = 1;

/// The description of a run.
pub(super) const INFO: &str = "run.toml";
/// The description of a pre-training.
pub(super) const PRETRAIN_INFO: &str = "pretrain.toml";
/// The vocabulary of the symbols.
pub(super) const VOCABULARY: &str = "vocabulary.json";
/// The sup-phonemes.
pub(super) const SUP_PHONES: &str = "supphones.json";

/// Training configuration. The defaults are the paper's where it specifies them, otherwise those of `docs/naturalspeech.md`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Sizes of the model.
    pub(crate) model: ModelConfig,
    /// Sizes of the discriminators.
    pub(crate) discriminator: DiscriminatorConfig,
    /// Schedule of the training.
    pub(crate) train: TrainConfig,
}

/// Contents of `run.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunInfo {
    /// The version of the layout.
    pub(crate) format: u32,
    /// The program that wrote it, with its version.
    pub(crate) program: String,
    /// The dataset, as it was named.
    pub(crate) data: String,
    /// The dataset's fingerprint.
    pub(crate) dataset: String,
    /// Pre-trained encoder that the run started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoder: Option<EncoderInfo>,
    /// Parameters that the run started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<OriginInfo>,
    /// Source of the dataset's pronunciations; the dictionary for runs that do not record it.
    #[serde(default)]
    pub(crate) pronunciation: TextBackend,
    /// The audio settings of the dataset.
    pub(crate) audio: AudioRecipe,
    /// The configuration, with every default filled in.
    pub(crate) config: Config,
}

impl RunInfo {
    /// Returns the properties of the audio that the model depends on.
    pub(super) fn audio_config(&self) -> AudioConfig {
        let mel = self.audio.mel.config(self.audio.sample_rate);
        AudioConfig { sample_rate: mel.sample_rate, hop_length: mel.hop_length, n_fft: mel.n_fft }
    }
}

/// Pre-trained encoder of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncoderInfo {
    /// Checkpoint, as given or found.
    pub(crate) checkpoint: String,
    /// The step of the checkpoint.
    pub(crate) step: u64,
    /// BLAKE3 of the checkpoint's `model.safetensors`.
    pub(crate) fingerprint: String,
}

/// Voice or checkpoint whose parameters a run started from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginInfo {
    /// Directory of the voice or of the checkpoint, as given or found.
    pub(crate) path: String,
    /// BLAKE3 of its `model.safetensors`.
    pub(crate) fingerprint: String,
}

/// Pre-training configuration. The defaults are the paper's where it specifies them, otherwise those of
/// `docs/naturalspeech.md`; `pipelines/ljspeech/pretrain.toml` spells out all of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PretrainSettings {
    /// Sizes of the encoder, which must be those of the model that it is for (except dropout).
    pub(crate) model: PretrainModelConfig,
    /// Schedule of the pre-training.
    pub(crate) train: PretrainConfig,
}

/// Contents of a run's `pretrain.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PretrainInfo {
    /// The version of the layout.
    pub(crate) format: u32,
    /// The program that wrote it, with its version.
    pub(crate) program: String,
    /// The text, as it was named.
    pub(crate) data: String,
    /// The text's fingerprint.
    pub(crate) text: String,
    /// The configuration, with every default filled in.
    pub(crate) config: PretrainSettings,
}

/// Refuses a directory with a run of the other kind, which the file `info` shows.
pub(super) fn refuse_other(out: &Path, info: &str, what: &str) -> Result<()> {
    if out.join(info).exists() {
        bail!(Advised::new(format!("`{}` has {what}", out.display()), "name another --out"));
    }
    Ok(())
}

/// Writes the description of a run or of a pre-training.
pub(super) fn write_info<T: Serialize>(run: &Path, name: &str, info: &T) -> Result<()> {
    let failed = "failed to write the configuration";
    let text = toml::to_string(info).context(failed)?;
    write_atomic(&run.join(name), text.as_bytes()).context(failed)
}
