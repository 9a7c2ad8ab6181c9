//! Recognition: plan, page, answers and verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    Conclusion, Defined, Error, First, FoundRating, FoundStudy, Kind, Origin, Paradigm, Plan, Rating, Role,
    ScoreSign, ScreeningRule, Simulation, Slot, build, judge, judge_found, simulate,
};
use proptest::prelude::*;

use crate::bundle::{Study, clip_bytes};
use crate::support::{advised, items, plan_with_anchor, sized, systems};

/// Number of trials in which X is the system and in which it is the reference, or in which either comes first.
type Counts = (i64, i64);

fn is_balanced(counts: &Counts) -> bool {
    (counts.0 - counts.1).abs() <= (counts.0 + counts.1) % 2
}

fn count(counts: &mut Counts, is_system: bool) {
    if is_system {
        counts.0 += 1;
    } else {
        counts.1 += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_plan_balances_the_order_and_x_within_each_order(
        n_raters in 2_u32..14,
        share in 0.0..1.0_f64,
        n_candidates in 1_usize..4,
        n_items in 2_usize..16,
        seed in any::<u32>(),
    ) {
        let per_item = 1 + (share * f64::from(n_raters - 1)) as u32;
        let protocol = sized(Paradigm::Abx, n_raters, per_item);
        let plan = Plan::new(protocol, systems(n_candidates), items(n_items), "study-1", u64::from(seed));
        let plan = plan.expect("it is possible");
        // By rater, rater and system, item, item and system; then each of these in either order.
        let mut orders: BTreeMap<String, Counts> = BTreeMap::new();
        let mut copies: BTreeMap<String, Counts> = BTreeMap::new();
        let mut of_cells: BTreeMap<String, Counts> = BTreeMap::new();
        for session in &plan.sessions {
            for trial in &session.trials {
                let x = trial.x.expect("X is a copy of something");
                prop_assert!(matches!(x, Slot::System | Slot::Reference));
                let first = trial.first.expect("a pair has an order");
                let (rater, system, item) = (&session.rater, &trial.system, &trial.item);
                let by = [
                    rater.clone(),
                    format!("{rater} {system}"),
                    item.clone(),
                    format!("{item} {system}"),
                ];
                for name in by {
                    count(orders.entry(name.clone()).or_default(), first == First::System);
                    count(copies.entry(name).or_default(), x == Slot::System);
                }
                for name in [format!("{rater} {system} {first:?}"), format!("{item} {system} {first:?}")] {
                    count(of_cells.entry(name).or_default(), x == Slot::System);
                }
            }
        }
        prop_assert!(orders.values().all(is_balanced), "{:?}", orders);
        prop_assert!(copies.values().all(is_balanced), "{:?}", copies);
        prop_assert!(of_cells.values().all(is_balanced), "{:?}", of_cells);
        let text = plan.to_toml().expect("it has a TOML form");
        prop_assert_eq!(Plan::from_toml(&text).expect("it is unchanged"), plan);
    }
}

#[test]
fn a_plan_must_say_what_x_is() {
    let plan = Plan::new(sized(Paradigm::Abx, 4, 4), systems(1), items(4), "study-1", 1).expect("possible");
    let text = plan.to_toml().expect("it has a TOML form");
    for (from, to) in
        [("x = \"system\"\n", ""), ("x = \"system\"", "x = \"volume\""), ("x = \"system\"", "x = \"x\"")]
    {
        let edited = text.replacen(from, to, 1);
        let Err(Error::DesignMismatch { stated, computed }) = Plan::from_toml(&edited) else {
            panic!("it was edited")
        };
        let error = Plan::from_toml(&edited.replace(&stated, &computed)).expect_err(to);
        assert!(error.to_string().contains("X is a copy of the system or of the reference"), "{error}");
    }
    let mut wide = sized(Paradigm::Abx, 4, 4);
    wide.analysis.margin = 0.6;
    let error = Plan::new(wide, systems(1), items(4), "study-1", 1).expect_err("more than all right");
    assert!(error.to_string().contains("at most 0.5"), "{error}");
}

#[test]
fn x_is_a_file_of_its_own() {
    let (study, plan) = Study::with_plan(2, sized(Paradigm::Abx, 8, 8));
    let key = build(&plan, &study.bundle()).expect("it can be built");
    // For each of two sentences the system, the reference, and X as either of them; one for the volume.
    assert_eq!(key.clips.len(), 2 * 4 + 1);
    let bytes: BTreeSet<Vec<u8>> = clip_bytes(&study.bundle()).into_values().collect();
    assert_eq!(bytes.len(), key.clips.len(), "no two files are equal");
    let data = study.data();
    assert_eq!(data["buttons"], serde_json::json!(["play_first", "play_second", "play_x"]));
    assert_eq!(
        (&data["lowest"], &data["labels"]),
        (&0.into(), &serde_json::json!(["The first", "The second"]))
    );
    for session in &plan.sessions {
        for (page, trial) in study.pages(&session.rater).iter().zip(&session.trials) {
            let clips = page["clips"].as_array().expect("clips");
            let [first, second, x] =
                [0, 1, 2].map(|place| &key.clips[clips[place].as_str().expect("a name")]);
            let (system, reference) = match trial.first {
                Some(First::System) => (first, second),
                _ => (second, first),
            };
            assert_eq!((system.slot, system.system.as_str()), (Slot::System, "secret-voice"));
            assert_eq!((reference.slot, reference.system.as_str()), (Slot::Reference, "recordings"));
            let copied = if trial.x == Some(Slot::System) { "secret-voice" } else { "recordings" };
            assert_eq!((x.slot, x.system.as_str(), &x.item), (Slot::X, copied, &trial.item));
        }
    }
    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    for secret in ["secret-voice", "recordings", "LJ001-0029"] {
        assert!(!page.contains(secret), "the page reveals {secret}");
    }
}

/// The files of raters who click by a rule, as the page writes them; it is given the true answer.
fn answers(
    study: &Study,
    plan: &Plan,
    clicked: impl Fn(&str, usize, i64) -> i64,
) -> Vec<(String, serde_json::Value)> {
    let file = |session: &mynah_listening::Session| {
        let rater = session.rater.as_str();
        let answers: Vec<serde_json::Value> = study
            .pages(rater)
            .iter()
            .zip(&session.trials)
            .enumerate()
            .map(|(page, (shown, trial))| {
                let is_first = (trial.first == Some(First::System)) == (trial.x == Some(Slot::System));
                let clips: Vec<serde_json::Value> = shown["clips"]
                    .as_array()
                    .expect("clips")
                    .iter()
                    .zip([1, 2, 3])
                    .map(|(clip, plays)| serde_json::json!({ "clip": clip, "plays": plays }))
                    .collect();
                serde_json::json!({
                    "trial": shown["id"], "page": page, "clips": clips,
                    "score_raw": clicked(rater, page, i64::from(!is_first)),
                })
            })
            .collect();
        let content = serde_json::json!({
            "format": 2, "study": plan.study, "design": plan.design, "rater": rater, "answers": answers,
        });
        (format!("{rater}.json"), content)
    };
    plan.sessions.iter().map(file).collect()
}

#[test]
fn clicks_become_right_and_wrong_answers() {
    let (study, plan) = Study::with_plan(2, sized(Paradigm::Abx, 8, 8));
    build(&plan, &study.bundle()).expect("it can be built");
    // Half of the raters hear which it is, the others always say the first.
    let knows = |rater: &str| rater < "r05";
    let files = answers(&study, &plan, |rater, _, right| if knows(rater) { right } else { 0 });
    let files: Vec<(&str, &serde_json::Value)> =
        files.iter().map(|(name, file)| (name.as_str(), file)).collect();
    let collection = study.collect(&plan, &files);
    assert_eq!(collection.problems, []);
    assert_eq!(collection.ratings.len(), 8 * 2);
    for rating in &collection.ratings {
        let x_is_first = (rating.first == Some(First::System)) == (rating.x == Some(Slot::System));
        let expected = if knows(&rating.rater) { 1.0 } else { f64::from(u8::from(x_is_first)) };
        assert!((rating.score - expected).abs() < 1e-12, "{rating:?}");
        assert_eq!(rating.score_raw < 0.5, (rating.score > 0.5) == x_is_first, "{rating:?}");
        assert_eq!((rating.plays_first, rating.plays_second, rating.plays_x), (Some(1), Some(2), Some(3)));
        assert_eq!((rating.kind, rating.reference.as_deref()), (Kind::Rating, Some("recordings")));
    }
    let refused = |change: fn(&mut Rating), expected: &str| {
        let mut ratings = collection.ratings.clone();
        change(&mut ratings[3]);
        let error = judge(&plan, &ratings).expect_err(expected);
        assert!(advised(&error).contains(expected), "{}", advised(&error));
    };
    refused(|one| one.score = 1.0 - one.score, "does not follow from the clicked");
    let turn = |one: &mut Rating| {
        one.x = Some(if one.x == Some(Slot::System) { Slot::Reference } else { Slot::System });
        one.score = 1.0 - one.score;
    };
    refused(turn, "X was a copy of another clip than planned");
    refused(|one| one.score = 0.5, "not a point of the scale, 0 to 1");
}

/// The answers of a plan with one system, as if people had given them: right by a rule on rater and item.
fn judged(
    n_raters: u32,
    n_items: usize,
    is_right: impl Fn(usize, usize) -> bool,
) -> mynah_listening::Verdict {
    let protocol = sized(Paradigm::Abx, n_raters, n_raters);
    let plan = Plan::new(protocol, systems(1), items(n_items), "study-1", 1).expect("it is possible");
    judge(&plan, &people(&plan, is_right)).expect("it can be judged")
}

fn people(plan: &Plan, is_right: impl Fn(usize, usize) -> bool) -> Vec<Rating> {
    let mut ratings = simulate(plan, &Simulation::default()).expect("the plan is fine");
    for rating in &mut ratings {
        let rater = plan.sessions.iter().position(|session| session.rater == rating.rater).expect("planned");
        let item = plan.items.iter().position(|item| *item == rating.item).expect("planned");
        rating.origin = Origin::Human;
        rating.score = f64::from(u8::from(is_right(rater, item)));
        rating.score_raw = plan.protocol.paradigm.rules().clicked(rating.score, rating.first, rating.x);
    }
    ratings
}

#[test]
fn words_name_the_share_of_right_answers() {
    let hash = |rater: usize, item: usize| (rater * 7919 + item * 104_729 + rater * item * 31) % 100;
    let of = |percent: usize| judged(20, 50, |rater, item| hash(rater, item) < percent).systems.remove(0);
    let told = of(63);
    assert_eq!(told.conclusion, Some(Conclusion::ToldApart));
    let share = told.mean.value().expect("a share");
    assert!((share - 0.63).abs() < 0.05, "{share}");
    let expected =
        format!("Listeners told `s1` from `recordings` in {:.1} % of trials (95 % interval ", 100.0 * share);
    assert!(told.words.starts_with(&expected), "{expected}: {}", told.words);
    assert!(told.words.ends_with("more often than by guessing."), "{}", told.words);
    let difference = told.difference.value().expect("an interval");
    assert!((difference.estimate + 0.5 - share).abs() < 1e-12);
    assert!(!told.human_level && !told.words.contains("human"));

    let guessed = of(50);
    assert_eq!(guessed.conclusion, Some(Conclusion::Equivalent), "{}", guessed.words);
    assert!(guessed.words.starts_with("`s1` and `recordings` could not be told apart"), "{}", guessed.words);
    assert!(guessed.words.ends_with("within ±10 of the 50 % of guessing."), "{}", guessed.words);
    // Consistently wrong answers show that a difference is heard.
    let mistaken = of(25);
    assert_eq!(mistaken.conclusion, Some(Conclusion::ToldApart));
    assert!(mistaken.words.contains("less often than by guessing"), "{}", mistaken.words);
    // Four people on four sentences show nothing.
    let small = judged(4, 4, |rater, item| (rater + item) % 2 == 0).systems.remove(0);
    assert_eq!(small.conclusion, Some(Conclusion::Inconclusive));
    assert!(small.words.starts_with("It is not shown either way"), "{}", small.words);
}

#[test]
fn answers_that_are_all_right_are_words_too() {
    let all = judged(20, 50, |_, _| true).systems.remove(0);
    assert_eq!((all.difference.value(), all.conclusion), (None, Some(Conclusion::ToldApart)));
    // Twenty people are twenty tosses of a coin, and fifty sentences are more.
    let p = all.sign_test_p_value.expect("a sign test");
    assert!((p - 2.0 * 0.5_f64.powi(20)).abs() < 1e-15, "{p}");
    assert_eq!(
        all.words,
        "Listeners told `s1` from `recordings` in all 1000 trials, more often than by guessing (sign test by people and by \
         sentences, p = 1.9e-6). The share has no interval: all 1000 scores are 1."
    );
    // So are those of which one person got some wrong.
    let nearly = judged(20, 50, |rater, item| rater != 3 || item > 1).systems.remove(0);
    assert_eq!(nearly.conclusion, Some(Conclusion::ToldApart), "{}", nearly.words);
    assert!(nearly.words.contains("in 998 of 1000 trials"), "{}", nearly.words);
    let wrong = judged(20, 50, |_, _| false).systems.remove(0);
    assert_eq!(wrong.conclusion, Some(Conclusion::ToldApart));
    assert!(wrong.words.contains("less often than by guessing"), "{}", wrong.words);
    // Five people cannot exclude chance, however many sentences they judge: 2 / 2⁵.
    let few = judged(5, 50, |_, _| true).systems.remove(0);
    assert_eq!(few.conclusion, Some(Conclusion::Inconclusive));
    let expected = "but 5 people and 50 sentences are too few to exclude chance (sign test by people and by sentences, p = 0.0625).";
    assert!(few.words.ends_with(expected), "{}", few.words);
}

#[test]
fn anchors_that_are_told_apart_show_that_differences_are_heard() {
    let plan = plan_with_anchor(sized(Paradigm::Abx, 20, 20), 2, 20);
    let verdict = judge(&plan, &people(&plan, |_, _| true)).expect("it can be judged");
    assert_eq!(verdict.assay.sensitive, Some(true));
    assert_eq!(
        verdict.assay.explanation,
        "Listeners told what is known to be worse from `recordings`: `noisy` in all 400 trials."
    );
    let Defined::Undefined { reason } = &verdict.ranking else { panic!("nothing is ranked") };
    assert!(reason.contains("neither better nor worse"), "{reason}");
    let verdict =
        judge(&plan, &people(&plan, |rater, item| (rater + item) % 2 == 0)).expect("it can be judged");
    assert_eq!(verdict.assay.sensitive, Some(false));
    assert!(verdict.assay.explanation.contains("not shown to tell"), "{}", verdict.assay.explanation);
}

#[test]
fn careless_and_deaf_raters_are_screened_if_the_protocol_says_so() {
    let mut protocol = sized(Paradigm::Abx, 16, 16);
    protocol.analysis.screening =
        vec![ScreeningRule::Unplayed, ScreeningRule::SameAnswer, ScreeningRule::Anchor];
    let mut all = systems(1);
    all.push(mynah_listening::System {
        name: "noisy".to_owned(),
        role: Role::Anchor,
        directory: "out/noisy".to_owned(),
    });
    let plan = Plan::new(protocol, all, items(12), "study-1", 1).expect("it is possible");
    // Everybody hears everything but r02, who always says the first, and r03, who is wrong about each anchor.
    let mut ratings = people(&plan, |_, _| true);
    for rating in &mut ratings {
        let rules = plan.protocol.paradigm.rules();
        (rating.plays_first, rating.plays_second, rating.plays_x) = (Some(1), Some(1), Some(1));
        if rating.rater == "r02" {
            rating.score_raw = 0.0;
            rating.score = rules.score(0.0, rating.first, rating.x);
        }
        if rating.rater == "r03" && rating.system == "noisy" {
            rating.score = 0.0;
            rating.score_raw = rules.clicked(0.0, rating.first, rating.x);
        }
        if rating.rater == "r04" && rating.page == 5 {
            rating.plays_x = Some(0);
        }
    }
    let verdict = judge(&plan, &ratings).expect("it can be judged");
    let excluded: Vec<(&str, ScreeningRule)> =
        verdict.screening.excluded.iter().map(|one| (one.rater.as_str(), one.rule)).collect();
    assert_eq!(
        excluded,
        [
            ("r04", ScreeningRule::Unplayed),
            ("r02", ScreeningRule::SameAnswer),
            ("r03", ScreeningRule::Anchor)
        ],
        "{:?}",
        verdict.screening.excluded
    );
    assert!(verdict.screening.excluded[1].why.contains("as X"), "{:?}", verdict.screening.excluded);
}

#[test]
fn answers_without_a_plan_are_judged() {
    let rating = |(index, right): (usize, bool)| FoundRating {
        rater: format!("p{}", index % 10),
        item: format!("s{}", index / 10),
        system: "codec".to_owned(),
        score: f64::from(u8::from(right)),
        first: None,
        origin: Origin::Human,
        source_file: "answers.csv".to_owned(),
        source_row: index as u64 + 1,
    };
    let rows: Vec<FoundRating> = (0..200).map(|index| (index, index % 7 != 0)).map(rating).collect();
    let study = FoundStudy {
        name: "found".to_owned(),
        paradigm: Paradigm::Abx,
        reference: Some("source".to_owned()),
        human_reference: false,
        anchors: Vec::new(),
        analysis: mynah_listening::Protocol::standard(Paradigm::Abx).analysis,
        repeats: false,
        score_sign: None,
    };
    let verdict = judge_found(&study, &rows).expect("it can be judged");
    assert_eq!(verdict.systems[0].conclusion, Some(Conclusion::ToldApart));
    assert!(!verdict.notes.iter().any(|note| note.contains("heard first")), "{:?}", verdict.notes);
    let signed = FoundStudy { score_sign: Some(ScoreSign::SecondMinusFirst), ..study };
    let error = judge_found(&signed, &rows).expect_err("a sign");
    assert!(advised(&error).contains("leave the sign of the scores out"), "{}", advised(&error));
}
