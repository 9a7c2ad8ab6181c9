//! Notes on metrics: their explanations, directions, and how items combine.

use std::collections::BTreeSet;

use mynah_metrics::{Declaration, Direction, Kind, Score};
use mynah_report::comparison::{Better, MetricNote};

use super::embeddings::Embeddings;
use super::words::Recognizer;
use super::{command, real_time};

/// Returns a note on every metric of ours, and on those in a table that are made outside.
pub(crate) fn metric_notes(scores: &[Score]) -> Vec<MetricNote> {
    let mut notes: Vec<MetricNote> = mynah_metrics::all()
        .iter()
        .map(|metric| {
            let declaration = metric.declaration();
            MetricNote {
                profile: metric.profile().to_owned(),
                explanation: metric.explain().to_owned(),
                better: better(&declaration),
                pooled: matches!(declaration.kind, Kind::Rate { .. }),
            }
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

/// Returns the direction of a metric; one with a perfect value is better nearer to it, which is the same order.
fn better(declaration: &Declaration) -> Option<Better> {
    match (declaration.perfect, declaration.direction) {
        (_, Direction::Neither) => None,
        (Some(perfect), _) | (None, Direction::Near(perfect)) => Some(Better::Near(perfect)),
        (None, Direction::Higher) => Some(Better::Higher),
        (None, Direction::Lower) => Some(Better::Lower),
    }
}

/// Returns the note on an error rate, a similarity of embeddings or a metric of a command.
fn note_from_outside(score: &Score) -> Option<MetricNote> {
    let profile = score.profile.clone();
    if let Some(explanation) = Recognizer::explanation(&score.profile, &score.unit) {
        return Some(MetricNote { profile, explanation, better: Some(Better::Lower), pooled: true });
    }
    let (better, words) = match command::Better::of(score.better.as_deref()?)? {
        command::Better::Higher => (Some(Better::Higher), "Higher is better."),
        command::Better::Lower => (Some(Better::Lower), "Lower is better."),
        command::Better::Neither => (None, "It says nothing about quality."),
    };
    if let Some(explanation) = Embeddings::explanation(&profile) {
        return Some(MetricNote { profile, explanation, better, pooled: false });
    }
    let explanation = format!(
        "{profile}: measured by a command or a graph of the user's, which is part of the profile\n\n{words}"
    );
    Some(MetricNote { profile, explanation, better, pooled: false })
}
