//! The verdict: each metric judged at its bound, and all of them together.

use mynah_stats::crossed::{Comparison, Design, RunBasis, Runs, Statistic, Target, Variation, compare};
use mynah_stats::{Error, Interval, holm};
use serde::Serialize;

use super::config::{Bound, Gate, Kind, Metric};
use super::pairing::{Coverage, Pairs, pair};
use super::sheet::Sheet;

/// Verdict on a metric, or on all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// Shown to be within the margin.
    Pass,
    /// Shown to be beyond the margin, or a run has failed.
    Fail,
    /// Neither is shown.
    Inconclusive,
}

impl Word {
    /// Returns the word as printed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Ground of a verdict on a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum Ground {
    /// A comparison of the systems.
    Compared,
    /// Every value is the same in both systems.
    Identical,
    /// A run of the candidate has no values.
    FailedRun {
        /// Names of the runs.
        runs: Vec<String>,
    },
    /// The candidate fails for no more utterances than the baseline.
    NoMoreFailures,
    /// The candidate fails for more utterances than the baseline.
    MoreFailures,
    /// No comparison is possible.
    Undefined {
        /// Reason.
        reason: String,
    },
}

/// Size that would probably decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Needed {
    /// Number of utterances, with as many runs; none if no number would do.
    pub(crate) items: Option<usize>,
    /// Number of runs of each system, with as many utterances; none if no number would do, or the variation between runs
    /// is unknown.
    pub(crate) runs: Option<usize>,
}

/// Judgment of a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Judgment {
    /// Name of the metric.
    pub(crate) metric: String,
    /// Statistic over utterances.
    pub(crate) kind: Kind,
    /// Unit.
    pub(crate) unit: String,
    /// True if lower values are better.
    pub(crate) lower_is_better: bool,
    /// True if the metric is part of the verdict.
    pub(crate) judged: bool,
    /// Bound.
    pub(crate) bound: Option<Bound>,
    /// Verdict; none if the metric has no bound.
    pub(crate) word: Option<Word>,
    /// Ground of the verdict.
    pub(crate) ground: Ground,
    /// Sentence for people.
    pub(crate) words: String,
    /// Statistic of the baseline.
    pub(crate) baseline: Option<f64>,
    /// Statistic of the candidate.
    pub(crate) candidate: Option<f64>,
    /// Candidate minus baseline, with the interval whose ends are the one-sided bounds; of the candidate itself for a
    /// limit.
    pub(crate) interval: Option<Interval>,
    /// Candidate minus baseline, as observed.
    pub(crate) difference: Option<f64>,
    /// Probability of data as good if the candidate were at its bound.
    pub(crate) p_pass: Option<f64>,
    /// Probability of data as bad if the candidate were at its bound.
    pub(crate) p_fail: Option<f64>,
    /// The same, corrected for all metrics that are judged.
    pub(crate) p_fail_corrected: Option<f64>,
    /// Degrees of freedom of the error.
    pub(crate) degrees_of_freedom: Option<f64>,
    /// Numbers of runs of the baseline and the candidate.
    pub(crate) n_runs: [usize; 2],
    /// Source of the variation between runs.
    pub(crate) run_basis: Option<RunBasis>,
    /// Components of the variation.
    pub(crate) variation: Option<Variation>,
    /// Utterances compared and left out.
    pub(crate) coverage: Coverage,
    /// Size that passes with the planned power if the systems are equal.
    pub(crate) needed_if_equal: Option<Needed>,
    /// Size that decides with the planned power if the difference is as observed.
    pub(crate) needed_as_observed: Option<Needed>,
}

impl Judgment {
    /// Returns true if its values are shares, shown in percent.
    pub(crate) fn is_share(&self) -> bool {
        matches!(self.kind, Kind::Rate | Kind::Proportion)
    }
}

/// Verdict of the gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Outcome {
    /// Verdict on all metrics that are judged.
    pub(crate) word: Word,
    /// Judgments in the order of the gate.
    pub(crate) judgments: Vec<Judgment>,
}

/// Judges all metrics of a gate.
pub(crate) fn judge(gate: &Gate, baseline: &[Sheet], candidate: &[Sheet]) -> Outcome {
    let mut judgments = Vec::new();
    for metric in &gate.metrics {
        let pairs = pair(metric, gate.missing, baseline, candidate);
        judgments.push(judge_metric(gate, metric, &pairs));
        judgments.extend(judge_failures(gate, metric, &pairs));
    }
    correct(gate.alpha, &mut judgments);
    for judgment in &mut judgments {
        judgment.words = super::words::sentence(gate, judgment);
    }
    Outcome { word: together(&judgments), judgments }
}

