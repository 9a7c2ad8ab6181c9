//! Answers of one rater in several files, bundles of one plan with other audio, and keys.

use std::collections::BTreeSet;
use std::fs;

use mynah_listening::{
    BuildOptions, Collection, Error, Key, KeyClip, Plan, ProblemKind, build, build_with, collect,
};
use mynah_signal::Waveform;
use mynah_signal::wav;
use mynah_testkit::fixture;
use serde_json::{Value, json};

use ProblemKind::{Contradiction, DuplicateRater, OtherBundle, TwoSessions, Unfinished};

use crate::bundle::{Study, clip_bytes};

/// The pages and scores of a collection, and the kinds of its problems.
fn found(collection: &Collection) -> (Vec<(u32, f64)>, Vec<ProblemKind>) {
    let pages = collection.ratings.iter().map(|rating| (rating.page, rating.score_raw)).collect();
    (pages, collection.problems.iter().map(|problem| problem.kind).collect())
}

/// Downloads of one session after one, two and all answers, in any order: the whole session.
#[test]
fn files_of_one_session_are_merged() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    build(&plan, &study.bundle()).expect("it can be built");
    let whole = study.answers(&plan, "r01", |page| [2, -1, 0, 3][page]);
    let part = |pages: &[usize]| {
        let mut part = whole.clone();
        part["answers"] = pages.iter().map(|&page| whole["answers"][page].clone()).collect();
        part
    };
    let (one, two) = (part(&[0]), part(&[0, 1]));
    let expected = [(0, 2.0), (1, -1.0), (2, 0.0), (3, 3.0)];
    for order in [[&one, &two, &whole], [&whole, &two, &one], [&two, &whole, &one]] {
        let collection =
            study.collect(&plan, &[("a.json", order[0]), ("b.json", order[1]), ("c.json", order[2])]);
        assert_eq!(found(&collection), (expected.to_vec(), vec![DuplicateRater; 2]));
        assert!(collection.problems.iter().all(|problem| problem.kind.is_harmless()));
    }
    // Each has what the others lack.
    let collection = study.collect(&plan, &[("a.json", &part(&[0, 3])), ("b.json", &part(&[1, 2]))]);
    assert_eq!(found(&collection), (expected.to_vec(), vec![DuplicateRater]));
    // What none of them has is said once, with all files.
    let collection = study.collect(&plan, &[("a.json", &one), ("b.json", &two)]);
    assert_eq!(found(&collection), (expected[..2].to_vec(), vec![DuplicateRater, Unfinished]));
    assert_eq!(collection.problems[1].file, "a.json, b.json");
    assert!(collection.problems[1].message.contains("has not answered 2 of 4 pages: 2, 3"));
}

#[test]
fn the_later_of_two_answers_counts_with_a_problem() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    build(&plan, &study.bundle()).expect("it can be built");
    let answers = |score: i64, answered: Option<&str>| {
        let mut file = study.answers(&plan, "r01", |page| if page == 2 { score } else { 0 });
        if let Some(answered) = answered {
            file["answers"][2]["answered"] = json!(answered);
        }
        file
    };
    let early = answers(1, Some("2026-11-22T09:00:30.000Z"));
    let late = answers(-2, Some("2026-11-22T09:05:00.000Z"));
    let undated = answers(3, None);
    let check = |files: [&Value; 2], score: f64, words: &str| {
        let collection = study.collect(&plan, &[("a.json", files[0]), ("b.json", files[1])]);
        let (pages, kinds) = found(&collection);
        assert_eq!(kinds, [DuplicateRater, Contradiction], "{words}");
        assert_eq!((pages.len(), pages[2]), (4, (2, score)), "{words}");
        let problem = &collection.problems[1];
        assert_eq!((problem.file.as_str(), problem.row), ("b.json", Some(3)));
        assert!(problem.message.starts_with("page 2 of rater `r01` is answered"), "{}", problem.message);
        assert!(problem.message.contains("in `a.json`, answer 3"), "{}", problem.message);
        assert!(problem.message.ends_with(words), "{}", problem.message);
        assert!(!problem.kind.is_harmless());
    };
    check([&early, &late], -2.0, "this one is later and counts");
    check([&late, &early], -2.0, "that one is later and counts");
    check([&undated, &early], 1.0, "this one is later and counts");
    let other = answers(2, None);
    check([&undated, &other], 3.0, "no time tells which is later, and that one counts");

    // One code, two people.
    let mut second = answers(1, Some("2026-11-22T09:00:30.000Z"));
    second["started"] = json!("2026-11-23T10:00:00Z");
    let collection = study.collect(&plan, &[("a.json", &early), ("b.json", &second)]);
    assert_eq!(found(&collection).1, [DuplicateRater, TwoSessions]);
    assert!(collection.problems[1].message.contains("whether two people had one code"));
}

