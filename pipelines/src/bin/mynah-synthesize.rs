//! See `mynah-synthesize --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    pipelines::finish(pipelines::synthesize::Args::parse().run())
}
