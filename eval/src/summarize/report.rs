//! `mynah-summarize report`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use mynah_cli::say;
use mynah_listening::{PreferenceVerdict, Verdict};
use mynah_metrics::Score;
use mynah_report::comparison::{Comparison, worst_items};

use super::baselines::{self, Source};
use super::foreign::Foreign;
use super::found::{FoundSettings, found_verdict};
use super::ratings::Planned;
use super::votes::{VoteSettings, preference_verdict};
use super::{ratings, samples, write};
use crate::named::NamedDirectory;
use crate::score::notes::metric_notes;
use crate::score_tables::Scores;

/// Confidence level of the intervals of scores.
const LEVEL: f64 = 0.95;

/// Name of the recordings in a report.
pub(crate) const REFERENCE: &str = "reference";

/// Settings from the command line.
pub(crate) struct Settings {
    pub(crate) scores: Vec<PathBuf>,
    /// Scores of other tools.
    pub(crate) foreign: Foreign,
    pub(crate) tests: Vec<Test>,
    /// Directories of the reference, if given, and of the systems.
    pub(crate) directories: Vec<NamedDirectory>,
    pub(crate) n_samples: usize,
    /// Number of worst utterances to show and play, per system.
    pub(crate) n_worst: usize,
    /// Published results.
    pub(crate) baselines: Source,
    pub(crate) title: String,
    pub(crate) out: PathBuf,
}

/// The ratings of a listening test.
pub(crate) enum Test {
    Planned { ratings: PathBuf, plan: PathBuf },
    Found { ratings: PathBuf, settings: Box<FoundSettings> },
    Votes { ratings: PathBuf, settings: Box<VoteSettings> },
}

/// Verdicts on the tests of a report.
#[derive(Default)]
struct Verdicts {
    scores: Vec<Verdict>,
    preferences: Vec<PreferenceVerdict>,
}

impl Verdicts {
    fn of(tests: &[Test]) -> anyhow::Result<Self> {
        let mut verdicts = Self::default();
        for test in tests {
            match test {
                Test::Planned { ratings, plan } => match ratings::verdict(plan, ratings)? {
                    Planned::Scores(verdict) => verdicts.scores.push(*verdict),
                    Planned::Votes(verdict) => verdicts.preferences.push(*verdict),
                },
                Test::Found { ratings, settings } => verdicts.scores.push(found_verdict(ratings, settings)?),
                Test::Votes { ratings, settings } => {
                    verdicts.preferences.push(preference_verdict(ratings, settings)?);
                }
            }
        }
        Ok(verdicts)
    }
}

/// Reads everything and writes the report.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut scores = Scores::read(&settings.scores)?;
    let (rows, foreign_notes) = settings.foreign.read(&scores.rows)?;
    scores.rows.extend(rows);
    let verdicts = Verdicts::of(&settings.tests)?;
    let baselines = baselines::read(&settings.baselines)?;
    let mut notes = metric_notes(&scores.rows);
    notes.extend(foreign_notes);
    let worst = worst_items(&scores.rows, &notes, settings.n_worst)
        .map_err(|error| scores.with_place(anyhow::Error::new(error)))?;
    warn_of_unknown_systems(settings, &scores.rows);
    let samples = samples::collect(&settings.directories, settings.n_samples, &worst, &settings.out)?;
    let comparison = Comparison {
        title: &settings.title,
        scores: &scores.rows,
        metrics: &notes,
        verdicts: &verdicts.scores,
        preferences: &verdicts.preferences,
        samples: &samples.spread,
        worst: &samples.worst,
        baselines: baselines.as_ref(),
        versions: &write::versions(),
        level: LEVEL,
    };
    write::write(&comparison, &settings.out).map_err(|error| scores.with_place(error))?;
    Ok(ExitCode::SUCCESS)
}

/// Warns of directories of systems without scores: a misspelled name would lose its worst utterances.
fn warn_of_unknown_systems(settings: &Settings, scores: &[Score]) {
    let known: BTreeSet<&str> = scores.iter().map(|score| score.system.as_str()).collect();
    let unknown = settings
        .directories
        .iter()
        .filter(|named| !known.is_empty() && named.name != REFERENCE && !known.contains(named.name.as_str()));
    for named in unknown {
        let known: Vec<&str> = known.iter().copied().collect();
        say(&format!("warning: the scores have no system `{}`, only {}", named.name, known.join(", ")));
    }
}
