//! Methods: a paragraph for each listening test, definitions, statistics, versions.

use std::collections::BTreeSet;

use mynah_listening::{Origin, PaperCriterion, Protocol, RankTest, Role, Verdict};

use super::documents::{Comparison, MetricNote, plural};
use super::preference;
use super::scores::percent;
use super::summary::MetricSummary;
use crate::figure::number;
use crate::page::Block;

/// Returns the paragraphs, definitions and versions.
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
        let Some(criterion) = verdict.paradigm.rules().paper_criterion() else { continue };
        let analysis = &verdict.analysis;
        sentences.push(format!(
            "The paper's rule: at least {} sentences, each judged by at least {} people, and p > 0.05 by {}. It \
             assumes independent ratings, and treats a difference that was not found as one that does not exist; it is \
             reported beside the conclusion, not in its place.",
            analysis.minimum_items,
            analysis.minimum_ratings_per_item,
            paper_criterion(verdict, criterion)
        ));
    }
    // Tests with the same analysis are described once.
    let mut said = BTreeSet::new();
    sentences.retain(|sentence| said.insert(sentence.clone()));
    let mut blocks: Vec<Block> = paragraphs(comparison).into_iter().map(Block::Text).collect();
    blocks.push(Block::List(sentences));
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

/// Describes each listening test and each preference test in a paragraph.
pub(crate) fn paragraphs(comparison: &Comparison<'_>) -> Vec<String> {
    let verdicts = comparison.verdicts.iter().map(|verdict| paragraph(verdict, comparison.versions));
    let preferences =
        comparison.preferences.iter().map(|test| preference::paragraph(test, comparison.versions));
    verdicts.chain(preferences).collect()
}

/// Describes the test of the paper's rule, and the condition on the mean if the rule has one.
fn paper_criterion(verdict: &Verdict, criterion: PaperCriterion) -> String {
    let test = match verdict.paradigm.rules().rank_test() {
        RankTest::SignedRank => {
            format!("the Wilcoxon signed-rank test on all ratings (zeros: `{}`)", verdict.analysis.zeros)
        }
        RankTest::RankSum => "the rank-sum test on all ratings".to_owned(),
    };
    if criterion.needs_mean_near_zero { format!("{test}, with a mean close to 0") } else { test }
}

/// Describes a listening test in a paragraph, in the form used in papers.
fn paragraph(verdict: &Verdict, versions: &[(String, String)]) -> String {
    let mut text = String::new();
    if verdict.origin == Origin::Simulated {
        text.push_str("[Simulated ratings: nobody listened, and this paragraph describes a rehearsal.] ");
    }
    text.push_str(&participants(verdict));
    if let Some(protocol) = &verdict.protocol {
        text.push_str(&listener_facts(protocol));
        text.push_str(&presentation(protocol));
    }
    text.push_str(&analysis(verdict));
    let versions: Vec<String> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    if !versions.is_empty() {
        text.extend([" The analysis was made by ", &versions.join(", "), "."]);
    }
    text
}

/// Lists what is known about the listeners, in a sentence or nothing.
pub(crate) fn listener_facts(protocol: &Protocol) -> String {
    let facts = protocol.listeners.named();
    let known: Vec<String> = facts
        .iter()
        .filter_map(|(name, fact)| fact.map(|fact| format!("{name}: {}", fact.trim_end_matches('.'))))
        .collect();
    if known.is_empty() { String::new() } else { format!(" Listeners, {}.", known.join("; ")) }
}

/// Formats `n things` if all systems have the same number, else `from a to b things`.
fn range(counts: impl Iterator<Item = usize> + Clone, noun: &str) -> String {
    let (least, most) = (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0));
    if least == most { plural(most, noun) } else { format!("{least} to {}", plural(most, noun)) }
}

