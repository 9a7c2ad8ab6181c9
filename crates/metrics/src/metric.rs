//! The metric interface and the registry of metrics.

use crate::duration::{DurationDifference, DurationRatio};
use crate::loudness_difference::LoudnessDifference;
use crate::mcd::MelCepstralDistortion;
use crate::pitch::{LogF0Rmse, VoicingError};
use crate::{Outcome, Pair};

/// A comparison of a system's speech with a recording of the same sentence.
///
/// Every metric here gives 0 for a signal compared with itself.
pub trait Metric: Sync {
    /// Returns the short name used in protocols and tables.
    fn name(&self) -> &'static str;

    /// Returns the definition with its version, such as `mcd/sp2mc-2`: a different number under the same profile is a
    /// bug.
    fn profile(&self) -> &'static str;

    /// Returns the unit of the value.
    fn unit(&self) -> &'static str;

    /// Measures a pair; the value is finite.
    fn measure(&self, pair: &Pair<'_>) -> Outcome;

    /// Returns the formula, parameters, oracle and known faults, as a few lines of plain text.
    fn explain(&self) -> &'static str;
}

/// Returns all metrics, in the order of tables.
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

/// Returns the metric with this name.
#[must_use]
pub fn metric(name: &str) -> Option<&'static dyn Metric> {
    all().iter().copied().find(|metric| metric.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn metrics_are_found_by_distinct_names() {
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
    fn explanations_have_every_section() {
        for metric in all() {
            for heading in ["Formula", "Unit", "Parameters", "Oracle", "Known faults"] {
                assert!(metric.explain().contains(heading), "{}: {heading}", metric.name());
            }
            assert!(metric.explain().starts_with(metric.profile()), "{}", metric.name());
        }
    }
}
