//! The command line of `mynah-listen export`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::served_args::web_address;

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    /// Plan of the test
    #[arg(value_name = "PLAN.toml")]
    pub(crate) plan: PathBuf,
    /// Bundle of the test, with its key next to it
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
    /// Tool that is to run the test
    #[arg(long, value_enum)]
    pub(crate) to: Tool,
    /// Output directory; must not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Address: of webMUSHRA, for the list of links; of the bundle's clips, for P.808, which needs it
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) url: Option<String>,
    /// Language of webMUSHRA's pages: `en`, `de` or a file of strings
    #[arg(long, value_name = "NAME|FILE", default_value = "en")]
    pub(crate) language: String,
}

/// A tool for listening tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// webMUSHRA: a configuration for each rater, and the clips
    Webmushra,
    /// The P.808 toolkit for Mechanical Turk: lists of clips, and settings
    P808,
}
