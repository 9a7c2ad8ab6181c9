//! Equivalence and non-inferiority: what a difference that was not found cannot prove.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::{student_quantile, student_upper_tail};
use crate::error::Error;
use crate::result::Interval;

/// The outcome of two one-sided tests against a margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tost {
    /// The margin: the largest difference that still counts as the same.
    pub margin: f64,
    /// The level of each one-sided test.
    pub alpha: f64,
    /// The probability of an estimate so far up when the true difference is -margin.
    pub p_above_lower: f64,
    /// The probability of an estimate so far down when the true difference is +margin.
    pub p_below_upper: f64,
    /// The interval of coverage 1 - 2 alpha: equivalence means that it lies within the margins.
    pub interval: Interval,
    /// Both one-sided tests reject: the difference lies within the margins.
    pub equivalent: bool,
    /// The lower one rejects: the difference is above -margin, whatever its upper end.
    pub non_inferior: bool,
}

impl Tost {
    /// The probability of the whole procedure: the larger of the two.
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
/// Equivalent is p < alpha in both, which is the same as the interval of coverage 1 - 2 alpha lying strictly between
/// the margins. Non-inferior is the first alone. The two tests need no correction for being two: both must reject.
///
/// # Errors
///
/// [`Error::OutOfRange`] when the standard error, the degrees of freedom or the margin are not positive, when alpha is
/// not in (0, 0.5), or when anything is not finite.
///
/// # Examples
///
/// ```
/// let result = mynah_stats::equivalence::tost(-0.01, 0.05, 49.0, 0.2, 0.05)?;
/// assert!(result.equivalent);
/// // The same estimate, known less well, proves nothing.
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
