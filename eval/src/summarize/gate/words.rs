//! Sentences about judgments.

use std::fmt::Write as _;

use mynah_stats::Interval;
use mynah_stats::crossed::RunBasis;

use super::config::{Bound, Gate};
use super::judge::{Ground, Judgment, Needed, Word};

/// Numbers of a metric as text: shares in percent, others with their unit, all with the digits that its bound calls for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style<'a> {
    scale: f64,
    decimals: usize,
    unit: &'a str,
    difference_unit: &'a str,
}

impl<'a> Style<'a> {
    /// Returns the style of a judgment.
    pub(crate) fn of(judgment: &'a Judgment) -> Self {
        let is_share = judgment.is_share();
        let (unit, difference_unit) =
            if is_share { ("%", "points") } else { (judgment.unit.as_str(), judgment.unit.as_str()) };
        let scale = if is_share { 100.0 } else { 1.0 };
        let bound = match judgment.bound {
            Some(Bound::Margin(margin)) => Some(margin),
            Some(Bound::Relative(share)) => judgment.baseline.map(|baseline| baseline * share),
            _ => None,
        };
        let guide = bound.filter(|bound| *bound > 0.0).or(judgment.candidate.map(|value| value.abs() / 10.0));
        let digits = guide
            .filter(|guide| *guide > 0.0)
            .map_or(2.0, |guide| 1.0 - (guide * scale / 2.0).log10().floor());
        Self { scale, decimals: digits.clamp(0.0, 6.0) as usize, unit, difference_unit }
    }

    /// Formats a value.
    pub(crate) fn value(&self, value: f64) -> String {
        with_unit(&self.bare(value), self.unit)
    }

    /// Formats a difference.
    pub(crate) fn difference(&self, value: f64) -> String {
        with_unit(&self.bare(value), self.difference_unit)
    }

    /// Returns a number in the unit that is shown.
    fn scaled(&self, value: f64) -> f64 {
        value * self.scale
    }

    /// Formats a number without its unit.
    pub(crate) fn bare(&self, value: f64) -> String {
        let text = format!("{:.*}", self.decimals, value * self.scale);
        match text.strip_prefix('-') {
            // Not minus zero.
            Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
            Some(digits) => format!("−{digits}"),
            None => text,
        }
    }

    /// Formats the ends of an interval.
    pub(crate) fn ends(&self, interval: &Interval) -> String {
        format!("{} to {}", self.bare(interval.low), self.bare(interval.high))
    }
}

fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// Describes a bound, as in `margin of 0.50 points`.
pub(crate) fn bound(judgment: &Judgment) -> Option<String> {
    let style = Style::of(judgment);
    Some(match judgment.bound? {
        Bound::Margin(margin) => {
            format!("margin of {}", with_unit(&trimmed(style.scaled(margin)), style.difference_unit))
        }
        Bound::Relative(share) => format!("margin of {} % of the baseline", trimmed(share * 100.0)),
        Bound::Limit(limit) => format!("limit of {}", with_unit(&trimmed(style.scaled(limit)), style.unit)),
    })
}

/// Formats a number as somebody would write it, to six digits after the point.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Writes the sentence of a judgment.
pub(super) fn sentence(gate: &Gate, judgment: &Judgment) -> String {
    let counts = failures(judgment);
    match &judgment.ground {
        Ground::FailedRun { runs } => {
            let names: Vec<String> = runs.iter().map(|run| format!("`{run}`")).collect();
            format!("No value in {}: a run without values has failed.", names.join(", "))
        }
        Ground::Identical => {
            let n = judgment.coverage.n_compared;
            format!("All {n} utterances have the same value in both systems.{}", runs(judgment))
        }
        Ground::Undefined { reason } => format!("Nothing can be said: {reason}.{counts}"),
        Ground::NoMoreFailures => format!("{} No more than the baseline.", failure_counts(judgment)),
        Ground::MoreFailures => {
            let end = match judgment.word {
                Some(Word::Fail) => " That is more than chance explains.",
                _ => {
                    " Chance may explain that; a candidate with more failures than its baseline does not pass."
                }
            };
            format!("{}{end}", failure_counts(judgment))
        }
        Ground::Compared => {
            format!("{}{}{counts}{}", comparison(judgment), conclusion(gate, judgment), runs(judgment))
        }
    }
}

fn failure_counts(judgment: &Judgment) -> String {
    let coverage = &judgment.coverage;
    format!(
        "The candidate has no value {} times, the baseline {} times, for {} utterances in {} and {} runs.",
        coverage.n_candidate_failures,
        coverage.n_baseline_failures,
        coverage.n_compared,
        judgment.n_runs[1],
        judgment.n_runs[0]
    )
}

