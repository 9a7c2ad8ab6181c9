//! See `mynah-score --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(mynah_eval::score::Args::parse().run(), mynah_eval::remedy)
}
