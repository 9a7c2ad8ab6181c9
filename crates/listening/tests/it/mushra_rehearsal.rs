//! Tests with sliders rehearsed with a known truth, and their planned power.

use mynah_listening::{
    Attendance, FAMILY, Outcome, OutcomeRate, Paradigm, Plan, ScreeningRule, Simulation, estimate_components,
    rehearse, simulate,
};

use crate::support::{mos, plan, plan_with_anchor, sized};

const STUDIES: u64 = 200;
/// A rate of 5 % in 200 studies is above this once in a thousand.
const FALSE_POSITIVES: f64 = 0.105;

fn rate(rates: &[OutcomeRate], system: &str, outcome: Outcome) -> f64 {
    let row = rates.iter().find(|row| row.system == system && row.outcome == outcome);
    row.unwrap_or_else(|| panic!("no {outcome:?} of {system}")).rate
}

fn typical() -> Simulation {
    Simulation::typical(Paradigm::Mushra)
}

#[test]
fn equal_systems_are_rarely_told_from_the_reference() {
    let crowd = Attendance::Crowd { exponent: 1.0 };
    let quitters = Attendance::Quitters { steady: 10, trials: 3 };
    for (attendance, raters) in [(Attendance::Complete, 20), (quitters, 30), (crowd, 40)] {
        let rates = rehearse(
            &plan(sized(Paradigm::Mushra, raters, raters), 3, 12, 1),
            &Simulation { attendance, ..typical() },
            STUDIES,
        )
        .expect("it can be rehearsed");
        assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < FALSE_POSITIVES, "{attendance:?}: {rates:#?}");
        assert!(rate(&rates, FAMILY, Outcome::AnyIntervalMisses) < FALSE_POSITIVES, "{attendance:?}");
    }
}

#[test]
fn differences_are_found_and_anchors_too() {
    let plan = plan_with_anchor(sized(Paradigm::Mushra, 20, 20), 1, 12);
    let simulation = Simulation { true_differences: [("s1".to_owned(), -20.0)].into(), ..typical() };
    let rates = rehearse(&plan, &simulation, 60).expect("it can be rehearsed");
    assert!(rate(&rates, "s1", Outcome::Worse) > 0.9);
    assert!(rate(&rates, "noisy", Outcome::Worse) > 0.95);
    assert!(rate(&rates, "s1", Outcome::IntervalCovers) > 0.85);
    // The highest point of the scale is near.
    let truth = rates.iter().find(|row| row.system == "s1").expect("a row").true_difference;
    assert!((-20.0..-13.0).contains(&truth), "{truth}");
}

/// The rule of BS.1534 looks at the scores of the reference, and so favours it among equals.
#[test]
fn screening_by_the_hidden_reference_favours_it() {
    let mut protocol = sized(Paradigm::Mushra, 60, 60);
    protocol.analysis.screening = vec![ScreeningRule::HiddenReference];
    let screened = plan(protocol, 1, 12, 1);
    // Scores near the top, so that some people are left.
    let simulation = Simulation { mos_level: 100.0, ..typical() };
    let rates = rehearse(&screened, &simulation, 100).expect("it can be rehearsed");
    assert!(rate(&rates, "s1", Outcome::Worse) > 0.3, "{rates:#?}");
    let plain: Plan = plan(sized(Paradigm::Mushra, 60, 60), 1, 12, 1);
    let rates = rehearse(&plain, &simulation, 100).expect("it can be rehearsed");
    assert!(rate(&rates, "s1", Outcome::Worse) < FALSE_POSITIVES);
}

#[test]
fn the_planned_power_is_that_of_a_difference_of_two_scores() {
    // A rate of 80 % in 200 studies has a standard error of 2.8 %; the plan neglects terms of second order.
    const TOLERANCE: f64 = 4.0 * 0.028;
    // In the middle of the scale, whose ends would shrink differences.
    let of_mos = Simulation { mos_level: 3.0, ..Simulation::default() };
    let of_mushra = Simulation { mos_level: 50.0, ..typical() };
    for (protocol, simulation) in [(mos(30, 15), of_mos), (sized(Paradigm::Mushra, 30, 15), of_mushra)] {
        let name = protocol.paradigm.as_str();
        let plan = plan(protocol, 1, 20, 1);
        let table = plan.power_table(&simulation.components).expect("the components are valid");
        assert!(table[0].planned);
        let points = table[0].power.detectable_difference;
        let simulation = Simulation { true_differences: [("s1".to_owned(), -points)].into(), ..simulation };
        let rates = rehearse(&plan, &simulation, STUDIES).expect("it can be rehearsed");
        let reached = rate(&rates, "s1", Outcome::Worse);
        assert!((reached - 0.8).abs() < TOLERANCE, "{name}, {points} points: {reached}");
    }
}

#[test]
fn people_stop_after_whole_pages() {
    let plan = plan(sized(Paradigm::Mushra, 6, 6), 2, 8, 1);
    let attendance = Attendance::Quitters { steady: 2, trials: 3 };
    let some = simulate(&plan, &Simulation { attendance, ..typical() }).expect("the plan is fine");
    assert_eq!(some.len(), 3 * (2 * 8 + 4 * 3));
    assert!(some.iter().all(|rating| rating.page < 3 || ["r01", "r02"].contains(&rating.rater.as_str())));
}

#[test]
fn typical_components_are_found_again() {
    let plan = plan(sized(Paradigm::Mushra, 60, 60), 2, 60, 1);
    let simulation = Simulation { mos_level: 50.0, ..typical() };
    let ratings = simulate(&plan, &simulation).expect("the plan is fine");
    let found = estimate_components(&ratings).expect("there are enough");
    let expected = simulation.components;
    for (found, expected) in [
        (found.item_sd, expected.item_sd),
        (found.rater_sd, expected.rater_sd),
        (found.residual_sd, expected.residual_sd),
    ] {
        assert!((found / expected - 1.0).abs() < 0.2, "{found} for {expected}");
    }
}
