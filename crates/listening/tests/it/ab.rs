//! Preference tests: plan, page, answers and verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    Analysis, Conclusion, Error, First, FoundStudy, Kind, Origin, Paradigm, Plan, Protocol, Rating, Role,
    ScreeningRule, Simulation, Slot, System, build, judge, judge_found, judge_votes, simulate,
};
use mynah_signal::Waveform;
use mynah_signal::wav;
use mynah_testkit::fixture;
use proptest::prelude::*;

use crate::bundle::Study;
use crate::support::{ab, advised, cmos, items, plan, systems};

/// Number of trials in which the system and in which its opponent comes first.
type Orders = (i64, i64);

fn is_balanced(orders: &Orders) -> bool {
    (orders.0 - orders.1).abs() <= (orders.0 + orders.1) % 2
}

/// A plan of systems only, or of systems and the recordings.
fn plan_of(protocol: Protocol, n_systems: usize, has_reference: bool, n_items: usize, seed: u64) -> Plan {
    let all = if has_reference { systems(n_systems - 1) } else { systems(n_systems)[1..].to_vec() };
    Plan::new(protocol, all, items(n_items), "study-1", seed).expect("the design is possible")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_plan_compares_all_pairs_exactly_and_in_balanced_order(
        n_raters in 2_u32..14,
        share in 0.0..1.0_f64,
        n_systems in 2_usize..5,
        has_reference in any::<bool>(),
        n_items in 2_usize..12,
        seed in any::<u32>(),
    ) {
        let per_item = 1 + (share * f64::from(n_raters - 1)) as u32;
        let plan = plan_of(ab(n_raters, per_item), n_systems, has_reference, n_items, u64::from(seed));
        let n_pairs = n_systems * (n_systems - 1) / 2;
        let pairs: BTreeSet<(&str, &str)> = plan.pairs().into_iter().collect();
        prop_assert_eq!(pairs.len(), n_pairs);
        prop_assert!(pairs.iter().all(|(system, _)| *system != "recordings"), "it is compared with, {:?}", pairs);
        let mut voters: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
        let mut by_cell: BTreeMap<(&str, &str, &str), Orders> = BTreeMap::new();
        let mut by_item: BTreeMap<&str, Orders> = BTreeMap::new();
        let mut loads = Vec::new();
        for session in &plan.sessions {
            let (mut by_rater, mut by_pair) = ((0, 0), BTreeMap::<(&str, &str), Orders>::new());
            for trial in &session.trials {
                let versus = trial.versus.as_deref().expect("a preference is between two");
                let (item, system) = (trial.item.as_str(), trial.system.as_str());
                prop_assert!(pairs.contains(&(system, versus)));
                prop_assert_eq!(trial.kind, Kind::Rating);
                prop_assert!(voters.entry((item, system, versus)).or_default().insert(&session.rater), "twice");
                let orders = [
                    &mut by_rater,
                    by_pair.entry((system, versus)).or_default(),
                    by_cell.entry((item, system, versus)).or_default(),
                    by_item.entry(item).or_default(),
                ];
                for orders in orders {
                    match trial.first.expect("a pair has an order") {
                        First::System => orders.0 += 1,
                        First::Reference => orders.1 += 1,
                    }
                }
            }
            prop_assert!(is_balanced(&by_rater), "{}: {:?}", session.rater, by_rater);
            prop_assert!(by_pair.values().all(is_balanced), "{}: {:?}", session.rater, by_pair);
            loads.push(by_rater.0 + by_rater.1);
            if per_item as usize * n_pairs <= n_raters as usize {
                let heard: BTreeSet<&str> = session.trials.iter().map(|trial| trial.item.as_str()).collect();
                prop_assert_eq!(heard.len(), session.trials.len(), "nobody needs to hear a sentence twice");
            }
        }
        prop_assert_eq!(voters.len(), n_items * n_pairs);
        prop_assert!(voters.values().all(|raters| raters.len() as u32 == per_item), "{:?}", voters);
        prop_assert!(by_cell.values().all(is_balanced) && by_item.values().all(is_balanced), "{:?}", by_cell);
        let spread = loads.iter().max().expect("raters") - loads.iter().min().expect("raters");
        prop_assert!(spread <= 1, "loads {:?}", loads);
        let text = plan.to_toml().expect("it has a TOML form");
        prop_assert_eq!(Plan::from_toml(&text).expect("it is unchanged"), plan);
    }
}

