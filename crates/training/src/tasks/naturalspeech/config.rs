//! Schedule, optimizer and loss weights.

use mynah_voice::Precision;
use serde::{Deserialize, Serialize};

use crate::loss::SoftDtwConfig;
use crate::{Error, Keep};

/// Schedule of a run. The defaults are the paper's where it specifies them, otherwise those of `docs/naturalspeech.md`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Seed of the initial values, the noise and the order of the data.
    pub seed: u64,
    /// Total optimizer steps; may change when a run is resumed.
    pub steps: u64,
    /// Steps of the warm-up, with labeled durations and without memory.
    pub warm_up_steps: u64,
    /// Steps of the fine-tuning phase, the last ones, in which the posterior encoder is frozen and `L_e2e` alone trains the
    /// durations (the paper's last 2,000 epochs). With 0 the main phase continues to the end; with another `train.steps` the
    /// phase moves with the end.
    pub tuning_steps: u64,
    /// Steps after the warm-up over which the weight of `L_fwd` rises linearly from 0 to its full value; with 0 it is full at
    /// once.
    pub forward_kl_ramp_steps: u64,
    /// When the duration predictor's gradient stops before the phoneme encoder.
    pub detach_predictor: DetachPredictor,
    /// Steps at the start of a run from a voice without the parts that only training needs, in which only those parts learn
    /// (500). They would otherwise ruin the voice before they are of use.
    pub freeze_steps: u64,
    /// Decay of the exponential moving average of the weights; 0 keeps no average (0). Validations and exported voices use the
    /// average, which varies less from step to step than the weights.
    pub average: f64,
    /// Frames per batch, without padding, as per GPU in the paper.
    pub batch_frames: usize,
    /// Batches per optimizer step (1), for the paper's batch on one device: their gradients are averaged.
    pub accumulate: usize,
    /// Frames per decoded window, as in VITS.
    pub window_frames: usize,
    /// Decoded windows per utterance and step: one in VITS, more for small batches.
    pub windows: usize,
    /// Steps between rows of metrics.
    pub log_every: u64,
    /// Steps between checkpoints; the last step always writes one.
    pub checkpoint_every: u64,
    /// Checkpoints to keep: by default all.
    pub keep: Keep,
    /// Checkpoints after the best one, by `keep.best`, at which the run ends before `steps` (0, never).
    pub patience: u64,
    /// AdamW and its schedule.
    pub optimizer: OptimizerConfig,
    /// Weights of the losses, of which the paper prints none.
    pub weights: LossWeights,
    /// Alignment of prior and posterior in the main phase.
    pub soft_dtw: SoftDtwConfig,
    /// Targets of the durations.
    pub durations: DurationSource,
    /// Precision of products on a GPU (`docs/gpu.md`); the CPU supports `f32` only.
    pub precision: Precision,
}

/// Targets of the durations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DurationSource {
    /// The durations of the dataset.
    #[default]
    Labels,
    /// Monotonic alignment search between prior and posterior in every step, as in Glow-TTS and VITS; requires
    /// `model.durator.expansion = "hard"`.
    Search,
}

/// When the gradient of the duration predictor stops before the phoneme encoder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetachPredictor {
    /// While it learns from labels: in the warm-up, and always with `hard` expansion.
    #[default]
    WarmUp,
    /// In every phase, as in VITS.
    Always,
    /// In no phase.
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
            freeze_steps: 500,
            average: 0.0,
            batch_frames: 8_000,
            accumulate: 1,
            window_frames: 32,
            windows: 1,
            log_every: 100,
            checkpoint_every: 10_000,
            keep: Keep::default(),
            patience: 0,
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
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// Factor that each epoch multiplies the learning rate by.
    pub decay: f64,
    /// Steps over which the learning rate rises linearly from 0 (0). A run from earlier parameters has no moments yet, and its
    /// first updates are large.
    pub ramp_steps: u64,
    /// β₁ (0.8).
    pub beta1: f64,
    /// β₂ (0.99).
    pub beta2: f64,
    /// ε (1e-9).
    pub epsilon: f64,
    /// Decoupled weight decay (0.01).
    pub weight_decay: f64,
    /// Largest gradient norm; larger gradients are scaled down. A guard against a single bad batch.
    pub clip_norm: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 2e-4,
            decay: 0.999_875,
            ramp_steps: 0,
            beta1: 0.8,
            beta2: 0.99,
            epsilon: 1e-9,
            weight_decay: 0.01,
            clip_norm: 1000.0,
        }
    }
}

