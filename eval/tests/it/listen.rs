//! `mynah-listen`.

use std::fs;
use std::path::Path;

use mynah_listening::{Key, Kind, Origin, Outcome, OutcomeRate, Paradigm, Protocol, Rating};
use mynah_signal::wav;
use mynah_table::read_table;
use mynah_testkit::fixture;

use crate::support::{ITEMS, Place};

/// The library keeps a copy of its own, so that it builds and tests without the programs.
#[test]
fn shipped_protocols_are_the_standard_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols");
    for paradigm in Paradigm::ALL {
        let path = folder.join(format!("{}.toml", paradigm.as_str()));
        let text = fs::read_to_string(&path).expect("every paradigm has a protocol for users");
        let shipped = Protocol::from_toml(&text).expect("it is valid");
        assert_eq!(shipped, Protocol::standard(paradigm), "{}", path.display());
    }
}

#[test]
fn prints_the_power_of_a_plan() {
    let place = Place::new();
    let outcome = place.plan().exits_with(0).says("wrote `PLAN.toml`");
    insta::assert_snapshot!(outcome.stdout);
}

#[test]
fn plans_depend_on_the_seed_alone() {
    let place = Place::new();
    place.plan().exits_with(0);
    let first = place.read("PLAN.toml");
    place.plan().exits_with(0);
    assert_eq!(first, place.read("PLAN.toml"));
    let other =
        "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --out other.toml";
    place.listen(&format!("{other} --seed 1")).exits_with(0);
    let one = place.read("other.toml");
    place.listen(&format!("{other} --seed 2 --force")).exits_with(0);
    assert_ne!(one, place.read("other.toml"));
}

#[test]
fn reports_why_a_plan_cannot_be_made() {
    let place = Place::new();
    place.write_small_protocol();
    let systems = "--reference recordings=recordings --system quiet=quiet --out PLAN.toml";
    place
        .listen(&format!("plan --protocol cmos {systems}"))
        .exits_with(2)
        .says("the protocol wants 50 items");
    place.listen(&format!("plan --protocol nowhere.toml {systems}")).exits_with(2).says("nowhere.toml");
    place.write("key.toml", place.read("small.toml").replace("raters = 6", "raters = 6\njudges = 7"));
    place.listen(&format!("plan --protocol key.toml {systems}")).exits_with(2).says("judges");
    place
        .listen("plan --protocol small.toml --system quiet=quiet --out PLAN.toml")
        .exits_with(2)
        .says("exactly one reference");
    place
        .listen("plan --protocol small.toml --reference a=recordings --system a=quiet --out PLAN.toml")
        .exits_with(2)
        .says("two directories are named `a`");
    place.write("items.txt", "LJ001-0045\nLJ009-0001\n");
    place
        .listen(&format!("plan --protocol small.toml --items items.txt {systems}"))
        .exits_with(2)
        .says("lists item `LJ009-0001`");
    assert!(!place.path("PLAN.toml").exists());
}

