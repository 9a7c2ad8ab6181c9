//! Exercises, gold trials and traps: from the protocol to the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    Control, ControlSettings, Error, Kind, Paradigm, Plan, Protocol, Purpose, Rating, ScreeningRule,
    Simulation, Survey, Workload, build, common_items, judge, judge_votes, simulate,
};
use serde_json::{Value, json};

use crate::bundle::{Study, clip_bytes};
use crate::support::{ab, advised, chain, cmos, items, mos, systems};

/// A control that accepts one answer, with clips that are files of the bundled corpus.
fn control(id: &str, purpose: Purpose, clips: &[&str], answer: i32) -> Control {
    Control {
        id: id.to_owned(),
        purpose,
        clips: clips.iter().map(|clip| format!("{clip}.wav")).collect(),
        lowest: Some(answer),
        highest: Some(answer),
        feedback: (purpose == Purpose::Practice).then(|| "It was noisy.".to_owned()),
    }
}

/// Two exercises, two gold trials and three traps, of single clips or pairs.
fn all(paradigm: Paradigm) -> Vec<Control> {
    let n = paradigm.rules().clip_order().clips().len();
    let clips = |file: &'static str| vec![file; n];
    let (lowest, highest) = paradigm.scale();
    vec![
        control("loud-and-clear", Purpose::Practice, &clips("LJ001-0043"), highest),
        control("secret-gold-1", Purpose::Gold, &clips("LJ001-0045"), highest),
        control("secret-gold-2", Purpose::Gold, &clips("LJ002-0009"), lowest),
        control("secret-trap-1", Purpose::Trap, &clips("LJ002-0151"), lowest + 1),
        control("secret-trap-2", Purpose::Trap, &clips("LJ001-0029"), highest),
        control("secret-trap-3", Purpose::Trap, &clips("LJ001-0043"), lowest),
        control("noisy", Purpose::Practice, &clips("LJ001-0045"), lowest),
    ]
}

fn with_controls(protocol: Protocol, traps_per_session: u32) -> Protocol {
    let controls =
        ControlSettings { traps_per_session: Some(traps_per_session), ..ControlSettings::default() };
    Protocol { control: all(protocol.paradigm), controls, ..protocol }
}

fn plan(protocol: Protocol, n_items: usize) -> Plan {
    Plan::new(protocol, systems(2), items(n_items), "study-1", 7).expect("the design is possible")
}

#[test]
fn controls_are_dealt_out_evenly_and_lie_between_trials() {
    for protocol in [mos(20, 4), cmos(20, 4, 1), ab(20, 4)] {
        let plain = plan(protocol.clone(), 12);
        assert!(!plain.to_toml().expect("a form").contains("control"), "there is no trace of them");
        let plan = plan(with_controls(protocol, 2), 12);
        assert_eq!(plan.n_ratings(), plain.n_ratings());
        let mut heard: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
        let mut places = BTreeSet::new();
        for (session, without) in plan.sessions.iter().zip(&plain.sessions) {
            let trials = &session.trials;
            let others: Vec<_> = trials.iter().filter(|trial| !trial.kind.is_control()).cloned().collect();
            assert_eq!(others, without.trials, "everything else is as without them");
            let own: Vec<usize> = (0..trials.len()).filter(|&page| trials[page].kind.is_control()).collect();
            assert_eq!(own.len(), 3, "one gold trial, two traps");
            assert!(own[0] > 0 && own[2] + 1 < trials.len(), "{own:?}: not at the beginning or the end");
            assert!(own.windows(2).all(|two| two[0] + 1 < two[1]), "{own:?}: not next to each other");
            let distinct: BTreeSet<&str> = own.iter().map(|&page| trials[page].item.as_str()).collect();
            assert_eq!(distinct.len(), 3, "none twice");
            for &page in &own {
                *heard.entry((trials[page].kind, &trials[page].item)).or_default() += 1;
                places.insert(page);
            }
        }
        let counts: Vec<usize> = heard.values().copied().collect();
        // 20 gold trials of 2, 40 traps of 3.
        assert!(matches!(counts[..], [10, 10, a, b, c] if [a, b, c].iter().all(|n| (13..=14).contains(n))));
        assert!(places.len() > 5, "the places are random: {places:?}");
        assert_eq!(Plan::from_toml(&plan.to_toml().expect("a form")).expect("it is its own"), plan);
    }
}

