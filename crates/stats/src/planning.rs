//! Planning: the probability that a test reaches its goal, and the size needed for it.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use crate::check;
use crate::distribution::{normal_upper_tail, student_quantile};
use crate::error::Error;
use crate::power::{Components, Precision, Size, precision};

/// Step of the integral over the estimated error, in standard deviations of its logarithm.
const STEP: f64 = 0.01;
/// Range of the integral to either side, in the same unit.
const REACH: f64 = 8.0;
/// Negative log of the neglected slow tail at very few degrees of freedom.
const TAIL: f64 = 45.0;
/// Largest size of a listening test.
const LARGEST: u32 = 1 << 24;

/// Goal of a test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Goal {
    /// Showing that there is a difference, by a two-sided t test.
    Difference,
    /// Showing that the difference is within ± margin, by two one-sided tests.
    Equivalence {
        /// Largest difference that still counts as equal.
        margin: f64,
    },
    /// Showing that the difference is above -margin.
    NonInferiority {
        /// Largest loss that still counts as no worse.
        margin: f64,
    },
}

/// The number of a [`Size`] to solve for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Number of sentences.
    Items,
    /// Number of raters per sentence; at most the number of raters.
    RatingsPerItem,
    /// Number of raters in the pool.
    Raters,
}

/// Computes the probability that a test of a given size reaches its goal if the true difference is `difference`.
///
/// ```text
/// s² ~ χ²_ν/ν, c = t_{1-alpha/2} or t_{1-alpha} times E/SE, with the degrees of freedom ν and the error E expected of the
/// jackknife (Clustered::jackknifed), SE as in power
/// difference       E Φ(|d|/SE - c s) + E Φ(-|d|/SE - c s)                       the noncentral t distribution if E = SE
/// non-inferiority  E Φ((margin + d)/SE - c s)
/// equivalence      E max(0, Φ((margin - d)/SE - c s) - Φ(-(margin + d)/SE + c s))
/// ```
///
/// The expectation over the estimated error s is integrated numerically, to about 1e-5. This is exact for normal means if
/// the square of the two-way error is distributed as a single mean square with ν degrees of freedom. In simulated studies
/// (`cargo run --release -p mynah-stats --example planned_power`) the verdict reaches its goal as often as computed here,
/// to within two percent.
///
/// # Errors
///
/// Those of [`power`](crate::power::power()); [`Error::OutOfRange`] for a margin that is not positive or a difference that is not finite.
///
/// # Examples
///
/// ```
/// use mynah_stats::planning::{Goal, probability_of};
/// use mynah_stats::power::{Components, Size};
///
/// // Fifty sentences, sixty raters, twenty judgments each: enough for ±0.2 if the systems are equal.
/// let size = Size { items: 50, ratings_per_item: 20, raters: 60 };
/// let goal = Goal::Equivalence { margin: 0.2 };
/// let reached = probability_of(goal, 0.0, &Components::default(), &size, 0.05)?;
/// assert!(reached > 0.8);
/// // If the system is slightly worse, the same test is mostly inconclusive.
/// assert!(probability_of(goal, -0.1, &Components::default(), &size, 0.05)? < 0.5);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// D. B. Owen (1965), "A special case of a bivariate non-central t-distribution", Biometrika 52, 437-446. K. F. Phillips
/// (1990), "Power of the two one-sided tests procedure in bioequivalence", Journal of Pharmacokinetics and Biopharmaceutics
/// 18, 137-144.
pub fn probability_of(
    goal: Goal,
    difference: f64,
    components: &Components,
    size: &Size,
    alpha: f64,
) -> Result<f64, Error> {
    check::finite("difference", difference)?;
    if let Goal::Equivalence { margin } | Goal::NonInferiority { margin } = goal {
        check::positive("margin", margin)?;
    }
    check::alpha(alpha)?;
    let precision = precision(components, size)?;
    check::positive("standard_error", precision.standard_error)?;
    Ok(reached(goal, difference, &precision, alpha))
}