fn participants(verdict: &Verdict) -> String {
    let judged = verdict.systems.iter();
    let kind = verdict.paradigm.rules().method();
    let names = |role: Role| {
        let names: Vec<&str> = verdict
            .systems
            .iter()
            .filter(|system| system.role == role)
            .map(|system| system.system.as_str())
            .collect();
        names.join(", ")
    };
    let reference = match (&verdict.reference, verdict.human_reference) {
        (Some(reference), true) => format!(" The reference was {reference}, human recordings."),
        (Some(reference), false) => format!(" The reference was {reference}."),
        (None, _) => String::new(),
    };
    let anchors = match names(Role::Anchor) {
        names if names.is_empty() => String::new(),
        names => format!(" Anchors, known to be worse: {names}."),
    };
    format!(
        "In the study {}, {} {kind}. Under test: {}.{reference}{anchors} Each system was judged on {}, each of them \
         by at least {}, which gave {} for each system.",
        verdict.study,
        range(judged.clone().map(|system| system.n_raters), "listener"),
        names(Role::Candidate),
        range(judged.clone().map(|system| system.n_items), "sentence"),
        range(judged.clone().map(|system| system.minimum_ratings_per_item), "listener"),
        range(judged.map(|system| system.n_ratings), "rating"),
    )
}

/// Describes the listeners' task in a few sentences: instructions, question, answers, order and loudness.
pub(crate) fn presentation(protocol: &Protocol) -> String {
    let labels: Vec<String> = protocol.labels.iter().map(|label| format!("\"{label}\"")).collect();
    let order = protocol.paradigm.rules().order();
    let null_pairs = match protocol.null_pairs {
        0 => String::new(),
        n => format!(
            " Every listener also judged {} of the reference with itself.",
            plural(n as usize, "pair")
        ),
    };
    let labels = labels.join(", ");
    let answers = if protocol.paradigm.rules().rates_side_by_side() {
        let (lowest, highest) = protocol.paradigm.scale();
        format!("Sliders went from {lowest} to {highest}, in parts called {labels}.")
    } else {
        format!("The answers were {labels}.")
    };
    format!(
        " The instructions were: \"{}\" The question was: \"{}\" {answers} {order}{null_pairs} All clips were \
         brought to {} LUFS (ITU-R BS.1770) with a true peak of at most {} dBTP.",
        protocol.instructions.trim(),
        protocol.question.trim(),
        number(protocol.loudness_lufs, 1),
        number(protocol.true_peak_dbtp, 1),
    )
}

fn analysis(verdict: &Verdict) -> String {
    let analysis = &verdict.analysis;
    let declared = match &verdict.design {
        Some(design) => format!("were fixed in a plan before anybody listened (design {design})"),
        None => "were chosen when the ratings were analysed".to_owned(),
    };
    let rules: Vec<&str> = verdict.screening.rules.iter().map(|rule| rule.as_str()).collect();
    let screening = match (&rules[..], verdict.screening.excluded.iter().map(|one| one.n_ratings).sum()) {
        ([], _) => "No ratings were excluded.".to_owned(),
        (rules, 0_usize) => format!("Screening ({}) excluded no ratings.", rules.join(", ")),
        (rules, n) => format!("Screening ({}) excluded {}.", rules.join(", "), plural(n, "rating")),
    };
    let n_candidates = verdict.systems.iter().filter(|system| system.role == Role::Candidate).count();
    let signs = if verdict.paradigm.rules().tells_apart() {
        " Scores are 1 for a right and 0 for a wrong answer, and are compared with 0.5. Where nearly all answers are the same, sign \
         tests by listener and by sentence decide."
    } else {
        ""
    };
    let family = if n_candidates > 1 {
        format!(
            " Intervals, p-values and conclusions are simultaneous over the {n_candidates} systems, by the correlations \
             of their differences (Hothorn, Bretz and Westfall 2008)."
        )
    } else {
        String::new()
    };
    format!(
        " {screening} Means have {} intervals from standard errors clustered by listener and sentence (Cameron, Gelbach \
         and Miller 2011), jackknifed by leaving out listeners and sentences, and Student's t with the degrees of freedom of \
         Bell and McCaffrey (2002). Equivalence was tested by two one-sided tests (Schuirmann 1987) at the level {} against \
         a margin of ±{}; margin and analysis {declared}.{signs}{family}",
        percent(1.0 - analysis.alpha),
        analysis.alpha,
        analysis.margin,
    )
}

/// Returns the notes on the profiles that have scores.
pub(crate) fn used_notes<'a>(notes: &'a [MetricNote], metrics: &[MetricSummary]) -> Vec<&'a MetricNote> {
    notes.iter().filter(|note| metrics.iter().any(|metric| metric.profile == note.profile)).collect()
}
