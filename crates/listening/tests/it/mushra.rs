//! Tests with sliders side by side: plan, page, answers and verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    ANSWER_SECONDS, Conclusion, Control, Entry, Error, Key, Kind, Origin, Pages, Paradigm, Plan, ProblemKind,
    Protocol, Purpose, Rating, Role, ScreeningRule, Simulation, Slot, Strings, Survey, System, Workload,
    build, collect, collect_sessions, judge, served_page, simulate,
};
use mynah_signal::{Waveform, low_pass, wav};
use mynah_testkit::assert_close;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bundle::{Study, clip_bytes};
use crate::heard::session_file;
use crate::support::{advised, items, plan, plan_with_anchor, ratings, sized, systems};

const SENTENCES: [&str; 2] = ["LJ001-0029", "LJ002-0009"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_page_has_all_systems_once_and_every_item_its_raters(
        n_raters in 2_u32..14,
        share in 0.0..1.0_f64,
        n_candidates in 1_usize..6,
        n_items in 2_usize..12,
        seed in any::<u32>(),
    ) {
        let per_item = 1 + (share * f64::from(n_raters - 1)) as u32;
        let plan = plan(sized(Paradigm::Mushra, n_raters, per_item), n_candidates, n_items, u64::from(seed));
        let judged: BTreeSet<&str> = plan.judged_systems().map(|system| system.name.as_str()).collect();
        prop_assert!(judged.contains("recordings"), "the hidden reference is one of them");
        let mut raters: BTreeMap<&str, usize> = BTreeMap::new();
        let mut loads = Vec::new();
        for session in &plan.sessions {
            let pages = plan.pages(session);
            let mut heard = BTreeSet::new();
            prop_assert_eq!(pages.iter().map(std::ops::Range::len).sum::<usize>(), session.trials.len());
            for page in &pages {
                let trials = &session.trials[page.clone()];
                let own: BTreeSet<&str> = trials.iter().map(|trial| trial.system.as_str()).collect();
                prop_assert_eq!((&own, trials.len()), (&judged, judged.len()));
                prop_assert!(trials.iter().all(|trial| trial.item == trials[0].item));
                prop_assert!(trials.iter().all(|trial| trial.first.is_none() && trial.kind == Kind::Rating));
                prop_assert!(heard.insert(&trials[0].item), "twice");
                *raters.entry(&trials[0].item).or_default() += 1;
            }
            loads.push(pages.len());
        }
        prop_assert_eq!(raters.len(), n_items);
        prop_assert!(raters.values().all(|n| *n == per_item as usize), "{:?}", raters);
        let spread = loads.iter().max().expect("raters") - loads.iter().min().expect("raters");
        prop_assert!(spread <= 1, "loads {:?}", loads);
        let text = plan.to_toml().expect("it has a TOML form");
        prop_assert_eq!(Plan::from_toml(&text).expect("it is unchanged"), plan);
    }
}

#[test]
fn every_system_is_at_every_place_equally_often() {
    let plan = plan(sized(Paradigm::Mushra, 40, 40), 3, 25, 1);
    let mut counts: BTreeMap<(&str, usize), f64> = BTreeMap::new();
    let mut orders = BTreeSet::new();
    for session in &plan.sessions {
        for page in plan.pages(session) {
            let names: Vec<&str> = session.trials[page].iter().map(|trial| trial.system.as_str()).collect();
            for (place, name) in names.iter().enumerate() {
                *counts.entry((name, place)).or_default() += 1.0;
            }
            orders.insert(names);
        }
    }
    assert_eq!((counts.len(), orders.len()), (16, 24), "all orders occur");
    // 1,000 pages at four places: 250 with a standard deviation of 13.7.
    for (place, count) in counts {
        assert!((count - 250.0).abs() < 4.0 * 13.7, "{place:?}: {count}");
    }
    let first = |session: usize| -> Vec<&String> {
        plan.pages(&plan.sessions[session])
            .iter()
            .map(|page| &plan.sessions[session].trials[page.start].item)
            .collect()
    };
    assert_ne!(first(0), first(1), "raters hear the sentences in orders of their own");
}

