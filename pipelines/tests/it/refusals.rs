//! Unusable input is an error that names the file, before anything is written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Outcome, PREPARE, Place};

#[test]
fn refuses_a_corpus_without_clips() {
    let place = Place::with_corpus();
    for empty in ["", "\n\r\n"] {
        place.write("corpus/metadata.csv", empty);
        place
            .prepare_corpus("dataset")
            .exits_with(2)
            .says("error: `metadata.csv` in `corpus` lists no clips")
            .says("what to do: write a line `id|text|normalized text`");
    }
    assert!(!place.has("dataset"));
}

#[test]
fn refuses_a_directory_that_is_not_a_corpus() {
    let place = Place::with_corpus();
    for (directory, why, remedy) in [
        (
            "corpus/wavs",
            "the corpus `corpus/wavs` cannot be read: it has 4 recordings, but no texts",
            "`metadata.csv`",
        ),
        ("nowhere", "there is no corpus `nowhere`", "name the directory of a corpus"),
        ("corpus/wavs/LJ001-0045.wav", "it is a recording", "name its directory"),
    ] {
        place.prepare(&format!("run {directory} --out dataset")).exits_with(2).says(why).says(remedy);
    }
    assert!(!place.has("dataset"));
}

#[test]
fn a_corpus_with_only_bad_lines_is_an_error_with_rows() {
    let place = Place::with_corpus();
    place.write("corpus/metadata.csv", "a|b\nmissing|Hello|Hello\n");
    place
        .prepare_corpus("dataset")
        .exits_with(2)
        .says("none of the 2 clips of `metadata.csv` in `corpus` could be prepared")
        .says("`dataset/problems.jsonl`")
        .says("1 × missing-wav");
    let codes: Vec<&str> = place.problems("dataset").iter().map(|problem| problem.code.word()).collect();
    assert_eq!(codes, ["wrong-field-count", "missing-wav"]);
    assert!(!place.has("dataset/dataset.toml"), "it is incomplete");

    // With a good line, the same directory becomes a dataset.
    place.write_corpus("corpus", &["LJ001-0045"]);
    place.prepare_corpus("dataset").exits_with(0);
    place.prepare_corpus("expected").exits_with(0);
    place.assert_same("expected", "dataset");
}

#[test]
fn names_an_unusable_recipe() {
    let place = Place::with_corpus();
    fs::create_dir(place.path("directory.toml")).unwrap();
    place.write("latin.toml", b"# caf\xe9\n");
    place.write("syntax.toml", "[audio\n");
    place.write("key.toml", "[audio]\nsample_rate = 22050\nf0_maximum = 600.0\n");
    place.write("section.toml", "[audoi]\nsample_rate = 22050\n");
    place.write("type.toml", "[audio]\nsample_rate = \"fast\"\n");
    place.write("value.toml", "[audio]\nf0_max_hz = -3.0\n");
    place.write("range.toml", "[audio]\nmin_seconds = 5.0\nmax_seconds = 5.0\n");
    let cases: [(&str, &[&str]); 9] = [
        ("nowhere.toml", &["failed to read `nowhere.toml`", "No such file", "what to do: check the name"]),
        ("directory.toml", &["failed to read `directory.toml`", "Is a directory"]),
        ("latin.toml", &["failed to read `latin.toml`", "UTF-8"]),
        ("syntax.toml", &["failed to read `syntax.toml`", "line 1"]),
        ("key.toml", &["`key.toml`", "line 3", "unknown field `f0_maximum`", "`f0_max_hz`"]),
        ("section.toml", &["`section.toml`", "line 1", "unknown field `audoi`", "`audio`"]),
        ("type.toml", &["`type.toml`", "line 2", "\"fast\""]),
        ("value.toml", &["`[audio]`", "-3"]),
        ("range.toml", &["`[audio]`", "`min_seconds` (5)", "`max_seconds` (5)"]),
    ];
    for (recipe, parts) in cases {
        let mut outcome = place.prepare(&format!("run corpus --out dataset --recipe {recipe}")).exits_with(2);
        for part in parts {
            outcome = outcome.says(part);
        }
    }
    assert!(!place.has("dataset"));
}

