//! `mynah-summarize gate history`: the differences of earlier checks as figures.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_report::figure::{Forest, ForestRow};
use mynah_table::{read_table, write_table};
use serde::{Deserialize, Serialize};

use super::args::HistoryArgs;
use super::check::write;
use super::config::Bound;
use super::judge::{Judgment, Outcome};

/// Checks kept in a file of history.
const MOST_CHECKS: usize = 1000;

/// A metric of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// Number of the check, from 1.
    check: u64,
    /// Name of the candidate, such as a commit.
    label: Option<String>,
    /// Name of the metric.
    metric: String,
    /// Verdict; none if the metric has no bound.
    word: Option<String>,
    /// Statistic of the baseline.
    baseline: Option<f64>,
    /// Statistic of the candidate.
    candidate: Option<f64>,
    /// Candidate minus baseline.
    difference: Option<f64>,
    /// Lower end of its interval.
    low: Option<f64>,
    /// Upper end of its interval.
    high: Option<f64>,
    /// Margin, in the unit of the difference.
    margin: Option<f64>,
    /// Unit.
    unit: String,
}

/// Adds the judgments of a check to a file, which is created.
pub(super) fn add(path: &Path, label: Option<&str>, outcome: &Outcome) -> anyhow::Result<()> {
    let mut entries: Vec<Entry> = if path.exists() { read(path)? } else { Vec::new() };
    let check = entries.last().map_or(0, |entry| entry.check) + 1;
    entries.extend(outcome.judgments.iter().map(|judgment| entry(check, label, judgment)));
    entries.retain(|entry| entry.check + MOST_CHECKS as u64 > check);
    write_table(path, &entries).with_context(|| format!("failed to write `{}`", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Vec<Entry>> {
    read_table(path).with_context(|| format!("failed to read history `{}`", path.display()))
}

fn entry(check: u64, label: Option<&str>, judgment: &Judgment) -> Entry {
    let margin = match judgment.bound {
        Some(Bound::Margin(margin)) => Some(margin),
        Some(Bound::Relative(share)) => judgment.baseline.map(|baseline| baseline * share),
        _ => None,
    };
    // The interval of a limit is about the candidate itself.
    let interval = judgment.interval.filter(|_| !matches!(judgment.bound, Some(Bound::Limit(_))));
    Entry {
        check,
        label: label.map(str::to_owned),
        metric: judgment.metric.clone(),
        word: judgment.word.map(|word| word.as_str().to_owned()),
        baseline: judgment.baseline,
        candidate: judgment.candidate,
        difference: judgment.difference,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        margin,
        unit: judgment.unit.clone(),
    }
}

/// Draws a figure for each metric.
pub(crate) fn run(args: &HistoryArgs) -> anyhow::Result<ExitCode> {
    let entries = read(&args.history)?;
    if entries.is_empty() {
        let message = format!("`{}` has no checks", args.history.display());
        return Err(Advised::new(message, "add some with `mynah-summarize gate check --history`").into());
    }
    let metrics: BTreeSet<&str> = entries.iter().map(|entry| entry.metric.as_str()).collect();
    for (index, metric) in metrics.into_iter().enumerate() {
        let mut of_metric: Vec<&Entry> = entries.iter().filter(|entry| entry.metric == metric).collect();
        of_metric.drain(..of_metric.len().saturating_sub(args.last));
        let svg = forest(metric, &of_metric).to_svg()?;
        write(&args.out.join(format!("{:02}-{}.svg", index + 1, file_name(metric))), &svg)?;
    }
    say(&format!("wrote figures into `{}`", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

fn forest(metric: &str, entries: &[&Entry]) -> Forest {
    let margin = entries.last().and_then(|entry| entry.margin);
    let unit = entries.last().map(|entry| entry.unit.as_str()).filter(|unit| !unit.is_empty());
    let label = format!("{metric}: candidate minus baseline");
    let rows = entries.iter().filter_map(|entry| {
        let estimate = entry.difference?;
        let (low, high) = (entry.low.unwrap_or(estimate), entry.high.unwrap_or(estimate));
        let name = entry.label.clone().unwrap_or_else(|| format!("check {}", entry.check));
        let word = entry.word.as_deref().unwrap_or("reported");
        // With few events the center of the interval is not the observed difference.
        let (low, high) = (low.min(estimate), high.max(estimate));
        Some(ForestRow { label: format!("{name}: {word}"), estimate, low, high, inner: None })
    });
    let guide = margin.filter(|margin| *margin > 0.0).unwrap_or(0.1);
    Forest {
        title: label.clone(),
        x_label: unit.map_or(label.clone(), |unit| format!("{label} ({unit})")),
        rows: rows.collect(),
        margin,
        zero_line: true,
        decimals: (1.0 - guide.log10().floor()).clamp(0.0, 6.0) as usize,
    }
}

/// Returns a name that every file system takes.
fn file_name(metric: &str) -> String {
    let safe =
        |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    metric.chars().map(safe).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_figures_are_safe() {
        assert_eq!(file_name("a/b: c-1"), "a_b__c-1");
    }
}
