//! See `mynah-listen --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(mynah_eval::listen::Args::parse().run(), mynah_eval::remedy)
}
