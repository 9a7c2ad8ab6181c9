//! `mynah-score list`.

use std::fmt::Write as _;
use std::process::ExitCode;

use mynah_cli::put;
use mynah_metrics::{Direction, Metric, Needs};

use super::real_time;

/// Prints the name, unit, direction, needs and profile of each metric.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let measured = mynah_metrics::all().iter().map(|metric| row(*metric));
    let times =
        [real_time::NAME, real_time::UNIT, "-", "synthesis.jsonl", real_time::PROFILE].map(str::to_owned);
    let rows: Vec<[String; 5]> = measured.chain([times]).collect();
    let widths: Vec<usize> =
        (0..4).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for [name, unit, better, needs, profile] in &rows {
        writeln!(
            text,
            "{name:<0$}  {unit:<1$}  {better:<2$}  {needs:<3$}  {profile}",
            widths[0], widths[1], widths[2], widths[3]
        )?;
    }
    put(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns name, unit, direction, needs and profile of a metric.
pub(crate) fn row(metric: &dyn Metric) -> [String; 5] {
    let declaration = metric.declaration();
    let better = match declaration.direction {
        Direction::Near(value) => format!("near {value}"),
        Direction::Higher => "higher".to_owned(),
        Direction::Lower => "lower".to_owned(),
        Direction::Neither => "-".to_owned(),
    };
    let needs = match declaration.needs {
        Needs::Nothing => "-",
        Needs::Text => "text",
        Needs::Recording => "recording",
        Needs::AlignedRecording => "aligned recording",
    };
    [metric.name(), metric.unit(), &better, needs, metric.profile()].map(str::to_owned)
}
