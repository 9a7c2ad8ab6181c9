//! `mynah-summarize verdict` without a plan: ratings from any tool, and everything that can be wrong with them.

use std::fmt::Write as _;

use crate::support::{Outcome, Place};

/// Formats the table of a crowdsourcing platform: other column names, separated by semicolons.
fn votes(rows: &[(&str, &str, &str, &str)]) -> String {
    let line =
        |(rater, clip, model, vote): &(&str, &str, &str, &str)| format!("{rater};{clip};{model};{vote}\n");
    "WorkerId;clip;model;vote\n".to_owned() + &rows.iter().map(line).collect::<String>()
}

const GOOD: [(&str, &str, &str, &str); 6] = [
    ("ann", "s1", "vits", "0"),
    ("ann", "s2", "vits", "-1"),
    ("bob", "s1", "vits", "1"),
    ("bob", "s2", "vits", "-2,0"),
    ("cat", "s1", "vits", "0.0"),
    ("cat", "s2", "vits", "0"),
];

fn judge(place: &Place, options: &str) -> Outcome {
    let map = "--map rater=WorkerId,item=clip,system=model,score=vote";
    place.summarize(&format!(
        "verdict --ratings votes.csv {map} --paradigm cmos --reference recordings {options} --out V"
    ))
}

fn with(rows: &[(&str, &str, &str, &str)]) -> Place {
    let place = Place::new();
    place.write("votes.csv", votes(rows));
    place
}

#[test]
fn analyzes_a_table_from_another_tool_in_one_command() {
    let place = with(&GOOD);
    let outcome = judge(&place, "--human-reference --study crowd").exits_with(0);
    let words = "vits: The test cannot tell whether `vits` is as good as `recordings`: the difference is -0.33 points";
    assert!(outcome.stdout.starts_with(words), "{}", outcome.stdout);
    let page = place.read("V/report.md");
    assert!(page.contains("Study crowd, without a plan."), "{page}");
    assert!(page.contains("These ratings came without a plan. The margin of ±0.2"), "{page}");
    assert!(page.contains("6 by 3 people on 2 sentences"), "{page}");
    judge(&place, "--margin 3 --alpha 0.2 --require equivalent").exits_with(0);
    judge(&place, "--margin 3 --alpha 0.2 --require human-level").exits_with(1);
    // Six ratings of two sentences conclude nothing at a stricter level.
    let strict = judge(&place, "--margin 3 --alpha 0.1 --require equivalent").exits_with(1);
    strict.says("not met: vits is inconclusive, expected equivalent");
}

#[test]
fn enough_votes_of_others_meet_a_requirement_but_never_human_level() {
    let place = Place::new();
    let mut rows = "WorkerId;clip;model;vote\n".to_owned();
    for rater in 0..12 {
        for sentence in 0..20 {
            writeln!(rows, "w{rater};s{sentence};vits;{}", (rater * 7 + sentence * 5) % 3 - 1).unwrap();
        }
    }
    place.write("votes.csv", rows);
    judge(&place, "--human-reference --margin 1 --require equivalent").exits_with(0);
    judge(&place, "--human-reference --margin 1 --require human-level").exits_with(1);
}

#[test]
fn own_tables_need_no_map_and_stay_simulated() {
    let place = Place::new();
    place.plan().exits_with(0);
    for extension in ["csv", "jsonl", "parquet"] {
        place.listen(&format!("simulate PLAN.toml --out ratings.{extension}")).exits_with(0);
        let options = "--paradigm cmos --reference recordings --anchor cut --out V";
        let outcome =
            place.summarize(&format!("verdict --ratings ratings.{extension} {options}")).exits_with(0);
        assert!(outcome.stdout.starts_with("quiet: Simulated ratings, not a finding"), "{}", outcome.stdout);
        let order = place.read("V/report.md").contains("order effect, second minus first: −");
        assert!(order || place.read("V/report.md").contains("order effect, second minus first: 0."));
    }
}

#[test]
fn rejects_bad_ratings_by_row_or_calls_the_result_undefined() {
    let refused = |rows: &[(&str, &str, &str, &str)], options: &str, expected: &str| {
        judge(&with(rows), options).exits_with(2).says(expected);
    };
    refused(&[], "", "there are no ratings");
    let mut rows = GOOD;
    for (vote, expected) in [
        ("4", "row 3: score 4 is not a point of the scale"),
        ("0.5", "row 3: score 0.5 is not a point of the scale"),
        ("NaN", "row 3: score NaN is not a point of the scale"),
        ("inf", "row 3: score inf is not a point of the scale"),
        ("good", "score `good` is not a number"),
        ("", "score `` is not a number"),
    ] {
        rows[2].3 = vote;
        refused(&rows, "", expected);
    }
    let twice = [&GOOD[..], &GOOD[1..2]].concat();
    refused(&twice, "", "row 7: rater `ann` judged item `s2` of `vits` already in row 2");
    judge(&with(&twice), "--repeats").exits_with(0);
    rows = GOOD;
    rows[4].0 = "";
    refused(&rows, "", "row 5: it has no rater");
    refused(&GOOD, "--anchor noisy", "`noisy` cannot be an anchor; judged were `vits`");
    refused(&GOOD, "--margin 0", "analysis.margin");

    let undefined = |rows: &[(&str, &str, &str, &str)], expected: &str| {
        let outcome = judge(&with(rows), "--require non-inferior").exits_with(1);
        assert!(outcome.stdout.contains("Nothing can be said about `vits`"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(expected), "{}", outcome.stdout);
    };
    undefined(&GOOD.map(|row| (row.0, row.1, row.2, "0")), "all 6 scores are 0");
    undefined(&GOOD.map(|row| (row.0, row.1, row.2, "-1")), "all 6 scores are -1");
    undefined(&GOOD[..2], "rater");
    undefined(&[GOOD[0], GOOD[2]], "item");
}

#[test]
fn names_missing_arguments_and_columns() {
    let place = with(&GOOD);
    let no_map = "verdict --ratings votes.csv --paradigm cmos --reference recordings --out V";
    place
        .summarize(no_map)
        .exits_with(2)
        .says("column `rater` for the rater is missing, found `WorkerId`, `clip`, `model`, `vote`")
        .says("--map rater=COLUMN");
    place.summarize(&format!("{no_map} --map judge=WorkerId")).exits_with(2).says("`judge` is not one of");
    place.summarize("verdict --ratings votes.csv --out V").exits_with(2).says("--plan").says("--paradigm");
    place.summarize("verdict --ratings votes.csv --paradigm cmos --plan P.toml --out V").exits_with(2);
    let no_reference = "--paradigm cmos --map rater=WorkerId,item=clip,system=model,score=vote --out V";
    place
        .summarize(&format!("verdict --ratings votes.csv {no_reference}"))
        .exits_with(2)
        .says("a comparison needs the name of what the systems were compared with");
}
