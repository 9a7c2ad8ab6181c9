//! A study from the first participant to the list of payments.

use std::fs;
use std::path::PathBuf;

use mynah_listening::{
    Control, Key, Kind, Pages, Paradigm, Plan, Protocol, Purpose, Role, System, build, collect_sessions,
    common_items, judge,
};
use mynah_study::{
    Decision, Error, Identity, Joined, Places, Platform, Put, State, Store, payments, progress,
};
use mynah_testkit::mini_corpus;
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;
const PLACES: Places = Places { copies: 1, overbook: 0, lease_ms: 30 * MINUTE, pilot: false };

/// A bundle of two sentences, and a directory for the store.
struct Study {
    directory: tempfile::TempDir,
    plan: Plan,
    key: Key,
}

impl Study {
    fn new(raters: u32) -> Self {
        Self::with(raters, Vec::new())
    }

    /// A study with controls, whose files are clips of the bundled corpus.
    fn with(raters: u32, control: Vec<Control>) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        for (system, items) in
            [("recordings", ["LJ001-0045", "LJ002-0009"]), ("voice", ["LJ002-0009", "LJ001-0045"])]
        {
            let folder = directory.path().join(system);
            fs::create_dir_all(&folder).expect("a directory can be made");
            // The voice says the wrong sentences, which nobody hears here.
            for (item, source) in ["LJ001-0045", "LJ002-0009"].iter().zip(items) {
                let source = mini_corpus().join(format!("wavs/{source}.wav"));
                fs::copy(source, folder.join(format!("{item}.wav"))).expect("the clip is there");
            }
        }
        let system = |name: &str, role| System {
            name: name.to_owned(),
            role,
            directory: directory.path().join(name).to_string_lossy().into_owned(),
        };
        let systems = vec![system("recordings", Role::Reference), system("voice", Role::Candidate)];
        let protocol = Protocol {
            raters,
            ratings_per_item: raters,
            items: None,
            null_pairs: 1,
            control,
            ..Protocol::standard(Paradigm::Cmos)
        };
        let items = common_items(&systems).expect("they are there");
        let mut plan = Plan::new(protocol, systems, items, "demo", 1).expect("the design is possible");
        plan.controls_directory = Some(mini_corpus().join("wavs").to_string_lossy().into_owned());
        let key = build(&plan, &directory.path().join("bundle")).expect("it can be built");
        Self { directory, plan, key }
    }

    fn pages(&self) -> Pages<'_> {
        Pages::new(&self.plan, &self.key).expect("they belong together")
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("answers.sqlite")
    }

    fn open(&self) -> Store {
        Store::open(&self.path(), &self.pages()).expect("it can be opened")
    }
}

fn person(name: &str) -> Identity {
    Identity {
        platform: Platform::Prolific,
        person: name.to_owned(),
        assignment: Some(format!("session-{name}")),
        session: None,
    }
}

fn join(store: &mut Store, name: &str, now: i64) -> Result<Joined, Error> {
    store.transaction(|store| store.join(&person(name), "a browser", &PLACES, now))
}

/// The answer of a page that was heard whole, with a time that depends on the score.
fn answer(pages: &Pages<'_>, session: usize, page: usize, score: i64) -> (String, Value) {
    let trial = &pages.of_session(session)[page];
    let clips = pages.clips();
    let heard: Vec<Value> = trial
        .clips
        .iter()
        .map(|name| {
            let clip = &clips[name.as_str()];
            let ms = clip.milliseconds;
            json!({"clip": name, "sha256": clip.sha256, "duration_ms": ms, "plays": 1, "longest_ms": ms, "gap_ms": 30,
                   "hidden_ms": 0, "heard_ms": ms, "whole_plays": 1})
        })
        .collect();
    let content = json!({
        "trial": trial.id, "page": page, "score_raw": score, "skipped": null, "clips": heard,
        "milliseconds": 20_000 + score, "answered": "2026-11-30T12:00:00.000Z",
    });
    (trial.id.clone(), content)
}

/// Answers some pages of a session.
fn answer_pages(store: &mut Store, pages: &Pages<'_>, joined: &Joined, n: usize, now: i64) {
    for page in 0..n {
        let (id, content) = answer(pages, joined.session, page, page as i64 - 1);
        let put = store.put(pages, (&joined.token, &id), &content, &PLACES, now).expect("it is fine");
        assert_eq!(put, Put::Stored);
    }
}

