//! Checkpoints that are worse than an earlier one of their run.

use std::collections::BTreeMap;

use mynah_listening::Defined;
use mynah_metrics::Status;
use mynah_stats::Interval;
use serde::Serialize;

use super::coverage::CoveragePair;
use super::grid::{Grid, GridColumn};
use super::ranking::Ranking;

/// A checkpoint that is significantly worse than an earlier one by a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regression {
    /// Definition and version of the metric.
    pub profile: String,
    /// Name of the checkpoint.
    pub system: String,
    /// Training step of the checkpoint.
    pub step: u64,
    /// The best earlier checkpoint of its run.
    pub than: String,
    /// Training step of the earlier checkpoint.
    pub than_step: u64,
    /// Additional loss of the checkpoint, with the interval of the paired t test.
    pub interval: Defined<Interval>,
    /// p-value of that test, corrected over all pairs of the metric.
    pub holm_p_value: f64,
}

/// A checkpoint that fails significantly more often than an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MoreFailures {
    /// Definition and version of the metric.
    pub profile: String,
    /// Name of the checkpoint.
    pub system: String,
    /// Training step of the checkpoint.
    pub step: u64,
    /// Number of items for which it has no value.
    pub n_without: usize,
    /// The earlier checkpoint of its run with the fewest failures.
    pub than: String,
    /// Training step of the earlier checkpoint.
    pub than_step: u64,
    /// Number of items for which the earlier checkpoint has no value.
    pub n_without_than: usize,
    /// p-value of the exact McNemar test, corrected over all pairs of the metric.
    pub holm_p_value: f64,
}

/// A checkpoint without a value for items that have one at the previous checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewlyWithoutValue {
    /// Definition and version of the metric.
    pub profile: String,
    /// Name of the checkpoint.
    pub system: String,
    /// Training step of the checkpoint.
    pub step: u64,
    /// The previous checkpoint.
    pub before: String,
    /// Training step of the previous checkpoint.
    pub before_step: u64,
    /// Items that lost their value, by name.
    pub items: Vec<LostItem>,
}

/// An item that lost its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostItem {
    /// Name of the item.
    pub item: String,
    /// `failed`, `undefined`, or `absent` if there is no row.
    pub status: &'static str,
    /// Reason for the missing value.
    pub reason: Option<String>,
}

/// Returns the run of a checkpoint: its name without the number that is its training step.
///
/// That is the last number in the name that equals the step; if there is none, as in `voice-20k`, all digits are
/// removed. So `a2-1000` and `a2-2000`, made at steps 1000 and 2000, are one run, and `a3-1000` is another.
pub(crate) fn run(system: &str, step: u64) -> String {
    let is_digit = |character: char| character.is_ascii_digit();
    let mut end = system.len();
    while let Some(last) = system[..end].rfind(is_digit) {
        let start = system[..last]
            .rfind(|character| !is_digit(character))
            .map_or(0, |before| before + system[before..].chars().next().map_or(1, char::len_utf8));
        if system[start..=last].parse() == Ok(step) {
            return [&system[..start], &system[last + 1..]].concat();
        }
        end = start;
    }
    system.replace(is_digit, "")
}

