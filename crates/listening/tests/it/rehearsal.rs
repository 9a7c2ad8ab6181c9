//! Studies rehearsed with a known truth.

use mynah_listening::{
    Attendance, FAMILY, Kind, Outcome, OutcomeRate, Simulation, estimate_components, rehearse, simulate,
};
use mynah_stats::power::Components;

use crate::support::{chain, cmos, mos, plan};

const STUDIES: u64 = 400;
/// Four standard errors of a rate of 5 % in 400 studies are 4.4 %; the recommended test must lie below that, the naive one,
/// whose rate is near 40 %, above.
const FALSE_POSITIVES: f64 = 0.094;

fn rate(rates: &[OutcomeRate], system: &str, outcome: Outcome) -> f64 {
    let row = rates.iter().find(|row| row.system == system && row.outcome == outcome);
    row.unwrap_or_else(|| panic!("no {outcome:?} of {system}")).rate
}

#[test]
fn the_clustered_test_keeps_its_level_and_the_usual_one_does_not() {
    let plan = plan(cmos(20, 20, 0), 1, 50, 1);
    let rates = rehearse(&plan, &Simulation::default(), STUDIES).unwrap();
    assert!(rate(&rates, "s1", Outcome::TTestRejects) < FALSE_POSITIVES);
    assert!(rate(&rates, "s1", Outcome::IntervalCovers) > 1.0 - FALSE_POSITIVES);
    assert!(rate(&rates, "s1", Outcome::WilcoxonRatingsRejects) > 0.3);
    assert!(rate(&rates, "s1", Outcome::NaiveIntervalCovers) < 0.7);
    let conclusions =
        [Outcome::Better, Outcome::Equivalent, Outcome::NonInferior, Outcome::Worse, Outcome::Inconclusive];
    let n: u64 = rates.iter().filter(|row| conclusions.contains(&row.outcome)).map(|row| row.count).sum();
    assert_eq!(n, STUDIES);
    for row in &rates {
        assert!(row.low <= row.rate && row.rate <= row.high && row.count <= row.studies, "{row:?}");
        assert_eq!((row.studies, row.true_difference.abs() < 1e-12), (STUDIES, true));
    }
}

#[test]
fn true_differences_are_found_within_the_scale() {
    let plan = plan(mos(12, 6), 2, 30, 1);
    let simulation =
        Simulation { true_differences: [("s1".to_owned(), -1.0)].into(), ..Simulation::default() };
    let rates = rehearse(&plan, &simulation, 100).unwrap();
    let truth = rates.iter().find(|row| row.system == "s1").unwrap().true_difference;
    // Recordings at 4.5 lose more at the upper end of the scale than a system at 3.5 does.
    assert!((-0.95..-0.75).contains(&truth), "{truth}");
    assert!(rate(&rates, "s1", Outcome::Worse) > 0.9);
    assert!(rate(&rates, "s1", Outcome::IntervalCovers) > 0.85);
    assert!(rate(&rates, "s2", Outcome::TTestRejects) < 0.2);
    assert!(rate(&rates, "s1", Outcome::RankSumRejects) > 0.9);
    // Single clips are not compared, and the reference is compared with nothing.
    assert!(!rates.iter().any(|row| row.outcome == Outcome::WilcoxonRatingsRejects));
    assert!(!rates.iter().any(|row| row.system == "recordings" && row.outcome == Outcome::Worse));
    assert!(rate(&rates, "recordings", Outcome::IntervalCovers) > 0.85);
}

#[test]
fn rates_depend_on_the_seed_but_not_on_threads() {
    let plan = plan(cmos(6, 6, 1), 2, 8, 1);
    let with = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let simulation = Simulation { seed, ..Simulation::default() };
        pool.install(|| rehearse(&plan, &simulation, 60)).unwrap()
    };
    assert_eq!(with(1, 1), with(3, 1));
    assert_ne!(with(1, 1), with(1, 2));
}

#[test]
fn components_are_recovered() {
    // A hundred sentences and a hundred raters tell their standard deviations to a tenth or so.
    const TOLERANCE: f64 = 0.08;
    let components = Components { item_sd: 0.4, rater_sd: 0.6, residual_sd: 0.7 };
    let plan = plan(cmos(100, 30, 2), 2, 100, 1);
    let mut ratings = simulate(&plan, &Simulation { components, ..Simulation::default() }).unwrap();
    let found = estimate_components(&ratings).unwrap();
    for (found, true_sd) in [(found.item_sd, 0.4), (found.rater_sd, 0.6), (found.residual_sd, 0.7)] {
        assert!((found - true_sd).abs() < TOLERANCE, "{found}, not {true_sd}");
    }
    // Null pairs do not count: they have no sentence and no rater in them.
    ratings.retain(|rating| rating.kind == Kind::Rating);
    assert_eq!(estimate_components(&ratings).unwrap(), found);

    ratings.retain(|rating| rating.rater == "r001");
    let error = estimate_components(&ratings).unwrap_err();
    assert!(chain(&error).starts_with("the variation of ratings cannot be computed: "), "{}", chain(&error));
    assert!(chain(&estimate_components(&[]).unwrap_err()).contains("there are no ratings"));
}

