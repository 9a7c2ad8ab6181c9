//! What a metric is, and which there are.

use crate::duration::{DurationDifference, DurationRatio};
use crate::loudness_difference::LoudnessDifference;
use crate::mcd::MelCepstralDistortion;
use crate::pitch::{LogF0Rmse, VoicingError};
use crate::{Outcome, Pair};

/// A way to compare the speech of a system with a recording of the same sentence.
///
/// Every metric here gives 0 to a signal compared with itself.
pub trait Metric: Sync {
    /// The short name, as in protocols and tables.
    fn name(&self) -> &'static str;

    /// The definition and its version, such as `mcd/sp2mc-2`: another number under the same profile would be a bug.
    fn profile(&self) -> &'static str;

    /// The unit of the value.
    fn unit(&self) -> &'static str;

    /// Measures a pair; the value is finite.
    fn measure(&self, pair: &Pair<'_>) -> Outcome;

    /// The formula, the parameters, the oracle and the known faults, as plain text of some lines.
    fn explain(&self) -> &'static str;
}

/// Every metric, in the order in which tables show them.
#[must_use]
pub fn all() -> &'static [&'static dyn Metric] {
    &[
        &MelCepstralDistortion,
        &LogF0Rmse,
        &VoicingError,
        &DurationRatio,
        &DurationDifference,
        &LoudnessDifference,
    ]
}

/// The metric of this name.
#[must_use]
pub fn metric(name: &str) -> Option<&'static dyn Metric> {
    all().iter().copied().find(|metric| metric.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn metrics_are_found_by_their_distinct_names() {
        let names: BTreeSet<_> = all().iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), all().len());
        for name in names {
            let found = metric(name).unwrap();
            assert_eq!(found.name(), name);
            assert!(found.profile().starts_with(&format!("{name}/")), "{}", found.profile());
        }
        assert!(metric("MCD").is_none());
    }

    #[test]
    fn explanations_tell_formula_parameters_oracle_and_faults() {
        for metric in all() {
            for heading in ["Formula", "Unit", "Parameters", "Oracle", "Known faults"] {
                assert!(metric.explain().contains(heading), "{}: {heading}", metric.name());
            }
            assert!(metric.explain().starts_with(metric.profile()), "{}", metric.name());
        }
    }
}
