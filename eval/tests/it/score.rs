//! `mynah-score`.

use std::fs;

use mynah_metrics::{Score, Status};
use mynah_table::read_table;
use mynah_testkit::assert_close;

use crate::support::{ITEMS, Place};

const RUN: &str = "run --reference recordings --system quiet=quiet --system cut=cut";
/// Rounding to 16 bits moves the level of a half-loud copy by less than this.
const LEVEL_TOLERANCE_DB: f64 = 0.01;

fn value(scores: &[Score], system: &str, item: &str, metric: &str) -> Option<f64> {
    let found = scores.iter().find(|row| row.system == system && row.item == item && row.metric == metric);
    found.unwrap_or_else(|| panic!("{system} {item} {metric} has no row")).value
}

#[test]
fn every_system_item_and_metric_has_a_row_in_order() {
    let place = Place::new();
    let outcome = place.score(&format!("{RUN} --out scores.csv --strict")).exits_with(0);
    assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
    let outcome = outcome.says("scored 4 of 4").says("wrote 48 rows to `scores.csv`");
    assert!(outcome.stderr.contains("real_time_factor is left out"), "{}", outcome.stderr);
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    let mut items = ITEMS;
    items.sort_unstable();
    let metrics = [
        "duration_ratio",
        "duration_difference",
        "mcd",
        "log_f0_rmse",
        "voicing_error",
        "loudness_difference",
    ];
    let mut expected = Vec::new();
    for system in ["quiet", "cut"] {
        for item in items {
            expected.extend(metrics.map(|metric| (system, item, metric)));
        }
    }
    let found: Vec<_> =
        scores.iter().map(|row| (row.system.as_str(), row.item.as_str(), row.metric.as_str())).collect();
    assert_eq!(found, expected);
    for item in items {
        let loudness = value(&scores, "quiet", item, "loudness_difference").unwrap();
        assert_close(loudness, -20.0 * 2.0_f64.log10(), LEVEL_TOLERANCE_DB, "the level of a half-loud copy");
        let ratio = value(&scores, "cut", item, "duration_ratio").unwrap();
        assert_close(ratio, 0.8_f64.ln(), 1e-4, "the length of four fifths");
        assert!(value(&scores, "quiet", item, "mcd") < value(&scores, "cut", item, "mcd"), "{item}");
    }
}

#[test]
fn the_number_of_threads_and_the_format_do_not_matter() {
    let place = Place::new();
    place.score(&format!("{RUN} --out one.csv --threads 1")).exits_with(0);
    place.score(&format!("{RUN} --out two.csv --threads 2")).exits_with(0);
    assert_eq!(place.read("one.csv"), place.read("two.csv"));
    place.score(&format!("{RUN} --out deep/er/scores.parquet")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("one.csv")).unwrap();
    assert_eq!(scores, read_table::<Score>(&place.path("deep/er/scores.parquet")).unwrap());
}

#[test]
fn missing_and_broken_wavs_are_rows_that_say_why() {
    let place = Place::new();
    fs::remove_file(place.path("cut/wavs/LJ001-0045.wav")).unwrap();
    let whole = fs::read(place.path("cut/wavs/LJ002-0009.wav")).unwrap();
    place.write("cut/wavs/LJ002-0009.wav", &whole[..whole.len() / 2]);
    place.write("cut/wavs/LJ002-0151.wav", "this is no wav");
    fs::remove_file(place.path("recordings/LJ001-0043.wav")).unwrap();

    let run = place.score(&format!("{RUN} --out scores.jsonl")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("scores.jsonl")).unwrap();
    assert_eq!(scores.len(), 48);
    let mut reasons: Vec<String> = scores
        .iter()
        .filter(|row| row.metric == "mcd" && row.status == Status::Failed)
        .map(|row| format!("{} {}: {}", row.system, row.item, row.reason.clone().unwrap_or_default()))
        .collect();
    reasons.sort();
    insta::assert_snapshot!(reasons.join("\n"));
    assert!(scores.iter().all(|row| row.value.is_some() == (row.status == Status::Ok)));
    assert_eq!(run.stderr.matches("  4  none").count(), 6, "{}", run.stderr);
    place
        .score(&format!("{RUN} --out strict.jsonl --strict"))
        .exits_with(1)
        .says("30 rows have no value, which `--strict` does not allow");
    assert_eq!(place.read("scores.jsonl"), place.read("strict.jsonl"));
}

