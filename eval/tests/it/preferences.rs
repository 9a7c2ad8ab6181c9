//! A planned preference test, from `mynah-listen plan --protocol ab` to its verdict and report.

use std::fs;

use mynah_listening::{Origin, Outcome, OutcomeRate, Paradigm, Plan, Rating};
use mynah_table::read_table;
use serde_json::{Value, json};

use crate::answers::write_choices;
use crate::support::{ITEMS, Place};

const SYSTEMS: &str = "--reference recordings=recordings --system quiet=quiet --system cut=cut";

fn report(place: &Place, folder: &str) -> Value {
    serde_json::from_str(&place.read(&format!("{folder}/report.json"))).expect("the report is JSON")
}

#[test]
fn prints_the_power_of_a_preference_test() {
    let place = Place::new();
    let outcome = place.plan_small("ab", SYSTEMS).exits_with(0).says("wrote `PLAN.toml`");
    insta::assert_snapshot!(outcome.stdout);
    let two = place.plan_small("ab", "--system quiet=quiet --system cut=cut --force").exits_with(0);
    assert!(two.stdout.contains("1 pair of 2 systems, 32 votes on each"), "{}", two.stdout);
    assert!(!two.stdout.contains("All 1 pairs"), "{}", two.stdout);
}

#[test]
fn reports_why_a_preference_test_cannot_be_planned() {
    let place = Place::new();
    place
        .plan_small("ab", "--system quiet=quiet")
        .exits_with(2)
        .says("there is only the system `quiet`: a preference needs two systems")
        .says("name another system, or the recordings as reference");
    place
        .plan_small("ab", &format!("{SYSTEMS} --anchor noisy=cut"))
        .exits_with(2)
        .says("a preference test shows no equality")
        .says("name what was to be an anchor as a system");
    let text = place.read("ab.toml");
    place.write("ab.toml", text.replace("alpha = 0.05", "alpha = 0.05\nmargin = 0.1"));
    place
        .listen(&format!("plan --protocol ab.toml {SYSTEMS} --out PLAN.toml"))
        .exits_with(2)
        .says("failed to use protocol `ab.toml`");
    assert!(!place.path("PLAN.toml").exists());
    place.listen(&format!("plan --protocol xab {SYSTEMS} --out P.toml")).exits_with(2).says("`ab`");
}

#[test]
fn clicks_on_the_page_end_in_a_verdict_and_a_report() {
    let place = Place::new();
    place.plan_small("ab", "--reference recordings=recordings --system cut=cut").exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    // The recordings are preferred in three trials of four, and the first clip or neither in the others.
    let files = write_choices(&place, |voices, page| match page % 4 {
        0 => -i64::from(page % 8 == 0),
        _ if voices[0] == "recordings" => -1,
        _ => 1,
    });
    place.listen(&format!("collect PLAN.toml {files} --out votes.csv")).exits_with(0);
    let ratings: Vec<Rating> = read_table(&place.path("votes.csv")).unwrap();
    assert_eq!(ratings.len(), ITEMS.len() * 8);
    assert!(ratings.iter().all(|rating| rating.origin == Origin::Human && rating.paradigm == Paradigm::Ab));
    assert!(ratings.iter().all(|rating| rating.reference.is_some() && rating.first.is_some()));

    let verdict = "verdict --plan PLAN.toml --ratings votes.csv --out V";
    let outcome = place.summarize(verdict).exits_with(0);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("cut: Listeners prefer `recordings` to `cut`"), "{lines:?}");
    assert!(lines[1].starts_with("ranking: "), "{lines:?}");
    let design = Plan::read(&place.path("PLAN.toml")).unwrap().design;
    let page = place.read("V/report.md");
    for expected in [
        &format!("Study study, design {}. Listeners heard", &design[..12]),
        "Declared before the test: level 0.05.",
        &format!("were fixed in a plan before anybody listened (design {design})"),
        "The question was: \"Which of the two clips sounds more natural?\"",
        "Asked was: \"Which of the two clips sounds more natural?\"",
        "Random, by the plan, balanced for every listener and sentence",
        "All clips were brought to -23.0 LUFS",
    ] {
        assert!(page.replace('\u{2212}', "-").contains(expected), "{expected}\n{page}");
    }
    assert!(!page.contains("without a plan") && !page.contains("simulated"), "{page}");
    let test = report(&place, "V")["preferences"][0].take();
    assert_eq!((&test["design"], &test["reference"]), (&json!(design), &json!("recordings")));
    assert_eq!(test["protocol"]["analysis"], json!({ "alpha": 0.05 }));

    // The same votes as another tool would store them: the same numbers, without the plan.
    let rows = ratings.iter().map(|rating| {
        let versus = rating.reference.as_ref().unwrap();
        let (first, second) = match rating.first.unwrap() {
            mynah_listening::First::System => (&rating.system, versus),
            mynah_listening::First::Reference => (versus, &rating.system),
        };
        let choice = ["first", "tie", "second"][(rating.score_raw + 1.0) as usize];
        format!("{},{},{first},{second},{choice}", rating.rater, rating.item)
    });
    let lines: Vec<String> =
        std::iter::once("rater,item,first,second,choice".to_owned()).chain(rows).collect();
    place.write("found.csv", lines.join("\n"));
    place.summarize("verdict --ratings found.csv --paradigm ab --reference recordings --out F").exits_with(0);
    let found = report(&place, "F")["preferences"][0].take();
    assert_eq!((&found["pairs"], &found["wins"]), (&test["pairs"], &test["wins"]));
    assert_eq!(found["design"], Value::Null);
    assert!(place.read("F/report.md").contains("These votes came without a plan."));

    place.summarize(&format!("{verdict} --require better")).exits_with(1).says("not met: cut is worse");
    place
        .summarize(&format!("{verdict} --require equivalent"))
        .exits_with(2)
        .says("a preference test cannot show `equivalent`");
}

