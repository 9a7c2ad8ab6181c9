//! How long, how fast and by what weights the model is trained.

use mynah_voice::Precision;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::loss::SoftDtwConfig;

/// The schedule of a run. The defaults are the paper's where it says, else those of `docs/naturalspeech.md`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Another seed draws other initial values, other noise and another order.
    pub seed: u64,
    /// Optimiser steps in all.
    pub steps: u64,
    /// Steps with labelled durations and without memory, before the main phase.
    pub warm_up_steps: u64,
    /// Steps at the end in which the posterior encoder is frozen and `L_e2e` alone moves the durations (the paper tunes for its
    /// last 2,000 epochs); with 0 the main phase goes on to the end.
    pub tuning_steps: u64,
    /// Steps behind the warm-up in which the weight of `L_fwd` rises to its own by a line; with 0 it has it at once.
    pub forward_kl_ramp_steps: u64,
    /// When the duration predictor sees the encoder's states as constants.
    pub detach_predictor: DetachPredictor,
    /// Frames in a batch, padding left out (8,000 per GPU in the paper).
    pub batch_frames: usize,
    /// Frames of the windows that are decoded (32, as in VITS).
    pub window_frames: usize,
    /// Windows of each utterance that are decoded in a step (1, as in VITS; more where batches are small).
    pub windows: usize,
    /// Steps from one line of metrics to the next.
    pub log_every: u64,
    /// Steps from one checkpoint to the next; the last step always makes one.
    pub checkpoint_every: u64,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// The weights of the losses.
    pub weights: LossWeights,
    /// The alignment of prior and posterior in the main phase.
    pub soft_dtw: SoftDtwConfig,
    /// What durations are learnt from.
    pub durations: DurationSource,
    /// How exactly a GPU multiplies.
    pub precision: Precision,
}

/// Where the durations come from that the model learns from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DurationSource {
    /// The durations of the dataset.
    #[default]
    Labels,
    /// Monotonic alignment search between prior and posterior in every step, as in Glow-TTS and VITS. Only for a model whose
    /// `durator.expansion` is `hard`.
    Search,
}

/// When the gradient of the duration predictor stops before the phoneme encoder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetachPredictor {
    /// While labels teach it: in the warm-up, and always where hidden states are repeated.
    #[default]
    WarmUp,
    /// In all phases, as in VITS.
    Always,
    /// In none.
    Never,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            // 15,000 epochs of LJSpeech, the first 1,000 warm-up, on eight GPUs.
            steps: 1_660_000,
            warm_up_steps: 110_000,
            tuning_steps: 0,
            forward_kl_ramp_steps: 0,
            detach_predictor: DetachPredictor::default(),
            batch_frames: 8_000,
            window_frames: 32,
            windows: 1,
            log_every: 100,
            checkpoint_every: 10_000,
            optimizer: OptimizerConfig::default(),
            weights: LossWeights::default(),
            soft_dtw: SoftDtwConfig::default(),
            durations: DurationSource::default(),
            precision: Precision::default(),
        }
    }
}

/// AdamW and its schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// The learning rate of the first epoch (2e-4).
    pub learning_rate: f64,
    /// What each epoch multiplies it by (0.999875).
    pub decay: f64,
    /// β₁ (0.8).
    pub beta1: f64,
    /// β₂ (0.99).
    pub beta2: f64,
    /// ε (1e-9).
    pub epsilon: f64,
    /// Decoupled weight decay (0.01).
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm (1000, a guard against a single bad batch).
    pub clip_norm: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 2e-4,
            decay: 0.999_875,
            beta1: 0.8,
            beta2: 0.99,
            epsilon: 1e-9,
            weight_decay: 0.01,
            clip_norm: 1000.0,
        }
    }
}