#[test]
fn makes_an_anchor_of_every_readable_recording() {
    let place = Place::new();
    place.listen("anchor recordings --q 15 --out noisy").exits_with(0).says("wrote 4 wavs to `noisy`");
    let read = |path: String| wav::read(place.path(&path)).unwrap();
    for item in ITEMS {
        let recording = read(format!("recordings/{item}.wav"));
        let noisy = read(format!("noisy/wavs/{item}.wav"));
        assert_eq!((recording.len(), recording.sample_rate()), (noisy.len(), noisy.sample_rate()));
        let pairs = || {
            let both = recording.samples().iter().zip(noisy.samples());
            both.map(|(&x, &y)| (f64::from(x), f64::from(y)))
        };
        let power: f64 = pairs().map(|(x, _)| x * x).sum();
        // A clip that would have clipped is attenuated as a whole.
        let gain = pairs().map(|(x, y)| x * y).sum::<f64>() / power;
        let noise: f64 = pairs().map(|(x, y)| (y - gain * x).powi(2)).sum();
        let q = 10.0 * (gain * gain * power / noise).log10();
        assert!((q - 15.0).abs() < 0.3, "{item}: {q}");
    }
    let first = fs::read(place.path("noisy/wavs/LJ001-0043.wav")).unwrap();
    place.listen("anchor recordings --q 15 --out again").exits_with(0);
    assert_eq!(first, fs::read(place.path("again/wavs/LJ001-0043.wav")).unwrap());
    place.listen("anchor recordings --q 15 --seed 2 --out other").exits_with(0);
    assert_ne!(first, fs::read(place.path("other/wavs/LJ001-0043.wav")).unwrap());

    // A broken recording does not affect the others.
    place.write("recordings/LJ001-0045.wav", "RIFF");
    place
        .listen("anchor recordings --out some")
        .exits_with(1)
        .says("failed: LJ001-0045")
        .says("wrote 3 wavs");
    place.listen("anchor nowhere --out none").exits_with(2).says("nowhere");
    place.listen("anchor recordings --q -3 --out none").exits_with(2);
    let refused = place.listen("anchor recordings --q=-3 --out none").exits_with(1);
    refused.says("must be 0 to 60 dB");
}

#[test]
fn builds_a_bundle_once_with_its_key_next_to_it() {
    let place = Place::new();
    place.write_small_protocol();
    let systems = "--reference zebra=recordings --system gnu=quiet --system yak=cut";
    place.listen(&format!("plan --protocol small.toml {systems} --out PLAN.toml")).exits_with(0);
    place.listen("build PLAN.toml --out test/BUNDLE").exits_with(0).says("keep it to yourself");
    let (page, key) = (place.read("test/BUNDLE/index.html"), place.read("test/BUNDLE.key.json"));
    for secret in ["zebra", "gnu", "yak", "LJ0"] {
        assert!(!page.contains(secret), "the page reveals {secret}");
        assert!(key.contains(secret), "the key lacks {secret}");
    }
    let key: Key = serde_json::from_str(&key).unwrap();
    // Every sentence of every system is a pair of clips.
    assert!(key.clips.len() >= ITEMS.len() * 4, "{}", key.clips.len());
    for name in key.clips.keys() {
        assert!(place.path(&format!("test/BUNDLE/clips/{name}.wav")).is_file(), "{name}");
    }
    place.listen("build PLAN.toml --out test/BUNDLE").exits_with(2).says("exists already");
    fs::remove_file(place.path("cut/wavs/LJ001-0045.wav")).unwrap();
    place.listen("build PLAN.toml --out other").exits_with(2).says("has no wav for item `LJ001-0045`");
    assert!(!place.path("other").exists());
}

#[test]
fn rejects_an_edited_plan() {
    let place = Place::new();
    place.plan().exits_with(0);
    place.write("PLAN.toml", place.read("PLAN.toml").replace("margin = 0.2", "margin = 2.0"));
    for command in
        ["build PLAN.toml --out B", "simulate PLAN.toml --out r.csv", "collect PLAN.toml a.json --out r.csv"]
    {
        place.listen(command).exits_with(2).says("the plan was changed after it was made");
    }
}

