//! McNemar's test: whether two systems fail equally often on the same items.

use crate::result::{Method, TestResult};
use crate::sign::upper_tail;

/// Tests whether two systems that were tried on the same items fail equally often.
///
/// ```text
/// b = items on which only the first fails      c = items on which only the second does
/// p = min(1, 2 · P(K ≥ max(b, c)))             K binomial of b + c fair coins
/// ```
///
/// Items on which both fail, or neither, say nothing about a difference and are not counted. The probability is exact
/// and two-sided, without the correction for continuity of the chi-squared form. The statistic is the smaller of both
/// counts, as that of statsmodels is; `n` is b + c. Without an item on which they differ there is no difference to be
/// seen, and p is 1.
///
/// # Examples
///
/// ```
/// use mynah_stats::mcnemar;
///
/// // Nine of twenty wavs are silent by one system, none by the other.
/// let result = mcnemar(9, 0);
/// assert!((result.p_value - 2.0 / 512.0).abs() < 1e-15);
/// assert_eq!(mcnemar(0, 0).p_value, 1.0);
/// ```
///
/// # References
///
/// Q. McNemar (1947), "Note on the sampling error of the difference between correlated proportions or percentages",
/// Psychometrika 12, 153-157.
#[must_use]
pub fn mcnemar(only_first: usize, only_second: usize) -> TestResult {
    let n = only_first + only_second;
    let p_value = if n == 0 { 1.0 } else { (2.0 * upper_tail(only_first.max(only_second), n)).min(1.0) };
    TestResult { statistic: only_first.min(only_second) as f64, p_value, method: Method::Exact, n }
}
