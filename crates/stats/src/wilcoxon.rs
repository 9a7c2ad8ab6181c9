//! Wilcoxon signed-rank test of differences that are symmetric about zero under the null hypothesis.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::normal_upper_tail;
use crate::error::Error;
use crate::ranks::{Ranks, tie_term};
use crate::result::{Alternative, Method, MethodChoice, TestResult};

/// Number of differences above which the automatic choice is the normal approximation, whatever the ties.
const ASYMPTOTIC_ABOVE: usize = 50;
/// Number of differences with ties or zeros up to which the automatic choice is the full permutation distribution.
const PERMUTATION_UP_TO: usize = 13;
/// Largest n for the exact distribution: the rank sum has n (n + 1) / 2 + 1 values, visited n times.
const EXACT_LIMIT: usize = 500;

/// Treatment of zero differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZeroMethod {
    /// Removed before ranking (Wilcoxon 1945).
    Wilcox,
    /// Ranked, then removed (Pratt 1959): a comparison with many zeros is not made to look decided.
    #[default]
    Pratt,
    /// Ranked, with half of their ranks given to each side.
    Zsplit,
}

impl ZeroMethod {
    /// Returns the name used in protocols and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wilcox => "wilcox",
            Self::Pratt => "pratt",
            Self::Zsplit => "zsplit",
        }
    }
}

impl fmt::Display for ZeroMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Configuration of the signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRankConfig {
    /// Treatment of zeros.
    pub zeros: ZeroMethod,
    /// Enables the continuity correction, which moves the statistic half a rank towards its mean.
    pub correction: bool,
    /// Alternative hypothesis.
    pub alternative: Alternative,
    /// Method that computes the probability.
    pub method: MethodChoice,
}

/// Tests whether differences are symmetric about zero, as scipy 1.17.1 does.
///
/// ```text
/// r+ = Σ rank(|d|) over d > 0         r- likewise over d < 0
/// z  = (r+ - n(n+1)/4) / sqrt((n(n+1)(2n+1) - Σ(t³ - t)/2) / 24)
/// ```
///
/// Ranks are average ranks, and t runs over the sizes of the groups of equal |d|. The statistic is min(r+, r-) for the
/// two-sided alternative and r+ for the others. The definition of n and the treatment of zeros:
///
/// | zeros | ranked | n | notes |
/// |---|---|---|---|
/// | `wilcox` | no | nonzero differences | |
/// | `pratt` | yes | all | for n₀ zeros the mean loses n₀(n₀+1)/4, the variance n₀(n₀+1)(2n₀+1)/24; they do not count as ties |
/// | `zsplit` | yes | all | r+ and r- each get half of the ranks of the zeros |
///
/// [`MethodChoice::Auto`] uses the normal approximation for more than 50 differences, zeros included; otherwise the
/// exact distribution if there are neither ties nor zeros; otherwise all assignments of signs for up to 13 differences;
/// otherwise the normal approximation. Under [`MethodChoice::Exact`] a fractional rank sum is rounded towards the mean,
/// which makes the probability larger.
///
/// The test assumes independent differences. Judgments by few raters of few utterances are not: the test then finds
/// differences that do not exist (`tests/calibration.rs` has the rates).
///
/// Floating-point differences may differ where they should tie; round them first.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::NotFinite`]; [`Error::AllZero`], where scipy gives NaN or, with `zsplit`, 1;
/// [`Error::TooLargeForExact`] if [`MethodChoice::Exact`] is requested for more than 500 differences.
///
/// # Examples
///
/// ```
/// use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};
///
/// let heights = [6.0, 8.0, 14.0, 16.0, 23.0, 24.0, 28.0, 29.0, 41.0, -48.0, 49.0, 56.0, 60.0, -67.0, 75.0];
/// let result = signed_rank(&heights, &SignedRankConfig::default())?;
/// assert_eq!(result.statistic, 24.0);
/// assert!((result.p_value - 0.041_26).abs() < 1e-5);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// F. Wilcoxon (1945), "Individual comparisons by ranking methods", Biometrics Bulletin 1, 80-83. J. W. Pratt (1959),
/// "Remarks on zeros and ties in the Wilcoxon signed rank procedures", JASA 54, 655-667. E. E. Cureton (1967), "The
/// normal approximation to the signed-rank sampling distribution when zero differences are present", JASA 62,
/// 1068-1069. Options and example follow `scipy.stats.wilcoxon` 1.17.1.
pub fn signed_rank(differences: &[f64], config: &SignedRankConfig) -> Result<TestResult, Error> {
    check::values(differences)?;
    let ranked = Ranked::new(differences, config.zeros)?;
    let n = differences.len();
    let method = match config.method {
        MethodChoice::Exact => Method::Exact,
        MethodChoice::Auto if n <= ASYMPTOTIC_ABOVE && !ranked.has_ties && ranked.n_zeros == 0 => {
            Method::Exact
        }
        MethodChoice::Auto if n <= PERMUTATION_UP_TO => Method::Permutation,
        MethodChoice::Auto | MethodChoice::Asymptotic => Method::Asymptotic,
    };
    let p_value = if method == Method::Exact {
        if ranked.count > EXACT_LIMIT {
            return Err(Error::TooLargeForExact { what: "differences", n: ranked.count, limit: EXACT_LIMIT });
        }
        let distribution = sign_distribution(&(1..=ranked.count).collect::<Vec<_>>());
        // A rank sum that ends in one half is rounded to the step on its inner side.
        two_tails(
            distribution[..=ranked.doubled_plus.div_ceil(2) as usize].iter().sum(),
            distribution[(ranked.doubled_plus / 2) as usize..].iter().sum(),
            config.alternative,
        )
    } else if method == Method::Permutation {
        let doubled: Vec<usize> = ranked.doubled_nonzero.iter().map(|&rank| rank as usize).collect();
        let distribution = sign_distribution(&doubled);
        // The contribution of the zeros to r+ does not depend on the signs.
        let observed = (ranked.doubled_plus - ranked.doubled_zero_share) as usize;
        two_tails(
            distribution[..=observed].iter().sum(),
            distribution[observed..].iter().sum(),
            config.alternative,
        )
    } else {
        ranked.asymptotic(config.alternative, config.correction)
    };
    let statistic = match config.alternative {
        Alternative::TwoSided => ranked.doubled_plus.min(ranked.doubled_minus),
        Alternative::Less | Alternative::Greater => ranked.doubled_plus,
    };
    Ok(TestResult { statistic: statistic as f64 / 2.0, p_value, method, n })
}