#[test]
fn wavs_of_controls_may_move_and_nothing_else_may_change() {
    let mut plan = plan(with_controls(mos(4, 4), 1), 6);
    let design = plan.design.clone();
    plan.controls_directory = Some("elsewhere".to_owned());
    let read = |plan: &Plan| Plan::from_toml(&plan.to_toml().expect("a form"));
    assert_eq!(read(&plan).expect("directories may change").design, design);
    plan.protocol.control[1].highest = Some(4);
    assert!(matches!(read(&plan), Err(Error::DesignMismatch { .. })));
}

#[test]
fn short_sessions_have_their_controls_too() {
    let mut protocol = with_controls(mos(2, 1), 3);
    protocol.controls.gold_per_session = Some(2);
    let plan = Plan::new(protocol, systems(1), items(2), "study-1", 1).expect("the design is possible");
    for session in &plan.sessions {
        let kinds: Vec<bool> = session.trials.iter().map(|trial| trial.kind.is_control()).collect();
        // Two trials, between which all five lie.
        assert_eq!(kinds, [false, true, true, true, true, true, false]);
    }
}

/// A bundle with controls made from clips of the corpus.
fn built(protocol: Protocol) -> (Study, Plan) {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let items = common_items(&study.systems).expect("the directories are there");
    let mut plan = Plan::new(protocol, study.systems.clone(), items, "demo", 3).expect("possible");
    let wavs = mynah_testkit::mini_corpus().join("wavs");
    plan.controls_directory = Some(wavs.to_string_lossy().into_owned());
    (study, plan)
}