#[test]
fn items_can_be_chosen_and_need_not_exist() {
    let place = Place::new();
    place.write("items.txt", "LJ002-0009\nLJ009-0001\n");
    place.score(&format!("{RUN} --items items.txt --out scores.csv")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    assert_eq!(scores.len(), 24);
    assert!(value(&scores, "quiet", "LJ002-0009", "mcd").is_some());
    assert!(value(&scores, "quiet", "LJ009-0001", "mcd").is_none());
}

#[test]
fn steps_and_real_time_factors_come_from_the_synthesizer() {
    let place = Place::new();
    let row = |id: &str, factor: &str, status: &str| {
        format!(
            "{{\"id\":\"{id}\",\"status\":\"{status}\",\"real_time_factor\":{factor},\"step\":20000,\"seed\":7}}\n"
        )
    };
    let rows = row("LJ001-0045", "0.25", "ok")
        + &row("LJ002-0009", "0.5", "ok")
        + &row("LJ002-0151", "null", "failed");
    place.write("quiet/synthesis.jsonl", rows);
    place.score(&format!("{RUN} --out scores.csv")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    let factors: Vec<String> = scores
        .iter()
        .filter(|row| row.metric == "real_time_factor")
        .map(|row| {
            let (value, step) =
                (row.value.map_or("-".into(), |v| v.to_string()), row.step.map_or(0, |step| step));
            format!(
                "{} {} {step} {value} {}",
                row.system,
                row.item,
                row.reason.as_deref().unwrap_or_default()
            )
        })
        .collect();
    insta::assert_snapshot!(factors.join("\n"));
    place.write("quiet/synthesis.jsonl", row("a", "1", "ok") + &row("a", "1", "ok"));
    place.score(&format!("{RUN} --out scores.csv")).exits_with(2).says("has two rows for `a`");
}

#[test]
fn what_is_wrong_on_the_command_line_is_an_error_before_any_work() {
    let place = Place::new();
    place.score(&format!("{RUN} --out scores.xlsx")).exits_with(2).says("scores.xlsx");
    place
        .score("run --reference recordings --system a=quiet --system a=cut --out s.csv")
        .exits_with(2)
        .says("two directories are called `a`");
    place.score("run --reference recordings --system quiet --out s.csv").exits_with(2).says("NAME=DIR");
    place.score("run --reference recordings --system a=nowhere --out s.csv").exits_with(2).says("nowhere");
    place.score("run --reference recordings --out s.csv").exits_with(2).says("--system");
    place.write("empty/readme.txt", "");
    place
        .score("run --reference recordings --system a=empty --out s.csv")
        .exits_with(2)
        .says("no system has a wav");
    place.write("unknown.toml", "metrics = [\"mcd\", \"wer\"]\n");
    place
        .score(&format!("{RUN} --protocol unknown.toml --out s.csv"))
        .exits_with(2)
        .says("there is no metric `wer`");
    place.write("key.toml", "metrics = [\"mcd\"]\nthreshold = 3\n");
    place.score(&format!("{RUN} --protocol key.toml --out s.csv")).exits_with(2).says("threshold");
    assert!(!place.path("s.csv").exists());
}

#[test]
fn metrics_are_listed_and_explained() {
    let place = Place::new();
    insta::assert_snapshot!(place.score("list").exits_with(0).stdout);
    let listed = place.score("list").stdout;
    for name in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        let explained = place.score(&format!("explain {name}")).exits_with(0).stdout;
        for part in ["Formula", "Unit", "Oracle", "Known faults"] {
            assert!(explained.contains(part), "{name}: {explained}");
        }
    }
    place.score("explain pesq").exits_with(2).says("there is no metric `pesq`");
}
