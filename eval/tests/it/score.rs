//! `mynah-score`.

use std::fs;

use mynah_metrics::{Score, Status};
use mynah_signal::{Resampler, Waveform, wav};
use mynah_table::read_table;
use mynah_testkit::assert_close;

use crate::support::{ITEMS, Place};

const RUN: &str = "run --reference recordings --system quiet=quiet --system cut=cut";
/// Bound on the level error from rounding an attenuated copy to 16 bits.
const LEVEL_TOLERANCE_DB: f64 = 0.01;

fn value(scores: &[Score], system: &str, item: &str, metric: &str) -> Option<f64> {
    let found = scores.iter().find(|row| row.system == system && row.item == item && row.metric == metric);
    found.unwrap_or_else(|| panic!("{system} {item} {metric} has no row")).value
}

#[test]
fn writes_a_row_per_system_item_and_metric_in_order() {
    let place = Place::new();
    let outcome = place.score(&format!("{RUN} --out scores.csv --strict")).exits_with(0);
    assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
    let outcome = outcome.says("scored 4 of 4").says("wrote 104 rows to `scores.csv`");
    assert!(outcome.stderr.contains("skipped real_time_factor"), "{}", outcome.stderr);
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    let mut items = ITEMS;
    items.sort_unstable();
    let metrics = [
        "duration_ratio",
        "duration_difference",
        "speech_duration_ratio",
        "pause_seconds_difference",
        "alignment_run",
        "mcd",
        "log_f0_rmse",
        "f0_median_error",
        "f0_correlation",
        "voicing_error",
        "f0_frame_error",
        "loudness_difference",
        "longest_silence",
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
        assert_close(
            loudness,
            -20.0 * 2.0_f64.log10(),
            LEVEL_TOLERANCE_DB,
            "the level of a copy at half amplitude",
        );
        let ratio = value(&scores, "cut", item, "duration_ratio").unwrap();
        assert_close(ratio, 0.8_f64.ln(), 1e-4, "the length of a copy cut to four fifths");
        assert!(value(&scores, "quiet", item, "mcd") < value(&scores, "cut", item, "mcd"), "{item}");
    }
}

#[test]
fn scores_do_not_depend_on_threads_or_format() {
    let place = Place::new();
    place.score(&format!("{RUN} --out one.csv --threads 1")).exits_with(0);
    place.score(&format!("{RUN} --out two.csv --threads 2")).exits_with(0);
    assert_eq!(place.read("one.csv"), place.read("two.csv"));
    place.score(&format!("{RUN} --out deep/er/scores.parquet")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("one.csv")).unwrap();
    assert_eq!(scores, read_table::<Score>(&place.path("deep/er/scores.parquet")).unwrap());
}

#[test]
fn missing_and_broken_wavs_have_rows_with_reasons() {
    let place = Place::new();
    fs::remove_file(place.path("cut/wavs/LJ001-0045.wav")).unwrap();
    let whole = fs::read(place.path("cut/wavs/LJ002-0009.wav")).unwrap();
    place.write("cut/wavs/LJ002-0009.wav", &whole[..whole.len() / 2]);
    place.write("cut/wavs/LJ002-0151.wav", "this is not a wav");
    fs::remove_file(place.path("recordings/LJ001-0043.wav")).unwrap();

    place.write("items.txt", ITEMS.join("\n"));
    let run = place.score(&format!("{RUN} --items items.txt --out scores.jsonl")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("scores.jsonl")).unwrap();
    assert_eq!(scores.len(), 104);
    let mut reasons: Vec<String> = scores
        .iter()
        .filter(|row| row.metric == "mcd" && row.status == Status::Failed)
        .map(|row| format!("{} {}: {}", row.system, row.item, row.reason.clone().unwrap_or_default()))
        .collect();
    reasons.sort();
    insta::assert_snapshot!(reasons.join("\n"));
    assert!(scores.iter().all(|row| row.value.is_some() == (row.status == Status::Ok)));
    assert_eq!(run.stderr.matches("  4  none").count(), 13, "{}", run.stderr);
    place
        .score(&format!("{RUN} --items items.txt --out strict.jsonl --strict"))
        .exits_with(1)
        .says("65 rows have no value, which --strict does not allow");
    assert_eq!(place.read("scores.jsonl"), place.read("strict.jsonl"));
}

