//! `mynah-synthesize`.

use std::collections::BTreeSet;
use std::fs;

use mynah_corpus::{Dataset, Split};
use mynah_signal::f0::{PyinConfig, pyin};
use mynah_signal::wav;
use mynah_testkit::{assert_close, fixture};
use serde_json::Value;

use crate::studio::{SYNTHESIZE, Studio};
use crate::support::{Place, bundled_line, bundled_wav, documented_columns};

/// The tolerance of quotients of numbers in one row.
const TOLERANCE: f64 = 1e-9;

fn rows(place: &Place, out: &str) -> Vec<serde_json::Map<String, Value>> {
    let text = place.read(&format!("{out}/synthesis.jsonl"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn speaks_a_split_and_records_it() {
    let studio = Studio::with_voice();
    let place = &studio.place;
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    let voice: toml::Table = toml::from_str(&place.read("voice/voice.toml")).unwrap();
    for (options, split) in
        [("", Split::Test), ("--split train", Split::Train), ("--split validation", Split::Validation)]
    {
        let expected: Vec<_> = dataset.split(split).collect();
        let n = expected.len();
        let outcome = studio.speak("spoken", options).exits_with(0);
        outcome.says(&format!("{n} of {n} sentences")).says("real-time factor");
        let mut files: Vec<String> = expected.iter().map(|row| format!("wavs/{}.wav", row.id)).collect();
        files.insert(0, "synthesis.jsonl".to_owned());
        assert_eq!(place.files("spoken").into_keys().collect::<Vec<_>>(), files);

        let rows = rows(place, "spoken");
        assert_eq!(rows.len(), n);
        for (row, utterance) in rows.iter().zip(expected) {
            assert_eq!(
                row.keys().cloned().collect::<BTreeSet<_>>(),
                documented_columns("synthesis.md", "### `synthesis.jsonl`")
            );
            assert_eq!(
                (row["id"].as_str(), row["text"].as_str()),
                (Some(&*utterance.id), Some(&*utterance.text))
            );
            assert_eq!((row["status"].as_str(), &row["message"]), (Some("ok"), &Value::Null));
            assert_eq!(row["voice"].as_str(), voice["fingerprint"].as_str());
            assert_eq!((row["step"].as_u64(), row["noise_scale"].as_f64()), (Some(20), Some(0.667)));

            let bytes = place.bytes(&format!("spoken/wavs/{}.wav", utterance.id));
            let info = wav::info(&bytes, "spoken".as_ref()).unwrap();
            assert_eq!((info.channels, info.sample_rate, info.container_bits), (1, 22_050, 16));
            assert!(info.n_samples > 0 && info.n_samples.is_multiple_of(256));
            let number = |column: &str| row[column].as_f64().unwrap();
            assert_close(number("seconds"), info.seconds(), TOLERANCE, "seconds");
            assert!(number("compute_seconds") > 0.0);
            let factor = number("compute_seconds") / number("seconds");
            assert_close(number("real_time_factor"), factor, TOLERANCE, "real-time factor");
        }
        place.remove("spoken");
    }
}

#[test]
fn speech_depends_on_the_seed_and_not_on_threads() {
    let studio = Studio::with_voice();
    let place = &studio.place;
    for (out, options) in [
        ("zero", ""),
        ("again", "--seed 0 --threads 1"),
        ("three", "--threads 3"),
        ("other", "--seed 1"),
        ("mean", "--noise-scale 0"),
        ("other-mean", "--noise-scale 0 --seed 1"),
        ("slow", "--length-scale 2"),
    ] {
        studio.speak(out, options).exits_with(0);
    }
    for out in ["again", "three"] {
        place.assert_same("zero/wavs", &format!("{out}/wavs"));
    }
    place.assert_same("mean/wavs", "other-mean/wavs");
    let bytes = |out: &str| place.files(&format!("{out}/wavs")).into_values().collect::<Vec<_>>().concat();
    assert_ne!(bytes("zero"), bytes("other"));
    assert_ne!(bytes("zero"), bytes("mean"));
    assert!(bytes("slow").len() > bytes("zero").len() * 3 / 2);

    let seed = |out: &str| rows(place, out).iter().map(|row| row["seed"].as_u64()).collect::<Vec<_>>();
    assert_eq!(seed("zero"), seed("three"));
    assert_ne!(seed("zero"), seed("other"));

    // The speech of a sentence does not depend on the others.
    place.edit("recipe.toml", "test = 1", "test = 2");
    place.prepare_corpus("more").exits_with(0);
    let more = Dataset::open(&place.path("more")).unwrap();
    assert_eq!(
        more.split(Split::Test).count() + more.split(Split::Validation).count(),
        2,
        "half is held out"
    );
}

#[test]
fn speaks_a_text_into_one_wav() {
    let studio = Studio::with_voice();
    let place = &studio.place;
    studio.say("voice", "Hello", "").exits_with(0).says("HH AH0 L OW1").says("real-time factor");
    let first = place.bytes("spoken.wav");
    assert!(wav::decode(&first, "spoken.wav".as_ref()).unwrap().len() >= 256);
    studio.say("voice", "Hello", "--threads 1").exits_with(0);
    assert_eq!(place.bytes("spoken.wav"), first);
    studio.say("voice", "Hello", "--seed 9").exits_with(0);
    assert_ne!(place.bytes("spoken.wav"), first);

    place.write("words.txt", "hello  HH EH1 L OW0\n");
    studio.say("voice", "Hello", "--lexicon words.txt").exits_with(0).says("HH EH1 L OW0");
    studio.say("voice", "...", "").exits_with(2).says("there is nothing to speak in `...`");
    studio.say("voice", "Hello", "--noise-scale=-1").exits_with(2).says("--noise-scale");
    studio.say("voice", "Hello", "--length-scale 0").exits_with(2).says("--length-scale");
    for (option, limits) in
        [("--length-scale 20000", "between 0.01 and 100"), ("--noise-scale 1e9", "between 0 and 10")]
    {
        let name = option.split(' ').next().unwrap();
        studio.say("voice", "Hello", option).exits_with(2).says(name).says(limits);
    }
    place
        .run(SYNTHESIZE, "text --voice voice --out no/spoken.wav Hello")
        .exits_with(2)
        .says("`no/spoken.wav`")
        .says("what to do: ");
    assert!(!place.has("no"));
}

#[test]
fn names_the_missing_or_wrong_file_of_a_voice() {
    let studio = Studio::with_voice();
    let place = &studio.place;
    studio.export("run --step 10 --out other").exits_with(0);
    studio.say("nowhere", "Hello", "").exits_with(2).says("`nowhere/voice.toml`").says("check the name");
    for file in ["voice.toml", "model.safetensors", "vocabulary.json", "supphones.json"] {
        place.copy("voice", "broken");
        fs::remove_file(place.path(&format!("broken/{file}"))).unwrap();
        studio
            .say("broken", "Hello", "")
            .exits_with(2)
            .says("failed to open the voice")
            .says(&format!("`broken/{file}`"))
            .says("No such file");

        place.write(&format!("broken/{file}"), "{ this is not what it should be");
        studio.say("broken", "Hello", "").exits_with(2).says(&format!("`broken/{file}`"));
        place.remove("broken");
    }

    // Files of the right form from another voice.
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("model.safetensors", place.bytes("other/model.safetensors"), "fingerprint"),
        ("vocabulary.json", br#"{"symbols": ["<pad>", "<unk>"]}"#.to_vec(), "encoder.symbols.weight"),
        (
            "voice.toml",
            place.read("voice/voice.toml").replace("format = 1", "format = 2").into(),
            "format is 2",
        ),
        ("voice.toml", place.read("voice/voice.toml").replace("hidden = 8", "hidden = 16").into(), "shape"),
    ];
    for (file, content, says) in cases {
        place.copy("voice", "broken");
        place.write(&format!("broken/{file}"), content);
        studio.say("broken", "Hello", "").exits_with(2).says("`broken/").says(says);
        place.remove("broken");
    }
    assert!(!place.has("spoken.wav"));
}

#[test]
fn refuses_a_batch_without_a_dataset_or_sentences() {
    let studio = Studio::with_voice();
    let place = &studio.place;
    let batch =
        |data: &str| place.run(SYNTHESIZE, &format!("batch --voice voice --data {data} --out spoken"));
    batch("corpus").exits_with(2).says("`corpus/dataset.toml`").says("mynah-prepare run");
    place.edit("recipe.toml", "test = 1", "test = 0");
    place.prepare_corpus("without").exits_with(0);
    batch("without").exits_with(2).says("the test split of `without` is empty");
    assert!(!place.has("spoken"));
    place.write("spoken", "mine");
    batch("dataset").exits_with(2).says("`spoken`").says("what to do: ");
    assert_eq!(place.read("spoken"), "mine");
}

#[test]
fn the_bundled_voice_speaks_an_unseen_sentence() {
    let place = Place::new();
    let line = bundled_line("LJ002-0092");
    let text = line.rsplit('|').next().unwrap();
    let voice = fixture("voices/ljspeech-small");
    let mut command = place.command(SYNTHESIZE);
    command.args(["text", "--out", "spoken.wav", "--voice"]).arg(voice).arg(text);
    assert!(command.output().unwrap().status.success());
    let [spoken, recorded] = [place.bytes("spoken.wav"), bundled_wav("LJ002-0092")].map(|bytes| {
        let wave = wav::decode(&bytes, "wav".as_ref()).unwrap();
        let track = pyin(wave.samples(), wave.sample_rate(), &PyinConfig::default()).unwrap();
        let mut f0: Vec<f32> = track.f0_hz.iter().copied().filter(|f0| *f0 > 0.0).collect();
        f0.sort_by(f32::total_cmp);
        assert!(f0.len() * 4 > track.len(), "{} of {} frames are voiced", f0.len(), track.len());
        (wave.samples().len() as f64, f64::from(f0[f0.len() / 2]))
    });
    // Durations and pitch of the speaker, who never read this sentence to the voice.
    assert!((0.75..1.33).contains(&(spoken.0 / recorded.0)), "{spoken:?} {recorded:?}");
    assert!((0.75..1.33).contains(&(spoken.1 / recorded.1)), "{spoken:?} {recorded:?}");
}