#[test]
fn an_answer_is_stored_once_and_never_replaced() {
    let study = Study::new(2);
    let pages = study.pages();
    let mut store = study.open();
    let joined = join(&mut store, "anna", 0).expect("there are places");
    let (id, content) = answer(&pages, joined.session, 0, 2);
    let mut put =
        |page: &str, content: &Value| store.put(&pages, (&joined.token, page), content, &PLACES, MINUTE);
    assert_eq!(put(&id, &content).expect("it is fine"), Put::Stored);
    assert_eq!(put(&id, &content).expect("it is fine"), Put::Repeated);
    let (_, other) = answer(&pages, joined.session, 0, -3);
    assert_eq!(put(&id, &other).expect("it is fine"), Put::Conflict { stored: content.clone() });
    // Faulty ones are refused, with nothing stored.
    let (next, _) = answer(&pages, joined.session, 1, 0);
    assert!(matches!(put(&next, &content), Err(Error::Answer { .. })), "the answer of another page");
    assert!(matches!(put("nowhere", &content), Err(Error::UnknownPage { .. })));
    assert!(matches!(put("consent", &json!(3)), Err(Error::Answer { .. })));
    let long = json!({ "text": "x".repeat(40_000) });
    assert!(matches!(put("comments", &long), Err(Error::Answer { .. })));
    assert_eq!(put("consent", &json!({ "agreed": "now" })).expect("it is fine"), Put::Stored);
    let foreign = store.put(&pages, ("no-token", &id), &content, &PLACES, 0);
    assert!(matches!(foreign, Err(Error::UnknownToken)));
    assert_eq!(store.answers(&joined.token).expect("it is there").len(), 2);

    // Everything is there after the process has gone.
    drop(store);
    let store = study.open();
    let answers = store.answers(&joined.token).expect("it is there");
    assert!(answers.contains(&(id, content)));
}

#[test]
fn transactions_that_fail_leave_nothing() {
    let study = Study::new(2);
    let mut store = study.open();
    let failed = store.transaction(|store| {
        store.join(&person("anna"), "", &PLACES, 0)?;
        Err::<(), _>(Error::Abandoned)
    });
    assert!(failed.is_err());
    assert_eq!(store.participants().expect("it can be read"), []);
}

#[test]
fn places_go_to_the_least_filled_session_and_back() {
    let study = Study::new(3);
    let pages = study.pages();
    let n_trials = study.plan.sessions[0].trials.len();
    let mut store = study.open();
    let anna = join(&mut store, "anna", 0).expect("there are places");
    let ben = join(&mut store, "ben", 0).expect("there are places");
    let cleo = join(&mut store, "cleo", 0).expect("there are places");
    let raters = [&anna.rater, &ben.rater, &cleo.rater];
    assert_eq!(raters, ["r01", "r02", "r03"]);
    assert!(matches!(join(&mut store, "dan", MINUTE), Err(Error::Full)));
    // Whoever comes again has the same place.
    assert_eq!(join(&mut store, "ben", MINUTE).expect("it is kept"), ben);

    answer_pages(&mut store, &pages, &anna, n_trials, 2 * MINUTE);
    let early = store.finish(&pages, &ben.token, 2 * MINUTE);
    assert!(matches!(early, Err(Error::Unfinished { missing }) if missing == n_trials));
    store.finish(&pages, &anna.token, 3 * MINUTE).expect("all pages are answered");
    answer_pages(&mut store, &pages, &ben, 1, 3 * MINUTE);
    store.leave(&ben.token, 4 * MINUTE).expect("anybody may leave");
    assert!(matches!(join(&mut store, "ben", 5 * MINUTE), Err(Error::Left)));

    // Ben's place is free at once, Cleo's when the lease has run out.
    let dan = join(&mut store, "dan", 5 * MINUTE).expect("a place is free");
    assert_eq!((dan.session, dan.rater.as_str()), (ben.session, "r02.2"));
    assert!(matches!(join(&mut store, "eve", 29 * MINUTE), Err(Error::Full)));
    let eve = join(&mut store, "eve", 32 * MINUTE).expect("a lease has run out");
    assert_eq!(eve.rater, "r03.2");
    // Whoever was only slow may still finish.
    answer_pages(&mut store, &pages, &cleo, n_trials, 33 * MINUTE);
    store.finish(&pages, &cleo.token, 34 * MINUTE).expect("all pages are answered");

    let states: Vec<State> = store
        .participants()
        .expect("it can be read")
        .iter()
        .map(|participant| participant.state(34 * MINUTE))
        .collect();
    assert_eq!(states, [State::Complete, State::Left, State::Complete, State::Active, State::Active]);
    // All of them count, the quitter with what they did.
    let collection =
        collect_sessions(&study.plan, store.sessions(&study.plan, false).expect("it can be read"));
    let of = |rater: &str| collection.ratings.iter().filter(|rating| rating.rater == rater).count();
    assert_eq!([of("r01"), of("r02"), of("r03"), of("r02.2")], [n_trials, 1, n_trials, 0]);
    judge(&study.plan, &collection.ratings).expect("they are of the plan");
}

