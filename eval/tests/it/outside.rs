//! Scores that are made outside: transcripts in files, and commands of the user's.

use std::fs;

use mynah_metrics::{Score, Status};
use mynah_signal::{Waveform, wav};
use mynah_table::read_table;
use serde_json::Value;

use crate::support::{ITEMS, Place};

/// The line of an item in the metadata of the bundled corpus.
fn text_of(item: &str) -> String {
    let metadata =
        fs::read_to_string(mynah_testkit::mini_corpus().join("metadata.csv")).expect("it is there");
    let line = metadata.lines().find(|line| line.starts_with(item)).expect("a line");
    line.rsplit('|').next().expect("a text").to_owned()
}

/// Writes what a recognizer heard of `quiet`, everything, and of `cut`, all but the last word, and nothing of one sentence.
fn write_transcripts(place: &Place) {
    let lines = |heard: &dyn Fn(&str, &str) -> String| -> String {
        let lines: Vec<String> =
            ITEMS.iter().map(|item| format!("{item} {}", heard(item, &text_of(item)))).collect();
        lines.join("\n") + "\n"
    };
    place.write("quiet.txt", lines(&|_, text| text.to_uppercase()));
    let cut = lines(&|item, text| {
        let kept = text.rsplit_once(' ').map_or("", |(kept, _)| kept);
        if item == ITEMS[0] { String::new() } else { kept.to_owned() }
    });
    place.write("cut.txt", cut);
    fs::copy(mynah_testkit::mini_corpus().join("metadata.csv"), place.path("metadata.csv")).expect("copied");
}

fn rows(place: &Place, file: &str, metric: &str) -> Vec<Score> {
    let rows: Vec<Score> = read_table(&place.path(file)).expect("it was written");
    rows.into_iter().filter(|row| row.metric == metric).collect()
}

#[test]
fn transcripts_become_error_rates() {
    let place = Place::new();
    write_transcripts(&place);
    // Of `cut`, one wav is missing and one is silent: the words that somebody claims to have heard do not count.
    fs::remove_file(place.path(&format!("cut/wavs/{}.wav", ITEMS[1]))).expect("it is there");
    let path = place.path(&format!("cut/wavs/{}.wav", ITEMS[2]));
    let silent: Vec<u8> = fs::read(&path)
        .expect("it is there")
        .iter()
        .enumerate()
        .map(|(at, byte)| if at < 44 { *byte } else { 0 })
        .collect();
    fs::write(&path, silent).expect("written");
    place
        .score(
            "run --reference recordings --system quiet=quiet --system cut=cut --text metadata.csv \
             --transcripts quiet=quiet.txt --transcripts cut=cut.txt --out scores.csv",
        )
        .exits_with(0)
        .says("wrote the words of 8 texts to `scores.words.jsonl`");
    let words = rows(&place, "scores.csv", "wer");
    assert_eq!(words.len(), 8);
    for row in &words {
        let n_words = text_of(&row.item).replace('-', " ").split_whitespace().count() as u64;
        let n_errors = match (row.system.as_str(), &row.item) {
            ("quiet", _) => 0,
            (_, item) if item == ITEMS[3] => 1,
            _ => n_words,
        };
        assert_eq!(
            (row.status, row.profile.as_str(), row.frames),
            (Status::Ok, "wer/basic-1", Some(n_words))
        );
        assert_eq!(row.value, Some(n_errors as f64 / n_words as f64), "{row:?}");
        let reason = match (row.system.as_str(), &row.item) {
            ("cut", item) if item == ITEMS[1] => {
                Some(format!("there is no `{item}.wav`: all of its words count as missing"))
            }
            ("cut", item) if item == ITEMS[2] => {
                Some("the wav is silent: all of its words count as missing".to_owned())
            }
            _ => None,
        };
        assert_eq!(row.reason, reason);
    }
    // The other metrics fail where there is nothing to hear.
    let failed = rows(&place, "scores.csv", "mcd").iter().filter(|row| row.status == Status::Failed).count();
    assert_eq!(failed, 2);
    let table = place.read("scores.words.jsonl");
    let last = text_of(ITEMS[3]).rsplit_once(' ').expect("words").1.trim_end_matches('.').to_lowercase();
    assert!(table.lines().any(|line| line.contains(&format!("[{last} >]"))), "{table}");

    // The same without recordings, and a file that lacks a sentence.
    let text = place.read("quiet.txt");
    place.write("quiet.txt", text.lines().skip(1).collect::<Vec<_>>().join("\n"));
    place.write("items.txt", ITEMS.join("\n"));
    place
        .score(
            "run --system quiet=quiet --text metadata.csv --items items.txt --transcripts quiet=quiet.txt \
             --out alone.csv --strict",
        )
        .exits_with(1);
    let alone = rows(&place, "alone.csv", "cer");
    let failed: Vec<&Score> = alone.iter().filter(|row| row.status == Status::Failed).collect();
    assert_eq!((alone.len(), failed.len()), (4, 1));
    assert_eq!(failed[0].reason.as_deref(), Some("`quiet.txt` has no transcript of it"));
}

