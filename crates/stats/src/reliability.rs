//! Reliability: agreement of each rater with the others, and stability of the ranking of systems.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::check;
use crate::error::Error;
use crate::ranks::Ranks;

/// Computes the correlation of each rater with the mean of all others on the same items, by rater name.
///
/// ```text
/// Pearson's r of y_rater,item and the mean of y_other,item over the others, over the items that others judged too
/// ```
///
/// The rater is excluded from the mean; otherwise few raters always seem to agree. For a rater without a correlation
/// the result holds the reason: fewer than three items in common with others, or the same answer throughout.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`].
///
/// # Examples
///
/// ```
/// use mynah_stats::reliability::leave_one_out;
///
/// let scores = [1.0, 3.0, 5.0, 2.0, 3.0, 4.0, 5.0, 4.0, 1.0];
/// let raters = [0, 0, 0, 1, 1, 1, 2, 2, 2];
/// let items = [0, 1, 2, 0, 1, 2, 0, 1, 2];
/// let correlations = leave_one_out(&scores, &raters, &items)?;
/// assert!(correlations[&2].as_ref().is_ok_and(|r| *r < -0.9), "one rater reversed the scale");
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn leave_one_out(
    values: &[f64],
    raters: &[usize],
    items: &[usize],
) -> Result<BTreeMap<usize, Result<f64, Error>>, Error> {
    check::values(values)?;
    check::same_length("values", values.len(), "raters", raters.len())?;
    check::same_length("values", values.len(), "items", items.len())?;
    let mut of_item: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let mut of_cell: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
    for ((&value, &rater), &item) in values.iter().zip(raters).zip(items) {
        for entry in [of_item.entry(item).or_default(), of_cell.entry((rater, item)).or_default()] {
            entry.0 += value;
            entry.1 += 1.0;
        }
    }
    let mut pairs: BTreeMap<usize, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (&(rater, item), &(sum, count)) in &of_cell {
        let (own, others) = pairs.entry(rater).or_default();
        let (all, n_all) = of_item[&item];
        if n_all > count {
            own.push(sum / count);
            others.push((all - sum) / (n_all - count));
        }
    }
    Ok(pairs.into_iter().map(|(rater, (own, others))| (rater, pearson(&own, &others))).collect())
}

/// Computes Pearson's correlation of pairs of values.
///
/// # Errors
///
/// [`Error::LengthMismatch`], [`Error::NotFinite`]; [`Error::TooFew`] for fewer than three pairs; [`Error::AllEqual`]
/// if one side does not vary.
pub fn pearson(first: &[f64], second: &[f64]) -> Result<f64, Error> {
    check::same_length("first", first.len(), "second", second.len())?;
    if first.len() < 3 {
        return Err(Error::TooFew { what: "pairs of values", needed: 3, got: first.len() });
    }
    for values in [first, second] {
        check::values(values)?;
        check::vary(values)?;
    }
    let n = first.len() as f64;
    let (mean1, mean2) = (first.iter().sum::<f64>() / n, second.iter().sum::<f64>() / n);
    let (mut both, mut squares1, mut squares2) = (0.0, 0.0, 0.0);
    for (x, y) in first.iter().zip(second) {
        both += (x - mean1) * (y - mean2);
        squares1 += (x - mean1).powi(2);
        squares2 += (y - mean2).powi(2);
    }
    for (values, squares) in [(first, squares1), (second, squares2)] {
        if squares == 0.0 {
            // The values differ, but their squared differences underflow.
            return Err(Error::AllEqual { n: values.len(), value: values[0] });
        }
    }
    Ok((both / squares1.sqrt() / squares2.sqrt()).clamp(-1.0, 1.0))
}