#[test]
fn pages_of_other_paradigms_have_one_trial() {
    for paradigm in Paradigm::ALL.into_iter().filter(|paradigm| *paradigm != Paradigm::Mushra) {
        let protocol = Protocol { items: None, ..Protocol::standard(paradigm) };
        let plan = plan(protocol, 2, 4, 1);
        for session in &plan.sessions {
            let expected: Vec<std::ops::Range<usize>> = (0..session.trials.len()).map(|n| n..n + 1).collect();
            assert_eq!(plan.pages(session), expected);
        }
    }
}

#[test]
fn rejects_impossible_tests_side_by_side() {
    let check = |protocol: Protocol, systems: Vec<System>, expected: &str| {
        let error = Plan::new(protocol, systems, items(4), "s", 1).expect_err(expected);
        assert!(advised(&error).contains(expected), "{}", advised(&error));
    };
    check(sized(Paradigm::Mushra, 4, 4), systems(2)[1..].to_vec(), "there are 0 references");
    check(sized(Paradigm::Mushra, 4, 4), systems(12), "there are 13 clips on a page");
    check(sized(Paradigm::Mushra, 4, 4), systems(12), "divide them among several tests");
    Plan::new(sized(Paradigm::Mushra, 4, 4), systems(11), items(4), "s", 1)
        .expect("twelve clips are possible");
    check(
        Protocol { null_pairs: 1, ..sized(Paradigm::Mushra, 4, 4) },
        systems(1),
        "MUSHRA tests have no null pairs",
    );
    let mut labels = sized(Paradigm::Mushra, 4, 4);
    labels.labels.pop();
    check(labels, systems(1), "a list of 5 texts");
    let mut screened = sized(Paradigm::Mushra, 4, 4);
    screened.analysis.screening = vec![ScreeningRule::NullPairs];
    check(screened, systems(1), "without `null-pairs`, which MUSHRA tests do not have");

    // A plan from elsewhere, with a design of its own.
    let text = plan(sized(Paradigm::Mushra, 2, 2), 2, 3, 1).to_toml().expect("it has a TOML form");
    let edited = text.replacen("system = \"s2\"", "system = \"s1\"", 1);
    let Err(Error::DesignMismatch { stated, computed }) = Plan::from_toml(&edited) else {
        panic!("it was edited")
    };
    let error = Plan::from_toml(&edited.replace(&stated, &computed)).expect_err("a system is there twice");
    assert!(
        error.to_string().contains("page 0 of rater `r01`: a page has every judged system once"),
        "{error}"
    );
}

/// A test of the recordings, a voice that is the same, one that is cut short and a low-pass anchor.
fn with_clips() -> (Study, Plan, Key) {
    with_controls(Vec::new())
}

/// The same with controls, whose files are named from the directory of the study.
fn with_controls(control: Vec<Control>) -> (Study, Plan, Key) {
    let mut study = Study::new(&[(SENTENCES[0], 0.5), (SENTENCES[1], 0.7)]);
    for (name, role) in [("other-voice", Role::Candidate), ("low-pass", Role::Anchor)] {
        let directory = study.directory.path().join(name);
        fs::create_dir_all(&directory).expect("a directory can be made");
        for item in SENTENCES {
            let file = format!("{item}.wav");
            let voice =
                wav::read(study.directory.path().join("voice").join(&file)).expect("the clip is fine");
            let made = if role == Role::Anchor {
                low_pass(&voice, 3500.0).expect("it has higher frequencies")
            } else {
                Waveform::new(voice.samples()[..voice.len() * 4 / 5].to_vec(), voice.sample_rate())
            };
            wav::write_pcm16(directory.join(&file), &made).expect("written");
        }
        let directory = directory.to_str().expect("a plain name").to_owned();
        study.systems.push(System { name: name.to_owned(), role, directory });
    }
    let mut plan = study.planned(Protocol { control, ..sized(Paradigm::Mushra, 3, 3) });
    if !plan.protocol.control.is_empty() {
        plan.controls_directory = Some(study.directory.path().to_string_lossy().into_owned());
    }
    let key = build(&plan, &study.bundle()).expect("it can be built");
    (study, plan, key)
}

