//! The values of a metric by run and utterance, the same utterances for both systems.

use std::collections::{BTreeMap, BTreeSet};

use mynah_stats::crossed::Runs;
use serde::Serialize;

use super::config::{Better, Kind, Metric, Missing};
use super::sheet::{Cell, Sheet};

/// Number of failures that are listed by name.
const LISTED: usize = 20;

/// An utterance without a value in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// Name of the utterance.
    pub(crate) item: String,
    /// Name of the run.
    pub(crate) run: String,
    /// Reason why there is no value.
    pub(crate) reason: String,
}

/// Count of the utterances of a comparison, and of those left out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Coverage {
    /// Utterances that are compared.
    pub(crate) n_compared: usize,
    /// Utterances of the candidate only.
    pub(crate) n_only_candidate: usize,
    /// Utterances of the baseline only, left out because missing ones are ignored.
    pub(crate) n_only_baseline: usize,
    /// Utterances left out because a run of either system has no value.
    pub(crate) n_without_value: usize,
    /// Failures of the baseline, over all runs.
    pub(crate) n_baseline_failures: usize,
    /// Failures of the candidate, over all runs.
    pub(crate) n_candidate_failures: usize,
    /// The first failures of the candidate.
    pub(crate) candidate_failures: Vec<Failure>,
}

/// The values of a metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pairs {
    pub(crate) baseline: Runs,
    pub(crate) candidate: Runs,
    /// Failures, 1, and values, 0, by run and utterance, of all utterances that both should have.
    pub(crate) baseline_failed: Runs,
    pub(crate) candidate_failed: Runs,
    pub(crate) coverage: Coverage,
    /// Runs of the candidate without any value.
    pub(crate) failed_runs: Vec<String>,
    /// Runs of the baseline without any value.
    pub(crate) failed_baseline_runs: Vec<String>,
}

/// A value with its total, which is 1 for all but rates.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(f64, f64),
    Failed(String),
    Absent,
}

/// Pairs the values of a metric by utterance.
pub(crate) fn pair(metric: &Metric, missing: Missing, baseline: &[Sheet], candidate: &[Sheet]) -> Pairs {
    let mut pairs = Pairs::default();
    let has_values = |sheet: &&Sheet| {
        sheet.rows.keys().any(|item| matches!(value(metric, sheet, item), Value::Number(..)))
    };
    let (good, bad): (Vec<&Sheet>, Vec<&Sheet>) = baseline.iter().partition(has_values);
    pairs.failed_baseline_runs = bad.into_iter().map(|sheet| sheet.run.clone()).collect();
    let baseline = good;
    let candidate: Vec<&Sheet> = candidate.iter().collect();
    pairs.failed_runs =
        candidate.iter().filter(|sheet| !has_values(sheet)).map(|sheet| sheet.run.clone()).collect();
    let items = shared_items(missing, &baseline, &candidate, &mut pairs.coverage);
    let totals = known_totals(metric, &items, baseline.iter().chain(&candidate));
    let empty = |n_runs: usize| Runs { values: vec![Vec::new(); n_runs], totals: vec![Vec::new(); n_runs] };
    (pairs.baseline, pairs.candidate) = (empty(baseline.len()), empty(candidate.len()));
    pairs.baseline_failed.values = vec![Vec::new(); baseline.len()];
    pairs.candidate_failed.values = vec![Vec::new(); candidate.len()];
    for item in items {
        add_item(metric, item, totals.get(item).copied(), (&baseline, &candidate), &mut pairs);
    }
    if metric.kind != Kind::Rate {
        pairs.baseline.totals.clear();
        pairs.candidate.totals.clear();
    }
    pairs
}

/// Returns the utterances that both systems have or should have, and counts the others.
fn shared_items<'a>(
    missing: Missing,
    baseline: &[&'a Sheet],
    candidate: &[&'a Sheet],
    coverage: &mut Coverage,
) -> BTreeSet<&'a str> {
    let all = |sheets: &[&'a Sheet]| -> BTreeSet<&'a str> {
        sheets.iter().flat_map(|sheet| sheet.rows.keys().map(String::as_str)).collect()
    };
    let (of_baseline, of_candidate) = (all(baseline), all(candidate));
    coverage.n_only_candidate = of_candidate.difference(&of_baseline).count();
    if missing == Missing::Failed {
        return of_baseline;
    }
    let everywhere =
        |item: &&str| baseline.iter().chain(candidate).all(|sheet| sheet.rows.contains_key(*item));
    let shared: BTreeSet<&str> =
        of_baseline.intersection(&of_candidate).copied().filter(everywhere).collect();
    coverage.n_only_baseline = of_baseline.len() - shared.len();
    shared
}

/// Returns the totals of utterances in any run, for those that failed in another.
fn known_totals<'a, 'b: 'a>(
    metric: &Metric,
    items: &BTreeSet<&'b str>,
    sheets: impl Iterator<Item = &'a &'b Sheet>,
) -> BTreeMap<&'b str, f64> {
    let mut totals = BTreeMap::new();
    for sheet in sheets {
        for &item in items {
            if let Value::Number(_, total) = value(metric, sheet, item) {
                totals.entry(item).or_insert(total);
            }
        }
    }
    totals
}

