//! The phases of a training, and what a step does in each.

use super::config::{DetachPredictor, TrainConfig};

/// The part of training that a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Labelled durations, no memory.
    WarmUp,
    /// Predicted durations, both divergences, memory.
    Main,
    /// The same with a posterior encoder that is frozen, and durations that the end-to-end loss alone moves.
    Tuning,
}

impl Phase {
    /// Its name in `metrics.jsonl`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::WarmUp => "warm-up",
            Self::Main => "main",
            Self::Tuning => "tuning",
        }
    }
}

/// The decisions that depend on the phase and the settings, taken once for a step: nothing behind this asks for the phase.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// The duration predictor sees the encoder's states as constants.
    pub(super) detach_predictor: bool,
    /// The posterior is a constant: without a gradient the optimizer leaves its parameters as they are.
    pub(super) freeze_posterior: bool,
    /// The frames that the prior is made of.
    pub(super) spacing: Spacing,
    /// The prior is sampled, for the forward divergence and for the end-to-end loss.
    pub(super) sample_prior: bool,
    /// The weight of the labelled durations.
    pub(super) duration_weight: f64,
    /// The weight of the forward divergence.
    pub(super) forward_kl_weight: f64,
}

/// Where the durations of the prior come from, and with them how prior and posterior are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// From labels or from the alignment search: prior and posterior have the same frames and are compared one by one.
    Given,
    /// From the predictor: they differ in length and are compared along a soft alignment.
    Predicted {
        /// Both divergences see the durations as constants, and only what is spoken moves them.
        constant: bool,
    },
}

impl TrainConfig {
    /// The phase of a step, counted from 0.
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

    /// What a step of a phase does; `hard` when hidden states are repeated, so that durations have no gradient.
    pub(super) fn plan(&self, phase: Phase, step: u64, hard: bool) -> Plan {
        let spacing = if phase == Phase::WarmUp || hard {
            Spacing::Given
        } else {
            Spacing::Predicted { constant: phase == Phase::Tuning }
        };
        let weights = &self.weights;
        Plan {
            // The labels teach the predictor, not the encoder; later the durations' gradient reaches it as in figure 3.
            detach_predictor: match self.detach_predictor {
                DetachPredictor::WarmUp => spacing == Spacing::Given,
                DetachPredictor::Always => true,
                DetachPredictor::Never => false,
            },
            freeze_posterior: phase == Phase::Tuning,
            spacing,
            sample_prior: phase != Phase::WarmUp && (weights.forward_kl > 0.0 || weights.end_to_end > 0.0),
            // Where durations have no other gradient, labels are as important in the main phase.
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
    fn the_phases_follow_each_other() {
        let config = TrainConfig { steps: 10, warm_up_steps: 2, tuning_steps: 3, ..TrainConfig::default() };
        let phases: Vec<Phase> = (0..10).map(|step| config.phase(step)).collect();
        let (w, m, t) = (Phase::WarmUp, Phase::Main, Phase::Tuning);
        assert_eq!(phases, [w, w, m, m, m, m, m, t, t, t]);
        assert_eq!(TrainConfig { tuning_steps: 0, ..config }.phase(9), m);
    }

    #[test]
    fn repeated_states_have_given_durations_in_every_phase() {
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
