//! What all metrics say about which checkpoint is best, and which became worse.

use mynah_metrics::Score;
use serde::Serialize;

use super::documents::MetricNote;
use super::grid::{Grid, grids};
use super::ranking::{NotRanked, Ranking, rank};
use super::regression::{
    MoreFailures, NewlyWithoutValue, Regression, more_failures, newly_without_value, regressions,
};
use crate::error::Error;

/// Systems and checkpoints compared by every metric. No number puts the metrics together: each stands for itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkpoints {
    /// Below this a corrected p-value tells two systems apart.
    pub alpha: f64,
    /// One for each metric that has a value of a perfect copy.
    pub rankings: Vec<Ranking>,
    /// The profiles of the other metrics.
    pub not_ranked: Vec<NotRanked>,
    /// Checkpoints that are worse than the best before them, by more than chance.
    pub regressions: Vec<Regression>,
    /// Checkpoints that fail more often than the one before them that fails least, by more than chance.
    pub more_failures: Vec<MoreFailures>,
    /// Checkpoints that lost values which the one before them had. That is a fact and no estimate: it needs no test.
    pub newly_without_value: Vec<NewlyWithoutValue>,
    /// Whether any run has checkpoints at two steps, so that there could be a regression.
    pub has_runs: bool,
}

/// Compares the systems of some scores by every metric.
///
/// `alpha` is the level at which systems are told apart, such as 0.05; how, [`Ranking`] says. Checkpoints of one run are
/// those whose names differ only in the number that is their training step, or in digits where none is.
///
/// # Errors
///
/// As [`super::summarize`].
///
/// # Examples
///
/// ```
/// use mynah_metrics::{Score, Status};
/// use mynah_report::comparison::{MetricNote, compare_checkpoints};
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
/// };
/// let note = MetricNote { profile: "mcd/sp2mc-2".into(), explanation: String::new(), perfect: Some(0.0) };
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

/// Compares the systems of grids.
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
                reason: "no value of it is known to be that of a perfect copy".to_owned(),
            }),
        }
    }
    compared
}