/// Returns the checkpoints of each run with at least two steps, by run and step; those of one step keep the order of
/// the columns.
pub(crate) fn runs<'b, 'a>(grid: &'b Grid<'a>) -> Vec<Vec<(u64, &'b GridColumn<'a>)>> {
    let mut runs: BTreeMap<String, Vec<(u64, &GridColumn<'_>)>> = BTreeMap::new();
    for column in &grid.columns {
        if let Some(step) = column.step {
            runs.entry(run(column.system, step)).or_default().push((step, column));
        }
    }
    let mut runs: Vec<_> = runs.into_values().collect();
    for run in &mut runs {
        run.sort_by_key(|(step, _)| *step);
    }
    runs.retain(|run| run.first().map(|first| first.0) != run.last().map(|last| last.0));
    runs
}

/// Finds the checkpoints of a grid that lose significantly more than the best earlier one of their run.
///
/// The best earlier one is picked by looking at the data, which the correction over all pairs allows for.
pub(crate) fn regressions(grid: &Grid<'_>, ranking: &Ranking, alpha: f64) -> Vec<Regression> {
    let place = |system: &str| ranking.systems.iter().position(|ranked| ranked.system == system);
    let mut found = Vec::new();
    for run in runs(grid) {
        for &(step, column) in &run {
            let earlier = run.iter().filter(|(other, _)| *other < step);
            let best = earlier
                .filter_map(|(step, other)| Some((place(other.system)?, *step, other)))
                .min_by_key(|(place, ..)| *place);
            let Some((_, than_step, than)) = best else { continue };
            let Some(pair) = ranking.pair(column.system, than.system) else { continue };
            if let (true, true, Some(&holm_p_value)) =
                (pair.system == column.system, pair.is_worse(alpha), pair.holm_p_value.value())
            {
                found.push(Regression {
                    profile: grid.profile.to_owned(),
                    system: column.system.to_owned(),
                    step,
                    than: than.system.to_owned(),
                    than_step,
                    interval: pair.interval.clone(),
                    holm_p_value,
                });
            }
        }
    }
    found
}

/// Finds the checkpoints of a grid that fail significantly more often than an earlier one of their run.
///
/// The earlier one is the one with the fewest failures, which the correction over all pairs allows for.
pub(crate) fn more_failures(grid: &Grid<'_>, ranking: &Ranking, alpha: f64) -> Vec<MoreFailures> {
    let mut found = Vec::new();
    for run in runs(grid) {
        for &(step, column) in &run {
            let earlier = run.iter().filter(|(other, _)| *other < step);
            let compared = earlier.filter_map(|(than_step, other)| {
                let is_it = |pair: &&CoveragePair| pair.system == column.system && pair.than == other.system;
                ranking.coverage_pairs.iter().find(is_it).map(|pair| (*than_step, pair))
            });
            let Some((than_step, pair)) = compared.min_by_key(|(_, pair)| pair.n_without_than) else {
                continue;
            };
            if pair.fails_more_often(alpha) {
                found.push(MoreFailures {
                    profile: grid.profile.to_owned(),
                    system: pair.system.clone(),
                    step,
                    n_without: pair.n_without,
                    than: pair.than.clone(),
                    than_step,
                    n_without_than: pair.n_without_than,
                    holm_p_value: pair.holm_p_value,
                });
            }
        }
    }
    found
}

/// Finds the checkpoints of a grid without a value for items that have one at the previous step.
///
/// If several checkpoints share the previous step, the last of them is used.
pub(crate) fn newly_without_value(grid: &Grid<'_>) -> Vec<NewlyWithoutValue> {
    let mut found = Vec::new();
    for run in runs(grid) {
        for &(step, column) in &run {
            let Some((before_step, before)) = run.iter().rfind(|(other, _)| *other < step) else { continue };
            let items: Vec<LostItem> = (0..grid.items.len())
                .filter(|&index| before.scores[index].is_some_and(|score| score.value.is_some()))
                .filter_map(|index| lost(grid.items[index], column, index))
                .collect();
            if !items.is_empty() {
                found.push(NewlyWithoutValue {
                    profile: grid.profile.to_owned(),
                    system: column.system.to_owned(),
                    step,
                    before: before.system.to_owned(),
                    before_step: *before_step,
                    items,
                });
            }
        }
    }
    found
}

/// Returns the item if it has no value in the column.
fn lost(item: &str, column: &GridColumn<'_>, index: usize) -> Option<LostItem> {
    let (status, reason) = match column.scores[index] {
        Some(score) if score.value.is_some() => return None,
        Some(score) if score.status == Status::Undefined => ("undefined", score.reason.clone()),
        Some(score) => ("failed", score.reason.clone()),
        None => ("absent", None),
    };
    Some(LostItem { item: item.to_owned(), status, reason })
}

#[cfg(test)]
mod tests {
    use mynah_metrics::Score;

    use super::*;
    use crate::comparison::grid::grids;
    use crate::comparison::ranking::rank;
    use crate::comparison::{Better, MetricNote};

    fn score(system: &str, step: u64, item: usize, value: Option<f64>) -> Score {
        Score {
            system: system.into(),
            step: Some(step),
            item: format!("{item:03}"),
            metric: "mcd".into(),
            profile: "mcd/sp2mc-2".into(),
            unit: "dB".into(),
            status: if value.is_some() { Status::Ok } else { Status::Failed },
            value,
            reason: value.is_none().then(|| "the wav is empty".into()),
            frames: None,
            better: None,
        }
    }

    /// Builds a checkpoint of forty items around a mean.
    fn checkpoint(system: &str, step: u64, mean: f64) -> Vec<Score> {
        (0..40)
            .map(|item| {
                let wobble = (item as f64 * 2.4 + step as f64).sin();
                score(system, step, item, Some(mean + 0.2 * wobble))
            })
            .collect()
    }

    fn found(scores: &[Score]) -> Vec<(String, String)> {
        let note = MetricNote {
            profile: "mcd/sp2mc-2".into(),
            explanation: String::new(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        };
        let grids = grids(scores, &[note]).unwrap();
        let ranking = rank(&grids[0], 0.05).unwrap();
        let regressions = regressions(&grids[0], &ranking, 0.05);
        regressions.into_iter().map(|regression| (regression.system, regression.than)).collect()
    }

    #[test]
    fn names_a_run_without_the_step() {
        for (system, step, expected) in [
            ("voice-1000", 1000, "voice-"),
            ("a2-1000", 1000, "a2-"),
            ("a2-2", 2, "a2-"),
            ("voice-20k", 20_000, "voice-k"),
            ("0500", 500, ""),
            ("é7ß", 7, "éß"),
            ("12_of_7", 12, "_of_7"),
            ("plain", 3, "plain"),
            ("99999999999999999999", 3, ""),
        ] {
            assert_eq!(run(system, step), expected, "{system}");
        }
    }

    #[test]
    fn compares_a_checkpoint_with_the_best_earlier_one() {
        // The files are not in the order of the steps.
        let scores = [
            checkpoint("voice-4000", 4000, 6.0),
            checkpoint("voice-1000", 1000, 7.0),
            checkpoint("voice-2000", 2000, 5.0),
            checkpoint("voice-3000", 3000, 5.5),
            checkpoint("other-9000", 9000, 9.0),
        ]
        .concat();
        let pair = |system: &str, than: &str| (system.to_owned(), than.to_owned());
        assert_eq!(found(&scores), [pair("voice-3000", "voice-2000"), pair("voice-4000", "voice-2000")]);
    }

    #[test]
    fn reports_no_regression_within_chance() {
        let scores = [checkpoint("voice-1", 1, 5.0), checkpoint("voice-2", 2, 5.001)].concat();
        assert_eq!(found(&scores), []);
    }

    #[test]
    fn finds_an_unranked_checkpoint_that_fails_more_often() {
        let mut scores = [checkpoint("voice-1", 1, 5.0), checkpoint("voice-2", 2, 4.0)].concat();
        for score in scores.iter_mut().filter(|score| score.step == Some(2)).take(12) {
            (score.status, score.value, score.reason) =
                (Status::Failed, None, Some("the wav is silent".into()));
        }
        let note = MetricNote {
            profile: "mcd/sp2mc-2".into(),
            explanation: String::new(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        };
        let grids = grids(&scores, &[note]).unwrap();
        let ranking = rank(&grids[0], 0.05).unwrap();
        assert_eq!(regressions(&grids[0], &ranking, 0.05), []);
        let found = more_failures(&grids[0], &ranking, 0.05);
        let [only] = &found[..] else { panic!("{found:?}") };
        assert_eq!((only.system.as_str(), only.than.as_str()), ("voice-2", "voice-1"));
        assert_eq!((only.n_without, only.n_without_than), (12, 0));
    }

    #[test]
    fn names_items_that_lost_their_value() {
        let mut scores = [checkpoint("voice-1", 1, 5.0), checkpoint("voice-2", 2, 5.0)].concat();
        scores.retain(|score| !(score.step == Some(2) && score.item == "005"));
        let failed = scores.iter_mut().find(|score| score.step == Some(2) && score.item == "003").unwrap();
        *failed = self::score("voice-2", 2, 3, None);
        // Neither has a value, so nothing was lost here.
        for score in scores.iter_mut().filter(|score| score.item == "007") {
            *score = self::score(&score.system.clone(), score.step.unwrap(), 7, None);
        }
        let grids = grids(&scores, &[]).unwrap();
        let found = newly_without_value(&grids[0]);
        let [only] = &found[..] else { panic!("{found:?}") };
        assert_eq!((only.system.as_str(), only.before.as_str()), ("voice-2", "voice-1"));
        let items: Vec<(&str, &str)> =
            only.items.iter().map(|item| (item.item.as_str(), item.status)).collect();
        assert_eq!(items, [("003", "failed"), ("005", "absent")]);
        assert_eq!(only.items[0].reason.as_deref(), Some("the wav is empty"));
    }
}
