//! Anchors: only a test that finds what is known to be worse may speak of human level.

use mynah_listening::{
    Analysis, Conclusion, Origin, Plan, Role, Simulation, System, Verdict, judge, rehearse, simulate,
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
fn human_level_requires_a_detected_anchor() {
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
fn anchors_are_not_under_test() {
    let plan = plan_with_anchor(cmos(8, 8, 1), 2, 10);
    assert_eq!(plan.candidates().count(), 2);
    assert_eq!(
        plan.judged_systems().map(|system| system.name.as_str()).collect::<Vec<_>>(),
        ["s1", "s2", "noisy"]
    );
    let verdict = verdict(&plan, -1.0);
    let anchor = &verdict.systems[2];
    assert_eq!(anchor.adjusted_p_value.reason(), Some("it is not under test"));
    // Two tests are corrected for, not three.
    let p = |index: usize| verdict.systems[index].t_test.value().expect("a test").p_value;
    let adjusted = |index: usize| *verdict.systems[index].adjusted_p_value.value().expect("a probability");
    for index in 0..2 {
        assert!(p(index) < adjusted(index) && adjusted(index) <= (2.0 * p(index)).min(1.0) + 1e-15);
    }
    // The level of each lies between Bonferroni's for two and that of a single one.
    let level = |index: usize| 1.0 - verdict.systems[index].difference.value().expect("an interval").level;
    assert_eq!(level(0).to_bits(), level(1).to_bits());
    assert!((0.025 - 1e-12..0.04).contains(&level(0)), "{}", level(0));
    assert!((level(2) - 0.05).abs() < 1e-12, "the anchor is not corrected for the systems");
    let one_sided = |index: usize| verdict.systems[index].equivalence.value().expect("a test").alpha;
    assert_eq!((one_sided(0), one_sided(2)), (0.025, 0.05));
    assert!(
        verdict.notes.iter().any(|note| note.starts_with("2 systems are compared")),
        "{:?}",
        verdict.notes
    );
}

#[test]
fn single_clip_tests_can_have_anchors() {
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
fn simulated_anchors_are_worse_by_default() {
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
fn rejects_an_anchor_without_a_reference() {
    let mut systems = systems(1);
    systems[0].role = Role::Anchor;
    let mut protocol = mos(4, 4);
    protocol.human_reference = false;
    let error = Plan::new(protocol, systems, items(4), "study-1", 1).expect_err("no reference");
    assert_eq!(
        error.to_string(),
        "there is an anchor and no reference: an anchor is worse than the reference"
    );
    assert_eq!(error.remedy(), Some("name the reference too"));
}

#[test]
fn plans_without_anchors_keep_their_design() {
    let plan = Plan::new(cmos(3, 2, 1), systems(1), items(4), "study-1", 1).expect("fine");
    let with_anchor = plan_with_anchor(cmos(3, 2, 1), 1, 4);
    assert_ne!(plan.design, with_anchor.design);
    let text = plan.to_toml().expect("TOML holds it");
    assert!(!text.contains("screening") && !text.contains("anchor"), "{text}");
    let again = Plan::from_toml(&with_anchor.to_toml().expect("TOML holds it")).expect("and gives it back");
    assert_eq!(again, with_anchor);
    assert_eq!(again.systems[2], System { directory: "out/noisy".into(), ..with_anchor.systems[2].clone() });
}

#[test]
fn protocols_can_tighten_but_not_loosen_human_level() {
    let judged = |n_items: usize, raters: u32, change: fn(&mut Analysis)| {
        let mut protocol = cmos(raters, raters, 0);
        change(&mut protocol.analysis);
        verdict(&plan_with_anchor(protocol, 1, n_items), -1.0).systems[0].clone()
    };
    assert!(judged(50, 24, |_| ()).human_level);
    for (system, missing) in [
        (
            judged(20, 24, |analysis| analysis.minimum_items = 4),
            "Human level asks for 50 sentences with 20 ratings each",
        ),
        (
            judged(60, 12, |analysis| analysis.minimum_ratings_per_item = 6),
            "Human level asks for 50 sentences with 20 ratings each",
        ),
        (
            judged(50, 24, |analysis| analysis.margin = 3.0),
            "The margin of ±3 is wider than the ±0.2 that human level allows",
        ),
        (
            judged(50, 24, |analysis| analysis.alpha = 0.2),
            "The level 0.2 is above the 0.05 that human level allows",
        ),
        (judged(50, 24, |analysis| analysis.minimum_items = 60), "The sizes of the protocol are not met"),
    ] {
        assert!(!system.human_level, "{}", system.words);
        if system.conclusion == Some(Conclusion::Equivalent) {
            assert!(system.words.contains(missing), "{}", system.words);
        }
    }
}