#[test]
fn plans_of_other_paradigms_keep_their_design() {
    let pinned = Plan::read(&fixture("golden/listening/PLAN.toml")).expect("the pinned plan is unchanged");
    assert!(pinned.pairs().is_empty());
    let Plan { protocol, systems, items, study, seed, .. } = pinned.clone();
    let again = Plan::new(protocol, systems, items, study, seed).expect("it is possible");
    assert_eq!(again, pinned);
    assert!(!again.to_toml().expect("it has a TOML form").contains("versus"));
}

#[test]
fn rejects_impossible_preference_tests() {
    let check = |protocol: Protocol, systems: Vec<System>, expected: &str| {
        let error = Plan::new(protocol, systems, items(4), "s", 1).expect_err(expected);
        assert!(advised(&error).contains(expected), "{}", advised(&error));
    };
    let one = "there is only the system `s1`: a preference needs two systems; name another system";
    check(ab(4, 4), systems(1)[1..].to_vec(), one);
    check(ab(4, 4), systems(0), "there is no system under test");
    let mut anchored = systems(2);
    anchored[2].role = Role::Anchor;
    check(ab(4, 4), anchored, "there is an anchor: a preference test shows no equality");
    let human = Protocol { human_reference: true, ..ab(4, 4) };
    check(human, systems(2)[1..].to_vec(), "name the recordings as reference");
    Plan::new(ab(4, 4), systems(1), items(4), "s", 1).expect("the recordings are the second system");

    // A plan from elsewhere, with a design of its own.
    let good = plan_of(ab(4, 4), 3, true, 4, 1);
    let text = good.to_toml().expect("it has a TOML form");
    for (from, to) in [("versus = \"recordings\"\n", ""), ("versus = \"recordings\"", "versus = \"s2\"")] {
        let edited = text.replacen(from, to, 1);
        let Err(Error::DesignMismatch { stated, computed }) = Plan::from_toml(&edited) else {
            panic!("it was edited")
        };
        let error = Plan::from_toml(&edited.replace(&stated, &computed)).expect_err(to);
        assert!(error.to_string().contains("a preference is between two systems of the plan"), "{error}");
    }
    let other = plan(cmos(2, 2, 0), 1, 2, 1).to_toml().expect("it has a TOML form");
    let edited = other.replacen("system = \"s1\"", "system = \"s1\"\nversus = \"recordings\"", 1);
    let Err(Error::DesignMismatch { stated, computed }) = Plan::from_toml(&edited) else {
        panic!("it was edited")
    };
    let error = Plan::from_toml(&edited.replace(&stated, &computed)).expect_err("no pairs in a comparison");
    assert!(error.to_string().contains("no other trial names two"), "{error}");
}

/// A test of the recordings and two systems with clips of their own.
fn with_clips() -> (Study, Plan) {
    let mut study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7)]);
    let quiet = study.directory.path().join("quiet");
    fs::create_dir_all(&quiet).expect("a directory can be made");
    for item in ["LJ001-0029", "LJ002-0009"] {
        let file = format!("{item}.wav");
        let voice = wav::read(study.directory.path().join("voice").join(&file)).expect("the clip is fine");
        let kept = voice.samples()[..voice.len() * 4 / 5].to_vec();
        wav::write_pcm16(quiet.join(&file), &Waveform::new(kept, voice.sample_rate())).expect("written");
    }
    study.systems.push(System {
        name: "other-voice".to_owned(),
        role: Role::Candidate,
        directory: quiet.to_str().expect("a plain name").to_owned(),
    });
    let plan = study.planned(ab(4, 4));
    (study, plan)
}

#[test]
fn a_bundle_names_every_clip_of_every_pair_differently() {
    let (study, plan) = with_clips();
    let key = build(&plan, &study.bundle()).expect("it can be built");
    // Two clips of each of three pairs for each of two sentences, and one for the volume.
    assert_eq!(key.clips.len(), 2 * 3 * 2 + 1);
    let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for clip in key.clips.values().filter(|clip| clip.slot != Slot::Volume) {
        let versus = clip.versus.as_deref().expect("every pair has two");
        let voice = if clip.slot == Slot::System { clip.judged.as_str() } else { versus };
        assert_eq!(clip.system, voice);
        *pairs.entry((&clip.judged, versus)).or_default() += 1;
    }
    let expected =
        [("other-voice", "recordings"), ("other-voice", "secret-voice"), ("secret-voice", "recordings")];
    assert_eq!(pairs.into_iter().collect::<Vec<_>>(), expected.map(|pair| (pair, 4)));

    let data = study.data();
    assert_eq!((&data["paradigm"], &data["lowest"]), (&"ab".into(), &(-1).into()));
    assert!(study.pages("r01").iter().all(|page| page["clips"].as_array().map(Vec::len) == Some(2)));
    assert_eq!(data["labels"], serde_json::json!(["The first", "No preference", "The second"]));
    assert_eq!(data["question"], "Which of the two clips sounds more natural?");
    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    for secret in ["secret-voice", "other-voice", "recordings", "LJ001-0029", "versus"] {
        assert!(!page.contains(secret), "the page reveals {secret}");
    }
}

