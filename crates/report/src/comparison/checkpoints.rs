//! Comparison of checkpoints by every metric: the best one and the regressions.

use mynah_metrics::Score;
use serde::Serialize;

use super::documents::MetricNote;
use super::grid::{Grid, grids};
use super::ranking::{NotRanked, Ranking, rank};
use super::regression::{
    MoreFailures, NewlyWithoutValue, Regression, more_failures, newly_without_value, regressions,
};
use crate::error::Error;

/// Systems and checkpoints compared by every metric. Metrics are never merged into one number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkpoints {
    /// Level below which a corrected p-value tells two systems apart.
    pub alpha: f64,
    /// One ranking for each metric that says which way is better.
    pub rankings: Vec<Ranking>,
    /// Profiles of the other metrics.
    pub not_ranked: Vec<NotRanked>,
    /// Checkpoints that are significantly worse than the best earlier one.
    pub regressions: Vec<Regression>,
    /// Checkpoints that fail significantly more often than the earlier one with the fewest failures.
    pub more_failures: Vec<MoreFailures>,
    /// Checkpoints that lost values that the previous one had. That is a fact, not an estimate, and needs no test.
    pub newly_without_value: Vec<NewlyWithoutValue>,
    /// `true` if any run has checkpoints at two steps, so that a regression is possible.
    pub has_runs: bool,
}

/// Compares the systems of a set of scores by every metric.
///
/// `alpha` is the level at which systems are told apart, such as 0.05; see [`Ranking`] for the procedure. Checkpoints
/// belong to one run if their names differ only in the number that is their training step, or in any digits if no
/// number is.
///
/// # Errors
///
/// Returns the errors of [`super::summarize`].
///
/// # Examples
///
/// ```
/// use mynah_metrics::{Score, Status};
/// use mynah_report::comparison::{Better, MetricNote, compare_checkpoints};
///
/// let score = |system: &str, step, item: &str, value| Score {
///     system: system.into(),
///     step: Some(step),
///     item: item.into(),
///     metric: "mcd".into(),
///     profile: "mcd/sp2mc-2".into(),
///     unit: "dB".into(),
///     status: Status::Ok,
///     value: Some(value),
///     reason: None,
///     frames: None,
///     better: None,
/// };
/// let note = MetricNote { profile: "mcd/sp2mc-2".into(), explanation: String::new(), better: Some(Better::Near(0.0)), pooled: false };
/// let scores = [
///     score("voice-1000", 1000, "a", 6.0),
///     score("voice-1000", 1000, "b", 7.0),
///     score("voice-2000", 2000, "a", 5.0),
///     score("voice-2000", 2000, "b", 5.9),
/// ];
/// let compared = compare_checkpoints(&scores, &[note], 0.05)?;
/// let outcome = compared.rankings[0].outcome.value().expect("there are two systems");
/// assert_eq!(outcome.best, "voice-2000");
/// # Ok::<(), mynah_report::Error>(())
/// ```
pub fn compare_checkpoints(scores: &[Score], notes: &[MetricNote], alpha: f64) -> Result<Checkpoints, Error> {
    Ok(compare_grids(&grids(scores, notes)?, alpha))
}

/// Compares the systems of a set of grids.
pub(crate) fn compare_grids(grids: &[Grid<'_>], alpha: f64) -> Checkpoints {
    let mut compared = Checkpoints {
        alpha,
        rankings: Vec::new(),
        not_ranked: Vec::new(),
        regressions: Vec::new(),
        more_failures: Vec::new(),
        newly_without_value: Vec::new(),
        has_runs: grids.iter().any(|grid| !super::regression::runs(grid).is_empty()),
    };
    for grid in grids {
        compared.newly_without_value.extend(newly_without_value(grid));
        match rank(grid, alpha) {
            Some(ranking) => {
                compared.regressions.extend(regressions(grid, &ranking, alpha));
                compared.more_failures.extend(more_failures(grid, &ranking, alpha));
                compared.rankings.push(ranking);
            }
            None => compared.not_ranked.push(NotRanked {
                name: grid.profile.to_owned(),
                reason: "it does not say which way is better".to_owned(),
            }),
        }
    }
    compared
}
