//! The questions reviewers ask about an evaluation, answered as far as the data allow.

use std::fmt::Write as _;

use mynah_listening::{Defined, Protocol, Role, SystemVerdict, Verdict};
use mynah_metrics::Status;
use serde::Serialize;

use super::documents::{Comparison, plural};
use super::preference;
use super::ratings::{interval_text, plain};
use super::summary::MetricSummary;
use crate::table::{Cell, Table};

/// Degree to which an item is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    Yes,
    /// Not in the data: left to the author of the paper.
    Yours,
    InPart,
    No,
    DoesNotApply,
}

impl Answer {
    fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Yours => "yours to answer",
            Self::InPart => "in part",
            Self::No => "no",
            Self::DoesNotApply => "does not apply",
        }
    }
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) question: &'static str,
    pub(crate) answer: Answer,
    pub(crate) grounds: String,
}

const UNKNOWN_LISTENERS: &str = "Nothing is recorded about people: say how they were found, what language they speak, how they \
                                 listened and what they were paid ([listeners] in the protocol)";

/// A question that is answered separately for each listening test.
type OfTest = (&'static str, fn(&Verdict) -> (Answer, String));

const OF_TESTS: [OfTest; 11] = [
    ("Does what listeners were asked fit the claim?", |verdict| {
        of_protocol(verdict, question, "The ratings came without the question")
    }),
    ("Were the listeners qualified, and are they described?", |verdict| {
        of_protocol(verdict, listeners, UNKNOWN_LISTENERS)
    }),
    ("Were there enough listeners and sentences?", sizes),
    ("Are question, scale and instructions reported?", |verdict| {
        of_protocol(verdict, instructions, "The ratings came without them")
    }),
    ("Was loudness made the same?", |verdict| {
        of_protocol(verdict, loudness, "The ratings came without a plan")
    }),
    ("Was the order random and balanced?", order),
    ("Could the test have found a difference?", |verdict| match verdict.assay.sensitive {
        Some(true) => (Answer::Yes, assay(verdict)),
        Some(false) | None => (Answer::No, assay(verdict)),
    }),
    ("Was screening declared before the test, and is it accounted for?", screening),
    ("Do intervals and tests allow for shared listeners and sentences?", |verdict| {
        let effects = of_candidates(verdict, |system| match &system.design_effect {
            Defined::Ok { value } => format!("design effect {}", crate::figure::number(*value, 1)),
            Defined::Undefined { reason } => format!("undefined: {reason}"),
        });
        let unequal = of_candidates(verdict, |system| {
            let effective =
                |n: &Defined<f64>| n.value().map_or_else(|| "?".to_owned(), |n| crate::figure::number(*n, 1));
            format!(
                "{} listeners and {} sentences weigh as {} and {} equal ones",
                system.n_raters,
                system.n_items,
                effective(&system.effective_raters),
                effective(&system.effective_items)
            )
        });
        let answer = if candidates(verdict).any(|system| system.standard_error.value().is_some()) {
            Answer::Yes
        } else {
            Answer::No
        };
        (
            answer,
            format!(
                "Two-way clustered standard errors by leaving out listeners and sentences; {effects}; {unequal}"
            ),
        )
    }),
    ("Is significance corrected for several comparisons?", |verdict| {
        let n = candidates(verdict).filter(|system| system.conclusion.is_some()).count();
        match n {
            0 => (Answer::DoesNotApply, "Nothing is compared with a reference".to_owned()),
            1 => (Answer::DoesNotApply, "There is one comparison".to_owned()),
            _ => (
                Answer::Yes,
                format!(
                    "Conclusions, their intervals and p-values are simultaneous over {n} systems, by the joint \
                     distribution of their differences; anchors and the other analyses are not corrected"
                ),
            ),
        }
    }),
    ("Does \"as good as\" rest on a test of equivalence?", |verdict| {
        let analysis = &verdict.analysis;
        let grounds = format!(
            "Two one-sided tests at the level {} against a margin of ±{}",
            analysis.alpha, analysis.margin
        );
        match (&verdict.reference, &verdict.design) {
            (None, _) => (Answer::DoesNotApply, "There is no reference to be as good as".to_owned()),
            (_, Some(_)) => (Answer::Yes, grounds + ", declared before the test"),
            (_, None) => (Answer::InPart, grounds + "; nothing shows that it was declared before the test"),
        }
    }),
];

/// Returns every question with its answer.
pub(crate) fn entries(comparison: &Comparison<'_>, metrics: &[MetricSummary]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = OF_TESTS
        .into_iter()
        .enumerate()
        .map(|(index, (question, of_test))| {
            let verdicts =
                comparison.verdicts.iter().map(|verdict| (verdict.study.as_str(), of_test(verdict)));
            let preferences = comparison
                .preferences
                .iter()
                .map(|test| (test.study.as_str(), preference::answers(test)[index].clone()));
            let (answer, grounds) = over_tests(verdicts.chain(preferences).collect());
            Entry { question, answer, grounds }
        })
        .collect();
    let mut add =
        |question, (answer, grounds): (Answer, String)| entries.push(Entry { question, answer, grounds });
    add(
        "Is every comparison of listeners' scores within one test?",
        (
            Answer::Yes,
            "Scores of different tests and published scores are listed separately and never compared"
                .to_owned(),
        ),
    );
    add("Are objective scores defined, and not taken for listening?", objective(comparison, metrics));
    add("Are failures counted?", failures(comparison, metrics));
    add("Can readers listen?", samples(comparison));
    add(
        "Are systems, baselines, speaker and texts described well enough to be made again?",
        (Answer::Yours, "Nothing here knows how the clips were made".to_owned()),
    );
    entries
}

/// Counts the questions that are answered with yes.
pub(crate) fn gist(entries: &[Entry]) -> String {
    let count = |answer| entries.iter().filter(|entry| entry.answer == answer).count();
    let n_asked = entries.len() - count(Answer::DoesNotApply);
    format!("{} of {n_asked} yes, {} yours to answer", count(Answer::Yes), count(Answer::Yours))
}

/// Returns the worst answer over all tests, with the grounds of each.
fn over_tests(answers: Vec<(&str, (Answer, String))>) -> (Answer, String) {
    let n = answers.len();
    let mut answers = answers.into_iter();
    let Some((first, (mut answer, mut grounds))) = answers.next() else {
        return (Answer::No, "Nobody listened".to_owned());
    };
    if n > 1 {
        grounds = format!("{first}: {grounds}");
        for (study, (other, more)) in answers {
            let (other_counts, counts) = (other != Answer::DoesNotApply, answer != Answer::DoesNotApply);
            answer = match (counts, other_counts) {
                (true, true) => answer.max(other),
                (false, true) => other,
                _ => answer,
            };
            let _ = write!(grounds, ". {study}: {more}");
        }
    }
    (answer, grounds)
}

fn candidates(verdict: &Verdict) -> impl Iterator<Item = &SystemVerdict> {
    verdict.systems.iter().filter(|system| system.role == Role::Candidate)
}

/// Joins a phrase about each system under test.
fn of_candidates(verdict: &Verdict, words: impl Fn(&SystemVerdict) -> String) -> String {
    let of_one = |system: &SystemVerdict| format!("{}: {}", system.system, words(system));
    candidates(verdict).map(of_one).collect::<Vec<_>>().join("; ")
}

/// Describes what the test found about its anchors; the caller adds the full stop after each test's grounds.
fn assay(verdict: &Verdict) -> String {
    verdict.assay.explanation.trim_end_matches('.').to_owned()
}

/// Answers by the protocol, or leaves the answer to the author.
fn of_protocol(
    verdict: &Verdict,
    answer: fn(&Protocol) -> (Answer, String),
    without: &str,
) -> (Answer, String) {
    verdict.protocol.as_ref().map_or_else(|| (Answer::Yours, without.to_owned()), answer)
}

/// Quotes the question.
pub(crate) fn question(protocol: &Protocol) -> (Answer, String) {
    (Answer::Yours, format!("Asked was: \"{}\"", protocol.question))
}

/// Lists what is recorded about the listeners.
pub(crate) fn listeners(protocol: &Protocol) -> (Answer, String) {
    let facts = protocol.listeners.named();
    let known: Vec<String> = facts
        .iter()
        .filter_map(|(name, fact)| fact.map(|fact| format!("{name}: {}", fact.trim_end_matches('.'))))
        .collect();
    let unknown: Vec<&str> = facts.iter().filter(|(_, fact)| fact.is_none()).map(|(name, _)| *name).collect();
    if known.is_empty() {
        return (Answer::Yours, UNKNOWN_LISTENERS.to_owned());
    }
    let answer = if unknown.is_empty() { Answer::Yes } else { Answer::InPart };
    let rest =
        if unknown.is_empty() { String::new() } else { format!("; not recorded: {}", unknown.join(", ")) };
    (answer, known.join("; ") + &rest)
}

fn sizes(verdict: &Verdict) -> (Answer, String) {
    let margin = verdict.analysis.margin;
    let mut answer = Answer::Yes;
    let has_reference = verdict.reference.is_some();
    for system in candidates(verdict) {
        let narrow =
            !has_reference || system.achieved_margin.value().is_some_and(|achieved| *achieved <= margin);
        answer = answer.max(match (system.paper_rule.sizes_met, narrow) {
            (true, true) => Answer::Yes,
            (true, false) | (false, true) => Answer::InPart,
            (false, false) => Answer::No,
        });
    }
    let grounds = of_candidates(verdict, |system| {
        let supported = match &system.achieved_margin {
            Defined::Ok { value } => {
                format!("they support a margin of ±{}, asked for is ±{margin}", plain(*value))
            }
            Defined::Undefined { reason } => format!("the margin they support is undefined: {reason}"),
        };
        format!(
            "{}, at least {} of each; {supported}",
            plural(system.n_items, "sentence"),
            plural(system.minimum_ratings_per_item, "judge")
        )
    });
    (answer, grounds)
}

/// Says where the instructions are.
pub(crate) fn instructions(_: &Protocol) -> (Answer, String) {
    (Answer::Yes, "In the paragraph on methods, as the listeners read them".to_owned())
}

/// Names the loudness of the clips.
pub(crate) fn loudness(protocol: &Protocol) -> (Answer, String) {
    (
        Answer::Yes,
        format!(
            "{} LUFS, true peak at most {} dBTP; clips that had to stay quieter are in the key of the bundle",
            protocol.loudness_lufs, protocol.true_peak_dbtp
        ),
    )
}

fn order(verdict: &Verdict) -> (Answer, String) {
    let planned = match verdict.design {
        Some(_) => (Answer::Yes, "Random, by the plan"),
        None => (Answer::Yours, "The ratings came without a plan"),
    };
    if !verdict.paradigm.rules().has_order() {
        return (planned.0, planned.1.to_owned());
    }
    let effects = of_candidates(verdict, |system| match &system.order_effect {
        Defined::Ok { value } => format!("second minus first {}", interval_text(value)),
        Defined::Undefined { reason } => format!("order effect undefined: {reason}"),
    });
    let balanced = if verdict.design.is_some() { ", balanced for every listener and sentence" } else { "" };
    (planned.0, format!("{}{balanced}; {effects}", planned.1))
}

fn screening(verdict: &Verdict) -> (Answer, String) {
    let screening = &verdict.screening;
    let n_ratings: usize = screening.excluded.iter().map(|one| one.n_ratings).sum();
    match (&verdict.design, &screening.rules[..]) {
        (None, []) => (Answer::InPart, "Nothing is left out here; what was before is not known".to_owned()),
        (None, _) => {
            (Answer::InPart, "Nothing shows that the rules were declared before the test".to_owned())
        }
        (Some(_), []) => (Answer::Yes, "None was declared, and nothing is left out".to_owned()),
        (Some(_), rules) => {
            let rules: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
            (
                Answer::Yes,
                format!("By {}: {} left out, listed", rules.join(", "), plural(n_ratings, "rating")),
            )
        }
    }
}

fn objective(comparison: &Comparison<'_>, metrics: &[MetricSummary]) -> (Answer, String) {
    if metrics.is_empty() {
        return (Answer::DoesNotApply, "There are none".to_owned());
    }
    let explained =
        |metric: &MetricSummary| comparison.metrics.iter().any(|note| note.profile == metric.profile);
    let unknown: Vec<&str> =
        metrics.iter().filter(|metric| !explained(metric)).map(|metric| metric.profile.as_str()).collect();
    if !unknown.is_empty() {
        return (Answer::InPart, format!("Of {} no definition is known here", unknown.join(", ")));
    }
    if comparison.verdicts.is_empty() && comparison.preferences.is_empty() {
        return (
            Answer::InPart,
            "Defined, but nobody listened: they do not say how natural a voice sounds".to_owned(),
        );
    }
    (Answer::Yes, "By profile and version, explained under Methods, apart from what listeners say".to_owned())
}

fn failures(comparison: &Comparison<'_>, metrics: &[MetricSummary]) -> (Answer, String) {
    if metrics.is_empty() {
        return (Answer::DoesNotApply, "There are no scores".to_owned());
    }
    let n = comparison.scores.iter().filter(|score| score.status != Status::Ok).count();
    (
        Answer::Yes,
        format!(
            "{} of {} without a value, each with its reason",
            n,
            plural(comparison.scores.len(), "score")
        ),
    )
}

fn samples(comparison: &Comparison<'_>) -> (Answer, String) {
    let heard = |sample: &&super::Sample| sample.versions.iter().any(|version| version.audio.is_some());
    match comparison.samples.iter().chain(comparison.worst).filter(heard).count() {
        0 => (Answer::No, "No clips are in this report: name the directories of the wavs".to_owned()),
        n => (Answer::Yes, format!("{} can be played here", plural(n, "comparison"))),
    }
}

/// Returns the questions as a table.
pub(crate) fn table(entries: &[Entry]) -> Table {
    let columns = [("question", "Question"), ("answer", "Answer"), ("grounds", "Grounds")];
    let caption = "What reviewers ask, after Cooper, Le Maguer, Klabbers and Yamagishi (2025, arXiv 2503.03250) and Chiang, \
                   Huang and Lee (2023, arXiv 2306.02044), in our words. Answered from the data where they have the answer.";
    let mut table = Table::new("checklist", caption, &columns);
    for entry in entries {
        table.rows.push(vec![
            Cell::text(entry.question),
            Cell::text(entry.answer.as_str()),
            Cell::text(&entry.grounds),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_nothing_without_listeners_and_scores() {
        let comparison = Comparison {
            title: "",
            scores: &[],
            metrics: &[],
            verdicts: &[],
            preferences: &[],
            worst: &[],
            baselines: None,
            samples: &[],
            versions: &[],
            level: 0.95,
        };
        let entries = entries(&comparison, &[]);
        assert_eq!(entries.len(), OF_TESTS.len() + 5);
        assert!(entries[..OF_TESTS.len()].iter().all(|entry| entry.grounds == "Nobody listened"));
        assert_eq!(entries[OF_TESTS.len() + 3].answer, Answer::No, "nothing can be played");
    }
}
