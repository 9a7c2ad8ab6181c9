//! See `mynah-train --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(mynah_pipelines::train::Args::parse().run(), mynah_pipelines::remedy)
}