#[test]
fn simulated_ratings_are_marked_and_reproducible() {
    let place = Place::new();
    place.plan().exits_with(0);
    place.listen("simulate PLAN.toml --out one.parquet --true-difference cut=-1.5").exits_with(0);
    place.listen("simulate PLAN.toml --out two.csv --true-difference cut=-1.5").exits_with(0);
    let ratings: Vec<Rating> = read_table(&place.path("one.parquet")).unwrap();
    assert_eq!(ratings, read_table::<Rating>(&place.path("two.csv")).unwrap());
    assert!(ratings.iter().all(|rating| rating.origin == Origin::Simulated));
    let mean = |system: &str| {
        let scores: Vec<f64> = ratings
            .iter()
            .filter(|rating| rating.kind == Kind::Rating && rating.system == system)
            .map(|rating| rating.score)
            .collect();
        assert_eq!(scores.len(), 24);
        scores.iter().sum::<f64>() / 24.0
    };
    assert!(mean("cut") < mean("quiet") - 0.7, "{} {}", mean("cut"), mean("quiet"));
    place.listen("simulate PLAN.toml --out r.csv --true-difference none=1").exits_with(2).says("`none`");
    place.listen("simulate PLAN.toml --out r.csv --true-difference cut").exits_with(2).says("NAME=X");
    place.listen("simulate PLAN.toml --out r.csv --item-sd -1").exits_with(2);
}

