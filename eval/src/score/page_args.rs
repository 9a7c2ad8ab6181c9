//! The command line of `mynah-score page`.

use std::path::PathBuf;

use clap::Args;

use super::page::Settings;
use crate::files::Overwrite;
use crate::named::{NamedDirectory, check_names};

/// Examples of the subcommand.
pub(super) const EXAMPLE: &str = "\
Examples:
  mynah-score page --scores scores.parquet --reference LJSpeech --system vits=out/vits \\
      --system ours=out/ours --text LJSpeech/metadata.csv --out page
  mynah-score page --scores scores.parquet --no-sound --out page";

#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// Table from `mynah-score run`; may be repeated
    #[arg(long, value_name = "FILE", required = true)]
    scores: Vec<PathBuf>,
    /// Recordings to hear beside the systems
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// Wavs of a system of the scores; repeated for each
    #[arg(long = "system", value_name = "NAME=DIR", required_unless_present = "silent")]
    systems: Vec<NamedDirectory>,
    /// Make a page without sounds and spectrograms
    #[arg(long = "no-sound", conflicts_with_all = ["systems", "reference", "text"])]
    silent: bool,
    /// Texts that were to be read: a table, Kaldi's `text` or `metadata.csv` (default: those of `synthesis.jsonl`)
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Metric that ranks items; may be repeated (default: all that say which way they are better)
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Number of items in each list: for each system those that failed, the worst and the contradictory, and those beyond
    /// each limit of health
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    worst: u16,
    /// Heading of the page
    #[arg(long, default_value = "Scores")]
    title: String,
    /// Output directory of the page
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: Overwrite,
}

impl PageArgs {
    pub(super) fn settings(self) -> anyhow::Result<Settings> {
        check_names(&self.systems)?;
        self.overwrite.check_free(&self.out.join(super::page::PAGE))?;
        Ok(Settings {
            scores: self.scores,
            reference: self.reference,
            systems: self.systems,
            silent: self.silent,
            text: self.text,
            metrics: self.metrics,
            n_items: usize::from(self.worst),
            title: self.title,
            out: self.out,
        })
    }
}
