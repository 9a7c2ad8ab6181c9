//! Scores of other tools in a report: rows like ours, with the directions that a `gate.toml` declares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mynah_cli::{Advised, say};
use mynah_metrics::{Score, Status};
use mynah_report::comparison::{Better, MetricNote};

use super::gate::{self, Kind, Metric, Reading, RunFiles, Sheet, utterance_value};

/// A system with the tables of its scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignScores {
    name: String,
    files: RunFiles,
}

impl FromStr for ForeignScores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` does not have the form NAME=FILE, as in vits=out/result.jsonl");
        let (name, files) = text.split_once('=').ok_or_else(wrong)?;
        if name.trim().is_empty() || files.is_empty() {
            return Err(wrong());
        }
        Ok(Self { name: name.trim().to_owned(), files: files.parse()? })
    }
}

/// Scores of other tools, and the metrics in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Tables; several of one system are repeated runs.
    pub(crate) scores: Vec<ForeignScores>,
    /// Metrics with their directions.
    pub(crate) metrics: Option<PathBuf>,
}

impl Foreign {
    /// Reads all tables as rows of scores and notes on their metrics; `known` are rows of the same systems, whose training
    /// steps they share.
    pub(crate) fn read(&self, known: &[Score]) -> anyhow::Result<(Vec<Score>, Vec<MetricNote>)> {
        let Some(path) = &self.metrics else { return Ok(Default::default()) };
        let metrics = gate::read_config(path)?.metrics;
        let steps: BTreeMap<&str, u64> =
            known.iter().filter_map(|score| Some((score.system.as_str(), score.step?))).collect();
        let mut names: Vec<&str> = Vec::new();
        for scores in &self.scores {
            if !names.contains(&scores.name.as_str()) {
                names.push(&scores.name);
            }
        }
        let mut rows = Vec::new();
        for name in names {
            let files: Vec<RunFiles> = self
                .scores
                .iter()
                .filter(|scores| scores.name == name)
                .map(|scores| scores.files.clone())
                .collect();
            let system = gate::system(&files, &Reading::default())?;
            for (file, layout) in &system.layouts {
                say(&format!("read `{}`: {}", file.display(), layout.words()));
            }
            for metric in &metrics {
                check_columns(metric, &system.runs, path, name)?;
                rows.extend(rows_of(metric, name, steps.get(name).copied(), &system.runs));
            }
        }
        Ok((rows, metrics.iter().map(note).collect()))
    }
}

/// Rejects a metric whose columns no run of a system has.
fn check_columns(metric: &Metric, runs: &[Sheet], path: &Path, system: &str) -> anyhow::Result<()> {
    let missing = metric.all_columns().find(|column| !runs.iter().any(|run| run.columns().contains(column)));
    match missing {
        None => Ok(()),
        Some(column) => Err(Advised::new(
            format!("the scores of `{system}` have no `{column}`, which `{}` needs in `{}`", metric.name, path.display()),
            "name its `columns`, or remove the metric; `mynah-summarize gate init` writes those that a table has",
        )
        .into()),
    }
}

/// Returns a row for every utterance: the mean over the runs, or the first failure.
fn rows_of(metric: &Metric, system: &str, step: Option<u64>, runs: &[Sheet]) -> Vec<Score> {
    let mut items: Vec<&str> = runs.iter().flat_map(|run| run.rows.keys().map(String::as_str)).collect();
    items.sort_unstable();
    items.dedup();
    let row = |item: &str| {
        let values: Result<Vec<(f64, f64)>, String> =
            runs.iter().map(|run| utterance_value(metric, run, item)).collect();
        let mean = |of: fn(&(f64, f64)) -> f64, values: &[(f64, f64)]| {
            values.iter().map(of).sum::<f64>() / values.len() as f64
        };
        let is_rate = metric.kind == Kind::Rate;
        let (status, value, reason, frames) = match values {
            Ok(values) => {
                let total = is_rate.then(|| mean(|value| value.1, &values).round() as u64);
                (Status::Ok, Some(mean(|value| value.0, &values)), None, total)
            }
            Err(reason) => (Status::Failed, None, Some(reason), None),
        };
        Score {
            system: system.to_owned(),
            step,
            item: item.to_owned(),
            metric: metric.name.clone(),
            profile: metric.name.clone(),
            unit: metric.unit.clone(),
            status,
            value,
            reason,
            frames,
            better: None,
        }
    };
    items.into_iter().map(row).collect()
}

fn note(metric: &Metric) -> MetricNote {
    let columns = metric.value_columns().join(" + ");
    let value = match metric.kind {
        Kind::Rate => format!(
            "({columns}) / ({}) of each utterance; the value of a system is that of the sums over all utterances.",
            metric.totals.join(" + ")
        ),
        Kind::Proportion => format!("{columns}: 1 for an utterance that counts, else 0."),
        Kind::Mean | Kind::Quantile => format!("{columns} of each utterance."),
    };
    let (better, direction) = match (metric.better, metric.target) {
        (gate::Better::Higher, _) => (Better::Higher, "Higher is better.".to_owned()),
        (gate::Better::Near, Some(target)) => {
            (Better::Near(0.0), format!("Shown is the distance from {target}, where it is best."))
        }
        _ => (Better::Lower, "Lower is better.".to_owned()),
    };
    MetricNote {
        profile: metric.name.clone(),
        explanation: format!("Measured by another tool: {value}\n{direction}"),
        better: Some(better),
        pooled: metric.kind == Kind::Rate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_names_with_files() {
        let parsed: ForeignScores = "a b=x.csv".parse().unwrap();
        assert_eq!((parsed.name.as_str(), parsed.files), ("a b", RunFiles(vec!["x.csv".into()])));
        for wrong in ["", "x.csv", "=x.csv", "a="] {
            assert!(wrong.parse::<ForeignScores>().is_err(), "{wrong}");
        }
    }
}
