//! What a step says of itself: a row of `metrics.jsonl`.

use serde::{Deserialize, Serialize};

/// The part of training that a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Labelled durations, no memory.
    WarmUp,
    /// Predicted durations, both divergences, memory.
    Main,
    /// The same with a posterior encoder that is frozen, and durations that the end-to-end loss alone moves.
    Tuning,
}

/// The losses of one step, or of the validation split after it (`docs/formats.md`, `metrics.jsonl`).
///
/// Losses stand before weighting; a loss that the phase does not have is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Optimiser steps done.
    pub step: u64,
    /// Passes over the training split.
    pub epoch: u64,
    /// The phase.
    pub phase: Phase,
    /// `train` or `validation`.
    pub split: String,
    /// What the generator minimises.
    pub loss_total: f64,
    /// Mel distance.
    pub loss_mel: Option<f64>,
    /// Distance by spectra at several resolutions.
    #[serde(default)]
    pub loss_stft: Option<f64>,
    /// Adversarial part of the reconstruction.
    pub loss_adversarial: Option<f64>,
    /// Feature matching.
    pub loss_feature: Option<f64>,
    /// Posterior against prior.
    pub loss_backward_kl: Option<f64>,
    /// Prior against posterior.
    pub loss_forward_kl: Option<f64>,
    /// Adversarial loss of speech from the prior.
    pub loss_end_to_end: Option<f64>,
    /// Labelled durations.
    pub loss_duration: Option<f64>,
    /// What the discriminators minimise.
    pub loss_discriminator: Option<f64>,
    /// Norm of the generator's gradient before clipping.
    pub gradient_norm: Option<f64>,
    /// The learning rate.
    pub learning_rate: Option<f64>,
    /// Wall time since the run began or was resumed, in seconds.
    pub seconds: f64,
}