#[test]
fn a_page_plays_the_reference_openly_and_hidden_among_the_others() {
    let (study, plan, key) = with_clips();
    // Four rated clips and the open reference of each sentence, and one for the volume.
    assert_eq!(key.clips.len(), 2 * (4 + 1) + 1);
    let of_recordings: Vec<_> = key
        .clips
        .iter()
        .filter(|(_, clip)| {
            (clip.system.as_str(), clip.item.as_str()) == ("recordings", SENTENCES[1])
                && clip.slot != Slot::Volume
        })
        .collect();
    let slots: BTreeSet<Slot> = of_recordings.iter().map(|(_, clip)| clip.slot).collect();
    assert_eq!((of_recordings.len(), slots), (2, BTreeSet::from([Slot::System, Slot::Reference])));
    assert_ne!(of_recordings[0].1.sha256, of_recordings[1].1.sha256, "the two copies have other bytes");
    let bytes = clip_bytes(&study.bundle());
    assert_eq!(bytes.keys().collect::<Vec<_>>(), key.clips.keys().collect::<Vec<_>>());

    let data = study.data();
    assert_eq!(
        (&data["paradigm"], &data["lowest"], &data["highest"]),
        (&"mushra".into(), &0.into(), &100.into())
    );
    assert_eq!(data["labels"], json!(["Bad", "Poor", "Fair", "Good", "Excellent"]));
    for session in &plan.sessions {
        let pages = study.pages(&session.rater);
        assert_eq!(pages.len(), 2);
        for (page, range) in pages.iter().zip(plan.pages(session)) {
            let names: Vec<&str> = page["clips"]
                .as_array()
                .expect("clips")
                .iter()
                .map(|name| name.as_str().expect("a name"))
                .collect();
            assert_eq!(names.len(), 5);
            let open = &key.clips[names[0]];
            assert_eq!((open.system.as_str(), open.slot), ("recordings", Slot::Reference));
            for (name, trial) in names[1..].iter().zip(&session.trials[range]) {
                let clip = &key.clips[*name];
                assert_eq!((&clip.system, &clip.item, clip.slot), (&trial.system, &trial.item, Slot::System));
                assert_eq!(clip.item, open.item);
            }
        }
    }
    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    for secret in ["secret-voice", "other-voice", "low-pass", "recordings", "LJ001-0029", "\"system\""] {
        assert!(!page.contains(secret), "the page reveals {secret}");
    }
    assert!(page.contains("range") && page.contains(".stimulus"), "it has the sliders' script and style");
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let served = served_page(&plan, &pages, &Strings::english(), (Entry::Open, "api/"));
    assert!(served.contains("range") && !served.contains("\"sessions\""));
    assert_eq!(pages.clips_of_session(0).len(), 2 * 5 + 1);
    let audit = key.audit.as_ref().expect("it was made");
    assert!(audit.systems.iter().all(|system| system.n_clips == 2), "one clip of every sentence is measured");
}

/// An exercise that shows how far apart the clips of the test are.
fn exercise() -> Control {
    Control {
        id: "range".to_owned(),
        purpose: Purpose::Practice,
        clips: ["recordings/wavs", "low-pass", "other-voice", "recordings/wavs"]
            .map(|folder| format!("{folder}/{}.wav", SENTENCES[0]))
            .to_vec(),
        lowest: None,
        highest: None,
        feedback: Some("One of them was the reference.".to_owned()),
    }
}

