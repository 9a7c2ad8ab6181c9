//! Right and wrong answers: whether listeners can tell a system from the reference.
//!
//! The score of a right answer is 1 and that of a wrong one 0, so that means are shares and guessing has the mean one half. A share
//! above it means that listeners hear a difference, and a share below it that they hear one and mistake its sides. Neither says
//! which of the two is better.

use std::collections::BTreeMap;

use mynah_stats::{Alternative, Interval, sign_test};

use crate::analysis::scores::{Scores, departing};
use crate::analysis::study::Study;
use crate::analysis::verdict::{Conclusion, Defined, SystemVerdict};
use crate::analysis::words::{percent, probability};
use crate::system::Role;

/// The share of right answers of those who guess.
pub(crate) const GUESSING: f64 = 0.5;

/// Returns the conclusion that the intervals of a difference from the reference allow in the terms of a test.
pub(crate) fn in_terms_of(study: &Study, conclusion: Conclusion) -> Conclusion {
    match conclusion {
        _ if !study.rules().tells_apart() => conclusion,
        Conclusion::Better | Conclusion::Worse | Conclusion::ToldApart => Conclusion::ToldApart,
        Conclusion::Equivalent => Conclusion::Equivalent,
        Conclusion::NonInferior | Conclusion::Inconclusive => Conclusion::Inconclusive,
    }
}

/// Replaces the conclusion about a system whose answers are nearly all right, or nearly all wrong, so that their variation is
/// unknown, by that of a sign test.
pub(crate) fn conclude_by_signs(study: &Study, scores: &Scores, system: &mut SystemVerdict) {
    let (n_raters, n_items) = departing(&[scores]);
    let is_nearly_constant = n_raters < 2 || n_items < 2;
    if !study.rules().tells_apart() || !is_nearly_constant || system.difference.value().is_some() {
        return;
    }
    let n_tested = study.judged().filter(|(_, role)| *role == Role::Candidate).count();
    let n_tested = if system.role == Role::Candidate { n_tested } else { 1 };
    system.sign_test_p_value = by_clusters(scores).map(|p| (p * n_tested as f64).min(1.0));
    let is_found = system.sign_test_p_value.is_some_and(|p| p < study.analysis.alpha);
    system.conclusion = Some(if is_found { Conclusion::ToldApart } else { Conclusion::Inconclusive });
}

/// Tests whether raters, and whether sentences, are more often on one side of guessing than chance explains, and returns the
/// larger p-value: each rater, or each sentence, is one toss of a coin, however many answers it has.
fn by_clusters(scores: &Scores) -> Option<f64> {
    let p_value = |clusters: &[usize]| {
        let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
        for (value, &cluster) in scores.values.iter().zip(clusters) {
            *sums.entry(cluster).or_default() += value - GUESSING;
        }
        let sums: Vec<f64> = sums.into_values().collect();
        Some(sign_test(&sums, Alternative::TwoSided).ok()?.p_value)
    };
    Some(p_value(&scores.raters)?.max(p_value(&scores.items)?))
}

/// Puts the conclusion about a system into words.
pub(crate) fn words(
    study: &Study,
    system: &SystemVerdict,
    conclusion: Conclusion,
    reference: &str,
) -> String {
    let name = &system.system;
    let (difference, tost) = match (&system.difference, &system.equivalence) {
        (Defined::Ok { value: difference }, Defined::Ok { value: tost }) => (difference, tost),
        (Defined::Undefined { reason }, _) | (_, Defined::Undefined { reason }) => {
            return without_interval(system, conclusion, reference, reason);
        }
    };
    let share = with_interval(difference);
    let margin = shown(study.analysis.margin);
    let inner = format!(
        "the interval of {} %, {} to {} %,",
        percent(tost.interval.level),
        shown(tost.interval.low + GUESSING),
        shown(tost.interval.high + GUESSING)
    );
    match conclusion {
        Conclusion::ToldApart | Conclusion::Better | Conclusion::Worse => {
            let little = if tost.equivalent {
                format!(", though by less than the margin of {margin}")
            } else {
                String::new()
            };
            if difference.estimate > 0.0 {
                format!(
                    "Listeners told `{name}` from `{reference}` in {share}, more often than by guessing{little}."
                )
            } else {
                format!(
                    "Listeners were right about `{name}` and `{reference}` in {share}, less often than by \
                     guessing{little}: they heard a difference and mistook its sides."
                )
            }
        }
        Conclusion::Equivalent => format!(
            "`{name}` and `{reference}` could not be told apart: listeners were right in {share}, and {inner} is \
             within ±{margin} of the 50 % of guessing."
        ),
        Conclusion::NonInferior | Conclusion::Inconclusive => format!(
            "It is not shown either way whether listeners can tell `{name}` from `{reference}`: they were right in {share}, and {inner} is not within ±{margin} of the 50 % of guessing."
        ),
    }
}

/// Puts a share without an interval into words: nearly all answers are the same, or there are none.
fn without_interval(system: &SystemVerdict, conclusion: Conclusion, reference: &str, reason: &str) -> String {
    let name = &system.system;
    let Some(p) = system.sign_test_p_value.filter(|_| system.n_ratings > 0) else {
        return format!("Nothing can be said about `{name}` and `{reference}`: {reason}.");
    };
    let counts = counts(system);
    let test = format!("sign test by people and by sentences, p = {}", probability(p));
    if conclusion != Conclusion::ToldApart {
        return format!(
            "It is not shown either way whether listeners can tell `{name}` from `{reference}`: they were right in {counts}, \
             but {} people and {} sentences are too few to exclude chance ({test}).",
            system.n_raters, system.n_items
        );
    }
    if 2 * n_right(system) > system.n_ratings {
        format!(
            "Listeners told `{name}` from `{reference}` in {counts}, more often than by guessing ({test}). The share has no \
             interval: {reason}."
        )
    } else {
        format!(
            "Listeners were right about `{name}` and `{reference}` in {counts}, less often than by guessing ({test}): they \
             heard a difference and mistook its sides. The share has no interval: {reason}."
        )
    }
}

/// Names a system with the share of right answers about it.
pub(crate) fn told(system: &SystemVerdict) -> String {
    match &system.difference {
        Defined::Ok { value } => format!("`{}` in {}", system.system, with_interval(value)),
        Defined::Undefined { .. } if system.conclusion == Some(Conclusion::ToldApart) => {
            format!("`{}` in {}", system.system, counts(system))
        }
        Defined::Undefined { reason } => format!("`{}` in {} ({reason})", system.system, counts(system)),
    }
}

fn counts(system: &SystemVerdict) -> String {
    match n_right(system) {
        n if n == system.n_ratings => format!("all {n} trials"),
        n => format!("{n} of {} trials", system.n_ratings),
    }
}

fn n_right(system: &SystemVerdict) -> usize {
    system.histogram.iter().filter(|bar| bar.score > GUESSING).map(|bar| bar.count).sum()
}

/// Formats a share, given as a difference from guessing.
fn with_interval(difference: &Interval) -> String {
    format!(
        "{} % of trials ({} % interval {} to {} %)",
        shown(difference.estimate + GUESSING),
        percent(difference.level),
        shown(difference.low + GUESSING),
        shown(difference.high + GUESSING)
    )
}

/// Formats a share in percent, within its bounds.
fn shown(share: f64) -> String {
    let text = format!("{:.1}", 100.0 * share.clamp(0.0, 1.0));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
