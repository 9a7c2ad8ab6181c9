//! The command line of `mynah-listen`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_cli::{Completions, ManPages, say};
use mynah_listening::{Attendance, Edges, Paradigm, Rating, estimate_components};
use mynah_stats::power::Components;
use mynah_table::read_table;

use super::export_args::ExportArgs;
use super::served_args::{
    EndingArgs, EntryArg, PlacesArgs, ProgressArgs, ServeArgs, StringsArgs, web_address,
};
use super::{anchor, audit, build, collect, export, plan, progress, serve, simulate};
use crate::files::Overwrite;
use crate::named::NamedDirectory;

/// The steps of a test.
const CHAIN: &str = "\
Example:
  mynah-listen plan --protocol cmos --reference recordings=LJSpeech \\
      --system voice=out/voice --out PLAN.toml
  mynah-listen build PLAN.toml --out BUNDLE
  mynah-listen collect PLAN.toml ratings-*.json --out ratings.parquet
  mynah-summarize verdict --plan PLAN.toml --ratings ratings.parquet --out REPORT";
const PLAN: &str = "\
Examples:
  mynah-listen plan --protocol cmos --reference recordings=LJSpeech \\
      --system voice=out/voice --out PLAN.toml
  mynah-listen plan --protocol ab --system old=out/old --system new=out/new --out PLAN.toml";
const ANCHOR: &str = "\
Examples:
  mynah-listen anchor LJSpeech --items test.txt --out out/noisy
  mynah-listen plan --protocol cmos --reference recordings=LJSpeech \\
      --system voice=out/voice --anchor noisy=out/noisy --out PLAN.toml
  mynah-listen anchor LJSpeech --items test.txt --low-pass 3500 --out out/low";
const BUILD: &str = "\
Example:
  mynah-listen build PLAN.toml --out BUNDLE
Then upload BUNDLE to any web host and send each rater a link of BUNDLE.links.html.";
const AUDIT: &str = "\
Example:
  mynah-listen audit PLAN.toml BUNDLE";
const SERVE: &str = "\
Examples:
  mynah-listen serve BUNDLE --plan PLAN.toml --store answers.sqlite
  mynah-listen serve BUNDLE --plan PLAN.toml --store answers.sqlite --entry prolific \\
      --completion-code C1A2B3 --redirect 'https://app.prolific.com/submissions/complete?cc=C1A2B3'";
const PROGRESS: &str = "\
Example:
  mynah-listen progress PLAN.toml --store answers.sqlite --payments payments.csv";
const EXPORT: &str = "\
Examples:
  mynah-listen export PLAN.toml --bundle BUNDLE --to webmushra --out first-look \\
      --url https://example.org/webMUSHRA/
  mynah-listen export PLAN.toml --bundle BUNDLE --to p808 --out p808 \\
      --url https://example.org/clips";
const COLLECT: &str = "\
Examples:
  mynah-listen collect PLAN.toml ratings-*.json --out ratings.parquet
  mynah-listen collect PLAN.toml --store answers.sqlite --out ratings.parquet
  mynah-listen collect PLAN.toml results/first-look/lss.csv --out ratings.parquet";
const SIMULATE: &str = "\
Examples:
  mynah-listen simulate PLAN.toml --true-difference voice=-0.2 --out simulated.csv
  mynah-listen simulate PLAN.toml --true-difference voice=-0.2 --studies 2000
  mynah-listen simulate PLAN.toml --studies 2000 --components-from earlier-ratings.csv --out rates.csv";
const COMPLETIONS: &str = "\
Example:
  mynah-listen completions bash > ~/.local/share/bash-completion/completions/mynah-listen";
const MAN: &str = "\
Example:
  mynah-listen man --out ~/.local/share/man/man1";

