//! The command line of `mynah-summarize`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_cli::{Advised, Completions, ManPages};
use mynah_listening::{Conclusion, Paradigm, PreferenceStudy, ScoreSign};

use super::baselines::Source;
use super::columns::ColumnMap;
use super::follow::{self, FollowArgs};
use super::foreign::{Foreign, ForeignScores};
use super::found::{self, Facts, FoundSettings};
use super::gate::GateArgs;
use super::item_names::ItemNames;
use super::tools::ToolArgs;
use super::votes::{self, ChoiceIs, Choices, VoteSettings};
use super::{report, verdict};
use crate::files::Overwrite;
use crate::named::NamedDirectory;

const VERDICT: &str = "\
Example:
  mynah-summarize verdict --plan PLAN.toml --ratings ratings.parquet --out REPORT \\
      --require equivalent
Ratings from another tool, without a plan:
  mynah-summarize verdict --ratings votes.csv --paradigm cmos --reference recordings \\
      --human-reference --map rater=WorkerId,item=clip,system=model,score=vote --out REPORT
Raw votes, how much better the second clip was, with a column of the clip heard first:
  mynah-summarize verdict --ratings votes.csv --paradigm cmos --reference recordings \\
      --map first=order --score-is second-minus-first --out REPORT
Results of webMUSHRA, and answers from Mechanical Turk to the P.808 toolkit:
  mynah-summarize verdict --ratings lss.csv --paradigm mos --reference recordings --out REPORT
  mynah-summarize verdict --ratings Batch_results.csv --reference recordings \\
      --clip-pattern '(?P<system>[^_/]+)_(?P<item>[^/.]+)[.]wav' --out REPORT
Votes for one of two clips, in the order in which they were heard:
  mynah-summarize verdict --ratings votes.csv --paradigm ab --reference old \
      --map rater=WorkerId,item=clip,first=a,second=b,choice=vote --out REPORT";
const REPORT: &str = "\
Examples:
  mynah-summarize report --scores scores.parquet --reference LJSpeech \\
      --system voice=out/voice --out REPORT
  mynah-summarize report --scores step-1000.parquet --scores step-2000.parquet --out REPORT
  mynah-summarize report --ratings cmos.csv --plan CMOS.toml --ratings mos.csv --plan MOS.toml \\
      --out REPORT
  mynah-summarize report --scores scores.csv --ratings votes.csv --paradigm mos \\
      --reference-name recordings --map rater=WorkerId,item=clip --out REPORT
  mynah-summarize report --foreign vits=vits.jsonl --foreign ours=ours.jsonl \\
      --foreign-metrics gate.toml --out REPORT";
const FOLLOW: &str = "\
Example:
  mynah-summarize follow --scores step-1000.parquet --scores step-2000.parquet \\
      --metric mcd/sp2mc-2 --margin 0.05 --last 3";
const COMPLETIONS: &str = "\
Example:
  mynah-summarize completions bash > ~/.local/share/bash-completion/completions/mynah-summarize";
const MAN: &str = "\
Example:
  mynah-summarize man --out ~/.local/share/man/man1";

