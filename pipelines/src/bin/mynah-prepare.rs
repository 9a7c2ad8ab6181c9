//! See `mynah-prepare --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    pipelines::finish(pipelines::prepare::Args::parse().run())
}
