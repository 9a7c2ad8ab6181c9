//! Notes on metrics: their explanations, directions, and how items combine.

use std::collections::BTreeSet;

use mynah_metrics::Score;
use mynah_report::comparison::{Better, MetricNote};

use super::command::Better as Direction;
use super::real_time;
use super::words::Recognizer;

/// Returns a note on every metric of ours, and on those in a table that are made outside.
pub(crate) fn metric_notes(scores: &[Score]) -> Vec<MetricNote> {
    let mut notes: Vec<MetricNote> = mynah_metrics::all()
        .iter()
        .map(|metric| MetricNote {
            profile: metric.profile().to_owned(),
            explanation: metric.explain().to_owned(),
            // The trait promises it: every metric of a signal compared with itself is 0.
            better: Some(Better::Near(0.0)),
            pooled: false,
        })
        .collect();
    notes.push(MetricNote {
        profile: real_time::PROFILE.to_owned(),
        explanation: real_time::EXPLANATION.to_owned(),
        better: None,
        pooled: false,
    });
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for score in scores {
        if known.insert(&score.profile) && notes.iter().all(|note| note.profile != score.profile) {
            notes.extend(note_from_outside(score));
        }
    }
    notes
}

/// Returns the note on an error rate or a metric of a command.
fn note_from_outside(score: &Score) -> Option<MetricNote> {
    let profile = score.profile.clone();
    if let Some(explanation) = Recognizer::explanation(&score.profile, &score.unit) {
        return Some(MetricNote { profile, explanation, better: Some(Better::Lower), pooled: true });
    }
    let direction = Direction::of(score.better.as_deref()?)?;
    let (better, words) = match direction {
        Direction::Higher => (Some(Better::Higher), "Higher is better."),
        Direction::Lower => (Some(Better::Lower), "Lower is better."),
        Direction::Neither => (None, "It says nothing about quality."),
    };
    let explanation =
        format!("{profile}: measured by a command of the user's, which is part of the profile\n\n{words}");
    Some(MetricNote { profile, explanation, better, pooled: false })
}