/// The weights of the losses; the paper prints none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossWeights {
    /// Mel distance in `L_rec` (45).
    pub mel: f64,
    /// Distance by spectra at several resolutions, beside that of mels (0, since the paper has none); with 0 it is not
    /// computed.
    pub stft: f64,
    /// Adversarial part of `L_rec` (1).
    pub adversarial: f64,
    /// Feature matching in `L_rec` (2).
    pub feature: f64,
    /// `L_bwd` (1).
    pub backward_kl: f64,
    /// `L_fwd`, main phase only (0.02); with 0 it is not computed, the ablation "bidirectional prior/posterior" of table 5.
    pub forward_kl: f64,
    /// `L_e2e`, main phase only (0.1); with 0 it is not computed.
    pub end_to_end: f64,
    /// Labelled durations in the warm-up (1).
    pub duration: f64,
    /// Labelled durations in the main phase, where the other losses reach the durations too (0.1).
    pub duration_main: f64,
    /// Labelled durations in the tuning (0).
    pub duration_tuning: f64,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self {
            mel: 45.0,
            stft: 0.0,
            adversarial: 1.0,
            feature: 2.0,
            backward_kl: 1.0,
            forward_kl: 0.02,
            end_to_end: 0.1,
            duration: 1.0,
            duration_main: 0.1,
            duration_tuning: 0.0,
        }
    }
}

impl TrainConfig {
    /// Checks what training relies on.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] that names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let check = |good: bool, key: &'static str, why: &str| {
            if good { Ok(()) } else { Err(Error::Config { key, why: why.to_owned() }) }
        };
        check(self.steps > 0, "train.steps", "it is 0")?;
        check(self.warm_up_steps <= self.steps, "train.warm_up_steps", "it is more than `train.steps`")?;
        check(
            self.tuning_steps <= self.steps - self.warm_up_steps,
            "train.tuning_steps",
            "it is more than `train.warm_up_steps` leaves of `train.steps`",
        )?;
        check(self.batch_frames > 0, "train.batch_frames", "it is 0")?;
        check(self.window_frames > 0, "train.window_frames", "it is 0")?;
        check(self.windows > 0, "train.windows", "it is 0")?;
        check(self.log_every > 0, "train.log_every", "it is 0")?;
        check(self.checkpoint_every > 0, "train.checkpoint_every", "it is 0")?;
        check(self.soft_dtw.gamma > 0.0, "train.soft_dtw.gamma", "it is not positive")?;
        check(self.soft_dtw.warp >= 0.0, "train.soft_dtw.warp", "it is negative")?;
        let LossWeights {
            mel,
            stft,
            adversarial,
            feature,
            backward_kl,
            forward_kl,
            end_to_end,
            duration,
            duration_main,
            duration_tuning,
        } = self.weights;
        for (key, weight) in [
            ("train.weights.mel", mel),
            ("train.weights.stft", stft),
            ("train.weights.adversarial", adversarial),
            ("train.weights.feature", feature),
            ("train.weights.backward_kl", backward_kl),
            ("train.weights.forward_kl", forward_kl),
            ("train.weights.end_to_end", end_to_end),
            ("train.weights.duration", duration),
            ("train.weights.duration_main", duration_main),
            ("train.weights.duration_tuning", duration_tuning),
        ] {
            check(weight >= 0.0 && weight.is_finite(), key, "it is not a number of at least 0")?;
        }
        let rate = self.optimizer.learning_rate;
        check(rate > 0.0 && rate.is_finite(), "train.optimizer.learning_rate", "it is not positive")?;
        check(self.optimizer.clip_norm > 0.0, "train.optimizer.clip_norm", "it is not positive")
    }

    /// The part of its weight that `L_fwd` has in a step, counted from 0.
    pub(super) fn forward_kl_ramp(&self, step: u64) -> f64 {
        let since = step.saturating_sub(self.warm_up_steps) as f64 + 1.0;
        if self.forward_kl_ramp_steps == 0 {
            1.0
        } else {
            (since / self.forward_kl_ramp_steps as f64).min(1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TrainConfig;

    #[test]
    fn the_forward_divergence_gains_its_weight_by_a_line() {
        let config = TrainConfig { warm_up_steps: 10, forward_kl_ramp_steps: 4, ..TrainConfig::default() };
        let quarters: Vec<u32> =
            (10..16).map(|step| (config.forward_kl_ramp(step) * 4.0).round() as u32).collect();
        assert_eq!(quarters, [1, 2, 3, 4, 4, 4]);
        let at_once = TrainConfig { forward_kl_ramp_steps: 0, ..config };
        assert!((at_once.forward_kl_ramp(10) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn phases_that_do_not_fit_are_named() {
        let config = TrainConfig { steps: 10, warm_up_steps: 6, tuning_steps: 5, ..TrainConfig::default() };
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("train.tuning_steps"), "{error}");
        TrainConfig { tuning_steps: 4, ..config }.validate().unwrap();
    }
}
