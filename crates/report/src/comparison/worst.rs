//! The worst items of each system, to listen to.

use std::collections::{BTreeMap, BTreeSet};

use mynah_metrics::{Score, Status};
use serde::Serialize;

use super::documents::MetricNote;
use super::grid::{Grid, grids};
use crate::error::Error;
use crate::figure::number;

/// An item on which a system did badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorstItem {
    /// Name of the system.
    pub system: String,
    /// Name of the item.
    pub item: String,
    /// Description of the fault, such as `mcd 9.1 dB, mean of all 5.3 dB`.
    pub why: String,
}

/// Severity of one item of one system; failures rank above all numbers.
#[derive(Debug, Clone, PartialEq)]
struct Badness {
    failed: bool,
    deviations: f64,
    why: String,
}

/// Returns the `count` worst items of each system, the worst first; systems are in the order in which they first occur.
///
/// ```text
/// deviations = (loss − mean) / sd      loss = |value − perfect|, mean and sd over all items and systems of the metric
/// ```
///
/// An item that failed is worse than any that did not. Among the others, the one with the largest deviation by any
/// metric is the worst, so a sentence that went wrong is found whatever the fault. Metrics without a value of a perfect
/// copy, or whose losses do not vary, are left out. Ties go by the name of the item.
///
/// # Errors
///
/// Returns the errors of [`super::summarize`].
pub fn worst_items(scores: &[Score], notes: &[MetricNote], count: usize) -> Result<Vec<WorstItem>, Error> {
    let mut order: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for score in scores {
        if known.insert(score.system.as_str()) {
            order.push(&score.system);
        }
    }
    let mut worst: BTreeMap<(&str, &str), Badness> = BTreeMap::new();
    let grids = grids(scores, notes)?;
    for grid in &grids {
        rate(grid, &mut worst);
    }
    let mut found = Vec::new();
    for system in order {
        let mut items: Vec<(&str, &Badness)> = worst
            .range((system, "")..)
            .take_while(|((of, _), _)| *of == system)
            .map(|((_, item), badness)| (*item, badness))
            .collect();
        // Items are sorted by name, and the stable sort keeps that order in ties.
        items.sort_by(|(_, a), (_, b)| {
            b.failed.cmp(&a.failed).then_with(|| b.deviations.total_cmp(&a.deviations))
        });
        let item = |(item, badness): (&str, &Badness)| WorstItem {
            system: system.to_owned(),
            item: item.to_owned(),
            why: badness.why.clone(),
        };
        found.extend(items.into_iter().take(count).map(item));
    }
    Ok(found)
}

/// Records the worst severity by any metric for each system and item.
fn rate<'a>(grid: &Grid<'a>, worst: &mut BTreeMap<(&'a str, &'a str), Badness>) {
    let mut note = |system: &'a str, item: &'a str, badness: Badness| {
        let known = worst.entry((system, item)).or_insert_with(|| badness.clone());
        if (badness.failed, badness.deviations) > (known.failed, known.deviations) {
            *known = badness;
        }
    };
    for column in &grid.columns {
        for (item, score) in grid.items.iter().zip(&column.scores) {
            if let Some(score) = score.filter(|score| score.status == Status::Failed) {
                let why = format!("failed: {}", score.reason.as_deref().unwrap_or("no reason is given"));
                note(column.system, item, Badness { failed: true, deviations: 0.0, why });
            }
        }
    }
    let Some(better) = grid.better else { return };
    let all: Vec<f64> = grid
        .columns
        .iter()
        .flat_map(|column| column.values().flatten().map(|value| better.loss(value)).collect::<Vec<_>>())
        .collect();
    let Some((mean, deviation)) = spread(&all) else { return };
    let values: Vec<f64> =
        grid.columns.iter().flat_map(|column| column.values().flatten().collect::<Vec<_>>()).collect();
    let mean_value = values.iter().sum::<f64>() / values.len() as f64;
    let unit = if grid.unit.is_empty() { String::new() } else { format!(" {}", grid.unit) };
    // Two digits of the deviation.
    let decimals = (1.0 - deviation.log10().floor()).clamp(0.0, 6.0) as usize;
    for column in &grid.columns {
        for (item, value) in grid.items.iter().zip(column.values()) {
            let Some(value) = value else { continue };
            let deviations = (better.loss(value) - mean) / deviation;
            let why = format!(
                "{} {}{unit}, mean of all {}{unit}",
                grid.metric,
                number(value, decimals),
                number(mean_value, decimals)
            );
            note(column.system, item, Badness { failed: false, deviations, why });
        }
    }
}

