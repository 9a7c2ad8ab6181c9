//! The command line of `mynah-listen`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args as ClapArgs, Parser, Subcommand};
use mynah_listening::{Attendance, Rating, estimate_components};
use mynah_stats::power::Components;
use mynah_table::read_table;

use super::{anchor, build, collect, plan, simulate};
use crate::files::Overwrite;
use crate::named::NamedDirectory;
use crate::program::say;

/// The four steps, for `--help`.
const CHAIN: &str = "\
Example:
  mynah-listen plan --protocol cmos --reference recordings=LJSpeech \\
      --system voice=out/voice --out PLAN.toml
  mynah-listen build PLAN.toml --out BUNDLE
  mynah-listen collect PLAN.toml ratings-*.json --out ratings.parquet
  mynah-summarize verdict --plan PLAN.toml --ratings ratings.parquet --out REPORT";
const PLAN: &str = "\
Example:
  mynah-listen plan --protocol cmos --reference recordings=LJSpeech \\
      --system voice=out/voice --out PLAN.toml";
const ANCHOR: &str = "\
Example:
  mynah-listen anchor LJSpeech --items test.txt --out out/noisy
  mynah-listen plan --protocol cmos --reference recordings=LJSpeech \\
      --system voice=out/voice --anchor noisy=out/noisy --out PLAN.toml";
const BUILD: &str = "\
Example:
  mynah-listen build PLAN.toml --out BUNDLE
Then put BUNDLE on any web host and send every rater the address with ?rater=CODE.";
const COLLECT: &str = "\
Example:
  mynah-listen collect PLAN.toml ratings-*.json --out ratings.parquet";
const SIMULATE: &str = "\
Examples:
  mynah-listen simulate PLAN.toml --true-difference voice=-0.2 --out simulated.csv
  mynah-listen simulate PLAN.toml --true-difference voice=-0.2 --studies 2000
  mynah-listen simulate PLAN.toml --studies 2000 --components-from earlier-ratings.csv --out rates.csv";

