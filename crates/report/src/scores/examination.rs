//! Everything that the page says, as plain data.

use std::collections::BTreeSet;

use mynah_metrics::Score;

use super::flags::{self, Flag};
use super::overview::{self, ReasonGroup, SystemOverview};
use super::rankings::{self, SystemRanking};
use super::spreads::{self, MetricSpread};
use crate::comparison::{Grid, MetricNote, grids};
use crate::error::Error;

/// Settings of an examination.
#[derive(Debug, Clone, PartialEq)]
pub struct ExaminationConfig {
    /// Coverage of the intervals, such as 0.95.
    pub level: f64,
    /// Number of items in each list.
    pub n_items: usize,
    /// Names of the metrics that rank items; empty for all that have a direction.
    pub ranked_by: Vec<String>,
}

/// Findings on the scores of a few systems.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// Coverage of the intervals.
    pub level: f64,
    /// Number of expected items: those for which any system has a row.
    pub n_items: usize,
    /// Coverage by system, in the order in which they first occur.
    pub systems: Vec<SystemOverview>,
    /// Rows without a value by system and reason.
    pub reasons: Vec<ReasonGroup>,
    /// Distributions by metric.
    pub metrics: Vec<MetricSpread>,
    /// Worst and contradictory items by system.
    pub rankings: Vec<SystemRanking>,
    /// Limits of health that the scores have values for.
    pub flags: Vec<Flag>,
    /// Names of the metrics of health without any value.
    pub unmeasured: Vec<&'static str>,
}

/// An item of a system that is worth hearing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Name of the system.
    pub system: String,
    /// Name of the item.
    pub item: String,
}

/// Scores arranged by metric, with the places of systems and items.
pub(crate) struct Outline<'a> {
    pub(crate) grids: Vec<Grid<'a>>,
    /// Names of the systems, in the order in which they first occur.
    pub(crate) systems: Vec<&'a str>,
    /// Names of all items, sorted.
    pub(crate) items: Vec<&'a str>,
    /// For each grid, the place in `items` of each of its items.
    pub(crate) places: Vec<Vec<usize>>,
}

impl<'a> Outline<'a> {
    fn of(scores: &'a [Score], notes: &[MetricNote]) -> Result<Self, Error> {
        let grids = grids(scores, notes)?;
        let mut systems: Vec<&str> = Vec::new();
        for score in scores {
            // Rows of a system follow each other.
            if systems.last() != Some(&score.system.as_str()) && !systems.contains(&score.system.as_str()) {
                systems.push(&score.system);
            }
        }
        let items: BTreeSet<&str> = grids.iter().flat_map(|grid| grid.items.iter().copied()).collect();
        let items: Vec<&str> = items.into_iter().collect();
        // Every item of a grid is in the list.
        let place = |item: &&str| items.binary_search(item).unwrap_or_default();
        let places = grids.iter().map(|grid| grid.items.iter().map(place).collect()).collect();
        Ok(Self { grids, systems, items, places })
    }

    /// Returns the values of a system by a metric for all items; `None` if the system has no row of it.
    pub(crate) fn values(&self, grid: usize, system: &str) -> Option<Vec<Option<f64>>> {
        let column = self.grids[grid].columns.iter().find(|column| column.system == system)?;
        let mut values = vec![None; self.items.len()];
        for (value, &place) in column.values().zip(&self.places[grid]) {
            values[place] = value;
        }
        Some(values)
    }
}

/// Examines scores.
///
/// # Errors
///
/// Returns [`Error::NothingToReport`] without scores, and the errors of [`crate::comparison::summarize`] for rows that
/// contradict each other.
///
/// # Examples
///
/// ```
/// use mynah_metrics::{Score, Status};
/// use mynah_report::scores::{ExaminationConfig, examine};
///
/// let score = |item: &str, value: Option<f64>| Score {
///     system: "vits".into(),
///     step: None,
///     item: item.into(),
///     metric: "longest_silence".into(),
///     profile: "longest_silence/p95-1".into(),
///     unit: "s".into(),
///     status: if value.is_some() { Status::Ok } else { Status::Failed },
///     value,
///     reason: value.is_none().then(|| format!("there is no `{item}.wav`")),
///     frames: None,
///     better: None,
/// };
/// let config = ExaminationConfig { level: 0.95, n_items: 3, ranked_by: Vec::new() };
/// let examination = examine(&[score("a", Some(0.2)), score("b", Some(1.5)), score("c", None)], &[], &config)?;
/// assert_eq!(examination.systems[0].n_failed, 1);
/// assert_eq!(examination.flags[0].found[0].item, "b");
/// # Ok::<(), mynah_report::Error>(())
/// ```
pub fn examine(
    scores: &[Score],
    notes: &[MetricNote],
    config: &ExaminationConfig,
) -> Result<Examination, Error> {
    if scores.is_empty() {
        return Err(Error::NothingToReport);
    }
    let outline = Outline::of(scores, notes)?;
    let (flags, unmeasured) = flags::flags(&outline, config.n_items);
    Ok(Examination {
        level: config.level,
        n_items: outline.items.len(),
        systems: overview::systems(&outline),
        reasons: overview::reasons(&outline),
        metrics: spreads::spreads(&outline, notes, config.level),
        rankings: rankings::rankings(&outline, notes, config),
        flags,
        unmeasured,
    })
}

