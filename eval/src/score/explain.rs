//! `mynah-score explain`.

use std::process::ExitCode;

use mynah_cli::put;

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
    put(&format!("{name}\nprofile {profile}, unit {unit}\n\n{}\n", explanation.trim()))?;
    Ok(ExitCode::SUCCESS)
}
