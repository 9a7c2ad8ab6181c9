//! How the numbers came about: definitions, statistics, versions.

use std::collections::BTreeSet;

use super::documents::{Comparison, MetricNote};
use super::scores::percent;
use super::summary::MetricSummary;
use crate::page::Block;

/// Sentences, definitions and versions.
pub(crate) fn blocks(comparison: &Comparison<'_>, metrics: &[MetricSummary]) -> Vec<Block> {
    let mut sentences = Vec::new();
    if !metrics.is_empty() {
        let level = percent(comparison.level);
        sentences.push(format!(
            "Scores: means are over items, each item counting once; their {level} intervals are t intervals over \
             items. Two systems are compared by the paired t test on the items for which both have a value."
        ));
        sentences.push(
            "Scores measure distances to one recording of the same sentence. A good voice may speak differently: they \
             do not say how natural it sounds."
                .to_owned(),
        );
    }
    for verdict in comparison.verdicts {
        let analysis = &verdict.analysis;
        sentences.push(format!(
            "Ratings: standard errors are clustered by rater and by sentence (Cameron, Gelbach and Miller 2011), with \
             Student's t on min(raters, sentences) − 1 degrees of freedom. Equivalence is tested by two one-sided \
             tests at the level {} against a margin of ±{}, both declared in the plan.",
            analysis.alpha, analysis.margin
        ));
        sentences.push(format!(
            "The paper's rule: at least {} sentences, each judged by at least {} people, a mean close to 0, and p > \
             0.05 by the Wilcoxon signed-rank test on all judgements (zeros: `{}`). It takes judgements for \
             independent, and takes \"not found\" for \"not there\"; it is reported beside the conclusion, not in its \
             place.",
            analysis.minimum_items, analysis.minimum_ratings_per_item, analysis.zeros
        ));
    }
    // Tests with the same analysis are described once.
    let mut said = BTreeSet::new();
    sentences.retain(|sentence| said.insert(sentence.clone()));
    let mut blocks = vec![Block::List(sentences)];
    for note in used_notes(comparison.metrics, metrics) {
        blocks.push(Block::Folded {
            summary: note.profile.clone(),
            blocks: vec![Block::Code(note.explanation.clone())],
        });
    }
    if !comparison.versions.is_empty() {
        blocks.push(Block::Settings(comparison.versions.to_vec()));
    }
    blocks
}

/// The notes on the profiles that there are scores of.
pub(crate) fn used_notes<'a>(notes: &'a [MetricNote], metrics: &[MetricSummary]) -> Vec<&'a MetricNote> {
    notes.iter().filter(|note| metrics.iter().any(|metric| metric.profile == note.profile)).collect()
}
