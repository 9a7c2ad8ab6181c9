//! See `mynah-summarize --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(mynah_eval::summarize::Args::parse().run(), mynah_eval::remedy)
}