const PROTOCOL: &str = r#"
metrics = ["duration_ratio"]

[words]
normalizer = "none"

[[command]]
name = "judge"
run = ["sh", "{here}/judge.sh"]
version = ["echo", "judge 1.0"]
transcript = "heard"

[[command.metric]]
name = "opinion"
key = "mos"
unit = "points"
better = "higher"
range = [1, 5]
"#;

/// Answers each request with 4 and its text, but fails for one item of `cut`.
const JUDGE: &str = r#"
while read -r line; do
    item=${line#*\"item\":\"}; item=${item%%\"*}
    text=${line#*\"text\":\"}; text=${text%%\"*}
    case $line in *cut*LJ001-0045*) echo 'out of memory' >&2; exit 3;; esac
    echo "loading"
    echo "{\"item\": \"$item\", \"mos\": 4, \"heard\": \"$text\"}"
done
"#;

#[test]
fn commands_measure_and_transcribe() {
    let place = Place::new();
    place.write("study/protocol.toml", PROTOCOL);
    place.write("study/judge.sh", JUDGE);
    fs::copy(mynah_testkit::mini_corpus().join("metadata.csv"), place.path("metadata.csv")).expect("copied");
    let run = "run --reference recordings --system quiet=quiet --system cut=cut --text metadata.csv \
               --protocol study/protocol.toml --out scores.parquet";
    place.score(run).exits_with(0).says("running `judge` on 4 wavs of `cut`");
    let opinions = rows(&place, "scores.parquet", "opinion");
    assert_eq!(opinions.len(), 8);
    for row in &opinions {
        assert!(row.profile.starts_with("opinion/judge-"), "{}", row.profile);
        if row.system == "cut" && row.item == "LJ001-0045" {
            assert_eq!(row.status, Status::Failed);
            assert_eq!(row.reason.as_deref(), Some("`judge` ended with status 3: out of memory"));
        } else {
            assert_eq!((row.value, row.unit.as_str()), (Some(4.0), "points"), "{row:?}");
        }
    }
    let rates = rows(&place, "scores.parquet", "judge_wer");
    assert_eq!(rates.iter().filter(|row| row.value == Some(0.0)).count(), 7);
    let version = &opinions[0].profile["opinion/".len()..];
    assert_eq!(rates[0].profile, format!("judge_wer/{version}-none-1"));
    let record: Value = serde_json::from_str(&place.read("scores.commands.json")).expect("it is JSON");
    assert_eq!(record[0]["printed"], "judge 1.0");
    assert_eq!(record[0]["version"], version);
    assert!(record[0]["files"]["judge.sh"].is_string(), "{record}");
    place.score(run).exits_with(2).says("already exists");
    place.score(&format!("{run} --force --strict")).exits_with(1).says("rows have no value");

    // Another script is another profile.
    place.write("study/judge.sh", JUDGE.replace("\\\"mos\\\": 4", "\\\"mos\\\": 3"));
    place.score(&format!("{run} --force")).exits_with(0);
    assert_ne!(rows(&place, "scores.parquet", "opinion")[0].profile, opinions[0].profile);
}

#[test]
fn reports_what_is_missing_for_scores_from_outside() {
    let place = Place::new();
    write_transcripts(&place);
    let quiet = "run --system quiet=quiet";
    place.write("pairs.toml", "metrics = [\"mcd\"]\n");
    place
        .score(&format!("{quiet} --protocol pairs.toml --out a.csv"))
        .exits_with(2)
        .says("skipped mcd: there are no recordings")
        .says("there is nothing to score by");
    place
        .score(&format!("{quiet} --transcripts quiet=quiet.txt --out a.csv"))
        .exits_with(2)
        .says("without recordings, nothing says which sentences")
        .says("--items");
    place
        .score(&format!("{quiet} --reference recordings --transcripts quiet=quiet.txt --out a.csv"))
        .exits_with(2)
        .says("--text");
    place
        .score(&format!("{quiet} --reference recordings --transcripts loud=quiet.txt --out a.csv"))
        .exits_with(2)
        .says("`loud`, which is no system");
    place.write("p.toml", PROTOCOL.replace("\"sh\"", "\"no-such-program\""));
    place
        .score(&format!("{quiet} --reference recordings --text metadata.csv --protocol p.toml --out a.csv"))
        .exits_with(2)
        .says("command `judge` cannot be started")
        .says("install the program");
    assert!(!place.path("a.csv").exists());
}

#[test]
fn wavs_are_examined_without_recordings() {
    let place = Place::new();
    fs::copy(mynah_testkit::mini_corpus().join("metadata.csv"), place.path("metadata.csv")).expect("copied");
    place.write("items.txt", ITEMS.join("\n"));
    // A second of digital silence in the middle of one, and the first half second of another said twice.
    let edit = |item: &str, change: &dyn Fn(Vec<f32>, usize) -> Vec<f32>| {
        let path = place.path(&format!("cut/wavs/{item}.wav"));
        let clip = wav::read(&path).expect("it can be read");
        let samples = change(clip.samples().to_vec(), clip.sample_rate() as usize);
        wav::write_pcm16(&path, &Waveform::new(samples, clip.sample_rate())).expect("written");
    };
    edit(ITEMS[0], &|mut samples, rate| {
        let middle = samples.len() / 2;
        samples.splice(middle..middle, vec![0.0; rate]);
        samples
    });
    edit(ITEMS[1], &|samples, rate| [&samples[..rate], &samples[rate / 3..]].concat());
    place
        .score("run --system quiet=quiet --system cut=cut --items items.txt --text metadata.csv --out health.csv")
        .exits_with(0)
        .says("expecting 4 items, those of `items.txt`");
    let value = |metric: &str, system: &str, item: &str| {
        let rows = rows(&place, "health.csv", metric);
        let row = rows.into_iter().find(|row| row.system == system && row.item == item).expect("a row");
        row.value.unwrap_or_else(|| panic!("{row:?}"))
    };
    let silence = |system| value("longest_silence", system, ITEMS[0]);
    assert!(silence("cut") > 0.95 && silence("quiet") < 0.8, "{} {}", silence("cut"), silence("quiet"));
    let repetition = |system| value("repetition", system, ITEMS[1]);
    assert!(
        repetition("cut") > 0.3 && repetition("quiet") < 0.3,
        "{} {}",
        repetition("cut"),
        repetition("quiet")
    );
    assert!(value("speech_rate", "quiet", ITEMS[2]) > 5.0);
    // Too few recordings to know their pace.
    let surprise = rows(&place, "health.csv", "duration_surprise");
    assert!(surprise.iter().all(|row| row.status == Status::Undefined), "{surprise:?}");
    place.summarize("report --scores health.csv --out report").exits_with(0);
    assert!(place.read("report/report.md").contains("longest_silence"));
}
