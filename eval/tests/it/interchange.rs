//! Tests of other tools: their tables are judged as they are, and a planned test comes back from them as it went.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use mynah_listening::{Key, Rating, Slot};
use mynah_table::read_table;
use mynah_testkit::fixture;
use serde_json::Value;

use crate::support::Place;

const PATTERN: &str = r"--clip-pattern (?P<system>[^_/]+)_(?P<item>[^/.]+)[.]wav";

/// Creates a place with tables of the fixtures.
fn with(tables: &[&str]) -> Place {
    let place = Place::new();
    for table in tables {
        let path = fixture(&format!("listening/{table}"));
        let name = table.rsplit('/').next().expect("it has a name");
        place.write(name, fs::read(&path).expect("the fixture is readable"));
    }
    place
}

/// Writes a plan for single clips, its bundle, and what another tool needs.
fn exported(protocol: &str, options: &str) -> Place {
    let place = Place::new();
    let text = fs::read_to_string(format!("{}/protocols/{protocol}.toml", env!("CARGO_MANIFEST_DIR")));
    let small = text
        .expect("every paradigm has a protocol for users")
        .replace("raters = 20", "raters = 4")
        .replace("ratings_per_item = 20", "ratings_per_item = 4")
        .replace("items = 50", "items = 4")
        .replace("items = 12", "items = 3")
        .replace("null_pairs = 3", "null_pairs = 1");
    place.write("small.toml", small);
    let systems =
        "--reference recordings=recordings --system quiet=quiet --system cut=cut --study first-look";
    place.listen(&format!("plan --protocol small.toml {systems} --out PLAN.toml")).exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    place.listen(&format!("export PLAN.toml --bundle BUNDLE {options}")).exits_with(0);
    place
}

#[test]
fn results_of_webmushra_are_judged_as_they_are() {
    let place = with(&["webmushra/lss.csv", "webmushra/lms.csv", "webmushra/mushra.csv"]);
    let lss = place
        .summarize("verdict --ratings lss.csv --paradigm mos --reference recordings --out V")
        .exits_with(0)
        .says("read `lss.csv` as webMUSHRA's lss.csv or lms.csv: 94 ratings (MOS), raters by `rater`");
    let report = place.read("V/report.md");
    assert!(report.contains("2 ratings were not given (rows 11, 40)."), "{report}");
    assert!(report.contains("47 by 6 people on 8 sentences"), "{report}");
    insta::assert_snapshot!(lss.stdout);
    // The same table by the names of its columns, without those that are no ratings.
    let rows: Vec<String> = place.read("lss.csv").lines().map(str::to_owned).collect();
    let is_rating = |row: &&String| !row.contains("NA") && !row.starts_with("session");
    let plain: Vec<&String> = rows.iter().take(1).chain(rows.iter().filter(is_rating)).collect();
    place.write("plain.csv", plain.iter().map(|row| row.as_str()).collect::<Vec<_>>().join("\n"));
    let map = "--map rater=rater,item=trial_id,system=stimuli,score=stimuli_rating";
    let same = place
        .summarize(&format!(
            "verdict --ratings plain.csv --paradigm mos --reference recordings {map} --out W"
        ))
        .exits_with(0);
    assert_eq!(lss.stdout, same.stdout);
    assert!(!same.stderr.contains("webMUSHRA"), "{}", same.stderr);

    let lms = "verdict --ratings lms.csv --clip-pattern (?P<system>.+)_(?P<item>.+) --reference recordings";
    place.summarize(&format!("{lms} --out V")).exits_with(0).says("64 ratings (MOS), raters by `email`");
    place
        .summarize("verdict --ratings mushra.csv --read-as webmushra-mushra --reference reference --out V")
        .exits_with(0)
        .says("100 ratings (MUSHRA), raters by `session_uuid`");
}

