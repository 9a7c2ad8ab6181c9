//! Agreement, reliability and biases of raters against krippendorff, pingouin, sureal and numpy
//! (`fixtures/generate/stats_agreement.py`).

use mynah_stats::bias::bias_model;
use mynah_stats::icc::{icc, icc_of_components};
use mynah_stats::krippendorff::{Scale, alpha};
use mynah_stats::mixed::mixed_model;
use mynah_stats::reliability::{leave_one_out, spearman, split_half};
use mynah_stats::simulate::crossed;
use mynah_stats::{Error, sos_parameter};
use mynah_testkit::{assert_all_close, assert_close, golden};
use serde::Deserialize;

/// A few hundred additions of numbers up to 5.
const SUMS: f64 = 1e-11;
/// pingouin rounds its intervals to two decimals.
const TWO_DECIMALS: f64 = 0.005 + 1e-9;
/// sureal adds 1e-8 to every variance, and stops when the qualities jointly move by less than 1e-8.
const SUREAL: f64 = 1e-6;
/// The components of the mixed model come from an iterative search.
const COMPONENTS: f64 = 1e-5;

#[derive(Deserialize)]
struct Golden {
    studies: Vec<Study>,
    spearman: Vec<(Vec<f64>, Vec<f64>, f64)>,
    biases: Vec<Biases>,
}

#[derive(Deserialize)]
struct Study {
    name: String,
    rater: Vec<usize>,
    item: Vec<usize>,
    value: Vec<f64>,
    alpha: [f64; 3],
    icc: Option<[f64; 2]>,
    icc_interval: Option<[[f64; 2]; 2]>,
    leave_one_out: Vec<f64>,
    sos: f64,
}

#[derive(Deserialize)]
struct Biases {
    name: String,
    rater: Vec<usize>,
    item: Vec<usize>,
    value: Vec<f64>,
    quality: Vec<f64>,
    quality_error: Vec<f64>,
    bias: Vec<f64>,
    inconsistency: Vec<f64>,
}

fn all() -> Golden {
    golden("stats/agreement.json")
}

#[test]
fn alpha_agrees_with_krippendorff() {
    for case in all().studies {
        for (scale, expected) in [Scale::Nominal, Scale::Ordinal, Scale::Interval].into_iter().zip(case.alpha)
        {
            let actual = alpha(&case.value, &case.item, scale).expect(&case.name);
            assert_close(actual, expected, SUMS, &format!("{}, {scale:?}", case.name));
        }
    }
}

#[test]
fn intraclass_correlations_agree_with_pingouin() {
    let mut n_complete = 0;
    for case in all().studies {
        let result = icc(&case.value, &case.rater, &case.item, 0.95);
        let (Some(expected), Some(intervals)) = (case.icc, case.icc_interval) else {
            assert!(matches!(result, Err(Error::Incomplete { n: 0, .. })), "{}: {result:?}", case.name);
            continue;
        };
        n_complete += 1;
        let result = result.expect(&case.name);
        for ((actual, expected), [low, high]) in
            [result.single, result.average].iter().zip(expected).zip(intervals)
        {
            assert_close(actual.estimate, expected, SUMS, &case.name);
            assert_close(actual.low, low, TWO_DECIMALS, &case.name);
            assert_close(actual.high, high, TWO_DECIMALS, &case.name);
        }
        // The components give the same result unless one of them is 0.
        let model = mixed_model(&case.value, &case.rater, &case.item, &[]).expect(&case.name);
        if model.rater_sd > 0.0 && model.item_sd > 0.0 {
            let single = icc_of_components(&model, 1).expect("a rater");
            assert_close(single, expected[0], COMPONENTS, &case.name);
            let n_raters = case.rater.iter().max().expect("raters") + 1;
            let average = icc_of_components(&model, n_raters as u32).expect("raters");
            assert_close(average, expected[1], COMPONENTS, &case.name);
        }
    }
    assert_eq!(n_complete, 3);
}

#[test]
fn rater_correlations_agree_with_scipy() {
    for case in all().studies {
        let correlations = leave_one_out(&case.value, &case.rater, &case.item).expect(&case.name);
        let actual: Vec<f64> = correlations.into_values().map(|r| r.expect("enough items")).collect();
        assert_all_close(&actual, &case.leave_one_out, SUMS, &case.name);
    }
    for (first, second, expected) in all().spearman {
        assert_close(spearman(&first, &second).expect("values"), expected, SUMS, "Spearman");
    }
}

#[test]
fn the_sos_parameter_agrees_with_least_squares() {
    for case in all().studies {
        let actual = sos_parameter(&case.value, &case.item, 1.0, 5.0).expect(&case.name);
        assert_close(actual, case.sos, SUMS, &case.name);
    }
}

