//! Student's and Welch's t tests of independent values.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::{student_quantile, student_upper_tail};
use crate::error::Error;
use crate::result::{Alternative, Interval, Method, TestResult};

/// A difference with its standard error under independence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TTest {
    /// Mean minus the tested value, or difference of two means.
    pub estimate: f64,
    /// Standard error of the estimate.
    pub standard_error: f64,
    /// n - 1, or Welch's approximation.
    pub degrees_of_freedom: f64,
    /// Number of values.
    pub n: usize,
}

impl TTest {
    /// Tests the difference against 0; the statistic is estimate / standard error.
    #[must_use]
    pub fn test(&self, alternative: Alternative) -> TestResult {
        let statistic = self.estimate / self.standard_error;
        let tail = |t: f64| student_upper_tail(t, self.degrees_of_freedom);
        let p_value = match alternative {
            Alternative::TwoSided => (2.0 * tail(statistic.abs())).min(1.0),
            Alternative::Greater => tail(statistic),
            Alternative::Less => tail(-statistic),
        };
        TestResult { statistic, p_value, method: Method::StudentT, n: self.n }
    }

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

/// Tests the mean of independent values against a given mean with a t test.
///
/// ```text
/// estimate = ȳ - μ₀      SE = s/√n      df = n - 1
/// ```
///
/// Applied to the differences of pairs, against 0, this is the paired test. For judgments by people use
/// [`crate::clustered`].
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::TooFew`] for a single value; [`Error::AllEqual`];
/// [`Error::OutOfRange`] for a mean that is not finite.
pub fn one_sample(values: &[f64], mean: f64) -> Result<TTest, Error> {
    check::finite("mean", mean)?;
    let (center, variance) = moments(values)?;
    check_spread(values, variance)?;
    let n = values.len();
    Ok(TTest {
        estimate: center - mean,
        standard_error: (variance / n as f64).sqrt(),
        degrees_of_freedom: n as f64 - 1.0,
        n,
    })
}

/// Tests two independent samples, possibly of different variances, with Welch's t test.
///
/// ```text
/// estimate = ȳ₁ - ȳ₂      SE² = v₁ + v₂, v = s²/n      df = (v₁ + v₂)² / (v₁²/(n₁-1) + v₂²/(n₂-1))
/// ```
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::NotFinite`], with the index in its sample; [`Error::TooFew`] for a sample of one value;
/// [`Error::NoSpread`] if neither sample varies.
///
/// # Examples
///
/// ```
/// use mynah_stats::Alternative;
/// use mynah_stats::t_test::welch;
///
/// let difference = welch(&[4.1, 4.4, 3.9, 4.6], &[3.2, 3.9, 3.5, 3.6, 3.0])?;
/// assert!(difference.interval(0.95)?.low > 0.0);
/// assert!(difference.test(Alternative::Greater).p_value < 0.01);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// B. L. Welch (1947), "The generalization of Student's problem when several different population variances are
/// involved", Biometrika 34, 28-35.
pub fn welch(first: &[f64], second: &[f64]) -> Result<TTest, Error> {
    let ((mean1, variance1), (mean2, variance2)) = (moments(first)?, moments(second)?);
    if check_spread(first, variance1).is_err() && check_spread(second, variance2).is_err() {
        return Err(Error::NoSpread { n: first.len() + second.len() });
    }
    let (n1, n2) = (first.len() as f64, second.len() as f64);
    let (v1, v2) = (variance1 / n1, variance2 / n2);
    // From the shares of the two, so that no square underflows.
    let (share1, share2) = (v1 / (v1 + v2), v2 / (v1 + v2));
    Ok(TTest {
        estimate: mean1 - mean2,
        standard_error: (v1 + v2).sqrt(),
        degrees_of_freedom: (share1 * share1 / (n1 - 1.0) + share2 * share2 / (n2 - 1.0)).recip(),
        n: first.len() + second.len(),
    })
}

/// Returns the mean and the variance (with n - 1) of at least two values.
fn moments(values: &[f64]) -> Result<(f64, f64), Error> {
    check::values(values)?;
    let n = values.len();
    if n < 2 {
        return Err(Error::TooFew { what: "values", needed: 2, got: n });
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n as f64 - 1.0);
    Ok((mean, variance))
}

/// Rejects a spread that is only the rounding error of the mean.
fn check_spread(values: &[f64], variance: f64) -> Result<(), Error> {
    let scale = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if variance.sqrt() <= scale * values.len() as f64 * f64::EPSILON {
        return Err(Error::AllEqual { n: values.len(), value: values[0] });
    }
    Ok(())
}
