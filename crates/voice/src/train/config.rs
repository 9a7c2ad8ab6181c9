//! How long, how fast and by what weights the model is trained.

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

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            // 15,000 epochs of LJSpeech, the first 1,000 warm-up, on eight GPUs.
            steps: 1_660_000,
            warm_up_steps: 110_000,
            batch_frames: 8_000,
            window_frames: 32,
            windows: 1,
            log_every: 100,
            checkpoint_every: 10_000,
            optimizer: OptimizerConfig::default(),
            weights: LossWeights::default(),
            soft_dtw: SoftDtwConfig::default(),
            durations: DurationSource::default(),
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
}

impl Default for LossWeights {
    fn default() -> Self {
        Self {
            mel: 45.0,
            adversarial: 1.0,
            feature: 2.0,
            backward_kl: 1.0,
            forward_kl: 0.02,
            end_to_end: 0.1,
            duration: 1.0,
            duration_main: 0.1,
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
        check(self.batch_frames > 0, "train.batch_frames", "it is 0")?;
        check(self.window_frames > 0, "train.window_frames", "it is 0")?;
        check(self.windows > 0, "train.windows", "it is 0")?;
        check(self.log_every > 0, "train.log_every", "it is 0")?;
        check(self.checkpoint_every > 0, "train.checkpoint_every", "it is 0")?;
        check(self.soft_dtw.gamma > 0.0, "train.soft_dtw.gamma", "it is not positive")?;
        check(self.soft_dtw.warp >= 0.0, "train.soft_dtw.warp", "it is negative")?;
        let LossWeights {
            mel,
            adversarial,
            feature,
            backward_kl,
            forward_kl,
            end_to_end,
            duration,
            duration_main,
        } = self.weights;
        for (key, weight) in [
            ("train.weights.mel", mel),
            ("train.weights.adversarial", adversarial),
            ("train.weights.feature", feature),
            ("train.weights.backward_kl", backward_kl),
            ("train.weights.forward_kl", forward_kl),
            ("train.weights.end_to_end", end_to_end),
            ("train.weights.duration", duration),
            ("train.weights.duration_main", duration_main),
        ] {
            check(weight >= 0.0 && weight.is_finite(), key, "it is not a number of at least 0")?;
        }
        let rate = self.optimizer.learning_rate;
        check(rate > 0.0 && rate.is_finite(), "train.optimizer.learning_rate", "it is not positive")?;
        check(self.optimizer.clip_norm > 0.0, "train.optimizer.clip_norm", "it is not positive")
    }
}