#[test]
fn exercises_are_pages_of_sliders() {
    let (study, plan, key) = with_controls(vec![exercise()]);
    let data = study.data();
    let page = &data["practice"][0];
    let names: Vec<&str> =
        page["clips"].as_array().expect("clips").iter().map(|name| name.as_str().expect("a name")).collect();
    assert_eq!((names.len(), &page["lowest"], &page["highest"]), (4, &Value::Null, &Value::Null));
    let slots = names.iter().map(|name| key.clips[*name].slot).collect::<Vec<_>>();
    assert_eq!(slots, [Slot::Reference, Slot::System, Slot::System, Slot::System]);
    for (name, file) in names.iter().zip(&exercise().clips) {
        let clip = &key.clips[*name];
        assert_eq!((&clip.system, clip.kind, clip.item.as_str()), (file, Kind::Practice, "range"));
        assert_eq!(page["files"][*name]["sha256"], clip.sha256.as_str());
    }
    assert_eq!(key.clips.len(), 2 * (4 + 1) + 1 + 4);
    let bytes: BTreeSet<Vec<u8>> = clip_bytes(&study.bundle()).into_values().collect();
    assert_eq!(bytes.len(), key.clips.len(), "the hidden copy of an exercise is a file of its own too");

    // Sessions are otherwise those without exercises; their length and what they download are not.
    let (plain_study, plain, _) = with_clips();
    assert_eq!(plain.sessions, plan.sessions);
    let load = |plan: &Plan| Workload::of(plan, &Survey::of(plan)).raters[0].clone();
    let (with, without) = (load(&plan), load(&plain));
    let seconds: f64 = names.iter().map(|name| f64::from(key.clips[*name].duration_ms) / 1000.0).sum();
    let heard = 60.0 * (with.audio_minutes - without.audio_minutes);
    assert!((seconds - heard).abs() < 1.0, "{heard} s of audio, edges of {seconds} s are cut");
    assert_close(
        with.minutes - without.minutes,
        (heard + 3.0 * ANSWER_SECONDS) / 60.0,
        1e-9,
        "three sliders",
    );
    assert!(with.megabytes > without.megabytes);
    drop((study, plain_study));
}

#[test]
fn reports_controls_that_sliders_cannot_have() {
    let refused = |change: &dyn Fn(&mut Control), expected: &str| {
        let mut control = exercise();
        change(&mut control);
        let protocol = Protocol { control: vec![control], ..sized(Paradigm::Mushra, 3, 3) };
        let error = Plan::new(protocol, systems(2), items(2), "study-1", 1).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    };
    refused(
        &|control| control.purpose = Purpose::Gold,
        "`control.purpose` is Gold, but it must be `practice`",
    );
    refused(
        &|control| control.clips.truncate(1),
        "a list of 2 to 13 names of wavs, the open reference first",
    );
    refused(&|control| control.highest = Some(90), "a page of sliders has an answer for each of them");
    refused(&|control| control.feedback = None, "since the control accepts any answer");
}

/// The answers of a rater who hears everything in a minute a page, with a score for each rated clip by page and place.
fn answers(pages: &Pages<'_>, session: usize, score: impl Fn(usize, usize) -> i64) -> Value {
    let rater = &pages.plan().sessions[session].rater;
    let mut file = session_file(pages, session, rater, |page, n_clips| {
        let scores: Vec<i64> = (1..n_clips).map(|place| score(page, place)).collect();
        json!({ "scores_raw": scores, "milliseconds": 60_000 })
    });
    for answer in file["answers"].as_array_mut().expect("answers") {
        for clip in answer["clips"].as_array_mut().expect("clips") {
            clip["hidden_ms"] = json!(10);
        }
    }
    file
}

fn score_of(page: usize, place: usize) -> i64 {
    (10 * page + 20 * place) as i64
}

