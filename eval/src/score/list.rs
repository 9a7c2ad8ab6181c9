//! `mynah-score list`.

use std::fmt::Write as _;
use std::process::ExitCode;

use mynah_cli::put;

use super::real_time;

/// Prints the name, unit and profile of each metric.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let measured = mynah_metrics::all().iter().map(|metric| (metric.name(), metric.unit(), metric.profile()));
    let metrics: Vec<(&str, &str, &str)> =
        measured.chain([(real_time::NAME, real_time::UNIT, real_time::PROFILE)]).collect();
    let width = |part: fn(&(&str, &str, &str)) -> usize| metrics.iter().map(part).max().unwrap_or(0);
    let (names, units) = (width(|metric| metric.0.len()), width(|metric| metric.1.len()));
    let mut text = String::new();
    for (name, unit, profile) in &metrics {
        writeln!(text, "{name:<names$}  {unit:<units$}  {profile}")?;
    }
    put(&text)?;
    Ok(ExitCode::SUCCESS)
}
