//! `mynah-prepare export`: a dataset in the forms of other tools, most of which are corpora again.

use std::collections::BTreeMap;

use mynah_corpus::{Dataset, Split, Utterance};
use mynah_table::read_text_table;

use crate::support::{CLIPS, Place, bundled_line, bundled_wav};

/// Makes a place with the dataset of a corpus with two speakers.
fn place() -> (Place, Dataset) {
    let place = Place::with_corpus();
    let rows: Vec<String> = CLIPS
        .iter()
        .zip(["ann", "bob", "bob", "ann"])
        .map(|(id, speaker)| format!("{id}|{speaker}|{}\n", bundled_line(id).split('|').nth(2).unwrap()))
        .collect();
    place.write("spoken/list.txt", rows.concat());
    for id in CLIPS {
        place.write(&format!("spoken/{id}.wav"), bundled_wav(id));
    }
    place
        .prepare("run spoken --recipe recipe.toml --out dataset")
        .exits_with(0)
        .says("column 2 looks like speakers");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    (place, dataset)
}

fn export(place: &Place, format: &str) {
    place
        .prepare(&format!("export dataset --format {format} --out {format}"))
        .exits_with(0)
        .says(&format!("4 utterances are in {format}"));
}

/// Asserts that a corpus gives the same symbols, waves, speakers and splits as the dataset it was made of.
#[track_caller]
fn assert_comes_back(place: &Place, corpus: &str, dataset: &Dataset) {
    place.prepare(&format!("run {corpus} --recipe recipe.toml --out again")).exits_with(0);
    let again = Dataset::open(&place.path("again")).unwrap();
    let by_id: BTreeMap<&str, &Utterance> = again.utterances().iter().map(|u| (u.id.as_str(), u)).collect();
    for utterance in dataset.utterances() {
        let own = by_id[utterance.id.as_str()];
        assert_eq!(own.symbols, utterance.symbols, "{corpus} {}", utterance.id);
        assert_eq!(again.features(own).unwrap().wave, dataset.features(utterance).unwrap().wave);
        assert_eq!((&own.speaker, own.split), (&utterance.speaker, utterance.split), "{corpus}");
    }
    place.remove("again");
}

#[test]
fn vits_and_hifigan() {
    let (place, dataset) = place();
    export(&place, "vits");
    let lists: String =
        ["train", "val", "test"].map(|name| place.read(&format!("vits/filelists/{name}.txt"))).concat();
    assert_eq!(lists.lines().count(), 4);
    assert!(lists.contains("wavs/LJ001-0043.wav|0|A further development"), "{lists}");
    let cleaned = place.read("vits/filelists/train.txt.cleaned");
    assert!(cleaned.lines().all(|line| line.contains('ˈ') && line.split('|').count() == 3), "{cleaned}");
    assert_eq!(place.read("vits/filelists/speakers.txt"), "0|ann\n1|bob\n");
    let wav = bundled_wav(CLIPS[0]);
    assert!(place.bytes(&format!("vits/wavs/{}.wav", CLIPS[0])).ends_with(&wav[44..]));

    export(&place, "hifigan");
    let train: Vec<&str> = dataset.split(Split::Train).map(|u| u.id.as_str()).collect();
    let listed = place.read("hifigan/training.txt");
    assert_eq!(listed.lines().map(|line| line.split('|').next().unwrap()).collect::<Vec<_>>(), train);
    let utterance = &dataset.utterances()[0];
    let mel = place.bytes(&format!("hifigan/mels/{}.npy", utterance.id));
    let shape = format!("'shape': (80, {}), ", utterance.frames);
    assert!(String::from_utf8_lossy(&mel[..128]).contains(&shape));
    let values: Vec<f32> = mel[128..].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    assert_eq!(values, dataset.features(utterance).unwrap().mel.data());
    // Both are corpora again; file lists lie in a folder of their own, and name recordings in another.
    place.copy("vits/wavs", "vits/filelists/wavs");
    place.write(
        "lists.toml",
        format!(
            "[source]\ntables = [\"train.txt\", \"val.txt\", \"test.txt\"]\n{}",
            place.read("recipe.toml")
        ),
    );
    place.prepare("run vits/filelists --recipe lists.toml --out again").exits_with(0);
    let again = Dataset::open(&place.path("again")).unwrap();
    for (own, utterance) in again.utterances().iter().zip(dataset.utterances()) {
        assert_eq!((&own.symbols, own.split), (&utterance.symbols, utterance.split));
        assert_eq!(
            own.speaker.as_deref(),
            Some(if utterance.speaker.as_deref() == Some("ann") { "0" } else { "1" })
        );
    }
}

