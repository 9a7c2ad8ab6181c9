//! Mean of independent values with its interval.

use crate::check;
use crate::distribution::student_quantile;
use crate::error::Error;
use crate::result::Interval;

/// Computes the mean of independent values with the t interval for the true mean.
///
/// ```text
/// ȳ ± t(1 - (1 - level)/2; n - 1) · s/√n,     s² = Σ (y - ȳ)² / (n - 1)
/// ```
///
/// Suits scores of different sentences, or differences between two systems on the same sentences (the paired t test).
/// Judgments by people are not independent: use [`crate::clustered::two_way`] for them.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::TooFew`] for a single value; [`Error::AllEqual`] if the values do
/// not vary; [`Error::OutOfRange`] if the level is not strictly between 0 and 1.
///
/// # Examples
///
/// ```
/// let interval = mynah_stats::mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95)?;
/// assert_eq!(interval.estimate, 3.0);
/// assert!((interval.half_width() - 1.963_243_161_477_560_5).abs() < 1e-12);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn mean_interval(values: &[f64], level: f64) -> Result<Interval, Error> {
    check::values(values)?;
    check::probability("level", level)?;
    let n = values.len();
    if n < 2 {
        return Err(Error::TooFew { what: "values", needed: 2, got: n });
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n as f64 - 1.0);
    // Equal values may still differ from their mean by rounding.
    let scale = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if variance.sqrt() <= scale * n as f64 * f64::EPSILON {
        return Err(Error::AllEqual { n, value: values[0] });
    }
    let half = student_quantile(0.5 + level / 2.0, n as f64 - 1.0) * (variance / n as f64).sqrt();
    Ok(Interval { estimate: mean, low: mean - half, high: mean + half, level })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_why_there_is_no_interval() {
        assert_eq!(mean_interval(&[], 0.95), Err(Error::Empty));
        assert_eq!(mean_interval(&[1.0], 0.95), Err(Error::TooFew { what: "values", needed: 2, got: 1 }));
        assert_eq!(mean_interval(&[0.1; 7], 0.95), Err(Error::AllEqual { n: 7, value: 0.1 }));
        assert_eq!(mean_interval(&[0.0, f64::NAN], 0.95), Err(Error::NotFinite { index: 1 }));
        assert!(matches!(mean_interval(&[1.0, 2.0], 1.0), Err(Error::OutOfRange { .. })));
    }
}