#[test]
fn answers_to_the_p808_toolkit_are_judged_as_they_are() {
    let place = with(&["p808/acr.csv", "p808/dcr.csv", "p808/ccr.csv", "p808/all_votes_per_clip.csv"]);
    let acr = place
        .summarize(&format!("verdict --ratings acr.csv {PATTERN} --reference recordings --out V"))
        .exits_with(0)
        .says("read `acr.csv` as ACR answers of the P.808 toolkit: 79 ratings (MOS), raters by `WorkerId`");
    insta::assert_snapshot!(acr.stdout);
    let report = place.read("V/report.md");
    assert!(
        report.contains("10 votes on trapping clips are no ratings: failed by `W2` (1 of 2)."),
        "{report}"
    );
    assert!(report.contains("10 votes on gold clips are no ratings: failed by `W3` (1 of 2)."), "{report}");
    let ccr = place
        .summarize(&format!("verdict --ratings ccr.csv {PATTERN} --reference recordings --out V"))
        .exits_with(0)
        .says("80 ratings (CMOS)");
    assert!(ccr.stdout.contains("parrot: `parrot` is worse than `recordings`"), "{}", ccr.stdout);
    place
        .summarize(&format!("verdict --ratings dcr.csv {PATTERN} --reference opus --out V"))
        .exits_with(0)
        .says("80 ratings (DMOS)");
    place
        .summarize(&format!(
            "verdict --ratings all_votes_per_clip.csv {PATTERN} --reference recordings --out V"
        ))
        .exits_with(0)
        .says("read `all_votes_per_clip.csv` as the P.808 toolkit's list of votes: 80 ratings (CMOS)");
    place
        .summarize(&format!(
            "report --ratings ccr.csv {PATTERN} --reference-name recordings --assignments not-rejected --out R"
        ))
        .exits_with(0)
        .says("88 ratings (CMOS)");
}

#[test]
fn tables_that_are_not_what_is_said_are_refused() {
    let place = with(&["webmushra/lss.csv", "p808/ccr.csv", "p808/votes_per_clip.csv"]);
    let refused = |arguments: &str, expected: &[&str]| {
        let outcome = place.summarize(&format!("verdict {arguments} --out V")).exits_with(2);
        for expected in expected {
            assert!(outcome.stderr.contains(expected), "missing: {expected}\n{}", outcome.stderr);
        }
    };
    let reference = "--reference recordings";
    refused(
        &format!("--ratings ccr.csv --paradigm mos {PATTERN} {reference}"),
        &["which is a CMOS test, not MOS", "leave --paradigm out"],
    );
    refused(
        &format!("--ratings ccr.csv --read-as p808-votes {reference}"),
        &["has no column `file`", "as the toolkit writes it"],
    );
    refused(
        &format!("--ratings ccr.csv --paradigm cmos {reference}"),
        &["names clips by their address", "--clip-pattern"],
    );
    refused(
        &format!("--ratings ccr.csv --clip-pattern (?P<item>.*) {reference}"),
        &["it has no group `system`"],
    );
    refused(
        &format!("--ratings ccr.csv --clip-pattern (?P<system>vits)_(?P<item>s..) {reference}"),
        &["failed to read ratings `ccr.csv`, line 2", "row 1: question ", "does not match the pattern"],
    );
    refused("--ratings votes_per_clip.csv --paradigm cmos --reference r", &["do not say who voted"]);
    place.write("own.csv", "rater,item,system,score\na,s,v,3\n");
    refused("--ratings own.csv --clip-pattern (?P<system>.)", &["`own.csv` is not read as one", "--map"]);
    refused("--ratings own.csv --paradigm mos --key none.json", &["--key is for tables of webMUSHRA"]);
    refused("--ratings lss.csv --read-as table", &["`lss.csv` is no table of webMUSHRA", "--paradigm"]);
    place.write("changed.csv", place.read("lss.csv").replacen("first_look,eve,", "first_look,eve,x,", 1));
    refused(
        "--ratings changed.csv --paradigm mos",
        &["failed to read ratings `changed.csv`, line 67", "row 66: it has 8 cells, but the header has 7"],
    );
    // A plan needs its own ratings.
    place.plan().exits_with(0);
    refused(
        "--ratings lss.csv --plan PLAN.toml",
        &["`lss.csv` is webMUSHRA's lss.csv or lms.csv", "mynah-listen collect PLAN.toml lss.csv"],
    );
    refused("--ratings ccr.csv --plan PLAN.toml", &["judge its answers with --key instead of --plan"]);
    assert!(!place.path("V").exists(), "nothing is written");
}