#[test]
fn sliders_become_a_rating_each() {
    let (_study, plan, key) = with_clips();
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let mut file = answers(&pages, 0, score_of);
    file["answers"][0]["clips"][2]["longest_ms"] = json!(100);
    file["answers"][1]["clips"][0]["gap_ms"] = json!(700);
    let collection = collect_sessions(&plan, vec![("a.json".to_owned(), file)]);
    assert_eq!(collection.problems, []);
    assert_eq!(collection.ratings.len(), 2 * 4);
    let session = &plan.sessions[0];
    let clips = pages.clips();
    let lengths: Vec<Vec<u64>> = pages
        .of_session(0)
        .iter()
        .map(|page| page.clips.iter().map(|name| u64::from(clips[name.as_str()].milliseconds)).collect())
        .collect();
    for (index, rating) in collection.ratings.iter().enumerate() {
        let (page, place) = (index / 4, index % 4 + 1);
        let trial = &session.trials[index];
        assert_eq!((&rating.system, &rating.item), (&trial.system, &trial.item));
        assert_eq!((rating.page as usize, rating.reference.as_ref(), rating.first), (page, None, None));
        let expected = score_of(page, place) as f64;
        assert_eq!((rating.score, rating.score_raw), (expected, expected));
        assert_eq!((rating.plays_first, rating.plays_second), (Some(place as u32 + 1), Some(1)));
        // The times of the page, and what was heard of the rated clip and of the reference.
        assert_eq!((rating.milliseconds, rating.hidden_ms), (Some(60_000), Some(50)));
        assert_eq!(rating.audio_ms, Some(lengths[page].iter().sum()));
        let unheard = if (page, place) == (0, 2) { lengths[0][2] - 100 } else { 0 };
        assert_eq!(rating.unheard_ms, Some(unheard), "{page} {place}");
        assert_eq!(rating.gap_ms, Some(if page == 1 { 740 } else { 80 }));
        assert_eq!((rating.source_file.as_str(), rating.source_row), ("a.json", page as u64 + 1));
        assert_eq!(
            (rating.misses_sound(), rating.is_hurried(), rating.has_stalls()),
            ((page, place) == (0, 2), false, false)
        );
    }
    let firsts: Vec<u32> =
        Rating::first_of_pages(&collection.ratings).iter().map(|rating| rating.page).collect();
    assert_eq!(firsts, [0, 1]);
    let verdict = judge(&plan, &collection.ratings).expect("they are of the plan");
    assert_eq!(verdict.notes[0], "16 of 24 planned ratings are missing.");
    assert_close(*verdict.raters[0].minutes.value().expect("known"), 2.0, 1e-12, "two pages of a minute");
}

