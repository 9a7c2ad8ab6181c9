//! Recognition rehearsed with a known truth, and its planned power.

use mynah_listening::{
    Attendance, FAMILY, Outcome, OutcomeRate, Paradigm, Plan, Simulation, estimate_components, rehearse,
    simulate,
};
use mynah_stats::power::Components;

use crate::support::{chain, items, sized, systems};

const STUDIES: u64 = 200;
/// A rate of 5 % in 200 studies is above this once in a thousand.
const FALSE_POSITIVES: f64 = 0.105;

fn rate(rates: &[OutcomeRate], system: &str, outcome: Outcome) -> f64 {
    let row = rates.iter().find(|row| row.system == system && row.outcome == outcome);
    row.unwrap_or_else(|| panic!("no {outcome:?} of {system}")).rate
}

fn plan_of(raters: u32, per_item: u32, n_candidates: usize, n_items: usize) -> Plan {
    let protocol = sized(Paradigm::Abx, raters, per_item);
    Plan::new(protocol, systems(n_candidates), items(n_items), "study-1", 1).expect("it is possible")
}

fn right(share: f64) -> Simulation {
    Simulation { true_differences: [("s1".to_owned(), share - 0.5)].into(), ..Simulation::default() }
}

#[test]
fn guessers_are_rarely_said_to_tell_anything_apart() {
    let crowd = Attendance::Crowd { exponent: 1.5 };
    let quitters = Attendance::Quitters { steady: 3, trials: 5 };
    for (raters, attendance) in [(20, Attendance::Complete), (23, quitters), (40, crowd)] {
        let simulation = Simulation { attendance, ..Simulation::default() };
        let rates = rehearse(&plan_of(raters, raters, 1, 50), &simulation, STUDIES).unwrap();
        assert!(rate(&rates, "s1", Outcome::ToldApart) < FALSE_POSITIVES, "{attendance:?}");
        assert!(rate(&rates, "s1", Outcome::IntervalCovers) > 1.0 - FALSE_POSITIVES, "{attendance:?}");
        assert!(rates.iter().all(|row| row.outcome != Outcome::Better && row.outcome != Outcome::Worse));
        assert!(rates.iter().all(|row| row.true_difference.abs() < 1e-12));
    }
    let rates = rehearse(&plan_of(20, 20, 3, 20), &Simulation::default(), STUDIES).unwrap();
    assert!(rate(&rates, FAMILY, Outcome::AnyFalseWord) < FALSE_POSITIVES);
}

#[test]
fn a_share_at_the_margin_is_rarely_called_none() {
    let rates = rehearse(&plan_of(60, 20, 1, 50), &right(0.6), STUDIES).unwrap();
    assert!(rate(&rates, "s1", Outcome::Equivalent) < FALSE_POSITIVES);
    assert!(rate(&rates, "s1", Outcome::ToldApart) > 0.95);
    assert!(rate(&rates, "s1", Outcome::IntervalCovers) > 1.0 - FALSE_POSITIVES);
    assert!(rates.iter().any(|row| (row.true_difference - 0.1).abs() < 1e-12));
}

#[test]
fn the_planned_power_is_reached() {
    // A rate of 80 % in 200 studies has a standard error of 2.8 %; the plan neglects terms of second order.
    const TOLERANCE: f64 = 4.0 * 0.028;
    for (raters, per_item, n_items) in [(20, 20, 50), (30, 10, 20)] {
        let plan = plan_of(raters, per_item, 1, n_items);
        let table = plan.discrimination_power_table(&Components::default()).unwrap();
        assert!(table[0].planned && table[0].size.items as usize == n_items);
        let share = table[0].detectable_share.expect("it can be detected");
        let reached = rate(&rehearse(&plan, &right(share), STUDIES).unwrap(), "s1", Outcome::ToldApart);
        assert!((reached - 0.8).abs() < TOLERANCE, "{raters} × {n_items}: {reached} of {share}");
        let mut exact = plan.clone();
        exact.protocol.analysis.margin = table[0].smallest_margin;
        let exact = Plan::new(exact.protocol, exact.systems, exact.items, "study-1", 1).unwrap();
        let equal = rehearse(&exact, &Simulation::default(), STUDIES).unwrap();
        // Where a study finds a difference by chance, it cannot also find none.
        let reached = rate(&equal, "s1", Outcome::Equivalent);
        assert!((reached - 0.8).abs() < TOLERANCE, "{raters} × {n_items}: {reached} within the margin");
    }
    let larger = plan_of(20, 20, 1, 50).discrimination_power_table(&Components::default()).unwrap();
    let shares: Vec<f64> = larger.iter().map(|row| row.detectable_share.expect("a share")).collect();
    assert!(
        shares.len() > 3 && shares[1..].iter().all(|share| 0.5 < *share && *share < shares[0]),
        "{shares:?}"
    );
    // Four answers of two people cannot show anything.
    let small = plan_of(2, 2, 1, 2).discrimination_power_table(&Components::default()).unwrap();
    assert_eq!(small[0].detectable_share, None);
}

#[test]
fn impossible_shares_and_estimates_are_refused() {
    let plan = plan_of(6, 6, 1, 8);
    for share in [0.4, 1.0] {
        let error = simulate(&plan, &right(share)).unwrap_err();
        assert!(chain(&error).contains("that of guessing, or more, and less than 1"), "{}", chain(&error));
    }
    let ratings = simulate(&plan, &Simulation::default()).unwrap();
    let error = estimate_components(&ratings).unwrap_err();
    assert!(chain(&error).contains("do not tell how much sensitivity varies"), "{}", chain(&error));
}

#[test]
fn raters_who_stop_early_do_not_change_the_answers_of_others() {
    let plan = plan_of(6, 6, 2, 8);
    let all = simulate(&plan, &right(0.7)).unwrap();
    let attendance = Attendance::Quitters { steady: 2, trials: 3 };
    let some = simulate(&plan, &Simulation { attendance, ..right(0.7) }).unwrap();
    assert_eq!(some.len(), 2 * 16 + 4 * 3);
    for rating in &some {
        let same =
            |other: &&mynah_listening::Rating| (&other.rater, other.page) == (&rating.rater, rating.page);
        assert_eq!(all.iter().find(same).expect("it was planned").score.to_bits(), rating.score.to_bits());
    }
}
