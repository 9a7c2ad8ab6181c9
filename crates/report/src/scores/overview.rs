//! Coverage by system, and the reasons why values are missing.

use std::collections::{BTreeMap, BTreeSet};

use mynah_metrics::Status;
use mynah_stats::{holm, mcnemar};

use super::examination::Outline;

/// Level at which a difference of failures is more than chance.
const ALPHA: f64 = 0.05;

/// Coverage of one system; the four counts add up to the number of expected items.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemOverview {
    /// Name.
    pub system: String,
    /// Training step, if all rows that name one agree.
    pub step: Option<u64>,
    /// Number of items with a value by every metric that has one for any item of the system.
    pub n_complete: usize,
    /// Number of items that did not fail, with a metric that is undefined for them but not for all.
    pub n_undefined: usize,
    /// Number of items that did not fail as far as there are rows, but lack one.
    pub n_absent: usize,
    /// Number of items that failed by any metric.
    pub n_failed: usize,
    /// The system that lacks fewest items, if this one lacks more by more than chance.
    pub fails_more: Option<FailsMore>,
}

/// A comparison of failures.
#[derive(Debug, Clone, PartialEq)]
pub struct FailsMore {
    /// The other system.
    pub than: String,
    /// Number of items that failed or have no row in the other.
    pub n_than: usize,
    /// p-value of the exact McNemar test, after Holm's correction over all systems.
    pub p_value: f64,
}

/// Items of one system that lack values for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ReasonGroup {
    /// Name of the system.
    pub system: String,
    /// [`Status::Failed`] or [`Status::Undefined`].
    pub status: Status,
    /// The reason, with `…` in place of the item and of numbers that differ between the items.
    pub reason: String,
    /// Names of the metrics that lack a value; empty if these are all.
    pub metrics: Vec<String>,
    /// The items, sorted.
    pub items: Vec<String>,
}

impl ReasonGroup {
    /// Returns `true` if there was nothing to measure.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.status == Status::Failed
    }
}

/// State of an item over all metrics of a system; the gravest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Complete,
    Undefined,
    Absent,
    Failed,
}

/// Counts the items of every system by their state.
pub(crate) fn systems(outline: &Outline<'_>) -> Vec<SystemOverview> {
    let states: Vec<Vec<State>> = outline.systems.iter().map(|system| states(outline, system)).collect();
    let lacks = |state: &State| *state >= State::Absent;
    let n_lacking = |index: usize| states[index].iter().filter(|state| lacks(state)).count();
    let best = (0..states.len()).min_by_key(|&index| n_lacking(index)).unwrap_or(0);
    let p_values: Vec<f64> = states
        .iter()
        .map(|of_system| {
            let pairs = || of_system.iter().zip(&states[best]);
            let only_here = pairs().filter(|(here, there)| lacks(here) && !lacks(there)).count();
            let only_there = pairs().filter(|(here, there)| !lacks(here) && lacks(there)).count();
            mcnemar(only_here, only_there).p_value
        })
        .collect();
    // The best is not compared with itself.
    let others: Vec<f64> =
        p_values.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, p)| *p).collect();
    let mut corrected = holm(&others).unwrap_or_default().into_iter();
    let overview = |(index, system): (usize, &&str)| {
        let count = |wanted: State| states[index].iter().filter(|state| **state == wanted).count();
        let p_value = if index == best { 1.0 } else { corrected.next().unwrap_or(1.0) };
        SystemOverview {
            system: (*system).to_owned(),
            step: step(outline, system),
            n_complete: count(State::Complete),
            n_undefined: count(State::Undefined),
            n_absent: count(State::Absent),
            n_failed: count(State::Failed),
            fails_more: (p_value < ALPHA && n_lacking(index) > n_lacking(best)).then(|| FailsMore {
                than: outline.systems[best].to_owned(),
                n_than: n_lacking(best),
                p_value,
            }),
        }
    };
    outline.systems.iter().enumerate().map(overview).collect()
}

/// Returns the training step that all metrics agree on.
fn step(outline: &Outline<'_>, system: &str) -> Option<u64> {
    let columns = outline.grids.iter().flat_map(|grid| &grid.columns);
    let steps: BTreeSet<u64> =
        columns.filter(|column| column.system == system).filter_map(|column| column.step).collect();
    if steps.len() == 1 { steps.first().copied() } else { None }
}

