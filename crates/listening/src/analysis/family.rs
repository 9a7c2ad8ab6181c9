//! Simultaneous inference over the systems under test.

use mynah_stats::{Simultaneous, TestResult, simultaneous};

use crate::analysis::estimate::SystemEstimate;
use crate::analysis::verdict::Defined;
use crate::system::Role;

/// The systems under test, judged together.
pub(crate) struct Family {
    alpha: f64,
    /// `None` where no system has an estimate.
    joint: Option<Simultaneous>,
}

impl Family {
    /// Computes the levels from the joint distribution of the estimates.
    pub(crate) fn of(estimates: &[SystemEstimate], alpha: f64) -> Self {
        let influences: Vec<_> = estimates
            .iter()
            .filter(|one| one.role == Role::Candidate)
            .filter_map(|one| one.effect.as_ref().ok().map(|(_, influence)| influence))
            .collect();
        Self { alpha, joint: simultaneous(&influences, alpha).ok() }
    }

    /// Returns the levels at which a system with this role is judged.
    pub(crate) fn levels(&self, role: Role) -> Levels<'_> {
        match self.joint.as_ref().filter(|_| role == Role::Candidate) {
            Some(joint) => Levels {
                difference: joint.difference_alpha,
                equivalence: joint.equivalence_alpha,
                joint: Some(joint),
            },
            None => Levels { difference: self.alpha, equivalence: self.alpha, joint: None },
        }
    }
}

/// The levels at which one system is judged.
pub(crate) struct Levels<'a> {
    pub(crate) difference: f64,
    pub(crate) equivalence: f64,
    joint: Option<&'a Simultaneous>,
}

impl Levels<'_> {
    /// Corrects a p-value for the number of systems under test.
    pub(crate) fn adjusted(&self, t_test: &Defined<TestResult>, role: Role) -> Defined<f64> {
        match (t_test, self.joint) {
            _ if role != Role::Candidate => Defined::Undefined { reason: "it is not under test".to_owned() },
            (Defined::Undefined { reason }, _) => Defined::Undefined { reason: reason.clone() },
            (Defined::Ok { .. }, None) => {
                Defined::Undefined { reason: "the systems have no joint distribution".to_owned() }
            }
            (Defined::Ok { value }, Some(joint)) => Defined::Ok { value: joint.adjusted(value.p_value) },
        }
    }
}
