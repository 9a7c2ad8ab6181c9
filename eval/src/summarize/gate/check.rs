//! `mynah-summarize gate check`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, BAD_RESULT, put, say};
use mynah_table::write_atomic;

use super::args::CheckArgs;
use super::config::{self, Gate};
use super::history;
use super::judge::{Word, judge};
use super::read::{Reading, RunFiles, system};
use super::report::Report;
use super::sheet::Sheet;

/// Exit status of a gate that cannot tell.
const INCONCLUSIVE: u8 = 3;

/// Judges the candidate, writes the files and prints the sentences.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let tables = &args.tables;
    let gate = config::read(&tables.gate)?;
    let baseline = read(&tables.baseline, &tables.reading_baseline())?;
    let candidate = read(&args.candidate, &tables.reading_candidate())?;
    check_columns(&gate, &baseline, &candidate)?;
    let outcome = judge(&gate, &baseline, &candidate);
    let runs = [&baseline, &candidate].map(|runs| runs.iter().map(|run| run.run.as_str()).collect());
    let report = Report::new(&gate, &outcome, args.label.as_deref(), runs);
    if let Some(out) = &args.out {
        for (name, text) in
            [("gate.json", report.json()?), ("gate.md", report.markdown()), ("junit.xml", report.junit())]
        {
            write(&out.join(name), &text)?;
        }
        say(&format!("wrote `{}`", out.join("gate.md").display()));
    }
    if let Some(path) = &args.history {
        history::add(path, args.label.as_deref(), &outcome)?;
    }
    for judgment in &outcome.judgments {
        let word = match judgment.word {
            Some(word) if judgment.judged => word.as_str().to_owned(),
            Some(word) => format!("({})", word.as_str()),
            None => "(reported)".to_owned(),
        };
        put(&format!("{word}: {}: {}\n", judgment.metric, judgment.words))?;
    }
    put(&format!("gate: {}\n", outcome.word.as_str()))?;
    Ok(match outcome.word {
        Word::Pass => ExitCode::SUCCESS,
        Word::Fail => ExitCode::from(BAD_RESULT),
        Word::Inconclusive => ExitCode::from(INCONCLUSIVE),
    })
}

/// Reads the runs of a system.
pub(super) fn read(files: &[RunFiles], reading: &Reading) -> anyhow::Result<Vec<Sheet>> {
    Ok(system(files, reading)?.runs)
}

/// Writes a file of a report.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    write_atomic(path, text.as_bytes()).with_context(|| format!("failed to write `{}`", path.display()))
}

/// Rejects a gate whose columns are in no table of the baseline, and a baseline with a run that lacks them.
///
/// Missing values of the candidate are its failures, not errors.
pub(super) fn check_columns(gate: &Gate, baseline: &[Sheet], candidate: &[Sheet]) -> anyhow::Result<()> {
    let columns = |sheets: &[Sheet]| -> BTreeSet<String> {
        sheets.iter().flat_map(Sheet::columns).map(str::to_owned).collect()
    };
    let (there, of_candidate) = (columns(baseline), columns(candidate));
    for metric in &gate.metrics {
        for column in metric.all_columns() {
            if there.contains(column) {
                continue;
            }
            let names = |columns: &BTreeSet<String>| {
                columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            };
            let message = format!(
                "column `{column}` of metric `{}` is in no table of the baseline, found {}",
                metric.name,
                names(&there)
            );
            let remedy = if of_candidate.contains(column) {
                "make a new baseline with `mynah-summarize gate keep`, or remove the metric from the gate"
            } else {
                "correct `columns` or `totals` of the metric, or remove it from the gate"
            };
            return Err(Advised::new(message, remedy).into());
        }
        if let Some(run) = baseline.iter().find(|sheet| !has_values(metric, sheet)) {
            let message =
                format!("run `{}` of the baseline has no value of metric `{}`", run.run, metric.name);
            return Err(Advised::new(message, "remove the run, or evaluate it again").into());
        }
    }
    Ok(())
}

fn has_values(metric: &config::Metric, sheet: &Sheet) -> bool {
    let alone = std::slice::from_ref(sheet);
    super::pairing::pair(metric, config::Missing::Failed, alone, &[]).failed_baseline_runs.is_empty()
}