#[test]
fn a_bundle_does_not_tell_which_trials_are_controls() {
    for protocol in [mos(4, 4), cmos(4, 4, 1), ab(4, 4)] {
        let (study, plan) = built(with_controls(protocol, 1));
        let key = build(&plan, &study.bundle()).expect("it can be built");
        let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
        for secret in ["secret", "trap", "gold", "Gold", "Trap", "null"] {
            let data = page.split_once("id=\"data\">").expect("the page has data").1;
            let text = if secret == "null" { "null-pair" } else { secret };
            assert!(!data.contains(text), "the page says `{text}`");
        }
        // Every trial has an opaque name and opaque clips, and nothing else.
        let n_clips = plan.protocol.paradigm.rules().clip_order().clips().len();
        for session in study.data()["sessions"].as_object().expect("sessions").values() {
            for trial in session["pages"].as_array().expect("pages") {
                let keys: Vec<&String> = trial.as_object().expect("an object").keys().collect();
                assert_eq!(keys, ["clips", "id"]);
                assert_eq!(trial["clips"].as_array().map(Vec::len), Some(n_clips));
            }
        }
        // Answers of practice are told, and those of the others are not: with others, the page differs only in hashes.
        let practice = study.data()["practice"].clone();
        assert_eq!(practice.as_array().map(Vec::len), Some(2));
        assert_eq!(practice[0]["feedback"], "It was noisy.");
        assert_eq!(practice[0]["lowest"], practice[0]["highest"]);

        // Files of the bundle are treated alike, and the key tells them apart.
        let files = clip_bytes(&study.bundle());
        assert_eq!(files.keys().collect::<Vec<_>>(), key.clips.keys().collect::<Vec<_>>());
        let of = |kind: Kind| key.clips.values().filter(move |clip| clip.kind == kind);
        assert_eq!(of(Kind::Practice).count(), 2 * n_clips);
        assert_eq!(of(Kind::Gold).count(), 2 * n_clips);
        assert_eq!(of(Kind::Trap).count(), 3 * n_clips);
        for clip in of(Kind::Trap).chain(of(Kind::Gold)) {
            assert!(clip.system.starts_with("LJ") && clip.judged == clip.item, "{clip:?}");
            assert!(clip.gain_db != 0.0 && clip.lead_change_ms != 0, "{clip:?}");
        }
        let contents: BTreeSet<&Vec<u8>> = files.values().collect();
        assert_eq!(contents.len(), files.len(), "also a file that is heard twice has two contents");
        let audit = key.audit.expect("it was audited");
        assert!(audit.systems.iter().all(|system| system.n_clips == 3), "controls are left out: {audit:?}");

        let survey = Survey::of(&plan);
        assert!(survey.unusable.is_empty());
        let work = Workload::of(&plan, &survey);
        let session = &plan.sessions[0];
        let seconds: f64 = plan
            .protocol
            .practice()
            .map(|control| control.id.as_str())
            .chain(session.trials.iter().filter(|t| t.kind.is_control()).map(|t| t.item.as_str()))
            .flat_map(|id| survey.files.iter().filter(move |file| file.item == id).map(|file| file.seconds))
            .sum();
        let without =
            Plan { protocol: Protocol { control: vec![], ..plan.protocol.clone() }, ..plan.clone() };
        let mut without = without;
        for session in &mut without.sessions {
            session.trials.retain(|trial| !trial.kind.is_control());
        }
        let plain = Workload::of(&without, &survey);
        let more = 60.0 * (work.raters[0].audio_minutes - plain.raters[0].audio_minutes);
        assert!((more - seconds).abs() < 1e-6, "{more} s more, not {seconds}");
    }
}

#[test]
fn missing_wavs_of_controls_are_refused_by_path() {
    let (study, mut plan) = built(with_controls(mos(4, 4), 1));
    plan.controls_directory = Some("nowhere".to_owned());
    let error = build(&plan, &study.bundle()).expect_err("there is no such directory");
    assert!(chain(&error).contains("control `loud-and-clear` cannot be played: `nowhere/LJ001-0043.wav`"));
    assert!(advised(&error).contains("`controls_directory` in the plan"), "{}", advised(&error));
    assert!(!study.bundle().exists());
    assert_eq!(Survey::of(&plan).unusable.len(), 7);
}

/// The answers of a rater by the kind and the name of the trial, in the form of an answer file.
fn answers(study: &Study, plan: &Plan, rater: usize, clicked: impl Fn(Kind, &str) -> i32) -> Value {
    let session = &plan.sessions[rater];
    let mut file = study.answers(plan, &session.rater, |page| {
        let trial = &session.trials[page];
        i64::from(clicked(trial.kind, &trial.item))
    });
    file["forms"] =
        json!({ "practice": { "answers": [{ "id": "noisy", "clicked": [3, 1], "accepted": true }] } });
    file
}

/// The accepted answer of a control, or another one.
fn answer_to(plan: &Plan, id: &str, is_right: bool) -> i32 {
    let control = plan.protocol.control.iter().find(|control| control.id == id).expect("it is declared");
    let right = control.lowest.expect("it has one");
    let (lowest, highest) = plan.protocol.paradigm.scale();
    match (is_right, right == lowest) {
        (true, _) => right,
        (false, true) => highest,
        (false, false) => lowest,
    }
}