#[test]
fn faulty_answers_are_named_and_others_kept() {
    let (_study, plan, key) = with_clips();
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let page = &pages.of_session(0)[1];
    let fine = answers(&pages, 0, score_of);
    assert_eq!(pages.check(0, &page.id, &fine["answers"][1]), Ok(1));
    let check = |change: &dyn Fn(&mut Value), kind: ProblemKind, words: &str| {
        let mut file = fine.clone();
        change(&mut file["answers"][1]);
        let fault = pages.check(0, &page.id, &file["answers"][1]).expect_err(words);
        assert_eq!(fault.kind, kind, "{}", fault.message);
        assert!(fault.message.contains(words), "{}", fault.message);
        let collection = collect_sessions(&plan, vec![("a.json".to_owned(), file)]);
        let kinds: Vec<ProblemKind> = collection.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, [kind, ProblemKind::Unfinished]);
        assert!(collection.problems[1].message.contains("1 of 2 pages: 1"), "{:?}", collection.problems);
        assert_eq!((collection.ratings.len(), collection.ratings[3].page), (4, 0));
    };
    check(
        &|answer| answer["scores_raw"] = json!([1, 2, 3]),
        ProblemKind::MalformedAnswer,
        "3 scores for 4 rated clips",
    );
    check(
        &|answer| answer["scores_raw"] = json!([1, 2, 3, 4, 5]),
        ProblemKind::MalformedAnswer,
        "5 scores for 4",
    );
    check(&|answer| answer["score_raw"] = json!(5), ProblemKind::MalformedAnswer, "either a score");
    check(
        &|answer| answer["scores_raw"] = json!([1, 2, 101, 4]),
        ProblemKind::OffScale,
        "score 101 is not a point of the scale, 0 to 100",
    );
    check(&|answer| answer["scores_raw"] = json!([1, 2, 2.5, 4]), ProblemKind::OffScale, "score 2.5");
    check(
        &|answer| {
            let first = answer["clips"][0].clone();
            answer["clips"][0] = answer["clips"][1].clone();
            answer["clips"][1] = first;
        },
        ProblemKind::UnknownClip,
        "does not have these clips",
    );
    check(
        &|answer| answer["page"] = json!(2),
        ProblemKind::UnknownClip,
        "page 2 does not exist, there are 2",
    );

    // A single score for a page with several, and several for a page with one.
    let mut file = fine.clone();
    file["answers"][0]["scores_raw"] = Value::Null;
    file["answers"][0]["score_raw"] = json!(50);
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file)]);
    assert!(collection.problems[0].message.contains("1 scores for 4"), "{:?}", collection.problems);
    let mut file = fine.clone();
    file["answers"][1]["scores_raw"] = Value::Null;
    file["answers"][1]["skipped"] = json!("a.wav: status 404");
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file)]);
    let kinds: Vec<ProblemKind> = collection.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!((kinds, collection.ratings.len()), (vec![ProblemKind::Skipped], 4));
}

#[test]
fn of_two_answers_to_a_page_the_later_one_counts_as_a_whole() {
    let (_study, plan, key) = with_clips();
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let early = answers(&pages, 1, score_of);
    let mut late =
        answers(&pages, 1, |page, place| if (page, place) == (1, 2) { 77 } else { score_of(page, place) });
    late["answers"][1]["answered"] = json!("2026-11-30T12:30:00.000Z");
    for files in [[&early, &late], [&late, &early]] {
        let files =
            files.iter().zip(["a", "b"]).map(|(file, name)| (name.to_owned(), (*file).clone())).collect();
        let collection = collect_sessions(&plan, files);
        let kinds: Vec<ProblemKind> = collection.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, [ProblemKind::DuplicateRater, ProblemKind::Contradiction]);
        let message = &collection.problems[1].message;
        assert!(message.starts_with("page 1 of rater `r02` is answered "), "{message}");
        assert!(
            message.contains("30, 77, 70, 90 at 2026-11-30T12:30") && message.contains("30, 50, 70, 90 at"),
            "{message}"
        );
        let scores: Vec<f64> = collection.ratings.iter().map(|rating| rating.score).collect();
        assert_eq!(scores, [20.0, 40.0, 60.0, 80.0, 30.0, 77.0, 70.0, 90.0]);
    }
    // The same answers in two files are one.
    let twice = vec![("a".to_owned(), early.clone()), ("b".to_owned(), early.clone())];
    assert_eq!(collect_sessions(&plan, twice).ratings.len(), 8);
    // A page twice in one file.
    let mut file = early.clone();
    let again = file["answers"][0].clone();
    file["answers"].as_array_mut().expect("answers").push(again);
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file)]);
    assert_eq!((collection.problems[0].kind, collection.ratings.len()), (ProblemKind::DuplicateAnswer, 8));
}

#[test]
fn a_file_of_answers_is_read_from_the_disk() {
    let (study, plan, key) = with_clips();
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let path = study.directory.path().join("ratings.json");
    fs::write(&path, answers(&pages, 2, score_of).to_string()).expect("it can be written");
    let collection = collect(&plan, Some(&key), &[path]);
    assert_eq!((collection.problems, collection.ratings.len()), (Vec::new(), 8));
}

