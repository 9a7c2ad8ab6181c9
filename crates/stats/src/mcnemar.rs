//! McNemar's test of two systems on the same items.

use crate::result::{Method, TestResult};
use crate::sign::upper_tail;

/// Tests whether two systems tried on the same items fail equally often.
///
/// ```text
/// b = items on which only the first fails      c = items on which only the second does
/// p = min(1, 2 · P(K ≥ max(b, c)))             K binomial of b + c fair coins
/// ```
///
/// Items on which both or neither fail carry no information about a difference and are not counted. The probability is
/// exact and two-sided, without the continuity correction of the chi-squared form. As in statsmodels, the statistic is
/// the smaller of the two counts; `n` is b + c. Without any discordant item, p is 1.
///
/// # Examples
///
/// ```
/// use mynah_stats::mcnemar;
///
/// // One system leaves nine of twenty wavs silent, the other none.
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