#[test]
fn pilots_take_no_place_and_never_enter_the_analysis() {
    let study = Study::new(2);
    let pages = study.pages();
    let mut store = study.open();
    let pilot = Places { pilot: true, ..PLACES };
    for name in ["anna", "ben"] {
        let joined = store.join(&person(name), "", &pilot, 0).expect("there are places");
        answer_pages(&mut store, &pages, &joined, 2, 0);
    }
    assert!(matches!(store.join(&person("cleo"), "", &pilot, 0), Err(Error::Full)));
    let anna = join(&mut store, "anna", 0).expect("the pilot took no place");
    assert_eq!(anna.rater, "r01.2");
    answer_pages(&mut store, &pages, &anna, 1, 0);
    let count = |pilot| {
        let sessions = store.sessions(&study.plan, pilot).expect("it can be read");
        collect_sessions(&study.plan, sessions).ratings.len()
    };
    assert_eq!((count(false), count(true)), (1, 4));
}

#[test]
fn codes_lead_to_their_own_session() {
    let study = Study::new(3);
    let mut store = study.open();
    let code = |session: usize| Identity {
        platform: Platform::Code,
        person: format!("r{:02}", session + 1),
        assignment: None,
        session: Some(session),
    };
    let joined = store.join(&code(2), "", &PLACES, 0).expect("it is theirs");
    assert_eq!((joined.session, joined.rater.as_str()), (2, "r03"));
    assert_eq!(store.join(&code(2), "", &PLACES, 100 * MINUTE).expect("it is theirs"), joined);
}

#[test]
fn stores_belong_to_one_bundle() {
    let study = Study::new(2);
    drop(study.open());
    let other = Key { bundle: "0".repeat(32), ..study.key.clone() };
    let pages = Pages::new(&study.plan, &other).expect("it has the design");
    let error = Store::open(&study.path(), &pages).err().expect("the bundle is another");
    assert!(matches!(&error, Error::OtherBundle { .. }), "{error}");
    assert!(error.remedy().is_some());
    fs::write(
        study.directory.path().join("notes.txt"),
        "no database at all, but long enough to look like one",
    )
    .expect("written");
    let error =
        Store::open(&study.directory.path().join("notes.txt"), &study.pages()).err().expect("no store");
    assert!(matches!(error, Error::NotAStore { .. }), "{error}");
    let missing = Store::open_existing(&study.directory.path().join("none.sqlite"), &study.plan);
    assert!(matches!(missing.err(), Some(Error::Storage { .. })));
}

#[test]
fn progress_and_payments_show_who_listened() {
    let study = Study::new(3);
    let pages = study.pages();
    let n_trials = study.plan.sessions[0].trials.len();
    let mut store = study.open();
    let anna = join(&mut store, "anna", 0).expect("there are places");
    answer_pages(&mut store, &pages, &anna, n_trials, 0);
    store.finish(&pages, &anna.token, 0).expect("all pages are answered");
    let ben = join(&mut store, "ben", 0).expect("there are places");
    for page in 0..n_trials {
        // Ben claims to have heard everything, in a second.
        let (id, mut content) = answer(&pages, ben.session, page, 1);
        content["milliseconds"] = json!(1000);
        store.put(&pages, (&ben.token, &id), &content, &PLACES, 0).expect("it is fine");
    }
    store
        .put(&pages, (&ben.token, "headphones"), &json!({ "passed": false }), &PLACES, 0)
        .expect("it is fine");
    store.finish(&pages, &ben.token, 0).expect("all pages are answered");
    let cleo = join(&mut store, "cleo", 0).expect("there are places");
    answer_pages(&mut store, &pages, &cleo, 1, 0);

    let seen = progress(&store, &study.plan, MINUTE).expect("it can be read");
    assert_eq!((seen.complete, seen.complete_sessions, seen.active, seen.sessions), (2, 2, 1, 3));
    assert_eq!((seen.ratings, seen.planned), (2 * n_trials + 1, 3 * n_trials));
    let [first, second, third] = seen.raters.as_slice() else { panic!("three raters: {seen:?}") };
    assert_eq!(first.flags, Vec::<String>::new());
    assert_eq!(first.plays, Some(1.0));
    assert!((first.minutes - n_trials as f64 / 3.0).abs() < 0.01, "{first:?}");
    let expected = [
        format!("{n_trials} of {n_trials} answers faster than the clips last"),
        "no headphones, by the check".into(),
    ];
    assert_eq!(second.flags, expected);
    assert_eq!((third.answered, third.state), (1, State::Active));

    // A session that two people have completed is one session.
    let again = Identity {
        platform: Platform::Code,
        person: "r01".to_owned(),
        assignment: None,
        session: Some(anna.session),
    };
    let again = store.join(&again, "", &PLACES, 0).expect("it is theirs");
    answer_pages(&mut store, &pages, &again, n_trials, 0);
    store.finish(&pages, &again.token, 0).expect("all pages are answered");
    let twice = progress(&store, &study.plan, MINUTE).expect("it can be read");
    assert_eq!((twice.complete, twice.complete_sessions), (3, 2));
    assert_eq!(twice.problems, Vec::<String>::new(), "whoever is at work has no problem");

    let pay = payments(&store, &seen, Some(0.5)).expect("it can be read");
    let decided: Vec<_> = pay.iter().map(|one| (one.participant.as_str(), one.decision, one.bonus)).collect();
    let expected = [
        ("anna", Decision::Approve, Some(0.5)),
        ("ben", Decision::Review, None),
        ("cleo", Decision::Unfinished, None),
    ];
    assert_eq!(decided, expected);
    assert_eq!(pay[0].assignment.as_deref(), Some("session-anna"));

    // Whoever asks for it is forgotten, and the place is free.
    store.delete(&cleo.rater, 2 * MINUTE).expect("it is there");
    assert!(matches!(store.delete(&cleo.rater, 2 * MINUTE), Err(Error::UnknownRater { .. })));
    assert!(matches!(store.answers(&cleo.token), Err(Error::UnknownToken)));
    assert_eq!(progress(&store, &study.plan, MINUTE).expect("it can be read").raters.len(), 3);
    assert_eq!(join(&mut store, "dan", 2 * MINUTE).expect("a place is free").rater, "r03.2");
}

