//! Tables of webMUSHRA and the P.808 toolkit are read as what they are, and nothing in them makes the readers panic.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_listening::{
    Assignments, ClipNames, Error, First, ForeignRatings, ForeignSettings, ForeignTable, Form, FoundRating,
    Paradigm, ScoreSign, read_foreign,
};
use mynah_testkit::fixture;
use proptest::prelude::*;

use crate::support::advised;

/// Splits text at commas into a table, as the programs do with files.
fn table(file: &str, text: &str) -> ForeignTable {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    let mut rows = rows.map(|record| record.iter().map(str::to_owned).collect::<Vec<String>>());
    let columns = rows.next().unwrap_or_default();
    ForeignTable { file: file.to_owned(), columns, rows: rows.collect() }
}

fn fixture_text(path: &str) -> String {
    fs::read_to_string(fixture(&format!("listening/{path}"))).expect("the fixture is text")
}

/// Reads a table as what its header says.
fn read(table: &ForeignTable, settings: &ForeignSettings) -> Result<ForeignRatings, Error> {
    let form = Form::of(table)?.expect("the header is known");
    read_foreign(table, form, settings)
}

fn clips() -> ForeignSettings {
    let pattern = r"(?P<system>[^_/]+)_(?P<item>[^/.]+)\.wav";
    let clips = ClipNames::from_pattern(pattern).expect("a pattern");
    ForeignSettings { clips: Some(clips), ..ForeignSettings::default() }
}

