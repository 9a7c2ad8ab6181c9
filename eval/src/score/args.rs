//! The command line of `mynah-score`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand};

use super::expected::{Source, Split};
use super::{explain, list, protocol, run};
use crate::files::{Overwrite, check_table};
use crate::named::{NamedDirectory, check_names};

const RUN: &str = "\
Example:
  mynah-score run --reference LJSpeech --system vits=out/vits \\
      --system ours=out/ours --out scores.parquet";
const EXPLAIN: &str = "\
Example:
  mynah-score explain mcd";

/// Objective scores of wavs against recordings of the same sentences.
///
/// Scores find faults and compare checkpoints. They do not say how natural a voice sounds: for that, `mynah-listen`.
#[derive(Debug, Parser)]
#[command(name = "mynah-score", version)]
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
            Command::Run(args) => run::run(&args.settings()?),
            Command::Explain(args) => explain::run(&args.metric),
            Command::List => list::run(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score the wavs of one or more systems: a row for every system, sentence and metric.
    ///
    /// A row always has a status. What cannot be measured, since a wav is missing, broken, silent or truncated or the
    /// metric means nothing for it, is a row with the reason, and never a number. Wavs lie in `DIR/wavs/<sentence>.wav`
    /// or `DIR/<sentence>.wav`; they may be FLAC.
    #[command(after_help = RUN)]
    Run(RunArgs),
    /// Print what a metric measures: formula, parameters, oracle, known faults.
    #[command(after_help = EXPLAIN)]
    Explain(ExplainArgs),
    /// List the metrics with their units and profiles.
    List,
}

#[derive(Debug, ClapArgs)]
struct RunArgs {
    /// The recordings
    #[arg(long, value_name = "DIR")]
    reference: PathBuf,
    /// A system; give it once for each
    #[arg(long = "system", value_name = "NAME=DIR", required = true)]
    systems: Vec<NamedDirectory>,
    /// Where the scores go: .parquet, .csv or .jsonl
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The sentences that every system must have: one a line, or a table with a column `id`; without it and `--data`,
    /// those of the systems' `synthesis.jsonl`, or all recordings where a system has none
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    items: Option<PathBuf>,
    /// A dataset, a split of which is what every system must have
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Which split of the dataset
    #[arg(long, value_enum, default_value_t = Split::Test, requires = "data")]
    split: Split,
    /// A TOML file that names the metrics; without it, all of them (see eval/protocols/objective.toml)
    #[arg(long, value_name = "FILE")]
    protocol: Option<PathBuf>,
    /// How many threads work; the scores do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Exit with 1 when any row has no value
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    overwrite: Overwrite,
}

impl RunArgs {
    fn settings(self) -> anyhow::Result<run::Settings> {
        check_names(&self.systems)?;
        check_table(&self.out)?;
        self.overwrite.check_free(&self.out)?;
        Ok(run::Settings {
            reference: self.reference,
            systems: self.systems,
            out: self.out,
            items: match (self.items, self.data) {
                (Some(list), _) => Source::List(list),
                (None, Some(dataset)) => Source::Split(dataset, self.split),
                (None, None) => Source::Found,
            },
            protocol: protocol::read(self.protocol.as_deref())?,
            threads: self.threads.map_or(0, usize::from),
            strict: self.strict,
        })
    }
}

#[derive(Debug, ClapArgs)]
struct ExplainArgs {
    /// The metric's name
    metric: String,
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
