//! The summary table printed at the end of a run.

use std::fmt::{self, Write as _};

use mynah_report::comparison::MetricSummary;

/// Formats a line per metric and system: the number of items with and without a value, the mean, and the share of the
/// expected items that it covers.
pub(crate) fn table(metrics: &[MetricSummary]) -> Result<String, fmt::Error> {
    let name_width = metrics.iter().map(|metric| metric.profile.len()).max().unwrap_or(0).max("metric".len());
    let systems = metrics.iter().flat_map(|metric| &metric.systems);
    let system_width =
        systems.map(|system| system.system.chars().count()).max().unwrap_or(0).max("system".len());
    let mut text = String::new();
    writeln!(
        text,
        "{:<name_width$}  {:<system_width$}  {:>6}  {:>9}  {:>6}  mean",
        "metric", "system", "ok", "undefined", "failed"
    )?;
    for metric in metrics {
        for system in &metric.systems {
            let mean = match system.mean.value() {
                Some(mean) if system.n_ok < metric.n_items => {
                    format!("{mean:.4} {} ({} of {})", metric.unit, system.n_ok, metric.n_items)
                }
                Some(mean) => format!("{mean:.4} {}", metric.unit),
                None => "none".to_owned(),
            };
            writeln!(
                text,
                "{:<name_width$}  {:<system_width$}  {:>6}  {:>9}  {:>6}  {}",
                metric.profile,
                system.system,
                system.n_ok,
                system.n_undefined,
                system.n_failed,
                mean.trim_end()
            )?;
        }
    }
    Ok(text)
}
