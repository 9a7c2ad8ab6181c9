//! Anchors: only a test that finds what is known to be worse may speak of human level.

use mynah_listening::{
    Conclusion, Origin, Plan, Role, Simulation, System, Verdict, judge, rehearse, simulate,
};
use mynah_stats::power::Components;

use crate::support::{cmos, items, mos, plan_with_anchor, systems};

/// Ratings of an equal system, and of an anchor that differs by so much, as if people had given them.
fn verdict(plan: &Plan, anchor: f64) -> Verdict {
    let simulation = Simulation {
        true_differences: [("noisy".to_owned(), anchor)].into(),
        components: Components { item_sd: 0.1, rater_sd: 0.1, residual_sd: 0.7 },
        ..Simulation::default()
    };
    let mut ratings = simulate(plan, &simulation).expect("the plan is fine");
    for rating in &mut ratings {
        rating.origin = Origin::Human;
    }
    judge(plan, &ratings).expect("fine")
}

#[test]
fn human_level_needs_an_anchor_that_was_found() {
    let plan = plan_with_anchor(cmos(24, 24, 0), 1, 50);
    let found = verdict(&plan, -1.0);
    assert_eq!(found.assay.sensitive, Some(true));
    assert!(
        found
            .assay
            .explanation
            .starts_with("The test has found what is known to be worse than `recordings`: `noisy` by -0.9"),
        "{}",
        found.assay.explanation
    );
    let [system, anchor] = &found.systems[..] else { panic!("one system and one anchor") };
    assert_eq!((system.role, anchor.role), (Role::Candidate, Role::Anchor));
    assert_eq!(system.conclusion, Some(Conclusion::Equivalent));
    assert!(system.words.ends_with("That is human-level quality on this test set."), "{}", system.words);
    assert!(system.human_level && !anchor.human_level);
    assert_eq!(anchor.conclusion, Some(Conclusion::Worse));
    assert!(!anchor.words.contains("human") && !anchor.words.contains("claimed"), "{}", anchor.words);

    // The same answers about the system, but nobody hears the anchor.
    let missed = verdict(&plan, 0.0);
    assert_eq!(missed.assay.sensitive, Some(false));
    assert!(missed.assay.explanation.contains("has not found"), "{}", missed.assay.explanation);
    assert!(!missed.systems[0].human_level);
    let words = &missed.systems[0].words;
    assert!(words.ends_with("This test has not found its anchors worse, so no more than this is claimed."));
    assert_eq!(missed.systems[0].difference, found.systems[0].difference);
}

#[test]
fn an_anchor_is_no_system_under_test() {
    let plan = plan_with_anchor(cmos(8, 8, 1), 2, 10);
    assert_eq!(plan.candidates().count(), 2);
    assert_eq!(
        plan.judged_systems().map(|system| system.name.as_str()).collect::<Vec<_>>(),
        ["s1", "s2", "noisy"]
    );
    let verdict = verdict(&plan, -1.0);
    let anchor = &verdict.systems[2];
    assert_eq!(anchor.holm_p_value.reason(), Some("it is not under test"));
    // Two tests are corrected for, not three.
    let p = |index: usize| verdict.systems[index].t_test.value().expect("a test").p_value;
    let holm = |index: usize| *verdict.systems[index].holm_p_value.value().expect("a probability");
    let (less, more) = if p(0) < p(1) { (0, 1) } else { (1, 0) };
    assert!((holm(less) - (2.0 * p(less)).min(1.0)).abs() < 1e-15);
    assert!((holm(more) - p(more).max(holm(less))).abs() < 1e-15);
    assert!(
        verdict.notes.iter().any(|note| note.starts_with("2 systems are compared")),
        "{:?}",
        verdict.notes
    );
}

#[test]
fn single_clips_have_anchors_too() {
    let plan = plan_with_anchor(mos(24, 24), 1, 50);
    let verdict = verdict(&plan, -1.0);
    assert_eq!(verdict.assay.sensitive, Some(true), "{}", verdict.assay.explanation);
    let rule = &verdict.systems[1].paper_rule;
    assert_eq!(rule.passes, Some(true), "{}", rule.explanation);
    assert!(
        rule.explanation.contains("The rank-sum test on all 2400 ratings: p = 0."),
        "{}",
        rule.explanation
    );
    let rule = &verdict.systems[2].paper_rule;
    assert_eq!(rule.passes, Some(false), "{}", rule.explanation);
    assert!(!verdict.systems[1].words.contains("human"), "the paper does not take MOS for enough");
}

#[test]
fn a_simulated_anchor_is_worse_unless_it_is_said_otherwise() {
    let plan = plan_with_anchor(cmos(10, 10, 0), 1, 20);
    let rates = rehearse(&plan, &Simulation::default(), 20).expect("fine");
    let truth = |system: &str| {
        rates.iter().find(|rate| rate.system == system).expect("there are rates").true_difference
    };
    assert!(truth("s1").abs() < 1e-12, "{}", truth("s1"));
    // Minus one, but for the end of the scale.
    assert!((-1.0..-0.95).contains(&truth("noisy")), "{}", truth("noisy"));
}

#[test]
fn an_anchor_without_reference_is_refused() {
    let mut systems = systems(1);
    systems[0].role = Role::Anchor;
    let mut protocol = mos(4, 4);
    protocol.human_reference = false;
    let error = Plan::new(protocol, systems, items(4), "study-1", 1).expect_err("no reference").to_string();
    assert_eq!(
        error,
        "there is an anchor and no reference: an anchor is worse than the reference: name that too"
    );
}

#[test]
fn a_plan_without_anchors_has_the_design_it_always_had() {
    let plan = Plan::new(cmos(3, 2, 1), systems(1), items(4), "study-1", 1).expect("fine");
    let with_anchor = plan_with_anchor(cmos(3, 2, 1), 1, 4);
    assert_ne!(plan.design, with_anchor.design);
    let text = plan.to_toml().expect("TOML holds it");
    assert!(!text.contains("screening") && !text.contains("anchor"), "{text}");
    let again = Plan::from_toml(&with_anchor.to_toml().expect("TOML holds it")).expect("and gives it back");
    assert_eq!(again, with_anchor);
    assert_eq!(again.systems[2], System { directory: "out/noisy".into(), ..with_anchor.systems[2].clone() });
}
