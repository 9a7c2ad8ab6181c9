//! Preference tests rehearsed with a known truth, and their planned power.

use mynah_listening::{
    Attendance, FAMILY, Outcome, OutcomeRate, Plan, Simulation, estimate_components, rehearse, simulate,
};
use mynah_stats::power::Components;

use crate::support::{ab, chain, cmos, items, plan, systems};

const STUDIES: u64 = 200;
/// A rate of 5 % in 200 studies is above this once in a thousand.
const FALSE_POSITIVES: f64 = 0.105;

fn rate(rates: &[OutcomeRate], system: &str, outcome: Outcome) -> f64 {
    let row = rates.iter().find(|row| row.system == system && row.outcome == outcome);
    row.unwrap_or_else(|| panic!("no {outcome:?} of {system}")).rate
}

/// Two or more systems without a reference.
fn plan_of(raters: u32, votes_per_item: u32, n_systems: usize, n_items: usize) -> Plan {
    let all = systems(n_systems)[1..].to_vec();
    Plan::new(ab(raters, votes_per_item), all, items(n_items), "study-1", 1).expect("it is possible")
}

fn differences<const N: usize>(all: [(&str, f64); N]) -> Simulation {
    let true_differences = all.map(|(system, points)| (system.to_owned(), points)).into();
    Simulation { true_differences, ..Simulation::default() }
}

#[test]
fn equal_systems_are_rarely_told_apart_except_by_the_sign_test() {
    let rates = rehearse(&plan_of(20, 20, 2, 50), &Simulation::default(), STUDIES).unwrap();
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < FALSE_POSITIVES);
    assert!(rate(&rates, FAMILY, Outcome::AnyIntervalMisses) < FALSE_POSITIVES);
    assert!(rate(&rates, "s2", Outcome::IntervalCovers) > 1.0 - FALSE_POSITIVES);
    assert!(rate(&rates, "s2", Outcome::SignTestRejects) > 0.2);
    let of_pair = |outcome| rate(&rates, "s2", outcome);
    let found = of_pair(Outcome::Better) + of_pair(Outcome::Worse);
    assert!((found - rate(&rates, FAMILY, Outcome::AnyFalseWord)).abs() < 1e-12);
    assert!((found + of_pair(Outcome::Inconclusive) - 1.0).abs() < 1e-12);
    for row in &rates {
        assert_eq!(row.reference.as_deref(), (row.system == "s2").then_some("s1"), "{row:?}");
        assert!(row.true_difference.abs() < 1e-12 && row.studies == STUDIES, "{row:?}");
    }
}

#[test]
fn all_pairs_of_several_systems_keep_the_level_together() {
    let rates = rehearse(&plan_of(10, 10, 4, 20), &Simulation::default(), STUDIES).unwrap();
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < FALSE_POSITIVES);
    assert!(rate(&rates, FAMILY, Outcome::AnyIntervalMisses) < FALSE_POSITIVES);
    assert_eq!(rates.iter().filter(|row| row.outcome == Outcome::Better).count(), 6);
    // People who quit.
    let attendance = Attendance::Quitters { steady: 3, trials: 5 };
    let simulation = Simulation { attendance, ..Simulation::default() };
    let rates = rehearse(&plan_of(23, 23, 2, 50), &simulation, STUDIES).unwrap();
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < FALSE_POSITIVES);
}

#[test]
fn planted_preferences_are_found_with_their_direction_and_size() {
    let rates = rehearse(&plan_of(20, 20, 3, 40), &differences([("s1", 0.6), ("s3", -0.6)]), 60).unwrap();
    let of = |system: &str, reference: &str, outcome| {
        let row = rates.iter().find(|row| {
            (row.system.as_str(), row.reference.as_deref(), row.outcome) == (system, Some(reference), outcome)
        });
        row.expect("a row of the pair")
    };
    for (system, reference) in [("s2", "s1"), ("s3", "s1"), ("s3", "s2")] {
        assert!(of(system, reference, Outcome::Worse).rate > 0.9, "{system} {reference}");
        assert!(of(system, reference, Outcome::IntervalCovers).rate > 0.85, "{system} {reference}");
        assert!(of(system, reference, Outcome::Worse).true_difference < -0.3);
    }
    assert!(of("s3", "s1", Outcome::Worse).true_difference < of("s3", "s2", Outcome::Worse).true_difference);
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < 1e-12);
}