impl Examination {
    /// Returns the items to hear, each once, in the order of the page; `n_items` failed ones by system come first.
    #[must_use]
    pub fn wanted(&self, n_items: usize) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut known = BTreeSet::new();
        let mut want = |system: &str, item: &str| {
            let one = Wanted { system: system.to_owned(), item: item.to_owned() };
            if known.insert(one.clone()) {
                wanted.push(one);
            }
        };
        for system in &self.systems {
            for (_, item) in self.failed(&system.system, n_items) {
                want(&system.system, item);
            }
        }
        for ranking in &self.rankings {
            for item in &ranking.worst {
                want(&ranking.system, &item.item);
            }
        }
        for ranking in &self.rankings {
            for item in &ranking.contrasts {
                want(&ranking.system, &item.item);
            }
        }
        for found in self.flags.iter().flat_map(|flag| &flag.found) {
            want(&found.system, &found.item);
        }
        wanted
    }

    /// Returns a few failed items of a system with their reasons: one of each reason in turn, the most frequent first.
    pub(crate) fn failed(&self, system: &str, n_items: usize) -> Vec<(&str, &str)> {
        let of_system = |group: &&ReasonGroup| group.system == system && group.has_failed();
        let groups: Vec<&ReasonGroup> = self.reasons.iter().filter(of_system).collect();
        let most = groups.iter().map(|group| group.items.len()).max().unwrap_or(0);
        let mut seen = BTreeSet::new();
        let in_turn = (0..most).flat_map(|turn| {
            groups
                .iter()
                .filter_map(move |group| Some((group.reason.as_str(), group.items.get(turn)?.as_str())))
        });
        in_turn.filter(|(_, item)| seen.insert(*item)).take(n_items).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use mynah_metrics::Status;

    use super::*;
    use crate::comparison::Better;

    /// Builds a row of a made-up metric.
    pub(crate) fn score(system: &str, item: &str, metric: &str, value: Result<f64, &str>) -> Score {
        let known = mynah_metrics::metric(metric);
        Score {
            system: system.into(),
            step: None,
            item: item.into(),
            metric: metric.into(),
            profile: known.map_or_else(|| format!("{metric}/1"), |known| known.profile().to_owned()),
            unit: known.map_or("", |known| known.unit()).to_owned(),
            status: if value.is_ok() { Status::Ok } else { Status::Failed },
            value: value.ok(),
            reason: value.err().map(str::to_owned),
            frames: None,
            better: None,
        }
    }

    /// Builds notes that make less better.
    pub(crate) fn lower(metrics: &[&str]) -> Vec<MetricNote> {
        let note = |metric: &&str| MetricNote {
            profile: score("", "", metric, Ok(0.0)).profile,
            explanation: format!("explanation of {metric}"),
            better: Some(Better::Lower),
            pooled: false,
        };
        metrics.iter().map(note).collect()
    }

    /// Examines with three items in each list.
    pub(crate) fn examined(scores: &[Score], notes: &[MetricNote]) -> Examination {
        let config = ExaminationConfig { level: 0.95, n_items: 3, ranked_by: Vec::new() };
        examine(scores, notes, &config).unwrap()
    }

    #[test]
    fn wants_every_item_once() {
        let mut scores = Vec::new();
        for index in 0..20 {
            let item = format!("i{index:02}");
            scores.push(score("s", &item, "mcd", Ok(f64::from(index))));
            scores.push(score("s", &item, "longest_silence", Ok(if index == 19 { 2.0 } else { 0.1 })));
        }
        scores.push(score("s", "x", "mcd", Err("there is no `x.wav`")));
        scores.push(score("s", "x", "longest_silence", Err("there is no `x.wav`")));
        let examination = examined(&scores, &lower(&["mcd", "longest_silence"]));
        let wanted: Vec<String> = examination.wanted(3).into_iter().map(|wanted| wanted.item).collect();
        assert_eq!(wanted[..2], ["x", "i19"], "the failed one, then the worst, which is also flagged");
        let distinct: BTreeSet<&String> = wanted.iter().collect();
        assert_eq!(distinct.len(), wanted.len());
    }

    #[test]
    fn takes_failed_items_of_each_reason_in_turn() {
        let mut scores: Vec<Score> =
            (0..9).map(|index| score("s", &index.to_string(), "mcd", Err("the wav is silent"))).collect();
        scores.push(score("s", "a", "mcd", Err("there is no `a.wav`")));
        let examination = examined(&scores, &[]);
        let failed: Vec<&str> = examination.failed("s", 3).into_iter().map(|(_, item)| item).collect();
        assert_eq!(failed, ["0", "a", "1"]);
        assert!(examination.failed("t", 3).is_empty());
    }

    #[test]
    fn rejects_nothing() {
        let config = ExaminationConfig { level: 0.95, n_items: 3, ranked_by: Vec::new() };
        assert!(matches!(examine(&[], &[], &config), Err(Error::NothingToReport)));
    }
}
