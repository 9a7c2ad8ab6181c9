//! Equivalence and non-inferiority tests, which show what the absence of a significant difference cannot.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::{student_quantile, student_upper_tail};
use crate::error::Error;
use crate::result::Interval;

/// Outcome of two one-sided tests against a margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tost {
    /// Margin: the largest difference that still counts as equal.
    pub margin: f64,
    /// Level of each one-sided test.
    pub alpha: f64,
    /// Probability of an estimate at least as large if the true difference is -margin.
    pub p_above_lower: f64,
    /// Probability of an estimate at least as small if the true difference is +margin.
    pub p_below_upper: f64,
    /// Interval of coverage 1 - 2 alpha, inside the margins if the result is equivalence.
    pub interval: Interval,
    /// True if both one-sided tests reject: the difference is within the margins.
    pub equivalent: bool,
    /// True if the lower test rejects: the difference is above -margin, whatever its upper end.
    pub non_inferior: bool,
}

impl Tost {
    /// Returns the smallest margin for which the same data would show equivalence at the same level.
    ///
    /// ```text
    /// max(|low|, |high|) of the interval of coverage 1 - 2 alpha
    /// ```
    ///
    /// A margin chosen after seeing the data proves nothing; this one tells how much a test inconclusive at its
    /// declared margin has shown.
    #[must_use]
    pub fn achieved_margin(&self) -> f64 {
        self.interval.low.abs().max(self.interval.high.abs())
    }

    /// Returns the p-value of the whole procedure, the larger of the two.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        self.p_above_lower.max(self.p_below_upper)
    }
}

/// Tests whether a difference is smaller than a margin, by two one-sided t tests.
///
/// ```text
/// t_lower = (estimate + margin) / SE      p_above_lower = P(T > t_lower)
/// t_upper = (estimate - margin) / SE      p_below_upper = P(T < t_upper)
/// ```
///
/// The result is equivalence if both p < alpha, which is the same as the interval of coverage 1 - 2 alpha being
/// strictly between the margins. Non-inferiority takes the first test alone. No multiplicity correction is needed,
/// since both must reject.
///
/// # Errors
///
/// [`Error::OutOfRange`] if the standard error, the degrees of freedom or the margin is not positive, alpha is not in
/// (0, 0.5), or anything is not finite.
///
/// # Examples
///
/// ```
/// let result = mynah_stats::equivalence::tost(-0.01, 0.05, 49.0, 0.2, 0.05)?;
/// assert!(result.equivalent);
/// // The same estimate with a larger error proves nothing.
/// assert!(!mynah_stats::equivalence::tost(-0.01, 0.15, 49.0, 0.2, 0.05)?.equivalent);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// D. J. Schuirmann (1987), "A comparison of the two one-sided tests procedure and the power approach for assessing the
/// equivalence of average bioavailability", Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
pub fn tost(
    estimate: f64,
    standard_error: f64,
    degrees_of_freedom: f64,
    margin: f64,
    alpha: f64,
) -> Result<Tost, Error> {
    check::finite("estimate", estimate)?;
    check::positive("standard_error", standard_error)?;
    check::positive("degrees_of_freedom", degrees_of_freedom)?;
    check::positive("margin", margin)?;
    check::alpha(alpha)?;
    let p_above_lower = student_upper_tail((estimate + margin) / standard_error, degrees_of_freedom);
    let p_below_upper = student_upper_tail((margin - estimate) / standard_error, degrees_of_freedom);
    let half = student_quantile(1.0 - alpha, degrees_of_freedom) * standard_error;
    Ok(Tost {
        margin,
        alpha,
        p_above_lower,
        p_below_upper,
        interval: Interval {
            estimate,
            low: estimate - half,
            high: estimate + half,
            level: 1.0 - 2.0 * alpha,
        },
        equivalent: p_above_lower < alpha && p_below_upper < alpha,
        non_inferior: p_above_lower < alpha,
    })
}

/// Outcome of a one-sided test against a margin on the inferior side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NonInferiority {
    /// Margin: the largest loss that still counts as no worse.
    pub margin: f64,
    /// Level of the test.
    pub alpha: f64,
    /// Probability of an estimate at least as large if the true difference is -margin.
    pub p_value: f64,
    /// Lower confidence bound, exceeded by the true difference in a share 1 - alpha of studies.
    pub lower_bound: f64,
    /// True if the test rejects: the difference is above -margin.
    pub non_inferior: bool,
}

impl NonInferiority {
    /// Returns the smallest margin for which the same data would show non-inferiority: minus the lower bound, or 0 if
    /// the bound is positive, since then even a difference of 0 is excluded.
    #[must_use]
    pub fn achieved_margin(&self) -> f64 {
        (-self.lower_bound).max(0.0)
    }
}

/// Tests whether a difference is above minus a margin, by a one-sided t test.
///
/// ```text
/// t = (estimate + margin) / SE      p = P(T > t)      lower bound = estimate - t_{1-alpha} SE
/// ```
///
/// This is the lower half of [`tost`], for a one-sided question.
///
/// Library only: the programs' verdicts rest on [`tost`], which contains this test. Kept for questions that are one-sided
/// from the start, such as whether a smaller model loses quality.
///
/// # Errors
///
/// Those of [`tost`]; the margin may be 0, which tests for superiority.
///
/// # Examples
///
/// ```
/// use mynah_stats::equivalence::non_inferiority;
///
/// let result = non_inferiority(0.05, 0.1, 49.0, 0.2, 0.05)?;
/// assert!(result.non_inferior && result.lower_bound > -0.2);
/// assert!((result.achieved_margin() + result.lower_bound).abs() < 1e-12);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn non_inferiority(
    estimate: f64,
    standard_error: f64,
    degrees_of_freedom: f64,
    margin: f64,
    alpha: f64,
) -> Result<NonInferiority, Error> {
    check::finite("estimate", estimate)?;
    check::positive("standard_error", standard_error)?;
    check::positive("degrees_of_freedom", degrees_of_freedom)?;
    check::not_negative("margin", margin)?;
    check::alpha(alpha)?;
    let p_value = student_upper_tail((estimate + margin) / standard_error, degrees_of_freedom);
    let lower_bound = estimate - student_quantile(1.0 - alpha, degrees_of_freedom) * standard_error;
    Ok(NonInferiority { margin, alpha, p_value, lower_bound, non_inferior: p_value < alpha })
}

/// Computes the true difference that a two-sided t test with this standard error detects with the desired power.
///
/// ```text
/// SE (t_{1-alpha/2} + t_{power})
/// ```
///
/// The result describes the test as performed: a difference of 0 with a large detectable difference does not prove
/// equality. As in [`crate::power`], the distance to a nonzero difference is approximated as t distributed.
///
/// # Errors
///
/// [`Error::OutOfRange`] if the standard error or the degrees of freedom are not positive, for alpha outside (0, 0.5)
/// and for a power outside (0, 1).
pub fn detectable_difference(
    standard_error: f64,
    degrees_of_freedom: f64,
    alpha: f64,
    power: f64,
) -> Result<f64, Error> {
    check::positive("standard_error", standard_error)?;
    check::positive("degrees_of_freedom", degrees_of_freedom)?;
    check::alpha(alpha)?;
    check::probability("power", power)?;
    let t = |probability: f64| student_quantile(probability, degrees_of_freedom);
    Ok(standard_error * (t(1.0 - alpha / 2.0) + t(power)))
}
