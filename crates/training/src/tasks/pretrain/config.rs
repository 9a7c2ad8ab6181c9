//! Sizes and schedule of pre-training.

use mynah_voice::EncoderConfig;
use mynah_voice::Precision;
use serde::{Deserialize, Serialize};

use crate::{Error, Keep};

/// Sizes of the encoder; all but dropout must equal those of the model that will use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PretrainModelConfig {
    /// Channels of the encoder (192).
    pub hidden: usize,
    /// Phoneme encoder, as in CONFIG.toml.
    pub encoder: EncoderConfig,
}

impl Default for PretrainModelConfig {
    fn default() -> Self {
        Self { hidden: 192, encoder: EncoderConfig::default() }
    }
}

/// Schedule of pre-training. The defaults are the paper's where it specifies them, otherwise those of
/// `docs/naturalspeech.md`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PretrainConfig {
    /// Seed of the initial values, the order of the data and the masks.
    pub seed: u64,
    /// Total optimizer steps; may change when a run is resumed, and the learning rate then falls to 0 at the new end.
    pub steps: u64,
    /// Steps over which the learning rate rises to its peak; it then falls to 0 at the last step.
    pub warm_up_steps: u64,
    /// Symbols per batch, without padding.
    pub batch_symbols: usize,
    /// Batches per step. The gradient equals that of one batch with all their sentences, and needs less memory.
    pub accumulate: usize,
    /// Shards held in memory at a time, whose sentences are shuffled together.
    pub mix_shards: usize,
    /// Maximum symbols per sentence; longer sentences are skipped and counted in `too_long`.
    pub max_symbols: usize,
    /// Masking of sup-phonemes.
    pub mask: MaskConfig,
    /// Fraction of the sentences that is held out from training, chosen by the BLAKE3 hash of their symbols, so that copies of
    /// a sentence are held out together.
    pub validation_fraction: f64,
    /// Number of held-out sentences that are evaluated: the first in the order of the shards.
    pub validation_sentences: usize,
    /// Steps between rows of metrics.
    pub log_every: u64,
    /// Steps between checkpoints; the last step always writes one.
    pub checkpoint_every: u64,
    /// Checkpoints to keep: by default all.
    pub keep: Keep,
    /// AdamW and its schedule.
    pub optimizer: PretrainOptimizerConfig,
    /// Precision of products on a GPU (`docs/gpu.md`); the CPU supports `f32` only.
    pub precision: Precision,
}

impl Default for PretrainConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            steps: 120_000,
            warm_up_steps: 10_000,
            // 8 × 14,000 symbols: 1,024 sentences of some 110 symbols, divided as over the paper's eight GPUs.
            batch_symbols: 14_000,
            accumulate: 8,
            mix_shards: 8,
            max_symbols: 512,
            mask: MaskConfig::default(),
            validation_fraction: 0.01,
            validation_sentences: 1_000,
            log_every: 100,
            checkpoint_every: 5_000,
            keep: Keep::default(),
            optimizer: PretrainOptimizerConfig::default(),
            precision: Precision::default(),
        }
    }
}

/// Masking of sup-phonemes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskConfig {
    /// Fraction of a sentence's sup-phonemes that is chosen (0.15).
    pub chosen: f64,
    /// Fraction of the chosen ones that becomes `<mask>` (0.8).
    pub masked: f64,
    /// Fraction of the chosen ones that becomes a random sup-phoneme (0.1); the rest stays unchanged.
    pub replaced: f64,
}

impl Default for MaskConfig {
    fn default() -> Self {
        Self { chosen: 0.15, masked: 0.8, replaced: 0.1 }
    }
}

/// AdamW and its schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PretrainOptimizerConfig {
    /// Peak of the learning rate (5e-4).
    pub learning_rate: f64,
    /// β₁ (0.9).
    pub beta1: f64,
    /// β₂ (0.98).
    pub beta2: f64,
    /// ε (1e-6).
    pub epsilon: f64,
    /// Decoupled weight decay (0.01).
    pub weight_decay: f64,
    /// Largest gradient norm (1); larger gradients are scaled down.
    pub clip_norm: f64,
}

impl Default for PretrainOptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 5e-4,
            beta1: 0.9,
            beta2: 0.98,
            epsilon: 1e-6,
            weight_decay: 0.01,
            clip_norm: 1.0,
        }
    }
}

