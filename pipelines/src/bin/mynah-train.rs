//! See `mynah-train --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(pipelines::train::Args::parse().run(), pipelines::remedy)
}
