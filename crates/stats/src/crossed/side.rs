//! One of the two systems: its statistic, and the changes of it.

use super::{Runs, Statistic};
use crate::error::Error;

/// Half the width of the interval over which the density at a quantile is taken, in standard errors of the share.
const WOODRUFF: f64 = 1.96;
/// Rounding error of a number of values.
const ROUNDING: f64 = 1e-6;

/// A statistic with the influence of every cell, item and run.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// The statistic.
    pub(super) estimate: f64,
    /// Influence of each cell by run and item; their mean is 0, and the statistic moves with their mean.
    pub(super) influence: Vec<Vec<f64>>,
    /// The statistic without each item; empty if there is only one.
    pub(super) without_item: Vec<f64>,
    /// The statistic of each run by itself.
    pub(super) by_run: Vec<f64>,
    /// Weight of each item.
    pub(super) weights: Vec<f64>,
}

impl Side {
    /// Computes the statistic of complete tables.
    pub(super) fn new(statistic: Statistic, runs: &Runs) -> Result<Self, Error> {
        match statistic {
            Statistic::Mean | Statistic::Proportion => Ok(mean(&runs.values)),
            Statistic::Rate => rate(runs),
            Statistic::Quantile { probability } => quantile(&runs.values, probability),
        }
    }
}

fn mean(values: &[Vec<f64>]) -> Side {
    let estimate = mean_of(values.iter().flatten());
    let influence = values.iter().map(|row| row.iter().map(|value| value - estimate).collect()).collect();
    linear(estimate, influence)
}

/// Completes a side from the influences of its cells.
fn linear(estimate: f64, influence: Vec<Vec<f64>>) -> Side {
    let n_items = influence[0].len();
    let without_item = if n_items < 2 {
        Vec::new()
    } else {
        item_means(&influence).into_iter().map(|item| estimate - item / (n_items as f64 - 1.0)).collect()
    };
    let by_run = influence.iter().map(|row| estimate + mean_of(row.iter())).collect();
    Side { estimate, influence, without_item, by_run, weights: vec![1.0; n_items] }
}

fn rate(runs: &Runs) -> Result<Side, Error> {
    let undefined =
        || Error::Undefined { what: "rate", why: "a run, or all but one of the items, has a total of 0" };
    let (events, totals) = (item_sums(&runs.values), item_sums(&runs.totals));
    let (all_events, all_totals) = (events.iter().sum::<f64>(), totals.iter().sum::<f64>());
    let ratio = |events: f64, totals: f64| if totals > 0.0 { Ok(events / totals) } else { Err(undefined()) };
    let estimate = ratio(all_events, all_totals)?;
    let n_cells = (totals.len() * runs.values.len()) as f64;
    let mean_total = all_totals / n_cells;
    let influence = (runs.values.iter().zip(&runs.totals))
        .map(|(values, totals)| {
            values
                .iter()
                .zip(totals)
                .map(|(value, total)| (value - estimate * total) / mean_total)
                .collect::<Vec<f64>>()
        })
        .collect();
    let without_item = if totals.len() < 2 {
        Vec::new()
    } else {
        let without = events.iter().zip(&totals).map(|(e, t)| ratio(all_events - e, all_totals - t));
        without.collect::<Result<_, _>>()?
    };
    let by_run = (runs.values.iter().zip(&runs.totals))
        .map(|(values, totals)| ratio(values.iter().sum(), totals.iter().sum()))
        .collect::<Result<_, _>>()?;
    Ok(Side { estimate, influence, without_item, by_run, weights: totals })
}

/// Linearizes a quantile with the density over an interval of the shares around it.
fn quantile(values: &[Vec<f64>], probability: f64) -> Result<Side, Error> {
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let estimate = at(&sorted, probability);
    let share = |&value: &f64| probability - f64::from(u8::from(value <= estimate));
    let shares: Vec<Vec<f64>> = values.iter().map(|row| row.iter().map(share).collect()).collect();
    let half = WOODRUFF * share_error(&shares).max(0.5 / sorted.len() as f64);
    // Five values beyond the quantile leave room for two standard errors of their number.
    let needed = (5.0 / probability.min(1.0 - probability) - ROUNDING).ceil() as usize;
    let n_items = values[0].len();
    if n_items < needed || probability - half < 0.0 || probability + half > 1.0 {
        let needed = needed.max(n_items + 1);
        return Err(Error::TooFew { what: "utterances for this quantile", needed, got: n_items });
    }
    let slope = (at(&sorted, probability + half) - at(&sorted, probability - half)) / (2.0 * half);
    // The mean of the shares is not exactly 0, since a quantile lies between values.
    let offset = mean_of(shares.iter().flatten());
    let influence =
        shares.iter().map(|row| row.iter().map(|share| slope * (share - offset)).collect()).collect();
    Ok(linear(estimate, influence))
}

/// Returns the standard error of a mean over items, or over runs if that is larger.
fn share_error(shares: &[Vec<f64>]) -> f64 {
    let error = |means: &[f64]| {
        let n = means.len() as f64;
        let mean = means.iter().sum::<f64>() / n;
        let squares: f64 = means.iter().map(|value| (value - mean).powi(2)).sum();
        if n < 2.0 { 0.0 } else { (squares / (n - 1.0) / n).sqrt() }
    };
    let runs: Vec<f64> = shares.iter().map(|row| mean_of(row.iter())).collect();
    error(&item_means(shares)).max(error(&runs))
}

/// Returns the quantile of sorted values by linear interpolation, the seventh definition of Hyndman and Fan.
fn at(sorted: &[f64], probability: f64) -> f64 {
    let position = probability * (sorted.len() - 1) as f64;
    let below = (position.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

fn mean_of<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for value in values {
        sum += value;
        n += 1.0;
    }
    sum / n
}

/// Sums the rows of a table, item by item.
fn item_sums(rows: &[Vec<f64>]) -> Vec<f64> {
    (0..rows[0].len()).map(|item| rows.iter().map(|row| row[item]).sum()).collect()
}

/// Returns the mean of each item over the runs.
pub(super) fn item_means(rows: &[Vec<f64>]) -> Vec<f64> {
    item_sums(rows).into_iter().map(|sum| sum / rows.len() as f64).collect()
}
