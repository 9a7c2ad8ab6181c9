//! Tables written by other programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mynah_table::{read_table, read_text_columns, read_text_table};
use mynah_testkit::{fixture, golden};
use serde::{Deserialize, Serialize};

/// Expected content, written by `fixtures/generate/table_foreign.py` together with the tables.
#[derive(Deserialize)]
struct Golden {
    arrow: BTreeMap<String, Vec<Option<String>>>,
    text: Text,
}

#[derive(Deserialize)]
struct Text {
    files: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    item: String,
    score: f64,
    count: Option<f64>,
    good: bool,
}

/// A row like those of a scores table.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Score {
    system: String,
    step: Option<u64>,
    item: String,
    value: Option<f64>,
    frames: Option<u64>,
    good: Option<bool>,
    absent: Option<String>,
}

const ARROW: [&str; 3] = ["arrow", "arrow-dictionaries", "arrow-old"];

fn table(name: &str) -> PathBuf {
    fixture("golden/table").join(name)
}

#[test]
fn reads_requested_columns_of_parquet_next_to_others_of_every_type() {
    let score = |system: &str, item: u32, step, value, frames, good| Score {
        system: system.to_owned(),
        step,
        item: format!("LJ001-000{item}"),
        value,
        frames,
        good,
        absent: None,
    };
    let expected = [
        score("good", 0, Some(1000), Some(1.5), Some(7), Some(true)),
        score("bad", 1, None, None, Some(8), Some(false)),
        score("good", 2, Some(1500), Some(-2.0), None, None),
        score("bad", 3, None, Some(0.25), Some(255), Some(true)),
    ];
    for name in ARROW {
        assert_eq!(read_table::<Score>(&table(&format!("{name}.parquet"))).unwrap(), expected, "{name}");
    }
}

#[test]
fn shows_parquet_of_every_type_as_text() {
    let golden: Golden = golden("table/foreign.json");
    assert!(golden.arrow.len() >= 28);
    for name in ARROW {
        let table = read_text_table(&table(&format!("{name}.parquet"))).unwrap();
        assert_eq!(table.rows.len(), 4, "{name}");
        assert_eq!(table.columns.len(), golden.arrow.len() + 5, "{name}");
        for (column, expected) in &golden.arrow {
            let position = table.columns.iter().position(|found| found == column).unwrap();
            let found: Vec<_> = table.rows.iter().map(|row| row[position].clone()).collect();
            // The twelve-byte timestamps of old files have no time zone.
            let zoned = name != "arrow-old";
            let expected: Vec<_> = expected
                .iter()
                .map(|text| text.as_deref().map(|text| if zoned { text } else { text.trim_end_matches('Z') }))
                .collect();
            assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{name}, {column}");
        }
    }
}

#[test]
fn reads_text_of_every_separator_and_encoding_into_rows() {
    let golden: Golden = golden("table/foreign.json");
    assert_eq!(golden.text.files.len(), 9);
    for name in &golden.text.files {
        assert_eq!(read_table::<Row>(&table(name)).unwrap(), golden.text.rows, "{name}");
    }
}

#[test]
fn reads_text_of_every_separator_and_encoding_as_text() {
    let golden: Golden = golden("table/foreign.json");
    for name in &golden.text.files {
        let table = read_text_table(&table(name)).unwrap();
        let cells = |column: &str| -> Vec<String> {
            let position = table.columns.iter().position(|found| found == column).unwrap();
            table.rows.iter().map(|row| row[position].clone().unwrap_or_default()).collect()
        };
        let items: Vec<&str> = golden.text.rows.iter().map(|row| row.item.as_str()).collect();
        assert_eq!(cells("item"), items, "{name}");
        let scores: Vec<f64> =
            cells("score").iter().map(|text| text.replace(',', ".").parse().unwrap()).collect();
        let expected: Vec<f64> = golden.text.rows.iter().map(|row| row.score).collect();
        assert_eq!(scores, expected, "{name}");
    }
}

/// The files of `fixtures/generate/table_votes.py`, by the votes that they hold.
#[derive(Deserialize)]
struct Votes {
    half: Vec<String>,
    whole: Vec<String>,
    five: Vec<String>,
}

/// The cells of a vote: worker, clip, model, order, and the vote as a number.
type Vote = ([String; 4], f64);

fn votes(name: &str, separator: Option<char>) -> Vec<Vote> {
    let wanted = ["worker", "clip", "model", "order", "vote"];
    let path = table("votes").join(name);
    let table =
        read_text_columns(&path, separator, &wanted).unwrap_or_else(|error| panic!("{name}: {error}"));
    let positions = wanted.map(|wanted| {
        let found = table.columns.iter().position(|column| column == wanted);
        found.unwrap_or_else(|| panic!("{name}: no column {wanted} in {:?}", table.columns))
    });
    for row in &table.rows {
        assert!(row.iter().enumerate().all(|(at, cell)| cell.is_none() || positions.contains(&at)), "{name}");
    }
    let cell = |row: &[Option<String>], at: usize| row[at].clone().unwrap_or_default();
    let vote = |row: &Vec<Option<String>>| {
        let [worker, clip, model, order, vote] = positions.map(|at| cell(row, at));
        let number = vote.replace(',', ".").parse().unwrap_or_else(|_| panic!("{name}: {vote}"));
        ([worker, clip, model, order], number)
    };
    table.rows.iter().map(vote).collect()
}

#[test]
fn votes_are_the_same_from_every_program() {
    let files: Votes = golden("table/votes/files.json");
    for (plain, files, at_least) in
        [("votes.csv", files.half, 29), ("whole.csv", files.whole, 5), ("five.csv", files.five, 5)]
    {
        let expected = votes(plain, None);
        assert_eq!(expected.len(), 96);
        assert!(files.len() >= at_least, "{}", files.len());
        for name in files {
            assert!(votes(&name, None) == expected, "{name} differs from {plain}");
        }
    }
    assert!(votes("colons.csv", Some(':')) == votes("votes.csv", None), "a separator that is given");
}