/// States both values, the difference and the interval.
fn comparison(judgment: &Judgment) -> String {
    let style = Style::of(judgment);
    let (Some(baseline), Some(candidate), Some(difference)) =
        (judgment.baseline, judgment.candidate, judgment.difference)
    else {
        return String::new();
    };
    let mut text = format!("{} against {}", style.value(candidate), style.value(baseline));
    let is_limit = matches!(judgment.bound, Some(Bound::Limit(_)));
    let size = style.difference(difference.abs());
    let direction = if difference > 0.0 { "more" } else { "less" };
    if !is_limit {
        let _ = write!(text, ", {size} {direction}");
    }
    if let Some(interval) = &judgment.interval {
        let _ = write!(text, " ({:.0} % interval {})", interval.level * 100.0, style.ends(interval));
    }
    text
}

/// States what follows.
fn conclusion(gate: &Gate, judgment: &Judgment) -> String {
    let (Some(word), Some(bound)) = (judgment.word, bound(judgment)) else {
        return "; only reported.".to_owned();
    };
    match word {
        Word::Pass => format!(": within the {bound}."),
        Word::Fail => {
            let p_value = judgment.p_fail_corrected.unwrap_or(0.0);
            let p_value = if p_value < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p_value:.3}") };
            format!(": worse than the {bound} allows ({p_value}).")
        }
        Word::Inconclusive => {
            let mut text = match (judgment.p_fail, judgment.p_fail_corrected) {
                // The interval, which is not corrected, lies beyond the bound.
                (Some(alone), Some(corrected)) if alone < gate.alpha => format!(
                    ": beyond the {bound} if it were the only metric (p = {alone:.3}), but not after the correction for all \
                     metrics (p = {corrected:.3})."
                ),
                _ => format!(": shown to be neither within the {bound} nor beyond it."),
            };
            text.push_str(&needed(gate, judgment));
            text
        }
    }
}

/// States the size that would decide.
fn needed(gate: &Gate, judgment: &Judgment) -> String {
    let percent = gate.power * 100.0;
    let size = |needed: &Needed| {
        let items = needed.items.map(|items| format!("{items} utterances in as many runs"));
        let runs = needed.runs.map(|runs| format!("{runs} runs of each with as many utterances"));
        match (items, runs) {
            (Some(items), Some(runs)) => Some(format!("{items}, or {runs},")),
            (Some(size), None) | (None, Some(size)) => Some(size),
            (None, None) => None,
        }
    };
    let mut text = String::new();
    match &judgment.needed_if_equal {
        None => {}
        Some(equal) if equal.items.is_some_and(|items| items <= judgment.coverage.n_compared) => {
            let _ = write!(text, " Equal systems would have passed here with {percent:.0} % or more.");
        }
        Some(equal) => match size(equal) {
            Some(size) => {
                let _ = write!(text, " If the systems are equal, {size} would pass with {percent:.0} %.");
            }
            None => text.push_str(" Even equal systems would need more of both utterances and runs."),
        },
    }
    if let Some(observed) = judgment.needed_as_observed.as_ref().and_then(size) {
        let _ =
            write!(text, " If the difference is as observed, {observed} would decide with {percent:.0} %.");
    }
    text
}

/// States how many utterances were left out or have failed.
fn failures(judgment: &Judgment) -> String {
    let coverage = &judgment.coverage;
    let mut parts = Vec::new();
    let mut add = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    };
    add(coverage.n_only_candidate, "of the candidate only");
    add(coverage.n_only_baseline, "of the baseline only");
    add(coverage.n_without_value, "without a value in some run");
    let mut text = if parts.is_empty() {
        format!(" {} utterances.", coverage.n_compared)
    } else {
        format!(" {} utterances; left out: {}.", coverage.n_compared, parts.join(", "))
    };
    if coverage.n_candidate_failures + coverage.n_baseline_failures > 0 {
        let _ = write!(
            text,
            " Failures: {} of the candidate, {} of the baseline.",
            coverage.n_candidate_failures, coverage.n_baseline_failures
        );
    }
    text
}

/// States for which runs the conclusion holds.
fn runs(judgment: &Judgment) -> &'static str {
    match judgment.run_basis {
        Some(RunBasis::Neither) => " One run of each: this holds for these two runs, not for others.",
        Some(RunBasis::One) => {
            " The system that ran once is assumed to vary between runs as much as the other."
        }
        None if judgment.n_runs == [1, 1] => {
            " One run of each: this holds for these two runs, not for others."
        }
        Some(RunBasis::Both) | None => "",
    }
}
