//! Phases of training, and the plan of a step in each.

use super::config::{DetachPredictor, TrainConfig};

/// Phase of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Warm-up with labeled durations and without memory.
    WarmUp,
    /// Main phase with predicted durations, both divergences and memory.
    Main,
    /// Fine-tuning phase: as the main phase, with a frozen posterior encoder and durations that only the end-to-end loss moves.
    Tuning,
}

impl Phase {
    /// Returns the name in `metrics.jsonl`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::WarmUp => "warm-up",
            Self::Main => "main",
            Self::Tuning => "tuning",
        }
    }
}

/// Decisions that depend on the phase and the settings, made once per step; later code does not look at the phase.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// True if the hidden states are constants for the duration predictor.
    pub(super) detach_predictor: bool,
    /// True if the posterior is a constant; without gradients the optimizer leaves its parameters unchanged.
    pub(super) freeze_posterior: bool,
    /// Source of the frames of the prior.
    pub(super) spacing: Spacing,
    /// True if the prior is sampled for the forward divergence and the end-to-end loss.
    pub(super) sample_prior: bool,
    /// Weight of the labeled durations.
    pub(super) duration_weight: f64,
    /// Weight of the forward divergence.
    pub(super) forward_kl_weight: f64,
}

/// Source of the durations of the prior, which determines the comparison of prior and posterior.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Labels or alignment search: prior and posterior have the same frames and are compared frame by frame.
    Given,
    /// Predictor: prior and posterior differ in length and are compared along a soft alignment.
    Predicted {
        /// True if the durations are constants for both divergences, and only the end-to-end loss moves them.
        constant: bool,
    },
}

impl TrainConfig {
    /// Returns the phase of a step, counted from 0.
    #[must_use]
    pub fn phase(&self, step: u64) -> Phase {
        if step < self.warm_up_steps {
            Phase::WarmUp
        } else if self.tuning_steps > 0 && step >= self.steps.saturating_sub(self.tuning_steps) {
            Phase::Tuning
        } else {
            Phase::Main
        }
    }

    /// Plans a step of a phase; `hard` is true if hidden states are repeated, so that durations have no gradient.
    pub(super) fn plan(&self, phase: Phase, step: u64, hard: bool) -> Plan {
        let spacing = if phase == Phase::WarmUp || hard {
            Spacing::Given
        } else {
            Spacing::Predicted { constant: phase == Phase::Tuning }
        };
        let weights = &self.weights;
        Plan {
            // Labels train the predictor, not the encoder; later the gradient of the durations reaches it as in figure 3.
            detach_predictor: match self.detach_predictor {
                DetachPredictor::WarmUp => spacing == Spacing::Given,
                DetachPredictor::Always => true,
                DetachPredictor::Never => false,
            },
            freeze_posterior: phase == Phase::Tuning,
            spacing,
            sample_prior: phase != Phase::WarmUp && (weights.forward_kl > 0.0 || weights.end_to_end > 0.0),
            // Without another gradient for durations, labels keep their weight in the main phase.
            duration_weight: match (spacing, phase) {
                (Spacing::Given, _) => weights.duration,
                (Spacing::Predicted { .. }, Phase::Tuning) => weights.duration_tuning,
                (Spacing::Predicted { .. }, _) => weights.duration_main,
            },
            forward_kl_weight: weights.forward_kl * self.forward_kl_ramp(step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, Spacing};
    use crate::tasks::naturalspeech::TrainConfig;

    #[test]
    fn phases_have_the_configured_lengths() {
        let config = TrainConfig { steps: 10, warm_up_steps: 2, tuning_steps: 3, ..TrainConfig::default() };
        let phases: Vec<Phase> = (0..10).map(|step| config.phase(step)).collect();
        let (w, m, t) = (Phase::WarmUp, Phase::Main, Phase::Tuning);
        assert_eq!(phases, [w, w, m, m, m, m, m, t, t, t]);
        assert_eq!(TrainConfig { tuning_steps: 0, ..config }.phase(9), m);
    }

    #[test]
    fn hard_expansion_uses_given_durations_in_every_phase() {
        let config = TrainConfig::default();
        for phase in [Phase::WarmUp, Phase::Main, Phase::Tuning] {
            let plan = config.plan(phase, 0, true);
            assert!(plan.spacing == Spacing::Given && plan.detach_predictor);
            assert!((plan.duration_weight - config.weights.duration).abs() < f64::EPSILON);
            assert_eq!(plan.sample_prior, phase != Phase::WarmUp);
            assert_eq!(plan.freeze_posterior, phase == Phase::Tuning);
        }
    }
}
