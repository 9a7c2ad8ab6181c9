//! Similarities of embeddings that other tools made.

use std::collections::BTreeMap;
use std::fs;

use mynah_metrics::{Score, Status};
use mynah_table::read_table;
use serde::Deserialize;
use serde_json::json;

use crate::support::{ITEMS, Place};

/// Rounding of sums over a few dozen numbers.
const ROUNDING: f64 = 1e-14;

type Vectors = BTreeMap<String, Vec<f64>>;
/// Value, and number of recordings, of each metric of each item.
type Expected = BTreeMap<String, BTreeMap<String, (f64, Option<u64>)>>;

#[derive(Deserialize)]
struct Golden {
    speakers: BTreeMap<String, String>,
    targets: BTreeMap<String, String>,
    recordings: Vectors,
    system: Vectors,
    expected: Expected,
    expected_of_targets: Expected,
}

/// Writes vectors as JSON Lines.
fn lines(vectors: &Vectors) -> String {
    let line =
        |(item, vector): (&String, &Vec<f64>)| format!("{}\n", json!({"item": item, "embedding": vector}));
    vectors.iter().map(line).collect()
}

/// Writes a vector as numpy does.
fn npy(vector: &[f64]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", vector.len());
    let header = format!("{header:117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

fn prepare(golden: &Golden) -> Place {
    let place = Place::new();
    place.write("items.txt", ITEMS.join("\n"));
    for (item, vector) in &golden.recordings {
        place.write(&format!("emb/recordings/{item}.npy"), npy(vector));
    }
    place.write("emb/quiet.jsonl", lines(&golden.system));
    let list = |facts: &BTreeMap<String, String>| -> String {
        facts.iter().map(|(item, fact)| format!("{item} {fact}\n")).collect::<Vec<_>>().concat()
    };
    place.write("utt2spk", list(&golden.speakers));
    place.write("targets.txt", list(&golden.targets));
    place
}

const RUN: &str = "run --system quiet=quiet --items items.txt --embeddings reference=emb/recordings \
                   --embeddings quiet=emb/quiet.jsonl --force --out scores.csv";

fn rows(place: &Place) -> Vec<Score> {
    read_table(&place.path("scores.csv")).expect("it was written")
}

#[test]
fn similarities_agree_with_numpy() {
    let golden: Golden = mynah_testkit::golden("eval/embeddings.json");
    let place = prepare(&golden);
    for (more, expected) in [("", &golden.expected), (" --targets targets.txt", &golden.expected_of_targets)]
    {
        place
            .score(&format!("{RUN} --speakers utt2spk{more}"))
            .exits_with(0)
            .says("(ceiling), recordings of other speakers");
        let rows = rows(&place);
        assert_eq!(rows.len(), 16);
        for row in rows {
            let (value, n) = expected[&row.item][&row.metric];
            assert_eq!((row.status, row.frames), (Status::Ok, n), "{row:?}");
            assert_eq!(row.profile, format!("{}/cosine-1", row.metric));
            mynah_testkit::assert_close(row.value.expect("it is there"), value, ROUNDING, &row.metric);
        }
    }
    // The same by lines that name the speakers, and from the folder of a protocol that names the model.
    let named = golden.recordings.iter().map(|(item, vector)| {
        format!("{}\n", json!({"utt": item, "emb": [vector], "speaker": golden.speakers[item]}))
    });
    place.write("named.jsonl", named.collect::<String>());
    place.write("p.toml", "[embeddings]\nname = \"likeness\"\nmodel = \"ecapa\"\n");
    let run = RUN.replace("emb/recordings", "named.jsonl");
    place.score(&format!("{run} --protocol p.toml")).exits_with(0);
    for row in rows(&place) {
        let (value, _) = golden.expected[&row.item][&row.metric.replace("likeness", "speaker_similarity")];
        assert_eq!(row.profile, format!("{}/cosine-1-ecapa", row.metric));
        mynah_testkit::assert_close(row.value.expect("it is there"), value, ROUNDING, &row.metric);
    }
    place.summarize("report --scores scores.csv --out report").exits_with(0);
    assert!(place.read("report/report.md").contains("likeness/cosine-1-ecapa: likeness of the embedding"));
}

#[test]
fn a_broken_embedding_fails_its_item_alone() {
    let golden: Golden = mynah_testkit::golden("eval/embeddings.json");
    let place = prepare(&golden);
    let silent = "there is no `LJ001-0043.wav`";
    fs::remove_file(place.path("quiet/wavs/LJ001-0043.wav")).expect("it is there");
    let good = lines(&golden.system);
    for (broken, why) in [
        (json!({"item": ITEMS[1], "embedding": [0.0, 0.0]}).to_string(), "its embedding is zero"),
        (format!("{{\"item\": \"{}\", \"embedding\": [1.0, NaN]}}", ITEMS[1]), "its embedding contains NaN"),
        (
            json!({"item": ITEMS[1], "embedding": [1.0, 2.0]}).to_string(),
            "its embedding has 2 numbers, those of the recordings 24",
        ),
        (String::new(), "`quiet.jsonl` has no embedding of it"),
    ] {
        let others = good.lines().filter(|line| !line.contains(ITEMS[1]));
        place.write("emb/quiet.jsonl", others.chain([broken.as_str()]).collect::<Vec<_>>().join("\n"));
        place.score(&format!("{RUN} --speakers utt2spk --strict")).exits_with(1);
        for row in rows(&place) {
            let is_of_system =
                ["speaker_similarity", "speaker_similarity_relative"].contains(&row.metric.as_str());
            let expected = match row.item.as_str() {
                item if item == ITEMS[1] && is_of_system => Some(why),
                item if item == ITEMS[3] && is_of_system => Some(silent),
                _ => None,
            };
            assert_eq!(row.reason.as_deref(), expected, "{row:?}");
            assert_eq!(row.status == Status::Ok, expected.is_none());
        }
    }
    // A recording without an embedding costs its item, and changes the anchors of the others, as it must.
    place.write("emb/quiet.jsonl", good);
    place.write(&format!("emb/recordings/{}.npy", ITEMS[0]), npy(&[1.0, f64::NAN]));
    place.score(&format!("{RUN} --speakers utt2spk")).exits_with(0);
    for row in rows(&place).iter().filter(|row| row.item == ITEMS[0]) {
        assert_ne!(row.status, Status::Ok);
        assert_eq!(row.reason.as_deref(), Some("reference: its embedding contains NaN"));
    }
    assert!(rows(&place).iter().any(|row| row.item == ITEMS[1] && row.status == Status::Ok));
}

#[test]
fn without_speakers_there_is_no_floor() {
    let golden: Golden = mynah_testkit::golden("eval/embeddings.json");
    let place = prepare(&golden);
    place.score(RUN).exits_with(0).says("no speakers are named").says("--speakers");
    let metrics: std::collections::BTreeSet<String> =
        rows(&place).into_iter().map(|row| row.metric).collect();
    assert_eq!(metrics.iter().collect::<Vec<_>>(), ["speaker_similarity", "speaker_similarity_ceiling"]);
    place.write(
        "utt2spk",
        golden.speakers.keys().map(|item| format!("{item} me\n")).collect::<Vec<_>>().concat(),
    );
    place
        .score(&format!("{RUN} --speakers utt2spk"))
        .exits_with(0)
        .says("there is one speaker, so there is no floor");
}

#[test]
fn reads_the_arrays_that_numpy_saves() {
    let golden: Golden = mynah_testkit::golden("eval/embeddings.json");
    let place = prepare(&golden);
    let expected = golden.expected[ITEMS[0]]["speaker_similarity"].0;
    for (kind, tolerance) in [("float16", 1e-3), ("float32", 1e-7), ("float64", ROUNDING)] {
        let file = mynah_testkit::fixture(&format!("golden/eval/embedding-{kind}.npy"));
        place.write(&format!("emb/recordings/{}.npy", ITEMS[0]), fs::read(file).expect("it is there"));
        place.score(RUN).exits_with(0);
        let row = rows(&place).into_iter().find(|row| row.item == ITEMS[0]).expect("a row");
        mynah_testkit::assert_close(row.value.expect("it is there"), expected, tolerance, kind);
    }
}

#[test]
fn says_which_embeddings_are_missing() {
    let golden: Golden = mynah_testkit::golden("eval/embeddings.json");
    let place = prepare(&golden);
    let run = |from: &str, to: &str| place.score(&RUN.replace(from, to));
    run("--embeddings reference=emb/recordings ", "")
        .exits_with(2)
        .says("there are no embeddings of the recordings")
        .says("--embeddings reference=FILE");
    run("quiet=emb", "loud=emb").exits_with(2).says("`loud`, which is no system");
    run("quiet=quiet", "reference=quiet").exits_with(2).says("give the system another name");
    place.write("emb/quiet.jsonl", "LJ001-0045 1.0 2.0\n");
    run("", "").exits_with(2).says("quiet.jsonl").says("line 1 is no JSON object");
    fs::create_dir(place.path("empty")).expect("made");
    run("emb/recordings", "empty").exits_with(2).says("there are none").says("ITEM.npy");
}
