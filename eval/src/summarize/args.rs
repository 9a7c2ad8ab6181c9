//! The command line of `mynah-summarize`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_listening::{Analysis, Conclusion, FoundStudy, Paradigm};

use super::baselines::Source;
use super::ratings::ColumnMap;
use super::{report, verdict};
use crate::files::Overwrite;
use crate::named::NamedDirectory;

const VERDICT: &str = "\
Example:
  mynah-summarize verdict --plan PLAN.toml --ratings ratings.parquet --out REPORT \\
      --require equivalent
Ratings of another tool, without a plan:
  mynah-summarize verdict --ratings votes.csv --paradigm cmos --reference recordings \\
      --human-reference --map rater=WorkerId,item=clip,system=model,score=vote --out REPORT";
const REPORT: &str = "\
Examples:
  mynah-summarize report --scores scores.parquet --reference LJSpeech \\
      --system voice=out/voice --out REPORT
  mynah-summarize report --scores step-1000.parquet --scores step-2000.parquet --out REPORT
  mynah-summarize report --ratings cmos.csv --plan CMOS.toml --ratings mos.csv --plan MOS.toml \\
      --out REPORT";

/// Verdicts and reports: what ratings and scores say, with everything that a reader needs to doubt it.
#[derive(Debug, Parser)]
#[command(name = "mynah-summarize", version)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Does what the command line says.
    ///
    /// # Errors
    ///
    /// Whatever keeps the subcommand from its result.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Verdict(args) => verdict::run(&args),
            Command::Report(args) => report::run(&args.settings()?),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge the systems of a listening test by the analysis that its plan declared.
    ///
    /// Ratings that came without a plan, from any tool, are judged with --paradigm; then nothing shows what was declared
    /// before the test, and the verdict says so.
    ///
    /// Prints a sentence per system to stdout and writes the report. With --require the exit code is 1 unless every
    /// system reaches that conclusion; simulated ratings never do.
    #[command(after_help = VERDICT)]
    Verdict(VerdictArgs),
    /// Put scores and ratings of systems and checkpoints side by side.
    ///
    /// Writes index.html, which opens from file://, and the same numbers as Markdown, JSON, CSV, LaTeX and SVG. Given
    /// the directories of the wavs, it shows and plays a few sentences.
    #[command(after_help = REPORT)]
    Report(ReportArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VerdictArgs {
    /// The plan of the test
    #[arg(long, value_name = "PLAN.toml", conflicts_with_all = ["paradigm", "map"])]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) found: FoundArgs,
    /// The ratings: .parquet, .csv or .jsonl
    #[arg(long, value_name = "FILE")]
    pub(crate) ratings: PathBuf,
    /// The directory that the report goes to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// Exit with 1 unless every system under test is at least this
    #[arg(long, value_name = "CONCLUSION")]
    pub(crate) require: Option<Requirement>,
}

/// What has to be known about ratings without a plan.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Ratings without a plan")]
pub(crate) struct FoundArgs {
    /// What was asked
    #[arg(long, value_parser = paradigms())]
    paradigm: Option<Paradigm>,
    /// Which columns are rater, item, system, score and, where there are such, first and origin; those not named are called so
    #[arg(long, value_name = "NAME=COLUMN,…", requires = "paradigm", default_value = "", hide_default_value = true, value_parser = column_map)]
    pub(crate) map: ColumnMap,
    /// What the systems were compared with; for MOS, one of the systems
    #[arg(long, value_name = "NAME", requires = "paradigm")]
    reference: Option<String>,
    /// The reference is human recordings
    #[arg(long, requires = "reference")]
    human_reference: bool,
    /// A system that is known to be worse than the reference; give it once for each
    #[arg(long = "anchor", value_name = "NAME", requires = "reference")]
    anchors: Vec<String>,
    /// The equivalence margin, in points of the scale
    #[arg(long, value_name = "X", requires = "paradigm", default_value_t = 0.2)]
    margin: f64,
    /// The two-sided level of the tests
    #[arg(long, value_name = "X", requires = "paradigm", default_value_t = 0.05)]
    alpha: f64,
    /// One rater may judge one sentence of one system more than once
    #[arg(long, requires = "paradigm")]
    repeats: bool,
    /// A name for the report
    #[arg(long, value_name = "NAME", requires = "paradigm", default_value = "study")]
    study: String,
}

fn column_map(text: &str) -> Result<ColumnMap, String> {
    if text.is_empty() { Ok(ColumnMap::default()) } else { text.parse() }
}

/// Parses the name of any paradigm that the library has.
fn paradigms() -> impl TypedValueParser<Value = Paradigm> {
    let value = |paradigm: Paradigm| PossibleValue::new(paradigm.as_str()).help(paradigm.rules().summary());
    PossibleValuesParser::new(Paradigm::ALL.map(value)).try_map(|name| {
        let found = Paradigm::ALL.into_iter().find(|paradigm| paradigm.as_str() == name);
        found.ok_or_else(|| format!("`{name}` is no paradigm"))
    })
}

impl FoundArgs {
    /// What is known, where a paradigm is.
    pub(crate) fn study(&self) -> Option<FoundStudy> {
        Some(FoundStudy {
            name: self.study.clone(),
            paradigm: self.paradigm?,
            reference: self.reference.clone(),
            human_reference: self.human_reference,
            anchors: self.anchors.clone(),
            analysis: Analysis { margin: self.margin, alpha: self.alpha, ..Analysis::default() },
            repeats: self.repeats,
        })
    }
}

/// A conclusion that can be required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Requirement {
    /// As good as the reference, within the margin
    Equivalent,
    /// Not worse than the reference by more than the margin
    NonInferior,
    /// Better than the reference
    Better,
    /// Equivalent to human recordings in a planned test that met the sizes of the protocol and found its anchors worse
    HumanLevel,
}

