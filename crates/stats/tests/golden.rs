//! Rank tests, clustered errors and equivalence against scipy and statsmodels (`fixtures/generate/stats_*.py`).

use mynah_stats::clustered::{Clustered, difference, two_way};
use mynah_stats::equivalence::tost;
use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
use mynah_stats::wilcoxon::{SignedRankConfig, ZeroMethod, signed_rank};
use mynah_stats::{Alternative, MethodChoice, holm, mcnemar};
use mynah_testkit::{assert_all_close, assert_close, golden};
use serde::Deserialize;

/// Probabilities are compared relatively, down to 1e-30: both sides evaluate the complementary error function, or sum
/// the same cells of a distribution in a different order.
const P_RELATIVE: f64 = 1e-10;
/// Estimates and standard errors are a few hundred additions of numbers around 1.
const SUMS: f64 = 1e-12;
/// Both sides invert the incomplete beta function by iteration.
const QUANTILE_RELATIVE: f64 = 1e-11;
/// Relative error of the exact binomial probabilities, per discordant item.
const MCNEMAR_RELATIVE: f64 = 1e-13;

#[derive(Deserialize)]
struct RankTests {
    signed_rank: Vec<SignedRank>,
    rank_sum: Vec<RankSum>,
    holm: Vec<(Vec<f64>, Vec<f64>)>,
}

#[derive(Deserialize)]
struct SignedRank {
    name: String,
    values: Vec<f64>,
    results: Vec<(ZeroMethod, bool, Alternative, MethodChoice, f64, f64)>,
}

#[derive(Deserialize)]
struct RankSum {
    name: String,
    first: Vec<f64>,
    second: Vec<f64>,
    results: Vec<(bool, Alternative, MethodChoice, f64, f64)>,
}

#[derive(Deserialize)]
struct McNemarCases {
    cases: Vec<(usize, usize, f64, f64)>,
}

#[derive(Deserialize)]
struct ClusteredCases {
    means: Vec<Mean>,
    differences: Vec<Difference>,
    equivalence: Vec<Equivalence>,
    student_quantiles: Vec<(f64, f64, f64)>,
}

#[derive(Deserialize)]
struct Mean {
    #[serde(flatten)]
    study: Study,
    naive_interval_95: [f64; 2],
    df: f64,
    t_test_p: Option<f64>,
}

#[derive(Deserialize)]
struct Difference {
    #[serde(flatten)]
    study: Study,
    group: Vec<bool>,
}

#[derive(Deserialize)]
struct Study {
    name: String,
    rater: Vec<usize>,
    item: Vec<usize>,
    value: Vec<f64>,
    estimate: f64,
    rater_error: f64,
    item_error: f64,
    cell_error: f64,
    two_way_error: Option<f64>,
    naive_standard_error: f64,
}

impl Study {
    /// Compares with the one-way errors of statsmodels, and with its two-way error where that has the same definition;
    /// returns true in the latter case.
    fn compare(&self, result: &Clustered) -> bool {
        let (rater, item, cell) =
            (self.rater_error.powi(2), self.item_error.powi(2), self.cell_error.powi(2));
        assert_close(result.estimate, self.estimate, SUMS, &self.name);
        assert_close(result.rater_excess, rater - cell, SUMS, &self.name);
        assert_close(result.item_excess, item - cell, SUMS, &self.name);
        let variance = cell + (rater - cell).max(0.0) + (item - cell).max(0.0);
        assert_close(result.standard_error, variance.sqrt(), SUMS, &self.name);
        assert_close(result.naive_standard_error, self.naive_standard_error, SUMS, &self.name);
        let same_definition = rater > cell && item > cell;
        if same_definition {
            assert_close(result.standard_error, self.two_way_error.expect("positive"), SUMS, &self.name);
        }
        same_definition
    }
}

#[derive(Deserialize)]
struct Equivalence {
    estimate: f64,
    standard_error: f64,
    df: f64,
    margin: f64,
    p_value: f64,
    p_above_lower: f64,
    p_below_upper: f64,
    interval_90: [f64; 2],
}

#[test]
fn signed_rank_agrees_with_scipy() {
    let mut n_compared = 0;
    for case in golden::<RankTests>("stats/rank_tests.json").signed_rank {
        for (zeros, correction, alternative, method, statistic, p_value) in case.results {
            let config = SignedRankConfig { zeros, correction, alternative, method };
            let what = format!("{}: {config:?}", case.name);
            let result = signed_rank(&case.values, &config).expect(&what);
            assert_close(result.statistic, statistic, 0.0, &what);
            assert_p(result.p_value, p_value, &what);
            assert_eq!(result.n, case.values.len());
            n_compared += 1;
        }
    }
    assert!(n_compared > 700, "the table has {n_compared} results");
}

#[test]
fn rank_sum_agrees_with_scipy() {
    let mut n_compared = 0;
    for case in golden::<RankTests>("stats/rank_tests.json").rank_sum {
        for (continuity, alternative, method, statistic, p_value) in case.results {
            let config = RankSumConfig { continuity, alternative, method };
            let what = format!("{}: {config:?}", case.name);
            let result = rank_sum(&case.first, &case.second, &config).expect(&what);
            assert_close(result.statistic, statistic, 0.0, &what);
            assert_p(result.p_value, p_value, &what);
            n_compared += 1;
        }
    }
    assert!(n_compared > 100, "the table has {n_compared} results");
}