/// A control that accepts one answer.
fn control(id: &str, purpose: Purpose, answer: i32) -> Control {
    Control {
        id: id.to_owned(),
        purpose,
        clips: vec!["LJ002-0151.wav".to_owned(), "LJ002-0009.wav".to_owned()],
        lowest: Some(answer),
        highest: Some(answer),
        feedback: None,
    }
}

#[test]
fn controls_are_counted_for_each_rater_and_for_no_system() {
    let controls = vec![
        control("first-steps", Purpose::Practice, 3),
        control("clear", Purpose::Gold, 2),
        control("click-3", Purpose::Trap, 3),
        control("click-minus-3", Purpose::Trap, -3),
    ];
    let study = Study::with(2, controls);
    let pages = study.pages();
    let mut store = study.open();
    for (name, is_right) in [("anna", true), ("ben", false)] {
        let joined = join(&mut store, name, 0).expect("there are places");
        let trials = &study.plan.sessions[joined.session].trials;
        for (page, trial) in trials.iter().enumerate() {
            let score = match (trial.kind, trial.item.as_str()) {
                (Kind::Gold, _) => 2,
                (Kind::Trap, "click-3") if is_right => 3,
                (Kind::Trap, "click-minus-3") if is_right => -3,
                _ => page as i64 % 2,
            };
            let (id, content) = answer(&pages, joined.session, page, score);
            store.put(&pages, (&joined.token, &id), &content, &PLACES, 0).expect("it is fine");
        }
        let practice = json!({ "answers": [{ "id": "first-steps", "clicked": [1, 3], "accepted": true }] });
        let put = store.put(&pages, (&joined.token, "practice"), &practice, &PLACES, 0);
        assert_eq!(put.expect("a form like others"), Put::Stored);
        store.finish(&pages, &joined.token, 0).expect("all pages are answered");
    }
    let sessions = store.sessions(&study.plan, false).expect("it can be read");
    assert_eq!(sessions[1].1["forms"]["practice"]["answers"][0]["clicked"], json!([1, 3]));
    let seen = progress(&store, &study.plan, MINUTE).expect("it can be read");
    // Two sentences and a null pair of each rater.
    assert_eq!((seen.ratings, seen.planned), (6, 6));
    assert_eq!((seen.cells.n, seen.cells.full, seen.cells.most), (2, 2, 2));
    let [anna, ben] = seen.raters.as_slice() else { panic!("two raters: {seen:?}") };
    assert_eq!((anna.trials, anna.answered), (5, 5));
    assert_eq!((anna.traps.n_right(), anna.traps.n, anna.gold.n_right(), anna.gold.n), (1, 1, 1, 1));
    assert_eq!((ben.traps.n_right(), ben.traps.n, ben.gold.n_right(), ben.gold.n), (0, 1, 1, 1));
    assert_eq!(ben.flags, ["failed 1 of 1 traps"]);
    assert_eq!(seen.problems, Vec::<String>::new());
    let pay = payments(&store, &seen, None).expect("it can be read");
    assert_eq!((pay[0].decision, pay[0].reason.as_str()), (Decision::Approve, ""));
    assert_eq!((pay[1].decision, pay[1].reason.as_str()), (Decision::Review, "failed 1 of 1 traps"));
}
