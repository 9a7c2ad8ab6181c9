//! Ordinal effect sizes: the size of a difference, where a test only gives its significance.

use crate::check;
use crate::error::Error;
use crate::ranks::Ranks;
use crate::wilcoxon::{ZeroMethod, rank_sums};

/// Computes the matched rank-biserial correlation, the excess of the positive differences' ranks over the negative
/// ones'.
///
/// ```text
/// r = (r+ - r-) / (r+ + r-)
/// ```
///
/// The rank sums are those of [`crate::wilcoxon::signed_rank`]. The result is 1 if all differences are positive, -1 if
/// all are negative, 0 if the sums are equal. Zeros are treated as the method says; splitting their ranks pulls the
/// result towards 0.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::AllZero`].
///
/// # Examples
///
/// ```
/// use mynah_stats::effect::rank_biserial;
/// use mynah_stats::wilcoxon::ZeroMethod;
///
/// // The ranks are 1.5, 1.5 and 3, without the zero.
/// assert_eq!(rank_biserial(&[1.0, -1.0, 0.0, 2.0], ZeroMethod::Wilcox)?, 0.5);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// D. S. Kerby (2014), "The simple difference formula", Comprehensive Psychology 3, 11.IT.3.1.
pub fn rank_biserial(differences: &[f64], zeros: ZeroMethod) -> Result<f64, Error> {
    check::values(differences)?;
    let (plus, minus) = rank_sums(differences, zeros)?;
    Ok((plus - minus) / (plus + minus))
}

/// Computes the probability that a value of the first sample exceeds one of the second, with ties counting one half.
///
/// ```text
/// A₁₂ = P(X > Y) + ½ P(X = Y) = U₁ / (n₁ n₂)
/// ```
///
/// One half if neither tends to be larger, which is the null hypothesis of [`crate::mann_whitney::rank_sum`].
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::NotFinite`], with the index running through both samples.
///
/// # Examples
///
/// ```
/// use mynah_stats::effect::{cliffs_delta, probability_of_superiority};
///
/// assert_eq!(probability_of_superiority(&[4.0, 5.0], &[3.0, 4.0])?, 0.875);
/// assert_eq!(cliffs_delta(&[4.0, 5.0], &[3.0, 4.0])?, 0.75);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// A. Vargha and H. D. Delaney (2000), "A critique and improvement of the CL common language effect size statistics of
/// `McGraw` and Wong", Journal of Educational and Behavioral Statistics 25, 101-132.
pub fn probability_of_superiority(first: &[f64], second: &[f64]) -> Result<f64, Error> {
    if first.is_empty() || second.is_empty() {
        return Err(Error::Empty);
    }
    let values: Vec<f64> = first.iter().chain(second).copied().collect();
    check::values(&values)?;
    let (n1, n2) = (first.len() as u64, second.len() as u64);
    let doubled_u1 = Ranks::of(&values).doubled[..first.len()].iter().sum::<u64>() - n1 * (n1 + 1);
    Ok(doubled_u1 as f64 / (2 * n1 * n2) as f64)
}

/// Computes Cliff's delta, P(X > Y) - P(X < Y) = 2 A₁₂ - 1.
///
/// # Errors
///
/// Those of [`probability_of_superiority`].
///
/// # References
///
/// N. Cliff (1993), "Dominance statistics: ordinal analyses to answer ordinal questions", Psychological Bulletin 114,
/// 494-509.
pub fn cliffs_delta(first: &[f64], second: &[f64]) -> Result<f64, Error> {
    Ok(2.0 * probability_of_superiority(first, second)? - 1.0)
}