#[test]
fn reports_take_planned_votes_beside_planned_ratings() {
    let place = Place::new();
    place.plan().exits_with(0);
    fs::rename(place.path("PLAN.toml"), place.path("CMOS.toml")).unwrap();
    place.listen("simulate CMOS.toml --out cmos.csv").exits_with(0);
    place.plan_small("ab", SYSTEMS).exits_with(0);
    place.listen("simulate PLAN.toml --out ab.csv").exits_with(0);
    let report_of = "report --ratings cmos.csv --plan CMOS.toml --ratings ab.csv --plan PLAN.toml --out R";
    place.summarize(report_of).exits_with(0);
    let page = place.read("R/report.md");
    assert!(page.contains("What listeners say") && page.contains("What listeners prefer"), "{page}");
    let numbers = report(&place, "R");
    let count = |key: &str| numbers[key].as_array().expect("a list").len();
    assert_eq!((count("verdicts"), count("preferences"), count("methods")), (1, 1, 2));
    // Votes of one plan are not judged by another.
    place
        .summarize("verdict --plan CMOS.toml --ratings ab.csv --out V")
        .exits_with(2)
        .says("use the plan that was rated");
}

#[test]
fn simulated_votes_are_marked_and_a_test_without_a_reference_ranks() {
    let place = Place::new();
    place
        .plan_small("ab", "--system recordings=recordings --system quiet=quiet --system cut=cut")
        .exits_with(0);
    place.listen("simulate PLAN.toml --true-difference cut=-2 --out votes.parquet").exits_with(0);
    place.listen("simulate PLAN.toml --true-difference cut=-2 --out votes.csv").exits_with(0);
    let votes: Vec<Rating> = read_table(&place.path("votes.parquet")).unwrap();
    assert_eq!(votes, read_table::<Rating>(&place.path("votes.csv")).unwrap());
    assert!(votes.iter().all(|rating| rating.origin == Origin::Simulated));
    let verdict = "verdict --plan PLAN.toml --ratings votes.parquet --out V";
    let outcome = place.summarize(verdict).exits_with(0);
    assert!(outcome.stdout.contains("all: Simulated ratings, not a finding: "), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("cut: Simulated ratings, not a finding: `cut` has "),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("\nranking: "), "{}", outcome.stdout);
    assert!(place.read("V/report.md").contains("are simulated"));
    place
        .summarize(&format!("{verdict} --require better"))
        .exits_with(2)
        .says("--require better needs a reference")
        .says("plan the test with the system that must be beaten as --reference");
    place
        .listen("simulate PLAN.toml --studies 5 --components-from votes.csv")
        .exits_with(2)
        .says("comparison");
}

#[test]
fn rehearses_a_preference_test() {
    let place = Place::new();
    place.plan_small("ab", SYSTEMS).exits_with(0);
    let outcome = place.listen("simulate PLAN.toml --studies 40 --true-difference cut=-1.5 --out rates.csv");
    let printed = outcome.exits_with(0).stdout;
    let first = printed.lines().next().unwrap_or_default();
    assert_eq!(first, "40 simulated studies of 4 sentences, 8 ratings of each, 8 raters; alpha 0.05");
    for words in [
        "\nquiet against recordings, true mean vote +0.00 (1 for quiet, -1 for recordings)\n",
        "\ncut against recordings, true mean vote -0.7",
        "\ncut against quiet, true mean vote -0.7",
        "concludes: the other is preferred",
        "sign test on all votes finds a preference",
        "\nall pairs together\n  at least one preference that is found is false",
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let rates: Vec<OutcomeRate> = read_table(&place.path("rates.csv")).unwrap();
    let rate = |system: &str, reference: &str, outcome: Outcome| {
        let row = rates.iter().find(|row| {
            (row.system.as_str(), row.reference.as_deref(), row.outcome) == (system, Some(reference), outcome)
        });
        row.expect("a row of the pair").rate
    };
    assert!(rate("cut", "recordings", Outcome::Worse) > rate("quiet", "recordings", Outcome::Worse));
    assert!(rate("quiet", "recordings", Outcome::Better) < 0.2);
}
