//! Rank tests and rank effect sizes, as in the `NaturalSpeech` paper; all of them assume independent ratings.

use mynah_stats::TestResult;
use mynah_stats::effect::{cliffs_delta, rank_biserial};
use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
use mynah_stats::wilcoxon::{SignedRankConfig, ZeroMethod, signed_rank};

use crate::analysis::scores::{Against, Scores, explain};
use crate::analysis::verdict::Defined;

const ONLY_COMPARISON: &str = "a test of single clips has no differences to rank";

/// Runs the signed-rank test of values, without a reference's own scores.
pub(crate) fn signed(values: &[f64], against: Against<'_>, zeros: ZeroMethod) -> Defined<TestResult> {
    match against {
        Against::Number(number) => {
            let config = SignedRankConfig { zeros, ..SignedRankConfig::default() };
            let differences: Vec<f64> = values.iter().map(|value| value - number).collect();
            signed_rank(&differences, &config).map_err(explain).into()
        }
        Against::Reference(_) | Against::Nothing(_) => {
            Defined::Undefined { reason: ONLY_COMPARISON.to_owned() }
        }
    }
}

/// Runs the rank-sum test against the reference, on the values that `of` reads from scores.
pub(crate) fn summed(
    scores: &Scores,
    against: Against<'_>,
    of: fn(&Scores) -> Vec<f64>,
) -> Defined<TestResult> {
    match against {
        Against::Number(_) => Defined::Undefined { reason: "a comparison has one sample".to_owned() },
        Against::Nothing(reason) => Defined::Undefined { reason: reason.to_owned() },
        Against::Reference(reference) => {
            rank_sum(&of(scores), &of(reference), &RankSumConfig::default()).map_err(explain).into()
        }
    }
}

/// Computes the matched-pairs rank-biserial correlation: by how much better ratings outweigh worse ones.
pub(crate) fn effect_size(scores: &Scores, against: Against<'_>, zeros: ZeroMethod) -> Defined<f64> {
    match against {
        Against::Number(number) => rank_biserial(&scores.less(number), zeros).map_err(explain).into(),
        Against::Nothing(reason) => Defined::Undefined { reason: reason.to_owned() },
        Against::Reference(reference) => {
            cliffs_delta(&scores.values, &reference.values).map_err(explain).into()
        }
    }
}
