//! A full disk: a write fails in the middle of a file.
//!
//! A limit on the size of files needs no privilege and ends a write as a full disk does: in the middle, with an error of the
//! operating system. Where users may mount file systems, a full one is tried too.

use crate::support::{Outcome, PREPARE, Place};

/// The remedy that users see.
const REMEDY: &str = "what to do: free some space and run again; finished work is kept";

/// Clips whose features take 282, 219, 391 and 226 kB, in the order of their preparation by one thread.
const CLIPS: [&str; 4] = ["LJ001-0043", "LJ001-0045", "LJ001-0080", "LJ002-0009"];

fn place() -> Place {
    let place = Place::with_corpus();
    place.write_corpus("corpus", &CLIPS);
    place.prepare_corpus("expected").exits_with(0);
    place
}

/// Runs with a limit on the size of files, in blocks of 512 bytes.
fn limited(place: &Place, blocks: u32, out: &str) -> Outcome {
    place.shell(
        PREPARE,
        &format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run corpus --recipe recipe.toml --out {out} --threads 1"
        ),
    )
}

#[test]
fn a_second_run_computes_only_the_features_that_did_not_fit() {
    let place = place();
    limited(&place, 600, "dataset")
        .exits_with(2)
        .says("error: failed to complete the dataset `dataset`")
        .says("write `dataset/features/LJ001-0080.safetensors`")
        .says(REMEDY);
    let found: Vec<String> = place.files("dataset").into_keys().collect();
    assert_eq!(found, ["features/LJ001-0043.safetensors", "features/LJ001-0045.safetensors"]);
    for file in found {
        assert!(place.bytes(&format!("dataset/{file}")) == place.bytes(&format!("expected/{file}")));
    }
    place.prepare_corpus("dataset").exits_with(0).says("2 of 4 clips were prepared before");
    place.assert_same("expected", "dataset");
}

#[test]
fn names_the_file_that_does_not_fit_and_writes_it_in_a_second_run() {
    let place = place();
    for (blocks, named) in [
        (1, "dataset/alignments/durations.parquet"),
        (9, "dataset/alignments/LJ0"),
        (100, "dataset/report-clips/"),
    ] {
        // The state after a run that stopped after the features.
        place.copy("expected/features", "dataset/features");
        limited(&place, blocks, "dataset").exits_with(2).says(&format!("write `{named}")).says(REMEDY);
        assert!(!place.has("dataset/dataset.toml"), "the dataset is incomplete");
        let expected = place.files("expected");
        for (name, content) in place.files("dataset") {
            if let Some(whole) = expected.get(&name) {
                assert!(*whole == content, "`{name}` is in its place but partial");
            }
        }
        place.prepare_corpus("dataset").exits_with(0).says("4 of 4 clips were prepared before");
        place.assert_same("expected", "dataset");
        place.remove("dataset");
    }
}

#[test]
fn a_complete_dataset_survives_a_run_without_space() {
    let place = place();
    place.copy("expected", "dataset");
    place.edit("recipe.toml", "merges = 20", "merges = 10");
    limited(&place, 100, "dataset").exits_with(2).says("write `dataset/report-clips/").says(REMEDY);
    assert!(!place.has("dataset/dataset.toml"), "half of it has another recipe");
    place.edit("recipe.toml", "merges = 10", "merges = 20");
    place.prepare_corpus("dataset").exits_with(0).says("the clips were aligned before");
    place.assert_same("expected", "dataset");
}

#[test]
fn a_full_file_system_behaves_the_same() {
    let place = place();
    // A file system of 1 MiB, without room for the fourth clip's features, which then grows.
    place.write(
        "full.sh",
        "mkdir disk && mount -t tmpfs -o size=1m tmpfs disk || exit 77
        run() { \"$0\" run corpus --recipe recipe.toml --out disk/dataset --threads 1; }
        run 2> first.txt
        echo $? > first-code.txt
        cp -R disk/dataset first
        mount -o remount,size=64m disk || exit 77
        run 2> second.txt
        echo $? > second-code.txt
        cp -R disk/dataset second",
    );
    let outcome =
        place.shell(PREPARE, "exec unshare --user --map-root-user --mount sh -c \"$(cat full.sh)\" \"$0\"");
    if !outcome.status.success() {
        assert!(!place.has("first-code.txt") || outcome.status.code() == Some(77), "{}", outcome.stderr);
        eprintln!("not tried with a full file system: users cannot mount one here");
        limited(&place, 450, "dataset").exits_with(2).says(REMEDY);
        place.prepare_corpus("dataset").exits_with(0);
        place.assert_same("expected", "dataset");
        return;
    }
    assert_eq!((place.read("first-code.txt").trim(), place.read("second-code.txt").trim()), ("2", "0"));
    let talk = place.read("first.txt");
    assert!(talk.contains("write `disk/dataset/features/LJ002-0009.safetensors`"), "{talk}");
    assert!(talk.contains("No space left on device") && talk.contains(REMEDY), "{talk}");
    let found: Vec<String> = place.files("first").into_keys().collect();
    let expected = &CLIPS[..3];
    let expected: Vec<String> = expected.iter().map(|id| format!("features/{id}.safetensors")).collect();
    assert_eq!(found, expected);
    let talk = place.read("second.txt");
    assert!(talk.contains("3 of 4 clips were prepared before"), "{talk}");
    place.assert_same("expected", "second");
}
