//! Measurements of the page while clips play, codes, and people who do a session after somebody else.

use std::collections::BTreeSet;
use std::fs;

use mynah_listening::{
    Entry, Error, Key, Pages, Plan, ProblemKind, Rating, ScreeningRule, Strings, build, collect,
    collect_sessions, judge, served_page,
};
use serde_json::{Value, json};

use crate::bundle::Study;

/// A study of a few sentences with its bundle.
fn built(is_comparison: bool) -> (Study, Plan, Key) {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(is_comparison);
    let key = build(&plan, &study.bundle()).expect("it can be built");
    (study, plan, key)
}

/// The answers of a rater who hears everything, in the form of the page of today.
fn heard(pages: &Pages<'_>, session: usize, rater: &str, score: impl Fn(usize) -> i64) -> Value {
    session_file(pages, session, rater, |page, _| json!({ "score_raw": score(page) }))
}

/// The file of a rater who hears every clip of a page once more often than the one before it, each with a pause of 40 ms,
/// with the scores that a function gives to a page of a number of clips.
pub(crate) fn session_file(
    pages: &Pages<'_>,
    session: usize,
    rater: &str,
    scores: impl Fn(usize, usize) -> Value,
) -> Value {
    let clips = pages.clips();
    let plan = pages.plan();
    let answers: Vec<Value> = pages
        .of_session(session)
        .iter()
        .enumerate()
        .map(|(page, shown)| {
            let played: Vec<Value> = shown
                .clips
                .iter()
                .enumerate()
                .map(|(place, name)| {
                    let clip = &clips[name.as_str()];
                    let milliseconds = clip.milliseconds;
                    json!({
                        "clip": name, "sha256": clip.sha256, "duration_ms": milliseconds, "plays": place + 1,
                        "whole_plays": 1, "heard_ms": milliseconds, "longest_ms": milliseconds, "gap_ms": 40,
                        "hidden_ms": 0,
                    })
                })
                .collect();
            let mut answer = json!({
                "trial": shown.id, "page": page, "score_raw": null, "skipped": null, "clips": played,
                "milliseconds": 30_000, "answered": "2026-11-30T12:00:00.000Z",
            });
            for (name, value) in scores(page, shown.clips.len()).as_object().expect("an object") {
                answer[name] = value.clone();
            }
            answer
        })
        .collect();
    json!({
        "format": 2, "study": plan.study, "design": plan.design, "bundle": pages.bundle(), "rater": rater,
        "started": "2026-11-30T11:50:00.000Z", "finished": "2026-11-30T12:00:00.000Z", "user_agent": "a test",
        "verified": true, "forms": {}, "answers": answers,
    })
}

#[test]
fn what_was_heard_becomes_part_of_the_rating() {
    let (_study, plan, key) = built(true);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let mut file = heard(&pages, 0, "r01", |_| 1);
    let first = &mut file["answers"][0]["clips"][0];
    first["longest_ms"] = json!(first["duration_ms"].as_u64().expect("a duration") - 1500);
    file["answers"][0]["clips"][1]["gap_ms"] = json!(2500);
    file["answers"][1]["clips"][0]["hidden_ms"] = json!(700);
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file)]);
    assert_eq!(collection.problems, []);
    let clips = pages.clips();
    let lengths: u64 =
        pages.of_session(0)[0].clips.iter().map(|name| u64::from(clips[name.as_str()].milliseconds)).sum();
    let measured = |rating: &Rating| (rating.audio_ms, rating.unheard_ms, rating.gap_ms, rating.hidden_ms);
    let ratings = &collection.ratings;
    assert_eq!(measured(&ratings[0]), (Some(lengths), Some(1500), Some(2540), Some(0)));
    assert_eq!(
        (ratings[1].unheard_ms, ratings[1].gap_ms, ratings[1].hidden_ms),
        (Some(0), Some(80), Some(700))
    );
}

/// Each planted fault is excluded by the rule, and nothing else is.
#[test]
fn answers_to_clips_that_were_not_heard_are_screened() {
    let (_study, mut plan, key) = built(true);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut file = heard(&pages, 0, "r01", |_| 1);
        change(&mut file["answers"][0]);
        collect_sessions(&plan, vec![("a".to_owned(), file)]).ratings
    };
    let fine = with(&|_| {});
    let stopped = with(&|answer| answer["clips"][1]["longest_ms"] = json!(400));
    let stalled = with(&|answer| answer["clips"][0]["gap_ms"] = json!(1800));
    // 103 pages in 133 s: the plays are claimed, the time to hear them was not there.
    let hurried = with(&|answer| answer["milliseconds"] = json!(1300));
    plan.protocol.analysis.screening = vec![ScreeningRule::Unheard];
    let excluded = |ratings: &[Rating]| {
        let verdict = judge_with(&plan, ratings);
        verdict.screening.excluded.iter().map(|one| (one.rule, one.n_ratings)).collect::<Vec<_>>()
    };
    assert_eq!(excluded(&fine), []);
    for faulty in [stopped, stalled, hurried] {
        assert_eq!(excluded(&faulty), [(ScreeningRule::Unheard, 1)]);
    }
}

