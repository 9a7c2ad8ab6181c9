//! Degradations: plan, page, answers and verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    Conclusion, Kind, Origin, Paradigm, Plan, Rating, Role, ScreeningRule, Simulation, Slot, build, judge,
    rehearse, simulate,
};

use crate::bundle::{Study, clip_bytes};
use crate::support::{advised, items, plan_with_anchor, sized, systems};

#[test]
fn a_plan_judges_the_reference_after_itself_and_has_no_order() {
    let plan = Plan::new(sized(Paradigm::Dmos, 6, 3), systems(2), items(8), "study-1", 5).expect("possible");
    let mut judged: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for session in &plan.sessions {
        for trial in &session.trials {
            assert_eq!((trial.first, trial.x, &trial.example), (None, None, &None));
            assert_eq!((plan.opponent(trial), trial.kind), (Some("recordings"), Kind::Rating));
            assert!(judged.entry((&trial.item, &trial.system)).or_default().insert(&session.rater));
        }
    }
    assert_eq!(judged.len(), 8 * 3, "the recordings are judged like the two systems");
    assert!(judged.values().all(|raters| raters.len() == 3), "{judged:?}");
    let error = Plan::new(sized(Paradigm::Dmos, 6, 3), systems(2)[1..].to_vec(), items(8), "study-1", 5);
    assert!(advised(&error.expect_err("no reference")).contains("exactly one reference"));
}

#[test]
fn the_page_plays_the_reference_openly_and_then_a_clip_of_any_system() {
    let (study, plan) = Study::with_plan(3, sized(Paradigm::Dmos, 4, 4));
    let key = build(&plan, &study.bundle()).expect("it can be built");
    // Two clips of each of two systems for each of three sentences, and one for the volume.
    assert_eq!(key.clips.len(), 2 * 2 * 3 + 1);
    let bytes: BTreeSet<Vec<u8>> = clip_bytes(&study.bundle()).into_values().collect();
    assert_eq!(bytes.len(), key.clips.len(), "no two files are equal, not even those of the reference");
    let data = study.data();
    assert_eq!(data["buttons"], serde_json::json!(["play_reference", "play_judged"]));
    assert_eq!((&data["lowest"], &data["labels"][4]), (&1.into(), &"Inaudible".into()));
    for session in &plan.sessions {
        for (page, trial) in study.pages(&session.rater).iter().zip(&session.trials) {
            let clips = page["clips"].as_array().expect("clips");
            let [first, second] = [0, 1].map(|place| &key.clips[clips[place].as_str().expect("a name")]);
            assert_eq!((first.slot, first.system.as_str()), (Slot::Reference, "recordings"));
            assert_eq!((second.slot, &second.system), (Slot::System, &trial.system));
            assert_eq!((&first.item, &second.item, &first.judged), (&trial.item, &trial.item, &trial.system));
        }
    }
    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    for secret in ["secret-voice", "recordings", "LJ001-0029"] {
        assert!(!page.contains(secret), "the page reveals {secret}");
    }
}

#[test]
fn clicks_are_scores_and_end_in_words_about_degradation() {
    let (study, plan) = Study::with_plan(3, sized(Paradigm::Dmos, 4, 4));
    build(&plan, &study.bundle()).expect("it can be built");
    let trials = |rater: &str| {
        let session = plan.sessions.iter().find(|session| session.rater == rater).expect("a session");
        session.trials.clone()
    };
    let clicked = |rater: &str, page: usize| {
        let is_voice = trials(rater)[page].system == "secret-voice";
        5 - 3 * i64::from(is_voice) - i64::from(page.is_multiple_of(2))
    };
    let files: Vec<(String, serde_json::Value)> = plan
        .sessions
        .iter()
        .map(|session| {
            let rater = session.rater.as_str();
            (format!("{rater}.json"), study.answers(&plan, rater, |page| clicked(rater, page)))
        })
        .collect();
    let files: Vec<(&str, &serde_json::Value)> =
        files.iter().map(|(name, file)| (name.as_str(), file)).collect();
    let collection = study.collect(&plan, &files);
    assert_eq!(collection.problems, []);
    assert_eq!(collection.ratings.len(), 4 * 6);
    for rating in &collection.ratings {
        let expected = clicked(&rating.rater, rating.page as usize) as f64;
        assert_eq!((rating.score, rating.score_raw), (expected, expected));
        assert_eq!((rating.first, rating.reference.as_deref()), (None, Some("recordings")));
        assert_eq!((rating.plays_first, rating.plays_second, rating.plays_x), (Some(1), Some(2), None));
    }
    let verdict = judge(&plan, &collection.ratings).expect("it can be judged");
    assert_eq!(verdict.systems.len(), 2);
    assert_eq!(verdict.systems[0].role, Role::Reference);
    let voice = &verdict.systems[1];
    assert_eq!(voice.conclusion, Some(Conclusion::Worse));
    assert!(voice.words.starts_with("`secret-voice` is more degraded than `recordings`"), "{}", voice.words);
    assert!(!voice.words.contains("human"), "{}", voice.words);
    assert_eq!((voice.human_level, voice.paper_rule.passes), (false, None));
    assert!(voice.paper_rule.explanation.starts_with("Protocol sizes not met: 3 sentences"));
}

#[test]
fn simulated_degradations_are_found_and_their_anchor_too() {
    let plan = plan_with_anchor(sized(Paradigm::Dmos, 20, 20), 2, 20);
    let simulation =
        Simulation { true_differences: [("s2".to_owned(), -0.7)].into(), ..Simulation::default() };
    let verdict = judge(&plan, &simulate(&plan, &simulation).expect("fine")).expect("it can be judged");
    let conclusion =
        |name: &str| verdict.systems.iter().find(|one| one.system == name).and_then(|one| one.conclusion);
    assert_eq!(conclusion("s2"), Some(Conclusion::Worse));
    assert_eq!(verdict.assay.sensitive, Some(true));
    let rates = rehearse(&plan, &simulation, 20).expect("it can be rehearsed");
    assert!(rates.iter().any(|rate| rate.system == "s2" && rate.rate > 0.9));
    assert!(
        !rates.iter().any(|rate| rate.outcome == mynah_listening::Outcome::ToldApart),
        "nothing is told apart in a test of scores"
    );
}

#[test]
fn the_second_clip_must_be_played_too() {
    let mut protocol = sized(Paradigm::Dmos, 4, 4);
    protocol.analysis.screening = vec![ScreeningRule::Unplayed];
    let plan = Plan::new(protocol, systems(1), items(4), "study-1", 1).expect("it is possible");
    let mut ratings: Vec<Rating> = simulate(&plan, &Simulation::default()).expect("the plan is fine");
    for rating in &mut ratings {
        rating.origin = Origin::Human;
        (rating.plays_first, rating.plays_second) = (Some(1), Some(1));
    }
    ratings[2].plays_second = Some(0);
    ratings[5].plays_first = Some(0);
    let verdict = judge(&plan, &ratings).expect("it can be judged");
    let n: usize = verdict.screening.excluded.iter().map(|one| one.n_ratings).sum();
    assert_eq!(n, 2, "{:?}", verdict.screening);
}