/// Combines the verdicts: all must pass, and any can fail.
fn together(judgments: &[Judgment]) -> Word {
    let words: Vec<Word> = judgments.iter().filter(|it| it.judged).filter_map(|it| it.word).collect();
    match () {
        () if words.contains(&Word::Fail) => Word::Fail,
        () if words.contains(&Word::Inconclusive) => Word::Inconclusive,
        () => Word::Pass,
    }
}

/// Turns inconclusive metrics into failed ones where the loss is beyond the bound after Holm's correction.
fn correct(alpha: f64, judgments: &mut [Judgment]) {
    let family: Vec<usize> =
        (0..judgments.len()).filter(|&at| judgments[at].judged && judgments[at].p_fail.is_some()).collect();
    let p_values: Vec<f64> = family.iter().filter_map(|&at| judgments[at].p_fail).collect();
    // They are probabilities, so there is no error.
    let corrected = holm(&p_values).unwrap_or(p_values);
    for (at, p_value) in family.into_iter().zip(corrected) {
        judgments[at].p_fail_corrected = Some(p_value);
        if p_value < alpha {
            judgments[at].word = Some(Word::Fail);
        }
    }
    for judgment in judgments.iter_mut().filter(|judgment| !judgment.judged && judgment.word.is_some()) {
        judgment.p_fail_corrected = judgment.p_fail;
        if judgment.p_fail.is_some_and(|p_value| p_value < alpha) {
            judgment.word = Some(Word::Fail);
        }
    }
}

/// Creates the judgment of a metric before its comparison.
fn blank(metric: &Metric, pairs: &Pairs) -> Judgment {
    Judgment {
        metric: metric.name.clone(),
        kind: metric.kind,
        unit: metric.unit.clone(),
        lower_is_better: metric.is_lower_better(),
        judged: metric.judged,
        bound: metric.bound(),
        word: metric.bound().map(|_| Word::Inconclusive),
        ground: Ground::Compared,
        words: String::new(),
        baseline: None,
        candidate: None,
        interval: None,
        difference: None,
        p_pass: None,
        p_fail: None,
        p_fail_corrected: None,
        degrees_of_freedom: None,
        n_runs: [pairs.baseline.values.len(), pairs.candidate.values.len()],
        run_basis: None,
        variation: None,
        coverage: pairs.coverage.clone(),
        needed_if_equal: None,
        needed_as_observed: None,
    }
}

fn judge_metric(gate: &Gate, metric: &Metric, pairs: &Pairs) -> Judgment {
    let mut judgment = blank(metric, pairs);
    if !pairs.failed_runs.is_empty() {
        judgment.ground = Ground::FailedRun { runs: pairs.failed_runs.clone() };
        judgment.word = judgment.word.map(|_| Word::Fail);
        return judgment;
    }
    match compare_all(metric, pairs) {
        Ok(compared) => fill(gate, metric, &compared, &mut judgment),
        Err(_) if is_identical(pairs) => {
            judgment.ground = Ground::Identical;
            judgment.word = judgment.word.map(|_| Word::Pass);
        }
        Err(error) => judgment.ground = Ground::Undefined { reason: error.to_string() },
    }
    judgment
}

/// A plain difference, and the contrast that is tested.
struct Compared {
    plain: Comparison,
    contrast: Comparison,
    /// Value of the contrast at the bound.
    at_bound: f64,
}

fn compare_all(metric: &Metric, pairs: &Pairs) -> Result<Compared, Error> {
    let statistic = metric.statistic();
    let compared = |factor| compare(statistic, &pairs.baseline, &pairs.candidate, factor);
    let plain = compared(1.0)?;
    let sign = if metric.is_lower_better() { 1.0 } else { -1.0 };
    let (factor, at_bound) = match metric.bound() {
        None => (1.0, 0.0),
        Some(Bound::Margin(margin)) => (1.0, sign * margin),
        Some(Bound::Relative(share)) => (1.0 + sign * share, 0.0),
        Some(Bound::Limit(limit)) => (0.0, limit),
    };
    if matches!(metric.bound(), Some(Bound::Relative(_))) && plain.baseline <= 0.0 {
        return Err(Error::Undefined {
            what: "relative margin",
            why: "the baseline is not positive: state an absolute `margin`",
        });
    }
    let contrast =
        if matches!(metric.bound(), None | Some(Bound::Margin(_))) { plain } else { compared(factor)? };
    Ok(Compared { plain, contrast, at_bound })
}