#[test]
fn raters_who_fail_traps_are_excluded_if_that_was_declared() {
    for (protocol, rules) in [
        (mos(4, 4), vec![ScreeningRule::Traps, ScreeningRule::Gold]),
        (cmos(4, 4, 1), vec![ScreeningRule::Traps, ScreeningRule::Gold]),
        (mos(4, 4), vec![]),
    ] {
        let mut protocol = with_controls(protocol, 2);
        protocol.analysis.screening.clone_from(&rules);
        let (study, plan) = built(protocol);
        build(&plan, &study.bundle()).expect("it can be built");
        // The second fails every trap and no gold trial, the third the other way round.
        let files: Vec<Value> = (0..4)
            .map(|rater| {
                answers(&study, &plan, rater, |kind, id| match kind {
                    Kind::Trap => answer_to(&plan, id, rater != 1),
                    Kind::Gold => answer_to(&plan, id, rater != 2),
                    _ => 1,
                })
            })
            .collect();
        let named: Vec<(String, &Value)> =
            files.iter().enumerate().map(|(rater, file)| (format!("{rater}.json"), file)).collect();
        let named: Vec<(&str, &Value)> = named.iter().map(|(name, file)| (name.as_str(), *file)).collect();
        let collection = study.collect(&plan, &named);
        assert_eq!(collection.problems, []);
        let rows = &collection.ratings;
        for row in rows.iter().filter(|row| row.kind.is_control()) {
            assert_eq!((&row.item, row.reference.as_deref()), (&row.system, None));
            assert_eq!(row.score.to_bits(), row.score_raw.to_bits(), "as clicked: {row:?}");
        }
        assert_eq!(rows.iter().filter(|row| row.kind == Kind::Trap).count(), 8);

        let verdict = judge(&plan, rows).expect("they are of the plan");
        let n = plan.n_ratings() / 4;
        let excluded: Vec<_> = verdict
            .screening
            .excluded
            .iter()
            .map(|one| (one.rater.as_str(), one.rule, one.n_ratings, one.why.as_str()))
            .collect();
        let expected = [
            ("r02", ScreeningRule::Traps, n, "failed 2 of 2 traps"),
            ("r03", ScreeningRule::Gold, n, "failed 1 of 1 gold trials"),
        ];
        if rules.is_empty() {
            assert_eq!(excluded, []);
            let others = &verdict.screening.other_excluded;
            assert!(others.iter().any(|one| one.rule == ScreeningRule::Traps), "{others:?}");
        } else {
            assert_eq!(excluded, expected);
        }
        let n_raters = if rules.is_empty() { 4 } else { 2 };
        assert!(verdict.systems.iter().all(|system| system.n_raters == n_raters));
        assert_eq!(verdict.raters.len(), n_raters, "controls are in no summary of raters");
        assert_eq!(verdict.raters[0].n_ratings + usize::from(plan.protocol.null_pairs == 1), n);
        let counts: Vec<_> = verdict
            .screening
            .controls
            .iter()
            .map(|one| (one.traps.n_right(), one.traps.n_failed, one.gold.n_right(), one.gold.n_failed))
            .collect();
        assert_eq!(counts, [(2, 0, 1, 0), (0, 2, 1, 0), (2, 0, 0, 1), (2, 0, 1, 0)]);
        let note = "Of 4 raters with traps, r02 failed 2 of 2 traps. Of 4 raters with gold trials, r03 failed 1 of 1 gold \
                    trials.";
        assert!(verdict.notes.iter().any(|one| one == note), "{:?}", verdict.notes);
        assert!(!verdict.notes.iter().any(|one| one.contains("missing")), "{:?}", verdict.notes);

        // Without the controls' rows nothing else changes, and none of them is a planned rating that is missing.
        let only: Vec<Rating> = rows.iter().filter(|row| !row.kind.is_control()).cloned().collect();
        let plain = judge(&plan, &only).expect("they are of the plan");
        assert!(!plain.notes.iter().any(|one| one.contains("missing")), "{:?}", plain.notes);
        if rules.is_empty() {
            assert_eq!(format!("{:?}", plain.raters), format!("{:?}", verdict.raters));
            assert_eq!(plain.agreement, verdict.agreement);
            assert_eq!(plain.systems[0].mean, verdict.systems[0].mean);
            assert_eq!(plain.systems[0].interval, verdict.systems[0].interval);
            assert_eq!(plain.systems[0].order_effect, verdict.systems[0].order_effect);
            assert_eq!(plain.null_pairs, verdict.null_pairs);
        }
    }
}

