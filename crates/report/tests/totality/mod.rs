//! Property tests of reports: any scores make one without a panic and without a NaN or infinity, whatever the order of
//! rows.

use mynah_metrics::{Score, Status};
use mynah_report::comparison::worst_items;
use proptest::prelude::*;

use crate::support::{checkpoints, comparison, notes};

/// Generates the outcome of one system on one item: a value of any size, a failure, an undefined value, or no row.
fn outcomes() -> impl Strategy<Value = Option<(Status, Option<f64>)>> {
    prop_oneof![
        6 => (-10.0..10.0).prop_map(|value| Some((Status::Ok, Some(value)))),
        2 => Just(Some((Status::Ok, Some(1.0)))),
        1 => any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(|value| Some((Status::Ok, Some(value)))),
        1 => Just(Some((Status::Failed, None))),
        1 => Just(Some((Status::Undefined, None))),
        1 => Just(None),
    ]
}

/// Generates scores of up to four systems, some of them checkpoints, by one metric with a note and one without.
fn scores() -> impl Strategy<Value = Vec<Score>> {
    let system = (proptest::option::of(0_u64..5), proptest::collection::vec((outcomes(), outcomes()), 1..8));
    proptest::collection::vec(system, 1..5).prop_map(|systems| {
        let mut scores = Vec::new();
        for (number, (step, items)) in systems.into_iter().enumerate() {
            for (item, outcomes) in items.into_iter().enumerate() {
                for (metric, outcome) in [("mcd", outcomes.0), ("other", outcomes.1)] {
                    let Some((status, value)) = outcome else { continue };
                    scores.push(Score {
                        system: format!(
                            "voice{}-{number}",
                            step.map_or(String::new(), |step| step.to_string())
                        ),
                        step,
                        item: format!("item {item}"),
                        metric: metric.into(),
                        profile: if metric == "mcd" { "mcd/sp2mc-2".into() } else { "other/1".into() },
                        unit: String::new(),
                        status,
                        value,
                        reason: value.is_none().then(|| "why".into()),
                        frames: None,
                        better: None,
                    });
                }
            }
        }
        scores
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn makes_a_report_of_any_scores(scores in scores()) {
        prop_assume!(!scores.is_empty());
        let documents = comparison(&scores, &[], &notes()).documents().map_err(|error| TestCaseError::fail(error.to_string()))?;
        for document in &documents {
            let text = String::from_utf8_lossy(&document.bytes);
            for word in text.split(|character: char| !character.is_ascii_alphanumeric()) {
                prop_assert!(!["NaN", "inf", "Infinity"].contains(&word), "{} has {}", document.path, word);
            }
        }
        // The rows of each system in reverse order.
        let mut systems: Vec<&str> = Vec::new();
        for score in &scores {
            if !systems.contains(&score.system.as_str()) {
                systems.push(&score.system);
            }
        }
        let turned: Vec<Score> = systems
            .iter()
            .flat_map(|system| scores.iter().rev().filter(move |score| score.system == **system))
            .cloned()
            .collect();
        let again = comparison(&turned, &[], &notes()).documents().unwrap();
        prop_assert!(documents == again);
        prop_assert_eq!(worst_items(&scores, &notes(), 2).unwrap(), worst_items(&turned, &notes(), 2).unwrap());
    }
}

#[test]
fn does_not_separate_systems_that_are_equal_everywhere() {
    let mut scores = checkpoints(&[5.0, 5.0, 5.0]);
    for score in &mut scores {
        score.value = Some(5.25);
    }
    let documents = comparison(&scores, &[], &notes()).documents().unwrap();
    let markdown = documents.iter().find(|document| document.path == "report.md").unwrap();
    let markdown = String::from_utf8_lossy(&markdown.bytes);
    for sentence in [
        "Several systems share the least loss by ",
        "By 0 of 1 metric the best is better than the second by more than chance.",
        "– (all 40 values are 0)",
        "By no metric is a checkpoint worse, by more than chance, than the best one before it in its run.",
        // All of them are listed where otherwise the best is.
        "| voice-1000, voice-2000, voice-3000 |",
    ] {
        assert!(markdown.contains(sentence), "{sentence} is missing:\n{markdown}");
    }
    assert_eq!(worst_items(&scores, &notes(), 2).unwrap(), []);
}
