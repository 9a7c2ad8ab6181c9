//! `mynah-score explain`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_metrics::metric;

use super::real_time;
use crate::program::put;

/// Prints everything about a metric.
pub(crate) fn run(name: &str) -> anyhow::Result<ExitCode> {
    let (profile, unit, explanation) = if name == real_time::NAME {
        (real_time::PROFILE, real_time::UNIT, real_time::EXPLANATION)
    } else {
        let metric = metric(name).with_context(|| {
            format!("there is no metric `{name}`: `mynah-score list` has those that there are")
        })?;
        (metric.profile(), metric.unit(), metric.explain())
    };
    put(&format!("{name}\nprofile {profile}, unit {unit}\n\n{}\n", explanation.trim()))?;
    Ok(ExitCode::SUCCESS)
}