/// Judges ratings of a plan whose screening was changed after they were given.
fn judge_with(plan: &Plan, ratings: &[Rating]) -> mynah_listening::Verdict {
    let protocol = plan.protocol.clone();
    let plan = Plan::new(protocol, plan.systems.clone(), plan.items.clone(), &plan.study, plan.seed)
        .expect("the design is possible");
    let ratings: Vec<Rating> =
        ratings.iter().map(|rating| Rating { design: plan.design.clone(), ..rating.clone() }).collect();
    judge(&plan, &ratings).expect("they are of the plan")
}

#[test]
fn skipped_pages_are_reported_and_not_missing() {
    let (_study, plan, key) = built(false);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let mut file = heard(&pages, 0, "r01", |_| 3);
    file["answers"][2]["score_raw"] = Value::Null;
    file["answers"][2]["skipped"] = json!("a.wav: status 404");
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file.clone())]);
    let kinds: Vec<ProblemKind> = collection.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Skipped]);
    assert!(collection.problems[0].message.contains("page 2 of rater `r01` was skipped: a.wav: status 404"));
    assert_eq!(collection.ratings.len(), plan.sessions[0].trials.len() - 1);

    file["answers"][2]["score_raw"] = json!(3);
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file)]);
    assert_eq!(collection.problems[0].kind, ProblemKind::MalformedAnswer, "a score and a reason for none");
}

#[test]
fn answers_are_checked_against_the_sound_of_the_bundle() {
    let (_study, plan, key) = built(true);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let file = heard(&pages, 1, "r02", |_| 0);
    let id = &pages.of_session(1)[0].id;
    let answer = &file["answers"][0];
    assert_eq!(pages.check(1, id, answer), Ok(0));
    let refused = |change: &dyn Fn(&mut Value), kind: ProblemKind| {
        let mut answer = answer.clone();
        change(&mut answer);
        assert_eq!(pages.check(1, id, &answer).expect_err("it is wrong").kind, kind, "{answer}");
    };
    refused(&|answer| answer["clips"][0]["sha256"] = json!("00"), ProblemKind::OtherAudio);
    refused(&|answer| answer["score_raw"] = json!(4), ProblemKind::OffScale);
    refused(&|answer| answer["clips"] = json!([]), ProblemKind::UnknownClip);
    refused(&|answer| *answer = json!("x"), ProblemKind::MalformedAnswer);
    refused(&|answer| *answer = file["answers"][1].clone(), ProblemKind::UnknownClip);
    // The page of somebody else.
    assert!(pages.check(0, id, answer).is_err());

    let old = Key { bundle: String::new(), ..key.clone() };
    assert!(matches!(Pages::new(&plan, &old).err(), Some(Error::KeyDesign { is_old: true, .. })));
}

#[test]
fn codes_cannot_be_guessed_and_are_read_as_people_type_them() {
    let (study, plan, key) = built(true);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let codes: BTreeSet<String> = (0..plan.sessions.len()).map(|session| pages.code(session)).collect();
    assert_eq!(codes.len(), plan.sessions.len());
    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    let served = served_page(&plan, &pages, &Strings::english(), (Entry::Prolific, "api/"));
    for code in &codes {
        assert_eq!(code.len(), 10);
        assert!(!page.contains(code) && !served.contains(code), "the page tells no code");
    }
    let code = pages.code(2);
    assert_eq!(pages.session_of_code(&format!(" {}-{} ", &code[..5].to_uppercase(), &code[5..])), Some(2));
    assert_eq!(pages.session_of_code(&code.replace('0', "O").replace('1', "l")), Some(2));
    assert_eq!(pages.session_of_code("r03"), None);
    // Forms are sent nowhere, but for Mechanical Turk.
    let turk = served_page(&plan, &pages, &Strings::english(), (Entry::Mturk, "api/"));
    assert!(turk.contains("form-action https://www.mturk.com https://workersandbox.mturk.com\""));
    assert!(served.contains("form-action 'none'\"") && page.contains("form-action 'none'\""));
    // A page with a server holds no session at all.
    for session in 0..plan.sessions.len() {
        for trial in pages.of_session(session) {
            assert!(!served.contains(&trial.id) && !served.contains(&trial.clips[0]));
        }
    }
}

