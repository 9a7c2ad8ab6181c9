//! Intervals, tests and the conclusion about one system.

use mynah_stats::clustered::Clustered;
use mynah_stats::equivalence::Tost;
use mynah_stats::{Error, Interval, TestResult};

use crate::analysis::estimate::SystemEstimate;
use crate::analysis::family::Levels;
use crate::analysis::scores::{Against, Estimate};
use crate::analysis::sensitivity::conclude;
use crate::analysis::verdict::{Conclusion, Defined};
use crate::design::protocol::Analysis;

/// The inference about the mean of a system.
pub(crate) struct MeanInference {
    pub(crate) interval: Defined<Interval>,
    pub(crate) naive_interval: Defined<Interval>,
    pub(crate) design_effect: Defined<f64>,
}

impl MeanInference {
    /// Computes the intervals of the mean.
    pub(crate) fn of(
        estimate: &SystemEstimate,
        against: Against<'_>,
        alpha: f64,
        levels: &Levels<'_>,
    ) -> Self {
        let mean = only(&estimate.mean);
        // The mean of a comparison is its difference, and has the same interval.
        let level = match against {
            Against::Number(_) => 1.0 - levels.difference,
            Against::Reference(_) | Against::Nothing(_) => 1.0 - alpha,
        };
        let interval_of = |interval: fn(&Clustered, f64) -> Result<Interval, Error>| {
            mean.clone().and_then(|mean| interval(&mean, level).map_err(|error| error.to_string())).into()
        };
        Self {
            interval: interval_of(Clustered::interval),
            naive_interval: interval_of(Clustered::naive_interval),
            design_effect: mean.clone().map(|mean| mean.design_effect()).into(),
        }
    }
}

/// The inference about the difference between a system and the reference.
pub(crate) struct DifferenceInference {
    pub(crate) difference: Defined<Interval>,
    pub(crate) equivalence: Defined<Tost>,
    pub(crate) t_test: Defined<TestResult>,
    /// `None` where there is nothing to compare with.
    pub(crate) conclusion: Option<Conclusion>,
}

impl DifferenceInference {
    /// Computes the intervals and tests of the difference, and draws the conclusion.
    pub(crate) fn of(
        estimate: &SystemEstimate,
        against: Against<'_>,
        analysis: &Analysis,
        levels: &Levels<'_>,
    ) -> Self {
        let effect = only(&estimate.effect);
        let t_test = effect.clone().map(|effect| effect.t_test()).into();
        let equivalence = effect
            .clone()
            .and_then(|effect| {
                effect.tost(analysis.margin, levels.equivalence).map_err(|error| error.to_string())
            })
            .into();
        let level = 1.0 - levels.difference;
        let difference =
            effect.and_then(|effect| effect.interval(level).map_err(|error| error.to_string())).into();
        let conclusion = match against {
            Against::Nothing(_) => None,
            Against::Number(_) | Against::Reference(_) => {
                Some(conclusion_of(&difference, &equivalence, analysis.margin))
            }
        };
        Self { difference, equivalence, t_test, conclusion }
    }
}

/// The precision of an estimate.
pub(crate) struct Precision {
    pub(crate) standard_error: Defined<f64>,
    pub(crate) degrees_of_freedom: Defined<f64>,
    pub(crate) effective_raters: Defined<f64>,
    pub(crate) effective_items: Defined<f64>,
}

impl Precision {
    /// Returns the precision of the difference, or without one of the mean.
    pub(crate) fn of(estimate: &SystemEstimate) -> Self {
        let known = only(&estimate.effect).or_else(|_| only(&estimate.mean));
        let of = |value: fn(&Clustered) -> f64| -> Defined<f64> {
            known.as_ref().map(value).map_err(Clone::clone).into()
        };
        Self {
            standard_error: of(|effect| effect.standard_error),
            degrees_of_freedom: of(|effect| effect.degrees_of_freedom),
            effective_raters: of(|effect| effect.effective_raters),
            effective_items: of(|effect| effect.effective_items),
        }
    }
}

/// Returns an estimate without its influences.
fn only(estimate: &Result<Estimate, String>) -> Result<Clustered, String> {
    estimate.as_ref().map(|one| one.0).map_err(Clone::clone)
}

/// Draws the conclusion from the intervals; inconclusive without them.
fn conclusion_of(difference: &Defined<Interval>, equivalence: &Defined<Tost>, margin: f64) -> Conclusion {
    match (difference.value(), equivalence.value()) {
        (Some(interval), Some(tost)) => conclude(interval, &tost.interval, margin),
        _ => Conclusion::Inconclusive,
    }
}