fn distinct(ratings: &[FoundRating], of: fn(&FoundRating) -> &String) -> Vec<&str> {
    ratings.iter().map(|rating| of(rating).as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn likert_ratings_take_pages_for_sentences_and_stimuli_for_systems() {
    let read = read(&table("lss.csv", &fixture_text("webmushra/lss.csv")), &ForeignSettings::default());
    let read = read.expect("it is fine");
    assert_eq!((read.paradigm, read.raters_by.as_str()), (Paradigm::Mos, "rater"));
    // 6 raters, 8 sentences, 2 systems; two ratings were not given.
    assert_eq!(read.ratings.len(), 94);
    assert_eq!(distinct(&read.ratings, |rating| &rating.rater), ["ann", "bob", "cat", "dan", "eve", "fay"]);
    assert_eq!(distinct(&read.ratings, |rating| &rating.system), ["recordings", "vits"]);
    assert_eq!(distinct(&read.ratings, |rating| &rating.item).len(), 8);
    assert_eq!(read.notes.len(), 2);
    assert!(read.notes[0].starts_with("The header occurs once more"), "{:?}", read.notes);
    assert_eq!(read.notes[1], "2 ratings were not given (rows 11, 40).");
    // Rows are counted with those that are no ratings.
    let last = read.ratings.last().expect("there are ratings");
    assert_eq!((last.rater.as_str(), last.source_row), ("fay", 97));
}

#[test]
fn a_pattern_takes_stimuli_apart() {
    let lms = "session_test_id,email,trial_id,stimuli_rating,stimuli,rating_time\n\
               t,a@x,p1, 4 ,vits_s01,900\nt,a@x,p1, 5 ,recordings_s01,900\n";
    let with = |pattern: &str| ForeignSettings {
        clips: Some(ClipNames::from_pattern(pattern).expect("a pattern")),
        ..ForeignSettings::default()
    };
    let both = read(&table("lms.csv", lms), &with("(?P<system>.+)_(?P<item>.+)")).expect("it is fine");
    let subjects = |read: &ForeignRatings| -> Vec<(String, String, f64)> {
        read.ratings.iter().map(|one| (one.system.clone(), one.item.clone(), one.score)).collect()
    };
    let row = |system: &str, item: &str, score| (system.to_owned(), item.to_owned(), score);
    assert_eq!(subjects(&both), [row("vits", "s01", 4.0), row("recordings", "s01", 5.0)]);
    // Without a group for it, the page is the sentence.
    let system = read(&table("lms.csv", lms), &with("(?P<system>.+)_")).expect("it is fine");
    assert_eq!(subjects(&system), [row("vits", "p1", 4.0), row("recordings", "p1", 5.0)]);
    let error = read(&table("lms.csv", lms), &with("(?P<system>vits)_(?P<item>.+)")).expect_err("no match");
    assert_eq!(
        error.to_string(),
        "`lms.csv`, row 2: clip `recordings_s01` does not match the pattern `(?P<system>vits)_(?P<item>.+)`"
    );
}

#[test]
fn scales_that_the_header_lacks_are_found_by_the_rows() {
    let text = fixture_text("webmushra/lss-two-scales.csv");
    let with = |scale: Option<&str>| ForeignSettings {
        scale: scale.map(str::to_owned),
        ..ForeignSettings::default()
    };
    let scores = |scale: &str| -> Vec<f64> {
        let read = read(&table("lss.csv", &text), &with(Some(scale))).expect("it is fine");
        assert_eq!(distinct(&read.ratings, |rating| &rating.system), ["recordings", "vits"]);
        read.ratings.iter().map(|rating| rating.score).collect()
    };
    assert_eq!(scores("1").len(), 24);
    assert_ne!(scores("1"), scores("2"));
    assert_eq!(scores("2"), scores("stimuli_rating2"));
    for (scale, expected) in [(None, "ratings on 2 scales"), (Some("3"), "no scale `3`"), (Some("0"), "`0`")]
    {
        let error = read(&table("lss.csv", &text), &with(scale)).expect_err(expected);
        assert!(advised(&error).contains(expected) && advised(&error).contains("--scale 1"), "{error}");
    }
    let named = text.replace("stimuli_rating", "stimuli_rating1,stimuli_rating2");
    let read = read(&table("lss.csv", &named), &with(Some("2"))).expect("it is fine");
    assert_eq!(read.ratings.iter().map(|rating| rating.score).collect::<Vec<_>>(), scores("2"));
}

#[test]
fn rows_of_another_questionnaire_are_refused() {
    let text = fixture_text("webmushra/lss.csv");
    let longer = text.replacen("first_look,fay,", "first_look,fay,new,", 1);
    let error = read(&table("lss.csv", &longer), &ForeignSettings::default()).expect_err("a longer row");
    let text = advised(&error);
    assert!(text.contains("it has 8 cells, but the header has 7"), "{text}");
    assert!(text.contains("the questionnaire was changed after the first session"), "{text}");
    let shorter = fixture_text("webmushra/mushra.csv") + "m,half\n";
    let error = read(&table("mushra.csv", &shorter), &ForeignSettings::default()).expect_err("a short row");
    assert!(error.to_string().contains("row 101: it has 2 cells, but the header has 7"), "{error}");
}

#[test]
fn words_are_no_points_of_a_scale() {
    let text = fixture_text("webmushra/lss.csv").replacen(",5,", ",excellent,", 1);
    let error = read(&table("lss.csv", &text), &ForeignSettings::default()).expect_err("a word");
    let text = advised(&error);
    assert!(text.contains("row 1: score `excellent` is not a number"), "{text}");
    assert!(text.contains("give its labels numbers as `value` in the configuration"), "{text}");
}

#[test]
fn sliders_are_scores_of_systems_with_the_hidden_reference_among_them() {
    let text = fixture_text("webmushra/mushra.csv");
    let plain = read(&table("mushra.csv", &text), &ForeignSettings::default()).expect("it is fine");
    assert_eq!((plain.paradigm, plain.raters_by.as_str()), (Paradigm::Mushra, "session_uuid"));
    assert_eq!(plain.ratings.len(), 100);
    let systems = ["anchor35", "parrot", "reference", "vits"];
    assert_eq!(distinct(&plain.ratings, |rating| &rating.system), systems);
    assert_eq!(distinct(&plain.ratings, |rating| &rating.item), ["s01", "s02", "s03", "s04", "s05"]);
    assert_eq!(distinct(&plain.ratings, |rating| &rating.rater).len(), 5);

    // Stimuli named by system and sentence; those that webMUSHRA adds belong to the sentence of the page.
    let named = text.replace(",vits,", ",vits_a.wav,").replace(",parrot,", ",parrot_a.wav,");
    let read_named = read(&table("mushra.csv", &named), &clips()).expect("it is fine");
    assert_eq!(distinct(&read_named.ratings, |rating| &rating.system), systems);
    assert_eq!(distinct(&read_named.ratings, |rating| &rating.item), ["a"]);
    let mixed = text.replace(",vits,", ",vits_a.wav,").replace(",parrot,", ",parrot_b.wav,");
    let error = read(&table("mushra.csv", &mixed), &clips()).expect_err("two sentences on a page");
    assert!(error.to_string().contains("has stimuli of the sentences"), "{error}");
}

#[test]
fn recognized_references_are_right_answers() {
    let text = fixture_text("webmushra/paired_comparison.csv");
    let read = read(&table("paired_comparison.csv", &text), &ForeignSettings::default()).expect("it is fine");
    assert_eq!(read.paradigm, Paradigm::Abx);
    assert_eq!(read.ratings.len(), 95);
    let mean = |system: &str| {
        let scores: Vec<f64> =
            read.ratings.iter().filter(|one| one.system == system).map(|one| one.score).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    assert!(mean("vits") > 0.8 && mean("codec") < 0.75, "{} {}", mean("vits"), mean("codec"));
    let halves = read.ratings.iter().filter(|rating| rating.score.to_bits() == 0.5_f64.to_bits()).count();
    assert!(halves > 0);
    assert_eq!(
        read.notes,
        [
            format!("{halves} of 95 answers are undecided, and count as right by half."),
            "1 rating was not given (row 22).".to_owned(),
        ]
    );
}

#[test]
fn assignments_give_votes_without_traps_and_gold() {
    let acr = read(&table("acr.csv", &fixture_text("p808/acr.csv")), &clips()).expect("it is fine");
    assert_eq!((acr.paradigm, acr.score_sign), (Paradigm::Mos, None));
    // Ten approved assignments of eight clips; one question has no answer.
    assert_eq!(acr.ratings.len(), 79);
    assert_eq!(distinct(&acr.ratings, |rating| &rating.system), ["recordings", "vits"]);
    assert_eq!(
        acr.notes,
        [
            "2 assignments were left out for their status (1 Rejected, 1 Submitted).",
            "10 votes on trapping clips are no ratings: failed by `W2` (1 of 2).",
            "10 votes on gold clips are no ratings: failed by `W3` (1 of 2).",
            "1 rating was not given (row 4).",
        ]
    );
    let with = |assignments| {
        let settings = ForeignSettings { assignments: Some(assignments), ..clips() };
        read(&table("acr.csv", &fixture_text("p808/acr.csv")), &settings).expect("it is fine").ratings.len()
    };
    assert_eq!((with(Assignments::NotRejected), with(Assignments::All)), (87, 95));
    let none = fixture_text("p808/acr.csv").replace("\"Approved\"", "\"Submitted\"");
    let error = read(&table("acr.csv", &none), &clips()).expect_err("nothing is approved");
    let text = advised(&error);
    assert!(text.contains("none of 12 assignments is approved, only 1 Rejected, 11 Submitted"), "{text}");
    assert!(text.contains("--assignments not-rejected"), "{text}");
}

#[test]
fn comparisons_are_processed_minus_reference_already() {
    let text = fixture_text("p808/ccr.csv");
    let ccr = read(&table("ccr.csv", &text), &clips()).expect("it is fine");
    assert_eq!(ccr.paradigm, Paradigm::Cmos);
    assert_eq!(ccr.score_sign, Some(ScoreSign::SystemMinusReference));
    assert_eq!(ccr.ratings.len(), 80);
    assert!(
        ccr.notes[1].contains("trapping clips are no ratings: failed by `W2` (1 of 2)"),
        "{:?}",
        ccr.notes
    );
    let firsts = |first| ccr.ratings.iter().filter(|rating| rating.first == Some(first)).count();
    assert_eq!(firsts(First::Reference) + firsts(First::System), 80);
    assert!(firsts(First::Reference) > 20 && firsts(First::System) > 20);
    // The toolkit's own list has the same votes.
    let list =
        read(&table("votes.csv", &fixture_text("p808/all_votes_per_clip.csv")), &clips()).expect("fine");
    let votes = |read: &ForeignRatings| {
        let mut votes: BTreeMap<(String, String, String), f64> = BTreeMap::new();
        for one in read.ratings.iter().filter(|one| ["W1", "W3", "W4"].contains(&one.rater.as_str())) {
            votes.insert((one.rater.clone(), one.system.clone(), one.item.clone()), one.score);
        }
        votes
    };
    assert_eq!(votes(&list), votes(&ccr));
    assert!(list.ratings.iter().all(|rating| rating.first.is_none()));
    let error =
        read(&table("ccr.csv", &text.replacen("\"rp\"", "\"first\"", 1)), &clips()).expect_err("no order");
    assert!(error.to_string().contains("order `first` is neither `rp` nor `pr`"), "{error}");
}

#[test]
fn degradations_are_told_from_comparisons_by_their_columns() {
    let dcr = read(&table("dcr.csv", &fixture_text("p808/dcr.csv")), &clips()).expect("it is fine");
    assert_eq!((dcr.paradigm, dcr.ratings.len()), (Paradigm::Dmos, 80));
    assert!(dcr.notes[1].contains("failed by `W2` (1 of 2)"), "{:?}", dcr.notes);
    assert_eq!(distinct(&dcr.ratings, |rating| &rating.system), ["opus", "vits"]);
}

#[test]
fn several_scales_of_p808_need_a_choice() {
    let text = fixture_text("p808/acr.csv");
    let mut header = text.lines().next().expect("a header").to_owned();
    for number in (1..=10).rev() {
        header = header.replace(&format!("\"Answer.q{number}\""), &format!("\"Answer.q{number}_ovrl\""));
    }
    let text = header + &text[text.find('\n').expect("rows")..];
    let with = |scale: Option<&str>| {
        let settings = ForeignSettings { scale: scale.map(str::to_owned), ..clips() };
        read(&table("p835.csv", &text), &settings)
    };
    let error = with(None).expect_err("no scale");
    assert!(advised(&error).contains("votes on the scales ovrl; choose one of them with --scale"), "{error}");
    assert_eq!(with(Some("OVRL")).expect("it is there").ratings.len(), 79);
    assert!(with(Some("bak")).is_err());
}

#[test]
fn addresses_of_clips_need_names() {
    for path in ["p808/acr.csv", "p808/all_votes_per_clip.csv"] {
        let table = table(path, &fixture_text(path));
        let error = read(&table, &ForeignSettings::default()).expect_err("no names");
        assert!(advised(&error).contains("--clip-pattern"), "{}", advised(&error));
        let system = ClipNames::from_pattern("/(?P<system>[^_/]+)_").expect("a pattern");
        let settings = ForeignSettings { clips: Some(system), ..ForeignSettings::default() };
        let error = read(&table, &settings).expect_err("no sentence");
        assert!(advised(&error).contains("item"), "{}", advised(&error));
    }
    let text = fixture_text("p808/acr.csv").replace("test/vits_s05.wav", "test/vits-s05.wav");
    let error = read(&table("acr.csv", &text), &clips()).expect_err("another name").to_string();
    assert!(error.starts_with("`acr.csv`, row ") && error.contains(": question "), "{error}");
    assert!(error.contains("clip `https://clips.example/test/vits-s05.wav` does not match"), "{error}");
}

const FIXTURES: [&str; 9] = [
    "webmushra/lss.csv",
    "webmushra/lms.csv",
    "webmushra/lss-two-scales.csv",
    "webmushra/mushra.csv",
    "webmushra/paired_comparison.csv",
    "p808/acr.csv",
    "p808/dcr.csv",
    "p808/ccr.csv",
    "p808/all_votes_per_clip.csv",
];

/// A change of a text: the place as a share of its length, the number of characters that go, and what comes instead.
type Change = (f64, usize, String);

fn changed(text: &str, changes: &[Change]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (place, gone, new) in changes {
        let start = (place * characters.len() as f64) as usize;
        let end = (start + gone).min(characters.len());
        characters.splice(start.min(end)..end, new.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_tables_give_errors_and_no_panic(
        path in prop::sample::select(&FIXTURES[..]),
        changes in prop::collection::vec((0.0..1.0, 0_usize..400, "[-a-z0-9,;\"\\n._ \u{e9}]{0,6}"), 1..5),
        has_pattern in any::<bool>(),
        forced in prop::option::of(prop::sample::select(&Form::ALL[..])),
        scale in prop::option::of(prop::sample::select(&["1", "2", "", "ovrl"][..])),
    ) {
        let table = table("t.csv", &changed(&fixture_text(path), &changes));
        let scale = scale.map(str::to_owned);
        let settings = if has_pattern { clips() } else { ForeignSettings::default() };
        let settings = ForeignSettings { scale, ..settings };
        let form = forced.or_else(|| Form::of(&table).ok().flatten());
        if let Some(form) = form
            && let Ok(read) = read_foreign(&table, form, &settings)
        {
            // Every rating is one of a row, and finite.
            for rating in &read.ratings {
                prop_assert!(rating.score.is_finite());
                prop_assert!((1..=table.rows.len() as u64).contains(&rating.source_row));
            }
        }
    }
}
