//! Degradations, similarities and recognition, from `mynah-listen plan` to the verdict and the report.

use mynah_listening::{First, Origin, OutcomeRate, Rating, Slot};
use mynah_table::read_table;

use crate::answers::write_choices;
use crate::support::{ITEMS, Place};

const SYSTEMS: &str = "--reference recordings=recordings --system quiet=quiet --anchor cut=cut";

/// The report on simulated ratings, up to its tables, and the lines of its verdict.
fn report(place: &Place, differences: &str) -> String {
    place.listen(&format!("simulate PLAN.toml {differences} --out ratings.csv --force")).exits_with(0);
    let said = place.summarize("verdict --plan PLAN.toml --ratings ratings.csv --out V").exits_with(0);
    let page = place.read("V/report.md");
    let page = page.split("\nThe same numbers as a table").next().unwrap_or_default();
    format!("{}\n{page}", said.stdout)
}

#[test]
fn degradations_are_planned_judged_and_reported() {
    let place = Place::new();
    let planned = place.plan_small("dmos", SYSTEMS).exits_with(0).says("wrote `PLAN.toml`");
    assert!(planned.stdout.contains("24 ratings each") || planned.stdout.contains("12 ratings each"));
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    let files = write_choices(&place, |voices, page| {
        assert_eq!((voices[0], voices.len()), ("recordings", 2));
        match voices[1] {
            "recordings" => 5 - i64::from(page % 7 == 0),
            "quiet" => 5 - i64::from(page % 5 == 0),
            _ => 2 + i64::from(page % 2 == 0),
        }
    });
    place.listen(&format!("collect PLAN.toml {files} --out ratings.parquet")).exits_with(0);
    let ratings: Vec<Rating> = read_table(&place.path("ratings.parquet")).unwrap();
    assert_eq!(ratings.len(), ITEMS.len() * 8 * 3);
    assert!(ratings.iter().all(|rating| rating.first.is_none() && rating.x.is_none()));
    let verdict = "verdict --plan PLAN.toml --ratings ratings.parquet --out H";
    let outcome = place.summarize(verdict).exits_with(0);
    assert!(outcome.stdout.contains("cut: `cut` is more degraded than `recordings`"), "{}", outcome.stdout);
    place.summarize(&format!("{verdict} --require human-level")).exits_with(1).says("expected human level");
    insta::assert_snapshot!(report(&place, "--true-difference quiet=-0.3 --true-difference cut=-1.5"));
}

#[test]
fn similarities_are_planned_judged_and_reported() {
    let place = Place::new();
    place.plan_small("similarity", SYSTEMS).exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    place.listen("audit PLAN.toml BUNDLE").exits_with(0);
    let files = write_choices(&place, |voices, page| {
        assert_eq!((voices[0], voices.len()), ("recordings", 2));
        if voices[1] == "cut" { 2 - i64::from(page % 3 == 0) } else { 4 + i64::from(page % 2 == 0) }
    });
    place.listen(&format!("collect PLAN.toml {files} --out ratings.csv")).exits_with(0);
    let outcome = place.summarize("verdict --plan PLAN.toml --ratings ratings.csv --out H").exits_with(0);
    let words = "cut: `cut` is less similar to the speaker than `recordings`";
    assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    insta::assert_snapshot!(report(&place, "--true-difference quiet=-0.3 --true-difference cut=-1.5"));
}

#[test]
fn recognition_is_planned_judged_and_reported() {
    let place = Place::new();
    let planned = place.plan_small("abx", SYSTEMS).exits_with(0);
    insta::assert_snapshot!("plans_recognition", planned.stdout);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    // Everybody hears what was cut; of what is only quieter before its level is matched, everybody says that X is the second.
    let files = write_choices(&place, |voices, _| {
        assert_eq!(voices.len(), 3);
        if voices.contains(&"cut") { i64::from(voices[1] == voices[2]) } else { 1 }
    });
    place.listen(&format!("collect PLAN.toml {files} --out answers.csv")).exits_with(0);
    let ratings: Vec<Rating> = read_table(&place.path("answers.csv")).unwrap();
    assert_eq!(ratings.len(), ITEMS.len() * 8 * 2);
    assert!(ratings.iter().all(|rating| rating.origin == Origin::Human && rating.plays_x == Some(1)));
    for rating in ratings.iter().filter(|rating| rating.system == "quiet") {
        let is_second = (rating.first == Some(First::System)) != (rating.x == Some(Slot::System));
        assert_eq!(rating.score > 0.5, is_second, "{rating:?}");
    }
    let verdict = "verdict --plan PLAN.toml --ratings answers.csv --out H";
    let outcome = place.summarize(verdict).exits_with(0);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(
        lines[0].starts_with("quiet: ") && lines[0].contains("in 50 % of trials (95 % interval "),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("cut: ") && line.contains("4 sentences are too few")),
        "{lines:?}"
    );
    place.summarize(&format!("{verdict} --require better")).exits_with(1).says("expected better");
    insta::assert_snapshot!(report(&place, "--true-difference quiet=0.1 --true-difference cut=0.45"));

    let outcome = place.listen("simulate PLAN.toml --studies 40 --true-difference quiet=0.3 --out rates.csv");
    let printed = outcome.exits_with(0).stdout;
    for words in ["\nquiet, true share of right answers 80.0 %\n", "concludes: told apart", "margin 0.1"] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    assert!(!printed.contains("concludes: better"), "{printed}");
    let rates: Vec<OutcomeRate> = read_table(&place.path("rates.csv")).unwrap();
    assert!(rates.iter().any(|rate| rate.outcome == mynah_listening::Outcome::ToldApart && rate.rate > 0.3));
    place
        .listen("simulate PLAN.toml --true-difference quiet=-0.2 --out no.csv")
        .exits_with(2)
        .says("guessing");
}

#[test]
fn tables_of_older_versions_are_still_read() {
    let place = Place::new();
    place.plan().exits_with(0);
    place.listen("simulate PLAN.toml --out new.csv").exits_with(0);
    let rows = place.read("new.csv");
    let header: Vec<&str> = rows.lines().next().unwrap_or_default().split(',').collect();
    let added: Vec<usize> =
        (0..header.len()).filter(|&column| ["x", "plays_x"].contains(&header[column])).collect();
    assert_eq!(added.len(), 2, "{header:?}");
    let old: Vec<String> = rows
        .lines()
        .map(|line| {
            let cells = line.split(',').enumerate().filter(|(column, _)| !added.contains(column));
            cells.map(|(_, cell)| cell).collect::<Vec<_>>().join(",")
        })
        .collect();
    place.write("old.csv", old.join("\n"));
    let (old, new): (Vec<Rating>, Vec<Rating>) =
        (read_table(&place.path("old.csv")).unwrap(), read_table(&place.path("new.csv")).unwrap());
    assert_eq!(old, new);
}