#[test]
fn rehearses_a_test() {
    let place = Place::new();
    place.plan().exits_with(0);
    let outcome = place.listen("simulate PLAN.toml --studies 40 --true-difference cut=-1.5 --out rates.csv");
    let printed = outcome.exits_with(0).stdout;
    assert!(
        printed.starts_with("40 simulated studies of 4 sentences, 6 ratings of each, 6 raters"),
        "{printed}"
    );
    for words in [
        "quiet, true difference +0.00",
        "cut, true difference -1.4",
        "clustered interval covers the true value",
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let rates: Vec<OutcomeRate> = read_table(&place.path("rates.csv")).unwrap();
    let rate = |system: &str, outcome| {
        rates.iter().find(|rate| rate.system == system && rate.outcome == outcome).unwrap().rate
    };
    assert!(rate("cut", Outcome::Worse) > 0.5 && rate("quiet", Outcome::Worse) < 0.3);

    // Variance components are estimated from an earlier test.
    place
        .listen("simulate PLAN.toml --out ratings.csv --rater-sd 0.9 --item-sd 0 --residual-sd 0.2")
        .exits_with(0);
    let from = "--components-from ratings.csv";
    place.listen(&format!("simulate PLAN.toml --studies 5 {from}")).exits_with(0).says("between raters");
    let plan =
        "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --out other.toml";
    place.listen(&format!("{plan} {from}")).exits_with(0).says("standard deviations from `ratings.csv`");
    place
        .listen(&format!("simulate PLAN.toml --studies 5 {from} --item-sd 1"))
        .exits_with(2)
        .says("--item-sd");
    place.listen("simulate PLAN.toml --studies 5 --components-from no.csv").exits_with(2).says("`no.csv`");
    place.listen("simulate PLAN.toml --studies 0").exits_with(2).says("--studies");
    place.listen("simulate PLAN.toml").exits_with(2).says("--out");
}

#[test]
fn collects_answers_of_the_page() {
    let place = Place::new();
    let golden = |name: &str| fs::read(fixture(&format!("golden/listening/{name}"))).unwrap();
    place.write("PLAN.toml", golden("PLAN.toml"));
    place.write("answers.json", golden("page_answers.json"));
    let first = place.listen("collect PLAN.toml answers.json --out ratings.csv");
    let ratings: Vec<Rating> = read_table(&place.path("ratings.csv")).unwrap();
    assert!(!ratings.is_empty() && ratings.iter().all(|rating| rating.origin == Origin::Human));
    assert!(first.stderr.contains("no answers yet from") || first.code == 0, "{first:?}");

    place.write("broken.json", "{\"format\": 1");
    let outcome = place.listen("collect PLAN.toml answers.json broken.json answers.json --out again.csv");
    let outcome = outcome.exits_with(1).says("broken.json: this is not a file of answers");
    outcome.says("answers.json: a file of rater");
    assert_eq!(place.read("ratings.csv"), place.read("again.csv"));
    place.listen("collect PLAN.toml --out r.csv").exits_with(2).says("FILES");
}

#[test]
fn keeps_a_plan_of_another_design() {
    let place = Place::new();
    place.plan().exits_with(0);
    let first = place.read("PLAN.toml");
    let other =
        "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --out PLAN.toml";
    place.listen(other).exits_with(2).says("`PLAN.toml` exists with other content").says("--force");
    assert_eq!(place.read("PLAN.toml"), first);
    // Wavs may move, since that does not change the design.
    fs::rename(place.path("quiet"), place.path("moved")).unwrap();
    let moved = "plan --protocol small.toml --reference recordings=recordings --system quiet=moved --system cut=cut \
                 --out PLAN.toml";
    place.listen(moved).exits_with(0);
    assert_ne!(place.read("PLAN.toml"), first);
    place
        .listen(&format!("{} --force", other.replace("=quiet", "=moved")))
        .exits_with(0)
        .says("overwrote `PLAN.toml`");
    assert!(!place.read("PLAN.toml").contains("cut"));
}

#[test]
fn skips_missing_sentences_only_if_allowed() {
    let place = Place::new();
    fs::remove_file(place.path("cut/wavs/LJ001-0045.wav")).unwrap();
    // A sentence that failed to synthesize counts as missing, too.
    place.write("quiet/synthesis.jsonl", "{\"id\":\"LJ009-0009\",\"status\":\"failed\",\"message\":\"x\"}\n");
    place
        .plan()
        .exits_with(2)
        .says("`cut` has no wav in `cut` for 2 of 5 sentences: LJ001-0045, LJ009-0009")
        .says("`quiet` has no wav in `quiet` for 1 of 5 sentences: LJ009-0009")
        .says("2 of 5 sentences are missing for some systems")
        .says("--allow-missing");
    assert!(!place.path("PLAN.toml").exists());
    place.write("three.toml", place.read("small.toml").replace("items = 4", "items = 3"));
    let plan = "plan --protocol three.toml --reference recordings=recordings --system quiet=quiet --system cut=cut \
                --out PLAN.toml";
    place.listen(&format!("{plan} --allow-missing")).exits_with(0).says("skipped 2 of 5 sentences");
    assert!(!place.read("PLAN.toml").contains("LJ001-0045"));
    // Recordings that no system has synthesized are not missing.
    for system in ["cut/wavs", "quiet/wavs"] {
        fs::remove_file(place.path(&format!("{system}/LJ001-0043.wav"))).unwrap();
    }
    fs::remove_file(place.path("quiet/synthesis.jsonl")).unwrap();
    fs::remove_file(place.path("quiet/wavs/LJ001-0045.wav")).unwrap();
    place.write("two.toml", place.read("small.toml").replace("items = 4", "items = 2"));
    place.listen(&plan.replace("three.toml", "two.toml").replace("PLAN.toml", "two-PLAN.toml")).exits_with(0);
}

#[test]
fn keeps_ratings_that_would_be_lost() {
    let place = Place::new();
    let golden = |name: &str| fs::read(fixture(&format!("golden/listening/{name}"))).unwrap();
    place.write("PLAN.toml", golden("PLAN.toml"));
    place.write("answers.json", golden("page_answers.json"));
    let whole: serde_json::Value = serde_json::from_slice(&golden("page_answers.json")).unwrap();
    let mut part = whole.clone();
    part["answers"].as_array_mut().unwrap().truncate(2);
    place.write("ratings-early.json", part.to_string());
    place.listen("collect PLAN.toml ratings-early.json --out ratings.csv").exits_with(1);
    // Tables may grow.
    place.listen("collect PLAN.toml answers.json ratings-early.json --out ratings.csv").exits_with(0);
    let kept = place.read("ratings.csv");
    assert_eq!(read_table::<Rating>(&place.path("ratings.csv")).unwrap().len(), 4);
    for fewer in ["ratings-early.json", "nothing.json"] {
        let command = format!("collect PLAN.toml {fewer} --out ratings.csv");
        place.listen(&command).exits_with(2).says("`ratings.csv` exists").says("--force");
        assert_eq!(place.read("ratings.csv"), kept);
    }
    place.listen("simulate PLAN.toml --out ratings.csv").exits_with(2).says("--force");
    assert_eq!(place.read("ratings.csv"), kept);
    place.listen("collect PLAN.toml nothing.json --out ratings.csv --force").exits_with(1).says("overwrote");
    assert_eq!(read_table::<Rating>(&place.path("ratings.csv")).unwrap().len(), 0);
}

#[test]
fn keeps_keys_recordings_scores_and_pages() {
    let place = Place::new();
    place.plan().exits_with(0);
    place.listen("build PLAN.toml --out B").exits_with(0);
    let (page, key) = (place.read("B/index.html"), place.read("B.key.json"));
    fs::rename(place.path("B"), place.path("online")).unwrap();
    let other =
        "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --out other.toml";
    place.listen(other).exits_with(0);
    place
        .listen("build other.toml --out B")
        .exits_with(2)
        .says("is the key of another bundle")
        .says("--force");
    assert_eq!(place.read("B.key.json"), key);
    assert!(!place.path("B").exists());
    place.listen("build other.toml --out B --force").exits_with(0);
    assert_ne!(place.read("B.key.json"), key);

    place.listen("anchor recordings --out recordings").exits_with(2).says("holds the recordings");
    let wav = fs::read(place.path("quiet/wavs/LJ001-0043.wav")).unwrap();
    place
        .listen("anchor recordings --out quiet")
        .exits_with(1)
        .says("exists with other content")
        .says("--force");
    assert_eq!(fs::read(place.path("quiet/wavs/LJ001-0043.wav")).unwrap(), wav);
    place.listen("anchor recordings --out noisy").exits_with(0);
    place.listen("anchor recordings --out noisy").exits_with(0);

    let score = "--reference recordings --system quiet=quiet --out scores.csv";
    place.score(&format!("run {score}")).exits_with(0);
    place.score(&format!("run {score}")).exits_with(2).says("`scores.csv` already exists").says("--force");
    place.score(&format!("run {score} --force")).exits_with(0);

    // A report replaces an earlier report, but not the raters' page.
    let report = "report --scores scores.csv --no-baselines --out";
    place.summarize(&format!("{report} online")).exits_with(2).says("not a report");
    assert_eq!(place.read("online/index.html"), page);
    for _ in 0..2 {
        place.summarize(&format!("{report} REPORT")).exits_with(0);
    }
}

#[test]
fn plan_rejects_wavs_that_no_bundle_can_be_built_from() {
    let place = Place::new();
    let path = "quiet/wavs/LJ001-0045.wav";
    let good = fs::read(place.path(path)).unwrap();
    let clip = wav::read(place.path(path)).unwrap();
    let faster = mynah_signal::Waveform::new(clip.samples().to_vec(), 24_000);
    place.write(path, wav::encode_pcm16(&faster));
    place
        .plan()
        .exits_with(2)
        .says("11 at 22050 Hz")
        .says(&format!("1 at 24000 Hz, such as `{path}`"))
        .says("convert all of them to mono and one sample rate");
    // Two channels have twice the block size and half the frames.
    let mut stereo = good.clone();
    stereo[22] = 2;
    stereo[28..32].copy_from_slice(&(22_050_u32 * 4).to_le_bytes());
    stereo[32] = 4;
    stereo.truncate(44 + (good.len() - 44) / 4 * 4);
    let size = stereo.len() as u32 - 44;
    stereo[40..44].copy_from_slice(&size.to_le_bytes());
    stereo[4..8].copy_from_slice(&(size + 36).to_le_bytes());
    place.write(path, stereo);
    place.plan().exits_with(2).says(&format!("`{path}` has 2 channels"));
    place.write(path, "RIFF");
    place.plan().exits_with(2).says(path);
    assert!(!place.path("PLAN.toml").exists());
    place.write(path, good);
    place.plan().exits_with(0);
}