#[test]
fn numpy() {
    let (place, dataset) = place();
    export(&place, "npy");
    for utterance in dataset.utterances() {
        let durations = place.bytes(&format!("npy/durations/{}.npy", utterance.id));
        let values: Vec<i64> =
            durations[128..].as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
        assert_eq!(values.len(), utterance.durations.len());
        assert_eq!(values.iter().sum::<i64>(), i64::from(utterance.frames));
        let f0 = place.bytes(&format!("npy/f0/{}.npy", utterance.id));
        assert_eq!(f0.len(), 128 + 4 * utterance.frames as usize);
    }
}

#[test]
fn audiofolder() {
    let (place, dataset) = place();
    place
        .prepare("export dataset --format audiofolder --out hub --name Tiny --license cc0-1.0")
        .exits_with(0);
    let table = read_text_table(&place.path("hub/test/metadata.csv")).unwrap();
    assert_eq!(table.columns, ["file_name", "text", "normalized_text", "phones", "speaker_id"]);
    assert_eq!(table.rows.len(), dataset.split(Split::Test).count());
    let card = place.read("hub/README.md");
    let (front, body) = card.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    assert!(
        front.contains("license: \"cc0-1.0\"")
            && front.contains("  - split: validation\n    path: validation/**")
    );
    assert!(
        body.contains("# Tiny") && body.contains("| train | 2 |") && body.contains("| `speaker_id` |"),
        "{body}"
    );

    let croissant: serde_json::Value = serde_json::from_str(&place.read("hub/croissant.json")).unwrap();
    assert_eq!(croissant["name"], "Tiny");
    let files = croissant["distribution"].as_array().unwrap();
    assert_eq!(files.len(), 6);
    for file in files.iter().filter(|file| file["@type"] == "cr:FileObject") {
        assert!(place.has(&format!("hub/{}", file["contentUrl"].as_str().unwrap())));
        assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
    }
    assert_comes_back(&place, "hub", &dataset);
}

#[test]
fn lhotse() {
    let (place, dataset) = place();
    export(&place, "lhotse");
    let read = |name: &str| -> Vec<serde_json::Value> {
        let output = place.shell("gzip", &format!("gzip -dc lhotse/{name}.jsonl.gz")).prints(0);
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (recordings, supervisions) = (read("recordings"), read("supervisions"));
    assert_eq!((recordings.len(), supervisions.len()), (4, 4));
    for ((recording, supervision), utterance) in
        recordings.iter().zip(&supervisions).zip(dataset.utterances())
    {
        assert_eq!(recording["num_samples"], utterance.samples);
        assert_eq!(supervision["recording_id"], recording["id"]);
        assert_eq!(supervision["speaker"], utterance.speaker.as_deref().unwrap());
        let words = supervision["alignment"]["word"].as_array().unwrap();
        assert_eq!(words.len() as i64, utterance.word_index.iter().max().unwrap() + 1);
        let end = words.last().map(|word| word[1].as_f64().unwrap() + word[2].as_f64().unwrap()).unwrap();
        assert!(end <= supervision["duration"].as_f64().unwrap() + 1e-9);
    }
}

#[test]
fn montreal_forced_aligner() {
    let (place, dataset) = place();
    export(&place, "mfa");
    let lab = place.read(&format!("mfa/corpus/bob/{}.lab", CLIPS[1]));
    assert_eq!(lab, "fourteen sixty-nine fourteen seventy\n");
    let dictionary = place.read("mfa/dictionary.txt");
    assert!(
        dictionary
            .lines()
            .any(|line| line == "fourteen\tF AO1 R T IY1 N" || line == "fourteen\tF AO2 R T IY1 N"),
        "{dictionary}"
    );
    // Its corpus is one whose texts have no punctuation.
    place
        .prepare("run mfa/corpus --recipe recipe.toml --out again")
        .exits_with(0)
        .says("2 speakers, by folder");
    let again = Dataset::open(&place.path("again")).unwrap();
    for (own, utterance) in again.utterances().iter().zip(dataset.utterances()) {
        assert_eq!((&own.id, &own.speaker), (&utterance.id, &utterance.speaker));
        let phones = |u: &Utterance| {
            u.symbols.split(' ').filter(|s| s.len() > 1 || s.chars().all(char::is_alphabetic)).count()
        };
        assert_eq!(phones(own), phones(utterance));
    }
    place
        .prepare("export dataset --format mfa --out dataset")
        .exits_with(2)
        .says("`dataset` is the dataset itself");
}