/// Summarize ratings and scores in verdicts and reports, with all the evidence that a skeptical reader needs.
#[derive(Debug, Parser)]
#[command(name = "mynah-summarize", version)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Runs the subcommand.
    ///
    /// # Errors
    ///
    /// Returns any error that keeps the subcommand from its result.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Verdict(args) => verdict::run(&args),
            Command::Report(args) => report::run(&args.settings()?),
            Command::Follow(args) => follow::run(&args),
            Command::Gate(args) => args.run(),
            Command::Completions(args) => args.run::<Self>(),
            Command::Man(args) => args.run::<Self>(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Analyze a listening test as declared in its plan, and conclude on each system.
    ///
    /// With --paradigm, analyzes ratings from any tool without a plan. Nothing then shows what was declared before the
    /// test, and the verdict says so.
    ///
    /// Prints a sentence per system to stdout and writes the report. With --require, the exit status is 1 unless every
    /// system reaches the conclusion; simulated ratings never do.
    #[command(after_help = VERDICT)]
    Verdict(VerdictArgs),
    /// Compare the scores and ratings of systems and checkpoints.
    ///
    /// Writes index.html, which opens from file://, and the same numbers as Markdown, JSON, CSV, LaTeX and SVG. Given
    /// the directories of the wavs, the page shows and plays a few sentences.
    #[command(after_help = REPORT)]
    Report(ReportArgs),
    /// Follow a training run: the best checkpoint so far, and whether further ones still improve.
    ///
    /// Reads the scores of its checkpoints, as far as they exist, and prints two sentences. A run is flat once none of the
    /// last K checkpoints is better than the one before them by the margin; over all looks at a run together, the probability
    /// to say so wrongly is at most alpha. `pipelines/follow.sh` speaks, scores and follows while a training goes on.
    #[command(after_help = FOLLOW)]
    Follow(FollowArgs),
    /// Judge scores of a candidate against those of a baseline, from any tool: pass, fail or inconclusive.
    ///
    /// For continuous integration. `init` writes a gate.toml from your tables, `keep` a baseline for your repository,
    /// `check` judges a candidate, `plan` says how many utterances and runs it takes, and `history` draws earlier checks.
    Gate(GateArgs),
    /// Print completions for a shell.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write man pages.
    #[command(after_help = MAN)]
    Man(ManPages),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VerdictArgs {
    /// Plan of the test
    #[arg(long, value_name = "PLAN.toml", conflicts_with_all = ["described", "map"])]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    found: FoundArgs,
    /// Reference that the systems were compared with; for MOS and AB, one of the systems
    #[arg(
        long = "reference",
        value_name = "NAME",
        requires = "described",
        help_heading = "Ratings without a plan"
    )]
    reference_name: Option<String>,
    /// Table of ratings: .parquet, .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    pub(crate) ratings: PathBuf,
    /// Output directory of the report
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// Exit with status 1 unless every system under test reaches this conclusion
    #[arg(long, value_name = "CONCLUSION")]
    pub(crate) require: Option<Requirement>,
}

impl VerdictArgs {
    /// Returns the description of the ratings, if a paradigm is given.
    pub(crate) fn found(&self) -> anyhow::Result<Option<Described>> {
        self.found.settings(self.reference_name.as_deref())
    }
}

/// The kind of a test without a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Scores of systems.
    Scores(Paradigm),
    /// Votes for one of two clips.
    Votes,
}

/// The description of ratings without a plan.
#[derive(Debug, Clone)]
pub(crate) enum Described {
    Scores(FoundSettings),
    Votes(VoteSettings),
}

/// Description of ratings without a plan; the reference is named by the subcommand.
#[derive(Debug, ClapArgs)]
#[command(
    next_help_heading = "Ratings without a plan",
    group = ArgGroup::new("described").multiple(true).args(["paradigm", "read_as", "clip_pattern", "key"])
)]
pub(crate) struct FoundArgs {
    /// Kind of test; tables of webMUSHRA and the P.808 toolkit tell it themselves
    #[arg(long, value_parser = paradigms())]
    paradigm: Option<Kind>,
    /// Columns of rater, item, system, score (AB: rater, item, first, second, choice) and, optionally, first and origin, if
    /// their names differ
    #[arg(long, value_name = "NAME=COLUMN,…", requires = "described", default_value = "", hide_default_value = true, value_parser = column_map)]
    map: ColumnMap,
    /// Meaning of a positive score of a comparison (default: system-minus-reference, unless the scores look otherwise; AB:
    /// none, numbers are errors)
    #[arg(long, value_name = "SIGN", requires = "described", value_parser = score_signs())]
    score_is: Option<ScoreSign>,
    /// Thing that the choices of an AB test name, if both readings are possible
    #[arg(long, value_name = "THING", requires = "described")]
    choice_is: Option<ChoiceIs>,
    #[command(flatten)]
    tool: ToolArgs,
    /// Part of an item's name that names the sentence
    #[arg(long, value_name = "PART", requires = "described", default_value = "sentence")]
    item_is: ItemNames,
    /// Separator of a CSV file (default: the most frequent of comma, semicolon, tab and bar in its header)
    #[arg(long, value_name = "CHAR", requires = "described", value_parser = separator)]
    separator: Option<char>,
    /// Treat the reference as human recordings
    #[arg(long, requires = "reference_name")]
    human_reference: bool,
    /// System known to be worse than the reference; may be repeated
    #[arg(long = "anchor", value_name = "NAME", requires = "reference_name")]
    anchors: Vec<String>,
    /// Equivalence margin, in points of the scale [default: 0.2, or 5 for MUSHRA]
    #[arg(long, value_name = "X", requires = "described")]
    margin: Option<f64>,
    /// Two-sided significance level
    #[arg(long, value_name = "X", requires = "described", default_value_t = 0.05)]
    alpha: f64,
    /// Allow repeated ratings of a sentence of a system by the same rater
    #[arg(long, requires = "described")]
    repeats: bool,
    /// Name of the study in the report
    #[arg(long, value_name = "NAME", requires = "described", default_value = "study")]
    study: String,
}

