//! Grounds for doubting an answer.

use mynah_listening::{Defined, Verdict};

use super::{Answer, candidates};
use crate::comparison::documents::plural;
use crate::comparison::ratings;
use crate::figure::number;

/// Number of systems named in a doubt.
const MOST_NAMED: usize = 3;
/// Share of the raters, as weighed, below which unequal contributions are worth a sentence.
const UNEQUAL: f64 = 0.5;
/// Number of items below which metrics are worth a warning.
const FEW_ITEMS: usize = 20;
/// Correlation over utterances below which a metric does not follow the listeners.
const UNRELATED: f64 = 0.2;

impl Answer<'_> {
    /// Lists what speaks against relying on the answer.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        for (index, verdict) in self.verdicts.iter().enumerate() {
            let prefix =
                if self.verdicts.len() > 1 { format!("Test {}: ", index + 1) } else { String::new() };
            doubts.extend(doubts_of_test(verdict).into_iter().map(|doubt| format!("{prefix}{doubt}")));
        }
        doubts.extend(self.preferences.iter().flat_map(|test| test.notes.iter().cloned()));
        doubts.extend(self.doubts_of_scores());
        doubts
    }

    fn doubts_of_scores(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        let mut missing: Vec<(&str, usize, usize)> = Vec::new();
        for metric in self.metrics {
            for system in metric.systems.iter().filter(|system| system.n_ok < metric.n_items) {
                let n_without = metric.n_items - system.n_ok;
                match missing.iter_mut().find(|(name, ..)| *name == system.system) {
                    Some((_, most, n_items)) if n_without > *most => {
                        (*most, *n_items) = (n_without, metric.n_items);
                    }
                    Some(_) => {}
                    None => missing.push((&system.system, n_without, metric.n_items)),
                }
            }
        }
        if !missing.is_empty() {
            missing.sort_by_key(|(_, most, _)| std::cmp::Reverse(*most));
            let mut each: Vec<String> =
                missing.iter().map(|(name, most, n)| format!("{name} ({most} of {n})")).collect();
            if each.len() > MOST_NAMED + 1 {
                each.truncate(MOST_NAMED);
                each.push(plural(missing.len() - MOST_NAMED, "more system"));
            }
            doubts.push(format!(
                "Some items have no value by some metric, at most: {}. Means leave them out; rankings count them.",
                each.join(", ")
            ));
        }
        match &self.checkpoints.regressions[..] {
            [] => {}
            [first, ..] => doubts.push(format!(
                "{} found: {} is worse than {} by {}.",
                plural(self.checkpoints.regressions.len(), "regression"),
                first.system,
                first.than,
                first.profile
            )),
        }
        let few = self.metrics.iter().map(|metric| metric.n_items).min().filter(|n| *n < FEW_ITEMS);
        if let Some(n_items) = few {
            doubts.push(format!("The scores are of {} only.", plural(n_items, "item")));
        }
        let ignored: Vec<&str> =
            self.checkpoints.not_ranked.iter().map(|ignored| ignored.name.as_str()).collect();
        if !ignored.is_empty() {
            doubts.push(format!("Without a known direction, these rank nothing: {}.", ignored.join(", ")));
        }
        for validity in self.validity {
            if let Some(correlation) = validity.of_utterances.value().filter(|value| **value < UNRELATED) {
                doubts.push(format!(
                    "{} does not follow the listeners: rank correlation {} over {}.",
                    validity.profile,
                    number(*correlation, 2),
                    plural(validity.n_utterances, "utterance")
                ));
            }
        }
        doubts
    }
}

/// Lists what speaks against relying on a listening test.
fn doubts_of_test(verdict: &Verdict) -> Vec<String> {
    let mut doubts = Vec::new();
    if verdict.assay.sensitive != Some(true) && verdict.reference.is_some() {
        doubts.push(verdict.assay.explanation.clone());
    }
    let sizes_met = candidates(verdict).all(|system| system.paper_rule.sizes_met);
    if !sizes_met && verdict.paradigm.rules().paper_criterion().is_none() {
        doubts.push("The test is smaller than its protocol asks for.".to_owned());
    } else if !sizes_met && verdict.human_reference {
        doubts.push(
            "The test is smaller than its protocol or the paper asks for, so nothing is said of human level."
                .to_owned(),
        );
    }
    let lightest = candidates(verdict)
        .filter_map(|system| Some((system, *system.effective_raters.value()?)))
        .filter(|(system, effective)| *effective < UNEQUAL * system.n_raters as f64)
        .min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((system, effective)) = lightest {
        doubts.push(format!(
            "Raters contributed unequally: the {} of `{}` weigh as {} who all judged as much.",
            plural(system.n_raters, "rater"),
            system.system,
            number(effective, 1)
        ));
    }
    let unstable: Vec<&str> = candidates(verdict)
        .filter(|system| {
            system.sensitivity.iter().any(|other| {
                other.allows_for_dependence
                    && other.conclusion.is_some()
                    && other.conclusion != system.conclusion
            })
        })
        .map(|system| system.system.as_str())
        .collect();
    if !unstable.is_empty() {
        doubts.push(format!(
            "By other sound analyses of the same ratings the conclusion differs: {}.",
            unstable.join(", ")
        ));
    }
    if let Defined::Ok { value: pairs } = &verdict.null_pairs
        && pairs.interval.value().is_some_and(|interval| !interval.contains(0.0))
    {
        doubts.push(format!(
            "Listeners favor one place of a pair: the reference beside itself scores {}.",
            ratings::plain(pairs.mean)
        ));
    }
    doubts.extend(verdict.notes.iter().cloned());
    doubts
}
