//! `mynah-score page`.

use std::fs;

use mynah_metrics::{health_limits, metric};
use mynah_signal::{Waveform, wav};

use crate::support::{ITEMS, Outcome, Place};

const WAVS: &str = "--reference recordings --system quiet=quiet --system cut=cut";

/// Creates a place with scores of both systems, one of whose wavs is missing, one silent and one clipped.
fn scored() -> Place {
    let place = Place::new();
    let path = |item: &str| place.path(&format!("cut/wavs/{item}.wav"));
    fs::remove_file(path(ITEMS[0])).expect("the wav is there");
    let change = |item: &str, of: fn(f32) -> f32| {
        let waveform = wav::read(path(item)).expect("the wav is good");
        let samples = waveform.samples().iter().copied().map(of).collect();
        wav::write_pcm16(path(item), &Waveform::new(samples, waveform.sample_rate()))
            .expect("the place is writable");
    };
    change(ITEMS[1], |_| 0.0);
    change(ITEMS[2], |sample| (20.0 * sample).clamp(-1.0, 1.0));
    place.write(
        "protocol.toml",
        "metrics = [\"mcd\", \"log_f0_rmse\", \"duration_ratio\", \"clipped_runs\", \"dc_offset\"]",
    );
    let systems = "--system quiet=quiet --system cut=cut";
    place
        .score(&format!("run --reference recordings {systems} --protocol protocol.toml --out scores.parquet"))
        .exits_with(0);
    place
}

fn page(place: &Place, arguments: &str) -> Outcome {
    place.score(&format!("page --scores scores.parquet {arguments} --out page"))
}