/// Returns the state of each item of a system.
fn states(outline: &Outline<'_>, system: &str) -> Vec<State> {
    let mut states = vec![State::Complete; outline.items.len()];
    let mut n_rows = vec![0_usize; outline.items.len()];
    let mut n_metrics = 0;
    for (grid, places) in outline.grids.iter().zip(&outline.places) {
        let Some(column) = grid.columns.iter().find(|column| column.system == system) else { continue };
        n_metrics += 1;
        let is_defined = column.count(Status::Ok) > 0;
        for (score, &place) in column.scores.iter().zip(places) {
            let Some(score) = score else { continue };
            n_rows[place] += 1;
            let state = match score.status {
                Status::Ok => State::Complete,
                // What is not defined for the system at all is said elsewhere.
                Status::Undefined if !is_defined => State::Complete,
                Status::Undefined => State::Undefined,
                Status::Failed => State::Failed,
            };
            states[place] = states[place].max(state);
        }
    }
    for (state, n_rows) in states.iter_mut().zip(n_rows) {
        if n_rows < n_metrics {
            *state = (*state).max(State::Absent);
        }
    }
    states
}

/// Groups rows without a value by system and reason: failures first, then the most frequent.
pub(crate) fn reasons(outline: &Outline<'_>) -> Vec<ReasonGroup> {
    /// Metrics, items, and the reason of all; `None` if its numbers differ.
    type Found = (BTreeSet<usize>, BTreeSet<usize>, Option<String>);
    let mut groups: BTreeMap<(usize, bool, String), Found> = BTreeMap::new();
    let mut n_metrics = vec![0_usize; outline.systems.len()];
    for (metric, (grid, places)) in outline.grids.iter().zip(&outline.places).enumerate() {
        for column in &grid.columns {
            // Every column is that of a system.
            let system =
                outline.systems.iter().position(|system| *system == column.system).unwrap_or_default();
            n_metrics[system] += 1;
            for (score, &place) in column.scores.iter().zip(places) {
                let Some(score) = score.filter(|score| score.status != Status::Ok) else { continue };
                let reason = reason(score.reason.as_deref(), &score.item);
                let is_undefined = score.status == Status::Undefined;
                let key = (system, is_undefined, without_numbers(&reason));
                let (metrics, items, common) = groups
                    .entry(key)
                    .or_insert_with(|| (BTreeSet::new(), BTreeSet::new(), Some(reason.clone())));
                metrics.insert(metric);
                items.insert(place);
                *common = common.take().filter(|common| *common == reason);
            }
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // Stable: equally frequent reasons stay in the order of the systems.
    groups
        .sort_by_key(|((_, is_undefined, _), (_, items, _))| (*is_undefined, std::cmp::Reverse(items.len())));
    let group = |(key, (metrics, items, common)): ((usize, bool, String), Found)| {
        let (system, is_undefined, pattern) = key;
        let metrics = if metrics.len() == n_metrics[system] { BTreeSet::new() } else { metrics };
        ReasonGroup {
            system: outline.systems[system].to_owned(),
            status: if is_undefined { Status::Undefined } else { Status::Failed },
            reason: common.unwrap_or(pattern),
            metrics: metrics.into_iter().map(|metric| outline.grids[metric].metric.to_owned()).collect(),
            items: items.into_iter().map(|item| outline.items[item].to_owned()).collect(),
        }
    };
    groups.into_iter().map(group).collect()
}

/// Returns a reason with `…` for every number, so that those that differ in nothing else are counted together.
fn without_numbers(reason: &str) -> String {
    let mut without = String::new();
    let mut rest = reason;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let end = rest[start..].find(|c: char| !digits(c)).map_or(rest.len(), |length| start + length);
        // The full stop after a number belongs to the sentence.
        let end = start + rest[start..end].trim_end_matches('.').len();
        without = without + &rest[..start] + "…";
        rest = &rest[end..];
    }
    without + rest
}

/// Returns a reason without the name of the item, so that equal ones are counted together.
fn reason(reason: Option<&str>, item: &str) -> String {
    let reason = reason.unwrap_or("no reason is given");
    if item.is_empty() {
        return reason.to_owned();
    }
    // An item may be called `1`, which is not the 1 of another number.
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let (mut without, mut end) = (String::new(), 0);
    for (start, _) in reason.match_indices(item) {
        let after = start + item.len();
        let is_inside =
            is_part(reason[..start].chars().next_back()) || is_part(reason[after..].chars().next());
        if !is_inside {
            without = without + &reason[end..start] + "…";
            end = after;
        }
    }
    without + &reason[end..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::examination::tests::{examined, score};

    #[test]
    fn counts_every_item_once_by_its_gravest_state() {
        let mut scores = vec![
            score("a", "1", "mcd", Ok(5.0)),
            score("a", "1", "hum", Ok(-60.0)),
            score("a", "2", "mcd", Ok(5.0)),
            score("a", "2", "hum", Err("too short")),
            score("a", "3", "mcd", Err("there is no `3.wav`")),
            score("a", "3", "hum", Err("there is no `3.wav`")),
            score("a", "4", "mcd", Ok(5.0)),
            score("b", "5", "mcd", Ok(5.0)),
        ];
        scores[3].status = Status::Undefined;
        let examination = examined(&scores, &[]);
        let counts = |system: &SystemOverview| {
            [system.n_complete, system.n_undefined, system.n_absent, system.n_failed]
        };
        assert_eq!(examination.n_items, 5);
        assert_eq!(counts(&examination.systems[0]), [1, 1, 2, 1], "4 has no hum, and 5 no row");
        scores[1] = score("a", "1", "hum", Err("too short"));
        scores[1].status = Status::Undefined;
        assert_eq!(
            counts(&examined(&scores, &[]).systems[0]),
            [2, 0, 2, 1],
            "hum is undefined for all of the system"
        );
        assert_eq!(counts(&examination.systems[1]), [1, 0, 4, 0]);
    }

    #[test]
    fn a_system_that_fails_more_is_named_only_beyond_chance() {
        let scores = |n_failed: usize| -> Vec<_> {
            let row = |system: &str, index: usize, fails: bool| {
                score(system, &index.to_string(), "mcd", if fails { Err("silent") } else { Ok(5.0) })
            };
            (0..40).flat_map(|index| [row("a", index, index < n_failed), row("b", index, false)]).collect()
        };
        let found = |n_failed| examined(&scores(n_failed), &[]).systems[0].fails_more.clone();
        assert_eq!(found(0), None);
        assert_eq!(found(5), None, "0.5^5 · 2 = 0.0625");
        let more = found(6).unwrap();
        assert_eq!((more.than.as_str(), more.n_than), ("b", 0));
        // Two-sided binomial: 2 · 0.5^6.
        assert!((more.p_value - 0.031_25).abs() < 1e-12, "{more:?}");
        assert_eq!(examined(&scores(6), &[]).systems[1].fails_more, None);
    }

    #[test]
    fn groups_reasons_without_the_names_of_items() {
        let mut scores = vec![
            score("a", "x", "mcd", Err("there is no `x.wav`")),
            score("a", "x", "hum", Err("there is no `x.wav`")),
            score("a", "y", "mcd", Err("there is no `y.wav`")),
            score("a", "y", "hum", Err("there is no `y.wav`")),
            score("a", "z", "mcd", Ok(1.0)),
            score("a", "z", "hum", Err("too short")),
        ];
        scores[5].status = Status::Undefined;
        let reasons = examined(&scores, &[]).reasons;
        assert_eq!(reasons.len(), 2);
        assert_eq!(
            (reasons[0].reason.as_str(), &reasons[0].items),
            ("there is no `….wav`", &vec!["x".into(), "y".into()])
        );
        assert!(reasons[0].metrics.is_empty() && reasons[0].has_failed());
        assert_eq!(
            (reasons[1].metrics.as_slice(), reasons[1].status),
            (&["hum".to_owned()][..], Status::Undefined)
        );
    }

    #[test]
    fn groups_reasons_that_differ_in_numbers() {
        let mut scores = Vec::new();
        for (item, n, limit) in [("x", "1476", "2.5"), ("y", "852", "2.5"), ("z", "1.5", "2.5")] {
            scores.push(score("a", item, "mcd", Err(&format!("{n} frames."))));
            scores.push(score("a", item, "hum", Err(&format!("more than {limit} s"))));
        }
        let reasons = examined(&scores, &[]).reasons;
        let words: Vec<(&str, usize)> =
            reasons.iter().map(|group| (group.reason.as_str(), group.items.len())).collect();
        // A number that is the same for all is told.
        assert_eq!(words, [("more than 2.5 s", 3), ("… frames.", 3)]);
    }

    #[test]
    fn a_short_name_is_no_part_of_a_number() {
        assert_eq!(
            reason(Some("there is no `1.wav` of 11, 21 or 1"), "1"),
            "there is no `….wav` of 11, 21 or …"
        );
        assert_eq!(reason(None, "1"), "no reason is given");
        assert_eq!(reason(Some("silent"), ""), "silent");
    }
}
