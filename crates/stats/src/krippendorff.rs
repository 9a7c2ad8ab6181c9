//! Krippendorff's alpha: do raters agree more than chance would have it?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check;
use crate::error::Error;

/// What makes two values different, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Values are names: the same or not.
    Nominal,
    /// Values are ordered; the distance is how many of all judgements lie between them.
    Ordinal,
    /// Values are numbers.
    Interval,
}

/// Krippendorff's alpha of judgements of items.
///
/// ```text
/// α = 1 - D_observed / D_expected
/// D_observed = 1/n Σ_items 1/(m-1) Σ_pairs δ²(v, v')      D_expected = 1/(n(n-1)) Σ_pairs of all δ²(v, v')
/// nominal δ² = (v ≠ v')      interval δ² = (v - v')²      ordinal δ² = (n_v/2 + those between + n_v'/2)²
/// ```
///
/// with ordered pairs of different judgements, m judgements of an item and n of all items that have at least two: others
/// take no part. 1 is agreement, 0 is what chance gives, and less means that raters disagree on purpose. Missing judgements
/// are simply not there; who judged does not matter.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`]; [`Error::TooFew`] when no item has two judgements;
/// [`Error::AllEqual`] when those of all such items are the same, so that there is nothing to agree on.
///
/// # Examples
///
/// ```
/// use mynah_stats::krippendorff::{Scale, alpha};
///
/// let scores = [1.0, 1.0, 2.0, 2.0, 4.0, 5.0, 3.0];
/// let items = [0, 0, 1, 1, 2, 2, 3];
/// assert!(alpha(&scores, &items, Scale::Interval)? > 0.9);
/// assert!(alpha(&scores, &items, Scale::Nominal)? < 0.7);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// K. Krippendorff (2011), "Computing Krippendorff's alpha-reliability", University of Pennsylvania.
pub fn alpha(values: &[f64], items: &[usize], scale: Scale) -> Result<f64, Error> {
    check::values(values)?;
    check::same_length("values", values.len(), "items", items.len())?;
    let mut by_item: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (&value, &item) in values.iter().zip(items) {
        // Adding 0.0 turns -0.0 into 0.0.
        by_item.entry(item).or_default().push(value + 0.0);
    }
    by_item.retain(|_, values| values.len() > 1);
    if by_item.is_empty() {
        return Err(Error::TooFew { what: "judgements of an item", needed: 2, got: 1 });
    }
    let mut levels: Vec<f64> = by_item.values().flatten().copied().collect();
    let n = levels.len() as f64;
    check::vary(&levels)?;
    levels.sort_by(f64::total_cmp);
    let all = levels.clone();
    levels.dedup();
    let counts: Vec<f64> = levels
        .iter()
        .map(|level| (all.partition_point(|v| v <= level) - all.partition_point(|v| v < level)) as f64)
        .collect();
    let distances = distances(&levels, &counts, scale);
    let k = levels.len();

    let mut observed = 0.0;
    for of_item in by_item.values() {
        let mut of_level = vec![0.0; k];
        for value in of_item {
            of_level[levels.partition_point(|level| level < value)] += 1.0;
        }
        observed += pairs(&of_level, &distances) / (of_item.len() as f64 - 1.0);
    }
    let expected = pairs(&counts, &distances) / (n - 1.0);
    Ok(1.0 - observed / expected)
}

/// The squared distance between each two levels.
fn distances(levels: &[f64], counts: &[f64], scale: Scale) -> Vec<Vec<f64>> {
    // The place of a level's middle among all judgements.
    let mut before = 0.0;
    let places: Vec<f64> = counts
        .iter()
        .map(|count| {
            before += count;
            before - count / 2.0
        })
        .collect();
    let distance = |i: usize, j: usize| match scale {
        Scale::Nominal => f64::from(u8::from(i != j)),
        Scale::Ordinal => (places[i] - places[j]).powi(2),
        Scale::Interval => (levels[i] - levels[j]).powi(2),
    };
    (0..levels.len()).map(|i| (0..levels.len()).map(|j| distance(i, j)).collect()).collect()
}

/// The distances of all ordered pairs of judgements; those of a judgement with itself are 0.
fn pairs(counts: &[f64], distances: &[Vec<f64>]) -> f64 {
    let row = |(count, row): (&f64, &Vec<f64>)| {
        count * row.iter().zip(counts).map(|(distance, other)| distance * other).sum::<f64>()
    };
    counts.iter().zip(distances).map(row).sum()
}
