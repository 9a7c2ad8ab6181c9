//! The command line of `mynah-score`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand};
use mynah_cli::{Advised, Completions, ManPages};

use super::embeddings::{EmbeddingFiles, RECORDINGS};
use super::expected::{Source, Split};
use super::outside::Transcripts;
use super::page_args::PageArgs;
use super::{explain, list, page, page_args, protocol, run};
use crate::files::{Overwrite, check_table};
use crate::named::{NamedDirectory, check_names};

const RUN: &str = "\
Example:
  mynah-score run --reference LJSpeech --system vits=out/vits \\
      --system ours=out/ours --out scores.parquet
  mynah-score run --system ours=out/ours --transcripts ours=whisper.jsonl \\
      --text LJSpeech/metadata.csv --items test.txt --out words.parquet
  mynah-score run --system ours=out/ours --embeddings ours=emb/ours \\
      --embeddings reference=emb/LJSpeech --items test.txt --out likeness.csv";
const EXPLAIN: &str = "\
Example:
  mynah-score explain mcd";
const COMPLETIONS: &str = "\
Example:
  mynah-score completions bash > ~/.local/share/bash-completion/completions/mynah-score";
const MAN: &str = "\
Example:
  mynah-score man --out ~/.local/share/man/man1";

/// Score wavs, most of all against recordings of the same sentences.
///
/// Objective scores find faults and compare checkpoints. They do not measure naturalness: for that, use `mynah-listen`.
#[derive(Debug, Parser)]
#[command(name = "mynah-score", version)]
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
            Command::Run(args) => run::run(&(*args).settings()?),
            Command::Page(args) => page::run(&args.settings()?),
            Command::Explain(args) => explain::run(&args.metric),
            Command::List => list::run(),
            Command::Completions(args) => args.run::<Self>(),
            Command::Man(args) => args.run::<Self>(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score the wavs of one or more systems: one row per system, sentence and metric.
    ///
    /// Every row has a status. If a wav is missing, broken, silent or truncated, or the metric is undefined for it,
    /// the row has the reason instead of a number. Wavs are in `DIR/wavs/<sentence>.wav` or `DIR/<sentence>.wav`;
    /// FLAC works too.
    #[command(after_help = RUN)]
    Run(Box<RunArgs>),
    /// Write a page on scores: what fails, how the values spread, and the items to hear.
    ///
    /// Writes OUT/index.html, which opens from file:// and has no scripts, with the sounds in OUT/audio. It lists the items that
    /// failed, those that most metrics call bad, those about which metrics contradict each other, and those beyond a limit
    /// of health, each with its recording, spectrograms and values.
    #[command(after_help = page_args::EXAMPLE)]
    Page(PageArgs),
    /// Explain a metric: formula, unit, parameters, oracle, known faults.
    #[command(after_help = EXPLAIN)]
    Explain(ExplainArgs),
    /// List the metrics with their units and profiles.
    List,
    /// Print completions for a shell.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write man pages.
    #[command(after_help = MAN)]
    Man(ManPages),
}