#[test]
fn holm_agrees_with_statsmodels() {
    for (p_values, adjusted) in golden::<RankTests>("stats/rank_tests.json").holm {
        assert_all_close(&holm(&p_values).expect("probabilities"), &adjusted, SUMS, "adjusted");
    }
}

#[test]
fn clustered_means_agree_with_statsmodels() {
    let mut n_same_definition = 0;
    for case in golden::<ClusteredCases>("stats/clustered.json").means {
        let study = &case.study;
        let result = two_way(&study.value, &study.rater, &study.item).expect(&study.name);
        assert_close(result.degrees_of_freedom, case.df, 0.0, &study.name);
        let naive = result.naive_interval(0.95).expect("a level");
        assert_all_close(&[naive.low, naive.high], &case.naive_interval_95, QUANTILE_RELATIVE, &study.name);
        if study.compare(&result) {
            assert_p(result.t_test().p_value, case.t_test_p.expect("defined with the error"), &study.name);
            n_same_definition += 1;
        }
    }
    assert_eq!(n_same_definition, 2, "two of the four studies have less dependence than chance");
}

#[test]
fn clustered_differences_agree_with_statsmodels() {
    for case in golden::<ClusteredCases>("stats/clustered.json").differences {
        let study = &case.study;
        let result = difference(&study.value, &case.group, &study.rater, &study.item).expect(&study.name);
        assert!(study.compare(&result), "{}: raters and items must matter", study.name);
    }
}

#[test]
fn equivalence_agrees_with_statsmodels() {
    for case in golden::<ClusteredCases>("stats/clustered.json").equivalence {
        let result = tost(case.estimate, case.standard_error, case.df, case.margin, 0.05).expect("a margin");
        assert_p(result.p_above_lower, case.p_above_lower, "above the lower margin");
        assert_p(result.p_below_upper, case.p_below_upper, "below the upper margin");
        assert_p(result.p_value(), case.p_value, "both");
        assert_eq!(result.equivalent, case.p_value < 0.05);
        assert_eq!(result.equivalent, result.interval.is_between(-case.margin, case.margin));
        let ends = [result.interval.low, result.interval.high];
        assert_all_close(&ends, &case.interval_90, QUANTILE_RELATIVE, "interval");
    }
}

#[test]
fn quantiles_agree_with_scipy() {
    // With a standard error of 1, half of the interval's width is the quantile.
    let study = two_way(&[-1.0, -1.0, 1.0, 1.0, 0.0], &[0, 0, 1, 1, 2], &[0, 1, 0, 1, 2]).expect("a study");
    for (level, df, quantile) in golden::<ClusteredCases>("stats/clustered.json").student_quantiles {
        let study = Clustered { degrees_of_freedom: df, standard_error: 1.0, ..study };
        let half = study.interval(level).expect("a level").half_width();
        assert_close(half, quantile, QUANTILE_RELATIVE * quantile, &format!("level {level}, df {df}"));
    }
}

#[test]
fn mcnemars_test_agrees_with_statsmodels() {
    for (only_first, only_second, statistic, p_value) in golden::<McNemarCases>("stats/mcnemar.json").cases {
        let what = format!("{only_first} against {only_second}");
        let result = mcnemar(only_first, only_second);
        assert_close(result.statistic, statistic, 0.0, &what);
        // The logarithms of the factorials are about n ln n, and their rounding carries over to the probability.
        let rounding = MCNEMAR_RELATIVE * result.n.max(1) as f64;
        assert_close(result.p_value, p_value, rounding * p_value, &what);
        assert_eq!(
            result,
            mcnemar(only_second, only_first),
            "{what}: the order of the systems does not matter"
        );
    }
}

#[track_caller]
fn assert_p(actual: f64, expected: f64, what: &str) {
    assert_close(actual, expected, P_RELATIVE * expected.max(1e-30), what);
}

#[derive(Deserialize)]
struct JackknifeCases {
    cases: Vec<JackknifeCase>,
}

#[derive(Deserialize)]
struct JackknifeCase {
    name: String,
    rater: Vec<usize>,
    item: Vec<usize>,
    group: Vec<bool>,
    value: Vec<f64>,
    estimate: f64,
    standard_error: f64,
    degrees_of_freedom: f64,
    effective_raters: f64,
    effective_items: f64,
}

#[test]
fn jackknifed_errors_agree_with_refits_without_each_cluster() {
    for case in golden::<JackknifeCases>("stats/jackknife.json").cases {
        let result = if case.group.contains(&true) {
            difference(&case.value, &case.group, &case.rater, &case.item)
        } else {
            two_way(&case.value, &case.rater, &case.item)
        };
        let result = result.expect(&case.name).jackknifed().expect(&case.name);
        for (found, expected) in [
            (result.estimate, case.estimate),
            (result.standard_error, case.standard_error),
            (result.degrees_of_freedom, case.degrees_of_freedom),
            (result.effective_raters, case.effective_raters),
            (result.effective_items, case.effective_items),
        ] {
            // The reference uses pseudo-inverses of a few hundred rows.
            assert_close(found, expected, 1e-10 * expected.abs().max(1.0), &case.name);
        }
    }
}
