//! What stands in a configuration, and in `run.toml`.

use mynah_corpus::{AudioRecipe, TextBackend};
use mynah_training::DiscriminatorConfig;
use mynah_training::tasks::naturalspeech::TrainConfig;
use mynah_training::tasks::pretrain::{PretrainConfig, PretrainModelConfig};
use mynah_voice::ModelConfig;
use serde::{Deserialize, Serialize};

/// The form of a run's directory.
pub(super) const FORMAT: u32 = 1;

/// The file that says what a pre-training is of.
pub(super) const PRETRAIN_INFO: &str = "pretrain.toml";

/// A training configuration: a TOML file, every key of which may be left out; the defaults are the paper's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The sizes of the model.
    pub(crate) model: ModelConfig,
    /// The sizes of the discriminators.
    pub(crate) discriminator: DiscriminatorConfig,
    /// The schedule.
    pub(crate) train: TrainConfig,
}

/// What stands in `run.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunInfo {
    /// The form of the directory.
    pub(crate) format: u32,
    /// The program that wrote it, with its version.
    pub(crate) program: String,
    /// The dataset, as it was named.
    pub(crate) data: String,
    /// The dataset's fingerprint.
    pub(crate) dataset: String,
    /// The pre-trained encoder with which it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoder: Option<EncoderInfo>,
    /// What pronounced the dataset's words; runs that were begun before this was written down have the dictionary.
    #[serde(default)]
    pub(crate) pronunciation: TextBackend,
    /// The audio of the dataset.
    pub(crate) audio: AudioRecipe,
    /// The configuration, with every default filled in.
    pub(crate) config: Config,
}

/// Which pre-trained encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncoderInfo {
    /// The checkpoint, as it was named or found.
    pub(crate) checkpoint: String,
    /// Its step.
    pub(crate) step: u64,
    /// BLAKE3 of its `model.safetensors`.
    pub(crate) fingerprint: String,
}

/// A configuration of `pretrain`: a TOML file, every key of which may be left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PretrainSettings {
    /// The sizes of the encoder.
    pub(crate) model: PretrainModelConfig,
    /// The schedule.
    pub(crate) train: PretrainConfig,
}

/// What stands in `pretrain.toml` of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PretrainInfo {
    /// The form of the directory.
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
