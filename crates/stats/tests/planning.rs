//! Power against scipy's noncentral t distribution and quadrature (`fixtures/generate/stats_planning.py`), and
//! properties of studies drawn from a fitted model.

use mynah_stats::Error;
use mynah_stats::clustered::{Clustered, two_way};
use mynah_stats::ordinal::{Link, OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::planning::{Goal, Unknown, probability_of, smallest_size};
use mynah_stats::power::{Components, Size, power};
use mynah_stats::simulate::{Model, crossed, pooled};
use mynah_testkit::{assert_close, by_definition, golden};
use serde::Deserialize;

/// The integral is a sum of a thousand steps; at a kink its error is the square of a step.
const INTEGRAL: f64 = 2e-5;

/// Expected variances by a formula and by matrices.
const MATRICES: f64 = 1e-9;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    size: Size,
    difference: f64,
    alpha: f64,
    margin: f64,
    degrees_of_freedom: f64,
    standard_error: f64,
    detected: f64,
    non_inferior: f64,
    equivalent: f64,
}

const USUAL: Components = Components { item_sd: 0.3, rater_sd: 0.3, residual_sd: 1.0 };

#[test]
fn power_agrees_with_the_noncentral_t_distribution() {
    for case in golden::<Golden>("stats/planning.json").cases {
        let what = format!("{:?}, {}, {}", case.size, case.difference, case.alpha);
        let planned = power(&USUAL, &case.size, case.alpha, 0.8).expect(&what);
        assert_close(planned.standard_error, case.standard_error, MATRICES, &what);
        assert_close(planned.degrees_of_freedom, case.degrees_of_freedom, MATRICES, &what);
        let of = |goal| probability_of(goal, case.difference, &USUAL, &case.size, case.alpha).expect(&what);
        assert_close(of(Goal::Difference), case.detected, INTEGRAL, &what);
        assert_close(of(Goal::NonInferiority { margin: case.margin }), case.non_inferior, INTEGRAL, &what);
        assert_close(of(Goal::Equivalence { margin: case.margin }), case.equivalent, INTEGRAL, &what);
    }
}