#[test]
fn uses_given_sup_phones_and_names_unreadable_ones() {
    let place = Place::with_corpus();
    place.prepare_corpus("learned").exits_with(0);
    place.edit("recipe.toml", "merges = 20", "model = \"given.json\"");
    place.prepare_corpus("dataset").exits_with(2).says("failed to read the sup-phonemes `given.json`");
    assert!(!place.has("dataset/features"), "the error precedes the work");
    place.write("given.json", "{}");
    place.prepare_corpus("dataset").exits_with(2).says("failed to read the sup-phonemes `given.json`");

    place.write("phones.txt", "HH AH0 L OW1 / W ER1 L D\nHH AH0 L OW1 / DH AH0\n");
    place.prepare("bpe train phones.txt --merges 3 --out given.json").exits_with(0);
    place.prepare_corpus("dataset").exits_with(0);
    assert_eq!(place.bytes("dataset/supphones.json"), place.bytes("given.json"));
    assert_ne!(place.bytes("dataset/supphones.json"), place.bytes("learned/supphones.json"));
}

#[test]
fn names_the_bad_line_of_a_lexicon() {
    let place = Place::with_corpus();
    place.write("recipe.toml", "[text]\nlexicon = \"words.txt\"\n");
    place.prepare_corpus("dataset").exits_with(2).says("failed to read `words.txt`").says("check the name");
    place.write("words.txt", "neild N IY1 L D\nhidell HH AY D EH1 L\n");
    place.prepare_corpus("dataset").exits_with(2).says("line 2 of `words.txt`").says("`AY`");
    assert!(!place.has("dataset"));
}

#[test]
fn names_and_keeps_a_file_in_the_place_of_the_dataset() {
    let place = Place::with_corpus();
    place.write("taken", "mine");
    place
        .prepare_corpus("taken")
        .exits_with(2)
        .says("failed to complete the dataset `taken`")
        .says("what to do: something else is in its place");
    place.prepare_corpus("taken/dataset").exits_with(2).says("`taken/dataset`").says("what to do: ");
    assert_eq!(place.read("taken"), "mine");

    place.write("dataset/features", "mine");
    place.prepare_corpus("dataset").exits_with(2).says("`dataset/features/LJ").says("what to do: ");
    assert_eq!(place.read("dataset/features"), "mine");
    assert!(!place.has("dataset/dataset.toml"));
}

#[test]
fn names_a_directory_that_cannot_be_written() {
    let place = Place::with_corpus();
    fs::create_dir(place.path("locked")).unwrap();
    let mode = |mode| fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    let outcomes = ["locked", "locked/dataset"].map(|out| (out, without_override(&place, out)));
    mode(0o755);
    for (out, outcome) in outcomes {
        let Some(outcome) = outcome else {
            eprintln!("not tried: this user may write anywhere, and setpriv cannot revoke that");
            continue;
        };
        outcome
            .exits_with(2)
            .says(&format!("failed to complete the dataset `{out}`"))
            .says("Permission denied")
            .says("what to do: get permission to read or write there, or name another place");
        assert!(place.files("locked").is_empty());
    }
    // The failed runs left nothing that stops the next one.
    place.prepare_corpus("locked").exits_with(0);
}

/// Prepares without the superuser's privilege to write anywhere; `None` if it cannot be dropped.
fn without_override(place: &Place, out: &str) -> Option<Outcome> {
    let arguments = format!("run corpus --recipe recipe.toml --out {out}");
    if fs::write(place.path("locked/probe"), "").is_err() {
        return Some(place.prepare(&arguments));
    }
    fs::remove_file(place.path("locked/probe")).unwrap();
    let drop = "exec setpriv --inh-caps=-dac_override --bounding-set=-dac_override";
    let probe = place.shell(PREPARE, &format!("{drop} -- sh -c ': > locked/probe'"));
    if place.has("locked/probe") || !probe.stderr.contains("locked/probe") {
        return None;
    }
    Some(place.shell(PREPARE, &format!("{drop} -- \"$0\" {arguments}")))
}
