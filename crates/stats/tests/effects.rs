//! t tests, sign tests, effect sizes and false discovery rates against scipy, pingouin, statsmodels and R
//! (`fixtures/generate/stats_effects.py`).

use mynah_stats::effect::{cliffs_delta, probability_of_superiority, rank_biserial};
use mynah_stats::equivalence::{detectable_difference, non_inferiority, tost};
use mynah_stats::hodges_lehmann;
use mynah_stats::t_test::{TTest, one_sample, welch};
use mynah_stats::wilcoxon::ZeroMethod;
use mynah_stats::{Alternative, Error, TestResult, benjamini_hochberg, sign_test};
use mynah_testkit::{assert_all_close, assert_close, golden};
use proptest::prelude::*;
use serde::Deserialize;

/// Both sides evaluate the incomplete beta function, or sum the same terms in a different order.
const P_RELATIVE: f64 = 1e-10;
/// A few hundred additions of numbers around 1.
const SUMS: f64 = 1e-11;
/// Both sides select or halve the same differences.
const ORDER: f64 = 1e-12;

const ALTERNATIVES: [Alternative; 3] = [Alternative::TwoSided, Alternative::Less, Alternative::Greater];

#[derive(Deserialize)]
struct Golden {
    one_sample: Vec<OneSample>,
    welch: Vec<Welch>,
    sign: Vec<Sign>,
    effects: Vec<Effect>,
    hodges_lehmann: Vec<Shift>,
    benjamini_hochberg: Vec<(Vec<f64>, Vec<f64>)>,
}

