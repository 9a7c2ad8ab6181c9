//! Mixed models against R's lme4, lmerTest and ordinal (`fixtures/generate/stats_mixed.py`).

use mynah_stats::mixed::mixed_model;
use mynah_stats::ordinal::{Link, OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::simulate::crossed;
use mynah_stats::{Coefficient, Error};
use mynah_testkit::{assert_all_close, assert_close, golden};
use serde::Deserialize;

/// lme4 stops within 1e-10 of the trust region, this crate at a predicted decrease of 1e-11 of the criterion: either is
/// within about 1e-6 of the optimum, and within the square of that in the criterion.
const CRITERION: f64 = 1e-7;
const PLACE: f64 = 2e-5;
/// ordinal stops at a slope of 1e-7 or when Newton steps no longer help; its standard errors come from finite
/// differences with other steps.
const LOG_LIKELIHOOD: f64 = 1e-6;
const ORDINAL_PLACE: f64 = 2e-4;
/// Degrees of freedom come from second differences at the optimum, a hundred times as sensitive to its position.
const DEGREES_RELATIVE: f64 = 1e-3;

#[derive(Deserialize)]
struct Golden {
    linear: Vec<Linear>,
    ordinal: Vec<OrdinalCase>,
}

#[derive(Deserialize)]
struct Study {
    name: String,
    rater: Vec<usize>,
    item: Vec<usize>,
    value: Vec<f64>,
    covariates: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Linear {
    #[serde(flatten)]
    study: Study,
    estimate: Vec<f64>,
    standard_error: Vec<f64>,
    df: Vec<f64>,
    rater_sd: f64,
    item_sd: f64,
    residual_sd: f64,
    criterion: f64,
    rater_effects: Vec<f64>,
    item_effects: Vec<f64>,
}

#[derive(Deserialize)]
struct OrdinalCase {
    study: String,
    link: Link,
    threshold: Thresholds,
    n_categories: usize,
    estimate: Vec<f64>,
    standard_error: Vec<f64>,
    rater_sd: f64,
    item_sd: f64,
    log_likelihood: f64,
    location: Option<f64>,
    location_error: Option<f64>,
}

#[test]
fn linear_mixed_models_agree_with_lme4() {
    let golden: Golden = golden("stats/mixed.json");
    assert_eq!(golden.linear.len(), 6);
    for case in golden.linear {
        let (study, name) = (&case.study, &case.study.name);
        let model = mixed_model(&study.value, &study.rater, &study.item, &study.covariates).expect(name);
        assert_close(model.criterion, case.criterion, CRITERION, name);
        for (actual, expected) in [
            (model.rater_sd, case.rater_sd),
            (model.item_sd, case.item_sd),
            (model.residual_sd, case.residual_sd),
        ] {
            assert_close(actual, expected, PLACE, name);
        }
        let of =
            |field: fn(&Coefficient) -> f64| -> Vec<f64> { model.coefficients.iter().map(field).collect() };
        assert_all_close(&of(|c| c.estimate), &case.estimate, PLACE, name);
        assert_all_close(&of(|c| c.standard_error), &case.standard_error, PLACE, name);
        for (actual, expected) in of(|c| c.degrees_of_freedom).iter().zip(&case.df) {
            assert_close(*actual, *expected, DEGREES_RELATIVE * expected, name);
        }
        let effects =
            |effects: &[(usize, f64)]| effects.iter().map(|&(_, effect)| effect).collect::<Vec<f64>>();
        assert_all_close(&effects(&model.rater_effects), &case.rater_effects, PLACE, name);
        assert_all_close(&effects(&model.item_effects), &case.item_effects, PLACE, name);
    }
}

#[test]
fn cumulative_link_mixed_models_agree_with_ordinal() {
    let golden: Golden = golden("stats/mixed.json");
    assert_eq!(golden.ordinal.len(), 8);
    for case in golden.ordinal {
        let study = &golden.linear.iter().find(|l| l.study.name == case.study).expect("a study").study;
        let name = format!("{}, {:?}, {:?}", case.study, case.link, case.threshold);
        let config = OrdinalConfig { link: case.link, thresholds: case.threshold };
        let fit =
            ordinal_model(&study.value, &study.rater, &study.item, &study.covariates, &config).expect(&name);
        assert_eq!(fit.categories.len(), case.n_categories);
        assert_close(fit.log_likelihood, case.log_likelihood, LOG_LIKELIHOOD, &name);
        assert_close(fit.rater_sd, case.rater_sd, ORDINAL_PLACE, &name);
        assert_close(fit.item_sd, case.item_sd, ORDINAL_PLACE, &name);
        if let (Some(location), Some(error)) = (case.location, case.location_error) {
            assert_close(fit.coefficients[0].estimate, location, ORDINAL_PLACE, &name);
            assert_close(fit.coefficients[0].standard_error, error, ORDINAL_PLACE, &name);
        } else {
            let all: Vec<&Coefficient> = fit.thresholds.iter().chain(&fit.coefficients).collect();
            let estimates: Vec<f64> = all.iter().map(|c| c.estimate).collect();
            let errors: Vec<f64> = all.iter().map(|c| c.standard_error).collect();
            assert_all_close(&estimates, &case.estimate, ORDINAL_PLACE, &name);
            assert_all_close(&errors, &case.standard_error, ORDINAL_PLACE, &name);
        }
    }
}

#[test]
fn mirrored_scores_have_a_mirrored_latent_mean() {
    let (raters, items): (Vec<usize>, Vec<usize>) = crossed(6, 8).into_iter().unzip();
    let scores: Vec<f64> = (0..48).map(|k| f64::from(k * 11 % 17 % 8 % 7) - 3.0).collect();
    let negatives: Vec<f64> = scores.iter().map(|score| -score).collect();
    let config = OrdinalConfig { thresholds: Thresholds::Symmetric, ..OrdinalConfig::default() };
    let one = ordinal_model(&scores, &raters, &items, &[], &config).expect("a study");
    let two = ordinal_model(&negatives, &raters, &items, &[], &config).expect("a study");
    assert_eq!(one.categories, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
    assert_close(one.coefficients[0].estimate, -two.coefficients[0].estimate, PLACE, "latent mean");
    assert_close(one.log_likelihood, two.log_likelihood, CRITERION, "likelihood");
    let mut mirrored = two.probabilities(two.coefficients[0].estimate);
    mirrored.reverse();
    let probabilities = one.probabilities(one.coefficients[0].estimate);
    assert_all_close(&probabilities, &mirrored, PLACE, "probabilities");
    assert_close(probabilities.iter().sum::<f64>(), 1.0, 1e-12, "all probabilities");
    // The probabilities are close to the shares of the scores that the model was fitted to.
    let share = scores.iter().filter(|&&score| score > 0.0).count() as f64 / 48.0;
    assert_close(probabilities[4..].iter().sum::<f64>(), share, 0.05, "share above 0");
}

#[test]
fn rejects_undetermined_models() {
    let (raters, items): (Vec<usize>, Vec<usize>) = crossed(4, 6).into_iter().unzip();
    let scores: Vec<f64> = (0..24).map(|k| f64::from(k * 7 % 5) - 2.0).collect();
    let linear =
        |values: &[f64], columns: &[Vec<f64>]| mixed_model(values, &raters, &items, columns).unwrap_err();
    let config = OrdinalConfig::default();
    let ordinal = |values: &[f64], columns: &[Vec<f64>]| {
        ordinal_model(values, &raters, &items, columns, &config).unwrap_err()
    };
    for fit in [&linear as &dyn Fn(&[f64], &[Vec<f64>]) -> Error, &ordinal] {
        assert_eq!(fit(&[2.0; 24], &[]), Error::AllEqual { n: 24, value: 2.0 });
        assert_eq!(fit(&scores, &[vec![1.0; 24]]), Error::Collinear);
        assert!(matches!(fit(&scores, &[vec![1.0; 23]]), Error::LengthMismatch { .. }));
        assert_eq!(fit(&scores, &[vec![f64::NAN; 24]]), Error::NotFinite { index: 0 });
    }
    // Nothing is left if the raters explain everything.
    let by_rater: Vec<f64> = raters.iter().map(|&rater| rater as f64).collect();
    assert!(matches!(linear(&by_rater, &[]), Error::NotConverged { .. }));
    assert!(matches!(ordinal(&by_rater, &[]), Error::NotConverged { .. }));
    // A covariate that separates the highest category from the others has no finite coefficient.
    let separated: Vec<f64> = scores.iter().map(|&score| if score > 1.0 { 1.0 } else { 0.0 }).collect();
    let of_two: Vec<f64> = separated.clone();
    assert!(matches!(ordinal(&of_two, &[separated]), Error::NotConverged { .. }));
    let few = mixed_model(&[1.0, 2.0], &[0, 1], &[0, 1], &[vec![0.0, 1.0]]);
    assert_eq!(few.unwrap_err(), Error::TooFew { what: "values", needed: 3, got: 2 });
}

#[test]
fn raters_with_one_judgment_each_are_part_of_the_residual() {
    let raters: Vec<usize> = (0..24).collect();
    let items: Vec<usize> = (0..24).map(|k| k % 6).collect();
    let scores: Vec<f64> = (0..24).map(|k| f64::from(k * 7 % 5) - 2.0).collect();
    let model = mixed_model(&scores, &raters, &items, &[]).expect("a study");
    assert_close(model.rater_sd, 0.0, 0.0, "not identifiable");
    assert!(model.residual_sd > 1.0);
}