#[test]
fn clicks_become_votes_for_the_clip_that_was_clicked() {
    let (study, plan) = with_clips();
    build(&plan, &study.bundle()).expect("it can be built");
    let files: Vec<(String, serde_json::Value)> = plan
        .sessions
        .iter()
        .zip([-1, 0, 1, -1])
        .map(|(session, clicked)| {
            (format!("{}.json", session.rater), study.answers(&plan, &session.rater, |_| clicked))
        })
        .collect();
    let files: Vec<(&str, &serde_json::Value)> =
        files.iter().map(|(name, file)| (name.as_str(), file)).collect();
    let collection = study.collect(&plan, &files);
    assert_eq!(collection.problems, []);
    assert_eq!(collection.ratings.len(), 4 * 6);
    for rating in &collection.ratings {
        let clicked = match rating.rater.as_str() {
            "r02" => 0.0,
            "r03" => 1.0,
            _ => -1.0,
        };
        let heard_first = rating.first == Some(First::System);
        let expected = if heard_first { -clicked } else { clicked };
        assert_eq!((rating.score_raw, rating.score), (clicked, expected + 0.0), "{rating:?}");
        assert!(rating.reference.as_deref().is_some_and(|versus| versus != rating.system));
    }
    let verdict = judge_votes(&plan, &collection.ratings).expect("it can be judged");
    assert_eq!((verdict.n_first, verdict.n_second, verdict.n_tied), (12, 6, 6));
    assert_eq!(verdict.design.as_ref(), Some(&plan.design));
    assert_eq!((verdict.n_raters, verdict.n_items, verdict.pairs.len()), (4, 2, 3));
    assert!(!verdict.notes.iter().any(|note| note.contains("without a plan")), "{:?}", verdict.notes);
    // Every vote is for the clip that was clicked, whichever system it was.
    let wins: usize = verdict.wins.iter().flatten().sum();
    assert_eq!(wins, 18);
    for (row, system) in verdict.systems.iter().enumerate() {
        let preferred = |rating: &&Rating| {
            let versus = rating.reference.as_ref().expect("a pair");
            (rating.score > 0.0 && rating.system == system.system)
                || (rating.score < 0.0 && *versus == system.system)
        };
        assert_eq!(
            verdict.wins[row].iter().sum::<usize>(),
            collection.ratings.iter().filter(preferred).count()
        );
    }
}

/// Votes on a plan of three systems, as if people had given them.
fn votes() -> (Plan, Vec<Rating>) {
    let plan = plan_of(ab(10, 10), 3, true, 10, 1);
    let mut ratings = simulate(&plan, &Simulation::default()).expect("the plan is fine");
    for rating in &mut ratings {
        rating.origin = Origin::Human;
        "votes.csv".clone_into(&mut rating.source_file);
        (rating.plays_first, rating.plays_second) = (Some(1), Some(2));
    }
    (plan, ratings)
}

#[test]
fn votes_are_checked_against_the_plan_by_row() {
    let (plan, ratings) = votes();
    let refused = |change: &dyn Fn(&mut Vec<Rating>), expected: &str| {
        let mut ratings = ratings.clone();
        change(&mut ratings);
        let error = judge_votes(&plan, &ratings).expect_err(expected);
        assert!(advised(&error).starts_with("`votes.csv`, row "), "{error}");
        assert!(advised(&error).contains(expected), "{}", advised(&error));
    };
    refused(&|all| all[3].design = "x".to_owned(), "use the plan that was rated");
    refused(&|all| all[3].paradigm = Paradigm::Cmos, "it has another paradigm than the plan");
    refused(&|all| all[3].reference = Some("noisy".to_owned()), "system `noisy` is not in the plan");
    refused(&|all| all[3].reference = None, "was not to judge item");
    let swap = |all: &mut Vec<Rating>| {
        let index = all.iter().position(|one| one.reference.as_deref() == Some("s1")).expect("a pair");
        let (system, versus) = (all[index].system.clone(), "s1".to_owned());
        (all[index].system, all[index].reference) = (versus, Some(system));
    };
    refused(&swap, "of `s1` against `s2`");
    refused(&|all| all[3].score = 2.0, "score 2 is not a point of the scale, -1 to 1");
    let turn = |all: &mut Vec<Rating>| {
        let turned = if all[3].first == Some(First::System) { First::Reference } else { First::System };
        (all[3].first, all[3].score) = (Some(turned), all[3].score_raw * turned.sign() + 0.0);
    };
    refused(&turn, "heard in another order than planned");
    refused(&|all| all.push(all[3].clone()), "already in `votes.csv`, row 4");
}

