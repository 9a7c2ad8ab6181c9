//! See `mynah-prepare --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(mynah_pipelines::prepare::Args::parse().run(), mynah_pipelines::remedy)
}