/// Computes Spearman's correlation, which is Pearson's of the average ranks.
///
/// # Errors
///
/// Those of [`pearson`].
pub fn spearman(first: &[f64], second: &[f64]) -> Result<f64, Error> {
    check::same_length("first", first.len(), "second", second.len())?;
    let ranks = |values: &[f64]| -> Result<Vec<f64>, Error> {
        check::values(values)?;
        Ok(Ranks::of(values).doubled.iter().map(|&rank| rank as f64).collect())
    };
    pearson(&ranks(first)?, &ranks(second)?)
}

/// Stability of the ranking of systems between random halves of the raters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitHalf {
    /// Mean over the splits of Spearman's correlation between the system means of the two halves.
    pub mean: f64,
    /// Lowest correlation of any split.
    pub lowest: f64,
    /// Share of splits in which both halves rank the same system first.
    pub same_best: f64,
    /// Number of splits with a defined correlation.
    pub n_splits: usize,
}

/// Splits the raters into random halves repeatedly and compares the rankings of the systems.
///
/// With an odd number of raters, one half has one more. Splits in which a system lacks ratings in a half, or all
/// systems of a half have the same mean, are skipped. Ties for first place count as agreement only if the tied sets are
/// equal.
///
/// Library only: simultaneous intervals say which systems differ, with a probability of error, which a correlation of two
/// halves does not. Kept for comparison with papers that report it.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`]; [`Error::TooFew`] for fewer than two raters,
/// three systems or one split; [`Error::TooFewDefined`] if fewer than half of the splits have a correlation.
pub fn split_half(
    values: &[f64],
    systems: &[usize],
    raters: &[usize],
    n_splits: usize,
    seed: u64,
) -> Result<SplitHalf, Error> {
    check::values(values)?;
    check::same_length("values", values.len(), "systems", systems.len())?;
    check::same_length("values", values.len(), "raters", raters.len())?;
    let (system_of, system_names) = crate::design::numbered(systems);
    let (rater_of, rater_names) = crate::design::numbered(raters);
    for (what, needed, got) in
        [("raters", 2, rater_names.len()), ("systems", 3, system_names.len()), ("splits", 1, n_splits)]
    {
        if got < needed {
            return Err(Error::TooFew { what, needed, got });
        }
    }
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..rater_names.len()).collect();
    let (mut correlations, mut n_same) = (Vec::new(), 0);
    for _ in 0..n_splits {
        for last in (1..order.len()).rev() {
            let pick = (u128::from(generator.next_u64()) * (last as u128 + 1)) >> 64;
            order.swap(last, pick as usize);
        }
        let first: BTreeSet<usize> = order[..order.len() / 2].iter().copied().collect();
        let mut sums = [vec![0.0; system_names.len()], vec![0.0; system_names.len()]];
        let mut counts = sums.clone();
        for ((value, &system), rater) in values.iter().zip(&system_of).zip(&rater_of) {
            let half = usize::from(first.contains(rater));
            sums[half][system] += value;
            counts[half][system] += 1.0;
        }
        if counts.iter().flatten().any(|&count| count == 0.0) {
            continue;
        }
        let means = |half: usize| -> Vec<f64> {
            sums[half].iter().zip(&counts[half]).map(|(sum, count)| sum / count).collect()
        };
        let (one, other) = (means(0), means(1));
        if let Ok(correlation) = spearman(&one, &other) {
            correlations.push(correlation);
            n_same += usize::from(best(&one) == best(&other));
        }
    }
    if 2 * correlations.len() < n_splits {
        return Err(Error::TooFewDefined { defined: correlations.len(), n: n_splits });
    }
    let n = correlations.len() as f64;
    Ok(SplitHalf {
        mean: correlations.iter().sum::<f64>() / n,
        lowest: correlations.iter().copied().fold(1.0, f64::min),
        same_best: f64::from(n_same as u32) / n,
        n_splits: correlations.len(),
    })
}

/// Returns the positions of the largest value.
fn best(means: &[f64]) -> Vec<usize> {
    let largest = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (0..means.len()).filter(|&index| means[index] >= largest).collect()
}