#[test]
fn work_counts_every_clip_of_a_page_and_every_slider() {
    let (_study, plan, key) = with_clips();
    let survey = Survey::of(&plan);
    let seconds = |name: &str, item: &str| {
        let file = survey.files.iter().find(|file| file.system == name && file.item == item);
        file.expect("it is there").seconds
    };
    let audio: f64 = SENTENCES
        .iter()
        .flat_map(|item| {
            ["recordings", "recordings", "secret-voice", "other-voice", "low-pass"]
                .map(|name| seconds(name, item))
        })
        .sum();
    let work = Workload::of(&plan, &survey);
    for load in &work.raters {
        assert_eq!(load.n_trials, 8);
        assert_close(60.0 * load.audio_minutes, audio, 1e-9, "audio");
        assert_close(60.0 * load.minutes, audio + 8.0 * ANSWER_SECONDS, 1e-9, "audio and answers");
    }
    assert_eq!(key.clips.len(), 11);
    // With a page for each rater there is nothing left to divide.
    assert_eq!(Workload::raters_for(&plan, &survey, 0.01).expect("possible"), None);
}

#[test]
fn a_worse_system_is_found_against_the_hidden_reference() {
    let plan = plan_with_anchor(sized(Paradigm::Mushra, 20, 20), 2, 30);
    let typical = Simulation::typical(Paradigm::Mushra);
    let simulation = Simulation { true_differences: [("s2".to_owned(), -15.0)].into(), ..typical };
    let ratings = simulate(&plan, &simulation).expect("the plan is fine");
    assert_eq!(ratings.len(), 20 * 30 * 4);
    assert!(
        ratings.iter().all(|rating| (0.0..=100.0).contains(&rating.score) && rating.score.fract() == 0.0)
    );
    assert!(ratings.iter().all(|rating| (rating.page as usize) < 30 && rating.origin == Origin::Simulated));
    let verdict = judge(&plan, &ratings).expect("it can be judged");
    let of = |name: &str| verdict.systems.iter().find(|system| system.system == name).expect("judged");
    assert_eq!(of("recordings").conclusion, None);
    assert_eq!(of("s2").conclusion, Some(Conclusion::Worse));
    assert_eq!(verdict.assay.sensitive, Some(true));
    assert!(of("s2").words.contains("is worse than `recordings`"), "{}", of("s2").words);
    assert!(of("s2").words.contains("points"));
    assert!(verdict.systems.iter().all(|system| !system.human_level && system.histogram.len() == 101));
    assert!(verdict.notes.iter().any(|note| note.contains("heard openly")), "{:?}", verdict.notes);
    assert!(verdict.agreement.value().is_some_and(|alpha| *alpha > 0.1));
    let level = of("recordings").mean.value().expect("a mean");
    assert!((80.0..95.0).contains(level), "{level}");
    // A hundred categories are no ordered categories any more.
    let ordinal = of("s2")
        .sensitivity
        .iter()
        .find(|one| one.analysis == mynah_listening::ReanalysisMethod::OrdinalModel)
        .expect("it is listed");
    assert!(
        ordinal.p_value.reason().is_some_and(|why| why.contains("too many for categories")),
        "{ordinal:?}"
    );
}

/// Human ratings with a declared screening, and those it leaves out.
fn excluded(
    rules: &[ScreeningRule],
    score: impl Fn(usize, usize, &str) -> f64,
) -> Vec<(String, ScreeningRule, String)> {
    let mut protocol = sized(Paradigm::Mushra, 6, 6);
    protocol.analysis.screening = rules.to_vec();
    let plan = plan_with_anchor(protocol, 1, 20);
    let rows = ratings(&plan, |rater, item, system, _| score(rater, item, system));
    let verdict = judge(&plan, &rows).expect("it can be judged");
    let all = verdict.screening.excluded.into_iter();
    all.map(|one| (one.rater, one.rule, one.why)).collect()
}

