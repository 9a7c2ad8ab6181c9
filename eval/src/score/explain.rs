//! `mynah-score explain`.

use std::process::ExitCode;

use mynah_cli::put;
use mynah_metrics::metric;

use super::list::row;
use super::real_time;
use super::run::find_metric;

/// Prints the definition of a metric.
pub(crate) fn run(name: &str) -> anyhow::Result<ExitCode> {
    let (profile, unit, explanation) = if name == real_time::NAME {
        (real_time::PROFILE, real_time::UNIT, real_time::EXPLANATION)
    } else {
        let metric = find_metric(name)?;
        (metric.profile(), metric.unit(), metric.explain())
    };
    let declared = metric(name).map_or_else(String::new, |metric| {
        let [_, _, better, needs, _] = row(metric);
        format!("better: {better}; needs: {needs}\n")
    });
    put(&format!("{name}\nprofile {profile}, unit {unit}\n{declared}\n{}\n", explanation.trim()))?;
    Ok(ExitCode::SUCCESS)
}
