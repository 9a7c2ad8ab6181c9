//! The estimates that a verdict on one system starts from.

use mynah_stats::clustered::Clustered;

use crate::analysis::scores::{Against, Estimate, Scores, clustered_difference, clustered_mean};
use crate::system::Role;

/// The estimates for one system.
pub(crate) struct SystemEstimate {
    pub(crate) role: Role,
    pub(crate) mean: Result<Estimate, String>,
    /// The difference from the scores that it is compared with.
    pub(crate) effect: Result<Estimate, String>,
}

impl SystemEstimate {
    /// Estimates the mean and the difference.
    pub(crate) fn of(role: Role, scores: &Scores, against: Against<'_>) -> Self {
        let mean = clustered_mean(scores);
        let effect = match against {
            Against::Number(number) => {
                mean.clone().map(|(clustered, influence)| (less(clustered, number), influence))
            }
            Against::Reference(reference) => clustered_difference(scores, reference),
            Against::Nothing(reason) => Err(reason.to_owned()),
        };
        Self { role, mean, effect }
    }

    /// Returns the estimates for a system that is judged with others ([`mynah_stats::clustered::Clustered::in_a_family`]).
    pub(crate) fn in_a_family(self) -> Self {
        let limited = |estimate: Result<Estimate, String>| {
            estimate.map(|(clustered, influence)| (clustered.in_a_family(), influence))
        };
        Self { role: self.role, mean: limited(self.mean), effect: limited(self.effect) }
    }
}

/// Returns an estimate less a number, with the same errors.
pub(crate) fn less(clustered: Clustered, number: f64) -> Clustered {
    Clustered { estimate: clustered.estimate - number, ..clustered }
}