/// Parses `--map`; empty if it is not given.
fn column_map(text: &str) -> Result<ColumnMap, String> {
    if text.is_empty() { Ok(ColumnMap::default()) } else { text.parse() }
}

/// Parses the name of any paradigm that the library has.
fn paradigms() -> impl TypedValueParser<Value = Kind> {
    let value = |paradigm: Paradigm| PossibleValue::new(paradigm.as_str()).help(paradigm.rules().summary());
    PossibleValuesParser::new(Paradigm::ALL.into_iter().map(value)).try_map(|name| {
        let found = Paradigm::ALL.into_iter().find(|paradigm| paradigm.as_str() == name);
        let kind = |paradigm: Paradigm| {
            if paradigm.rules().compares_all_pairs() { Kind::Votes } else { Kind::Scores(paradigm) }
        };
        found.map(kind).ok_or_else(|| format!("`{name}` is not a paradigm"))
    })
}

/// Parses the name of a sign convention.
fn score_signs() -> impl TypedValueParser<Value = ScoreSign> {
    PossibleValuesParser::new(ScoreSign::ALL.map(ScoreSign::as_str)).try_map(|name| {
        let found = ScoreSign::ALL.into_iter().find(|sign| sign.as_str() == name);
        found.ok_or_else(|| format!("`{name}` is not a sign"))
    })
}

/// Parses a separator: a character, or `tab`.
fn separator(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(separator), None) => Ok(separator),
        _ => Err(format!("`{text}` is neither one character nor `tab`")),
    }
}

impl FoundArgs {
    /// Returns the description of the ratings, if a paradigm is given.
    fn settings(&self, reference: Option<&str>) -> anyhow::Result<Option<Described>> {
        Ok(match self.paradigm {
            None if !self.tool.is_given() => None,
            None => Some(Described::Scores(self.scores(None, reference)?)),
            Some(Kind::Scores(paradigm)) => Some(Described::Scores(self.scores(Some(paradigm), reference)?)),
            Some(Kind::Votes) => Some(Described::Votes(self.votes(reference)?)),
        })
    }

    fn scores(&self, paradigm: Option<Paradigm>, reference: Option<&str>) -> anyhow::Result<FoundSettings> {
        let name = paradigm.map_or("of scores", Paradigm::as_str);
        self.map.check(name, &found::NEEDED, &found::OPTIONAL)?;
        if self.choice_is.is_some() {
            return Err(not_of("--choice-is", name));
        }
        Ok(FoundSettings {
            paradigm,
            facts: Facts {
                name: self.study.clone(),
                reference: reference.map(str::to_owned),
                human_reference: self.human_reference,
                anchors: self.anchors.clone(),
                margin: self.margin,
                alpha: self.alpha,
                repeats: self.repeats,
                score_sign: self.score_is,
            },
            map: self.map.clone(),
            separator: self.separator,
            item_names: self.item_is,
            tool: self.tool.clone(),
        })
    }

    fn votes(&self, reference: Option<&str>) -> anyhow::Result<VoteSettings> {
        self.map.check(votes::PARADIGM, &votes::NEEDED, &votes::OPTIONAL)?;
        for (argument, is_given) in [
            ("--margin", self.margin.is_some()),
            ("--human-reference", self.human_reference),
            ("--anchor", !self.anchors.is_empty()),
            ("--read-as, --clip-pattern and --key", self.tool.is_given()),
        ] {
            if is_given {
                return Err(not_of(argument, votes::PARADIGM));
            }
        }
        Ok(VoteSettings {
            study: PreferenceStudy {
                name: self.study.clone(),
                reference: reference.map(str::to_owned),
                alpha: self.alpha,
                repeats: self.repeats,
            },
            map: self.map.clone(),
            separator: self.separator,
            item_names: self.item_is,
            choices: Choices { reading: self.choice_is, sign: self.score_is },
        })
    }
}

/// Rejects an argument that has no meaning for a kind of test.
fn not_of(argument: &str, paradigm: &str) -> anyhow::Error {
    let message = format!("{argument} has no meaning for --paradigm {paradigm}");
    Advised::new(message, format!("leave {argument} out")).into()
}

/// A required conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Requirement {
    /// As good as the reference, within the margin
    Equivalent,
    /// Not worse than the reference by more than the margin
    NonInferior,
    /// Better than the reference
    Better,
    /// Equivalent to human recordings, in a planned test of the size of its protocol that found its anchors worse
    HumanLevel,
}

