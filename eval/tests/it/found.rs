//! `mynah-summarize verdict` without a plan: ratings from any tool, and everything that can be wrong with them.

use std::fmt::Write as _;
use std::fs;

use mynah_testkit::fixture;
use serde_json::Value;

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
        ("0.7", "row 3: score 0.7 is not a point of the scale"),
        ("0,25", "single votes on this scale, one a row"),
        ("9", "failed to analyze `votes.csv`, line 4"),
        ("NaN", "row 3: score NaN is not a point of the scale"),
        ("inf", "row 3: score inf is not a point of the scale"),
        ("good", "row 3, line 4"),
        ("good", "score `good` is not a number"),
        ("", "score `` is not a number"),
        ("", "remove rows without a vote"),
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

/// Creates a place with a table of the fixtures.
fn with_fixture(path: &str) -> Place {
    let place = Place::new();
    let path = fixture(path);
    let name = path.file_name().and_then(|name| name.to_str()).expect("the fixtures have plain names");
    place.write(name, fs::read(&path).expect("the fixture is readable"));
    place
}

const RAW: &str = "--map rater=worker,item=clip,system=model,score=vote,first=order";
const CMOS: &str = "--paradigm cmos --reference recordings --out V";

#[test]
fn raw_votes_are_refused_until_their_sign_is_stated() {
    let place = with_fixture("listening/second-minus-first.csv");
    let verdict = format!("verdict --ratings second-minus-first.csv {CMOS}");
    let judge = |options: &str| place.summarize(&format!("{verdict} {options}"));
    judge(RAW)
        .exits_with(2)
        .says("the scores look like second minus first: those of `voice` differ by -2.96 points")
        .says("--score-is second-minus-first, or --score-is system-minus-reference");
    assert!(!place.path("V").exists(), "nothing is written");
    // The truth is 1.5 worse.
    let raw = judge(&format!("{RAW} --score-is second-minus-first")).exits_with(0);
    assert!(raw.stdout.starts_with("voice: `voice` is worse than `recordings`"), "{}", raw.stdout);
    assert!(raw.stdout.contains("the difference is -1.48 points"), "{}", raw.stdout);
    let note = "The scores were second minus first and have been converted to system minus reference.";
    assert!(place.read("V/report.md").contains(note));
    let other = judge(&format!("{RAW} --score-is first-minus-second")).exits_with(0);
    assert!(
        other.stdout.starts_with("voice: `voice` is better than `recordings` by 1.48"),
        "{}",
        other.stdout
    );
    // Whoever insists gets a note.
    judge(&format!("{RAW} --score-is system-minus-reference")).exits_with(0);
    assert!(place.read("V/report.md").contains("The order of the clips matters more than the system"));
    let no_order = "--map rater=worker,item=clip,system=model,score=vote --score-is second-minus-first";
    judge(no_order)
        .exits_with(2)
        .says(
            "199 of 199 do not say which clip was heard first, among them row 1 of `second-minus-first.csv`",
        )
        .says("add a column with the clip heard first");
    let mos = "verdict --ratings second-minus-first.csv --paradigm mos --out V --score-is second-minus-first";
    place.summarize(&format!("{mos} {RAW}")).exits_with(2).says("they do not compare the second clip");
    judge(&format!("{RAW} --score-is better")).exits_with(2).says("reference-minus-system");
}

#[test]
fn half_known_orders_make_no_order_effect() {
    let place = with_fixture("listening/half-order.csv");
    place.summarize(&format!("verdict --ratings half-order.csv {CMOS}")).exits_with(0);
    let page = place.read("V/report.md");
    assert!(page.contains("Which clip was heard first is unknown for 101 of 200 ratings."), "{page}");
    assert!(page.contains("the others are not balanced: the system was second in 99 of 99"), "{page}");
    // With both orders about equally often among the known ones, the effect can be estimated.
    let mut n_known = 0;
    let table = place.read("half-order.csv");
    let balanced = table.lines().map(|line| {
        let Some(row) = line.strip_suffix("reference") else { return line.to_owned() };
        n_known += 1;
        format!("{row}{}", ["reference", "system"][n_known % 2])
    });
    place.write("half-order.csv", balanced.collect::<Vec<_>>().join("\n"));
    place.summarize(&format!("verdict --ratings half-order.csv {CMOS}")).exits_with(0);
    let page = place.read("V/report.md");
    assert!(page.contains("Which clip was heard first is unknown for 101 of 200 ratings."), "{page}");
    assert!(!page.contains("not balanced"), "{page}");
    // An order that is known but always the same, or nearly so.
    let always = table.replace(",\n", ",system\n").replace(",reference\n", ",system\n");
    place.write("always.csv", always.replacen(",system\n", ",reference\n", 20));
    place.summarize(&format!("verdict --ratings always.csv {CMOS}")).exits_with(0);
    assert!(place.read("V/report.md").contains("the system was heard second in 20 of 200 ratings"));
}

#[test]
fn blanks_do_not_make_two_raters_of_one() {
    let place = with_fixture("listening/blanks.csv");
    let outcome = place.summarize(&format!("verdict --ratings blanks.csv {CMOS}")).exits_with(0);
    assert_eq!(outcome.stdout.lines().count(), 2, "one system and the assay: {}", outcome.stdout);
    let page = place.read("V/report.md");
    assert!(page.contains("60 by 6 people on 10 sentences"), "{page}");
    assert!(page.contains("Blanks around names were removed (20 of raters, 30 of systems)"), "{page}");
}

