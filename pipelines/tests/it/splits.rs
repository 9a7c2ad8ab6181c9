//! Held-out utterances.

use std::collections::BTreeMap;

use mynah_corpus::{Dataset, Split};

use crate::support::{CLIPS, Place, bundled_line, bundled_wav};

fn splits(place: &Place) -> BTreeMap<String, Split> {
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    dataset.utterances().iter().map(|utterance| (utterance.id.clone(), utterance.split)).collect()
}

#[test]
fn holds_out_lists_chapters_and_fractions() {
    let place = Place::with_corpus();
    place.write("test.txt", format!("DUMMY1/{}.wav|words\nDUMMY1/LJ009-0001.wav|words\n", CLIPS[1]));
    place.write("recipe.toml", "[split]\ntest_list = \"test.txt\"\n");
    place
        .prepare_corpus("dataset")
        .exits_with(0)
        .says("note: 1 ids of the split lists are not in the dataset, for example LJ009-0001");
    let found = splits(&place);
    assert_eq!(found.values().filter(|split| **split == Split::Train).count(), 3);
    assert_eq!(found[CLIPS[1]], Split::Test);

    place.write("recipe.toml", "[split]\nby = \"chapter\"\nvalidation = 0\ntest = 0.25\n");
    place.prepare_corpus("dataset").exits_with(0);
    let found = splits(&place);
    assert_eq!(found[CLIPS[0]], found[CLIPS[1]], "they are from one chapter");
    assert_eq!(found[CLIPS[2]], found[CLIPS[3]], "they are from one chapter");
    assert_ne!(found[CLIPS[0]], found[CLIPS[2]]);

    place.write("recipe.toml", "[split]\ntest_list = \"nowhere.txt\"\n");
    place.prepare_corpus("dataset").exits_with(2).says("`nowhere.txt`");
    place.write("recipe.toml", "[split]\ntest = 1.5\n");
    place.prepare_corpus("dataset").exits_with(2).says("`test` is 1.5");
}

#[test]
fn reports_held_out_clips_that_are_trained_on() {
    let place = Place::with_corpus();
    let line = bundled_line(CLIPS[0]).replace(CLIPS[0], "LJ009-0001");
    place.write("corpus/metadata.csv", format!("{}{line}\n", place.read("corpus/metadata.csv")));
    place.write("corpus/wavs/LJ009-0001.wav", bundled_wav(CLIPS[0]));
    place.write("test.txt", "LJ009-0001\n");
    place.write("recipe.toml", "[split]\ntest_list = \"test.txt\"\n");
    let said = format!("for example LJ009-0001 (test) and {}", CLIPS[0]);
    place.prepare_corpus("dataset").exits_with(0).says("note: 1 held-out utterances").says(&said);
    assert!(place.read("dataset/report.html").contains("what is measured on them is too good"));
}
