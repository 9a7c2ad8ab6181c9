//! The command line of the subcommands for tests that a server or a receiver holds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use mynah_cli::put;
use mynah_listening::Entry;
use mynah_study::Places;

use crate::files::Overwrite;

#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// Bundle of the test, with its key next to it
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
    /// Plan of the test
    #[arg(long, value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// File of participants and answers; made if it does not exist
    #[arg(long, value_name = "FILE.sqlite")]
    pub(crate) store: PathBuf,
    /// Address to listen on
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) address: SocketAddr,
    /// Way in which participants enter
    #[arg(long, value_enum, default_value_t = EntryArg::Code)]
    pub(crate) entry: EntryArg,
    #[command(flatten)]
    pub(crate) ending: EndingArgs,
    #[command(flatten)]
    pub(crate) places: PlacesArgs,
    /// Try out the study: these answers never enter the analysis
    #[arg(long)]
    pub(crate) pilot: bool,
    /// Language of the page: `en`, `de` or a file of strings
    #[arg(long, value_name = "NAME|FILE", default_value = "en")]
    pub(crate) language: String,
    /// Bonus of participants who are approved, for the list of payments
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) bonus: Option<f64>,
    /// Most people who may enter per minute from one address
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) joins_per_minute: u32,
    /// Trust the X-Forwarded-For header of a proxy in front
    #[arg(long)]
    pub(crate) behind_proxy: bool,
}

/// The end of a session.
#[derive(Debug, ClapArgs)]
pub(crate) struct EndingArgs {
    /// Code that is shown when all answers are stored
    #[arg(long, value_name = "CODE")]
    pub(crate) completion_code: Option<String>,
    /// Address that participants go back to when all answers are stored
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) redirect: Option<String>,
}

/// The places of a study.
#[derive(Debug, ClapArgs)]
pub(crate) struct PlacesArgs {
    /// Number of people who do each session
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    per_session: u32,
    /// Number of people beyond all places who may begin, since some of those at work will stop
    #[arg(long, value_name = "N", default_value_t = 0)]
    overbook: u32,
    /// Minutes after a participant's last answer before the place is given to somebody else
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    lease_minutes: u32,
}

impl PlacesArgs {
    /// Returns the places, of a pilot or of the study itself.
    pub(crate) fn places(&self, pilot: bool) -> Places {
        let lease_ms = i64::from(self.lease_minutes) * 60_000;
        Places { copies: self.per_session, overbook: self.overbook, lease_ms, pilot }
    }
}

/// The way in which participants enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntryArg {
    /// By a code from the list of links
    Code,
    /// From Prolific: `?PROLIFIC_PID=…&SESSION_ID=…`
    Prolific,
    /// From Mechanical Turk: `?workerId=…&assignmentId=…`
    Mturk,
    /// Anybody
    Open,
}

impl EntryArg {
    /// Returns what the page knows of it.
    pub(crate) fn entry(self) -> Entry {
        match self {
            Self::Code => Entry::Code,
            Self::Prolific => Entry::Prolific,
            Self::Mturk => Entry::Mturk,
            Self::Open => Entry::Open,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ProgressArgs {
    /// Plan of the test
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Answers of the served test
    #[arg(long, value_name = "FILE.sqlite")]
    pub(crate) store: PathBuf,
    /// Write the list of payments: .csv, .jsonl or .parquet
    #[arg(long, value_name = "FILE")]
    pub(crate) payments: Option<PathBuf>,
    /// Bonus of participants who are approved
    #[arg(long, value_name = "AMOUNT", requires = "payments")]
    pub(crate) bonus: Option<f64>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StringsArgs {
    /// Language: `en` or `de`
    #[arg(default_value = "en")]
    language: String,
}

impl StringsArgs {
    /// Prints the strings.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        put(&super::language::strings(&self.language)?.to_toml())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Accepts an address of the web.
pub(crate) fn web_address(text: &str) -> Result<String, String> {
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("an address begins with https:// or http://".to_owned())
    }
}