/// The pages of a rater in a configuration of webMUSHRA: the page and its clip.
fn pages_of(configuration: &str) -> (String, Vec<(String, String)>) {
    let unquoted = |text: &str| text.split('"').nth(1).expect("every text is quoted").to_owned();
    let mut pages = Vec::new();
    let mut lines = configuration.lines();
    while let Some(line) = lines.next() {
        if line.contains("likert_single_stimulus") {
            let page = unquoted(lines.next().expect("an id"));
            let stimuli = lines.by_ref().find(|line| line.trim() == "stimuli:");
            assert!(stimuli.is_some(), "the page has stimuli");
            pages.push((page, unquoted(lines.next().expect("a clip"))));
        }
    }
    let rater = configuration.split("<strong>").nth(1).and_then(|rest| rest.split('<').next());
    (rater.expect("the last page names the rater").to_owned(), pages)
}

#[test]
fn a_planned_test_comes_back_from_webmushra_as_it_went() {
    let place = exported("mos", "--to webmushra --out out/first-look --url https://example.org/wm/");
    // What a rater gets tells nothing of systems.
    let mut configurations = BTreeMap::new();
    for (path, bytes) in place.files("out/first-look") {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        // The instructions ask for a quiet room.
        let text = text.replace("quiet room", "room");
        for secret in ["quiet", "cut", "recordings", "LJ0"] {
            assert!(!text.contains(secret), "{} reveals {secret}", path.display());
        }
        configurations.insert(path, pages_of(&text));
    }
    assert_eq!(configurations.len(), 4);
    assert_eq!(place.files("out/first-look/clips").len(), 13, "12 clips, and that for the volume");
    let links = place.read("out/first-look.links.html");
    for path in configurations.keys() {
        let address = format!("https://example.org/wm/?config=first-look/{}", path.display());
        assert!(links.contains(&address), "{address}");
    }

    // Raters answer as in a simulation, in any order; whoever types another code changes nothing.
    place.listen("simulate PLAN.toml --out simulated.csv").exits_with(0);
    let expected: Vec<Rating> = read_table(&place.path("simulated.csv")).unwrap();
    let mut results = "session_test_id,rater,trial_id,stimuli_rating,stimuli,rating_time\n".to_owned();
    for (rater, pages) in configurations.values() {
        let mut scores = expected.iter().filter(|rating| rating.rater == *rater);
        for (page, clip) in pages {
            let score = scores.next().expect("there is a score for every page").score_raw;
            writeln!(results, "first-look,me,{page},{score},{clip},5200").unwrap();
        }
        assert!(scores.next().is_none(), "there is a page for every score");
    }
    place.write("lss.csv", &results);
    place
        .listen("collect PLAN.toml lss.csv --out ratings.csv")
        .exits_with(0)
        .says("wrote 48 of 48 planned ratings");
    let collected: Vec<Rating> = read_table(&place.path("ratings.csv")).unwrap();
    let bare = |ratings: &[Rating]| -> Vec<Value> {
        let fields = |rating: &Rating| {
            let mut value = serde_json::to_value(rating).unwrap();
            for own in ["origin", "milliseconds", "source_file", "source_row", "plays_first", "audio_ms"] {
                value.as_object_mut().unwrap().remove(own);
            }
            for measured in ["unheard_ms", "gap_ms", "hidden_ms"] {
                value.as_object_mut().unwrap().remove(measured);
            }
            value
        };
        ratings.iter().map(fields).collect()
    };
    assert_eq!(bare(&collected), bare(&expected));
    assert!(collected.iter().all(|rating| rating.milliseconds == Some(5200)));
    let rows: std::collections::BTreeSet<u64> = collected.iter().map(|rating| rating.source_row).collect();
    assert_eq!(rows.len(), 48, "every rating names its row");
    place.summarize("verdict --plan PLAN.toml --ratings ratings.csv --out V").exits_with(0);

    // Every bad row is named, and the others are kept.
    let bad = results.replacen(",5200\n", ",x\n", 1).replacen("first-look,me,", "first-look,me,no", 1)
        + "first-look,me\n";
    place.write("bad.csv", bad.trim_end_matches("first-look,me\n"));
    place
        .listen("collect PLAN.toml bad.csv --out bad-ratings.csv")
        .exits_with(1)
        .says("is not in the plan: the results are of another test")
        .says("wrote 47 of 48 planned ratings");
    place.write("short.csv", &bad);
    place
        .listen("collect PLAN.toml short.csv --out other.csv")
        .exits_with(2)
        .says("row 49: it has 2 cells, but the header has 6");
    place
        .listen("collect PLAN.toml lss.csv PLAN.toml --out other.csv")
        .exits_with(2)
        .says("some of the files are tables");
    place.write("other.csv", "rater,item\na,b\n");
    place
        .listen("collect PLAN.toml other.csv --out o.csv")
        .exits_with(2)
        .says("no table of results of webMUSHRA");
}

