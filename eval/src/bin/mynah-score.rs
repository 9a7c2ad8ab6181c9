//! See `mynah-score --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(eval::score::Args::parse().run(), eval::remedy)
}