/// Listening tests: anchor, plan, build, collect, simulate.
///
/// A test goes through four steps, and each leaves a file that the next one reads: `plan` decides who hears what,
/// `build` makes the web page for the raters, `collect` puts their answers into a table, and `mynah-summarize verdict`
/// judges.
#[derive(Debug, Parser)]
#[command(name = "mynah-listen", version, after_help = CHAIN)]
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
            Command::Plan(args) => plan::run(&args.settings()?),
            Command::Anchor(args) => anchor::run(&args),
            Command::Build(args) => build::run(&args),
            Command::Collect(args) => collect::run(&args),
            Command::Simulate(args) => simulate::run(&args),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide who hears what in which order, and see what it buys before anybody is paid.
    ///
    /// The plan holds everything that is decided before the test: the protocol with its analysis, the sentences, the
    /// order of every rater. Its design is a hash of all that; ratings of another design are refused later. A plan is not
    /// written over by one of another design: without it, answers that were given for it mean nothing.
    #[command(after_help = PLAN)]
    Plan(PlanArgs),
    /// Make an anchor: recordings with noise that follows the speech (ITU-T P.810, MNRU, over the whole band).
    ///
    /// A test that finds its anchor worse than the recordings has shown that it can find a difference; without one,
    /// no verdict speaks of human level. How many points a ratio costs has to be found by listening.
    #[command(after_help = ANCHOR)]
    Anchor(AnchorArgs),
    /// Make the web page that raters open, with its clips.
    ///
    /// The bundle needs no server: its index.html opens from file:// or any web host. Clips have names that say
    /// nothing; which is which stands in the key, which is written beside the bundle and stays with you.
    #[command(after_help = BUILD)]
    Build(BuildArgs),
    /// Put the files that raters sent into one table of ratings.
    ///
    /// Every file is checked against the plan. What is wrong is said, and makes the exit code 1; the good answers are
    /// written all the same. Files of one rater are merged: of two answers to a page the later one counts, which is said. A
    /// table that is there already is replaced when the new one has all its ratings.
    #[command(after_help = COLLECT)]
    Collect(CollectArgs),
    /// Draw ratings that nobody gave, to try out a plan and everything after it.
    ///
    /// They are marked as simulated in the table and in everything made from it. With --studies the whole test is
    /// rehearsed that often, and what its analysis would conclude is counted: false positives where the true difference
    /// is 0, power where it is not, and how often the intervals hold the truth.
    #[command(after_help = SIMULATE)]
    Simulate(SimulateArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PlanArgs {
    /// `cmos`, `mos`, or a TOML file of your own (see eval/protocols)
    #[arg(long, value_name = "NAME|FILE")]
    protocol: String,
    /// What the systems are compared with, usually the recordings; wavs lie in DIR/wavs or DIR
    #[arg(long, value_name = "NAME=DIR")]
    reference: Option<NamedDirectory>,
    /// A system under test; give it once for each
    #[arg(long = "system", value_name = "NAME=DIR", required = true)]
    systems: Vec<NamedDirectory>,
    /// A system that is known to be worse than the reference, such as an early checkpoint; give it once for each
    #[arg(long = "anchor", value_name = "NAME=DIR", requires = "reference")]
    anchors: Vec<NamedDirectory>,
    /// Where the plan goes
    #[arg(long, value_name = "PLAN.toml")]
    out: PathBuf,
    /// A name for the study: letters, digits, `-`, `_` and `.`
    #[arg(long, default_value = "study")]
    study: String,
    /// What every random choice is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sentences to choose from, one a line; without it, those of the systems under test
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Leave out the sentences that a system lacks; without it, they are named and nothing is planned
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    overwrite: Overwrite,
    #[command(flatten)]
    components: ComponentArgs,
}

impl PlanArgs {
    fn settings(self) -> anyhow::Result<plan::Settings> {
        Ok(plan::Settings {
            protocol: plan::read_protocol(&self.protocol)?,
            reference: self.reference,
            systems: self.systems,
            anchors: self.anchors,
            out: self.out,
            study: self.study,
            seed: self.seed,
            items: self.items,
            allow_missing: self.allow_missing,
            overwrite: self.overwrite,
            components: self.components.components()?,
        })
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AnchorArgs {
    /// The recordings; wavs lie in DIR/wavs or DIR
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// The directory that the anchor becomes, with its wavs in DIR/wavs
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// How many dB the noise is below the speech: fewer are worse
    #[arg(long, value_name = "DB", default_value_t = 20.0)]
    pub(crate) q: f64,
    /// The sentences, one a line; without it, all that there are
    #[arg(long, value_name = "FILE")]
    pub(crate) items: Option<PathBuf>,
    /// What the noise is drawn from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    /// The plan
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// The directory that the bundle becomes; it must not exist
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) out: PathBuf,
    /// Write over the key of another bundle that had this name
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CollectArgs {
    /// The plan
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// The files that raters sent
    #[arg(value_name = "FILES", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Where the ratings go: .parquet, .csv or .jsonl
    #[arg(long, value_name = "RATINGS")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SimulateArgs {
    /// The plan
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Where the ratings go, or with --studies the rates: .parquet, .csv or .jsonl
    #[arg(long, value_name = "FILE", required_unless_present = "studies")]
    pub(crate) out: Option<PathBuf>,
    /// Rehearse the test so many times, and print how often what comes of it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) studies: Option<u64>,
    /// The true difference of a system to the reference, in points; 0 for those not named, -1 for anchors
    #[arg(long, value_name = "NAME=X", value_parser = true_difference)]
    pub(crate) true_difference: Vec<(String, f64)>,
    /// MOS: the true mean of the reference
    #[arg(long, value_name = "X", default_value_t = 4.5)]
    pub(crate) mos_level: f64,
    /// What the numbers are drawn from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    #[command(flatten)]
    pub(crate) components: ComponentArgs,
    #[command(flatten)]
    pub(crate) attendance: AttendanceArgs,
}

/// How much of what was planned raters do: everything, unless it is said otherwise.
#[derive(Debug, ClapArgs)]
pub(crate) struct AttendanceArgs {
    /// All raters but the first --steady of them stop after so many trials
    #[arg(long, value_name = "TRIALS", requires = "steady", conflicts_with = "crowd")]
    quit_after: Option<usize>,
    /// So many raters do everything
    #[arg(long, value_name = "N", requires = "quit_after")]
    steady: Option<usize>,
    /// The k-th rater does the share 1/k^X, as in open crowds, where X is 1 to 2
    #[arg(long, value_name = "X")]
    crowd: Option<f64>,
}

impl AttendanceArgs {
    pub(crate) fn attendance(&self) -> Attendance {
        match (self.quit_after, self.steady, self.crowd) {
            (Some(trials), Some(steady), _) => Attendance::Quitters { steady, trials },
            (_, _, Some(exponent)) => Attendance::Crowd { exponent },
            _ => Attendance::Complete,
        }
    }
}

/// How much judgements vary: assumed, or estimated from an earlier test, since nobody knows it before this one.
#[derive(Debug, ClapArgs)]
pub(crate) struct ComponentArgs {
    /// Standard deviation between sentences, in points of the scale
    #[arg(long, value_name = "X", default_value_t = 0.3)]
    item_sd: f64,
    /// Standard deviation between raters
    #[arg(long, value_name = "X", default_value_t = 0.3)]
    rater_sd: f64,
    /// Standard deviation of single judgements
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    residual_sd: f64,
    /// Estimate the three from the ratings of an earlier test: .parquet, .csv or .jsonl
    #[arg(long, value_name = "RATINGS", conflicts_with_all = ["item_sd", "rater_sd", "residual_sd"])]
    components_from: Option<PathBuf>,
}

impl ComponentArgs {
    /// The components that were given, or those of the ratings that were named.
    pub(crate) fn components(&self) -> anyhow::Result<Components> {
        let Some(path) = &self.components_from else {
            let Self { item_sd, rater_sd, residual_sd, .. } = *self;
            return Ok(Components { item_sd, rater_sd, residual_sd });
        };
        let ratings: Vec<Rating> =
            read_table(path).with_context(|| format!("failed to read ratings `{}`", path.display()))?;
        let components = estimate_components(&ratings).with_context(|| {
            format!("failed to estimate the variation of judgements from `{}`", path.display())
        })?;
        say(&format!(
            "standard deviations by `{}`: {:.2} between sentences, {:.2} between raters, {:.2} of single judgements",
            path.display(),
            components.item_sd,
            components.rater_sd,
            components.residual_sd
        ));
        Ok(components)
    }
}

fn true_difference(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("`{text}` is not of the form NAME=X, such as voice=-0.2");
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let value: f64 = value.trim().parse().map_err(|_| wrong())?;
    if name.trim().is_empty() || !value.is_finite() {
        return Err(wrong());
    }
    Ok((name.trim().to_owned(), value))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_true_difference_is_a_name_and_a_number() {
        assert_eq!(true_difference("a=-0.25"), Ok(("a".to_owned(), -0.25)));
        for wrong in ["a", "=1", "a=", "a=x", "a=NaN", "a=inf"] {
            assert!(true_difference(wrong).is_err(), "{wrong}");
        }
    }
}
