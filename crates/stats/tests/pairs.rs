//! Error rates of preference tests with raters who contribute unequally, ties and a strong effect of the order.
//!
//! `examples/calibration` prints the same rates from as many studies as time allows.

use mynah_stats::power::Components;
use mynah_stats::preference::{Comparison, Evidence, OrderEffect, Preference, bradley_terry, test_pairs};
use mynah_stats::simulate::{Preferences, crossed, crowd, quitters};

const SEED: u64 = 20_261_130;

/// Returns the largest acceptable rate: 6 %, plus three standard errors of 5 % over the studies.
fn most(studies: u64) -> f64 {
    0.06 + 3.0 * (0.05 * 0.95 / studies as f64).sqrt()
}

fn equal(n_systems: usize, order: f64, indifference: f64) -> Preferences {
    let components = Components::default();
    Preferences { strengths: vec![0.0; n_systems], order, indifference, components }
}

/// Returns the shares of studies in which the first pair is found different, by its own test, and in which any is.
fn error_rates(design: &[(usize, usize)], model: &Preferences, studies: u64) -> [f64; 2] {
    let mut counts = [0.0; 2];
    for study in 0..studies {
        let tests = test_pairs(&model.draw(design, SEED, study).expect("a model"), 0.05).expect("votes");
        if let Ok(Evidence::Difference { difference, .. }) = &tests.pairs[0].evidence {
            counts[0] += f64::from(u8::from(difference.t_test().p_value < 0.05));
        }
        counts[1] += f64::from(u8::from(tests.pairs.iter().any(|test| test.preferred(0.05).is_some())));
    }
    counts.map(|count| count / studies as f64)
}

#[test]
fn equal_systems_are_told_apart_in_at_most_six_percent_of_studies() {
    let designs = [
        ("10 x 5", crossed(5, 10)),
        ("3 raters", crossed(3, 50)),
        ("3 + 20 quitters", quitters(3, 20, 100, 5, 1).expect("a design")),
        ("5 + 30 quitters", quitters(5, 30, 100, 5, 1).expect("a design")),
        ("Zipf 1.5", crowd(60, 200, 1000, 1.5, 1).expect("a design")),
    ];
    for (name, design) in &designs {
        for (n_systems, order, indifference, studies) in
            [(2, 0.0, 0.0, 100), (2, 1.0, 0.5, 100), (5, 1.0, 0.3, 50), (12, 1.0, 0.3, 10)]
        {
            let rates = error_rates(design, &equal(n_systems, order, indifference), studies);
            assert!(rates.iter().all(|rate| *rate <= most(studies)), "{name}, {n_systems}: {rates:?}");
        }
    }
}

#[test]
fn counting_heads_errs_if_raters_quit() {
    // The errors that the model had without leaving out raters.
    let (design, model) = (quitters(3, 20, 100, 5, 1).expect("a design"), equal(2, 0.0, 0.0));
    let rejects = |study: &u64| {
        let votes = model.draw(&design, SEED, *study).expect("a model");
        let difference = bradley_terry(&votes, true).and_then(|fit| fit.difference(0, 1)).expect("a study");
        difference.t_test().p_value < 0.05
    };
    let n = (0..150).filter(rejects).count();
    assert!(n >= 15, "{n} of 150");
}

#[test]
fn clear_preferences_are_found_with_the_order_accounted_for() {
    let model = Preferences { strengths: vec![0.0, 1.2, 0.1], ..equal(3, 1.0, 0.3) };
    let votes = model.draw(&crossed(12, 30), SEED, 1).expect("a model");
    let tests = test_pairs(&votes, 0.05).expect("votes");
    let preferred: Vec<Option<usize>> = tests.pairs.iter().map(|test| test.preferred(0.05)).collect();
    assert_eq!(preferred, [Some(1), None, Some(1)]);
    assert_eq!(tests.order, OrderEffect::Estimated);
    let order = tests.model.expect("a model").order_effect().expect("an effect").jackknifed().expect("equal");
    assert!(order.interval(0.95).expect("a level").low > 0.5, "{order:?}");
}

/// Builds votes of raters on sentences, in both orders, by a rule.
fn votes(n: usize, prefer: impl Fn(usize, bool) -> Preference) -> Vec<Comparison> {
    crossed(n, n)
        .into_iter()
        .enumerate()
        .map(|(k, (rater, item))| {
            let is_first = (rater + item) % 2 == 0;
            let (first, second) = if is_first { (0, 1) } else { (1, 0) };
            Comparison { first, second, preference: prefer(k, is_first), rater, item }
        })
        .collect()
}

#[test]
fn a_system_that_always_wins_is_found_if_enough_people_say_so() {
    let always = |_: usize, is_first: bool| if is_first { Preference::First } else { Preference::Second };
    for (n, expected) in [(4, None), (8, Some(0))] {
        let tests = test_pairs(&votes(n, always), 0.05).expect("votes");
        assert!(tests.model.is_err(), "every preference points the same way");
        assert_eq!(tests.pairs[0].preferred(0.05), expected, "{n} raters");
        assert!(matches!(tests.pairs[0].evidence, Ok(Evidence::Unanimous { .. })));
    }
}

#[test]
fn an_order_effect_without_bound_is_left_out() {
    // The first clip wins always, except that system 1 loses a few times when it comes first.
    let model = |k: usize, is_first: bool| {
        if !is_first && k.is_multiple_of(3) { Preference::Second } else { Preference::First }
    };
    let tests = test_pairs(&votes(9, model), 0.05).expect("votes");
    assert_eq!(tests.order, OrderEffect::Unbounded);
    assert!(
        matches!(&tests.pairs[0].evidence, Ok(Evidence::Difference { difference, .. }) if difference.estimate > 0.0)
    );
    // The same system always first: the order is part of the difference, and an always preferred one proves nothing.
    let mut same = votes(9, |k, _| if k.is_multiple_of(3) { Preference::Second } else { Preference::First });
    for vote in &mut same {
        (vote.first, vote.second) = (0, 1);
    }
    assert_eq!(test_pairs(&same, 0.05).expect("votes").order, OrderEffect::Confounded);
    for vote in &mut same {
        vote.preference = Preference::First;
    }
    assert_eq!(test_pairs(&same, 0.05).expect("votes").pairs[0].preferred(0.05), None);
}