/// Plan and run listening tests.
///
/// A test has four steps, each of which writes a file for the next: `plan` decides who hears what, `build` makes the
/// web page for the raters, `collect` gathers their answers in a table, and `mynah-summarize verdict` analyzes them.
#[derive(Debug, Parser)]
#[command(name = "mynah-listen", version, after_help = CHAIN)]
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
            Command::Plan(args) => plan::run(&args.settings()?),
            Command::Anchor(args) => anchor::run(&args),
            Command::Build(args) => build::run(&args),
            Command::Serve(args) => serve::run(args),
            Command::Progress(args) => progress::run(&args),
            Command::Strings(args) => args.run(),
            Command::Audit(args) => audit::run(&args),
            Command::Export(args) => export::run(&args),
            Command::Collect(args) => collect::run(&args),
            Command::Simulate(args) => simulate::run(&args),
            Command::Completions(args) => args.run::<Self>(),
            Command::Man(args) => args.run::<Self>(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide who hears what in which order, and print the power of the test.
    ///
    /// The plan holds everything decided before the test: the protocol with its analysis, the sentences, and the
    /// order of every rater. Its design is a hash of all that, and later steps reject ratings of any other design. A
    /// plan is not overwritten by one of another design, since the answers collected for it would become meaningless.
    #[command(after_help = PLAN)]
    Plan(PlanArgs),
    /// Make an anchor: recordings with speech-modulated noise (ITU-T P.810 MNRU, full-band), or low-pass filtered.
    ///
    /// MUSHRA (BS.1534) has two low-pass anchors, 3500 and 7000 Hz. A test that finds its anchor worse than the recordings has shown that it can detect a difference; without one,
    /// no verdict claims human level. The points lost at a given ratio have to be found by listening.
    #[command(after_help = ANCHOR)]
    Anchor(AnchorArgs),
    /// Build the web page for the raters, with its clips.
    ///
    /// The bundle needs no server: its index.html opens from file:// or any web host. Clips have opaque names, which
    /// only the key resolves. It is written next to the bundle: keep it to yourself. All clips get the same loudness and
    /// the same silence around the speech; other properties that give a system away are printed.
    #[command(after_help = BUILD)]
    Build(BuildArgs),
    /// Serve a test to strangers: from Prolific, Mechanical Turk or a list of links.
    ///
    /// Every participant gets the least filled session on a lease. An answer is acknowledged once it is on the disk, and
    /// whoever stops is replaced. Answers are in one database file, which `collect` and `progress` read at any time. For the
    /// internet, put it behind a proxy that adds TLS.
    #[command(after_help = SERVE)]
    Serve(ServeArgs),
    /// Print the state of a served test: its raters, their pace and faults, and how far the design is filled.
    #[command(after_help = PROGRESS)]
    Progress(ProgressArgs),
    /// Print the page's own words in English, to be translated.
    Strings(StringsArgs),
    /// Print what tells the systems of a bundle apart, besides the speech.
    ///
    /// `build` prints the same. Silence around the speech, length, level, noise floor and bandwidth of all systems are
    /// compared with those of the reference, sentence by sentence, and identical files are named.
    #[command(after_help = AUDIT)]
    Audit(AuditArgs),
    /// Write a test for webMUSHRA or the P.808 toolkit.
    ///
    /// They play the clips of the bundle under its opaque names. webMUSHRA gets a configuration for each rater, with the
    /// planned clips in the planned order, and `collect` reads its results. The P.808 toolkit deals out clips by itself, and
    /// `mynah-summarize verdict --key` reads its answers. What they cannot do is printed.
    #[command(after_help = EXPORT)]
    Export(ExportArgs),
    /// Collect the raters' files into one table of ratings.
    ///
    /// Every file is checked against the plan. Problems are reported and make the exit status 1; valid answers are
    /// still written. Files of the same rater are merged; if a page has two answers, the later one counts and is
    /// reported. An existing table is replaced if the new one has all its ratings.
    #[command(after_help = COLLECT)]
    Collect(CollectArgs),
    /// Simulate ratings, to try out a plan and all later steps.
    ///
    /// Simulated ratings are marked as such in the table and in everything made from it. With --studies, the whole
    /// test is rehearsed N times and the conclusions of its analysis are counted: false positives where the true
    /// difference is 0, power elsewhere, and the coverage of the intervals.
    #[command(after_help = SIMULATE)]
    Simulate(SimulateArgs),
    /// Print completions for a shell.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write man pages.
    #[command(after_help = MAN)]
    Man(ManPages),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PlanArgs {
    /// Protocol: `cmos`, `mos`, `ab`, `dmos`, `similarity`, `abx`, `mushra` or a TOML file (see eval/protocols)
    #[arg(long, value_name = "NAME|FILE")]
    protocol: String,
    /// Reference of the comparison, usually the recordings; wavs are in DIR/wavs or DIR. Optional for MOS and AB
    #[arg(long, value_name = "NAME=DIR")]
    reference: Option<NamedDirectory>,
    /// System under test; may be repeated
    #[arg(long = "system", value_name = "NAME=DIR", required = true)]
    systems: Vec<NamedDirectory>,
    /// System known to be worse than the reference, such as an early checkpoint; may be repeated
    #[arg(long = "anchor", value_name = "NAME=DIR", requires = "reference")]
    anchors: Vec<NamedDirectory>,
    /// Output file
    #[arg(long, value_name = "PLAN.toml")]
    out: PathBuf,
    /// Name of the study: letters, digits, `-`, `_` and `.`
    #[arg(long, default_value = "study")]
    study: String,
    /// Seed of all random choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sentences to choose from, one per line (default: those of the systems under test)
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Skip sentences that a system lacks instead of failing
    #[arg(long)]
    allow_missing: bool,
    /// Accept clips of several channels or different sample rates, which `build --resample` makes equal
    #[arg(long)]
    resample: bool,
    /// Pay of a rater per hour, in any currency, to print what the test costs
    #[arg(long, value_name = "X", value_parser = pay)]
    pay_per_hour: Option<f64>,
    #[command(flatten)]
    overwrite: Overwrite,
    #[command(flatten)]
    components: ComponentArgs,
}

impl PlanArgs {
    fn settings(self) -> anyhow::Result<plan::Settings> {
        let (protocol, controls_directory) = plan::read_protocol(&self.protocol)?;
        Ok(plan::Settings {
            controls_directory,
            reference: self.reference,
            systems: self.systems,
            anchors: self.anchors,
            out: self.out,
            study: self.study,
            seed: self.seed,
            items: self.items,
            allow_missing: self.allow_missing,
            resample: self.resample,
            pay_per_hour: self.pay_per_hour,
            overwrite: self.overwrite,
            components: self.components.components(protocol.paradigm)?,
            protocol,
        })
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AnchorArgs {
    /// Recordings; wavs are in DIR/wavs or DIR
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// Output directory; the anchor's wavs go into DIR/wavs
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Speech-to-noise ratio; lower sounds worse
    #[arg(long, value_name = "DB", default_value_t = 20.0)]
    pub(crate) q: f64,
    /// Low-pass filter instead of noise: the highest frequency that is kept, 3500 or 7000 in BS.1534
    #[arg(long, value_name = "HZ", conflicts_with_all = ["q", "seed"])]
    pub(crate) low_pass: Option<f64>,
    /// Sentences, one per line (default: all recordings)
    #[arg(long, value_name = "FILE")]
    pub(crate) items: Option<PathBuf>,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    /// Plan of the test
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Output directory; must not exist
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) out: PathBuf,
    /// Language of the page: `en`, `de` or a file of strings
    #[arg(long, value_name = "NAME|FILE", default_value = "en")]
    pub(crate) language: String,
    /// Address at which the page will be found, for the list of links
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) url: Option<String>,
    /// Add a receiver for web space with PHP, api.php, by which participants enter in this way
    #[arg(long, value_name = "ENTRY", value_enum)]
    pub(crate) php: Option<EntryArg>,
    #[command(flatten)]
    pub(crate) ending: EndingArgs,
    #[command(flatten)]
    pub(crate) places: PlacesArgs,
    /// Bring clips to mono and to the lowest sample rate of all systems
    #[arg(long)]
    pub(crate) resample: bool,
    /// Silence before and after the speech
    #[arg(long, value_enum, default_value_t)]
    pub(crate) edges: EdgesChoice,
    /// Overwrite the key of an earlier bundle of this name
    #[arg(long)]
    pub(crate) force: bool,
}

/// Treatment of the silence before and after the speech.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum EdgesChoice {
    /// Bring it to 100 ms before and 200 ms after the speech in all clips
    #[default]
    Trim,
    /// Leave it, and report the differences
    Keep,
}