/// Adds an utterance if every run has a value, or gets one for its failure.
fn add_item(
    metric: &Metric,
    item: &str,
    total: Option<f64>,
    (baseline, candidate): (&[&Sheet], &[&Sheet]),
    pairs: &mut Pairs,
) {
    let values =
        |sheets: &[&Sheet]| -> Vec<Value> { sheets.iter().map(|sheet| value(metric, sheet, item)).collect() };
    let (of_baseline, of_candidate) = (values(baseline), values(candidate));
    let failed = |value: &Value| f64::from(u8::from(!matches!(value, Value::Number(..))));
    for (row, value) in pairs.baseline_failed.values.iter_mut().zip(&of_baseline) {
        row.push(failed(value));
        pairs.coverage.n_baseline_failures += usize::from(failed(value) > 0.0);
    }
    for ((row, value), sheet) in pairs.candidate_failed.values.iter_mut().zip(&of_candidate).zip(candidate) {
        row.push(failed(value));
        let reason = match value {
            Value::Number(..) => continue,
            Value::Failed(reason) => reason.clone(),
            Value::Absent => "the utterance is missing".to_owned(),
        };
        pairs.coverage.n_candidate_failures += 1;
        if pairs.coverage.candidate_failures.len() < LISTED {
            let failure = Failure { item: item.to_owned(), run: sheet.run.clone(), reason };
            pairs.coverage.candidate_failures.push(failure);
        }
    }
    let filled = |values: &[Value]| -> Option<Vec<(f64, f64)>> {
        values.iter().map(|value| number(metric, value, total)).collect()
    };
    let (Some(of_baseline), Some(of_candidate)) = (filled(&of_baseline), filled(&of_candidate)) else {
        pairs.coverage.n_without_value += 1;
        return;
    };
    pairs.coverage.n_compared += 1;
    for (runs, values) in [(&mut pairs.baseline, of_baseline), (&mut pairs.candidate, of_candidate)] {
        for (index, (value, total)) in values.into_iter().enumerate() {
            runs.values[index].push(value);
            runs.totals[index].push(total);
        }
    }
}

/// Returns the value of an utterance in a run, a rate as a share, with its total, which is 1 for other kinds; or the reason why there
/// is none.
pub(crate) fn utterance_value(metric: &Metric, sheet: &Sheet, item: &str) -> Result<(f64, f64), String> {
    match value(metric, sheet, item) {
        Value::Number(value, total) if total > 0.0 => Ok((value / total, total)),
        Value::Number(..) => Err("the total is 0".to_owned()),
        Value::Failed(reason) => Err(reason),
        Value::Absent => Err("there is no row".to_owned()),
    }
}

/// Returns the value of an utterance in a run.
fn value(metric: &Metric, sheet: &Sheet, item: &str) -> Value {
    let number = match sheet.sum(item, &metric.value_columns()) {
        None => return Value::Absent,
        Some(Cell::Failed(reason)) => return Value::Failed(reason),
        Some(Cell::Number(number)) => number,
    };
    match metric.kind {
        Kind::Rate => {
            let columns: Vec<&str> = metric.totals.iter().map(String::as_str).collect();
            match sheet.sum(item, &columns) {
                Some(Cell::Number(total)) if total >= 0.0 && number >= 0.0 => Value::Number(number, total),
                Some(Cell::Failed(reason)) => Value::Failed(reason),
                _ => Value::Failed("a count is negative".to_owned()),
            }
        }
        Kind::Proportion => match metric.above {
            Some(above) => Value::Number(f64::from(u8::from(number > above)), 1.0),
            None if (0.0..=1.0).contains(&number) => Value::Number(number, 1.0),
            None => Value::Failed(format!("{number} is not a share")),
        },
        Kind::Mean | Kind::Quantile => match metric.target {
            Some(target) if metric.better == Better::Near => Value::Number((number - target).abs(), 1.0),
            _ => Value::Number(number, 1.0),
        },
    }
}

