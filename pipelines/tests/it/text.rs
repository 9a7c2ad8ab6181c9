//! `mynah-prepare text`.

use std::collections::BTreeSet;

use mynah_corpus::{Code, Problem};
use mynah_table::read_table;
use mynah_text::{Phonemizer, Pronouncer, SupPhones, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::support::{PREPARE, Place, documented_columns, killed};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    offset: u64,
    symbol_ids: Vec<u8>,
    sup_phone_ids: Vec<u8>,
}

const SENTENCES: [&str; 6] = [
    "They record a record, and the record was played.",
    "In 1810 Mr. Buxton paid £30 for 5 km of road.",
    "The wind was cold.",
    "Nobody read the refuse of hidell's house; the house was empty.",
    "The record of the record.",
    "It's “close” to the close of the day…",
];

/// Makes a place with `a.txt`: the sentences many times, in changing order.
fn place() -> Place {
    let place = Place::new();
    let lines: Vec<&str> = (0..300).map(|line| SENTENCES[(line * line + line / 7) % 6]).collect();
    place.write("a.txt", lines.join("\n"));
    place
}

fn rows(place: &Place, out: &str) -> Vec<Row> {
    let names = place.files(&format!("{out}/shards")).into_keys().filter(|name| name.contains(".parquet"));
    names.flat_map(|name| read_table::<Row>(&place.path(&format!("{out}/shards/{name}"))).unwrap()).collect()
}

#[test]
fn identifiers_match_the_phonemizer() {
    let place = place();
    let outcome = place.prepare("text a.txt --out o --merges 20 --shard-bytes 1000").exits_with(0);
    outcome.says("20 merges from").says("300 sentences of 300 lines");
    let text = place.read("a.txt");
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    let vocabulary = Vocabulary::from_json(&place.read("o/vocabulary.json")).unwrap();
    let sup_phones = SupPhones::from_json(&place.read("o/supphones.json")).unwrap();
    let rows = rows(&place, "o");
    assert_eq!(rows.len(), 300);
    for (row, line) in rows.iter().zip(text.lines()) {
        assert!(text[row.offset as usize..].starts_with(line));
        let phonemized = phonemizer.phonemize(line).unwrap();
        let ids: Vec<u32> = row.symbol_ids.iter().copied().map(u32::from).collect();
        assert_eq!(ids, vocabulary.ids(&phonemized.symbols), "{line}");
        let ids: Vec<u32> =
            row.sup_phone_ids.chunks(2).map(|id| u32::from(u16::from_le_bytes([id[0], id[1]]))).collect();
        assert_eq!(ids, sup_phones.encode(&phonemized.symbols, &phonemized.word_index), "{line}");
    }
    assert_eq!(
        documented_columns("text.md", "### `shards/<n>.parquet`"),
        ["offset", "symbol_ids", "sup_phone_ids"].map(str::to_owned).into_iter().collect::<BTreeSet<_>>()
    );
}

#[test]
fn output_does_not_depend_on_threads_or_shard_size() {
    let place = place();
    for (out, options) in [
        ("one", "--threads 1 --shard-bytes 1000"),
        ("four", "--threads 4 --shard-bytes 1000"),
        ("whole", "--threads 2"),
    ] {
        place.prepare(&format!("text a.txt --out {out} --merges 20 {options}")).exits_with(0);
    }
    place.assert_same("one", "four");
    assert_eq!(place.read("one/supphones.json"), place.read("whole/supphones.json"));
    assert_eq!(rows(&place, "one"), rows(&place, "whole"));
}

