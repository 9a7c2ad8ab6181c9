//! Hodges-Lehmann estimates of a shift, with the intervals that match the rank tests.

use crate::check;
use crate::distribution::normal_quantile;
use crate::error::Error;
use crate::mann_whitney::rank_sum_distribution;
use crate::result::Interval;
use crate::wilcoxon::sign_distribution;

/// Number of values up to which the interval uses the exact distribution of the signed-rank statistic.
const EXACT_UP_TO: usize = 50;
/// Product of the sample sizes up to which the interval uses the exact distribution of the rank-sum statistic.
const EXACT_PAIRS: usize = 2_500;
/// Largest number of pairs. All are formed and partly sorted: 20 million take 160 MB.
const PAIRS_LIMIT: usize = 20_000_000;

/// Estimates the pseudomedian of differences, the median of the means of all pairs, with an interval.
///
/// ```text
/// estimate = median of (dᵢ + dⱼ)/2 over i ≤ j      interval = the k-th smallest to the k-th largest of them
/// ```
///
/// Here k is the largest number for which the signed-rank statistic stays below k with a probability of at most (1 -
/// level)/2: exactly for up to 50 differences, by the normal approximation for more. The interval holds the shifts that
/// the test does not reject, with zeros and ties treated as differences that merely happen to be close; its coverage is
/// at least the level.
///
/// The differences are assumed independent.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::OutOfRange`] if the level is not strictly between 0 and 1;
/// [`Error::TooFew`] if no interval of so few differences reaches the level (95 % takes six);
/// [`Error::TooLargeForExact`] for more than 6,323 differences.
///
/// # Examples
///
/// ```
/// let differences = [1.3, 0.4, -0.2, 2.1, 0.9, 1.7, 0.6];
/// let shift = mynah_stats::hodges_lehmann::one_sample(&differences, 0.95)?;
/// assert!((shift.estimate - 0.95).abs() < 1e-12);
/// assert!(shift.low < shift.estimate && shift.estimate < shift.high);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// J. L. Hodges and E. L. Lehmann (1963), "Estimates of location based on rank tests", Annals of Mathematical Statistics
/// 34, 598-611. M. Hollander and D. A. Wolfe, "Nonparametric statistical methods", 3.2 and 3.3.
pub fn one_sample(differences: &[f64], level: f64) -> Result<Interval, Error> {
    check::values(differences)?;
    check::probability("level", level)?;
    let n = differences.len();
    let n_pairs = n * (n + 1) / 2;
    if n_pairs > PAIRS_LIMIT {
        return Err(Error::TooLargeForExact { what: "pairs of differences", n: n_pairs, limit: PAIRS_LIMIT });
    }
    let tail = 0.5 - level / 2.0;
    let k = if n <= EXACT_UP_TO {
        order_of(&sign_distribution(&(1..=n).collect::<Vec<_>>()), tail)
    } else {
        let n = n as f64;
        approximate_order(n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0, tail)
    };
    if k == 0 {
        let needed = (1..1100).find(|&needed| 0.5_f64.powi(needed) <= tail).unwrap_or(1100);
        return Err(Error::TooFew { what: "differences", needed: needed as usize, got: n });
    }
    let means: Vec<f64> = (0..n)
        .flat_map(|i| differences[i..].iter().map(move |other| 0.5 * (differences[i] + other)))
        .collect();
    Ok(between(means, k, level))
}

/// Estimates the shift between two independent samples, the median of all differences, with an interval.
///
/// ```text
/// estimate = median of xᵢ - yⱼ      interval = the k-th smallest to the k-th largest of them
/// ```
///
/// Here k is as in [`one_sample`], but for the rank-sum statistic: exactly for up to 2,500 pairs.
///
/// Library only: the programs compare systems on the same sentences, for which [`one_sample`] is right. Kept for ratings of
/// different sentences.
///
/// # Errors
///
/// Those of [`one_sample`]; [`Error::TooLargeForExact`] for more than 20 million pairs.
///
/// # References
///
/// As [`one_sample`]; Hollander and Wolfe, 4.2 and 4.3.
pub fn two_sample(first: &[f64], second: &[f64], level: f64) -> Result<Interval, Error> {
    check::values(first)?;
    check::values(second)?;
    check::probability("level", level)?;
    let (n1, n2) = (first.len(), second.len());
    let n_pairs = n1.saturating_mul(n2);
    if n_pairs > PAIRS_LIMIT {
        return Err(Error::TooLargeForExact { what: "pairs of values", n: n_pairs, limit: PAIRS_LIMIT });
    }
    let tail = 0.5 - level / 2.0;
    let k = if n_pairs <= EXACT_PAIRS {
        order_of(&rank_sum_distribution(n1, n2), tail)
    } else {
        let pairs = n_pairs as f64;
        approximate_order(pairs / 2.0, pairs * (n1 + n2 + 1) as f64 / 12.0, tail)
    };
    if k == 0 {
        return Err(Error::TooFew {
            what: "pairs of values for this level",
            needed: n_pairs + 1,
            got: n_pairs,
        });
    }
    let differences: Vec<f64> = first.iter().flat_map(|x| second.iter().map(move |y| x - y)).collect();
    Ok(between(differences, k, level))
}

/// Returns the largest k with P(statistic < k) ≤ tail.
fn order_of(probabilities: &[f64], tail: f64) -> usize {
    let mut below = 0.0;
    for (k, probability) in probabilities.iter().enumerate() {
        below += probability;
        if below > tail {
            return k;
        }
    }
    probabilities.len()
}

/// Returns the same by the normal approximation, with the statistic midway between two of its values.
fn approximate_order(mean: f64, variance: f64, tail: f64) -> usize {
    (mean + 0.5 + normal_quantile(tail) * variance.sqrt()).floor().max(0.0) as usize
}

/// Returns the median with the k-th smallest and the k-th largest value.
fn between(mut values: Vec<f64>, k: usize, level: f64) -> Interval {
    let n = values.len();
    let mut nth = |index: usize| *values.select_nth_unstable_by(index, f64::total_cmp).1;
    let estimate = 0.5 * (nth((n - 1) / 2) + nth(n / 2));
    // A level near 0 may ask for more values on either side than there are.
    let k = k.min(n.div_ceil(2));
    let (low, high) = (nth(k - 1), nth(n - k));
    Interval { estimate, low, high, level }
}
