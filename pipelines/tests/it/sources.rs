//! Corpora that are not laid out like LJSpeech, from their folders to datasets and reports.

use std::collections::BTreeMap;

use mynah_corpus::{Dataset, Speaker, Split};
use mynah_table::read_table;
use serde::Deserialize;

use crate::support::{CLIPS, Place, bundled_line, bundled_wav};

const RECIPE: &str = "[sup_phones]\nmerges = 20\n\n[split]\nvalidation = 1\ntest = 1\n";

/// Returns the text and the normalized text of a bundled clip.
fn texts(id: &str) -> (String, String) {
    let line = bundled_line(id);
    let mut fields = line.split('|').skip(1).map(str::to_owned);
    (fields.next().unwrap(), fields.next().unwrap())
}

/// Returns half a second of a bundled clip as MP3.
fn mp3() -> Vec<u8> {
    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        file: String,
    }
    let golden: Golden = mynah_testkit::golden("signal/compressed.json");
    let case = golden.cases.into_iter().find(|case| case.name == "mp3").unwrap();
    let digits = case.file.as_bytes().chunks_exact(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Asserts that a dataset has the same symbols and durations as one of the corpus in LJSpeech layout.
#[track_caller]
fn assert_like_ljspeech(place: &Place, dataset: &Dataset, name: impl Fn(&str) -> String) {
    place.prepare_corpus("expected").exits_with(0);
    let expected = Dataset::open(&place.path("expected")).unwrap();
    let by_id: BTreeMap<&str, _> = dataset.utterances().iter().map(|u| (u.id.as_str(), u)).collect();
    for utterance in expected.utterances() {
        let own = by_id[name(&utterance.id).as_str()];
        assert_eq!((&own.symbols, own.frames), (&utterance.symbols, utterance.frames), "{}", utterance.id);
    }
}

#[test]
fn common_voice_becomes_a_dataset_and_a_report() {
    let place = Place::with_corpus();
    let header = "client_id\tpath\tsentence_id\tsentence\tup_votes\tage\n";
    let row = |speaker: &str, clip: &str, text: &str| format!("{speaker}\t{clip}.mp3\t1\t{text}\t2\t\n");
    let mut rows: Vec<String> = Vec::new();
    for (id, speaker) in CLIPS.iter().zip(["ann", "bob", "bob", "ann"]) {
        // Converted clips, which the tables still name as MP3.
        place.write(&format!("cv/clips/{id}.wav"), bundled_wav(id));
        rows.push(row(speaker, id, &texts(id).1));
    }
    place.write("cv/clips/short.mp3", mp3());
    rows.push(row("cem", "short", "the same."));
    place.write("cv/validated.tsv", format!("{header}{}", rows.concat()));
    place.write("cv/train.tsv", format!("{header}{}{}", rows[0], rows[4]));
    place.write("cv/dev.tsv", format!("{header}{}", rows[1]));
    place.write("cv/test.tsv", format!("{header}{}", rows[2]));

    place
        .prepare("check cv --recipe recipe.toml --html check.html")
        .exits_with(0)
        .says("source: `validated.tsv`, columns separated by tabs, with a header; audio = \"path\", text = \"sentence\", speaker")
        .says("5 of 5 clips can be prepared")
        .says("3 speakers: from 1 clip (cem) to 2 (bob)");
    place
        .prepare("run cv --recipe recipe.toml --out dataset")
        .exits_with(0)
        .says("the splits are those of `train.tsv`, `dev.tsv`, `test.tsv`")
        .says("5 of 5 clips prepared")
        .says("3 train, 1 validation, 1 test")
        .says("3 speakers are described in dataset/speakers.jsonl");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    let split = |id: &str| dataset.utterances().iter().find(|u| u.id == id).unwrap().split;
    assert_eq!(
        (split(CLIPS[1]), split(CLIPS[2]), split(CLIPS[3])),
        (Split::Validation, Split::Test, Split::Train)
    );
    assert_like_ljspeech(&place, &dataset, str::to_owned);

    let speakers: Vec<Speaker> = read_table(&place.path("dataset/speakers.jsonl")).unwrap();
    let brief: Vec<_> =
        speakers.iter().map(|s| (s.speaker.as_str(), s.index, s.utterances, s.train)).collect();
    assert_eq!(brief, [("ann", 0, 2, 2), ("bob", 1, 2, 0), ("cem", 2, 1, 1)]);
    let ann = &speakers[0];
    let own: f64 = [CLIPS[0], CLIPS[3]]
        .iter()
        .map(|id| dataset.utterances().iter().find(|u| u.id == *id).unwrap().seconds)
        .sum();
    assert!((ann.seconds - own).abs() < 1e-9);
    assert!((150.0..280.0).contains(&ann.f0_median_hz.unwrap()), "{ann:?}");
    assert!((0.03..0.2).contains(&ann.seconds_per_phone.unwrap()), "{ann:?}");
    let page = place.read("dataset/report.html");
    assert!(page.contains("Speakers of the corpus") && page.contains("cem"));

    // Shards, and a new alignment, lose nothing of it.
    for shard in ["1/2", "2/2"] {
        place.prepare(&format!("run cv --recipe recipe.toml --out sharded --shard {shard}")).exits_with(0);
    }
    place.prepare("merge sharded").exits_with(0);
    place.assert_same("dataset", "sharded");
    place.write("more.toml", format!("{RECIPE}\n[alignment]\nphone_passes = 9\n"));
    place.prepare("run cv --recipe more.toml --out more").exits_with(0);
    place.prepare("align sharded --recipe more.toml").exits_with(0);
    place.assert_same("more", "sharded");
}

#[test]
fn libritts_becomes_a_dataset_and_a_report() {
    let place = Place::with_corpus();
    let name =
        |id: &str| format!("{}_{}_000000", if id < "LJ002" { "84" } else { "237" }, &id[2..5]) + &id[6..];
    for id in CLIPS {
        let (text, normalized) = texts(id);
        let speaker = name(id).split('_').next().unwrap().to_owned();
        let subset = if id == CLIPS[1] { "dev-clean" } else { "train-clean-100" };
        let stem = format!("libri/{subset}/{speaker}/{}/{}", &id[2..5], name(id));
        place.write(&format!("{stem}.wav"), bundled_wav(id));
        place.write(&format!("{stem}.original.txt"), text);
        place.write(&format!("{stem}.normalized.txt"), normalized);
    }
    place
        .prepare("run libri --recipe recipe.toml --out dataset")
        .exits_with(0)
        .says("layout `libritts`, 4 texts; 2 speakers, by folder")
        .says("4 of 4 clips prepared")
        .says("3 train, 1 validation, 0 test");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    assert_like_ljspeech(&place, &dataset, name);
    let speaker =
        |id: &str| dataset.utterances().iter().find(|u| u.id == name(id)).unwrap().speaker.as_deref();
    assert_eq!((speaker(CLIPS[0]), speaker(CLIPS[3])), (Some("84"), Some("237")));
    assert!(place.read("dataset/report.html").contains("Speakers of the corpus"));

    // Without names of speakers, the file goes.
    place.prepare("run corpus --recipe recipe.toml --out dataset").exits_with(0);
    assert!(!place.has("dataset/speakers.jsonl"));
}

#[test]
fn given_phones_take_the_place_of_those_of_the_text() {
    let place = Place::with_corpus();
    let normalized = texts(CLIPS[0]).1;
    let printed = place.command(crate::support::PREPARE).args(["phonemize", &normalized]).output().unwrap();
    let phones = String::from_utf8(printed.stdout).unwrap().trim().replace("AH0", "IH0");
    place.write(
        "phones/list.csv",
        format!(
            "audio,text,phones\n{0}.wav,\"{normalized}\",\"{1}\"\n{2}.wav,\"{3}\",HH XX\n",
            CLIPS[0],
            phones.replace('"', ""),
            CLIPS[1],
            texts(CLIPS[1]).1.replace('"', "\"\"")
        ),
    );
    for id in &CLIPS[..2] {
        place.write(&format!("phones/{id}.wav"), bundled_wav(id));
    }
    place
        .prepare("run phones --recipe recipe.toml --out dataset")
        .exits_with(1)
        .says("1 × bad-phones")
        .says("`XX`");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    let utterance = &dataset.utterances()[0];
    assert_eq!(utterance.symbols, format!("<bos> {phones} <eos>"));
    assert!(!utterance.symbols.contains("AH0") && utterance.normalized.starts_with(char::is_alphabetic));
    // They are kept for a new alignment.
    place.write("more.toml", format!("{RECIPE}\n[alignment]\nphone_passes = 9\n"));
    place.prepare("align dataset --recipe more.toml").exits_with(1);
    assert_eq!(Dataset::open(&place.path("dataset")).unwrap().utterances()[0].symbols, utterance.symbols);
}

#[test]
fn a_part_of_a_recording_is_a_clip() {
    let place = Place::with_corpus();
    let wav = bundled_wav(CLIPS[0]);
    place.write("talk/long.wav", &wav);
    let (text, seconds) = (texts(CLIPS[0]).1, (wav.len() - 44) as f64 / 44_100.0);
    place.write(
        "talk/manifest.json",
        format!(
            "{{\"audio_filepath\": \"long.wav\", \"text\": \"{text}\", \"offset\": 0.0, \"duration\": {seconds}}}\n\
             {{\"audio_filepath\": \"long.wav\", \"text\": \"the\", \"offset\": 1.0, \"duration\": 0.6}}\n\
             {{\"audio_filepath\": \"long.wav\", \"text\": \"the\", \"offset\": 1.0, \"duration\": 60}}\n"
        ),
    );
    place.prepare("run talk --recipe recipe.toml --out dataset").exits_with(1).says("1 × duplicate-id");
    place.edit(
        "talk/manifest.json",
        "\"offset\": 1.0, \"duration\": 60",
        "\"offset\": 1.5, \"duration\": 60",
    );
    place.prepare("run talk --recipe recipe.toml --out dataset").exits_with(1).says("1 × bad-span");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    let ids: Vec<&str> = dataset.utterances().iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["long-0000000", "long-0001000"]);
    assert_eq!(dataset.utterances()[1].samples, 13_230);
}
