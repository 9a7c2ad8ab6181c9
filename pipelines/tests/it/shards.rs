//! Merged shards equal the dataset of one process.

use std::fs;
use std::thread;

use crate::support::{CLIPS, Outcome, PREPARE, Place, killed};

fn arguments(shard: &str) -> String {
    format!("run corpus --recipe recipe.toml --out dataset --shard {shard}")
}

fn shard(place: &Place, shard: &str) -> Outcome {
    place.prepare(&arguments(shard))
}

/// Makes a place with the dataset of one process in `expected`.
fn place() -> Place {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    place
}

#[test]
fn any_number_of_shards_in_any_order_makes_the_same_dataset() {
    let place = place();
    for count in [1, 2, 7] {
        for index in (1..=count).rev() {
            shard(&place, &format!("{index}/{count}"))
                .exits_with(0)
                .says(&format!("shard {index}/{count}: "))
                .says("mynah-prepare merge dataset");
        }
        place.prepare("merge dataset").exits_with(0).says("4 of 4 clips prepared");
        place.assert_same("expected", "dataset");
        place.remove("dataset");
    }
}

#[test]
fn shards_may_run_at_the_same_time() {
    let place = place();
    thread::scope(|scope| {
        for index in 1..=3 {
            let place = &place;
            scope.spawn(move || shard(place, &format!("{index}/3")).exits_with(0));
        }
    });
    place.prepare("merge dataset --threads 1").exits_with(0);
    place.assert_same("expected", "dataset");
}

#[test]
fn the_shard_of_a_clip_finds_its_problems() {
    let place = Place::with_corpus();
    place.write("corpus/wavs/LJ001-0043.wav", "no wav");
    place.write(
        "corpus/metadata.csv",
        place.read("corpus/metadata.csv") + "LJ001-0043-b|two\nmissing|x|x\nsilent|?|?\n",
    );
    place.write("corpus/wavs/silent.wav", fs::read(place.path("corpus/wavs/LJ001-0045.wav")).unwrap());
    place.prepare_corpus("expected").exits_with(1);
    let codes: Vec<Option<i32>> =
        (1..=3).map(|index| shard(&place, &format!("{index}/3")).status.code()).collect();
    assert!(codes.contains(&Some(1)), "{codes:?}");
    place.prepare("merge dataset").exits_with(1).says("4 problems");
    place.assert_same("expected", "dataset");
    assert_eq!(place.problems("dataset").len(), 4);
}

#[test]
fn names_unfinished_shards() {
    let place = place();
    place.prepare("merge dataset").exits_with(2).says("cannot be merged: there are none").says("--shard 1/N");
    shard(&place, "2/3").exits_with(0);
    place
        .prepare("merge dataset")
        .exits_with(2)
        .says("2 of 3 are not complete")
        .says("--shard 1/3, --shard 3/3");
    place.prepare("merge expected").exits_with(2).says("cannot be merged: there are none");
    place.prepare(&arguments("4/3")).exits_with(2).says("`4/3` is not a shard");
    assert!(!place.has("dataset/dataset.toml"));
}

#[test]
fn a_killed_shard_is_unfinished_and_resumes() {
    let place = place();
    shard(&place, "1/2").exits_with(0);
    place.disturb(
        PREPARE,
        &arguments("2/2"),
        "KILL",
        |_| place.has("dataset/features"),
        |status| killed(status) && !place.has("dataset/shards/00002-of-00002.json"),
        || {
            place.remove("dataset/shards");
            shard(&place, "1/2").exits_with(0);
        },
    );
    place.prepare("merge dataset").exits_with(2).says("1 of 2 are not complete");
    shard(&place, "2/2").exits_with(0);
    place.prepare("merge dataset").exits_with(0);
    place.assert_same("expected", "dataset");
}

#[test]
fn refuses_to_merge_shards_of_different_inputs() {
    let place = place();
    shard(&place, "1/2").exits_with(0);
    place.edit("recipe.toml", "merges = 20", "merges = 2");
    shard(&place, "2/2").exits_with(0);
    place.prepare("merge dataset").exits_with(2).says("00002-of-00002.json").says("a different recipe");
    shard(&place, "1/2").exits_with(0);
    place.write("corpus/metadata.csv", place.read("corpus/metadata.csv").replace(CLIPS[3], CLIPS[2]));
    place.prepare("merge dataset").exits_with(2).says("`metadata.csv` in `corpus` has changed");
    shard(&place, "1/2");
    shard(&place, "2/2");
    fs::remove_file(place.path("dataset/features/LJ001-0043.safetensors")).unwrap();
    place
        .prepare("merge dataset")
        .exits_with(2)
        .says("the features of `LJ001-0043`")
        .says("run the shards again");
}
