//! CrowdMOS against mean-opinion-score on ratings of the Blizzard Challenge (`fixtures/generate/stats_crowdmos.py`),
//! and the crossed bootstrap against its theoretical variance.

use mynah_stats::bootstrap::{BootstrapConfig, crossed_difference, crossed_mean};
use mynah_stats::clustered::two_way;
use mynah_stats::crowdmos;
use mynah_testkit::{assert_close, by_definition, golden};
use serde::Deserialize;

/// The package keeps variances of rows and columns in single precision.
const SINGLE: f64 = 1e-6;
/// A few hundred additions of numbers up to 5.
const SUMS: f64 = 1e-12;
/// Four standard errors of a standard deviation estimated from 40,000 replicates.
const SPREAD_OF_40_000: f64 = 4.0 * 0.003_54;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    rater: Vec<usize>,
    item: Vec<usize>,
    value: Vec<f64>,
    mean: f64,
    variance: f64,
    half_width_95: f64,
}

#[test]
fn crowdmos_agrees_with_mean_opinion_score_on_blizzard_ratings() {
    let golden: Golden = golden("stats/crowdmos.json");
    assert_eq!(golden.cases.len(), 20);
    for case in golden.cases {
        let result = crowdmos(&case.value, &case.rater, &case.item).expect(&case.name);
        assert_close(result.estimate, case.mean, SUMS, &case.name);
        assert_close(result.standard_error.powi(2), case.variance, SINGLE * case.variance, &case.name);
        let half = result.interval(0.95).expect("a level").half_width();
        assert_close(half, case.half_width_95, SINGLE * case.half_width_95, &case.name);
    }
}

#[test]
fn crowdmos_ignores_items_if_no_rater_rates_twice() {
    // Two items that differ by 4, each rated by two people who differ by 1: only the items matter.
    let (values, raters, items) = ([0.0, 1.0, 4.0, 5.0], [0, 1, 2, 3], [0, 0, 1, 1]);
    let result = crowdmos(&values, &raters, &items).expect("ratings");
    assert_close(result.standard_error.powi(2), 4.25 / 4.0, SUMS, "as if independent");
    let clustered = two_way(&values, &raters, &items).expect("ratings");
    assert!(clustered.standard_error > 1.8 * result.standard_error, "{clustered:?}");
}

/// Computes the exact variance, over all draws, of a weighted sum of centered values of a complete design.
///
/// Counts c of R draws among R levels have `E[c_r c_s] = 1 - 1/R + (r = s)`.
fn exact_variance(influence: &[f64], raters: &[usize], items: &[usize], n_raters: f64, n_items: f64) -> f64 {
    let mut sum = 0.0;
    for k in 0..influence.len() {
        for l in 0..influence.len() {
            let rater = 1.0 - 1.0 / n_raters + f64::from(u8::from(raters[k] == raters[l]));
            let item = 1.0 - 1.0 / n_items + f64::from(u8::from(items[k] == items[l]));
            sum += influence[k] * influence[l] * rater * item;
        }
    }
    sum
}

#[test]
fn the_crossed_bootstrap_has_its_theoretical_variance() {
    by_definition("its theoretical variance, summed over all pairs of ratings");
    let (raters, items): (Vec<usize>, Vec<usize>) = mynah_stats::simulate::crossed(5, 7).into_iter().unzip();
    let values: Vec<f64> =
        (0..35).map(|k| f64::from(k * k % 11 % 7) - 3.0 + (raters[k as usize] as f64)).collect();
    let mean = values.iter().sum::<f64>() / 35.0;
    let influence: Vec<f64> = values.iter().map(|value| (value - mean) / 35.0).collect();
    let expected = exact_variance(&influence, &raters, &items, 5.0, 7.0).sqrt();
    let config = BootstrapConfig { n_replicates: 40_000, seed: 11 };
    let result = crossed_mean(&values, &raters, &items, &config).expect("a study");
    assert_close(result.estimate, mean, SUMS, "estimate");
    assert_close(result.standard_error, expected, SPREAD_OF_40_000 * expected, "standard error");

    // Two systems, each with all raters and items: the difference is the mean of the differences.
    let both = |indices: &[usize]| [indices, indices].concat();
    let doubled: Vec<f64> =
        values.iter().map(|value| 0.5 * value).chain(values.iter().map(|value| -0.5 * value)).collect();
    let group: Vec<bool> = (0..70).map(|k| k < 35).collect();
    let difference =
        crossed_difference(&doubled, &group, &both(&raters), &both(&items), &config).expect("a study");
    assert_close(difference.estimate, mean, SUMS, "difference");
    assert_close(difference.standard_error, result.standard_error, SUMS, "the same draws");
}