#[test]
fn forged_answers_to_controls_are_refused() {
    let plan = plan(with_controls(cmos(4, 4, 0), 1), 6);
    let rows = simulate(&plan, &Simulation::default()).expect("the plan is fine");
    judge(&plan, &rows).expect("they are of the plan");
    let place = rows.iter().position(|row| row.kind == Kind::Trap).expect("a trap");
    let refused = |change: &dyn Fn(&mut Rating)| {
        let mut rows = rows.clone();
        change(&mut rows[place]);
        judge(&plan, &rows).expect_err("it contradicts the plan").to_string()
    };
    assert!(refused(&|row| row.item = "secret-trap-9".to_owned()).contains("was not to answer control"));
    assert!(refused(&|row| row.kind = Kind::Practice).contains("was not to answer control"));
    assert!(
        refused(&|row| row.score += if row.score > 0.0 { -1.0 } else { 1.0 }).contains("does not follow")
    );
    assert!(refused(&|row| row.reference = Some("recordings".to_owned())).contains("was not to answer"));
    let twice: Vec<Rating> = rows.iter().chain([&rows[place]]).cloned().collect();
    assert!(judge(&plan, &twice).expect_err("twice").to_string().contains("judged item"));
}

#[test]
fn simulated_raters_answer_controls_as_said() {
    for protocol in [mos(40, 40), ab(40, 40)] {
        let mut protocol = with_controls(protocol, 3);
        protocol.controls.failed_traps_allowed = 1;
        protocol.analysis.screening = vec![ScreeningRule::Traps];
        let plan = plan(protocol, 10);
        let share = |simulation: &Simulation| {
            let rows = simulate(&plan, simulation).expect("the plan is fine");
            assert_eq!(rows.len(), plan.sessions.iter().map(|one| one.trials.len()).sum::<usize>());
            let counts = plan.protocol.control_counts(&rows);
            let right: usize = counts.iter().map(|one| one.traps.n_right() + one.gold.n_right()).sum();
            (right as f64 / 160.0, rows)
        };
        let (honest, rows) = share(&Simulation::default());
        assert!((0.9..=0.99).contains(&honest), "{honest}");
        let (perfect, _) = share(&Simulation { right_controls: 1.0, ..Simulation::default() });
        assert!((perfect - 1.0).abs() < 1e-9, "{perfect}");
        // Whoever listens answers as before, and most of the others fail more than one trap of three.
        let simulation = Simulation { careless: 0.25, ..Simulation::default() };
        let (_, with_careless) = share(&simulation);
        let first_30 = |rows: &[Rating]| rows.iter().filter(|row| row.rater.as_str() <= "r30").count();
        let n = first_30(&rows);
        assert_eq!(rows[..n], with_careless[..n]);
        assert_ne!(rows[n..], with_careless[n..]);
        let excluded = if plan.protocol.paradigm == Paradigm::Ab {
            judge_votes(&plan, &with_careless).expect("they are of the plan").excluded
        } else {
            judge(&plan, &with_careless).expect("they are of the plan").screening.excluded
        };
        let caught = excluded.iter().filter(|one| one.rater.as_str() > "r30").count();
        assert!(caught >= 5, "{excluded:?}");
        assert!(excluded.len() - caught <= 2, "{excluded:?}");
        for wrong in [
            Simulation { right_controls: 1.5, ..Simulation::default() },
            Simulation { careless: -0.1, ..Simulation::default() },
        ] {
            assert!(matches!(simulate(&plan, &wrong), Err(Error::Simulation { .. })));
        }
    }
}