#[derive(Debug, ClapArgs)]
struct RunArgs {
    /// Recordings to score against (default: none, and only what needs none is scored)
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// System to score; may be repeated
    #[arg(long = "system", value_name = "NAME=DIR", required = true)]
    systems: Vec<NamedDirectory>,
    /// Output table of scores: .parquet, .csv or .jsonl
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Sentences expected of every system: one per line, or a table with a column `id` (default: those of the systems'
    /// `synthesis.jsonl`, or all recordings if a system has none)
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    items: Option<PathBuf>,
    /// Dataset with the sentences expected of every system
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Split of the dataset
    #[arg(long, value_enum, default_value_t = Split::Test, requires = "data")]
    split: Split,
    /// Transcripts of a system's wavs, for error rates: a table, Kaldi's `text` or a result of seed-tts-eval; may be repeated
    #[arg(long, value_name = "NAME=FILE")]
    transcripts: Vec<NamedDirectory>,
    /// Embeddings of a system's wavs by any model, and as `reference` those of the recordings, for cosine similarities: a folder with
    /// ITEM.npy, or JSON Lines with `item` and `embedding`; may be repeated
    #[arg(long, value_name = "NAME=FILE|DIR")]
    embeddings: Vec<NamedDirectory>,
    /// Speakers of the recordings with embeddings: a table, or lines of an item and its speaker (default: those of the embeddings' file
    /// or of --data)
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    speakers: Option<PathBuf>,
    /// Recordings that the embeddings are compared with, where they are not those of the same sentence, such as prompts: a table, or
    /// lines of an item and a recording
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    targets: Option<PathBuf>,
    /// Texts that were to be read: a table, Kaldi's `text` or `metadata.csv` (default: those of --data, or of
    /// `synthesis.jsonl`)
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// TOML file that selects the metrics (default: those of eval/protocols/objective.toml; without recordings, those of
    /// eval/protocols/health.toml)
    #[arg(long, value_name = "FILE")]
    protocol: Option<PathBuf>,
    /// Take the wavs for copies of the recordings, sample by sample, as codecs and vocoders make them: metrics of copies then have a
    /// value whatever the signals
    #[arg(long, requires = "reference")]
    assume_aligned: bool,
    /// Number of threads; does not affect the scores (default: one per core)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Exit with status 1 if any row has no value
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    overwrite: Overwrite,
}

impl RunArgs {
    fn settings(self) -> anyhow::Result<run::Settings> {
        check_names(&self.systems)?;
        check_names(&self.transcripts)?;
        check_table(&self.out)?;
        let unknown = |file: &&NamedDirectory| self.systems.iter().all(|system| system.name != file.name);
        if let Some(file) = self.transcripts.iter().find(unknown) {
            let message = format!("--transcripts names `{}`, which is no system", file.name);
            return Err(Advised::new(message, "use a name that --system gives").into());
        }
        let mut protocol = protocol::read(self.protocol.as_deref(), self.reference.is_some())?;
        check_embeddings(&self.embeddings, &self.systems)?;
        let has_files = !self.transcripts.is_empty() || !self.embeddings.is_empty();
        if self.protocol.is_none() && has_files && self.reference.is_none() {
            // Whoever has transcripts or embeddings only asks for what comes from them.
            protocol.metrics.clear();
        }
        let transcripts = self.transcripts.into_iter();
        let settings = run::Settings {
            reference: self.reference,
            systems: self.systems,
            out: self.out,
            items: match (self.items, self.data) {
                (Some(list), _) => Source::List(list),
                (None, Some(dataset)) => Source::Split(dataset, self.split),
                (None, None) => Source::Found,
            },
            protocol,
            threads: self.threads.map_or(0, usize::from),
            strict: self.strict,
            assume_aligned: self.assume_aligned,
            text: self.text,
            embeddings: EmbeddingFiles {
                embeddings: self.embeddings,
                speakers: self.speakers,
                targets: self.targets,
            },
            transcripts: transcripts
                .map(|file| Transcripts { system: file.name, path: file.directory })
                .collect(),
        };
        self.overwrite.check_free(&settings.out)?;
        for path in settings.others() {
            self.overwrite.check_free(&path)?;
        }
        Ok(settings)
    }
}

/// Rejects embeddings of unknown systems, or without those of the recordings.
fn check_embeddings(embeddings: &[NamedDirectory], systems: &[NamedDirectory]) -> anyhow::Result<()> {
    check_names(embeddings)?;
    let has = |named: &[NamedDirectory], name: &str| named.iter().any(|other| other.name == name);
    if embeddings.is_empty() {
        return Ok(());
    }
    if has(systems, RECORDINGS) {
        let message =
            format!("`{RECORDINGS}` is the name of the recordings' embeddings, but a system has it");
        return Err(Advised::new(message, "give the system another name").into());
    }
    let unknown = |file: &&NamedDirectory| file.name != RECORDINGS && !has(systems, &file.name);
    if let Some(file) = embeddings.iter().find(unknown) {
        let message = format!("--embeddings names `{}`, which is no system", file.name);
        return Err(
            Advised::new(message, format!("use a name that --system gives, or `{RECORDINGS}`")).into()
        );
    }
    if !has(embeddings, RECORDINGS) {
        let remedy = format!("name them too, with --embeddings {RECORDINGS}=FILE");
        return Err(Advised::new("there are no embeddings of the recordings to compare with", remedy).into());
    }
    Ok(())
}

#[derive(Debug, ClapArgs)]
struct ExplainArgs {
    /// Name of the metric
    metric: String,
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