#[test]
fn screening_by_the_hidden_reference_takes_the_share_of_sentences() {
    // One, three and four of twenty sentences below 90: 15 % are allowed.
    let score = |rater: usize, item: usize, system: &str| match (system, rater) {
        ("recordings", 0) if item < 1 => 20.0,
        ("recordings", 1) if item < 3 => 89.0,
        ("recordings", 2) if item < 4 => 89.0,
        ("recordings", 3) => 90.0,
        ("recordings", _) => 100.0 - (item % 3) as f64,
        ("noisy", _) => 30.0 + item as f64,
        _ => 60.0 + ((3 * rater + item) % 17) as f64,
    };
    let found = excluded(&[ScreeningRule::HiddenReference], score);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1), ("r03", ScreeningRule::HiddenReference));
    assert_eq!(found[0].2, "rated the hidden reference below 90 in 4 of 20 sentences");
}

#[test]
fn screening_by_the_anchor_takes_the_share_of_sentences() {
    let score = |rater: usize, item: usize, system: &str| match (system, rater) {
        ("noisy", 0) if item < 3 => 100.0,
        ("noisy", 1) if item < 4 => 91.0,
        ("noisy", 2) => 90.0,
        ("noisy", _) => 30.0 + item as f64,
        ("recordings", _) => 100.0 - (item % 3) as f64,
        _ => 60.0 + ((3 * rater + item) % 17) as f64,
    };
    let found = excluded(&[ScreeningRule::MidAnchor, ScreeningRule::HiddenReference], score);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1), ("r02", ScreeningRule::MidAnchor));
    assert_eq!(found[0].2, "rated the anchor `noisy` above 90 in 4 of 20 sentences");

    // The anchor is judged with everybody, or it would always come out worse.
    let mut protocol = sized(Paradigm::Mushra, 6, 6);
    protocol.analysis.screening = vec![ScreeningRule::MidAnchor];
    let plan = plan_with_anchor(protocol, 1, 20);
    let rows = ratings(&plan, |rater, item, system, _| score(rater, item, system));
    let verdict = judge(&plan, &rows).expect("it can be judged");
    let raters: Vec<usize> = verdict.systems.iter().map(|system| system.n_raters).collect();
    assert_eq!(raters, [5, 5, 6]);
}

#[test]
fn a_habit_is_excluded_and_unheard_pages_are_left_out_as_a_whole() {
    let score = |rater: usize, item: usize, system: &str| match (system, rater) {
        (_, 0) => 50.0,
        ("recordings", _) => 100.0 - (item % 3) as f64,
        ("noisy", _) => 30.0 + item as f64,
        _ => 60.0 + ((3 * rater + item) % 17) as f64,
    };
    let mut protocol = sized(Paradigm::Mushra, 12, 12);
    protocol.analysis.screening =
        vec![ScreeningRule::Unheard, ScreeningRule::Unplayed, ScreeningRule::SameAnswer];
    let plan = plan_with_anchor(protocol, 1, 8);
    let mut rows = ratings(&plan, |rater, item, system, _| score(rater, item, system));
    for rating in rows.iter_mut().filter(|rating| rating.rater == "r02" && rating.page == 3) {
        (rating.milliseconds, rating.audio_ms) = (Some(9_000), Some(20_000));
    }
    // The open reference was not played on one page.
    for rating in rows.iter_mut().filter(|rating| rating.rater == "r03" && rating.page == 0) {
        (rating.plays_first, rating.plays_second) = (Some(2), Some(0));
    }
    let verdict = judge(&plan, &rows).expect("it can be judged");
    let found: Vec<(&str, ScreeningRule, usize)> =
        verdict.screening.excluded.iter().map(|one| (one.rater.as_str(), one.rule, one.n_ratings)).collect();
    assert_eq!(
        found,
        [
            ("r03", ScreeningRule::Unplayed, 3),
            ("r02", ScreeningRule::Unheard, 3),
            ("r01", ScreeningRule::SameAnswer, 24)
        ]
    );
}
