//! `mynah-summarize verdict` and `report` on votes for one of two clips, and everything that can be wrong with them.

use std::fs;

use mynah_testkit::{fixture, mini_corpus};
use serde_json::Value;

use crate::support::{Outcome, Place};

/// Writes a choice from the first system, the second and the vote of the fixture.
type Writer<'a> = &'a dyn Fn(&str, &str, &str) -> String;

const MAP: &str = "--map rater=worker,item=clip,first=heard_first,second=heard_second,choice=vote";

fn place() -> Place {
    assert!(mini_corpus().is_dir(), "the fixtures are there");
    let place = Place::new();
    let path = fixture("listening/preferences.csv");
    place.write("votes.csv", fs::read(path).expect("the fixture is readable"));
    place
}

fn judge(place: &Place, options: &str) -> Outcome {
    place.summarize(&format!("verdict --ratings votes.csv --paradigm ab {MAP} {options} --out V"))
}

/// Replaces a row of the votes, from 1 without the header.
fn with_row(row: usize, text: &str) -> Place {
    let place = place();
    let table = place.read("votes.csv");
    let mut lines: Vec<&str> = table.lines().collect();
    lines[row] = text;
    place.write("votes.csv", lines.join("\n") + "\n");
    place
}

fn report(place: &Place) -> Value {
    serde_json::from_str(&place.read("V/report.json")).expect("the report is JSON")
}

#[test]
fn analyzes_votes_against_a_reference_in_one_command() {
    let place = place();
    let outcome = judge(&place, "--reference old --study ab --require better").exits_with(0);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(
        lines[0].starts_with("recordings: Listeners prefer `recordings` to `old`: it wins "),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("new: Listeners prefer `new` to `old`: it wins "), "{lines:?}");
    assert!(lines[2].starts_with("all: ") && lines[3].starts_with("ranking: recordings "), "{lines:?}");
    let page = place.read("V/report.md");
    for expected in [
        "Study ab, without a plan. Listeners heard a sentence spoken by two systems and preferred one of them or neither: \
         236 votes by 14 people on 24 sentences.",
        "These votes came without a plan.",
        "the one heard first wins",
        "All 3 pairs of 3 systems are compared.",
        "model of Bradley and Terry (1952) with ties (Davidson 1970) and an effect of the order",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(!page.contains("Nobody listened"), "{page}");
    for file in ["preference.csv", "preference-pairs.csv", "preference-wins.csv", "preference-pairs.tex"] {
        assert!(place.path(&format!("V/tables/{file}")).is_file(), "{file}");
    }
    for file in ["preference-strengths.svg", "preference-votes.svg"] {
        assert!(place.path(&format!("V/figures/{file}")).is_file(), "{file}");
    }
    let numbers = report(&place);
    let test = &numbers["preferences"][0];
    assert_eq!(test["n_votes"], 236);
    let pair = &test["pairs"][0];
    let count = |key: &str| pair[key].as_u64().expect("a count");
    assert_eq!(count("n_preferred") + count("n_tied") + count("n_not_preferred"), count("n_votes"));
    let wins: u64 = test["wins"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(wins + test["n_tied"].as_u64().unwrap(), 236);
}

#[test]
fn without_a_reference_the_ranking_is_the_finding() {
    let place = place();
    let outcome = judge(&place, "").exits_with(0);
    assert!(outcome.stdout.contains("all: "), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("ranking: recordings"), "{}", outcome.stdout);
    judge(&place, "--require better").exits_with(2).says("--require better needs a reference");
    judge(&place, "--reference new --require equivalent")
        .exits_with(2)
        .says("a preference test cannot show `equivalent`")
        .says("not finding a preference does not show equality");
    // The old voice does not beat the new one.
    judge(&place, "--reference new --require better")
        .exits_with(1)
        .says("not met: old is worse, expected better");
    judge(&place, "--reference noisy").exits_with(2).says("nobody judged the reference `noisy`");
}

#[test]
fn choices_may_be_positions_names_letters_or_signed_numbers() {
    let place = place();
    judge(&place, "--reference old").exits_with(0);
    let expected = report(&place)["preferences"].take();
    let table = place.read("votes.csv");
    let rewritten = |write: Writer<'_>| -> String {
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            let choice = write(cells[2], cells[3], cells[4]);
            format!("{},{},{} ,{},{choice},{}", cells[0], cells[1], cells[2], cells[3], cells[5])
        };
        let mut lines = table.lines();
        let header = lines.next().expect("a header").to_owned();
        std::iter::once(header).chain(lines.map(row)).collect::<Vec<_>>().join("\n")
    };
    let name: Writer<'_> = &|first, second, vote| match vote {
        "first" => first.to_owned(),
        "second" => second.to_owned(),
        _ => "None".to_owned(),
    };
    let letter: Writer<'_> = &|_, _, vote| match vote {
        "first" => "A".to_owned(),
        "second" => "b".to_owned(),
        _ => "=".to_owned(),
    };
    let number: Writer<'_> = &|_, _, vote| match vote {
        "first" => "-1".to_owned(),
        "second" => "1".to_owned(),
        _ => "0".to_owned(),
    };
    for (write, options) in [(name, ""), (letter, ""), (number, "--score-is second-minus-first")] {
        place.write("votes.csv", rewritten(write));
        judge(&place, &format!("--reference old {options}")).exits_with(0);
        let found = report(&place)["preferences"].take();
        assert_eq!(found[0]["pairs"], expected[0]["pairs"], "{options}");
        let notes = found[0]["notes"].to_string();
        assert!(notes.contains("Blanks around names were removed (236 of systems)"), "{notes}");
    }
    judge(&place, "")
        .exits_with(2)
        .says("row 1, line 2")
        .says("is a number, which may count for either clip")
        .says("--score-is first-minus-second");
}

