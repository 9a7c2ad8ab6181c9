//! Similarity of speakers: plan, page, answers and verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    Conclusion, Error, Paradigm, Plan, Role, Simulation, Slot, Survey, Workload, audit, build, judge,
    simulate,
};
use proptest::prelude::*;

use crate::bundle::{Study, clip_bytes};
use crate::support::{items, sized, systems};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_sentence_is_the_example_for_one_other(n_items in 2_usize..30, seed in any::<u32>()) {
        let protocol = sized(Paradigm::Similarity, 5, 2);
        let plan = Plan::new(protocol, systems(2), items(n_items), "study-1", u64::from(seed)).expect("possible");
        let mut example_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for trial in plan.sessions.iter().flat_map(|session| &session.trials) {
            let example = trial.example.as_deref().expect("there is one");
            prop_assert_ne!(example, trial.item.as_str());
            prop_assert_eq!((trial.first, trial.x), (None, None));
            example_of.entry(&trial.item).or_default().insert(example);
        }
        prop_assert_eq!(example_of.len(), n_items);
        prop_assert!(example_of.values().all(|examples| examples.len() == 1), "{:?}", example_of);
        let used: BTreeSet<&str> = example_of.values().flatten().copied().collect();
        prop_assert_eq!(used.len(), n_items, "{:?}", example_of);
        let text = plan.to_toml().expect("it has a TOML form");
        prop_assert_eq!(Plan::from_toml(&text).expect("it is unchanged"), plan);
    }
}

#[test]
fn examples_follow_the_seed_and_are_checked() {
    let plan = |seed| {
        let protocol = sized(Paradigm::Similarity, 4, 4);
        Plan::new(protocol, systems(1), items(9), "study-1", seed).expect("it is possible")
    };
    let examples = |plan: &Plan| {
        let trials = plan.sessions.iter().flat_map(|session| &session.trials);
        trials.map(|trial| (trial.item.clone(), trial.example.clone())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(examples(&plan(1)), examples(&plan(1)));
    assert_ne!(examples(&plan(1)), examples(&plan(2)));
    let text = plan(1).to_toml().expect("it has a TOML form");
    let (item, example) = examples(&plan(1)).into_iter().next().expect("an item");
    let line = format!("example = \"{}\"\n", example.expect("an example"));
    for wrong in [format!("example = \"{item}\"\n"), "example = \"unknown\"\n".to_owned(), String::new()] {
        // Every trial of the item, so that its own sentence is among them.
        let edited = text.replace(&line, &wrong);
        let Err(Error::DesignMismatch { stated, computed }) = Plan::from_toml(&edited) else {
            panic!("it was edited")
        };
        let error = Plan::from_toml(&edited.replace(&stated, &computed)).expect_err(&wrong);
        assert!(error.to_string().contains("an example is another sentence of the plan"), "{error}");
    }
}

#[test]
fn the_page_plays_another_sentence_of_the_speaker_and_then_the_clip() {
    let (study, plan) = Study::with_plan(3, sized(Paradigm::Similarity, 4, 4));
    let key = build(&plan, &study.bundle()).expect("it can be built");
    assert_eq!(key.clips.len(), 2 * 2 * 3 + 1);
    let bytes: BTreeSet<Vec<u8>> = clip_bytes(&study.bundle()).into_values().collect();
    assert_eq!(bytes.len(), key.clips.len());
    assert_eq!(study.data()["buttons"], serde_json::json!(["play_example", "play_judged"]));
    for session in &plan.sessions {
        for (page, trial) in study.pages(&session.rater).iter().zip(&session.trials) {
            let clips = page["clips"].as_array().expect("clips");
            let [first, second] = [0, 1].map(|place| &key.clips[clips[place].as_str().expect("a name")]);
            assert_eq!((first.slot, first.system.as_str()), (Slot::Reference, "recordings"));
            assert_eq!(Some(&first.item), trial.example.as_ref());
            assert_eq!((first.judged_item.as_ref(), &first.judged), (Some(&trial.item), &trial.system));
            assert_eq!(
                (second.slot, &second.system, &second.item),
                (Slot::System, &trial.system, &trial.item)
            );
            assert_eq!(second.judged_item, None);
        }
    }
    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    for secret in ["secret-voice", "recordings", "LJ001-0029"] {
        assert!(!page.contains(secret), "the page reveals {secret}");
    }
    // The audit compares each sentence with itself, whatever it is played for.
    let audited = audit(&plan, &study.bundle(), &key).expect("it can be audited");
    assert!(audited.systems.iter().all(|system| system.n_clips == 3), "{audited:?}");
    // A rater hears each recording as an example and as a clip.
    let survey = Survey::of(&plan);
    let total: f64 = survey.files.iter().map(|file| file.seconds).sum();
    let of_recordings: f64 =
        survey.files.iter().filter(|file| file.system == "recordings").map(|file| file.seconds).sum();
    let work = Workload::of(&plan, &survey);
    let expected = (total + 2.0 * of_recordings) / 60.0;
    assert!((work.raters[0].audio_minutes - expected).abs() < 1e-9, "{:?}", work.raters[0]);
}

#[test]
fn clicks_end_in_words_about_similarity() {
    let (study, plan) = Study::with_plan(3, sized(Paradigm::Similarity, 4, 4));
    build(&plan, &study.bundle()).expect("it can be built");
    let clicked = |rater: &str, page: usize| {
        let session = plan.sessions.iter().find(|session| session.rater == rater).expect("a session");
        let is_voice = session.trials[page].system == "secret-voice";
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
    assert_eq!((collection.problems.len(), collection.ratings.len()), (0, 4 * 6));
    let verdict = judge(&plan, &collection.ratings).expect("it can be judged");
    assert_eq!(verdict.systems[0].role, Role::Reference);
    let voice = &verdict.systems[1];
    assert_eq!(voice.conclusion, Some(Conclusion::Worse));
    let words = "`secret-voice` is less similar to the speaker than `recordings`: the difference is -";
    assert!(voice.words.starts_with(words), "{}", voice.words);
    assert!(!voice.human_level);
}

#[test]
fn simulated_similarities_have_words_for_every_conclusion() {
    let plan = Plan::new(sized(Paradigm::Similarity, 60, 20), systems(1), items(50), "study-1", 1);
    let plan = plan.expect("it is possible");
    let words = |difference: f64| {
        let true_differences = [("s1".to_owned(), difference)].into();
        // Away from the end of the scale, so that nothing is lost there.
        let simulation = Simulation { true_differences, mos_level: 3.0, ..Simulation::default() };
        let verdict = judge(&plan, &simulate(&plan, &simulation).expect("fine")).expect("it can be judged");
        verdict.systems[1].words.clone()
    };
    for (difference, expected) in [
        (-0.8, "`s1` is less similar to the speaker than `recordings`"),
        (0.8, "`s1` is more similar to the speaker than `recordings`"),
        (0.0, "the speaker as `recordings`"),
    ] {
        assert!(words(difference).contains(expected), "{difference}: {}", words(difference));
    }
}
