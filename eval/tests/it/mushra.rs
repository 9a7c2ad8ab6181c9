//! A test with sliders side by side, from `mynah-listen anchor` and `plan --protocol mushra` to its verdict and report.

use mynah_listening::{Key, Origin, Outcome, OutcomeRate, Paradigm, Plan, Rating};
use mynah_signal::{Stft, StftConfig, wav};
use mynah_table::read_table;
use serde_json::{Value, json};

use crate::answers::{Shown, write_answers};
use crate::client::{Client, Server, bundle_of};
use crate::support::{ITEMS, Outcome as Finished, Place};

const SYSTEMS: &str =
    "--reference recordings=recordings --system quiet=quiet --system cut=cut --anchor low=low";

/// Makes the low-pass anchor, writes a protocol for four sentences and eight raters, and plans a test with it.
fn plan(place: &Place) -> Finished {
    place
        .listen("anchor recordings --low-pass 3500 --out low")
        .exits_with(0)
        .says("without what is above 3500 Hz");
    place.plan_small("mushra", SYSTEMS)
}

/// The points that a rater gives to a voice on a page.
fn points(voice: &str, rater: usize, page: usize) -> i64 {
    let noise = ((7 * rater + 3 * page) % 11) as i64;
    match voice {
        "recordings" => 100 - noise % 4,
        "quiet" => 99 - noise % 5,
        "cut" => 60 + noise,
        _ => 20 + noise,
    }
}

/// The answer of a rater to a page.
fn answer(shown: &Shown<'_>) -> Value {
    let (page, voices) = (shown.page, shown.voices());
    let heard: Vec<Value> = shown
        .names()
        .into_iter()
        .map(|name| {
            let (sha256, ms) = (&shown.clips[name]["sha256"], &shown.clips[name]["milliseconds"]);
            json!({ "clip": name, "sha256": sha256, "duration_ms": ms, "plays": 1, "whole_plays": 1, "heard_ms": ms,
                    "longest_ms": ms, "gap_ms": 20, "hidden_ms": 0 })
        })
        .collect();
    let scores: Vec<i64> = voices[1..].iter().map(|voice| points(voice, shown.rater, page)).collect();
    json!({
        "trial": shown.trial["id"], "page": page, "score_raw": null, "scores_raw": scores, "skipped": null,
        "clips": heard, "milliseconds": 60_000, "answered": format!("2026-11-30T10:00:{page:02}.000Z"),
    })
}

#[test]
fn low_pass_anchors_have_no_high_frequencies() {
    let place = Place::new();
    plan(&place).exits_with(0);
    let config = StftConfig { n_fft: 1024, window_length: 1024, hop_length: 512, epsilon: 0.0 };
    let stft = Stft::new(&config).expect("the lengths are powers of two");
    for item in ITEMS {
        let powers = |path: &str| -> Vec<f64> {
            let clip = wav::read(place.path(path)).expect("it can be read");
            let spectrogram = stft.magnitude(clip.samples());
            let bins = 0..spectrogram.n_bins();
            bins.map(|bin| spectrogram.row(bin).iter().map(|&x| f64::from(x * x)).sum()).collect()
        };
        let (before, after) =
            (powers(&format!("recordings/{item}.wav")), powers(&format!("low/wavs/{item}.wav")));
        let bin = |hertz: f64| (hertz * 1024.0 / 22_050.0) as usize;
        let sum = |powers: &[f64], from: usize, to: usize| powers[from..to].iter().sum::<f64>();
        let kept = sum(&after, 5, bin(3400.0)) / sum(&before, 5, bin(3400.0));
        assert!((kept - 1.0).abs() < 0.01, "{item}: {kept}");
        // What is left is the rounding to 16 bits.
        let left = sum(&after, bin(4100.0), 513) / sum(&before, bin(4100.0), 513);
        assert!(left < 1e-3, "{item}: {left}");
    }
    place
        .listen("anchor recordings --low-pass 12000 --out other")
        .exits_with(1)
        .says("below half of the 22050 Hz");
    place
        .listen("anchor recordings --low-pass 3500 --q 20 --out other")
        .exits_with(2)
        .says("cannot be used with");
}

