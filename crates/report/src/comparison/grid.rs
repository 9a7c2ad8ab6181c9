//! The scores of each metric as a grid with a row for every item and a column for every system.

use std::collections::{BTreeMap, BTreeSet};

use mynah_metrics::{Score, Status};

use super::better::Better;
use super::documents::MetricNote;
use crate::error::Error;

/// The scores of one profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid<'a> {
    /// Short name of the metric.
    pub(crate) metric: &'a str,
    /// Definition and version.
    pub(crate) profile: &'a str,
    /// Unit of all values.
    pub(crate) unit: &'a str,
    /// Direction in which the metric is better, if its note has one.
    pub(crate) better: Option<Better>,
    /// Every item for which any system has a row, sorted by name.
    pub(crate) items: Vec<&'a str>,
    /// Columns in the order in which the systems first occur in all scores; systems without a row of this profile are
    /// left out.
    pub(crate) columns: Vec<GridColumn<'a>>,
}

/// The scores of one system by one profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GridColumn<'a> {
    /// Name of the system.
    pub(crate) system: &'a str,
    /// Training step, if all rows that name one agree.
    pub(crate) step: Option<u64>,
    /// One entry for each item of the grid; `None` if there is no row.
    pub(crate) scores: Vec<Option<&'a Score>>,
    /// Weights of the items, 1 on average; all are 1 unless the metric is a pooled rate.
    weights: Vec<f64>,
}

impl<'a> GridColumn<'a> {
    /// Returns the value of each item of the grid.
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<f64>> + use<'_, 'a> {
        self.scores.iter().map(|score| score.and_then(|score| score.value))
    }

    /// Returns the share of each item in the value of the system, which is their mean: the value, and of a pooled rate the value
    /// times the weight of the item.
    pub(crate) fn shares(&self) -> impl Iterator<Item = Option<f64>> + use<'_, 'a> {
        self.values().zip(&self.weights).map(|(value, weight)| Some(value? * weight))
    }

    /// Returns the weights of the items.
    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Counts the rows with a status.
    pub(crate) fn count(&self, status: Status) -> usize {
        self.scores.iter().flatten().filter(|score| score.status == status).count()
    }
}

/// Arranges scores into grids, one for each profile.
///
/// Metrics are in the order of the notes, then by name; items are sorted by name. So only the order of the systems
/// depends on the order of the rows.
///
/// # Errors
///
/// Returns [`Error::DuplicateScore`] when two rows have the same system, item and profile, and [`Error::BadScore`] when
/// a row's status and value contradict each other, a value is not finite, or rows of one profile name two metrics or
/// units.
pub(crate) fn grids<'a>(scores: &'a [Score], notes: &[MetricNote]) -> Result<Vec<Grid<'a>>, Error> {
    check(scores)?;
    let mut systems: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_profile: BTreeMap<&str, Vec<&Score>> = BTreeMap::new();
    for score in scores {
        let next = systems.len();
        systems.entry(&score.system).or_insert(next);
        by_profile.entry(&score.profile).or_default().push(score);
    }
    let mut grids: Vec<Grid<'a>> =
        by_profile.into_iter().map(|(profile, rows)| grid(profile, &rows, &systems, notes)).collect();
    let place = |grid: &Grid<'_>| notes.iter().position(|note| note.profile == grid.profile);
    grids.sort_by_key(|grid| place(grid).unwrap_or(usize::MAX));
    Ok(grids)
}

/// Builds the grid of the rows of one profile, of which there is at least one.
fn grid<'a>(
    profile: &'a str,
    rows: &[&'a Score],
    order: &BTreeMap<&str, usize>,
    notes: &[MetricNote],
) -> Grid<'a> {
    let items: BTreeSet<&str> = rows.iter().map(|row| row.item.as_str()).collect();
    let index: BTreeMap<&str, usize> = items.iter().zip(0..).map(|(item, index)| (*item, index)).collect();
    let mut columns: BTreeMap<usize, GridColumn<'a>> = BTreeMap::new();
    for row in rows {
        let column = columns.entry(order[row.system.as_str()]).or_insert_with(|| GridColumn {
            system: &row.system,
            step: None,
            scores: vec![None; items.len()],
            weights: vec![1.0; items.len()],
        });
        column.scores[index[row.item.as_str()]] = Some(row);
    }
    let mut columns: Vec<GridColumn<'a>> = columns.into_values().collect();
    let note = notes.iter().find(|note| note.profile == profile);
    for column in &mut columns {
        column.step = one_step(&column.scores);
        if note.is_some_and(|note| note.pooled) {
            column.weights = weights(&column.scores);
        }
    }
    Grid {
        metric: &rows[0].metric,
        profile,
        unit: &rows[0].unit,
        better: note.and_then(|note| note.better),
        items: items.into_iter().collect(),
        columns,
    }
}

/// Returns the weights by which the mean of the items becomes a pooled rate: the denominator of each, by the mean of all that
/// have a value.
fn weights(scores: &[Option<&Score>]) -> Vec<f64> {
    let of = |score: Option<&Score>| score.filter(|score| score.value.is_some())?.frames;
    let known: Vec<u64> = scores.iter().copied().filter_map(of).collect();
    let mean = known.iter().sum::<u64>() as f64 / known.len().max(1) as f64;
    // Without denominators, or with none but zeros, every item counts alike.
    let weight = |score| of(score).filter(|_| mean > 0.0).map_or(1.0, |frames| frames as f64 / mean);
    scores.iter().copied().map(weight).collect()
}

/// Returns the training step that all rows with a step agree on.
fn one_step(scores: &[Option<&Score>]) -> Option<u64> {
    let steps: BTreeSet<u64> = scores.iter().flatten().filter_map(|score| score.step).collect();
    if steps.len() == 1 { steps.first().copied() } else { None }
}

/// Rejects rows that contradict themselves or each other.
fn check(scores: &[Score]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut units: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for score in scores {
        let bad = |why| Error::BadScore {
            system: score.system.clone(),
            item: score.item.clone(),
            profile: score.profile.clone(),
            why,
        };
        match (score.status, score.value) {
            (Status::Ok, None) => return Err(bad("its status is `ok`, but it has no value")),
            (Status::Ok, Some(value)) if !value.is_finite() => {
                return Err(bad("its value is not a finite number"));
            }
            (Status::Undefined | Status::Failed, Some(_)) => {
                return Err(bad("it has a value, but its status is not `ok`"));
            }
            _ => {}
        }
        let known = *units.entry(&score.profile).or_insert((&score.metric, &score.unit));
        if known != (score.metric.as_str(), score.unit.as_str()) {
            return Err(bad("another row of this profile has another metric or unit"));
        }
        if !seen.insert((&score.profile, &score.system, &score.item)) {
            return Err(Error::DuplicateScore {
                system: score.system.clone(),
                item: score.item.clone(),
                profile: score.profile.clone(),
            });
        }
    }
    Ok(())
}