impl PretrainConfig {
    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with the name of the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let check = |good: bool, key: &'static str, why: &str| {
            if good { Ok(()) } else { Err(Error::Config { key, why: why.to_owned() }) }
        };
        check(self.steps > 0, "train.steps", "it must be positive")?;
        check(self.warm_up_steps < self.steps, "train.warm_up_steps", "it must be less than `train.steps`")?;
        check(self.batch_symbols > 0, "train.batch_symbols", "it must be positive")?;
        check(self.accumulate > 0, "train.accumulate", "it must be positive")?;
        check(self.mix_shards > 0, "train.mix_shards", "it must be positive")?;
        check(self.max_symbols > 0, "train.max_symbols", "it must be positive")?;
        check(self.log_every > 0, "train.log_every", "it must be positive")?;
        check(self.checkpoint_every > 0, "train.checkpoint_every", "it must be positive")?;
        let MaskConfig { chosen, masked, replaced } = self.mask;
        check(chosen > 0.0 && chosen < 1.0, "train.mask.chosen", "it is not between 0 and 1")?;
        check((0.0..=1.0).contains(&masked), "train.mask.masked", "it must be between 0 and 1")?;
        check((0.0..=1.0).contains(&replaced), "train.mask.replaced", "it must be between 0 and 1")?;
        check(masked + replaced <= 1.0, "train.mask.replaced", "its sum with `train.mask.masked` exceeds 1")?;
        check(
            (0.0..=0.5).contains(&self.validation_fraction),
            "train.validation_fraction",
            "it must be between 0 and 0.5",
        )?;
        let PretrainOptimizerConfig { learning_rate, beta1, beta2, epsilon, weight_decay, clip_norm } =
            self.optimizer;
        check(
            learning_rate > 0.0 && learning_rate.is_finite(),
            "train.optimizer.learning_rate",
            "it must be positive",
        )?;
        for (key, beta) in [("train.optimizer.beta1", beta1), ("train.optimizer.beta2", beta2)] {
            check((0.0..1.0).contains(&beta), key, "it is not in [0, 1)")?;
        }
        check(epsilon > 0.0, "train.optimizer.epsilon", "it must be positive")?;
        check(weight_decay >= 0.0, "train.optimizer.weight_decay", "it must not be negative")?;
        check(clip_norm > 0.0, "train.optimizer.clip_norm", "it must be positive")
    }

    /// Returns the learning rate of a step, counted from 0, which rises linearly to the peak and falls linearly to 0.
    pub(super) fn learning_rate(&self, step: u64) -> f64 {
        let (done, rise) = (step as f64 + 1.0, self.warm_up_steps as f64);
        let part = if done <= rise {
            done / rise
        } else {
            (self.steps as f64 - step as f64) / (self.steps as f64 - rise)
        };
        self.optimizer.learning_rate * part.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use mynah_testkit::assert_all_close;

    use super::{PretrainConfig, PretrainOptimizerConfig};

    #[test]
    fn the_learning_rate_rises_and_falls_linearly() {
        let optimizer = PretrainOptimizerConfig { learning_rate: 8.0, ..Default::default() };
        let config = PretrainConfig { steps: 8, warm_up_steps: 4, optimizer, ..PretrainConfig::default() };
        let rates: Vec<f64> = (0..8).map(|step| config.learning_rate(step)).collect();
        assert_all_close(&rates, &[2.0, 4.0, 6.0, 8.0, 8.0, 6.0, 4.0, 2.0], 1e-12, "rates");
        let config = PretrainConfig { warm_up_steps: 0, ..config };
        assert_all_close(&[config.learning_rate(0), config.learning_rate(7)], &[8.0, 1.0], 1e-12, "no rise");
    }

    #[test]
    fn the_defaults_are_sound_survive_toml_and_a_bad_setting_is_named() {
        let config = PretrainConfig::default();
        config.validate().unwrap();
        assert_eq!(toml::from_str::<PretrainConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        for (toml, key) in [
            ("steps = 0", "train.steps"),
            ("steps = 5\nwarm_up_steps = 5", "train.warm_up_steps"),
            ("accumulate = 0", "train.accumulate"),
            ("mix_shards = 0", "train.mix_shards"),
            ("validation_fraction = 0.6", "train.validation_fraction"),
            ("[mask]\nchosen = 1.0", "train.mask.chosen"),
            ("[mask]\nreplaced = 0.3", "train.mask.replaced"),
            ("[optimizer]\nbeta2 = 1.0", "train.optimizer.beta2"),
            ("[optimizer]\nclip_norm = 0.0", "train.optimizer.clip_norm"),
        ] {
            let config: PretrainConfig = toml::from_str(toml).unwrap();
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(key), "{toml}: {error}");
        }
        assert!(toml::from_str::<PretrainConfig>("step = 3").is_err());
    }
}
