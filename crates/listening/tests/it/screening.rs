//! Screening: what rules leave out, what they never leave out, and where it is accounted for.

use mynah_listening::{Kind, Protocol, Rating, ScreeningRule, Verdict, judge};

use crate::support::{cmos, mos, plan, plan_with_anchor, ratings};

/// All rules that look at ratings: the tests of controls look at the others.
const RULES: [ScreeningRule; 5] = [
    ScreeningRule::Unplayed,
    ScreeningRule::Unheard,
    ScreeningRule::NullPairs,
    ScreeningRule::SameAnswer,
    ScreeningRule::Anchor,
];

fn screened(protocol: Protocol, rules: &[ScreeningRule]) -> Protocol {
    let mut protocol = protocol;
    protocol.analysis.screening = rules.to_vec();
    protocol
}

/// Rater, rule and number of ratings of what was left out.
fn excluded(verdict: &Verdict) -> Vec<(&str, ScreeningRule, usize)> {
    let excluded = verdict.screening.excluded.iter();
    excluded.map(|one| (one.rater.as_str(), one.rule, one.n_ratings)).collect()
}

#[test]
fn raters_are_excluded_for_reasons_unrelated_to_the_system() {
    let plan = plan_with_anchor(screened(cmos(24, 24, 3), &RULES), 1, 10);
    let answers = |rater: usize, item: usize, system: &str, kind: Kind| match (rater, kind, system) {
        // The first hears differences between a clip and itself, but for one time below.
        (0, Kind::NullPair, _) => 2.0,
        // The second likes the anchor.
        (1, Kind::Rating, "noisy") => 1.0,
        (_, Kind::Rating, "noisy") => -2.0,
        (_, Kind::NullPair, _) => 0.0,
        _ => [-1.0, 0.0, 1.0][(rater + item) % 3],
    };
    let mut rows = ratings(&plan, answers);
    let pair =
        rows.iter_mut().find(|row| row.rater == "r01" && row.kind == Kind::NullPair).expect("a null pair");
    (pair.score, pair.score_raw) = (1.0, 1.0);
    // The third clicks the same button every time.
    for rating in rows.iter_mut().filter(|rating| rating.rater == "r03") {
        rating.score_raw = 1.0;
        rating.score = rating.first.map_or(1.0, mynah_listening::First::sign);
    }
    // The fourth finds everything the same, which may well be true of the system.
    for rating in rows.iter_mut().filter(|rating| rating.rater == "r04" && rating.system == "s1") {
        (rating.score, rating.score_raw) = (0.0, 0.0);
    }
    // The fifth answers two pages without listening.
    for rating in rows.iter_mut().filter(|rating| rating.rater == "r05").take(2) {
        rating.plays_second = Some(0);
    }
    let verdict = judge(&plan, &rows).expect("fine");
    assert_eq!(
        excluded(&verdict),
        [
            ("r05", ScreeningRule::Unplayed, 2),
            ("r01", ScreeningRule::NullPairs, 23),
            ("r03", ScreeningRule::SameAnswer, 23),
            ("r02", ScreeningRule::Anchor, 23),
        ]
    );
    let why: Vec<&str> = verdict.screening.excluded.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(why[0], "answered 2 of 23 before all clips were played");
    assert_eq!(why[1], "judged 2 of 3 null pairs to differ by more than one point");
    assert_eq!(
        why[2],
        "answered 1 to all 23 trials, although 21 of 22 others tell `noisy` heard first from `noisy` heard second"
    );
    assert_eq!(why[3], "judged the anchors 1.00 on average, not below 0");
    let [system, anchor] = &verdict.systems[..] else { panic!("one system and one anchor") };
    assert_eq!((system.n_raters, anchor.n_raters), (21, 22), "the anchor keeps the rater who likes it");
    let left_out = "Screened by the declared rules (unplayed, unheard, null-pairs, same-answer, anchor): 71 ratings \
                    of 4 raters are left out.";
    assert!(verdict.notes.iter().any(|note| note == left_out), "{:?}", verdict.notes);

    // The analysis without exclusions is reported next to it.
    let without = verdict.systems[0].sensitivity.iter().filter(|other| other.screening.is_empty()).count();
    assert_eq!((without, verdict.systems[0].sensitivity.len()), (14, 28));
    assert!(verdict.screening.other_rules.is_empty() && verdict.screening.other_excluded.is_empty());
    let unscreened = judge(&plan_with_anchor(cmos(24, 24, 3), 1, 10), &of_other_plan(&rows)).expect("fine");
    assert!(unscreened.screening.excluded.is_empty());
    assert_eq!(unscreened.screening.other_excluded, verdict.screening.excluded);
    let of_anchor = &unscreened.systems[1].sensitivity[14].screening;
    assert_eq!(of_anchor, &RULES[..4], "that of the anchors is not applied to them");
    let declared = &unscreened.systems[0].sensitivity[0];
    let other = &verdict.systems[0].sensitivity[14];
    assert_eq!((&declared.interval, declared.analysis), (&other.interval, other.analysis));
    assert_ne!(unscreened.systems[0].mean, verdict.systems[0].mean);
}