#[test]
fn keys_of_other_bundles_are_not_overwritten() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let path = Key::path_beside(&study.bundle());
    let key = build(&study.plan(true), &study.bundle()).expect("it can be built");
    key.write(&path).expect("it can be written");
    fs::remove_dir_all(study.bundle()).expect("it is there");
    // The same bundle has the same key.
    build(&study.plan(true), &study.bundle()).expect("it can be built");
    fs::remove_dir_all(study.bundle()).expect("it is there");

    let other = study.plan(false);
    let error = build(&other, &study.bundle()).expect_err("the key is of another design");
    assert!(matches!(&error, Error::KeyExists { design, .. } if *design == key.design), "{error}");
    assert!(!study.bundle().exists());
    assert_eq!(Key::read(&path).expect("it is unchanged"), key);
    let options = BuildOptions { replace_key: true, ..BuildOptions::default() };
    build_with(&other, &study.bundle(), &options).expect("it was said that it may go");
}

/// The file that Chromium downloaded from a page of format 1 after going to and fro between two tabs.
#[test]
fn answers_from_two_tabs_are_complete() {
    let plan = Plan::read(&fixture("golden/listening/PLAN.toml")).expect("the pinned plan is unchanged");
    let collection = collect(&plan, None, &[fixture("golden/listening/page_tabs.json")]);
    assert_eq!(collection.problems, []);
    assert_eq!(found(&collection).0, [(0, -1.0), (1, 0.0), (2, 1.0), (3, 2.0)]);
    let text = fs::read_to_string(fixture("golden/listening/page_tabs.json")).expect("it is there");
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    let times: Vec<&str> = file["answers"]
        .as_array()
        .expect("answers")
        .iter()
        .map(|answer| answer["answered"].as_str().expect("every answer has its time"))
        .collect();
    assert!(times.is_sorted() && times[0] >= file["started"].as_str().expect("a time"), "{times:?}");
}

#[test]
fn bundles_with_different_audio_are_distinguished() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    let key = build(&plan, &study.bundle()).expect("it can be built");
    let data = study.data();
    assert_eq!(data["bundle"], json!(key.bundle));
    let clips = clip_bytes(&study.bundle());
    for (name, clip) in &key.clips {
        assert_eq!(clip.blake3, blake3::hash(&clips[name]).to_hex().to_string());
        assert_eq!(data["clips"][name]["sha256"], json!(clip.sha256));
    }
    // The recording is in several pairs, each time as another file.
    let recordings: Vec<&KeyClip> = key
        .clips
        .values()
        .filter(|clip| (clip.item.as_str(), clip.system.as_str()) == ("LJ001-0029", "recordings"))
        .collect();
    assert!(recordings.len() > 1);
    assert_eq!(recordings.iter().map(|clip| &clip.sha256).collect::<BTreeSet<_>>().len(), recordings.len());

    let first = study.answers(&plan, "r01", |_| 0);
    let with_bundle = |mut file: Value, bundle: &str| {
        file["bundle"] = json!(bundle);
        file
    };
    // One sample of one clip.
    let path = study.directory.path().join("voice/LJ002-0009.wav");
    let mut samples = wav::read(&path).expect("the clip is fine").into_samples();
    samples[9000] += 0.01;
    wav::write_pcm16(&path, &Waveform::new(samples, 22_050)).expect("written");
    fs::remove_dir_all(study.bundle()).expect("it is there");
    let other = build(&plan, &study.bundle()).expect("it can be built");
    assert_eq!(other.design, key.design);
    assert_ne!(other.bundle, key.bundle);
    let second = with_bundle(study.answers(&plan, "r02", |_| 0), &other.bundle);
    let first = with_bundle(first, &key.bundle);
    let collection = study.collect(&plan, &[("a.json", &first), ("b.json", &second)]);
    assert_eq!(found(&collection).1, [OtherBundle]);
    let problem = &collection.problems[0];
    assert_eq!(problem.file, "b.json");
    assert!(
        problem.message.contains(&key.bundle) && problem.message.contains(&other.bundle),
        "{}",
        problem.message
    );
    assert_eq!(collection.ratings.len(), 8);
}