#[test]
fn planned_power_is_reached_by_the_analysis_of_a_verdict() {
    // Of 1,000 studies: three standard errors are 0.038. The table of `examples/planned_power.rs` has more of both.
    const N: u64 = 1000;
    const CHANCE: f64 = 0.04;
    by_definition("the share of simulated studies that reach the goal");
    for (items, ratings_per_item, raters) in [(20, 10, 20), (50, 20, 60)] {
        let size = Size { items, ratings_per_item, raters };
        let planned = power(&USUAL, &size, 0.05, 0.8).expect("a size");
        let (margin, difference) = (planned.smallest_margin, planned.detectable_difference);
        for (goal, difference) in [(Goal::Equivalence { margin }, 0.0), (Goal::Difference, difference)] {
            let expected = probability_of(goal, difference, &USUAL, &size, 0.05).expect("a size");
            assert_close(expected, 0.8, 1e-9, "the margin and the difference have the desired power");
        }
        let design = pooled(raters as usize, items as usize, ratings_per_item as usize, 1).expect("a design");
        let (of_raters, of_items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
        let share = |mean: f64, is_reached: &(dyn Fn(&Clustered) -> bool + Sync)| {
            let model = Model { mean, components: USUAL, lowest: -100, highest: 100 };
            let reached = model.replicates(&design, 5, N, |scores| {
                let study = two_way(scores, &of_raters, &of_items).expect("a study");
                is_reached(&study.jackknifed().expect("equal contributions"))
            });
            reached.expect("a model").into_iter().filter(|reached| *reached).count() as f64 / N as f64
        };
        let equivalent = share(0.0, &|study| study.tost(margin, 0.05).expect("a margin").equivalent);
        assert_close(equivalent, 0.8, CHANCE, &format!("equivalence, {size:?}"));
        let found = share(difference, &|study| study.t_test().p_value < 0.05);
        assert_close(found, 0.8, CHANCE, &format!("difference, {size:?}"));
    }
}

#[test]
fn the_smallest_size_is_minimal() {
    let size = Size { items: 50, ratings_per_item: 20, raters: 60 };
    for (goal, difference, unknown) in [
        (Goal::Equivalence { margin: 0.25 }, 0.0, Unknown::Items),
        (Goal::Equivalence { margin: 0.25 }, 0.05, Unknown::Raters),
        (Goal::NonInferiority { margin: 0.2 }, 0.0, Unknown::RatingsPerItem),
        (Goal::Difference, 0.3, Unknown::Items),
        (Goal::Difference, -0.3, Unknown::RatingsPerItem),
    ] {
        let found = smallest_size(goal, difference, &USUAL, &size, unknown, 0.05, 0.8)
            .expect("the goal is attainable");
        let reached = |size: &Size| probability_of(goal, difference, &USUAL, size, 0.05);
        assert!(reached(&found).expect("a size") >= 0.8, "{goal:?} {found:?}");
        let less = match unknown {
            Unknown::Items => Size { items: found.items - 1, ..found },
            Unknown::RatingsPerItem => Size { ratings_per_item: found.ratings_per_item - 1, ..found },
            Unknown::Raters => Size { raters: found.raters - 1, ..found },
        };
        // One less may be too few for any test.
        assert!(reached(&less).map_or(true, |reached| reached < 0.8), "{goal:?} {less:?}");
    }
}

#[test]
fn reports_unattainable_goals() {
    // Twenty raters who differ: however many sentences they hear, the error of their mean stays at 0.07 points.
    let size = Size { items: 0, ratings_per_item: 20, raters: 20 };
    let goal = Goal::Equivalence { margin: 0.1 };
    let result = smallest_size(goal, 0.0, &USUAL, &size, Unknown::Items, 0.05, 0.8);
    assert!(matches!(result, Err(Error::Unattainable { power: 0.8, best }) if best < 0.2), "{result:?}");
    let size = Size { items: 50, ratings_per_item: 20, raters: 60 };
    let negative = Goal::Equivalence { margin: -0.1 };
    assert!(matches!(probability_of(negative, 0.0, &USUAL, &size, 0.05), Err(Error::OutOfRange { .. })));
    let none = Components { item_sd: 0.0, rater_sd: f64::NAN, residual_sd: 0.0 };
    assert!(probability_of(goal, 0.0, &none, &size, 0.05).is_err());
}

#[test]
fn studies_drawn_from_a_fitted_model_resemble_the_original() {
    by_definition("the probabilities of the fitted model, in 300 studies drawn from it");
    let design = crossed(20, 30);
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let model = Model { mean: 0.3, components: USUAL, lowest: -3, highest: 3 };
    let scores = model.draw(&design, 2, 0).expect("a model");
    for link in [Link::Probit, Link::Logit] {
        let config = OrdinalConfig { link, thresholds: Thresholds::Symmetric };
        let fit = ordinal_model(&scores, &raters, &items, &[], &config).expect("a study");
        let mean = fit.coefficients[0];
        // 300 studies with new raters and items estimate the shares of categories to about one percent.
        let mut counts = vec![0.0; fit.categories.len()];
        for replicate in 0..300 {
            for score in fit.draw(&design, mean.estimate, 9, replicate).expect("a design") {
                counts[fit.categories.partition_point(|&category| category < score)] += 1.0 / 180_000.0;
            }
        }
        for (share, expected) in counts.iter().zip(fit.probabilities(mean.estimate)) {
            assert_close(*share, expected, 0.012, "share of a category");
        }
        let again = fit.draw(&design, mean.estimate, 9, 7).expect("a design");
        let refit = ordinal_model(&again, &raters, &items, &[], &config).expect("a study");
        let sd = mean.standard_error.hypot(refit.coefficients[0].standard_error);
        assert_close(refit.coefficients[0].estimate, mean.estimate, 4.0 * sd, "latent mean");
        assert_eq!(again, fit.draw(&design, mean.estimate, 9, 7).expect("the same seed"));
        assert_eq!(fit.draw(&[], 0.0, 1, 0), Err(Error::Empty));
    }
}