/// Weights of the losses; the paper prints none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossWeights {
    /// Mel distance in `L_rec` (45).
    pub mel: f64,
    /// Distance of spectra at three resolutions in `L_rec`, next to that of mels (0, since the paper has none). With 0 it is not
    /// computed.
    pub stft: f64,
    /// Distance of the advance of phases between frames in `L_rec` (0, since the paper has none). With 0 it is not computed.
    pub phase: f64,
    /// Adversarial term of `L_rec` (1).
    pub adversarial: f64,
    /// Feature matching in `L_rec` (2).
    pub feature: f64,
    /// `L_bwd` (1).
    pub backward_kl: f64,
    /// `L_fwd`, not in the warm-up (0.02). With 0 it is not computed, the ablation "bidirectional prior/posterior" of table 5.
    pub forward_kl: f64,
    /// `L_e2e`, not in the warm-up (0.1). With 0 it is not computed.
    pub end_to_end: f64,
    /// Labeled durations in the warm-up (1).
    pub duration: f64,
    /// Labeled durations in the main phase, where the other losses reach the durations too (0.1).
    pub duration_main: f64,
    /// Labeled durations in the fine-tuning phase (0).
    pub duration_tuning: f64,
    /// Relative difference of predicted and recorded lengths, not in the warm-up (100). Without it the durations of the main
    /// phase are free to shrink or grow.
    pub length: f64,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self {
            mel: 45.0,
            stft: 0.0,
            phase: 0.0,
            adversarial: 1.0,
            feature: 2.0,
            backward_kl: 1.0,
            forward_kl: 0.02,
            end_to_end: 0.1,
            duration: 1.0,
            duration_main: 0.1,
            duration_tuning: 0.0,
            length: 100.0,
        }
    }
}

impl TrainConfig {
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
        check(self.warm_up_steps <= self.steps, "train.warm_up_steps", "it exceeds `train.steps`")?;
        check(
            self.tuning_steps <= self.steps - self.warm_up_steps,
            "train.tuning_steps",
            "it exceeds the steps of `train.steps` after `train.warm_up_steps`",
        )?;
        check(self.batch_frames > 0, "train.batch_frames", "it must be positive")?;
        check(self.accumulate > 0, "train.accumulate", "it must be positive")?;
        check(self.window_frames > 0, "train.window_frames", "it must be positive")?;
        check(self.windows > 0, "train.windows", "it must be positive")?;
        check(self.log_every > 0, "train.log_every", "it must be positive")?;
        check(self.checkpoint_every > 0, "train.checkpoint_every", "it must be positive")?;
        check(
            self.patience == 0 || !self.keep.best.is_empty(),
            "train.patience",
            "`train.keep.best` must name the value that it waits for",
        )?;
        check(self.soft_dtw.gamma > 0.0, "train.soft_dtw.gamma", "it must be positive")?;
        check(self.soft_dtw.warp >= 0.0, "train.soft_dtw.warp", "it must not be negative")?;
        let LossWeights {
            mel,
            stft,
            phase,
            adversarial,
            feature,
            backward_kl,
            forward_kl,
            end_to_end,
            duration,
            duration_main,
            duration_tuning,
            length,
        } = self.weights;
        for (key, weight) in [
            ("train.weights.mel", mel),
            ("train.weights.stft", stft),
            ("train.weights.phase", phase),
            ("train.weights.adversarial", adversarial),
            ("train.weights.feature", feature),
            ("train.weights.backward_kl", backward_kl),
            ("train.weights.forward_kl", forward_kl),
            ("train.weights.end_to_end", end_to_end),
            ("train.weights.duration", duration),
            ("train.weights.duration_main", duration_main),
            ("train.weights.duration_tuning", duration_tuning),
            ("train.weights.length", length),
        ] {
            check(weight >= 0.0 && weight.is_finite(), key, "it must be finite and not negative")?;
        }
        let rate = self.optimizer.learning_rate;
        check(rate > 0.0 && rate.is_finite(), "train.optimizer.learning_rate", "it must be positive")?;
        check((0.0..1.0).contains(&self.average), "train.average", "it must be from 0 to less than 1")?;
        check(self.optimizer.clip_norm > 0.0, "train.optimizer.clip_norm", "it must be positive")
    }

    /// Returns the fraction of its weight that `L_fwd` has in a step, counted from 0.
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
    fn the_weight_of_the_forward_divergence_rises_linearly() {
        let config = TrainConfig { warm_up_steps: 10, forward_kl_ramp_steps: 4, ..TrainConfig::default() };
        let quarters: Vec<u32> =
            (10..16).map(|step| (config.forward_kl_ramp(step) * 4.0).round() as u32).collect();
        assert_eq!(quarters, [1, 2, 3, 4, 4, 4]);
        let at_once = TrainConfig { forward_kl_ramp_steps: 0, ..config };
        assert!((at_once.forward_kl_ramp(10) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn names_the_setting_of_phases_that_do_not_fit() {
        let config = TrainConfig { steps: 10, warm_up_steps: 6, tuning_steps: 5, ..TrainConfig::default() };
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("train.tuning_steps"), "{error}");
        TrainConfig { tuning_steps: 4, ..config }.validate().unwrap();
    }
}