#[test]
fn expects_listed_items_instead_of_present_files() {
    let place = Place::new();
    // One is missing from every system, and one system has an unexpected one.
    fs::remove_file(place.path("quiet/wavs/LJ001-0045.wav")).unwrap();
    fs::remove_file(place.path("cut/wavs/LJ001-0045.wav")).unwrap();
    fs::copy(place.path("cut/wavs/LJ002-0009.wav"), place.path("cut/wavs/extra.wav")).unwrap();
    place
        .score(&format!("{RUN} --out scores.csv --strict"))
        .exits_with(1)
        .says("expecting 4 items, those of `recordings`; choose others with --items or --data")
        .says("`cut` has wavs of 1 unexpected items");
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    assert_eq!(scores.len(), 104);
    let missing: Vec<&Score> = scores.iter().filter(|row| row.status == Status::Failed).collect();
    assert_eq!(missing.len(), 26);
    assert!(missing.iter().all(|row| row.reason.as_deref() == Some("there is no `LJ001-0045.wav`")));

    // The sentences that the systems were asked to say, if all of them record it.
    let row = |id: &str, status: &str| format!("{{\"id\":\"{id}\",\"status\":\"{status}\",\"step\":1}}\n");
    place.write("quiet/synthesis.jsonl", row("LJ002-0009", "ok") + &row("LJ001-0045", "failed"));
    place.write("cut/synthesis.jsonl", row("LJ002-0009", "ok") + &row("LJ002-0151", "ok"));
    place
        .score(&format!("{RUN} --out scores.csv --force"))
        .exits_with(0)
        .says("expecting 3 items, those of `synthesis.jsonl`");
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    assert_eq!(scores.len(), 3 * 2 * 14);

    place.score("run --reference nowhere --system a=quiet --out s.csv").exits_with(2).says("nowhere");
    place
        .score("run --reference nowhere --items items.txt --system a=quiet --out s.csv")
        .exits_with(2)
        .says("nowhere");
    assert!(!place.path("s.csv").exists());
    assert!(!place.path("scores.csv.partial.jsonl").exists());
}

#[test]
fn ignores_a_stale_wav_of_a_failed_synthesis() {
    let place = Place::new();
    place.write(
        "quiet/synthesis.jsonl",
        "{\"id\":\"LJ001-0045\",\"status\":\"failed\",\"message\":\"out of memory\",\"step\":1}\n",
    );
    place.score("run --reference recordings --system quiet=quiet --out s.csv --strict").exits_with(1);
    let scores: Vec<Score> = read_table(&place.path("s.csv")).unwrap();
    assert_eq!(scores.len(), 14);
    for row in &scores {
        assert_eq!(row.status, Status::Failed, "{}", row.metric);
        assert_eq!(row.reason.as_deref(), Some("the synthesis failed: out of memory"));
    }
}

#[test]
fn pairs_files_across_case_format_and_normalization() {
    #[derive(serde::Deserialize)]
    struct Golden {
        clip: String,
        first: usize,
        files: Vec<File>,
    }
    #[derive(serde::Deserialize)]
    struct File {
        flac: String,
        samples: Vec<i32>,
    }
    let golden: Golden = mynah_testkit::golden("signal/flac.json");
    let digits = golden.files[0].flac.as_bytes().chunks_exact(2);
    let flac: Vec<u8> =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
    let place = Place::new();
    let recording = fs::read(place.path(&format!("recordings/{}.wav", golden.clip))).unwrap();
    // The same part of the clip as a wav: a header of 44 bytes, then two bytes per sample.
    let mut part = recording[..44].to_vec();
    let n_bytes = golden.files[0].samples.len() * 2;
    part[4..8].copy_from_slice(&(36 + n_bytes as u32).to_le_bytes());
    part[40..44].copy_from_slice(&(n_bytes as u32).to_le_bytes());
    part.extend(&recording[44 + 2 * golden.first..][..n_bytes]);
    for (item, bytes) in [("a", &part), ("B", &part), ("\u{fc}ber", &recording), ("twin", &recording)] {
        place.write(&format!("reference/{item}.wav"), bytes);
    }
    place.write("system/wavs/a.FLAC", &flac);
    place.write("system/wavs/B.WAV", &part);
    place.write("system/wavs/u\u{308}ber.Wav", &recording);
    place.write("system/wavs/twin.wav", &recording);
    place.write("system/wavs/twin.WAV", &recording);
    place.write("items.txt", "wavs/a.wav\nB\nu\u{308}ber\ntwin\n");
    for items in ["", "--items items.txt"] {
        place
            .score(&format!("run --reference reference {items} --system s=system --out s.csv --force"))
            .exits_with(0);
        let scores: Vec<Score> = read_table(&place.path("s.csv")).unwrap();
        let of =
            |item: &str| scores.iter().find(|row| row.item == item && row.metric == "duration_difference");
        for item in ["a", "B", "\u{fc}ber"] {
            assert_eq!(of(item).unwrap().value, Some(0.0), "{item} {items}");
        }
        let twin = of("twin").unwrap();
        assert_eq!(twin.status, Status::Failed);
        assert_eq!(twin.reason.as_deref(), Some("several files match: `twin.WAV`, `twin.wav`"));
    }
}

