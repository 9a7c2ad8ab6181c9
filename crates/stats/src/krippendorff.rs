//! Krippendorff's alpha: agreement between raters beyond chance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check;
use crate::error::Error;

/// Level of measurement, which defines the distance between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Values are names, either equal or different.
    Nominal,
    /// Values are ordered; the distance is the number of judgments ranked between them.
    Ordinal,
    /// Values are numbers.
    Interval,
}

/// Computes Krippendorff's alpha for judgments of items.
///
/// ```text
/// α = 1 - D_observed / D_expected
/// D_observed = 1/n Σ_items 1/(m-1) Σ_pairs δ²(v, v')      D_expected = 1/(n(n-1)) Σ_pairs of all δ²(v, v')
/// nominal δ² = (v ≠ v')      interval δ² = (v - v')²      ordinal δ² = (n_v/2 + those between + n_v'/2)²
/// ```
///
/// Pairs are ordered pairs of different judgments, m is the number of judgments of an item, and n the number of all
/// judgments of items that have at least two; other items are dropped. 1 is perfect agreement, 0 is chance level, and
/// negative values mean systematic disagreement. Missing judgments are simply absent; the identity of the rater does
/// not matter.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`]; [`Error::TooFew`] if no item has two judgments;
/// [`Error::AllEqual`] if the judgments of all such items are the same, which leaves nothing to agree on.
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
        return Err(Error::TooFew { what: "judgments per item", needed: 2, got: 1 });
    }
    let all: Vec<f64> = by_item.values().flatten().copied().collect();
    check::vary(&all)?;
    let mut sorted = all.clone();
    sorted.sort_by(f64::total_cmp);
    // Middle position of a value's ties among all judgments; differences of these are the ordinal distances.
    let place = |value: f64| {
        let (before, up_to) =
            (sorted.partition_point(|&v| v < value), sorted.partition_point(|&v| v <= value));
        (before + up_to) as f64 / 2.0
    };
    let distances = |of: &[f64]| match scale {
        Scale::Nominal => different_pairs(of),
        Scale::Ordinal => squared_distances(&of.iter().map(|&value| place(value)).collect::<Vec<_>>()),
        Scale::Interval => squared_distances(of),
    };
    let observed: f64 = by_item.values().map(|of| distances(of) / (of.len() as f64 - 1.0)).sum();
    let expected = distances(&all) / (all.len() as f64 - 1.0);
    if expected == 0.0 {
        // The values differ, but their squared differences underflow.
        return Err(Error::AllEqual { n: all.len(), value: all[0] });
    }
    Ok(1.0 - observed / expected)
}

/// Returns the number of ordered pairs of different values.
fn different_pairs(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let same: usize = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|equal| equal.len().pow(2)).sum();
    (values.len().pow(2) - same) as f64
}

/// Computes the sum of squared distances over ordered pairs: Σ Σ (x - y)² = 2 n Σ (x - x̄)².
fn squared_distances(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    2.0 * n * values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
}