#[test]
fn the_planned_power_is_reached() {
    // A rate of 80 % in 200 studies has a standard error of 2.8 %; the plan neglects terms of second order.
    const TOLERANCE: f64 = 4.0 * 0.028;
    for (raters, votes_per_item, n_items) in [(20, 20, 50), (30, 10, 20)] {
        let plan = plan_of(raters, votes_per_item, 2, n_items);
        let table = plan.preference_power_table(&Components::default()).unwrap();
        assert!(table[0].planned && table[0].size.items as usize == n_items);
        let points = table[0].detectable_difference.expect("it can be detected");
        let rates = rehearse(&plan, &differences([("s2", points)]), STUDIES).unwrap();
        let reached = rate(&rates, "s2", Outcome::Better);
        assert!((reached - 0.8).abs() < TOLERANCE, "{raters} × {n_items}: {reached}");
    }
    let larger = plan_of(20, 20, 2, 50).preference_power_table(&Components::default()).unwrap();
    let shares: Vec<f64> = larger.iter().map(|row| row.detectable_share.expect("a share")).collect();
    assert!(
        shares.len() > 3 && shares[1..].iter().all(|share| 0.5 < *share && *share < shares[0]),
        "{shares:?}"
    );
    // Two votes cannot show anything.
    let small = plan_of(2, 2, 2, 2).preference_power_table(&Components::default()).unwrap();
    assert_eq!((small[0].detectable_share, small[0].detectable_difference), (None, None));
    assert!(plan(cmos(3, 3, 0), 1, 4, 1).preference_power_table(&Components::default()).unwrap().is_empty());
    // Several pairs share the level.
    let of = |n: usize| plan_of(20, 20, n, 50).preference_power_table(&Components::default()).unwrap()[0];
    assert!(of(3).detectable_share > of(2).detectable_share);
    assert!((of(3).standard_error - of(2).standard_error).abs() < 1e-15);
}

#[test]
fn votes_have_the_components_of_the_simulation() {
    // The share of decided votes of 100 people on 100 sentences is known to a tenth or so of the distance between them.
    let plan = plan_of(100, 100, 2, 100);
    let votes = |components: Components| {
        let ratings = simulate(&plan, &Simulation { components, ..Simulation::default() }).unwrap();
        let share = |of: &dyn Fn(f64) -> bool| {
            ratings.iter().filter(|rating| of(rating.score)).count() as f64 / ratings.len() as f64
        };
        (share(&|vote| vote == 0.0), share(&|vote| vote > 0.0))
    };
    let none = Components { item_sd: 0.0, rater_sd: 0.0, residual_sd: 1.0 };
    // P(|z| < 0.5) = 0.3829, and the others are divided evenly.
    let (tied, preferred) = votes(none);
    assert!((tied - 0.3829).abs() < 0.02 && (preferred - 0.3085).abs() < 0.02, "{tied} {preferred}");
    // A standard deviation of 2 between raters makes ties as rare as P(|z| < 0.5 / √5) = 0.177.
    let (tied, _) = votes(Components { rater_sd: 2.0, ..none });
    assert!((tied - 0.177).abs() < 0.03, "{tied}");
}

#[test]
fn rates_depend_on_the_seed_but_not_on_threads() {
    let plan = plan_of(6, 6, 3, 8);
    let with = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let simulation = Simulation { seed, ..Simulation::default() };
        pool.install(|| rehearse(&plan, &simulation, 40)).unwrap()
    };
    assert_eq!(with(1, 1), with(3, 1));
    assert_ne!(with(1, 1), with(1, 2));
}

#[test]
fn raters_who_stop_early_do_not_change_the_votes_of_others() {
    let plan = plan_of(6, 6, 3, 8);
    let all = simulate(&plan, &Simulation::default()).unwrap();
    let attendance = Attendance::Quitters { steady: 2, trials: 3 };
    let some = simulate(&plan, &Simulation { attendance, ..Simulation::default() }).unwrap();
    assert_eq!(some.len(), 2 * 24 + 4 * 3);
    for rating in &some {
        let same =
            |other: &&mynah_listening::Rating| (&other.rater, other.page) == (&rating.rater, rating.page);
        assert_eq!(all.iter().find(same).expect("it was planned").score.to_bits(), rating.score.to_bits());
    }
}

#[test]
fn components_cannot_be_estimated_from_votes() {
    let ratings = simulate(&plan_of(6, 6, 2, 8), &Simulation::default()).unwrap();
    let error = estimate_components(&ratings).unwrap_err();
    assert!(chain(&error).contains("use the ratings of a comparison"), "{}", chain(&error));
    assert!(
        chain(&rehearse(&plan_of(6, 6, 2, 8), &Simulation::default(), 0).unwrap_err()).contains("no study")
    );
}
