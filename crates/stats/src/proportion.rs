//! Proportion of independent trials with its interval.

use crate::check;
use crate::distribution::normal_quantile;
use crate::error::Error;
use crate::result::Interval;

/// Computes the share of trials with some outcome and Wilson's interval for the underlying probability.
///
/// ```text
/// (p + z²/2n ± z √(p (1-p)/n + z²/4n²)) / (1 + z²/n),     p = count/n,   z = Φ⁻¹(½ + level/2)
/// ```
///
/// The interval stays within 0 and 1 and has a positive width even for 0 and for n of n. Suits simulated studies, for
/// example; shares of judgments are not shares of independent trials.
///
/// # Errors
///
/// [`Error::Empty`] without trials; [`Error::OutOfRange`] for a count above the number of trials, or a level not
/// strictly between 0 and 1.
///
/// # References
///
/// E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22(158), 209-212.
/// Checked against `proportion_confint(method="wilson")` of statsmodels 0.15.0.
pub fn proportion_interval(count: u64, n: u64, level: f64) -> Result<Interval, Error> {
    check::probability("level", level)?;
    if n == 0 {
        return Err(Error::Empty);
    }
    if count > n {
        return Err(Error::OutOfRange {
            name: "count",
            value: count as f64,
            allowed: "at most the number of trials",
        });
    }
    let n = n as f64;
    let share = count as f64 / n;
    let z = normal_quantile(0.5 + level / 2.0);
    let center = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // At 0 and at n, rounding must not push an end past the estimate.
    let (low, high) = ((center - half) / scale, (center + half) / scale);
    Ok(Interval { estimate: share, low: low.clamp(0.0, share), high: high.clamp(share, 1.0), level })
}

#[cfg(test)]
mod tests {
    use mynah_testkit::{assert_all_close, by_definition};

    use super::*;

    /// Both compute the same closed form; the quantile is accurate to about 1e-12.
    const TOLERANCE: f64 = 1e-10;

    /// Count, trials, level, and both ends from statsmodels.
    const CASES: [(u64, u64, f64, f64, f64); 5] = [
        (8, 20, 0.95, 0.218_806_532_372_817_05, 0.613_418_499_237_746_9),
        (0, 50, 0.95, 0.0, 0.071_347_599_133_358_72),
        (50, 50, 0.9, 0.948_666_814_213_729_8, 1.0),
        (101, 2000, 0.95, 0.041_735_473_261_678_01, 0.060_987_952_244_168_38),
        (1, 3, 0.99, 0.040_426_629_296_084_65, 0.855_783_984_952_333),
    ];

    #[test]
    fn agrees_with_statsmodels() {
        by_definition("statsmodels 0.15.0, five cases in the test");
        for (count, n, level, low, high) in CASES {
            let interval = proportion_interval(count, n, level).unwrap();
            assert_all_close(&[interval.low, interval.high], &[low, high], TOLERANCE, "ends");
            assert!(interval.contains(interval.estimate));
        }
    }

    #[test]
    fn rejects_impossible_counts_and_levels() {
        assert_eq!(proportion_interval(0, 0, 0.95), Err(Error::Empty));
        assert!(matches!(proportion_interval(3, 2, 0.95), Err(Error::OutOfRange { name: "count", .. })));
        assert!(matches!(proportion_interval(1, 2, 1.0), Err(Error::OutOfRange { name: "level", .. })));
    }
}