#[test]
fn rejects_impossible_rehearsals() {
    let plan = plan(cmos(6, 6, 1), 1, 8, 1);
    let error = rehearse(&plan, &Simulation::default(), 0).unwrap_err();
    assert!(chain(&error).contains("no study"), "{}", chain(&error));
    let unknown = Simulation { true_differences: [("x".to_owned(), 1.0)].into(), ..Simulation::default() };
    assert!(chain(&rehearse(&plan, &unknown, 1).unwrap_err()).contains("`x`"));
}

#[test]
fn quitters_do_not_cause_differences() {
    // Everybody is to judge everything; three do, and twenty stop after five trials.
    let planned = plan(cmos(23, 23, 0), 1, 100, 1);
    let attendance = Attendance::Quitters { steady: 3, trials: 5 };
    let simulation = Simulation { attendance, ..Simulation::default() };
    let ratings = simulate(&planned, &simulation).unwrap();
    assert_eq!(ratings.len(), 3 * 100 + 20 * 5);
    let rates = rehearse(&planned, &simulation, STUDIES).unwrap();
    assert!(rate(&rates, "s1", Outcome::TTestRejects) < FALSE_POSITIVES);
    let crowd = Simulation { attendance: Attendance::Crowd { exponent: 1.5 }, ..Simulation::default() };
    let rates = rehearse(&plan(cmos(60, 60, 0), 1, 100, 1), &crowd, STUDIES).unwrap();
    assert!(rate(&rates, "s1", Outcome::TTestRejects) < FALSE_POSITIVES);
    let wrong = Simulation { attendance: Attendance::Crowd { exponent: -1.0 }, ..Simulation::default() };
    assert!(chain(&rehearse(&planned, &wrong, 1).unwrap_err()).contains("exponent of a crowd is -1"));
}

#[test]
fn twelve_systems_are_all_judged_right_at_the_level() {
    const FEW: u64 = 150;
    // 5 % and three standard errors of it over the studies.
    const FAMILY_ERROR: f64 = 0.05 + 3.0 * 0.018;
    let planned = plan(cmos(20, 20, 0), 12, 50, 1);
    let equal = rehearse(&planned, &Simulation::default(), FEW).unwrap();
    assert!(rate(&equal, FAMILY, Outcome::AnyFalseWord) < FAMILY_ERROR);
    assert!(rate(&equal, FAMILY, Outcome::AnyIntervalMisses) < FAMILY_ERROR);
    // All of them just at the margin of 0.2, where the scale takes nothing away from it.
    let true_differences = (1..=12).map(|number| (format!("s{number}"), -0.2005)).collect();
    let at_margin =
        rehearse(&planned, &Simulation { true_differences, ..Simulation::default() }, FEW).unwrap();
    assert!(rate(&at_margin, FAMILY, Outcome::AnyFalseWord) < FAMILY_ERROR);
    let single = rehearse(&plan(cmos(20, 20, 0), 1, 50, 1), &Simulation::default(), FEW).unwrap();
    let of = |system: &str| rate(&single, system, Outcome::AnyIntervalMisses);
    assert!((of(FAMILY) - (1.0 - rate(&single, "s1", Outcome::IntervalCovers))).abs() < 1e-12);
}

#[test]
fn a_family_judged_by_few_or_unequal_raters_rarely_errs() {
    // Of five equal systems, with the degrees of freedom of single ones: 13 % of 1,000 studies with three raters, and 9 % of
    // 400 with three people who do everything and twenty who quit. Of 200 studies at 5 %, more than 21 err once in a thousand.
    const MOST: f64 = 21.5 / 200.0;
    let few = plan(cmos(3, 3, 0), 5, 50, 1);
    let rates = rehearse(&few, &Simulation::default(), 200).unwrap();
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < 0.05, "with three raters it is near 0");
    let quitters = plan(cmos(23, 23, 0), 5, 50, 1);
    let attendance = Attendance::Quitters { steady: 3, trials: 5 };
    let simulation = Simulation { attendance, ..Simulation::default() };
    let rates = rehearse(&quitters, &simulation, 200).unwrap();
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < MOST);
}
