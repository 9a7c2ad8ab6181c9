//! Work that a second run repeats and skips.

use std::collections::BTreeSet;
use std::fs;
use std::time::SystemTime;

use mynah_corpus::Dataset;

use crate::support::{CLIPS, Place, names};

/// The work of a second run.
#[derive(Debug, PartialEq)]
struct Work {
    /// Clips whose features were written again.
    features: BTreeSet<String>,
    /// True when the durations were computed again.
    aligned: bool,
}

fn all() -> BTreeSet<String> {
    CLIPS.map(str::to_owned).into()
}

fn only(id: &str) -> BTreeSet<String> {
    BTreeSet::from([id.to_owned()])
}

/// Makes a place with a complete `dataset`.
fn place() -> Place {
    let place = Place::with_corpus();
    place.prepare_corpus("dataset").exits_with(0);
    place
}

fn written(place: &Place) -> Vec<(String, SystemTime)> {
    let directory = place.path("dataset/features");
    let modified = |name: String| {
        let time = fs::metadata(directory.join(&name)).unwrap().modified().unwrap();
        (name.trim_end_matches(".safetensors").to_owned(), time)
    };
    names(&directory).into_iter().map(modified).collect()
}

/// Runs again, compares the dataset with that of a first run, and returns the work.
#[track_caller]
fn run_again(place: &Place) -> Work {
    let before = written(place);
    let outcome = place.prepare_corpus("dataset").exits_with(0);
    let features = written(place).into_iter().filter(|file| !before.contains(file)).map(|(id, _)| id);
    let features = features.collect::<BTreeSet<String>>();
    let work = Work { features, aligned: outcome.stderr.contains("aligned, pass") };
    assert_eq!(work.aligned, !outcome.stderr.contains("the clips were aligned before"));
    place.prepare_corpus("first").exits_with(0);
    place.assert_same("first", "dataset");
    place.remove("first");
    work
}

#[track_caller]
fn check(change: impl FnOnce(&Place), features: BTreeSet<String>, aligned: bool) {
    let place = place();
    change(&place);
    assert_eq!(run_again(&place), Work { features, aligned });
    assert_eq!(
        run_again(&place),
        Work { features: BTreeSet::new(), aligned: false },
        "a third run has no work"
    );
}

#[test]
fn without_a_change_nothing_is_done_again() {
    check(|_| {}, BTreeSet::new(), false);
}

#[test]
fn a_changed_wav_recomputes_its_features_and_the_alignment() {
    let wav = "corpus/wavs/LJ001-0045.wav";
    check(
        |place| {
            let mut bytes = place.bytes(wav);
            bytes[10_000] ^= 1;
            place.write(wav, bytes);
        },
        only("LJ001-0045"),
        true,
    );
    // The same bytes with another time are the same wav.
    check(|place| place.write(wav, place.bytes(wav)), BTreeSet::new(), false);
}

#[test]
fn a_changed_audio_setting_recomputes_all_features() {
    let recipe = |place: &Place| {
        place.write("recipe.toml", place.read("recipe.toml") + "\n[audio]\nf0_max_hz = 500.0\n");
    };
    check(recipe, all(), true);
}

#[test]
fn a_changed_text_recomputes_the_alignment() {
    check(
        |place| place.edit("corpus/metadata.csv", "fourteen seventy;", "fourteen seventeen;"),
        BTreeSet::new(),
        true,
    );
    let lexicon = |place: &Place| {
        place.write("words.txt", "neild  N AY1 L D\n");
        place.write("recipe.toml", place.read("recipe.toml") + "\n[text]\nlexicon = \"words.txt\"\n");
    };
    check(lexicon, BTreeSet::new(), true);
    // The column that is not read.
    check(|place| place.edit("corpus/metadata.csv", "|1469, 1470;|", "|MCDLXIX|"), BTreeSet::new(), false);
}

#[test]
fn a_changed_aligner_setting_recomputes_the_alignment() {
    let recipe = |place: &Place| {
        place.write("recipe.toml", place.read("recipe.toml") + "\n[alignment]\nstate_passes = 7\n");
    };
    check(recipe, BTreeSet::new(), true);
}

#[test]
fn changed_sup_phones_or_splits_recompute_neither() {
    check(|place| place.edit("recipe.toml", "merges = 20", "merges = 10"), BTreeSet::new(), false);
    check(|place| place.edit("recipe.toml", "validation = 1", "validation = 0"), BTreeSet::new(), false);
    check(
        |place| place.write("recipe.toml", place.read("recipe.toml") + "seed = 5\n"),
        BTreeSet::new(),
        false,
    );
}

#[test]
fn a_deleted_line_deletes_its_files() {
    let place = place();
    place.write("dataset/features/notes.txt", "mine");
    place.write_corpus("corpus", &CLIPS[1..]);
    place.prepare_corpus("dataset").exits_with(0).says("3 of 3").says("removed 2 files of earlier runs");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    assert_eq!(
        dataset.utterances().iter().map(|utterance| utterance.id.as_str()).collect::<Vec<_>>(),
        CLIPS[1..]
    );
    assert_eq!(
        place.read("dataset/features/notes.txt"),
        "mine",
        "files that mynah-prepare did not write stay"
    );
    fs::remove_file(place.path("dataset/features/notes.txt")).unwrap();
    assert_eq!(run_again(&place), Work { features: BTreeSet::new(), aligned: false });

    // And back again.
    place.write_corpus("corpus", &CLIPS);
    assert_eq!(run_again(&place), Work { features: only(CLIPS[0]), aligned: true });
}

#[test]
fn a_new_line_computes_its_features_and_the_alignment() {
    let place = place();
    place.write_corpus("corpus", &[&CLIPS[..], &["LJ002-0166"]].concat());
    assert_eq!(run_again(&place), Work { features: only("LJ002-0166"), aligned: true });
}

#[test]
fn damaged_files_are_made_again() {
    let path = "dataset/features/LJ001-0045.safetensors";
    check(
        |place| {
            let bytes = place.bytes(path);
            place.write(path, &bytes[..bytes.len() / 2]);
        },
        only("LJ001-0045"),
        false,
    );
    check(|place| fs::remove_file(place.path(path)).unwrap(), only("LJ001-0045"), false);
    check(|place| place.write("dataset/alignments/durations.parquet", "no table"), BTreeSet::new(), true);
    check(|place| place.remove("dataset/alignments"), BTreeSet::new(), true);
    check(|place| fs::remove_file(place.path("dataset/manifest.parquet")).unwrap(), BTreeSet::new(), false);
    check(|place| place.write("dataset/dataset.toml", "format = 0"), BTreeSet::new(), false);
}

#[test]
fn the_dataset_does_not_depend_on_the_number_of_threads() {
    let place = Place::with_corpus();
    for threads in [1, 2, 5] {
        let out = format!("dataset-{threads}");
        place
            .prepare(&format!("run corpus --recipe recipe.toml --out {out} --threads {threads}"))
            .exits_with(0);
        place.assert_same("dataset-1", &out);
    }
    place.prepare("run corpus --out dataset --threads 0").exits_with(2).says("--threads");
}