/// The same answers, given for the plan that declares no screening.
fn of_other_plan(rows: &[Rating]) -> Vec<Rating> {
    let design = plan_with_anchor(cmos(24, 24, 3), 1, 10).design;
    rows.iter().map(|row| Rating { design: design.clone(), ..row.clone() }).collect()
}

#[test]
fn constant_answers_to_what_others_tell_apart_are_a_habit() {
    let rules = [ScreeningRule::SameAnswer, ScreeningRule::Anchor];
    let plan = plan_with_anchor(screened(mos(24, 24), &rules), 1, 6);
    let verdict = judge(
        &plan,
        &ratings(&plan, |rater, item, system, _| match (rater, system) {
            (0, _) => 3.0,
            (1, "noisy") => 5.0,
            (1, _) => 4.0,
            (_, "noisy") => 2.0,
            _ => [3.0, 4.0, 5.0][(rater + item) % 3],
        }),
    )
    .expect("fine");
    assert_eq!(
        excluded(&verdict),
        [("r01", ScreeningRule::SameAnswer, 18), ("r02", ScreeningRule::Anchor, 18)]
    );
    assert_eq!(
        verdict.screening.excluded[0].why,
        "answered 3 to all 18 trials, although 22 of 23 others tell `recordings` from `noisy`"
    );
    assert_eq!(
        verdict.screening.excluded[1].why,
        "judged the anchors 5.00 on average and the reference 4.00"
    );
}

#[test]
fn constant_answers_at_the_ceiling_are_none() {
    let rules = [ScreeningRule::SameAnswer];
    // The first three find all systems excellent, and so do most others most of the time.
    let judged = |n_raters: u32, noisy: f64| {
        let plan = plan_with_anchor(screened(mos(n_raters, n_raters), &rules), 1, 6);
        let answers = |rater: usize, item: usize, system: &str, _: Kind| match (rater, system) {
            (0..=2, _) => 5.0,
            (_, "noisy") => noisy + f64::from(u8::from((rater + item).is_multiple_of(5))),
            _ => 5.0 - f64::from(u8::from((rater * item) % 4 == 1)),
        };
        let rows = ratings(&plan, answers);
        judge(&plan, &rows).expect("fine").screening.excluded.len()
    };
    assert_eq!(judged(24, 4.0), 0, "three of 23 others hear no difference either");
    assert_eq!(judged(8, 1.0), 0, "seven others are too few");
    // Of 199 others, 197 hear the anchor.
    assert_eq!(judged(200, 1.0), 3);
}

#[test]
fn excluding_everybody_leaves_no_number() {
    let plan = plan(screened(cmos(3, 3, 1), &[ScreeningRule::NullPairs]), 1, 4, 1);
    let verdict = judge(
        &plan,
        &ratings(&plan, |rater, item, _, kind| match kind {
            Kind::NullPair => 3.0,
            _ => [-1.0, 1.0][(rater + item) % 2],
        }),
    )
    .expect("fine");
    assert_eq!(verdict.systems[0].mean.reason(), Some("there are no ratings"));
    assert_eq!(verdict.systems[0].n_ratings, 0);
    assert_eq!(verdict.screening.excluded.len(), 3);
}

#[test]
fn rejects_repeated_and_unfit_rules() {
    let check = |protocol: Protocol| protocol.check().expect_err("a rule is broken").to_string();
    let twice = check(screened(cmos(3, 3, 1), &[ScreeningRule::Anchor, ScreeningRule::Anchor]));
    assert!(twice.contains("analysis.screening") && twice.contains("twice"), "{twice}");
    let mos = check(screened(mos(3, 3), &[ScreeningRule::NullPairs]));
    assert!(mos.contains("which MOS tests do not have"), "{mos}");
}
