//! See `mynah-train --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    pipelines::finish(pipelines::train::Args::parse().run())
}
