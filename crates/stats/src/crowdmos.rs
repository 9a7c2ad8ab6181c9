//! Variance components and interval of CrowdMOS.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::design::Design;
use crate::distribution::student_quantile;
use crate::error::Error;
use crate::result::Interval;

/// A mean opinion score with the variance components of CrowdMOS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CrowdMos {
    /// Mean of all ratings.
    pub estimate: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// The smaller of the numbers of raters and items, minus one.
    pub degrees_of_freedom: f64,
    /// Variance between raters; 0 if the estimate is negative or not identifiable.
    pub rater_variance: f64,
    /// Variance between items; 0 if the estimate is negative or not identifiable.
    pub item_variance: f64,
    /// Variance within a rater and an item.
    pub residual_variance: f64,
}

impl CrowdMos {
    /// Returns the interval estimate ± t · standard error.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the level is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Interval, Error> {
        check::probability("level", level)?;
        let half = student_quantile(0.5 + level / 2.0, self.degrees_of_freedom) * self.standard_error;
        Ok(Interval { estimate: self.estimate, low: self.estimate - half, high: self.estimate + half, level })
    }
}

/// Estimates the variance components of ratings by moments, and from them the error of the mean, as CrowdMOS does.
///
/// ```text
/// a = mean over raters of the variance of a rater's ratings     = item + residual
/// b = mean over items of the variance of an item's ratings      = rater + residual
/// c = the variance of all ratings                               = item + rater + residual
/// variance of the mean = item Σ n_item²/N² + rater Σ n_rater²/N² + residual/N
/// ```
///
/// Variances are divided by n, not n - 1. Raters and items with a single rating do not contribute to a and b, and
/// negative components count as 0.
///
/// If no rater has two ratings, a is missing. The residual is then b, and the remainder of c, which is the variance
/// between *items*, is attributed to the raters. The error of the mean becomes that of independent ratings, √(c/N),
/// which is far too small when items matter: it misses the truth in 18 % of studies of 50 by 20. If no item has two
/// ratings, the roles are swapped. This follows the published procedure, where it is a flaw.
///
/// If raters judge several items, the interval is too wide instead, since variances divided by n leave a share of the
/// residual in each component: the nominal 95 % interval covers the truth in 97 to 99.8 % of studies.
///
/// Library only: [`crate::clustered::two_way`] is the default. Kept to reproduce published intervals, and because the
/// calibration example shows how far they are off.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`], [`Error::AllEqual`]; [`Error::TooFew`] for fewer
/// than two raters or items; [`Error::NoSpread`] if all components are estimated as 0.
///
/// # References
///
/// F. Ribeiro, D. Florêncio, C. Zhang and M. Seltzer (2011), "CrowdMOS: an approach for crowdsourcing mean opinion score
/// studies", ICASSP, section 3.
pub fn crowdmos(values: &[f64], raters: &[usize], items: &[usize]) -> Result<CrowdMos, Error> {
    let design = Design::of(values, raters, items)?;
    check::vary(values)?;
    let n = values.len() as f64;
    let (within_raters, squares_raters) = within(values, &design.raters, design.n_raters());
    let (within_items, squares_items) = within(values, &design.items, design.n_items());
    let mean = values.iter().sum::<f64>() / n;
    let total = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    let (rater, item, residual) = match (within_raters, within_items) {
        (Some(a), Some(b)) => (total - a, total - b, a + b - total),
        // As published, although the remainder belongs to the other factor.
        (None, Some(b)) => (total - b, 0.0, b),
        (Some(a), None) => (0.0, total - a, a),
        (None, None) => (0.0, 0.0, total),
    };
    let (rater, item, residual) = (rater.max(0.0), item.max(0.0), residual.max(0.0));
    let variance = (rater * squares_raters + item * squares_items) / (n * n) + residual / n;
    if variance <= total * f64::EPSILON {
        return Err(Error::NoSpread { n: values.len() });
    }
    Ok(CrowdMos {
        estimate: mean,
        standard_error: variance.sqrt(),
        degrees_of_freedom: (design.n_raters().min(design.n_items()) - 1) as f64,
        rater_variance: rater,
        item_variance: item,
        residual_variance: residual,
    })
}

/// Returns the mean of the variances within levels of at least two values, if there are any, and Σ (values of a
/// level)².
fn within(values: &[f64], levels: &[usize], n_levels: usize) -> (Option<f64>, f64) {
    let (mut counts, mut sums, mut squares) = (vec![0.0; n_levels], vec![0.0; n_levels], vec![0.0; n_levels]);
    for (value, &level) in values.iter().zip(levels) {
        counts[level] += 1.0;
        sums[level] += value;
    }
    for (value, &level) in values.iter().zip(levels) {
        squares[level] += (value - sums[level] / counts[level]).powi(2);
    }
    let variances: Vec<f64> =
        counts.iter().zip(&squares).filter(|&(&n, _)| n > 1.0).map(|(n, squares)| squares / n).collect();
    let mean = (!variances.is_empty()).then(|| variances.iter().sum::<f64>() / variances.len() as f64);
    (mean, counts.iter().map(|n| n * n).sum())
}