#[test]
fn a_second_run_encodes_only_stale_pieces() {
    let place = place();
    let arguments = "text a.txt --out o --merges 20 --shard-bytes 1000";
    place.prepare(arguments).exits_with(0);
    place.copy("o", "first");
    let pieces = place.files("o/shards").keys().filter(|name| name.contains(".json")).count();
    assert!(pieces > 5);
    place.prepare(arguments).exits_with(0).says(&format!("{pieces} of {pieces} pieces were encoded before"));
    place.assert_same("o", "first");

    // Lost files are made again, and partial files removed.
    std::fs::remove_file(place.path("o/shards/00002.parquet")).unwrap();
    std::fs::remove_file(place.path("o/text.toml")).unwrap();
    place.write("o/shards/.00003.parquet.abc123", "half");
    place.prepare(arguments).exits_with(0).says(&format!("{} of {pieces} pieces were encoded", pieces - 1));
    place.assert_same("o", "first");

    // With the sup-phonemes of the first run, a change in one piece affects one piece.
    let given = "text a.txt --out o --bpe first/supphones.json --shard-bytes 1000";
    place.prepare(given).exits_with(0).says(&format!("{pieces} of {pieces} pieces were encoded before"));
    let text = place.read("a.txt");
    place.write("a.txt", text.replacen("cold", "warm", 1));
    place.prepare(given).exits_with(0).says(&format!("{} of {pieces} pieces were encoded", pieces - 1));
    // Another lexicon affects all pieces.
    place.write("words.txt", "hidell  HH AY0 D EH1 L\n");
    let outcome = place.prepare(&format!("{given} --lexicon words.txt")).exits_with(0);
    assert!(!outcome.stderr.contains("encoded before"), "{}", outcome.stderr);
    // A shorter text keeps nothing of the longer one.
    place.write("a.txt", "The wind was cold.\n");
    place.prepare(given).exits_with(0);
    assert_eq!(place.files("o/shards").len(), 2);
}

#[test]
fn a_killed_encoding_resumes() {
    let place = place();
    let arguments = "text a.txt --out o --merges 20 --shard-bytes 100 --threads 1";
    place.prepare("text a.txt --out whole --merges 20 --shard-bytes 100 --threads 1").exits_with(0);
    for piece in ["counted 10 of", "encoded 50 of"] {
        let again = || place.remove("o");
        let ended_by_it = |status| killed(status) && !place.has("o/text.toml");
        place.disturb(PREPARE, arguments, "KILL", |said| said.contains(&piece[..9]), ended_by_it, again);
    }
    place.prepare(arguments).exits_with(0);
    place.assert_same("o", "whole");
}

#[test]
fn lines_that_cannot_be_encoded_are_rows() {
    let place = Place::new();
    let mut text = b"\xef\xbb\xbfThe wind was cold.\r\n\r\n***\n".to_vec();
    text.extend(b"caf\xe9 is not UTF-8\n".repeat(2));
    text.extend(b"The end.");
    place.write("a.txt", &text);
    place.write("b.txt", b"The wind.\nbad \xff line\n");
    let outcome = place.prepare("text a.txt b.txt --out o --merges 5 --shard-bytes 30").exits_with(1);
    outcome.says("4 problems, each a row of o/problems.jsonl");
    let problems: Vec<Problem> = read_table(&place.path("o/problems.jsonl")).unwrap();
    let found: Vec<_> = problems.iter().map(|row| (row.code, row.file.as_str(), row.line)).collect();
    let expected = [
        (Code::EmptyText, "a.txt", Some(3)),
        (Code::NotUtf8, "a.txt", Some(4)),
        (Code::NotUtf8, "a.txt", Some(5)),
        (Code::NotUtf8, "b.txt", Some(2)),
    ];
    assert_eq!(found, expected);
    assert_eq!(rows(&place, "o").iter().map(|row| row.offset).collect::<Vec<_>>(), [3, 65, 0]);
}

#[test]
fn splits_paragraphs_into_sentences() {
    let place = Place::new();
    place.write("a.txt", "  Mr. Smith left. He came back!\n\"Why?\" she asked. The end.\n");
    place
        .prepare("text a.txt --out o --unit paragraph --merges 5")
        .exits_with(0)
        .says("4 sentences of 2 lines");
    let text = place.read("a.txt");
    let begins: Vec<&str> = rows(&place, "o").iter().map(|row| &text[row.offset as usize..][..2]).collect();
    assert_eq!(begins, ["Mr", "He", "\"W", "Th"]);
}

#[test]
fn refuses_input_that_is_not_text() {
    let place = place();
    place.prepare("text nowhere.txt --out o").exits_with(2).says("`nowhere.txt`");
    place.prepare("text . --out o").exits_with(2).says("is not a file");
    place.write("empty.txt", "");
    place.prepare("text empty.txt --out o").exits_with(2).says("every file is empty");
    place.prepare("text a.txt --out o --bpe a.txt").exits_with(2).says("failed to read `a.txt`");
    place.prepare("text a.txt --out a.txt").exits_with(2).says("`a.txt");
    place.prepare("text a.txt --out o --bpe b.json --merges 3").exits_with(2).says("--merges");
    place.write("words.txt", "hidell\n");
    place.prepare("text a.txt --out o --lexicon words.txt").exits_with(2).says("line 1 of `words.txt`");
}
