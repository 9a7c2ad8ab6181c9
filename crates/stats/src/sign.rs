//! Sign test: the direction of differences, regardless of their size.

use statrs::function::gamma::ln_gamma;

use crate::check;
use crate::error::Error;
use crate::result::{Alternative, Method, TestResult};

/// Tests whether positive and negative differences are equally likely.
///
/// ```text
/// n = differences that are not 0      k = positive ones      P(K = k) = (n over k) / 2ⁿ
/// ```
///
/// Zeros are dropped. The probability is exact; two-sided, it is twice the smaller tail. The statistic is k; the `n` of
/// the result includes the zeros, as in [`crate::wilcoxon::signed_rank`].
///
/// The test assumes independent differences, which preferences of few raters are not.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::AllZero`].
///
/// # Examples
///
/// ```
/// use mynah_stats::{Alternative, sign_test};
///
/// let result = sign_test(&[1.0, 2.0, 1.0, 0.0, 3.0, -1.0], Alternative::TwoSided)?;
/// assert_eq!(result.statistic, 4.0);
/// assert!((result.p_value - 12.0 / 32.0).abs() < 1e-12);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// W. J. Dixon and A. M. Mood (1946), "The statistical sign test", JASA 41, 557-566.
pub fn sign_test(differences: &[f64], alternative: Alternative) -> Result<TestResult, Error> {
    check::values(differences)?;
    let positive = differences.iter().filter(|&&difference| difference > 0.0).count();
    let n = differences.iter().filter(|&&difference| difference != 0.0).count();
    if n == 0 {
        return Err(Error::AllZero { n: differences.len() });
    }
    let p_value = match alternative {
        Alternative::Greater => upper_tail(positive, n),
        Alternative::Less => upper_tail(n - positive, n),
        Alternative::TwoSided => (2.0 * upper_tail(positive.max(n - positive), n)).min(1.0),
    };
    Ok(TestResult { statistic: positive as f64, p_value, method: Method::Exact, n: differences.len() })
}

/// Returns P(K ≥ k) for n fair coins.
pub(crate) fn upper_tail(k: usize, n: usize) -> f64 {
    if 2 * k <= n {
        // By symmetry, so that the summed terms are the small ones.
        return if k == 0 { 1.0 } else { 1.0 - upper_tail(n + 1 - k, n) };
    }
    let all = n as f64;
    let first = k as f64;
    let log_first =
        ln_gamma(all + 1.0) - ln_gamma(first + 1.0) - ln_gamma(all - first + 1.0) - all * 2.0_f64.ln();
    // The terms decrease from here on: each is (n - j) / (j + 1) of the previous one.
    let (mut term, mut sum) = (1.0, 0.0);
    for j in k..=n {
        sum += term;
        term *= (n - j) as f64 / (j + 1) as f64;
    }
    (log_first.exp() * sum).min(1.0)
}
