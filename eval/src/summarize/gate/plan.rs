//! `mynah-summarize gate plan`: the probability that equal systems pass, before they are evaluated.

use std::fmt::Write as _;
use std::process::ExitCode;

use mynah_cli::{Advised, put, say};
use mynah_stats::crossed::{Comparison, Design, RunBasis, Target, compare};

use super::args::PlanArgs;
use super::check::{check_columns, read};
use super::config::{self, Bound, Gate, Metric};
use super::pairing::pair;
use super::sheet::Sheet;

/// Numbers of runs in the table.
const RUNS: [usize; 4] = [1, 2, 3, 5];

/// Prints a table for each metric.
pub(crate) fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let tables = &args.tables;
    let gate = config::read(&tables.gate)?;
    let mut baseline = read(&tables.baseline, &tables.reading_baseline())?;
    let mut candidate = read(&args.candidate, &tables.reading_candidate())?;
    check_columns(&gate, &baseline, &candidate)?;
    if candidate.is_empty() {
        if baseline.len() < 2 {
            let message = "one run of the baseline says nothing about the variation of a difference";
            let remedy = "give two or more runs with --baseline, or an earlier candidate with --candidate";
            return Err(Advised::new(message, remedy).into());
        }
        candidate = baseline.split_off(baseline.len() / 2);
        say(
            "no --candidate: the runs of the baseline are compared with each other, as if a change had no effect on any \
             utterance; a real change needs more utterances than this",
        );
    }
    for metric in gate.metrics.iter().filter(|metric| metric.judged) {
        put(&table(&gate, metric, &baseline, &candidate))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Formats the table of a metric, or the reason why there is none.
fn table(gate: &Gate, metric: &Metric, baseline: &[Sheet], candidate: &[Sheet]) -> String {
    let pairs = pair(metric, gate.missing, baseline, candidate);
    let found = compare(metric.statistic(), &pairs.baseline, &pairs.candidate, 1.0);
    let found = match found {
        Ok(found) => found,
        Err(error) => return format!("{}: nothing can be planned: {error}\n\n", metric.name),
    };
    let distance = match metric.bound() {
        Some(Bound::Margin(margin)) => margin,
        Some(Bound::Relative(share)) => share * found.baseline,
        _ => return format!("{}: a limit is not about a difference, so nothing is planned\n\n", metric.name),
    };
    let target = Target { distance, alpha: gate.alpha, power: gate.power, factor: 1.0 };
    let mut text = format!(
        "{}: probability that a candidate as good as the baseline passes, in %\n\n| utterances | {} |\n|---|{}\n",
        metric.name,
        RUNS.map(|runs| if runs == 1 { "1 run of each".to_owned() } else { format!("{runs} runs") })
            .join(" | "),
        "---|".repeat(RUNS.len()),
    );
    for items in sizes(found.n_items) {
        let cells = RUNS.map(|runs| {
            let design = Design { items, baseline_runs: runs, candidate_runs: runs };
            match target.probability(&found.variation, &design) {
                Ok(probability) => format!("{:.0}", probability * 100.0),
                Err(_) => "–".to_owned(),
            }
        });
        let _ = writeln!(text, "| {items} | {} |", cells.join(" | "));
    }
    text.push_str(&notes(gate, &target, &found));
    text
}

/// Returns numbers of utterances around that of the tables.
fn sizes(n_items: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = [n_items / 4, n_items / 2, n_items, n_items * 2, n_items * 4].to_vec();
    sizes.retain(|&size| size >= 2);
    sizes.dedup();
    sizes
}

/// States what is needed, and what is not known.
fn notes(gate: &Gate, target: &Target, found: &Comparison) -> String {
    let power = gate.power * 100.0;
    let mut text = String::from("\n");
    for runs in RUNS {
        let design = Design { items: found.n_items, baseline_runs: runs, candidate_runs: runs };
        if let Ok(Some(items)) = target.items_needed(&found.variation, &design) {
            let plural = if runs == 1 { "run" } else { "runs" };
            let _ = writeln!(text, "{power:.0} % with {runs} {plural} of each: {items} utterances");
        }
    }
    match (found.run_basis, found.variation.run_sd) {
        (RunBasis::Neither, _) | (_, None) => {
            text.push_str("The variation between runs is unknown, since each system ran once: it is not in these numbers.\n");
        }
        (_, Some(run_sd)) => {
            let _ = writeln!(
                text,
                "Standard deviation between runs: {run_sd:.4}. With one run of each it cannot be seen, so that a pass \
                 holds for those runs only."
            );
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_sizes_around_that_of_the_tables() {
        assert_eq!(sizes(100), [25, 50, 100, 200, 400]);
        assert_eq!(sizes(4), [2, 4, 8, 16]);
        assert_eq!(sizes(2), [2, 4, 8]);
    }
}
