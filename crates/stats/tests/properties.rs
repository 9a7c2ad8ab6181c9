//! Properties for arbitrary numbers, and comparisons with slow plain implementations.

use mynah_stats::clustered::{difference, two_way};
use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
use mynah_stats::wilcoxon::{SignedRankConfig, ZeroMethod, signed_rank};
use mynah_stats::{Alternative, Error, Method, MethodChoice, holm};
use mynah_testkit::{assert_close, by_definition};
use proptest::prelude::*;

/// A few hundred additions of numbers up to 3.
const SUMS: f64 = 1e-12;

/// Generates judgments with the rater and item of each; cells of the design may be missing or repeated.
fn study() -> impl Strategy<Value = Vec<(f64, usize, usize)>> {
    let judgment =
        (-3_i32..=3, 0_usize..5, 0_usize..6).prop_map(|(score, rater, item)| (f64::from(score), rater, item));
    prop::collection::vec(judgment, 4..60)
}

fn columns(study: &[(f64, usize, usize)]) -> (Vec<f64>, Vec<usize>, Vec<usize>) {
    (
        study.iter().map(|judgment| judgment.0).collect(),
        study.iter().map(|judgment| judgment.1).collect(),
        study.iter().map(|judgment| judgment.2).collect(),
    )
}

/// Computes the variance of a mean by a double loop over pairs of judgments.
fn slow_variance(values: &[f64], raters: &[usize], items: &[usize]) -> f64 {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let kind = |same: &dyn Fn(usize, usize) -> bool| {
        let clusters = (0..n).filter(|&k| (0..k).all(|earlier| !same(earlier, k))).count() as f64;
        let mut sum = 0.0;
        for k in 0..n {
            for l in 0..n {
                if same(k, l) {
                    sum += (values[k] - mean) * (values[l] - mean);
                }
            }
        }
        clusters / (clusters - 1.0) * sum / (n * n) as f64
    };
    let by_rater = kind(&|k, l| raters[k] == raters[l]);
    let by_item = kind(&|k, l| items[k] == items[l]);
    let by_cell = kind(&|k, l| raters[k] == raters[l] && items[k] == items[l]);
    by_cell + (by_rater - by_cell).max(0.0) + (by_item - by_cell).max(0.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_clustered_error_agrees_with_the_double_loop(study in study()) {
        let (values, raters, items) = columns(&study);
        match two_way(&values, &raters, &items) {
            Ok(mean) => {
                let variance = slow_variance(&values, &raters, &items);
                prop_assert!((mean.standard_error.powi(2) - variance).abs() < SUMS);
                prop_assert!(mean.interval(0.95).expect("a level").contains(mean.estimate));
            }
            Err(Error::NoSpread { .. }) => prop_assert!(slow_variance(&values, &raters, &items) < SUMS),
            Err(error) => prop_assert!(matches!(error, Error::AllEqual { .. } | Error::TooFew { .. }), "{error}"),
        }
    }

    #[test]
    fn names_and_order_of_raters_and_items_do_not_matter(study in study()) {
        let (values, raters, items) = columns(&study);
        let renamed: Vec<usize> = raters.iter().map(|rater| usize::MAX - 17 * rater).collect();
        let mut turned = study.clone();
        turned.reverse();
        let (values_turned, raters_turned, items_turned) = columns(&turned);
        if let Ok(mean) = two_way(&values, &raters, &items) {
            let same = two_way(&values, &renamed, &items).expect("the same study");
            prop_assert!((same.standard_error - mean.standard_error).abs() < SUMS);
            let same = two_way(&values_turned, &raters_turned, &items_turned).expect("the same study");
            prop_assert!((same.standard_error - mean.standard_error).abs() < SUMS);
        }
    }

    #[test]
    fn swapping_the_groups_negates_the_difference(study in study(), seed in 0_usize..7) {
        let (values, raters, items) = columns(&study);
        let group: Vec<bool> = (0..values.len()).map(|index| (index * 5 + seed) % 7 < 3).collect();
        let other: Vec<bool> = group.iter().map(|in_group| !in_group).collect();
        if let Ok(one) = difference(&values, &group, &raters, &items) {
            let two = difference(&values, &other, &raters, &items).expect("the same study");
            prop_assert!((one.estimate + two.estimate).abs() < SUMS);
            prop_assert!((one.standard_error - two.standard_error).abs() < SUMS);
        }
    }

    #[test]
    fn small_signed_rank_tests_agree_with_all_sign_flips(
        halves in prop::collection::vec(-6_i32..=6, 1..9),
        zeros in prop::sample::select(vec![ZeroMethod::Wilcox, ZeroMethod::Pratt, ZeroMethod::Zsplit]),
    ) {
        let differences: Vec<f64> = halves.iter().map(|&half| f64::from(half) / 2.0).collect();
        let rank_sum_of = |differences: &[f64]| {
            let kept: Vec<f64> =
                differences.iter().copied().filter(|&d| zeros != ZeroMethod::Wilcox || d != 0.0).collect();
            let mut sum = 0.0;
            for d in &kept {
                let smaller = kept.iter().filter(|other| other.abs() < d.abs()).count() as f64;
                let equal = kept.iter().filter(|other| (other.abs() - d.abs()).abs() < 0.25).count() as f64;
                let rank = smaller + 0.5 * equal + 0.5;
                let share = if *d > 0.0 { 1.0 } else if *d == 0.0 && zeros == ZeroMethod::Zsplit { 0.5 } else { 0.0 };
                sum += share * rank;
            }
            sum
        };
        let config = SignedRankConfig { zeros, alternative: Alternative::Greater, ..SignedRankConfig::default() };
        let result = signed_rank(&differences, &config);
        if differences.iter().all(|&d| d == 0.0) {
            prop_assert_eq!(result, Err(Error::AllZero { n: differences.len() }));
            return Ok(());
        }
        let result = result.expect("not all are zero");
        let observed = rank_sum_of(&differences);
        prop_assert!((result.statistic - observed).abs() < SUMS);
        let mut n_as_large = 0;
        for signs in 0..1_usize << differences.len() {
            let flipped: Vec<f64> =
                differences.iter().enumerate().map(|(k, d)| if signs >> k & 1 == 1 { -d } else { *d }).collect();
            n_as_large += usize::from(rank_sum_of(&flipped) > observed - 0.1);
        }
        let p_value = n_as_large as f64 / (1_usize << differences.len()) as f64;
        prop_assert!((result.p_value - p_value).abs() < SUMS, "{} against {}", result.p_value, p_value);
    }

    #[test]
    fn negating_the_values_mirrors_the_signed_rank_test(
        scores in prop::collection::vec(-3_i32..=3, 1..70),
        zeros in prop::sample::select(vec![ZeroMethod::Wilcox, ZeroMethod::Pratt, ZeroMethod::Zsplit]),
        correction in any::<bool>(),
    ) {
        let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
        let negatives: Vec<f64> = scores.iter().map(|score| -score).collect();
        let test = |values: &[f64], alternative| {
            signed_rank(values, &SignedRankConfig { zeros, correction, alternative, method: MethodChoice::Auto })
        };
        if let Ok(greater) = test(&scores, Alternative::Greater) {
            let less = test(&negatives, Alternative::Less).expect("the same ranks");
            prop_assert!((greater.p_value - less.p_value).abs() < SUMS);
            prop_assert!((0.0..=1.0).contains(&greater.p_value));
        }
    }

    #[test]
    fn swapping_the_samples_mirrors_the_rank_sum_test(
        first in prop::collection::vec(1_i32..=50, 1..12),
        second in prop::collection::vec(1_i32..=50, 1..12),
    ) {
        let first: Vec<f64> = first.into_iter().map(f64::from).collect();
        let second: Vec<f64> = second.into_iter().map(f64::from).collect();
        let test = |a: &[f64], b: &[f64], alternative| {
            rank_sum(a, b, &RankSumConfig { alternative, ..RankSumConfig::default() })
        };
        if let Ok(greater) = test(&first, &second, Alternative::Greater) {
            let less = test(&second, &first, Alternative::Less).expect("the same ranks");
            prop_assert!((greater.p_value - less.p_value).abs() < SUMS);
            prop_assert!((greater.statistic + less.statistic - (first.len() * second.len()) as f64).abs() < SUMS);
        }
    }

    #[test]
    fn holm_never_lowers_a_p_value(p_values in prop::collection::vec(0.0..=1.0_f64, 0..10)) {
        let adjusted = holm(&p_values).expect("probabilities");
        for (before, after) in p_values.iter().zip(&adjusted) {
            prop_assert!(before <= after && *after <= 1.0);
        }
    }
}

#[test]
fn satterthwaites_degrees_agree_with_the_mean_squares() {
    // In a complete design the variances are mean squares over N, each with its own degrees of freedom.
    let (n_raters, n_items) = (4_usize, 6_usize);
    let design = mynah_stats::simulate::crossed(n_raters, n_items);
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let values: Vec<f64> = design
        .iter()
        .map(|&(r, i)| 2.0 * r as f64 + (i * i % 5) as f64 + ((r * 3 + i * 5) % 7) as f64)
        .collect();
    let mean = two_way(&values, &raters, &items).expect("a study");
    assert!(mean.rater_excess > 0.0 && mean.item_excess > 0.0);
    let center = values.iter().sum::<f64>() / 24.0;
    let of_level = |levels: &[usize], level: usize| {
        let of: Vec<f64> = values.iter().zip(levels).filter(|&(_, &l)| l == level).map(|(&v, _)| v).collect();
        of.iter().sum::<f64>() / of.len() as f64 - center
    };
    let square = |levels: &[usize], n: usize| {
        (24 / n) as f64 * (0..n).map(|level| of_level(levels, level).powi(2)).sum::<f64>() / (n - 1) as f64
    };
    let (rater, item) = (square(&raters, n_raters), square(&items, n_items));
    let all = values.iter().map(|value| (value - center).powi(2)).sum::<f64>() / 23.0;
    let expected =
        (rater + item - all).powi(2) / (rater * rater / 3.0 + item * item / 5.0 + all * all / 23.0);
    by_definition("the mean squares of a complete design");
    assert_close(mean.standard_error.powi(2), (rater + item - all) / 24.0, SUMS, "variance");
    assert_close(mean.satterthwaite_degrees_of_freedom, expected, 1e-9, "degrees of freedom");
    assert!(
        mean.satterthwaite().degrees_of_freedom > 2.0,
        "more than min(raters, items) - 1 here: {expected}"
    );
}

#[test]
fn rejects_meaningless_inputs() {
    assert_eq!(signed_rank(&[], &SignedRankConfig::default()), Err(Error::Empty));
    assert_eq!(
        signed_rank(&[1.0, f64::NAN], &SignedRankConfig::default()),
        Err(Error::NotFinite { index: 1 })
    );
    assert_eq!(signed_rank(&[0.0, -0.0], &SignedRankConfig::default()), Err(Error::AllZero { n: 2 }));
    let exact = SignedRankConfig { method: MethodChoice::Exact, ..SignedRankConfig::default() };
    assert!(matches!(signed_rank(&[1.0; 501], &exact), Err(Error::TooLargeForExact { n: 501, .. })));

    assert_eq!(rank_sum(&[1.0], &[], &RankSumConfig::default()), Err(Error::Empty));
    assert_eq!(
        rank_sum(&[2.0, 2.0], &[2.0], &RankSumConfig::default()),
        Err(Error::AllEqual { n: 3, value: 2.0 })
    );

    assert_eq!(two_way(&[], &[], &[]), Err(Error::Empty));
    assert!(matches!(
        two_way(&[1.0, 2.0], &[0], &[0, 1]),
        Err(Error::LengthMismatch { right_name: "raters", .. })
    ));
    assert_eq!(
        two_way(&[1.0, 2.0], &[7, 7], &[0, 1]),
        Err(Error::TooFew { what: "raters", needed: 2, got: 1 })
    );
    assert_eq!(two_way(&[1.0, 1.0], &[0, 1], &[0, 1]), Err(Error::AllEqual { n: 2, value: 1.0 }));
    // The second system is one point better for every rater and sentence, so the certainty of that is unknown.
    assert_eq!(
        difference(&[1.0, 3.0, 2.0, 4.0], &[false, false, true, true], &[0, 1, 0, 1], &[0, 1, 0, 1],),
        Err(Error::NoSpread { n: 4 })
    );
    assert!(matches!(holm(&[0.5, 1.5]), Err(Error::OutOfRange { name: "p_values", .. })));
}

#[test]
fn too_large_an_exact_distribution_falls_back_to_the_approximation() {
    let first: Vec<f64> = (0..8).map(|k| f64::from(k) + 0.5).collect();
    let second: Vec<f64> = (0..2600).map(f64::from).collect();
    let result = rank_sum(&first, &second, &RankSumConfig::default()).expect("two samples");
    assert_eq!(result.method, Method::Asymptotic);
}