#[test]
fn a_test_is_judged_while_it_runs() {
    let (plan, ratings) = votes();
    let some: Vec<Rating> =
        ratings.iter().filter(|rating| rating.reference.as_deref() != Some("recordings")).cloned().collect();
    let verdict = judge_votes(&plan, &some).expect("it can be judged");
    assert_eq!(verdict.notes[0], "200 of 300 planned votes are missing.");
    assert!(verdict.notes[1].starts_with("Nobody has judged `recordings` yet"), "{:?}", verdict.notes);
    assert_eq!((verdict.reference, verdict.systems.len()), (None, 2));
    let error = judge_votes(&plan, &[]).expect_err("nothing");
    assert!(error.to_string().contains("there are no votes"), "{error}");
}

#[test]
fn unplayed_clips_are_screened_if_the_protocol_says_so() {
    let (plan, ratings) = votes();
    let mut protocol = plan.protocol.clone();
    protocol.analysis.screening = vec![ScreeningRule::Unplayed];
    let screened = Plan::new(protocol, plan.systems.clone(), plan.items.clone(), "study-1", 1).expect("fine");
    let mut ratings: Vec<Rating> =
        ratings.into_iter().map(|rating| Rating { design: screened.design.clone(), ..rating }).collect();
    for rating in ratings.iter_mut().filter(|rating| rating.rater == "r03").take(7) {
        rating.plays_second = Some(0);
    }
    let verdict = judge_votes(&screened, &ratings).expect("it can be judged");
    assert_eq!((verdict.n_votes, verdict.excluded.len(), verdict.excluded[0].n_ratings), (293, 1, 7));
    assert_eq!(
        verdict.notes[0],
        "Screened by the declared rules (unplayed): 7 votes of one rater are left out."
    );
}

#[test]
fn scores_and_votes_are_not_confused() {
    let (ab_plan, votes) = votes();
    let error = judge(&ab_plan, &votes).expect_err("votes");
    assert!(advised(&error).contains("AB tests give votes, not scores; judge them as a preference test"));
    let comparison = plan(cmos(3, 3, 0), 1, 4, 1);
    let error = judge_votes(&comparison, &[]).expect_err("scores");
    assert!(advised(&error).contains("a CMOS test gives scores, not votes"), "{}", advised(&error));
    let study = FoundStudy {
        name: "votes".to_owned(),
        paradigm: Paradigm::Ab,
        reference: None,
        human_reference: false,
        anchors: Vec::new(),
        analysis: Analysis::default(),
        repeats: false,
        score_sign: None,
    };
    let error = judge_found(&study, &[]).expect_err("votes");
    assert!(error.to_string().contains("AB tests give votes, not scores"), "{error}");
}

#[test]
fn a_planted_preference_is_found_and_its_words_are_marked() {
    let plan = plan_of(ab(20, 20), 3, true, 30, 1);
    let simulation = Simulation {
        true_differences: [("s1".to_owned(), 0.8), ("s2".to_owned(), -0.8)].into(),
        ..Simulation::default()
    };
    let ratings = simulate(&plan, &simulation).expect("the plan is fine");
    assert!(ratings.iter().all(|rating| rating.origin == Origin::Simulated));
    assert_eq!(simulate(&plan, &simulation).expect("the same"), ratings);
    let verdict = judge_votes(&plan, &ratings).expect("it can be judged");
    assert_eq!(verdict.origin, Origin::Simulated);
    let names: Vec<&str> = verdict.systems.iter().map(|system| system.system.as_str()).collect();
    assert_eq!(names, ["s1", "recordings", "s2"]);
    assert_eq!(verdict.systems[0].conclusion, Some(Conclusion::Better));
    assert_eq!(verdict.systems[2].conclusion, Some(Conclusion::Worse));
    for system in &verdict.systems {
        assert!(system.words.starts_with("Simulated ratings, not a finding: "), "{}", system.words);
    }
    let unknown = Simulation { true_differences: [("x".to_owned(), 1.0)].into(), ..Simulation::default() };
    assert!(simulate(&plan, &unknown).expect_err("unknown").to_string().contains("`x`"));
}