#[test]
fn sliders_come_back_from_webmushra_with_the_hidden_reference() {
    let place = exported("mushra", "--to webmushra --out wm");
    let key: Key = serde_json::from_str(&place.read("BUNDLE.key.json")).unwrap();
    place.listen("simulate PLAN.toml --out simulated.csv").exits_with(0);
    let expected: Vec<Rating> = read_table(&place.path("simulated.csv")).unwrap();
    let mut results =
        "session_test_id,rater,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment\n".to_owned();
    let quoted = |line: &str| line.split('"').nth(1).expect("every text is quoted").to_owned();
    for path in place.files("wm").into_keys().filter(|path| path.extension().is_some_and(|end| end == "yaml"))
    {
        let text = place.read(&format!("wm/{}", path.display()));
        let rater = text.split("<strong>").nth(1).and_then(|rest| rest.split('<').next()).expect("a code");
        for page in text.split("  - type: \"mushra\"\n").skip(1) {
            let page = page.split("\n  - ").next().expect("a page");
            let lines: Vec<&str> = page.lines().collect();
            let start = lines.iter().position(|line| line.trim() == "stimuli:").expect("it has stimuli");
            let clips: Vec<String> = lines[start + 1..].iter().map(|line| quoted(line)).collect();
            let item = &key.clips[&clips[0]].item;
            assert_eq!(clips.len(), 2, "the hidden reference is webMUSHRA's own");
            for stimulus in clips.iter().map(String::as_str).chain(["reference"]) {
                let system = key.clips.get(stimulus).map_or("recordings", |clip| clip.system.as_str());
                let is_it = |rating: &&Rating| (rating.rater.as_str(), &rating.item) == (rater, item);
                let found = expected.iter().filter(is_it).find(|rating| rating.system == system);
                let score = found.expect("it was simulated").score_raw;
                writeln!(results, "s,x,u,{},{stimulus},{score},900,", quoted(lines[0])).unwrap();
            }
            // All clips of a page are equally long.
            let lengths =
                |clip: &String| place.files("wm/clips")[&PathBuf::from(format!("{clip}.wav"))].len();
            let reference = lines.iter().find(|line| line.contains("reference:")).expect("it has one");
            let reference = quoted(reference).rsplit('/').next().expect("a path").replace(".wav", "");
            assert!(clips.iter().all(|clip| lengths(clip) == lengths(&reference)));
        }
    }
    place.write("mushra.csv", &results);
    place
        .listen("collect PLAN.toml mushra.csv --out ratings.csv")
        .exits_with(0)
        .says("36 of 36 planned ratings");
    let collected: Vec<Rating> = read_table(&place.path("ratings.csv")).unwrap();
    let scores = |ratings: &[Rating]| -> BTreeMap<(String, String, String), f64> {
        let subject = |one: &Rating| (one.rater.clone(), one.item.clone(), one.system.clone());
        ratings.iter().map(|one| (subject(one), one.score)).collect()
    };
    assert_eq!(scores(&collected), scores(&expected));
    // A slider that is missing takes its page along, and nothing else.
    let first = results.lines().find(|line| line.contains(",reference,")).expect("there is one");
    place.write("missing.csv", results.replace(&format!("{first}\n"), ""));
    place
        .listen("collect PLAN.toml missing.csv --out fewer.csv")
        .exits_with(1)
        .says("was skipped: a rating is missing")
        .says("33 of 36 planned ratings");
}