#[test]
fn several_people_may_do_one_session() {
    let (_study, plan, key) = built(true);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let whole = heard(&pages, 0, "r01.2", |_| 1);
    let mut quitter = heard(&pages, 0, "r01", |_| -1);
    quitter["answers"].as_array_mut().expect("answers").truncate(1);
    let collection = collect_sessions(&plan, vec![("a".to_owned(), quitter), ("b".to_owned(), whole)]);
    let raters: Vec<&str> = collection.ratings.iter().map(|rating| rating.rater.as_str()).collect();
    let n = plan.sessions[0].trials.len();
    assert_eq!(raters.iter().filter(|rater| **rater == "r01.2").count(), n);
    assert_eq!(raters.iter().filter(|rater| **rater == "r01").count(), 1);
    assert_eq!(collection.problems.len(), 1, "the quitter's session is unfinished");
    let verdict = judge(&plan, &collection.ratings).expect("both are of the plan");
    let judged: Vec<&str> = verdict.raters.iter().map(|rater| rater.rater.as_str()).collect();
    assert!(judged.contains(&"r01.2"), "{judged:?}");
    // A trial that two people have rated does not stand in for one that nobody has.
    let n_planned: usize = plan.sessions.iter().map(|session| session.trials.len()).sum();
    let missing = format!("{} of {n_planned} planned ratings are missing.", n_planned - n);
    assert!(verdict.notes.contains(&missing), "{:?}", verdict.notes);
    assert_eq!(plan.session_of("r02.17"), Some(1));
    for unknown in ["r01.1", "r01.02", "r01.x", "r99.2", "r01."] {
        assert_eq!(plan.session_of(unknown), None, "{unknown}");
    }
}

#[test]
fn files_from_mail_programs_and_lists_of_sessions_are_read() {
    let (study, plan, key) = built(false);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let text = heard(&pages, 0, "r01", |_| 4).to_string();
    let wide: Vec<u16> = text.encode_utf16().collect();
    let little = [0xff, 0xfe].into_iter().chain(wide.iter().flat_map(|unit| unit.to_le_bytes())).collect();
    let big = [0xfe, 0xff].into_iter().chain(wide.iter().flat_map(|unit| unit.to_be_bytes())).collect();
    let list = json!([heard(&pages, 0, "r01", |_| 4), heard(&pages, 1, "r02", |_| 2)]).to_string();
    let path = study.directory.path().join("answers.json");
    let read = |bytes: Vec<u8>| {
        fs::write(&path, bytes).expect("it can be written");
        let collection = collect(&plan, None, std::slice::from_ref(&path));
        assert_eq!(collection.problems, []);
        collection.ratings.len()
    };
    let n = plan.sessions[0].trials.len();
    assert_eq!(read(little), n);
    assert_eq!(read(big), n);
    assert_eq!(read(format!("\u{feff}{text}").into_bytes()), n);
    // A reply that quotes the answers, with lines broken at blanks.
    let pretty = serde_json::to_string_pretty(&heard(&pages, 0, "r01", |_| 4)).expect("it has a form");
    let quoted = pretty.replace(' ', "\n").replace('\n', "\n> ");
    assert_eq!(read(format!("Hello,\n\nhere they are:\n> {quoted}\n\nBye!\n").into_bytes()), n);
    assert_eq!(read(list.into_bytes()), n + plan.sessions[1].trials.len());
}

/// The code that the page of `cargo xtask browser` shows is read there; this one was written down.
#[test]
fn hand_back_codes_need_the_key_of_their_bundle() {
    let (study, plan, key) = built(false);
    let path = study.directory.path().join("mail.txt");
    let read = |text: &str, key: Option<&Key>| {
        fs::write(&path, text).expect("it can be written");
        let collection = collect(&plan, key, std::slice::from_ref(&path));
        (collection.ratings.len(), collection.problems)
    };
    let (n, problems) = read("my code: M1-00000-00000", None);
    assert_eq!((n, problems[0].kind), (0, ProblemKind::Unreadable));
    assert!(problems[0].message.contains("with the key of the bundle"));
    let (n, problems) = read("my code: M1-00000-00000-00000-00000", Some(&key));
    assert_eq!((n, problems[0].kind), (0, ProblemKind::Unreadable));
    assert!(problems[0].message.contains("mistyped, or of another bundle"));
    let (n, problems) = read("M1-0", Some(&key));
    assert_eq!((n, problems[0].message.as_str()), (0, "the code is cut short"));
}

#[test]
fn pages_that_cannot_verify_their_clips_are_reported_without_harm() {
    let (_study, plan, key) = built(false);
    let pages = Pages::new(&plan, &key).expect("they belong together");
    let mut file = heard(&pages, 0, "r01", |_| 4);
    file["verified"] = json!(false);
    let collection = collect_sessions(&plan, vec![("a".to_owned(), file)]);
    assert_eq!(collection.problems[0].kind, ProblemKind::Unverified);
    assert!(collection.problems[0].kind.is_harmless());
}