#[test]
fn rejects_bad_votes_by_row() {
    let refused = |row: &str, expected: &str| {
        judge(&with_row(3, row), "").exits_with(2).says(expected);
    };
    refused("w1,s03,old,new,,9", "row 3, line 4");
    refused("w1,s03,old,new,,9", "the choice is empty");
    refused("w1,s03,old,new,both,9", "choice `both` is neither first, second, A, B nor tie");
    refused("w1,s03,old,new,recordings,9", "and not the name of `old` or `new`");
    refused(",s03,old,new,first,9", "row 3: it has no rater");
    refused("w1,s03,,new,second,9", "row 3: it has no first system");
    refused("w1,s03,old,old,tie,9", "row 3: `old` was compared with itself");
}

#[test]
fn repeats_are_refused_unless_the_order_differs() {
    let place = place();
    let table = place.read("votes.csv");
    let first = table.lines().nth(1).expect("a row");
    let cells: Vec<&str> = first.split(',').collect();
    place.write("votes.csv", format!("{table}{first}\n"));
    let message = format!(
        "rater `{}` judged item `{}` of `{}` before `{}` already in row 1",
        cells[0], cells[1], cells[2], cells[3]
    );
    judge(&place, "").exits_with(2).says(&message).says("say that judgments may be repeated");
    judge(&place, "--repeats").exits_with(0);
    let turned = [cells[0], cells[1], cells[3], cells[2], "second", "1"].join(",");
    place.write("votes.csv", format!("{table}{turned}\n"));
    judge(&place, "").exits_with(0);
}

#[test]
fn systems_called_by_letters_need_a_reading() {
    let place = Place::new();
    let rows = (0..60).map(|k| {
        let (first, second) = if k % 2 == 0 { ("A", "B") } else { ("B", "A") };
        format!("w{},s{},{first},{second},{}", k % 6, k / 6, if k % 5 < 3 { "A" } else { "B" })
    });
    let lines: Vec<String> =
        std::iter::once("rater,item,first,second,choice".to_owned()).chain(rows).collect();
    place.write("votes.csv", lines.join("\n") + "\n");
    let verdict = "verdict --ratings votes.csv --paradigm ab --out V";
    place
        .summarize(verdict)
        .exits_with(2)
        .says("can be read in two ways: `B` was first and `A` was second")
        .says("--choice-is system or --choice-is position");
    let wins = |options: &str| {
        place.summarize(&format!("{verdict} {options}")).exits_with(0);
        let numbers = report(&place);
        let systems = numbers["preferences"][0]["systems"].as_array().unwrap().clone();
        let of = |name: &str| {
            let found = systems.iter().find(|system| system["system"] == name).expect("a system");
            found["n_preferred"].as_u64().expect("a count")
        };
        (of("A"), of("B"))
    };
    assert_eq!(wins("--choice-is system"), (36, 24));
    // Of 30 votes in either order, 18 are for A: 18 + 12 for the system called A.
    assert_eq!(wins("--choice-is position"), (30, 30));
}