/// Computes r+ and r- of finite differences, not all 0.
pub(crate) fn rank_sums(differences: &[f64], zeros: ZeroMethod) -> Result<(f64, f64), Error> {
    let ranked = Ranked::new(differences, zeros)?;
    Ok((ranked.doubled_plus as f64 / 2.0, ranked.doubled_minus as f64 / 2.0))
}

/// Differences as ranked by the test. Rank sums are doubled to be exact.
struct Ranked {
    /// The n of the formulas.
    count: usize,
    n_zeros: usize,
    has_ties: bool,
    doubled_plus: u64,
    doubled_minus: u64,
    /// Part of both sums that comes from zeros.
    doubled_zero_share: u64,
    /// Ranks of the nonzero differences.
    doubled_nonzero: Vec<u64>,
    mean: f64,
    standard_error: f64,
}

impl Ranked {
    fn new(differences: &[f64], zeros: ZeroMethod) -> Result<Self, Error> {
        let n_zeros = differences.iter().filter(|&&difference| difference == 0.0).count();
        if n_zeros == differences.len() {
            return Err(Error::AllZero { n: n_zeros });
        }
        let kept: Vec<f64> = match zeros {
            ZeroMethod::Wilcox => {
                differences.iter().copied().filter(|&difference| difference != 0.0).collect()
            }
            ZeroMethod::Pratt | ZeroMethod::Zsplit => differences.to_vec(),
        };
        let magnitudes: Vec<f64> = kept.iter().map(|difference| difference.abs()).collect();
        let ranks = Ranks::of(&magnitudes);

        let sum_where = |wanted: fn(f64) -> bool| -> u64 {
            kept.iter().zip(&ranks.doubled).filter(|&(&d, _)| wanted(d)).map(|(_, &rank)| rank).sum()
        };
        let doubled_zero_share = match zeros {
            // The doubled ranks of n₀ zeros sum to n₀(n₀+1), so half of it is a whole number.
            ZeroMethod::Zsplit => sum_where(|difference| difference == 0.0) / 2,
            ZeroMethod::Wilcox | ZeroMethod::Pratt => 0,
        };

        let (n, n0) = (kept.len() as f64, n_zeros as f64);
        let mut mean = n * (n + 1.0) / 4.0;
        let mut variance = n * (n + 1.0) * (2.0 * n + 1.0);
        let mut tied_groups = &ranks.groups[..];
        if zeros == ZeroMethod::Pratt && n_zeros > 0 {
            mean -= n0 * (n0 + 1.0) / 4.0;
            variance -= n0 * (n0 + 1.0) * (2.0 * n0 + 1.0);
            tied_groups = &ranks.groups[1..];
        }
        let standard_error = ((variance - tie_term(tied_groups) / 2.0) / 24.0).sqrt();

        Ok(Self {
            count: kept.len(),
            n_zeros,
            has_ties: ranks.has_ties(),
            doubled_plus: sum_where(|difference| difference > 0.0) + doubled_zero_share,
            doubled_minus: sum_where(|difference| difference < 0.0) + doubled_zero_share,
            doubled_zero_share,
            doubled_nonzero: kept
                .iter()
                .zip(&ranks.doubled)
                .filter(|&(&difference, _)| difference != 0.0)
                .map(|(_, &rank)| rank)
                .collect(),
            mean,
            standard_error,
        })
    }

    fn asymptotic(&self, alternative: Alternative, correction: bool) -> f64 {
        let deviation = self.doubled_plus as f64 / 2.0 - self.mean;
        let half = if correction { 0.5 } else { 0.0 };
        match alternative {
            Alternative::Greater => normal_upper_tail((deviation - half) / self.standard_error),
            Alternative::Less => normal_upper_tail(-(deviation + half) / self.standard_error),
            Alternative::TwoSided if deviation == 0.0 => 1.0,
            Alternative::TwoSided => {
                2.0 * normal_upper_tail(((deviation.abs() - half) / self.standard_error).abs())
            }
        }
    }
}

/// Returns the probabilities of the sums 0, 1, 2, … of the positive ranks, each sign being positive with probability
/// one half.
pub(crate) fn sign_distribution(ranks: &[usize]) -> Vec<f64> {
    let mut probabilities = vec![0.0; ranks.iter().sum::<usize>() + 1];
    probabilities[0] = 1.0;
    let mut largest = 0;
    for &rank in ranks {
        largest += rank;
        for sum in (0..=largest).rev() {
            let positive = if sum >= rank { probabilities[sum - rank] } else { 0.0 };
            probabilities[sum] = 0.5 * (probabilities[sum] + positive);
        }
    }
    probabilities
}

fn two_tails(lower: f64, upper: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::Less => lower.min(1.0),
        Alternative::Greater => upper.min(1.0),
        Alternative::TwoSided => (2.0 * lower.min(upper)).min(1.0),
    }
}
