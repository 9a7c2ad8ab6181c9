//! `mynah-summarize`, and the whole chain before it.

use std::fs;

use crate::support::Place;

/// Creates a place with a plan and simulated ratings that find one system much worse.
fn rated() -> Place {
    let place = Place::new();
    place.plan().exits_with(0);
    place.listen("simulate PLAN.toml --out ratings.csv --true-difference cut=-1.5").exits_with(0);
    place
}

/// Copies the ratings as human ones, since the programs trust the `origin` column.
fn by_people(place: &Place) {
    place.write("people.csv", place.read("ratings.csv").replace(",simulated,", ",human,"));
}

#[test]
fn goes_from_wavs_to_a_report() {
    let place = rated();
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    let systems = "--system quiet=quiet --system cut=cut";
    place.score(&format!("run --reference recordings {systems} --out scores.parquet")).exits_with(0);
    let verdict =
        place.summarize("verdict --plan PLAN.toml --ratings ratings.csv --out VERDICT").exits_with(0);
    assert_eq!(verdict.stdout.lines().count(), 4, "{}", verdict.stdout);
    assert!(verdict.stdout.contains("\nranking: quiet 1, cut 2\n"), "{}", verdict.stdout);
    assert!(verdict.stdout.contains("\nassay sensitivity: There is no anchor"), "{}", verdict.stdout);
    assert!(verdict.stdout.starts_with("quiet: Simulated ratings, not a finding"), "{}", verdict.stdout);

    let report = format!(
        "report --scores scores.parquet --ratings ratings.csv --plan PLAN.toml --reference recordings {systems} \
         --samples 2 --title Demo"
    );
    place.summarize(&format!("{report} --out REPORT")).exits_with(0).says("wrote `REPORT/index.html`");
    let html = place.read("REPORT/index.html");
    assert!(html.contains("<h1>Demo</h1>") && html.contains("The ratings in this report are simulated"));
    let markdown = place.read("REPORT/report.md");
    for heading in [
        "What listeners say",
        "Scores",
        "Differences",
        "Worst items",
        "Worst utterances",
        "Listen and look",
        "Methods",
    ] {
        assert!(markdown.contains(&format!("\n## {heading}\n")), "{heading} is missing");
    }
    // Every player has its clip.
    let sources: Vec<&str> =
        html.split("<source src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    // Two sentences of three voices, and the two worst of each system next to the reference.
    assert_eq!(sources.len(), 6 + 8);
    for source in &sources {
        assert!(place.path(&format!("REPORT/{source}")).is_file(), "{source}");
    }
    let recording = fs::read(place.path("recordings/LJ001-0043.wav")).unwrap();
    assert_eq!(recording, fs::read(place.path("REPORT/audio/0-reference/0-LJ001-0043.wav")).unwrap());
    for file in [
        "report.json",
        "tables/scores.csv",
        "tables/verdict.tex",
        "figures/scores.svg",
        "figures/ratings.svg",
    ] {
        assert!(place.path(&format!("REPORT/{file}")).is_file(), "{file}");
    }
    place.summarize(&format!("{report} --out AGAIN")).exits_with(0);
    for file in ["index.html", "report.json", "report.md"] {
        assert_eq!(place.read(&format!("REPORT/{file}")), place.read(&format!("AGAIN/{file}")), "{file}");
    }
}

#[test]
fn exits_by_the_required_conclusion() {
    let place = rated();
    let verdict = "verdict --plan PLAN.toml --out V --ratings";
    place
        .summarize(&format!("{verdict} ratings.csv --require non-inferior"))
        .exits_with(1)
        .says("the ratings are simulated");
    by_people(&place);
    let outcome = place.summarize(&format!("{verdict} people.csv --require non-inferior")).exits_with(1);
    let outcome = outcome.says("not met: cut is worse, expected non-inferior");
    assert!(outcome.stdout.contains("cut: "), "{}", outcome.stdout);
    place.summarize(&format!("{verdict} people.csv")).exits_with(0);
    assert!(!place.read("V/index.html").contains("The ratings in this report are simulated"));

    place
        .listen("simulate PLAN.toml --out ratings.csv --true-difference cut=2 --true-difference quiet=2")
        .exits_with(0);
    by_people(&place);
    for requirement in ["better", "non-inferior"] {
        place.summarize(&format!("{verdict} people.csv --require {requirement}")).exits_with(0);
    }
    place.summarize(&format!("{verdict} people.csv --require equivalent")).exits_with(1);
    let outcome = place.summarize(&format!("{verdict} people.csv --require human-level")).exits_with(1);
    outcome.says("not met: quiet is better, expected human level");
    place.summarize(&format!("{verdict} people.csv --require perfect")).exits_with(2).says("non-inferior");
}

#[test]
fn human_level_requires_a_test_that_finds_its_anchor() {
    let place = Place::new();
    // The size of the paper's test, with the same clip under fifty names.
    for (from, to) in [("recordings", "fifty"), ("quiet/wavs", "fifty-quiet/wavs")] {
        let clip = fs::read(place.path(&format!("{from}/LJ001-0043.wav"))).unwrap();
        for number in 1..=50 {
            place.write(&format!("{to}/clip-{number:02}.wav"), &clip);
        }
    }
    place.write("full.toml", include_str!("../../protocols/cmos.toml"));
    let plan = |protocol: &str, place: &Place| {
        let systems = "--reference recordings=fifty --system quiet=fifty-quiet --anchor noisy=noisy";
        place.listen(&format!("plan --protocol {protocol} {systems} --out PLAN.toml")).exits_with(0);
    };
    place.listen("anchor fifty --q 10 --out noisy").exits_with(0);
    plan("full.toml", &place);
    let verdict = |noisy: f64| {
        let components = "--item-sd 0 --rater-sd 0 --residual-sd 0.35";
        place
            .listen(&format!(
                "simulate PLAN.toml {components} --true-difference noisy={noisy} --out ratings.csv"
            ))
            .exits_with(0);
        by_people(&place);
        place.summarize("verdict --plan PLAN.toml --ratings people.csv --out V --require human-level")
    };
    let found = verdict(-1.5).exits_with(0);
    assert!(found.stdout.contains("That is human-level quality on this test set."), "{}", found.stdout);
    assert!(found.stdout.contains("assay sensitivity: The test has found"), "{}", found.stdout);
    let missed = verdict(0.0).exits_with(1);
    assert!(missed.stdout.contains("quiet: `quiet` is equivalent"), "{}", missed.stdout);
    assert!(missed.stdout.contains("assay sensitivity: The test has not found"), "{}", missed.stdout);
    // A protocol cannot ask for less.
    let full = place.read("full.toml");
    place.write("loose.toml", full.replace("margin = 0.2", "margin = 3.0"));
    fs::remove_file(place.path("PLAN.toml")).unwrap();
    plan("loose.toml", &place);
    let loose = verdict(-1.5).exits_with(1);
    assert!(
        loose.stdout.contains("The margin of ±3 is wider than the ±0.2 that human level allows"),
        "{}",
        loose.stdout
    );
}

#[test]
fn rejects_ratings_of_another_plan_by_place() {
    let place = rated();
    let verdict = "verdict --plan PLAN.toml --out V --ratings";
    let good = place.read("ratings.csv");
    let design = place.read("PLAN.toml");
    let design =
        design.lines().find_map(|line| line.strip_prefix("design = \"")).unwrap().trim_end_matches('"');
    place.write("other.csv", good.replace(design, "0123456789abcdef0123456789abcdef"));
    place.summarize(&format!("{verdict} other.csv")).exits_with(2).says("row 1");
    place.write("off.csv", good.replacen(",human,", ",nobody,", 1).replacen(",simulated,", ",nobody,", 1));
    place.summarize(&format!("{verdict} off.csv")).exits_with(2).says("off.csv");
    let mut lines: Vec<&str> = good.lines().collect();
    lines.truncate(1);
    place.write("header.csv", lines.join("\n") + "\n");
    let outcome = place.summarize(&format!("{verdict} header.csv")).exits_with(0);
    assert_eq!(outcome.stdout.matches("there are no ratings").count(), 2, "{}", outcome.stdout);
    place.write("columns.csv", good.replacen("score", "points", 1));
    place.summarize(&format!("{verdict} columns.csv")).exits_with(2).says("columns.csv");
    place.summarize(&format!("{verdict} nowhere.csv")).exits_with(2).says("nowhere.csv");
    place.write("PLAN.toml", place.read("PLAN.toml").replace("alpha = 0.05", "alpha = 0.01"));
    place.summarize(&format!("{verdict} ratings.csv")).exits_with(2).says("the plan was changed");
}

#[test]
fn several_listening_tests_and_score_files_make_one_report() {
    let place = rated();
    for system in ["quiet", "cut"] {
        let run = format!("run --reference recordings --system {system}={system} --out {system}.csv");
        place.score(&run).exits_with(0);
    }
    let report = "report --scores quiet.csv --scores cut.csv --ratings ratings.csv --plan PLAN.toml --ratings ratings.csv";
    place.summarize(&format!("{report} --plan PLAN.toml --out R")).exits_with(0);
    let json: serde_json::Value = serde_json::from_str(&place.read("R/report.json")).unwrap();
    assert_eq!(json["verdicts"].as_array().unwrap().len(), 2);
    let systems = json["metrics"][0]["systems"].as_array().unwrap();
    let names: Vec<&str> = systems.iter().filter_map(|system| system["system"].as_str()).collect();
    assert_eq!(names, ["quiet", "cut"]);
    assert!(place.path("R/tables/verdict-2.csv").is_file());
    place.summarize(&format!("{report} --out R")).exits_with(2).says("there are 2 --ratings and 1 --plan");
}

#[test]
fn rejects_contradictory_scores() {
    let place = Place::new();
    place.score("run --reference recordings --system quiet=quiet --out scores.csv").exits_with(0);
    let good = place.read("scores.csv");
    let row = good.lines().nth(1).unwrap().to_owned();
    place.write("twice.csv", format!("{good}{row}\n"));
    let n_rows = good.lines().count() - 1;
    place
        .summarize("report --scores twice.csv --out R")
        .exits_with(2)
        .says("two scores of system `quiet`")
        .says("what to do: remove one of them, or give the systems different names")
        .says(&format!("row 1 of `twice.csv`, row {} of `twice.csv`", n_rows + 1));
    place
        .summarize("report --scores scores.csv --scores twice.csv --out R")
        .exits_with(2)
        .says("row 1 of `scores.csv`, row 1 of `twice.csv`");
    place.write("status.csv", good.replacen(",ok,", ",failed,", 1));
    place
        .summarize("report --scores status.csv --out R")
        .exits_with(2)
        .says("its status is not `ok`")
        .says("what to do: correct the row");
    place.summarize("report --out R").exits_with(2).says("--scores");
    place.summarize("report --scores scores.csv --plan PLAN.toml --out R").exits_with(2).says("--ratings");
    place.summarize("report --scores scores.csv --out R").exits_with(0);
    assert!(!place.path("R/audio").exists());
}

#[test]
fn skips_broken_wavs_in_the_report() {
    let place = Place::new();
    place.score("run --reference recordings --system quiet=quiet --out scores.csv").exits_with(0);
    place.write("quiet/wavs/LJ001-0043.wav", "no wav");
    let outcome = place.summarize(
        "report --scores scores.csv --reference recordings --system quiet=quiet --samples 9 --worst 0 --out R",
    );
    outcome.exits_with(0).says("warning: skipped LJ001-0043 of quiet");
    let html = place.read("R/index.html");
    assert_eq!(html.matches("<source src=").count(), 7);
}

#[test]
fn plays_the_worst_utterances_next_to_the_recording() {
    let place = Place::new();
    fs::remove_file(place.path("cut/wavs/LJ002-0009.wav")).unwrap();
    place
        .score("run --reference recordings --system quiet=quiet --system cut=cut --out scores.csv")
        .exits_with(0);
    let report = "report --scores scores.csv --reference recordings --samples 0 --worst 1";
    let outcome = place.summarize(&format!("{report} --system quiet=quiet --system cut=cut --out R"));
    let outcome = outcome.exits_with(0);
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
    let html = place.read("R/index.html");
    // The failed utterance is the worst, and only its recording can be played.
    assert!(html.contains("LJ002-0009, cut: failed: "), "{html}");
    assert_eq!(html.matches("<source src=\"audio/0-reference/").count(), 2);
    assert_eq!(html.matches("<source src=\"audio/1-quiet/").count(), 1);
    assert_eq!(html.matches("<source src=\"audio/2-cut/").count(), 0);
    // One system has no directory, and one directory has no scores.
    let outcome = place.summarize(&format!("{report} --system quite=quiet --out S")).exits_with(0);
    outcome.says("warning: the scores have no system `quite`, only cut, quiet");
    assert!(!place.read("S/index.html").contains("Worst utterances"));
}

#[test]
fn report_does_not_depend_on_threads_or_row_order() {
    let place = rated();
    fs::remove_file(place.path("cut/wavs/LJ002-0009.wav")).unwrap();
    let systems = "--system quiet=quiet --system cut=cut";
    place.score(&format!("run --reference recordings {systems} --out scores.csv")).exits_with(0);
    let scores = place.read("scores.csv");
    let (header, rows) = scores.split_once('\n').unwrap();
    // The systems keep their order; the rows of each are reversed.
    let of = |system: &str| -> Vec<&str> {
        rows.lines().filter(|row| row.starts_with(&format!("{system},"))).rev().collect()
    };
    let turned = [vec![header], of("quiet"), of("cut")].concat();
    assert_eq!(turned.len(), scores.lines().count());
    place.write("turned.csv", turned.join("\n") + "\n");
    let report = |scores: &str, n_threads: usize, out: &str| {
        let arguments = format!(
            "report --scores {scores} --ratings ratings.csv --plan PLAN.toml --reference recordings {systems} --out {out}"
        );
        place.summarize_on(n_threads, &arguments).exits_with(0);
        place.files(out)
    };
    let first = report("scores.csv", 1, "A");
    assert!(first.len() > 30, "{:?}", first.keys());
    for (scores, n_threads, out) in [("scores.csv", 1, "B"), ("scores.csv", 4, "C"), ("turned.csv", 4, "D")] {
        let other = report(scores, n_threads, out);
        assert_eq!(first.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{out}");
        for (path, bytes) in &first {
            assert!(*bytes == other[path], "{} differs in {out}", path.display());
        }
    }
}

#[test]
fn prints_published_results_unless_omitted() {
    let place = Place::new();
    place.score("run --reference recordings --system quiet=quiet --out scores.csv").exits_with(0);
    place.summarize("report --scores scores.csv --out R").exits_with(0);
    let markdown = place.read("R/report.md");
    assert!(markdown.contains("Listening scores of different tests must not be compared"), "{markdown}");
    assert!(markdown.contains("| NaturalSpeech | 4.56 ± 0.13 | 0.7145 |"), "{markdown}");
    assert!(place.path("R/tables/published-table-6.csv").is_file());
    place.summarize("report --scores scores.csv --no-baselines --out S").exits_with(0);
    assert!(!place.read("S/report.md").contains("Published"));
    place.write("own.toml", "title = \"t\"\nsource = \"s\"\nauthor = \"a\"\ntable = []\n");
    place
        .summarize("report --scores scores.csv --baselines own.toml --out T")
        .exits_with(2)
        .says("own.toml")
        .says("unknown field `author`");
}

#[test]
fn rejects_malformed_scores_by_file_and_row() {
    let place = Place::new();
    place.score("run --reference recordings --system quiet=quiet --out scores.csv").exits_with(0);
    let good = place.read("scores.csv");
    let row = good.lines().nth(2).unwrap();
    let with = |from: &str, to: &str| {
        let changed = row.replacen(from, to, 1);
        assert_ne!(changed, row, "{from} is not in the row");
        good.replacen(row, &changed, 1)
    };
    let value = row.split(",ok,").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    for (name, text) in [
        ("nan.csv", with(&format!(",ok,{value},"), ",ok,NaN,")),
        ("inf.csv", with(&format!(",ok,{value},"), ",ok,inf,")),
        ("word.csv", with(&format!(",ok,{value},"), ",ok,much,")),
        ("status.csv", with(",ok,", ",fine,")),
    ] {
        place.write(name, text);
        let outcome = place.summarize(&format!("report --scores {name} --out R")).exits_with(2);
        outcome.says(name).says("row 2");
    }
    let header = good.lines().next().unwrap();
    place.write("empty.csv", format!("{header}\n"));
    place
        .summarize("report --scores empty.csv --out R")
        .exits_with(2)
        .says("`empty.csv` has no rows")
        .says("neither scores nor ratings");
    place.write("nothing.csv", "");
    place.summarize("report --scores nothing.csv --out R").exits_with(2).says("nothing.csv");
    // A single item of a single system is valid.
    place.write("one.csv", format!("{header}\n{row}\n"));
    place.summarize("report --scores one.csv --out ONE").exits_with(0);
    let json: serde_json::Value = serde_json::from_str(&place.read("ONE/report.json")).unwrap();
    assert_eq!(json["metrics"][0]["systems"][0]["interval"]["reason"], "a single item has no spread");
    assert_eq!(json["checkpoints"]["rankings"][0]["outcome"]["reason"], "there is only one system");
}
