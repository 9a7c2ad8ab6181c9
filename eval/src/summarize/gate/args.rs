//! The command line of `mynah-summarize gate`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::read::{Reading, RunFiles, ScoreMap};
use super::{check, history, init, keep, plan};
use crate::files::Overwrite;

const INIT: &str = "\
Example:
  mynah-summarize gate init --scores nightly.jsonl --out gate.toml";
const CHECK: &str = "\
Examples:
  mynah-summarize gate check --gate gate.toml --baseline baseline.csv \\
      --candidate run1.jsonl --candidate run2.jsonl --candidate run3.jsonl --out gate
A run whose metrics are in several tables:
  mynah-summarize gate check --gate gate.toml --baseline wer.tsv,utmos.csv \\
      --candidate new/wer.tsv,new/utmos.csv --out gate
Any table:
  mynah-summarize gate check --gate gate.toml --map item=prompt,run=seed \\
      --baseline main.parquet --candidate branch.parquet --out gate";
const KEEP: &str = "\
Example:
  mynah-summarize gate keep --gate gate.toml --scores run1.jsonl --scores run2.jsonl \\
      --out baseline.csv";
const PLAN: &str = "\
Example:
  mynah-summarize gate plan --gate gate.toml --baseline run1.jsonl --baseline run2.jsonl";
const HISTORY: &str = "\
Example:
  mynah-summarize gate history history.jsonl --out figures";

/// Arguments of `mynah-summarize gate`.
#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    #[command(subcommand)]
    command: Command,
}

impl GateArgs {
    /// Runs the subcommand.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Init(args) => init::run(args),
            Command::Check(args) => check::run(args),
            Command::Keep(args) => keep::run(args),
            Command::Plan(args) => plan::run(args),
            Command::History(args) => history::run(args),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first gate.toml with a guess for every known column of your tables.
    #[command(after_help = INIT)]
    Init(InitArgs),
    /// Judge a candidate against a baseline: pass, fail or inconclusive.
    ///
    /// Prints a sentence for each metric. The exit status is 0 if the candidate passes, 1 if it fails, 3 if the runs
    /// cannot tell and 2 for an error.
    #[command(after_help = CHECK)]
    Check(CheckArgs),
    /// Write the values that a gate needs to one small table, to be kept in a repository as its baseline.
    #[command(after_help = KEEP)]
    Keep(KeepArgs),
    /// Print how likely equal systems pass with more or fewer utterances and runs.
    #[command(after_help = PLAN)]
    Plan(PlanArgs),
    /// Draw the differences of earlier checks, a figure for each metric.
    #[command(after_help = HISTORY)]
    History(HistoryArgs),
}

// The tables of one system. (A doc comment would become the help of every subcommand with these options.)
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Tables of a run, separated by commas; may be repeated for more runs
    #[arg(long, value_name = "FILE[,FILE]", required = true)]
    pub(super) scores: Vec<RunFiles>,
    /// Columns of item, run, system, metric and value, if their names differ
    #[arg(long, value_name = "NAME=COLUMN,…", default_value = "", hide_default_value = true, value_parser = score_map)]
    pub(super) map: ScoreMap,
    /// System to take from tables of several
    #[arg(long, value_name = "NAME")]
    pub(super) system: Option<String>,
}

impl Source {
    /// Returns the way of reading the tables.
    pub(super) fn reading(&self) -> Reading {
        Reading { map: self.map.clone(), system: self.system.clone() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(super) source: Source,
    /// Output file
    #[arg(long, value_name = "GATE.toml")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) overwrite: Overwrite,
}

/// The tables of both systems.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// Metrics and margins
    #[arg(long, value_name = "GATE.toml")]
    pub(super) gate: PathBuf,
    /// Tables of a run of the baseline, separated by commas; may be repeated for more runs
    #[arg(long, value_name = "FILE[,FILE]", required = true)]
    pub(super) baseline: Vec<RunFiles>,
    /// Columns of item, run, system, metric and value, if their names differ; not applied to a kept baseline
    #[arg(long, value_name = "NAME=COLUMN,…", default_value = "", hide_default_value = true, value_parser = score_map)]
    pub(super) map: ScoreMap,
    /// System to take as the baseline from tables of several
    #[arg(long, value_name = "NAME")]
    pub(super) baseline_system: Option<String>,
    /// System to take as the candidate from tables of several
    #[arg(long, value_name = "NAME")]
    pub(super) candidate_system: Option<String>,
}

impl Tables {
    /// Returns the way of reading the baseline.
    pub(super) fn reading_baseline(&self) -> Reading {
        Reading { map: self.map.clone(), system: self.baseline_system.clone() }
    }

    /// Returns the way of reading the candidate.
    pub(super) fn reading_candidate(&self) -> Reading {
        Reading { map: self.map.clone(), system: self.candidate_system.clone() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(super) tables: Tables,
    /// Tables of a run of the candidate, separated by commas; may be repeated for more runs
    #[arg(long, value_name = "FILE[,FILE]", required = true)]
    pub(super) candidate: Vec<RunFiles>,
    /// Output directory of gate.json, gate.md and junit.xml
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// File of earlier checks, to which this one is added
    #[arg(long, value_name = "FILE.jsonl")]
    pub(super) history: Option<PathBuf>,
    /// Name of the candidate in the files, such as a commit
    #[arg(long, value_name = "NAME")]
    pub(super) label: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KeepArgs {
    /// Metrics and margins
    #[arg(long, value_name = "GATE.toml")]
    pub(super) gate: PathBuf,
    #[command(flatten)]
    pub(super) source: Source,
    /// Output table: .csv, .tsv, .jsonl or .parquet
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) overwrite: Overwrite,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(super) tables: Tables,
    /// Tables of a run of an earlier candidate; without one, runs of the baseline stand for it
    #[arg(long, value_name = "FILE[,FILE]")]
    pub(super) candidate: Vec<RunFiles>,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// File of earlier checks
    #[arg(value_name = "FILE.jsonl")]
    pub(super) history: PathBuf,
    /// Number of checks to draw, the latest ones
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(super) last: usize,
    /// Output directory of the figures
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// Parses `--map`; empty if it is not given.
fn score_map(text: &str) -> Result<ScoreMap, String> {
    if text.is_empty() { Ok(ScoreMap::default()) } else { text.parse() }
}
