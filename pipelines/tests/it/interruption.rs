//! A preparation that is stopped anywhere, and then run again, ends as if nobody had stopped it.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{PREPARE, Place, killed, names};

/// Passes of the aligner, so many that there is time to stop it between them.
const SLOW_ALIGNMENT: &str = "\n[alignment]\nclass_passes = 30\nphone_passes = 30\nstate_passes = 30\n";

fn place() -> Place {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    place
}

/// Stops a run by `signal` as soon as `when` says so of what was said; returns what it said.
fn stop(place: &Place, signal: &str, when: impl Fn(&str) -> bool) -> String {
    let arguments = "run corpus --recipe recipe.toml --out dataset";
    // A signal may also come when all is done.
    let ended_by_it = |status| killed(status) && !place.has("dataset/dataset.toml");
    let again = || place.remove("dataset");
    place.disturb(PREPARE, arguments, signal, when, ended_by_it, again).stderr
}

/// Runs again, compares with the undisturbed run, and returns what was said.
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
fn killed_between_features_it_keeps_those_that_are_done() {
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
fn killed_while_it_aligns_it_aligns_again() {
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
fn killed_just_before_the_end_it_only_writes() {
    let place = place();
    // The moment is too short to be met by a signal. `dataset.toml` is written last, so this is what one would leave.
    place.copy("expected", "dataset");
    fs::remove_file(place.path("dataset/dataset.toml")).unwrap();
    let said = go_on(&place);
    assert!(said.contains("4 of 4 clips were prepared before"), "{said}");
    assert!(said.contains("the clips were aligned before"), "{said}");
}

#[test]
fn killed_in_the_middle_of_a_file_it_leaves_none_of_it_behind() {
    let place = Place::with_corpus();
    place.write_corpus("corpus", &["LJ001-0043", "LJ001-0045", "LJ001-0080"]);
    place.prepare_corpus("expected").exits_with(0);
    // The system ends a program that writes further than it may, here within the third clip's features.
    let script =
        "ulimit -c 0; ulimit -f 600; exec \"$0\" run corpus --recipe recipe.toml --out dataset --threads 1";
    let outcome = place.shell(PREPARE, script);
    assert!(killed(outcome.status), "{}", outcome.stderr);
    let left: Vec<String> = place.files("dataset").into_keys().collect();
    assert_eq!(left.len(), 4, "{left:?}");
    assert_eq!(left[0], ".mynah.lock", "the lock of a program that was killed");
    assert!(
        left[1].starts_with("features/.LJ001-0080.safetensors."),
        "half a file, not in its place: {left:?}"
    );
    let said = go_on(&place);
    assert!(said.contains("2 of 3 clips were prepared before"), "{said}");
    assert!(said.contains("removed 1 file of earlier runs"), "{said}");
}

#[test]
fn a_dataset_that_is_not_complete_is_refused_by_those_who_read_it() {
    let place = place();
    stop(&place, "KILL", |_| n_features(&place) >= 1);
    let error = mynah_corpus::Dataset::open(&place.path("dataset")).unwrap_err().to_string();
    assert!(error.contains("dataset/dataset.toml") && error.contains("mynah-prepare run"), "{error}");
}
