//! Mann-Whitney rank-sum test of two independent samples.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::normal_upper_tail;
use crate::error::Error;
use crate::ranks::{Ranks, tie_term};
use crate::result::{Alternative, Method, MethodChoice, TestResult};

/// Sample size above which, if both samples exceed it, the automatic choice is the normal approximation.
const EXACT_UP_TO: usize = 8;
/// Largest n₁n₂ for which the exact distribution is enumerated, in (n₁n₂)² steps.
const EXACT_PAIRS_LIMIT: usize = 20_000;

/// Configuration of the rank-sum test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankSumConfig {
    /// Enables the continuity correction, which moves the statistic by one half towards its mean.
    pub continuity: bool,
    /// Alternative hypothesis.
    pub alternative: Alternative,
    /// Method that computes the probability.
    pub method: MethodChoice,
}

impl Default for RankSumConfig {
    /// Returns a two-sided test with automatic method and continuity correction, as in scipy.
    fn default() -> Self {
        Self { continuity: true, alternative: Alternative::TwoSided, method: MethodChoice::Auto }
    }
}

/// Tests whether the values of one sample tend to be larger than those of another, as scipy 1.17.1 does.
///
/// ```text
/// U₁ = Σ ranks of the first sample - n₁(n₁+1)/2          (pairs in which the first is larger, ties counting one half)
/// z  = (U - n₁n₂/2 - 1/2) / sqrt(n₁n₂/12 · ((N+1) - Σ(t³ - t)/(N(N-1))))
/// ```
///
/// For the two-sided alternative, U is the larger of U₁ and n₁n₂ - U₁. The statistic is U₁.
///
/// [`MethodChoice::Auto`] uses the exact distribution if a sample has at most 8 values and there are no ties, otherwise
/// the normal approximation; unlike scipy, also if n₁n₂ exceeds 20,000. The exact distribution ignores ties.
///
/// The test assumes independent values, which ratings by the same people are not.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::NotFinite`], with the index running through both samples; [`Error::AllEqual`] if all
/// values of both samples are equal; [`Error::TooLargeForExact`] if [`MethodChoice::Exact`] is requested for samples
/// above the limit.
///
/// # Examples
///
/// ```
/// use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
///
/// let males = [19.0, 22.0, 16.0, 29.0, 24.0];
/// let females = [20.0, 11.0, 17.0, 12.0];
/// let result = rank_sum(&males, &females, &RankSumConfig::default())?;
/// assert_eq!(result.statistic, 17.0);
/// assert!((result.p_value - 1.0 / 9.0).abs() < 1e-12);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// H. B. Mann and D. R. Whitney (1947), "On a test of whether one of two random variables is stochastically larger than
/// the other", Annals of Mathematical Statistics 18, 50-60. Options and example follow `scipy.stats.mannwhitneyu`
/// 1.17.1.
pub fn rank_sum(first: &[f64], second: &[f64], config: &RankSumConfig) -> Result<TestResult, Error> {
    if first.is_empty() || second.is_empty() {
        return Err(Error::Empty);
    }
    let values: Vec<f64> = first.iter().chain(second).copied().collect();
    check::values(&values)?;
    let ranks = Ranks::of(&values);
    if let [_] = ranks.groups[..] {
        return Err(Error::AllEqual { n: values.len(), value: values[0] });
    }

    let (n1, n2) = (first.len(), second.len());
    let pairs = n1 * n2;
    let doubled_u1 = ranks.doubled[..n1].iter().sum::<u64>() - (n1 * (n1 + 1)) as u64;
    let doubled_u2 = 2 * pairs as u64 - doubled_u1;
    let doubled_u = match config.alternative {
        Alternative::Greater => doubled_u1,
        Alternative::Less => doubled_u2,
        Alternative::TwoSided => doubled_u1.max(doubled_u2),
    };
    let method = match config.method {
        MethodChoice::Exact if pairs > EXACT_PAIRS_LIMIT => {
            return Err(Error::TooLargeForExact {
                what: "pairs of values",
                n: pairs,
                limit: EXACT_PAIRS_LIMIT,
            });
        }
        MethodChoice::Exact => Method::Exact,
        MethodChoice::Auto
            if n1.min(n2) <= EXACT_UP_TO && !ranks.has_ties() && pairs <= EXACT_PAIRS_LIMIT =>
        {
            Method::Exact
        }
        MethodChoice::Auto | MethodChoice::Asymptotic => Method::Asymptotic,
    };
    let tail = if method == Method::Exact {
        rank_sum_distribution(n1, n2)[(doubled_u / 2) as usize..].iter().sum()
    } else {
        let n = values.len() as f64;
        let variance = pairs as f64 / 12.0 * ((n + 1.0) - tie_term(&ranks.groups) / (n * (n - 1.0)));
        let deviation = (doubled_u as f64 - pairs as f64) / 2.0 - if config.continuity { 0.5 } else { 0.0 };
        normal_upper_tail(deviation / variance.sqrt())
    };
    let sides = if config.alternative == Alternative::TwoSided { 2.0 } else { 1.0 };
    Ok(TestResult {
        statistic: doubled_u1 as f64 / 2.0,
        p_value: (sides * tail).min(1.0),
        method,
        n: values.len(),
    })
}

/// Returns the probabilities of U = 0, 1, …, n₁n₂ without ties.
///
/// The largest of i + j values belongs to the first sample with probability i / (i + j), and then exceeds all j values
/// of the second:
///
/// ```text
/// P(i, j, u) = i/(i+j) P(i-1, j, u-j) + j/(i+j) P(i, j-1, u)
/// ```
pub(crate) fn rank_sum_distribution(n1: usize, n2: usize) -> Vec<f64> {
    let (large, small) = (n1.max(n2), n1.min(n2));
    let mut by_small = vec![vec![0.0; large * small + 1]; small + 1];
    for row in &mut by_small {
        row[0] = 1.0;
    }
    for i in 1..=large {
        for j in 1..=small {
            let (done, rest) = by_small.split_at_mut(j);
            let (without_small, row) = (&done[j - 1], &mut rest[0]);
            let from_large = i as f64 / (i + j) as f64;
            for u in (0..=i * j).rev() {
                let without_large = if u >= j { row[u - j] } else { 0.0 };
                row[u] = from_large * without_large + (1.0 - from_large) * without_small[u];
            }
        }
    }
    by_small.swap_remove(small)
}