impl From<EdgesChoice> for Edges {
    fn from(choice: EdgesChoice) -> Self {
        match choice {
            EdgesChoice::Trim => Self::Trim,
            EdgesChoice::Keep => Self::Keep,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AuditArgs {
    /// Plan of the test
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Bundle, with its key next to it
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CollectArgs {
    /// Plan of the test
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Answer files from the raters, or webMUSHRA's results of the exported test
    #[arg(value_name = "FILES", required_unless_present = "store")]
    pub(crate) files: Vec<PathBuf>,
    /// Answers of a served test
    #[arg(long, value_name = "FILE.sqlite", conflicts_with = "files")]
    pub(crate) store: Option<PathBuf>,
    /// Key of the bundle: reads hand-back codes, and checks the sound that answers name
    #[arg(long, value_name = "BUNDLE.key.json")]
    pub(crate) key: Option<PathBuf>,
    /// Collect the answers of the pilot instead, which are otherwise left out
    #[arg(long, requires = "store")]
    pub(crate) pilot: bool,
    /// Output table of ratings: .parquet, .csv or .jsonl
    #[arg(long, value_name = "RATINGS")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SimulateArgs {
    /// Plan of the test
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Output table of ratings, or of rates with --studies: .parquet, .csv or .jsonl
    #[arg(long, value_name = "FILE", required_unless_present = "studies")]
    pub(crate) out: Option<PathBuf>,
    /// Rehearse the test N times and print the rate of each outcome
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) studies: Option<u64>,
    /// True difference of a system from the reference, in points (default: 0, or -1 for an anchor, -30 in MUSHRA). AB: in
    /// points of the comparison whose sign is the vote. ABX: share of right answers less 0.5 (default: 0, or 0.35 for an anchor)
    #[arg(long, value_name = "NAME=X", value_parser = true_difference)]
    pub(crate) true_difference: Vec<(String, f64)>,
    /// True mean of the reference in a test of MOS, DMOS, similarity or MUSHRA (default: 4.5, or 90)
    #[arg(long, value_name = "X")]
    pub(crate) mos_level: Option<f64>,
    /// Share of right answers to gold trials and traps
    #[arg(long, value_name = "X", default_value_t = 0.95)]
    pub(crate) right_controls: f64,
    /// Share of raters who click at random
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub(crate) careless: f64,
    /// Seed of the simulation
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    #[command(flatten)]
    pub(crate) components: ComponentArgs,
    #[command(flatten)]
    pub(crate) attendance: AttendanceArgs,
}

/// Attendance of the raters: complete by default.
#[derive(Debug, ClapArgs)]
pub(crate) struct AttendanceArgs {
    /// Let all raters except the first --steady ones stop after this number of trials, in MUSHRA of pages
    #[arg(long, value_name = "TRIALS", requires = "steady", conflicts_with = "crowd")]
    quit_after: Option<usize>,
    /// Number of raters who complete every trial
    #[arg(long, value_name = "N", requires = "quit_after")]
    steady: Option<usize>,
    /// Let the k-th rater do a share of 1/k^X, as in open crowds, where X is 1 to 2
    #[arg(long, value_name = "X")]
    crowd: Option<f64>,
}

impl AttendanceArgs {
    /// Returns the attendance to simulate.
    pub(crate) fn attendance(&self) -> Attendance {
        match (self.quit_after, self.steady, self.crowd) {
            (Some(trials), Some(steady), _) => Attendance::Quitters { steady, trials },
            (_, _, Some(exponent)) => Attendance::Crowd { exponent },
            _ => Attendance::Complete,
        }
    }
}

/// Variation of ratings: assumed, or estimated from an earlier test, since it is unknown before this one.
#[derive(Debug, ClapArgs)]
pub(crate) struct ComponentArgs {
    /// Standard deviation between sentences, in points of the scale (default: 0.3, or 6 in MUSHRA)
    #[arg(long, value_name = "X")]
    item_sd: Option<f64>,
    /// Standard deviation between raters (default: 0.3, or 10)
    #[arg(long, value_name = "X")]
    rater_sd: Option<f64>,
    /// Standard deviation of single ratings (default: 1, or 12)
    #[arg(long, value_name = "X")]
    residual_sd: Option<f64>,
    /// Estimate all three from the ratings of an earlier test: .parquet, .csv or .jsonl
    #[arg(long, value_name = "RATINGS", conflicts_with_all = ["item_sd", "rater_sd", "residual_sd"])]
    components_from: Option<PathBuf>,
}

impl ComponentArgs {
    /// Returns the given components, or those estimated from the given ratings; those usual in the paradigm where nothing is
    /// given.
    pub(crate) fn components(&self, paradigm: Paradigm) -> anyhow::Result<Components> {
        let Some(path) = &self.components_from else {
            let usual = paradigm.rules().typical().components;
            return Ok(Components {
                item_sd: self.item_sd.unwrap_or(usual.item_sd),
                rater_sd: self.rater_sd.unwrap_or(usual.rater_sd),
                residual_sd: self.residual_sd.unwrap_or(usual.residual_sd),
            });
        };
        let ratings: Vec<Rating> =
            read_table(path).with_context(|| format!("failed to read ratings `{}`", path.display()))?;
        let components = estimate_components(&ratings).with_context(|| {
            format!("failed to estimate the variation of ratings from `{}`", path.display())
        })?;
        say(&format!(
            "standard deviations from `{}`: {:.2} between sentences, {:.2} between raters, {:.2} of single ratings",
            path.display(),
            components.item_sd,
            components.rater_sd,
            components.residual_sd
        ));
        Ok(components)
    }
}

/// Parses an amount of money.
fn pay(text: &str) -> Result<f64, String> {
    let value = text.trim().parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0);
    value.ok_or_else(|| format!("`{text}` is not a number above 0"))
}

/// Parses `NAME=X`.
fn true_difference(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("`{text}` does not have the form NAME=X, as in voice=-0.2");
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
    fn declares_consistent_arguments() {
        Args::command().debug_assert();
    }

    #[test]
    fn parses_a_true_difference() {
        assert_eq!(true_difference("a=-0.25"), Ok(("a".to_owned(), -0.25)));
        for wrong in ["a", "=1", "a=", "a=x", "a=NaN", "a=inf"] {
            assert!(true_difference(wrong).is_err(), "{wrong}");
        }
    }
}