impl Requirement {
    /// Returns the conclusion to be reached or implied; `None` if more than a conclusion is required.
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
    /// Scores from `mynah-score run`; may be repeated, for example for each checkpoint
    #[arg(long, value_name = "FILE", required_unless_present_any = ["ratings", "foreign"])]
    scores: Vec<PathBuf>,
    /// Scores of a system from another tool, read as `gate check` reads them; may be repeated
    #[arg(long = "foreign", value_name = "NAME=FILE", requires = "foreign_metrics")]
    foreign: Vec<ForeignScores>,
    /// Metrics of the scores from other tools with their directions, from `gate init`
    #[arg(long, value_name = "gate.toml", requires = "foreign")]
    foreign_metrics: Option<PathBuf>,
    /// Ratings of a listening test; may be repeated
    #[arg(long, value_name = "FILE")]
    ratings: Vec<PathBuf>,
    /// Plan of the listening test; the first plan belongs to the first ratings, and so on. With --paradigm, ratings beyond
    /// the last plan are judged without one
    #[arg(long = "plan", value_name = "PLAN.toml", requires = "ratings")]
    plans: Vec<PathBuf>,
    #[command(flatten)]
    found: FoundArgs,
    /// Reference of the ratings that the systems were compared with; for MOS and AB, one of the systems
    #[arg(long, value_name = "NAME", requires = "described", help_heading = "Ratings without a plan")]
    reference_name: Option<String>,
    /// Recordings to show and play
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// Wavs of a system to show and play; may be repeated
    #[arg(long = "system", value_name = "NAME=DIR")]
    systems: Vec<NamedDirectory>,
    /// Number of sentences to show and play
    #[arg(long, value_name = "N", default_value_t = 3)]
    samples: usize,
    /// Number of worst utterances of each system to show and play next to the reference
    #[arg(long, value_name = "N", default_value_t = 2)]
    worst: usize,
    /// TOML file of published results to print for comparison (default: those of the NaturalSpeech paper)
    #[arg(long, value_name = "FILE.toml")]
    baselines: Option<PathBuf>,
    /// Omit published results
    #[arg(long, conflicts_with = "baselines")]
    no_baselines: bool,
    /// Title of the report
    #[arg(long, default_value = "Comparison of voices")]
    title: String,
    /// Output directory of the report
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: Overwrite,
}

impl ReportArgs {
    /// Pairs ratings with their plans; those beyond the last plan are judged without one.
    fn tests(&self) -> anyhow::Result<Vec<report::Test>> {
        let found = self.found.settings(self.reference_name.as_deref())?;
        let (n_ratings, n_plans) = (self.ratings.len(), self.plans.len());
        if found.is_some() && n_ratings <= n_plans {
            let remedy = "add the --ratings that have no plan, or leave --paradigm out";
            return Err(Advised::new("--paradigm is given, but no ratings without a plan", remedy).into());
        }
        let unequal = || {
            let message = format!("there are {n_ratings} --ratings and {n_plans} --plan");
            let remedy = "give each listening test its ratings and its plan, or describe ratings without a plan with \
                          --paradigm";
            Advised::new(message, remedy)
        };
        if n_ratings < n_plans {
            return Err(unequal().into());
        }
        let mut plans = self.plans.iter().cloned();
        let mut tests = Vec::new();
        for ratings in self.ratings.iter().cloned() {
            tests.push(match (plans.next(), &found) {
                (Some(plan), _) => report::Test::Planned { ratings, plan },
                (None, Some(Described::Scores(settings))) => {
                    report::Test::Found { ratings, settings: Box::new(settings.clone()) }
                }
                (None, Some(Described::Votes(settings))) => {
                    report::Test::Votes { ratings, settings: Box::new(settings.clone()) }
                }
                (None, None) => return Err(unequal().into()),
            });
        }
        Ok(tests)
    }

    fn settings(self) -> anyhow::Result<report::Settings> {
        let tests = self.tests()?;
        self.overwrite.check_report(&self.out)?;
        let mut directories = Vec::new();
        if let Some(directory) = self.reference {
            directories.push(NamedDirectory { name: report::REFERENCE.to_owned(), directory });
        }
        directories.extend(self.systems);
        crate::named::check_names(&directories)?;
        Ok(report::Settings {
            scores: self.scores,
            foreign: Foreign { scores: self.foreign, metrics: self.foreign_metrics },
            tests,
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
    fn declares_consistent_arguments() {
        Args::command().debug_assert();
    }
}