#[test]
fn a_comparison_comes_back_from_the_p808_toolkit() {
    let place = exported("cmos", "--to p808 --out p808 --url https://example.org/clips/");
    let key: Key = serde_json::from_str(&place.read("BUNDLE.key.json")).unwrap();
    let list = place.read("p808/rating_clips.csv");
    let mut rows = list.lines();
    assert_eq!(rows.next(), Some("rating_clips,references"));
    let clip = |address: &str| {
        let name =
            address.strip_prefix("https://example.org/clips/").and_then(|rest| rest.strip_suffix(".wav"));
        &key.clips[name.expect("the address of a clip")]
    };
    // The answers of three workers, with the clips that the toolkit would have dealt out.
    let mut answers =
        "AssignmentId,WorkerId,AssignmentStatus,Input.Q0_P,Input.TP,Answer.q1,Answer.Q1_URL,Answer.Q1_order,\
                       Answer.q2,Answer.Q2_URL,Answer.Q2_order\n"
            .to_owned();
    let mut plain = "rater,item,system,score,first\n".to_owned();
    for (index, row) in rows.enumerate() {
        let (rated, reference) = row.split_once(',').expect("two columns");
        let (rated_clip, reference_clip) = (clip(rated), clip(reference));
        assert_eq!((rated_clip.slot, reference_clip.slot), (Slot::System, Slot::Reference));
        assert_eq!(rated_clip.item, reference_clip.item);
        assert_eq!(reference_clip.system, "recordings");
        for (number, worker) in ["W1", "W2", "W3"].into_iter().enumerate() {
            let vote = (index * 7 + number * 5) % 4;
            let score = 1 - vote as i32;
            let (order, first) = [("rp", "reference"), ("pr", "system")][(index + number) % 2];
            writeln!(
                answers,
                "A{index}{number},{worker},Approved,{rated},{reference},{score},{rated},{order},0,{reference},rp"
            )
            .unwrap();
            writeln!(plain, "{worker},{},{},{score},{first}", rated_clip.item, rated_clip.system).unwrap();
        }
    }
    place.write("answers.csv", answers);
    place.write("plain.csv", plain);
    place
        .summarize(
            "verdict --ratings answers.csv --key BUNDLE.key.json --anchor cut --reference recordings --out V",
        )
        .exits_with(0)
        .says("24 ratings (CMOS), raters by `WorkerId`");
    place
        .summarize("verdict --ratings plain.csv --paradigm cmos --reference recordings --anchor cut --score-is system-minus-reference --out W")
        .exits_with(0);
    let systems = |report: &str| {
        let mut report: Value = serde_json::from_str(&place.read(report)).unwrap();
        report["verdicts"][0]["systems"].take()
    };
    assert_eq!(systems("V/report.json"), systems("W/report.json"));
    // The key names the reference.
    place.summarize("verdict --ratings answers.csv --key BUNDLE.key.json --out X").exits_with(0);
}