/// Returns a value with its total, or those of a failure; none if a failure has no value.
fn number(metric: &Metric, value: &Value, total: Option<f64>) -> Option<(f64, f64)> {
    if let Value::Number(value, total) = *value {
        return Some((value, total));
    }
    match metric.kind {
        Kind::Rate => total.map(|total| (metric.failure_value.unwrap_or(1.0) * total, total)),
        Kind::Proportion => {
            let bad = f64::from(u8::from(metric.is_lower_better()));
            Some((metric.failure_value.unwrap_or(bad), 1.0))
        }
        Kind::Mean | Kind::Quantile => metric.failure_value.map(|value| match metric.target {
            Some(target) if metric.better == Better::Near => ((value - target).abs(), 1.0),
            _ => (value, 1.0),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::gate::config;

    fn metric(text: &str) -> Metric {
        config::parse(&format!("[[metric]]\nname = \"m\"\nmargin = 0.1\n{text}")).unwrap().metrics.remove(0)
    }

    /// Values of an utterance by column.
    type Values<'a> = &'a [(&'a str, Option<f64>)];

    fn sheet(run: &str, rows: &[(&str, Values<'_>)]) -> Sheet {
        let mut sheet = Sheet::new(run);
        for (item, cells) in rows {
            sheet.add_item(item);
            for (column, value) in *cells {
                let cell = value.map_or(Cell::Failed("it is silent".to_owned()), Cell::Number);
                sheet.put(item, column, cell);
            }
        }
        sheet
    }

    #[test]
    fn words_of_failed_utterances_are_all_wrong() {
        let wer = metric("kind = \"rate\"\ncolumns = [\"e\"]\ntotals = [\"w\"]\nbetter = \"lower\"");
        let row = |errors, words| [("e", Some(errors)), ("w", Some(words))];
        let baseline = [sheet("b", &[("x", &row(1.0, 8.0)), ("y", &row(0.0, 5.0)), ("z", &row(2.0, 4.0))])];
        let candidate =
            [sheet("c", &[("x", &row(0.0, 8.0)), ("y", &[("e", None)]), ("new", &row(0.0, 3.0))])];
        let pairs = pair(&wer, Missing::Failed, &baseline, &candidate);
        assert_eq!(pairs.candidate.values, [[0.0, 5.0, 4.0]]);
        assert_eq!(pairs.candidate.totals, [[8.0, 5.0, 4.0]]);
        let coverage = &pairs.coverage;
        assert_eq!(
            (coverage.n_compared, coverage.n_only_candidate, coverage.n_candidate_failures),
            (3, 1, 2)
        );
        assert_eq!(coverage.candidate_failures[0].reason, "it is silent");
        assert_eq!(coverage.candidate_failures[1].reason, "the utterance is missing");
        let ignored = pair(&wer, Missing::Ignored, &baseline, &candidate);
        assert_eq!(ignored.candidate.values, [[0.0, 5.0]]);
        assert_eq!(ignored.coverage.n_only_baseline, 1);
    }

    #[test]
    fn means_leave_failures_out_or_give_them_a_value() {
        let plain = metric("kind = \"mean\"\nbetter = \"higher\"");
        let baseline = [sheet("b", &[("x", &[("m", Some(4.0))]), ("y", &[("m", Some(3.0))])])];
        let candidate = [
            sheet("c", &[("x", &[("m", Some(4.5))]), ("y", &[("m", None)])]),
            sheet("d", &[("x", &[("m", Some(4.1))]), ("y", &[("m", Some(3.0))])]),
        ];
        let pairs = pair(&plain, Missing::Failed, &baseline, &candidate);
        assert_eq!(pairs.candidate.values, [[4.5], [4.1]]);
        assert_eq!(pairs.candidate_failed.values, [[0.0, 1.0], [0.0, 0.0]]);
        assert_eq!(pairs.coverage.n_without_value, 1);
        let worst = metric("kind = \"mean\"\nbetter = \"higher\"\nfailure_value = 1.0");
        let pairs = pair(&worst, Missing::Failed, &baseline, &candidate);
        assert_eq!(pairs.candidate.values, [[4.5, 1.0], [4.1, 3.0]]);
    }

    #[test]
    fn values_may_be_distances_or_exceed_a_threshold() {
        let near = metric("kind = \"mean\"\nbetter = \"near\"\ntarget = 1.0");
        let runs = [sheet("b", &[("x", &[("m", Some(0.75))]), ("y", &[("m", Some(1.5))])])];
        assert_eq!(pair(&near, Missing::Failed, &runs, &runs).baseline.values, [[0.25, 0.5]]);
        let above = metric("kind = \"proportion\"\nabove = 1.0\nbetter = \"lower\"");
        assert_eq!(pair(&above, Missing::Failed, &runs, &runs).baseline.values, [[0.0, 1.0]]);
        // Without a threshold, 1.5 is no share, and a failure counts as bad.
        let share = metric("kind = \"proportion\"\nbetter = \"higher\"");
        assert_eq!(pair(&share, Missing::Failed, &runs, &runs).baseline.values, [[0.75, 0.0]]);
    }

    #[test]
    fn runs_without_values_are_named() {
        let plain = metric("kind = \"mean\"\nbetter = \"higher\"");
        let good = sheet("good", &[("x", &[("m", Some(4.0))])]);
        let bad = sheet("bad", &[("x", &[("other", Some(4.0))])]);
        let runs = [good, bad];
        let pairs = pair(&plain, Missing::Failed, &runs, &runs);
        assert_eq!(
            (pairs.failed_runs, pairs.failed_baseline_runs),
            (vec!["bad".to_owned()], vec!["bad".to_owned()])
        );
        assert_eq!((pairs.baseline.values.len(), pairs.candidate.values.len()), (1, 2));
    }
}