#[test]
fn biases_and_inconsistencies_agree_with_sureal() {
    for case in all().biases {
        let result = bias_model(&case.value, &case.rater, &case.item, 0.0);
        if case.inconsistency.iter().any(|&value| value < 1e-6) {
            // In sureal, one rater's answers have become the qualities of all items.
            assert!(matches!(result, Err(Error::NotConverged { .. })), "{}: {result:?}", case.name);
            let model = bias_model(&case.value, &case.rater, &case.item, 3.0).expect(&case.name);
            assert!(model.raters.iter().all(|rater| rater.inconsistency > 0.3), "{model:?}");
            continue;
        }
        let model = result.expect(&case.name);
        let of = |field: fn(&mynah_stats::bias::Quality) -> f64| {
            model.qualities.iter().map(field).collect::<Vec<_>>()
        };
        assert_all_close(&of(|quality| quality.quality), &case.quality, SUREAL, &case.name);
        assert_all_close(&of(|quality| quality.standard_error), &case.quality_error, SUREAL, &case.name);
        let of = |field: fn(&mynah_stats::bias::RaterProfile) -> f64| {
            model.raters.iter().map(field).collect::<Vec<_>>()
        };
        assert_all_close(&of(|rater| rater.bias), &case.bias, SUREAL, &case.name);
        assert_all_close(&of(|rater| rater.inconsistency), &case.inconsistency, SUREAL, &case.name);
    }
}

/// Draws scores of `n_raters` for systems of the given means on one item, with the same noise for every caller.
fn systems(means: &[f64], n_raters: usize, noise: f64) -> (Vec<f64>, Vec<usize>, Vec<usize>) {
    let cells = crossed(n_raters, means.len());
    let value = |&(rater, system): &(usize, usize)| {
        means[system] + noise * (((rater * 7 + system * 11) % 13) as f64 / 6.0 - 1.0)
    };
    (
        cells.iter().map(value).collect(),
        cells.iter().map(|&(_, system)| system).collect(),
        cells.iter().map(|&(rater, _)| rater).collect(),
    )
}

#[test]
fn rankings_are_stable_if_systems_differ_more_than_raters() {
    let (values, system, rater) = systems(&[1.0, 2.0, 3.0, 4.0], 13, 0.4);
    let clear = split_half(&values, &system, &rater, 50, 1).expect("systems");
    assert_eq!((clear.mean, clear.lowest, clear.same_best, clear.n_splits), (1.0, 1.0, 1.0, 50));
    let (values, system, rater) = systems(&[3.0, 3.01, 3.02, 3.03], 13, 2.0);
    let unclear = split_half(&values, &system, &rater, 50, 1).expect("systems");
    assert!(unclear.mean < 0.7 && unclear.same_best < 0.8, "{unclear:?}");
    assert_eq!(unclear, split_half(&values, &system, &rater, 50, 1).expect("the same seed"));
}

#[test]
fn reports_why_agreement_is_undefined() {
    assert!(matches!(alpha(&[1.0, 2.0], &[0, 1], Scale::Nominal), Err(Error::TooFew { .. })));
    assert_eq!(alpha(&[2.0; 4], &[0, 0, 1, 1], Scale::Ordinal), Err(Error::AllEqual { n: 4, value: 2.0 }));
    let twice = icc(&[1.0, 2.0, 3.0, 4.0, 5.0], &[0, 0, 1, 1, 1], &[0, 1, 0, 1, 1], 0.95);
    assert_eq!(twice, Err(Error::Incomplete { rater: 1, item: 1, n: 2 }));
    let additive = icc(&[1.0, 2.0, 3.0, 4.0], &[0, 0, 1, 1], &[0, 1, 0, 1], 0.95);
    assert_eq!(additive, Err(Error::NoSpread { n: 4 }));
    let crosswise = icc(&[0.0, -1.0, -1.0, 0.0], &[0, 0, 1, 1], &[0, 1, 0, 1], 0.95);
    assert!(matches!(crosswise, Err(Error::Undefined { .. })), "{crosswise:?}");
    let constant = leave_one_out(&[3.0, 3.0, 3.0, 1.0, 2.0, 3.0], &[0, 0, 0, 1, 1, 1], &[0, 1, 2, 0, 1, 2]);
    assert_eq!(constant.expect("ratings")[&0], Err(Error::AllEqual { n: 3, value: 3.0 }));
    assert!(matches!(
        split_half(&[1.0, 2.0], &[0, 1], &[0, 1], 5, 1),
        Err(Error::TooFew { what: "systems", .. })
    ));
    assert_eq!(
        sos_parameter(&[6.0], &[0], 1.0, 5.0),
        Err(Error::OutOfRange { name: "values", value: 6.0, allowed: "a value on the scale" })
    );
    assert!(matches!(sos_parameter(&[5.0, 5.0], &[0, 0], 1.0, 5.0), Err(Error::AllEqual { .. })));
    let few = bias_model(&[1.0, 2.0, 3.0, 4.0], &[0, 0, 1, 1], &[0, 1, 0, 1], 2.0);
    assert_eq!(few.unwrap_err(), Error::TooFew { what: "judgments per rater", needed: 3, got: 2 });
}
