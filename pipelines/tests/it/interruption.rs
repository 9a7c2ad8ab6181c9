//! A preparation that stops anywhere and is run again ends as an uninterrupted one.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{PREPARE, Place, killed, names};

/// Passes of the aligner, enough to stop it between them.
const SLOW_ALIGNMENT: &str = "\n[alignment]\nclass_passes = 30\nphone_passes = 30\nstate_passes = 30\n";

fn place() -> Place {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    place
}

/// Stops a run by `signal` once `when` accepts its stderr, which is returned.
fn stop(place: &Place, signal: &str, when: impl Fn(&str) -> bool) -> String {
    let arguments = "run corpus --recipe recipe.toml --out dataset";
    // The signal may also arrive after the end.
    let ended_by_it = |status| killed(status) && !place.has("dataset/dataset.toml");
    let again = || place.remove("dataset");
    place.disturb(PREPARE, arguments, signal, when, ended_by_it, again).stderr
}

/// Runs again, compares the dataset with that of an uninterrupted run, and returns stderr.
fn go_on(place: &Place) -> String {
    let outcome = place.prepare_corpus("dataset").exits_with(0);
    place.assert_same("expected", "dataset");
    place.remove("dataset");
    outcome.stderr
}

fn n_features(place: &Place) -> usize {
    let there = place.has("dataset/features");
    let names = if there { names(&place.path("dataset/features")) } else { BTreeSet::default() };
    names.iter().filter(|name| !name.starts_with('.')).count()
}

#[test]
fn keeps_finished_features_when_killed() {
    let place = place();
    for (signal, n) in [("KILL", 1), ("INT", 2), ("KILL", 3)] {
        stop(&place, signal, |_| n_features(&place) >= n);
        let done = n_features(&place);
        assert!((n..=4).contains(&done));
        let said = go_on(&place);
        assert!(said.contains(&format!("{done} of 4 clips were prepared before")), "{signal} {n}: {said}");
    }
}

#[test]
fn aligns_again_when_killed_during_the_alignment() {
    let place = Place::with_corpus();
    place.write("recipe.toml", place.read("recipe.toml") + SLOW_ALIGNMENT);
    place.prepare_corpus("expected").exits_with(0);
    for signal in ["KILL", "INT"] {
        stop(&place, signal, |said| said.contains("aligned, pass"));
        let said = go_on(&place);
        assert!(said.contains("4 of 4 clips were prepared before"), "{said}");
    }
}

#[test]
fn only_writes_when_killed_just_before_the_end() {
    let place = place();
    // The moment is too short for a signal. `dataset.toml` is written last, so this is the state a signal would leave.
    place.copy("expected", "dataset");
    fs::remove_file(place.path("dataset/dataset.toml")).unwrap();
    let said = go_on(&place);
    assert!(said.contains("4 of 4 clips were prepared before"), "{said}");
    assert!(said.contains("the clips were aligned before"), "{said}");
}

#[test]
fn leaves_no_partial_file_in_place_when_killed() {
    let place = Place::with_corpus();
    place.write_corpus("corpus", &["LJ001-0043", "LJ001-0045", "LJ001-0080"]);
    place.prepare_corpus("expected").exits_with(0);
    // The system ends a program at the limit, here within the third clip's features.
    let script =
        "ulimit -c 0; ulimit -f 600; exec \"$0\" run corpus --recipe recipe.toml --out dataset --threads 1";
    let outcome = place.shell(PREPARE, script);
    assert!(killed(outcome.status), "{}", outcome.stderr);
    let left: Vec<String> = place.files("dataset").into_keys().collect();
    assert_eq!(left.len(), 4, "{left:?}");
    assert_eq!(left[0], ".mynah.lock", "the lock of a program that was killed");
    assert!(
        left[1].starts_with("features/.LJ001-0080.safetensors."),
        "a partial file is not in its place: {left:?}"
    );
    let said = go_on(&place);
    assert!(said.contains("2 of 3 clips were prepared before"), "{said}");
    assert!(said.contains("removed 1 file of earlier runs"), "{said}");
}

#[test]
fn readers_refuse_an_incomplete_dataset() {
    let place = place();
    stop(&place, "KILL", |_| n_features(&place) >= 1);
    let error = mynah_corpus::Dataset::open(&place.path("dataset")).unwrap_err();
    assert!(error.to_string().contains("dataset/dataset.toml"), "{error}");
    assert!(error.remedy().unwrap().contains("mynah-prepare run"), "{error:?}");
}