#[test]
fn a_system_that_always_wins_has_words_and_no_interval() {
    let place = Place::new();
    let write = |n_raters: usize| {
        let rows = (0..n_raters * 10).map(|k| {
            let (first, second) = if (k + k / 10) % 2 == 0 { ("new", "old") } else { ("old", "new") };
            format!("w{},s{},{first},{second},new", k / 10, k % 10)
        });
        let lines: Vec<String> =
            std::iter::once("rater,item,first,second,choice".to_owned()).chain(rows).collect();
        place.write("votes.csv", lines.join("\n") + "\n");
    };
    let verdict = "verdict --ratings votes.csv --paradigm ab --reference old --require better --out V";
    write(8);
    let outcome = place.summarize(verdict).exits_with(0);
    let words = "new: Listeners prefer `new` to `old`: `new` was preferred to `old` in every judgment, 80 votes by 8 people of 10 \
                 sentences; the strength has no upper bound (sign test, p = ";
    assert!(outcome.stdout.starts_with(words), "{}", outcome.stdout);
    // By 5 raters in 5 sentences of either order, chance is not excluded: p = 2/32.
    write(5);
    let outcome = place.summarize(verdict).exits_with(1).says("not met: new is inconclusive");
    assert!(
        outcome.stdout.contains("Too few people or sentences judged them in both orders"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("p = 0.0625"), "{}", outcome.stdout);
    assert!(place.read("V/report.md").contains("Not drawn: new (preferred in every judgment"));
}

#[test]
fn tables_of_every_format_give_the_same_verdict_and_simulated_votes_stay_simulated() {
    let place = place();
    judge(&place, "--reference old").exits_with(0);
    let expected = report(&place)["preferences"].take();
    let table = place.read("votes.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let json: Vec<String> = rows[1..]
        .iter()
        .map(|row| {
            let entries: Vec<String> =
                rows[0].iter().zip(row).map(|(key, cell)| format!("\"{key}\":\"{cell}\"")).collect();
            format!("{{{}}}", entries.join(","))
        })
        .collect();
    place.write("votes.jsonl", json.join("\n"));
    place.write("votes.tsv", table.replace(',', "\t"));
    for extension in ["jsonl", "tsv"] {
        let verdict =
            format!("verdict --ratings votes.{extension} --paradigm ab {MAP} --reference old --out V");
        place.summarize(&verdict).exits_with(0);
        assert_eq!(report(&place)["preferences"], expected, "{extension}");
    }
    let marked: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(k, row)| format!("{},{}", row.join(","), if k == 0 { "origin" } else { "simulated" }))
        .collect();
    place.write("votes.csv", marked.join("\n"));
    let outcome = judge(&place, "--reference old --require better").exits_with(1);
    assert!(
        outcome.stdout.starts_with("recordings: Simulated ratings, not a finding: "),
        "{}",
        outcome.stdout
    );
    assert!(place.read("V/report.md").contains("The ratings in this report are simulated"));
}

#[test]
fn arguments_that_votes_do_not_have_are_refused() {
    let place = place();
    for (options, expected) in [
        ("--margin 0.3", "--margin has no meaning for --paradigm ab"),
        ("--reference old --human-reference", "--human-reference has no meaning for --paradigm ab"),
        ("--reference old --anchor new", "--anchor has no meaning for --paradigm ab"),
        ("--alpha 0.7", "analysis.alpha"),
    ] {
        judge(&place, options).exits_with(2).says(expected);
    }
    let verdict = "verdict --ratings votes.csv --paradigm ab --out V";
    place.summarize(&format!("{verdict} --map score=vote")).exits_with(2).says("--map names `score`");
    place
        .summarize(verdict)
        .exits_with(2)
        .says("column `rater` for the rater is missing")
        .says("--map rater=COLUMN");
    let cmos = "verdict --ratings votes.csv --paradigm cmos --reference old --choice-is system --out V";
    place.summarize(cmos).exits_with(2).says("--choice-is has no meaning for --paradigm cmos");
}

#[test]
fn reports_take_votes_beside_planned_ratings() {
    let place = place();
    place.plan().exits_with(0);
    place.listen("simulate PLAN.toml --out ratings.csv").exits_with(0);
    let votes = format!("--paradigm ab --study ab --reference-name old {MAP}");
    place
        .summarize(&format!(
            "report --ratings ratings.csv --plan PLAN.toml --ratings votes.csv {votes} --out V"
        ))
        .exits_with(0);
    let page = place.read("V/report.md");
    assert!(page.contains("What listeners say") && page.contains("What listeners prefer"), "{page}");
    let numbers = report(&place);
    assert_eq!(
        (numbers["verdicts"].as_array().unwrap().len(), numbers["preferences"].as_array().unwrap().len()),
        (1, 1)
    );
    assert_eq!(numbers["methods"].as_array().unwrap().len(), 2);
    place.summarize(&format!("report --ratings votes.csv {votes} --out V")).exits_with(0);
    assert_eq!(report(&place)["simulated"], false);
}
