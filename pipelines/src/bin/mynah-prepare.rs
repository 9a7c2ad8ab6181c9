//! See `mynah-prepare --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(pipelines::prepare::Args::parse().run(), pipelines::remedy)
}