impl Requirement {
    /// The conclusion that has to be reached or implied; `None` where more is asked than a conclusion.
    pub(crate) fn conclusion(self) -> Option<Conclusion> {
        match self {
            Self::Equivalent => Some(Conclusion::Equivalent),
            Self::NonInferior => Some(Conclusion::NonInferior),
            Self::Better => Some(Conclusion::Better),
            Self::HumanLevel => None,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// The scores that `mynah-score run` wrote; give it once for each file, such as one a checkpoint
    #[arg(long, value_name = "FILE", required_unless_present = "ratings")]
    scores: Vec<PathBuf>,
    /// The ratings of a listening test; give it once for each test
    #[arg(long, value_name = "FILE", requires = "plans")]
    ratings: Vec<PathBuf>,
    /// The plan of that test; the first plan belongs to the first ratings, and so on
    #[arg(long = "plan", value_name = "PLAN.toml", requires = "ratings")]
    plans: Vec<PathBuf>,
    /// The wavs of the recordings, to be shown and played
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// The wavs of a system, to be shown and played; give it once for each
    #[arg(long = "system", value_name = "NAME=DIR")]
    systems: Vec<NamedDirectory>,
    /// How many sentences are shown and played
    #[arg(long, value_name = "N", default_value_t = 3)]
    samples: usize,
    /// How many of the worst utterances of each system are shown and played beside the reference
    #[arg(long, value_name = "N", default_value_t = 2)]
    worst: usize,
    /// Published numbers to be printed beside one's own, a TOML file; by default those of the paper on NaturalSpeech
    #[arg(long, value_name = "FILE.toml")]
    baselines: Option<PathBuf>,
    /// Leave published numbers out
    #[arg(long, conflicts_with = "baselines")]
    no_baselines: bool,
    /// The heading of the report
    #[arg(long, default_value = "Comparison of voices")]
    title: String,
    /// The directory that the report goes to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: Overwrite,
}

impl ReportArgs {
    fn settings(self) -> anyhow::Result<report::Settings> {
        if self.ratings.len() != self.plans.len() {
            anyhow::bail!(
                "there are {} --ratings and {} --plan: give each listening test its ratings and its plan",
                self.ratings.len(),
                self.plans.len()
            );
        }
        self.overwrite.check_report(&self.out)?;
        let mut directories = Vec::new();
        if let Some(directory) = self.reference {
            directories.push(NamedDirectory { name: report::REFERENCE.to_owned(), directory });
        }
        directories.extend(self.systems);
        crate::named::check_names(&directories)?;
        Ok(report::Settings {
            scores: self.scores,
            tests: self.ratings.into_iter().zip(self.plans).collect(),
            directories,
            n_samples: self.samples,
            n_worst: self.worst,
            baselines: match self.baselines {
                Some(path) => Source::File(path),
                None if self.no_baselines => Source::None,
                None => Source::BuiltIn,
            },
            title: self.title,
            out: self.out,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
