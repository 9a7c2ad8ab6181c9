//! `mynah-summarize report`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_corpus::table::read_table;
use mynah_metrics::Score;
use mynah_report::comparison::Comparison;

use super::{notes, ratings, samples, write};
use crate::named::NamedDirectory;

/// The coverage of the intervals of scores.
const LEVEL: f64 = 0.95;

/// What the command line asked for.
pub(crate) struct Settings {
    pub(crate) scores: Vec<PathBuf>,
    /// Ratings and plan of each listening test.
    pub(crate) tests: Vec<(PathBuf, PathBuf)>,
    /// The reference, where it is given, before the systems.
    pub(crate) directories: Vec<NamedDirectory>,
    pub(crate) n_samples: usize,
    pub(crate) title: String,
    pub(crate) out: PathBuf,
}

/// Reads everything and writes the report.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut scores: Vec<Score> = Vec::new();
    for path in &settings.scores {
        let rows: Vec<Score> =
            read_table(path).with_context(|| format!("failed to read scores `{}`", path.display()))?;
        scores.extend(rows);
    }
    let verdicts = settings
        .tests
        .iter()
        .map(|(ratings, plan)| ratings::verdict(plan, ratings))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let samples = samples::collect(&settings.directories, settings.n_samples, &settings.out)?;
    let comparison = Comparison {
        title: &settings.title,
        scores: &scores,
        metrics: &notes::metric_notes(),
        verdicts: &verdicts,
        samples: &samples,
        versions: &write::versions(),
        level: LEVEL,
    };
    write::write(&comparison, &settings.out)?;
    Ok(ExitCode::SUCCESS)
}