#[test]
fn never_prefers_a_system_with_silent_wavs() {
    let place = Place::new();
    let whole = fs::read(place.path("recordings/LJ001-0045.wav")).unwrap();
    let silent = [&whole[..44], &vec![0; whole.len() - 44][..]].concat();
    for index in 0..16 {
        place.write(&format!("clips/{index:02}.wav"), &whole);
        place.write(
            &format!("good/{index:02}.wav"),
            fs::read(place.path("quiet/wavs/LJ001-0045.wav")).unwrap(),
        );
        // The clips that are not silent are perfect copies.
        place.write(&format!("bad/{index:02}.wav"), if index < 7 { &silent } else { &whole });
    }
    place.write("two.toml", "metrics = [\"duration_ratio\", \"mcd\", \"loudness_difference\"]\n");
    for systems in ["--system bad=bad --system good=good", "--system good=good --system bad=bad"] {
        place
            .score(&format!(
                "run --reference clips {systems} --protocol two.toml --out scores.csv --strict --force"
            ))
            .exits_with(1)
            .says("(9 of 16)");
        let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
        let silent: Vec<&Score> =
            scores.iter().filter(|row| row.reason.as_deref() == Some("the wav is silent")).collect();
        assert_eq!(silent.len(), 7 * 3, "silence of the right length scores nothing, not even its length");
        assert!(silent.iter().all(|row| row.system == "bad" && row.status == Status::Failed));
        place.summarize("report --scores scores.csv --out REPORT").exits_with(0);
        let markdown = place.read("REPORT/report.md");
        assert!(
            markdown.contains(
                "bad fails more often than good by more than chance (no value for 7 of 16 items, good for 0;"
            ),
            "{markdown}"
        );
        for wrong in ["bad is best", "Best is: bad", "bad by"] {
            assert!(!markdown.contains(wrong), "{wrong}: {markdown}");
        }
        fs::remove_dir_all(place.path("REPORT")).unwrap();
    }
}

#[test]
fn reports_the_processing_of_signals() {
    let place = Place::new();
    for item in ITEMS {
        let recording = wav::read(place.path(&format!("recordings/{item}.wav"))).unwrap();
        let resampled = Resampler::new(22_050, 24_000).unwrap().resample(&recording);
        place.write(&format!("fast/{item}.wav"), wav::encode_pcm16(&resampled));
        let later = [&vec![0.0; 11_025][..], recording.samples()].concat();
        place.write(&format!("late/{item}.wav"), wav::encode_pcm16(&Waveform::new(later, 22_050)));
    }
    let systems = "--system fast=fast --system late=late";
    place
        .score(&format!("run --reference recordings {systems} --out scores.csv --strict"))
        .exits_with(0)
        .says(
            "`fast`: 4 wavs at 24000 Hz against 22050 Hz; metrics on frames resample the system once, from 24000 to 22050 Hz",
        )
        .says("`late`: metrics on frames ignore the silence at the ends, ");
}

#[test]
fn scores_chosen_items_even_if_missing() {
    let place = Place::new();
    place.write("items.txt", "LJ002-0009\nLJ009-0001\n");
    place.score(&format!("{RUN} --items items.txt --out scores.csv")).exits_with(0);
    let scores: Vec<Score> = read_table(&place.path("scores.csv")).unwrap();
    assert_eq!(scores.len(), 52);
    assert!(value(&scores, "quiet", "LJ002-0009", "mcd").is_some());
    assert!(value(&scores, "quiet", "LJ009-0001", "mcd").is_none());
}

#[test]
fn takes_steps_and_real_time_factors_from_the_synthesizer() {
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
    place.score(&format!("{RUN} --out other.csv")).exits_with(2).says("has two rows for `a`");
}

#[test]
fn rejects_bad_arguments_before_any_work() {
    let place = Place::new();
    place.score(&format!("{RUN} --out scores.xlsx")).exits_with(2).says("scores.xlsx");
    place
        .score("run --reference recordings --system a=quiet --system a=cut --out s.csv")
        .exits_with(2)
        .says("two directories are named `a`");
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
        .says("unknown metric `wer`")
        .says("mynah-score list");
    place.write("key.toml", "metrics = [\"mcd\"]\nthreshold = 3\n");
    place.score(&format!("{RUN} --protocol key.toml --out s.csv")).exits_with(2).says("threshold");
    assert!(!place.path("s.csv").exists());
}

#[test]
fn lists_and_explains_metrics() {
    let place = Place::new();
    insta::assert_snapshot!(place.score("list").exits_with(0).stdout);
    let listed = place.score("list").stdout;
    for name in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        let explained = place.score(&format!("explain {name}")).exits_with(0).stdout;
        for part in ["Formula", "Unit", "Oracle", "Known faults"] {
            assert!(explained.contains(part), "{name}: {explained}");
        }
    }
    place.score("explain utmos").exits_with(2).says("unknown metric `utmos`").says("mynah-score list");
}