/// Computes mean and standard deviation; `None` if the spread cannot be divided by.
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    (mean.is_finite() && deviation.is_finite() && deviation > mean.abs() * 1e-12).then_some((mean, deviation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Better;

    fn score(system: &str, item: &str, metric: &str, value: Result<f64, &str>) -> Score {
        Score {
            system: system.into(),
            step: None,
            item: item.into(),
            metric: metric.into(),
            profile: format!("{metric}/1"),
            unit: if metric == "mcd" { "dB".into() } else { String::new() },
            status: if value.is_ok() { Status::Ok } else { Status::Failed },
            value: value.ok(),
            reason: value.err().map(str::to_owned),
            frames: None,
            better: None,
        }
    }

    fn worst(scores: &[Score], count: usize) -> Vec<(String, String, String)> {
        let notes = ["mcd/1", "f0/1"].map(|profile| MetricNote {
            profile: profile.into(),
            explanation: String::new(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        });
        let worst = worst_items(scores, &notes, count).unwrap();
        worst.into_iter().map(|worst| (worst.system, worst.item, worst.why)).collect()
    }

    fn triple(system: &str, item: &str, why: &str) -> (String, String, String) {
        (system.into(), item.into(), why.into())
    }

    #[test]
    fn finds_the_worst_fault_on_either_side_of_perfect() {
        let mut scores = Vec::new();
        for (index, item) in ["a", "b", "c", "d", "e", "f", "g", "h"].iter().enumerate() {
            let wobble = index as f64 / 10.0;
            scores.push(score("voice", item, "mcd", Ok(if *item == "g" { 9.0 } else { 5.0 + wobble })));
            scores.push(score("voice", item, "f0", Ok(if *item == "c" { -50.0 } else { wobble })));
        }
        // c: loss 50, mean of all 6.575, far more deviations than the 9 dB of g.
        assert_eq!(
            worst(&scores, 2),
            [
                triple("voice", "c", "f0 −50, mean of all −6"),
                triple("voice", "g", "mcd 9.0 dB, mean of all 5.8 dB")
            ]
        );
    }

    #[test]
    fn puts_failures_first_and_breaks_ties_by_name() {
        let scores = [
            score("b", "x", "mcd", Ok(9.0)),
            score("b", "z", "mcd", Err("no wav")),
            score("b", "y", "mcd", Err("empty")),
            score("a", "y", "mcd", Ok(3.0)),
            score("a", "x", "mcd", Ok(3.0)),
        ];
        assert_eq!(
            worst(&scores, 2),
            [
                triple("b", "y", "failed: empty"),
                triple("b", "z", "failed: no wav"),
                triple("a", "x", "mcd 3.0 dB, mean of all 5.0 dB"),
                triple("a", "y", "mcd 3.0 dB, mean of all 5.0 dB"),
            ]
        );
    }

    #[test]
    fn ignores_losses_that_are_constant_or_overflow() {
        let equal = [score("a", "x", "mcd", Ok(0.1)), score("a", "y", "mcd", Ok(0.1))];
        assert_eq!(worst(&equal, 2), []);
        let huge = [score("a", "x", "mcd", Ok(f64::MAX)), score("a", "y", "mcd", Ok(-f64::MAX))];
        assert_eq!(worst(&huge, 2), []);
        assert_eq!(worst(&[], 2), []);
    }
}