#[test]
fn writes_a_page_that_plays_what_it_lists() {
    let place = scored();
    place.write("texts.csv", ITEMS.map(|item| format!("{item}|The text of {item}.\n")).concat());
    let outcome = page(&place, &format!("{WAVS} --text texts.csv")).exits_with(0);
    assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
    outcome.says("1 of ").says("sounds are missing or broken").says("wrote `page/index.html`");
    let html = place.read("page/index.html");
    for part in [
        "cut",
        "2 of 4 items failed or missing",
        &format!("there is no <code>{}.wav</code>", ITEMS[0]),
        &format!("The text of {}.", ITEMS[2]),
        "clipped_runs",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // Every sound that is played is there, unchanged, and nothing else.
    let files = place.files("page/audio");
    let mut n_played = 0;
    for part in html.split("<source src=\"").skip(1) {
        let path = part.split('"').next().unwrap();
        let bytes = fs::read(place.path("page").join(path)).unwrap();
        let (folder, name) = path.rsplit_once('/').unwrap();
        let item = name.split_once('-').unwrap().1;
        let source = match folder {
            "audio/0-recordings" => format!("recordings/{item}"),
            "audio/1-quiet" => format!("quiet/wavs/{item}"),
            _ => format!("cut/wavs/{item}"),
        };
        assert_eq!(bytes, fs::read(place.path(&source)).unwrap(), "{path}");
        n_played += 1;
    }
    assert!(n_played > 4 && files.len() <= n_played, "{n_played} {}", files.len());
    assert_eq!(html.matches("<image ").count(), n_played, "each has a spectrogram");
}

#[test]
fn gives_the_same_bytes_again() {
    let place = scored();
    page(&place, WAVS).exits_with(0);
    let first = place.files("page");
    page(&place, WAVS).exits_with(2).says("already exists");
    page(&place, &format!("{WAVS} --force")).exits_with(0);
    assert_eq!(place.files("page"), first);
}

#[test]
fn lists_as_many_items_as_it_is_told() {
    let place = scored();
    let n_cards = |arguments: &str| {
        page(&place, &format!("{WAVS} --force {arguments}")).exits_with(0);
        place.read("page/index.html").matches("<article class=\"card\"").count()
    };
    let (one, three) = (n_cards("--worst 1"), n_cards(""));
    assert!(one < three, "{one} {three}");
    page(&place, "--no-sound --force").exits_with(0).says("sounds: none");
    assert!(place.read("page/index.html").contains("made without the wavs"));
}

#[test]
fn shows_what_was_heard_otherwise() {
    let place = scored();
    let item = ITEMS[2];
    let row = format!(
        "{{\"system\":\"cut\",\"item\":\"{item}\",\"metric\":\"wer\",\"reference\":\"a house\",\"heard\":\"a mouse\",\
         \"hits\":1,\"substitutions\":1,\"deletions\":0,\"insertions\":0,\"difference\":\"a [house > mouse]\"}}\n"
    );
    place.write("scores.words.jsonl", row);
    page(&place, WAVS).exits_with(0);
    assert!(place.read("page/index.html").contains("a [house &#62; mouse]"));
}

#[test]
fn explains_bad_input() {
    let place = scored();
    let says = |arguments: &str, what: &str, remedy: &str| {
        page(&place, arguments).exits_with(2).says(what).says(remedy);
    };
    says(
        "--system quiet=quiet",
        "the scores have a system `cut`, whose wavs are not named",
        "--system cut=DIR",
    );
    says(
        "--system quiet=quiet --system cut=cut --system other=cut",
        "no system `other`",
        "name one of cut, quiet",
    );
    says("--system quiet=quiet --system cut=protocol.toml", "failed to list `protocol.toml`", "");
    place.write("empty/note.txt", "");
    says(
        "--system quiet=quiet --system cut=empty",
        "`empty` has no wav of any item that `cut` has scores for",
        "DIR/wavs",
    );
    says(
        &format!("{WAVS} --metric utmos"),
        "the scores have no metric `utmos`",
        "name one of clipped_runs, dc_offset",
    );
    says("", "--system <NAME=DIR>", "");
    let score = |content: &str, what: &str, remedy: &str| {
        place.write("other.csv", content);
        place.score("page --scores other.csv --no-sound --out page").exits_with(2).says(what).says(remedy);
        assert!(!place.path("page").exists(), "nothing is written");
    };
    let header = "system,step,item,metric,profile,unit,status,value,reason,frames,better\n";
    score(header, "there are no scores in `other.csv`", "name a table that `mynah-score run` wrote");
    score(
        &format!("{header}a,,x,utmos,utmos/1,,ok,4.0,,,up\n"),
        "row 1 of `other.csv`: `up` is no direction for the metric `utmos`",
        "`higher`, `lower` or `neither`",
    );
    score(
        &format!("{header}a,,x,utmos,utmos/1,,ok,4.0,,,\na,,x,utmos,utmos/1,,ok,4.0,,,\n"),
        "row 1 of `other.csv`, row 2 of `other.csv`",
        "remove one of them",
    );
    place.write("other.csv", format!("{header}a,,x,utmos,utmos/1,,ok,4.0,,,\n"));
    place
        .score("page --scores other.csv --no-sound --metric utmos --out page")
        .exits_with(2)
        .says("nothing says which way `utmos` is better")
        .says("the column `better`");
}

/// A metric of another tool without a direction is shown, and the page says that it ranks nothing.
#[test]
fn shows_imported_metrics_that_it_does_not_know() {
    let place = Place::new();
    let header = "system,step,item,metric,profile,unit,status,value,reason,frames,better\n";
    let rows = [("x", 4.0), ("y", 3.0), ("z", 2.0)].map(|(item, value)| {
        format!("a,,{item},utmos,utmos/1,,ok,{value},,,\na,,{item},nisqa,nisqa/1,,ok,{value},,,higher\n")
    });
    let table = header.to_owned() + &rows.concat();
    place.write("other.csv", table);
    place.score("page --scores other.csv --no-sound --out page").exits_with(0);
    let html = place.read("page/index.html");
    assert!(html.contains("utmos/1: nothing says which way it is better, so it ranks nothing"), "{html}");
    assert!(html.contains("Ranked by <code>nisqa</code>. Not by <code>utmos</code>"), "{html}");
    assert!(html.contains("z by a"), "{html}");
}

#[test]
fn limits_of_health_are_those_of_the_documentation() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/health.md")).unwrap();
    let table = text.split("## False alarms").nth(1).unwrap().split("\n\n").nth(1).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let documented: Vec<(&str, &str, &str)> =
        rows.iter().map(|row| (row[0].trim_matches('`'), row[1], row[2])).collect();
    let rates: Vec<String> =
        health_limits().iter().map(|limit| format!("{:.1} %", limit.false_alarms_percent)).collect();
    let limits: Vec<(&str, &str, &str)> = health_limits()
        .iter()
        .zip(&rates)
        .map(|(limit, rate)| (limit.metric, limit.rule, rate.as_str()))
        .collect();
    assert_eq!(limits, documented);
    assert!(health_limits().iter().all(|limit| metric(limit.metric).is_some()));
}