#[test]
fn sentences_named_per_system_are_reported_and_can_be_mapped() {
    let place = Place::new();
    let mut rows = "rater,item,system,score\n".to_owned();
    for rater in 0..10 {
        for sentence in 0..12 {
            for (system, level) in [("ref", 4), ("vits", 3)] {
                let score = level + (rater * 7 + sentence * 5 + level) % 2;
                writeln!(rows, "w{rater},https://x.org/{system}/{sentence:04}.wav,{system},{score}").unwrap();
            }
        }
    }
    place.write("p808.csv", rows);
    let verdict = "verdict --ratings p808.csv --paradigm mos --reference ref --out V";
    let unpaired = place
        .summarize(verdict)
        .exits_with(0)
        .says("the systems have no sentence in common, so nothing is paired; --item-is file-stem would pair 12 sentences");
    let note = "No sentence was judged for more than one of the 2 systems";
    assert!(place.read("V/report.md").contains(note));
    for part in ["file-stem", "without-system"] {
        let paired = place.summarize(&format!("{verdict} --item-is {part}")).exits_with(0);
        assert!(!paired.stderr.contains("in common"), "{}", paired.stderr);
        assert!(!place.read("V/report.md").contains(note));
        assert_ne!(paired.stdout, unpaired.stdout);
    }
    place.write("p808.csv", place.read("p808.csv").replace("https://x.org/ref/", "r").replace("https", "v"));
    place.summarize(verdict).exits_with(0).says("map a column to item that names them alike");
}

#[test]
fn tables_of_every_program_give_the_same_verdict() {
    let judge = |name: &str, options: &str| {
        let place = with_fixture(&format!("golden/table/votes/{name}"));
        let sign = "--score-is system-minus-reference";
        place.summarize(&format!("verdict --ratings {name} {RAW} {CMOS} {sign} {options}")).exits_with(0);
        let mut report: Value = serde_json::from_str(&place.read("V/report.json")).unwrap();
        report["verdicts"].take()
    };
    let expected = judge("votes.csv", "");
    let scores: Vec<f64> = expected[0]["systems"][0]["histogram"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| bar["score"].as_f64().unwrap())
        .collect();
    assert_eq!(scores.len(), 13, "half points have bars of their own: {scores:?}");
    for name in [
        "pandas-category.parquet",
        "pandas-nullable.parquet",
        "arrow-float16.parquet",
        "arrow-dictionary.parquet",
        "polars.parquet",
        "german.csv",
        "excel-unicode.csv",
        "r-write-table.tsv",
        "pandas.jsonl.gz",
    ] {
        assert!(judge(name, "") == expected, "{name}");
    }
    assert!(judge("colons.csv", "--separator :") == expected);
    let place = with_fixture("golden/table/votes/colons.csv");
    place
        .summarize(&format!("verdict --ratings colons.csv {RAW} {CMOS}"))
        .exits_with(2)
        .says("name the separator of the table with --separator");
}

#[test]
fn unrelated_columns_are_ignored() {
    let place = Place::new();
    // Two columns that share a name, one called like an optional one, and a vote with a comma in a comment.
    let header = "rater,item,system,score,first,note,note".to_owned();
    let votes = (0..40).map(|k| format!("w{},s{},vits,{},Ann,\"a,b\",", k % 8, k / 8, k * 7 % 3 - 1));
    let lines: Vec<String> = std::iter::once(header).chain(votes).collect();
    place.write("votes.csv", lines.join("\n") + "\n");
    let verdict = format!("verdict --ratings votes.csv {CMOS}");
    place
        .summarize(&verdict)
        .exits_with(2)
        .says("first `Ann` is not one of")
        .says("leave the column out with --map first=");
    place.summarize(&format!("{verdict} --map first=")).exits_with(0);
    place
        .summarize(&format!("{verdict} --map first=,score=note"))
        .exits_with(2)
        .says("two columns are named `note`");
}

#[test]
fn reports_take_ratings_without_a_plan() {
    let place = with_fixture("listening/blanks.csv");
    place.plan().exits_with(0);
    place.listen("simulate PLAN.toml --out ratings.csv").exits_with(0);
    let found = "--ratings blanks.csv --paradigm cmos --study crowd --reference-name recordings";
    place.summarize(&format!("report {found} --out R")).exits_with(0);
    assert!(place.read("R/report.md").contains("Study crowd, without a plan."));
    // The same numbers as those of `verdict`.
    let verdict = found.replace("--reference-name", "--reference");
    place.summarize(&format!("verdict {verdict} --out V")).exits_with(0);
    let verdicts = |report: &str| -> Value {
        serde_json::from_str::<Value>(&place.read(report)).unwrap()["verdicts"].take()
    };
    assert_eq!(verdicts("R/report.json"), verdicts("V/report.json"));
    // Those with a plan come first.
    let planned = "--ratings ratings.csv --plan PLAN.toml";
    place.summarize(&format!("report {planned} {found} --out R")).exits_with(0);
    assert_eq!(verdicts("R/report.json").as_array().unwrap().len(), 2);
    place
        .summarize(&format!("report {planned} --paradigm cmos --reference-name recordings --out R"))
        .exits_with(2)
        .says("--paradigm is given, but no ratings without a plan");
    place.summarize("report --ratings blanks.csv --out R").exits_with(2).says("with --paradigm");
}