/// Computes the probability that a test of a given precision reaches its goal.
pub(crate) fn reached(goal: Goal, difference: f64, precision: &Precision, alpha: f64) -> f64 {
    let Precision { standard_error, estimated_error, degrees_of_freedom: degrees } = *precision;
    let shift = difference / standard_error;
    let critical = |tail: f64| student_quantile(1.0 - tail, degrees) * estimated_error / standard_error;
    let below = |z: f64| normal_upper_tail(-z);
    let reached = match goal {
        Goal::Difference => {
            let critical = critical(alpha / 2.0);
            expectation(degrees, f64::INFINITY, |s| {
                below(shift.abs() - critical * s) + below(-shift.abs() - critical * s)
            })
        }
        Goal::NonInferiority { margin } => {
            let critical = critical(alpha);
            let margin = margin / standard_error;
            expectation(degrees, f64::INFINITY, |s| below(margin + shift - critical * s))
        }
        Goal::Equivalence { margin } => {
            let critical = critical(alpha);
            let margin = margin / standard_error;
            // Beyond this, the interval is wider than the margins.
            expectation(degrees, margin / critical, |s| {
                below(margin - shift - critical * s) - below(-margin - shift + critical * s)
            })
        }
    };
    reached.clamp(0.0, 1.0)
}

/// Finds the smallest test that reaches its goal with the desired probability, given the other two numbers of its size.
///
/// The number to solve for is ignored in `size` and replaced in the result.
///
/// # Errors
///
/// Those of [`probability_of`]; [`Error::Unattainable`] if no number suffices: with twenty raters who differ, no number
/// of sentences makes the error of their mean small.
///
/// # Examples
///
/// ```
/// use mynah_stats::planning::{Goal, Unknown, smallest_size};
/// use mynah_stats::power::{Components, Size};
///
/// let size = Size { items: 0, ratings_per_item: 20, raters: 60 };
/// let goal = Goal::Equivalence { margin: 0.2 };
/// let needed = smallest_size(goal, 0.0, &Components::default(), &size, Unknown::Items, 0.05, 0.8)?;
/// assert!((45..=50).contains(&needed.items));
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn smallest_size(
    goal: Goal,
    difference: f64,
    components: &Components,
    size: &Size,
    unknown: Unknown,
    alpha: f64,
    power: f64,
) -> Result<Size, Error> {
    check::probability("power", power)?;
    let with = |number: u32| match unknown {
        Unknown::Items => Size { items: number, ..*size },
        Unknown::RatingsPerItem => Size { ratings_per_item: number, ..*size },
        Unknown::Raters => Size { raters: number, ..*size },
    };
    let (least, most) = match unknown {
        Unknown::Items => (2, LARGEST),
        Unknown::RatingsPerItem => (1, size.raters),
        Unknown::Raters => (size.ratings_per_item.max(2), LARGEST),
    };
    let reached = |number: u32| probability_of(goal, difference, components, &with(number), alpha);
    // More of anything makes the error smaller and better known, so the probability is monotonic.
    let best = reached(most)?;
    if best < power {
        return Err(Error::Unattainable { power, best });
    }
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle)? < power {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(with(low))
}

/// Computes E f(s) over s ≤ limit, with s² distributed as chi-squared over its degrees of freedom.
///
/// ```text
/// u = log s has the density 2 (ν/2)^(ν/2) / Γ(ν/2) · exp(ν u - ν e^(2u)/2)
/// ```
fn expectation(degrees: f64, limit: f64, function: impl Fn(f64) -> f64) -> f64 {
    let half = degrees / 2.0;
    let log_constant = 2.0_f64.ln() + half * half.ln() - ln_gamma(half);
    let spread = (2.0 * degrees).sqrt().recip();
    let highest = (REACH * spread).min(limit.ln());
    let lowest = -REACH * spread - TAIL / degrees;
    if highest <= lowest {
        return 0.0;
    }
    let n_steps = ((highest - lowest) / (STEP * spread)).ceil();
    let step = (highest - lowest) / n_steps;
    let at = |u: f64| {
        let density = (log_constant + degrees * u - half * (2.0 * u).exp()).exp();
        if density > 0.0 { density * function(u.exp()) } else { 0.0 }
    };
    let inner: f64 = (1..n_steps as u32).map(|k| at(lowest + f64::from(k) * step)).sum();
    step * (inner + 0.5 * (at(lowest) + at(highest)))
}