#[test]
fn prints_the_power_of_a_test_side_by_side() {
    let place = Place::new();
    let outcome = plan(&place).exits_with(0).says("wrote `PLAN.toml`");
    insta::assert_snapshot!(outcome.stdout);
    let without =
        "plan --protocol mushra.toml --reference recordings=recordings --system cut=cut --out P.toml";
    let outcome = place.listen(without).exits_with(0);
    assert!(outcome.stdout.contains("`mynah-listen anchor --low-pass 3500`"), "{}", outcome.stdout);
    place
        .listen("plan --protocol mushra.toml --system cut=cut --out Q.toml")
        .exits_with(2)
        .says("there are 0 references: a comparison needs exactly one reference");
}

#[test]
fn moved_sliders_end_in_a_verdict_and_a_report() {
    let place = Place::new();
    plan(&place).exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    let plan = Plan::read(&place.path("PLAN.toml")).expect("it was planned");
    let files = write_answers(&place, answer);
    let collect = format!("collect PLAN.toml {files} --key BUNDLE.key.json --out ratings.csv");
    place.listen(&collect).exits_with(0).says("wrote 128 of 128 planned ratings");
    // The same ratings again replace the table, and fewer do not.
    place.listen(&collect).exits_with(0);
    let fewer = collect.replace("ratings-r03.json ", "");
    place.listen(&fewer).exits_with(2).says("--force");
    let ratings: Vec<Rating> = read_table(&place.path("ratings.csv")).expect("it can be read");
    for rating in &ratings {
        let rater = plan.sessions.iter().position(|session| session.rater == rating.rater).expect("planned");
        assert_eq!((rating.paradigm, rating.origin), (Paradigm::Mushra, Origin::Human));
        let expected = points(&rating.system, rater, rating.page as usize) as f64;
        assert_eq!((rating.score, rating.score_raw), (expected, expected), "{rating:?}");
    }

    let verdict = "verdict --plan PLAN.toml --ratings ratings.csv --out V";
    let outcome = place.summarize(verdict).exits_with(0);
    assert!(outcome.stdout.contains("`cut` is worse than `recordings`"), "{}", outcome.stdout);
    let page = place.read("V/report.md").replace('\u{2212}', "-");
    for expected in [
        "Listeners heard all systems of a sentence side by side, recordings openly and once more among them",
        "margin ±5.",
        "Sliders went from 0 to 100, in parts called \"Bad\", \"Poor\", \"Fair\", \"Good\", \"Excellent\".",
        "median and quartiles of the ratings",
        "The test has found what is known to be worse than `recordings`: `low` by -",
        "heard openly",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(!page.contains("human-level"), "{page}");
    let words = page.split("What listeners say").nth(1).expect("a section");
    insta::assert_snapshot!(words.split("The same numbers as a table").next().expect("it begins").trim());
    place.summarize(&format!("{verdict} --require non-inferior")).exits_with(1).says("not met");

    // Without a plan, the same scores, with a margin in points of this scale.
    place
        .summarize(
            "verdict --ratings ratings.csv --paradigm mushra --reference recordings --anchor low --out F",
        )
        .exits_with(0);
    let numbers: Value = serde_json::from_str(&place.read("F/report.json")).expect("it is JSON");
    let found = &numbers["verdicts"][0];
    assert_eq!((&found["analysis"]["margin"], &found["design"]), (&json!(5.0), &Value::Null));
    let numbers: Value = serde_json::from_str(&place.read("V/report.json")).expect("it is JSON");
    assert_eq!(found["systems"][1]["difference"], numbers["verdicts"][0]["systems"][1]["difference"]);
}

#[test]
fn a_served_test_takes_pages_of_sliders() {
    let place = Place::new();
    plan(&place).exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    let key: Key = serde_json::from_str(&place.read("BUNDLE.key.json")).expect("it is a key");
    let arguments = ["--entry", "prolific", "--completion-code", "C1"];
    let server = Server::start(env!("CARGO_BIN_EXE_mynah-listen").as_ref(), &place.path(""), 0, &arguments);
    let client = Client::new(&server.address, &bundle_of(&place.path("")));
    let anna = client.join(&json!({ "PROLIFIC_PID": "anna", "SESSION_ID": "s" })).expect("there are places");
    assert_eq!(anna.n_pages(), 4);
    for page in 0..4 {
        let shown = &anna.session["pages"][page];
        let id = shown["id"].as_str().expect("a name");
        let given = answer(&Shown { rater: 0, page, trial: shown, clips: &anna.session["clips"], key: &key });
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut wrong = given.clone();
            change(&mut wrong);
            let (status, answer) = anna.put(id, &wrong);
            assert_eq!((status, answer["code"].as_str()), (422, Some("answer")), "{answer}");
        };
        refused(&|wrong| wrong["scores_raw"] = json!([50, 50, 50]));
        refused(&|wrong| wrong["scores_raw"][2] = json!(101));
        refused(&|wrong| wrong["score_raw"] = json!(50));
        refused(&|wrong| wrong["scores_raw"] = Value::Null);
        assert_eq!(anna.finish().1["code"], "unfinished");
        assert_eq!(anna.put(id, &given), (200, json!({ "stored": true, "repeated": false })));
        assert_eq!(anna.put(id, &given).1["repeated"], json!(true));
    }
    assert_eq!(anna.finish().1["completion_code"], "C1");
    let ben = client.join(&json!({ "PROLIFIC_PID": "ben", "SESSION_ID": "t" })).expect("there are places");
    let shown = &ben.session["pages"][0];
    let mut hurried =
        answer(&Shown { rater: 1, page: 0, trial: shown, clips: &ben.session["clips"], key: &key });
    hurried["milliseconds"] = json!(900);
    assert_eq!(ben.put(shown["id"].as_str().expect("a name"), &hurried).0, 200);

    let progress =
        place.listen("progress PLAN.toml --store answers.sqlite --payments payments.csv").exits_with(0);
    let line = |rater: &str| {
        let found = progress.stdout.lines().find(|line| line.starts_with(rater));
        found.expect("a line").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    // Pages and minutes, not those of every slider.
    assert_eq!(line("r01")[1..4], ["complete", "4/4", "4.0"], "{}", progress.stdout);
    assert_eq!(line("r02")[3], "1/4", "{}", progress.stdout);
    assert!(progress.stdout.contains("1 of 1 answers faster than the clips last"), "{}", progress.stdout);
    assert!(progress.stdout.contains("20 ratings, 128 planned"), "{}", progress.stdout);
    let payments = place.read("payments.csv");
    assert!(payments.contains("prolific,anna,s,r01,approve,4,"), "{payments}");

    let collect = "collect PLAN.toml --store answers.sqlite --key BUNDLE.key.json --out ratings.csv";
    place.listen(collect).exits_with(1).says("rater `r02` has not answered 3 of 4 pages: 1 to 3");
    let ratings: Vec<Rating> = read_table(&place.path("ratings.csv")).expect("it can be read");
    let of_anna: Vec<&Rating> = ratings.iter().filter(|rating| rating.rater == "r01").collect();
    assert_eq!((of_anna.len(), ratings.len()), (16, 20));
    for rating in of_anna {
        let moved = points(&rating.system, 0, rating.page as usize) as f64;
        assert_eq!(rating.score.to_bits(), moved.to_bits());
    }
}

#[test]
fn simulated_sliders_have_a_scale_of_their_own() {
    let place = Place::new();
    plan(&place).exits_with(0);
    place.listen("simulate PLAN.toml --true-difference cut=-20 --out ratings.parquet").exits_with(0);
    let ratings: Vec<Rating> = read_table(&place.path("ratings.parquet")).expect("it can be read");
    let mean = |system: &str| {
        let scores: Vec<f64> =
            ratings.iter().filter(|rating| rating.system == system).map(|rating| rating.score).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    assert!(mean("recordings") > 75.0 && mean("cut") < mean("recordings") - 5.0, "{}", mean("recordings"));
    assert!(mean("low") < mean("recordings") - 15.0, "{}", mean("low"));
    place.summarize("verdict --plan PLAN.toml --ratings ratings.parquet --out V").exits_with(0);
    assert!(place.read("V/report.md").contains("are simulated"));

    let rehearse = "simulate PLAN.toml --studies 40 --true-difference cut=-40 --out rates.csv";
    let printed = place.listen(rehearse).exits_with(0).stdout;
    assert!(printed.starts_with(
        "40 simulated studies of 4 sentences, 8 ratings of each, 8 raters; alpha 0.05, margin 5\n"
    ));
    let rates: Vec<OutcomeRate> = read_table(&place.path("rates.csv")).expect("it can be read");
    let rate = |system: &str, outcome: Outcome| {
        rates.iter().find(|row| row.system == system && row.outcome == outcome).expect("a row").rate
    };
    assert!(rate("cut", Outcome::Worse) > 0.8 && rate("quiet", Outcome::Worse) < 0.2, "{printed}");
    // The standard deviations of one test plan the next.
    place
        .listen(&format!(
            "plan --protocol mushra.toml {SYSTEMS} --out NEXT.toml --components-from ratings.parquet"
        ))
        .exits_with(0)
        .says("standard deviations from `ratings.parquet`");
}