#[test]
fn what_a_tool_cannot_do_is_said() {
    let place = exported("cmos", "--to p808 --out p808 --url https://example.org/clips");
    let export = |options: &str| place.listen(&format!("export PLAN.toml --bundle BUNDLE {options}"));
    insta::assert_snapshot!(place.read("p808/master.cfg"));
    insta::assert_snapshot!(place.read("p808/result_parser.cfg"));
    let again = export("--to p808 --out other --url https://example.org/clips").exits_with(0);
    insta::assert_snapshot!(again.stderr);
    export("--to p808 --out p808 --url https://example.org/clips")
        .exits_with(2)
        .says("`p808` exists already");
    export("--to p808 --out x").exits_with(2).says("the P.808 toolkit needs the address of the clips");
    export("--to p808 --out x --url https://example.org/a,b").exits_with(2).says("separate the columns");
    export("--to webmushra --out x")
        .exits_with(2)
        .says("webMUSHRA has no page on which clips are compared as in a CMOS test")
        .says("ask on the bundle's own page");
    assert!(!place.path("x").exists());
    // The clips of null pairs stay behind, so one that is exported is spoilt.
    let clips = place.read("p808/rating_clips.csv");
    let name = clips.lines().nth(1).and_then(|row| row.split(',').next()?.rsplit('/').next());
    place.write(&format!("BUNDLE/clips/{}", name.expect("there are clips")), "RIFF");
    export("--to p808 --out x --url https://example.org/clips")
        .exits_with(2)
        .says("not the clip that the key describes");
}

#[test]
fn a_configuration_of_webmushra_has_the_words_of_the_protocol() {
    let place = exported("mos", "--to webmushra --out first-look");
    let is_configuration = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    let name =
        place.files("first-look").into_keys().find(is_configuration).expect("there is a configuration");
    let text = place.read(&format!("first-look/{}", name.display()));
    // Two pages are enough.
    let end = text.match_indices("  - type: \"likert_single_stimulus\"").nth(2).expect("there are three").0;
    let finish = text.find("  - type: \"finish\"").expect("there is an end");
    insta::assert_snapshot!(format!("{}{}", &text[..end], &text[finish..]));
    let outcome = place.listen("export PLAN.toml --bundle BUNDLE --to webmushra --out again --language de");
    insta::assert_snapshot!(outcome.exits_with(0).stderr);
    place
        .listen("export PLAN.toml --bundle BUNDLE --to webmushra --out a:b")
        .exits_with(2)
        .says("give it a name of letters");
}

#[test]
fn exercises_gold_trials_and_traps_become_lists_of_the_p808_toolkit() {
    let place = Place::new();
    let text = include_str!("../../protocols/mos.toml").replace("items = 50", "items = 4");
    let control = |id: &str, purpose: &str, answers: &str| {
        let clips = "clips = [\"recordings/LJ001-0045.wav\"]";
        format!("\n[[control]]\nid = \"{id}\"\npurpose = \"{purpose}\"\n{clips}\n{answers}\n")
    };
    let controls = [
        control("try", "practice", "feedback = \"Well done.\""),
        control("best", "gold", "lowest = 4\nhighest = 5"),
        control("any", "gold", "lowest = 2\nhighest = 5"),
        control("three", "trap", "lowest = 3\nhighest = 3"),
    ];
    place.write("mos.toml", text + &controls.concat());
    let systems = "--reference recordings=recordings --system quiet=quiet";
    place.listen(&format!("plan --protocol mos.toml {systems} --out PLAN.toml")).exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    let export = "export PLAN.toml --bundle BUNDLE --to p808 --out p808 --url https://e.example/c";
    let outcome = place.listen(export).exits_with(0);
    assert!(!outcome.stderr.contains("does not have"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("note: left out any: the toolkit accepts"), "{}", outcome.stderr);
    let key: Key = serde_json::from_str(&place.read("BUNDLE.key.json")).unwrap();
    let address = |id: &str| {
        let (name, _) = key.clips.iter().find(|(_, clip)| clip.item == id).expect("the bundle has its clip");
        format!("https://e.example/c/{name}.wav")
    };
    assert_eq!(place.read("p808/training_clips.csv"), format!("training_clips\n{}\n", address("try")));
    let gold = format!("gold_clips,gold_clips_ans\n{},5\n", address("best"));
    assert_eq!(place.read("p808/gold_clips.csv"), gold);
    let traps = format!("trapping_clips,trapping_ans\n{},3\n", address("three"));
    assert_eq!(place.read("p808/trapping_clips.csv"), traps);
    assert_eq!(place.read("p808/rating_clips.csv").lines().count(), 1 + 2 * 4);
}