/// Fills in a comparison.
fn fill(gate: &Gate, metric: &Metric, compared: &Compared, judgment: &mut Judgment) {
    let Compared { plain, contrast, at_bound } = compared;
    let shown = if matches!(metric.bound(), Some(Bound::Limit(_))) { contrast } else { plain };
    judgment.baseline = Some(plain.baseline);
    judgment.candidate = Some(plain.candidate);
    judgment.difference = Some(plain.difference);
    judgment.interval = shown.interval(1.0 - 2.0 * gate.alpha).ok();
    judgment.degrees_of_freedom = Some(contrast.degrees_of_freedom);
    judgment.run_basis = Some(contrast.run_basis);
    judgment.variation = Some(contrast.variation);
    if judgment.bound.is_none() {
        return;
    }
    let (below, above) = (contrast.p_below(*at_bound).ok(), contrast.p_above(*at_bound).ok());
    (judgment.p_pass, judgment.p_fail) =
        if metric.is_lower_better() { (below, above) } else { (above, below) };
    if judgment.p_pass.is_some_and(|p_value| p_value < gate.alpha) {
        judgment.word = Some(Word::Pass);
        return;
    }
    let sign = if metric.is_lower_better() { 1.0 } else { -1.0 };
    let distance = sign * (at_bound - contrast.difference);
    judgment.needed_as_observed = needed(gate, contrast, distance.abs());
    // If both are equal, the contrast is (1 - factor) times the common value.
    let equal = match metric.bound() {
        Some(Bound::Margin(margin)) => Some(margin),
        Some(Bound::Relative(share)) => Some(share * plain.baseline),
        _ => None,
    };
    judgment.needed_if_equal = equal.and_then(|distance| needed(gate, contrast, distance));
}

/// Computes the size that decides with the planned power at a distance from the bound.
fn needed(gate: &Gate, comparison: &Comparison, distance: f64) -> Option<Needed> {
    let target = Target { distance, alpha: gate.alpha, power: gate.power, factor: comparison.factor };
    let design = Design {
        items: comparison.n_items,
        baseline_runs: comparison.n_baseline_runs,
        candidate_runs: comparison.n_candidate_runs,
    };
    let items = target.items_needed(&comparison.variation, &design).ok()?;
    let runs = match comparison.run_basis {
        RunBasis::Neither => None,
        _ => target.runs_needed(&comparison.variation, &design).ok()?,
    };
    Some(Needed { items, runs })
}

/// Returns true if there are values, and every one is the same in all runs of both systems.
fn is_identical(pairs: &Pairs) -> bool {
    let first = |runs: &Runs| (runs.values.first().cloned(), runs.totals.first().cloned());
    let (values, totals) = first(&pairs.baseline);
    let all_are = |runs: &Runs| {
        runs.values.iter().all(|row| Some(row) == values.as_ref())
            && runs.totals.iter().all(|row| Some(row) == totals.as_ref())
    };
    pairs.coverage.n_compared > 1 && all_are(&pairs.baseline) && all_are(&pairs.candidate)
}

/// Judges failures that the metric itself does not count; none if there are none.
fn judge_failures(gate: &Gate, metric: &Metric, pairs: &Pairs) -> Option<Judgment> {
    let counts = !matches!(metric.kind, Kind::Mean | Kind::Quantile) || metric.failure_value.is_some();
    let coverage = &pairs.coverage;
    let none = coverage.n_baseline_failures + coverage.n_candidate_failures == 0;
    if counts || none || !pairs.failed_runs.is_empty() || metric.bound().is_none() {
        return None;
    }
    let mut judgment = Judgment {
        metric: format!("{}: failures", metric.name),
        kind: Kind::Proportion,
        unit: String::new(),
        lower_is_better: true,
        bound: None,
        ..blank(metric, pairs)
    };
    let share = |runs: &Runs| {
        let cells = runs.values.iter().flatten();
        cells.clone().sum::<f64>() / cells.count().max(1) as f64
    };
    let (baseline, candidate) = (share(&pairs.baseline_failed), share(&pairs.candidate_failed));
    (judgment.baseline, judgment.candidate) = (Some(baseline), Some(candidate));
    judgment.difference = Some(candidate - baseline);
    judgment.coverage.n_compared = pairs.candidate_failed.values.first().map_or(0, Vec::len);
    judgment.coverage.n_without_value = 0;
    if candidate <= baseline {
        (judgment.ground, judgment.word) = (Ground::NoMoreFailures, Some(Word::Pass));
        return Some(judgment);
    }
    (judgment.ground, judgment.word) = (Ground::MoreFailures, Some(Word::Inconclusive));
    if let Ok(found) = compare(Statistic::Proportion, &pairs.baseline_failed, &pairs.candidate_failed, 1.0) {
        judgment.p_fail = found.p_above(0.0).ok();
        judgment.interval = found.interval(1.0 - 2.0 * gate.alpha).ok();
        judgment.run_basis = Some(found.run_basis);
        judgment.variation = Some(found.variation);
        judgment.degrees_of_freedom = Some(found.degrees_of_freedom);
    }
    Some(judgment)
}

#[cfg(test)]
mod tests;