#[derive(Deserialize)]
struct OneSample {
    values: Vec<f64>,
    mean: f64,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
struct Welch {
    first: Vec<f64>,
    second: Vec<f64>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    statistic: f64,
    df: f64,
    p: [f64; 3],
    interval_90: [f64; 2],
}

#[derive(Deserialize)]
struct Sign {
    values: Vec<f64>,
    statistic: f64,
    p: [f64; 3],
}

#[derive(Deserialize)]
struct Effect {
    first: Vec<f64>,
    second: Vec<f64>,
    rank_biserial: f64,
    superiority: f64,
}

#[derive(Deserialize)]
struct Shift {
    first: Vec<f64>,
    second: Option<Vec<f64>>,
    level: f64,
    estimate: f64,
    interval: [f64; 2],
}

fn all() -> Golden {
    golden("stats/effects.json")
}

#[track_caller]
fn compare_p(test: impl Fn(Alternative) -> TestResult, statistic: f64, p: [f64; 3]) {
    for (alternative, expected) in ALTERNATIVES.into_iter().zip(p) {
        let result = test(alternative);
        assert_close(result.statistic, statistic, SUMS * statistic.abs().max(1.0), "statistic");
        assert_close(result.p_value, expected, P_RELATIVE * expected, &format!("{alternative:?}"));
    }
}

#[track_caller]
fn compare_t(result: &TTest, offset: f64, expected: &Expected) {
    compare_p(|alternative| result.test(alternative), expected.statistic, expected.p);
    assert_close(result.degrees_of_freedom, expected.df, SUMS * expected.df, "degrees of freedom");
    let interval = result.interval(0.9).expect("a level");
    assert_all_close(
        &[interval.low + offset, interval.high + offset],
        &expected.interval_90,
        SUMS,
        "interval",
    );
}

#[test]
fn t_tests_agree_with_scipy() {
    for case in all().one_sample {
        let result = one_sample(&case.values, case.mean).expect("values");
        compare_t(&result, case.mean, &case.expected);
    }
    for case in all().welch {
        compare_t(&welch(&case.first, &case.second).expect("values"), 0.0, &case.expected);
    }
}

#[test]
fn sign_tests_agree_with_binomial_tests_of_scipy() {
    for case in all().sign {
        compare_p(
            |alternative| sign_test(&case.values, alternative).expect("values"),
            case.statistic,
            case.p,
        );
    }
}

#[test]
fn effect_sizes_agree_with_pingouin() {
    for case in all().effects {
        let differences: Vec<f64> = case.first.iter().zip(&case.second).map(|(a, b)| a - b).collect();
        let biserial = rank_biserial(&differences, ZeroMethod::Wilcox).expect("values");
        assert_close(biserial, case.rank_biserial, SUMS, "rank-biserial");
        let superiority = probability_of_superiority(&case.first, &case.second).expect("values");
        assert_close(superiority, case.superiority, SUMS, "superiority");
    }
}

#[test]
fn shifts_agree_with_r() {
    for case in all().hodges_lehmann {
        let shift = match &case.second {
            None => hodges_lehmann::one_sample(&case.first, case.level),
            Some(second) => hodges_lehmann::two_sample(&case.first, second, case.level),
        };
        let shift = shift.expect("values");
        assert_close(shift.estimate, case.estimate, ORDER, "estimate");
        assert_all_close(&[shift.low, shift.high], &case.interval, ORDER, "interval");
    }
}

#[test]
fn exact_and_approximate_intervals_of_a_shift_meet() {
    // The same spread of values just below and above the size at which the method changes.
    let width = |n: usize| {
        let values: Vec<f64> = (0..n).map(|k| (k as f64 + 0.5) / n as f64 - 0.5).collect();
        hodges_lehmann::one_sample(&values, 0.95).expect("values").half_width() * (n as f64).sqrt()
    };
    assert_close(width(51), width(50), 0.02 * width(50), "one sample");
    let width = |n: usize| {
        let values: Vec<f64> = (0..n).map(|k| (k as f64 + 0.5) / n as f64 - 0.5).collect();
        let shifted: Vec<f64> = values.iter().map(|value| value + 0.003).collect();
        hodges_lehmann::two_sample(&values, &shifted, 0.95).expect("values").half_width() * (n as f64).sqrt()
    };
    assert_close(width(51), width(50), 0.02 * width(50), "two samples");
}

#[test]
fn false_discovery_rates_agree_with_statsmodels() {
    for (p_values, adjusted) in all().benjamini_hochberg {
        let actual = benjamini_hochberg(&p_values).expect("probabilities");
        assert_all_close(&actual, &adjusted, ORDER, "adjusted");
    }
    assert_eq!(benjamini_hochberg(&[]), Ok(Vec::new()));
    assert!(matches!(benjamini_hochberg(&[-0.1]), Err(Error::OutOfRange { .. })));
}

#[test]
fn reports_why_there_is_no_effect_size() {
    assert_eq!(one_sample(&[1.0], 0.0), Err(Error::TooFew { what: "values", needed: 2, got: 1 }));
    assert_eq!(one_sample(&[1.0; 3], 0.0), Err(Error::AllEqual { n: 3, value: 1.0 }));
    assert_eq!(welch(&[1.0; 3], &[2.0; 3]), Err(Error::NoSpread { n: 6 }));
    assert_eq!(sign_test(&[0.0; 4], Alternative::TwoSided), Err(Error::AllZero { n: 4 }));
    assert_eq!(rank_biserial(&[0.0], ZeroMethod::Pratt), Err(Error::AllZero { n: 1 }));
    assert_eq!(cliffs_delta(&[], &[1.0]), Err(Error::Empty));
    let few = hodges_lehmann::one_sample(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95);
    assert_eq!(few, Err(Error::TooFew { what: "differences", needed: 6, got: 5 }));
    assert!(hodges_lehmann::two_sample(&[1.0, 2.0], &[3.0, 4.0], 0.95).is_err());
    let many = vec![1.0; 7000];
    assert!(matches!(hodges_lehmann::one_sample(&many, 0.95), Err(Error::TooLargeForExact { .. })));
}

proptest! {
    #[test]
    fn the_conclusion_changes_at_the_achieved_margin(
        estimate in -1.0..1.0_f64, error in 0.01..0.5_f64, df in 2.0..200.0_f64, alpha in 0.01..0.2_f64,
    ) {
        let margin = tost(estimate, error, df, 1.0, alpha).expect("a margin").achieved_margin();
        prop_assert!(tost(estimate, error, df, margin * 1.000_001, alpha).expect("a margin").equivalent);
        prop_assert!(!tost(estimate, error, df, margin * 0.999_999, alpha).expect("a margin").equivalent);
        let one_sided = non_inferiority(estimate, error, df, 1.0, alpha).expect("a margin").achieved_margin();
        prop_assert!(non_inferiority(estimate, error, df, one_sided + 1e-6, alpha).expect("a margin").non_inferior);
        if one_sided > 1e-6 {
            let less = non_inferiority(estimate, error, df, one_sided - 1e-6, alpha).expect("a margin");
            prop_assert!(!less.non_inferior);
            let both = tost(estimate, error, df, one_sided, alpha).expect("a margin");
            prop_assert!((less.lower_bound - both.interval.low).abs() < SUMS);
        }
    }

    #[test]
    fn the_detectable_difference_is_detected_with_its_power(error in 0.01..0.5_f64, df in 2.0..200.0_f64) {
        // At a power of one half, the estimate is equally often above and below the critical value.
        let half = detectable_difference(error, df, 0.05, 0.5).expect("a size");
        prop_assert!((tost(half, error, df, 1.0, 0.025).expect("a margin").interval.low).abs() < SUMS);
        prop_assert!(detectable_difference(error, df, 0.05, 0.8).expect("a size") > half);
    }

    #[test]
    fn cliffs_delta_counts_pairs(
        first in prop::collection::vec(-3_i32..=3, 1..20),
        second in prop::collection::vec(-3_i32..=3, 1..20),
    ) {
        let as_f64 = |values: &[i32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
        let delta = cliffs_delta(&as_f64(&first), &as_f64(&second)).expect("values");
        let signs: i32 = first.iter().flat_map(|x| second.iter().map(move |y| (x - y).signum())).sum();
        prop_assert!((delta - f64::from(signs) / (first.len() * second.len()) as f64).abs() < SUMS);
    }

    #[test]
    fn a_shift_of_the_values_shifts_the_estimate(
        values in prop::collection::vec(-10.0..10.0_f64, 6..60), shift in -5.0..5.0_f64,
    ) {
        let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let (one, two) = (
            hodges_lehmann::one_sample(&values, 0.95).expect("values"),
            hodges_lehmann::one_sample(&moved, 0.95).expect("values"),
        );
        prop_assert!((two.low - one.low - shift).abs() < SUMS && (two.estimate - one.estimate - shift).abs() < SUMS);
        prop_assert!(one.low <= one.estimate && one.estimate <= one.high);
    }
}
