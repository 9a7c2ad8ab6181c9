//! Rater model of ITU-T P.910, annex E: raters have a bias and an inconsistency, and none is rejected.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::design::Design;
use crate::error::Error;

const MODEL: &str = "model of biases and inconsistencies";
const MOST_ITERATIONS: usize = 5_000;
/// Threshold on the joint movement of the qualities below which the search ends.
const MOVEMENT: f64 = 1e-10;
/// Inconsistency, relative to the average, below which a rater's likelihood is taken to be unbounded.
const SMALLEST_INCONSISTENCY: f64 = 1e-3;

/// Estimated quality of an item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Index of the item.
    pub item: usize,
    /// Mean over raters after removing their biases, weighted by consistency.
    pub quality: f64,
    /// Standard error of this quality, given the same raters.
    pub standard_error: f64,
}

/// Estimated bias and inconsistency of a rater.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RaterProfile {
    /// Index of the rater.
    pub rater: usize,
    /// Excess of the rater's judgments over everybody's; the biases sum to 0.
    pub bias: f64,
    /// Standard deviation of the judgments about quality plus bias.
    pub inconsistency: f64,
    /// Number of judgments.
    pub n: usize,
}

/// Fitted model of biases and inconsistencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasModel {
    /// Items, ascending.
    pub qualities: Vec<Quality>,
    /// Raters, ascending.
    pub raters: Vec<RaterProfile>,
}

/// Estimates the quality of items, and the bias and inconsistency of raters, by maximum likelihood.
///
/// ```text
/// y = quality_item + bias_rater + inconsistency_rater · noise
/// inconsistency² = mean (y - quality - bias)²      quality = Σ w (y - bias) / Σ w, w = 1/inconsistency²
/// bias = mean (y - quality)                        alternating until convergence
/// ```
///
/// With `prior_judgments` ν > 0, each rater's inconsistency² is (Σ (y - quality - bias)² + ν · mean over all) / (n +
/// ν), as if ν judgments had been as inconsistent as the average. ν = 0 is maximum likelihood, as in the package
/// `sureal`. With few items the likelihood has no maximum: fitting one rater exactly makes it infinite, and the
/// qualities are then that rater's answers. Here this is an error, in `sureal` a result; a ν of 2 to 5 avoids it.
///
/// The quality is a robust mean: raters who answer at random get a large inconsistency and little weight, and strict
/// raters are shifted. Its standard error is 1/√Σw over the item's raters. Like `sureal`, it treats the raters as
/// fixed, so it describes how items of one test differ, not what other raters would say; for the latter see
/// [`crate::clustered`].
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`], [`Error::AllEqual`]; [`Error::OutOfRange`] for a
/// negative prior; [`Error::TooFew`] for fewer than two raters or items, or a rater with fewer than three judgments;
/// [`Error::NotConverged`] if a rater is fitted perfectly, so that the likelihood has no maximum, or if groups of
/// raters have no item in common.
///
/// # References
///
/// Z. Li and C. G. Bampis (2017), "Recover subjective quality scores from noisy measurements", Data Compression Conference.
/// Z. Li, C. G. Bampis, L. Krasula, L. Janowski and I. Katsavounidis (2020), "A simple model for subject behavior in
/// subjective experiments", Human Vision and Electronic Imaging. ITU-T P.910 (2022), annex E.
pub fn bias_model(
    values: &[f64],
    raters: &[usize],
    items: &[usize],
    prior_judgments: f64,
) -> Result<BiasModel, Error> {
    check::not_negative("prior_judgments", prior_judgments)?;
    let design = Design::of(values, raters, items)?;
    check::vary(values)?;
    let counts = sums(&design.raters, design.n_raters(), |_| 1.0);
    if let Some(got) = counts.iter().copied().find(|&count| count < 3.0) {
        return Err(Error::TooFew { what: "judgments per rater", needed: 3, got: got as usize });
    }
    let n = values.len();
    let of_item = sums(&design.items, design.n_items(), |_| 1.0);
    let mut quality = sums(&design.items, design.n_items(), |k| values[k]);
    quality.iter_mut().zip(&of_item).for_each(|(sum, count)| *sum /= count);
    let new_bias = |quality: &[f64]| {
        let mut bias = sums(&design.raters, design.n_raters(), |k| values[k] - quality[design.items[k]]);
        bias.iter_mut().zip(&counts).for_each(|(sum, count)| *sum /= count);
        bias
    };
    let mut bias = new_bias(&quality);
    let mut weights = Vec::new();
    let spread = values.iter().map(|value| (value - values[0]).powi(2)).sum::<f64>() / n as f64;
    for iteration in 0..=MOST_ITERATIONS {
        let residual = |k: usize| values[k] - quality[design.items[k]] - bias[design.raters[k]];
        let squares = sums(&design.raters, design.n_raters(), |k| residual(k).powi(2));
        let prior = prior_judgments * squares.iter().sum::<f64>() / n as f64;
        let weight = |(square, count): (&f64, &f64)| (count + prior_judgments) / (square + prior);
        weights = squares.iter().zip(&counts).map(weight).collect::<Vec<f64>>();
        let lost =
            |weight: &f64| !weight.is_finite() || 1.0 / weight < SMALLEST_INCONSISTENCY.powi(2) * spread;
        if iteration == MOST_ITERATIONS || weights.iter().any(lost) {
            return Err(Error::NotConverged { what: MODEL });
        }
        let totals = sums(&design.items, design.n_items(), |k| weights[design.raters[k]]);
        let mut next = sums(&design.items, design.n_items(), |k| {
            weights[design.raters[k]] * (values[k] - bias[design.raters[k]])
        });
        next.iter_mut().zip(&totals).for_each(|(sum, total)| *sum /= total);
        let moved: f64 = next.iter().zip(&quality).map(|(new, old)| (new - old).powi(2)).sum();
        quality = next;
        bias = new_bias(&quality);
        if moved.sqrt() < MOVEMENT {
            break;
        }
    }
    let center = bias.iter().sum::<f64>() / bias.len() as f64;
    let information = sums(&design.items, design.n_items(), |k| weights[design.raters[k]]);
    let qualities = (0..design.n_items()).map(|k| Quality {
        item: design.item_names[k],
        quality: quality[k] + center,
        standard_error: information[k].sqrt().recip(),
    });
    let profiles = (0..design.n_raters()).map(|k| RaterProfile {
        rater: design.rater_names[k],
        bias: bias[k] - center,
        inconsistency: weights[k].sqrt().recip(),
        n: counts[k] as usize,
    });
    Ok(BiasModel { qualities: qualities.collect(), raters: profiles.collect() })
}

/// Sums a function of each judgment by level.
fn sums(levels: &[usize], n_levels: usize, of: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; n_levels];
    for (index, &level) in levels.iter().enumerate() {
        sums[level] += of(index);
    }
    sums
}
