//! See `mynah-listen --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(eval::listen::Args::parse().run(), eval::remedy)
}
