//! See `mynah-synthesize --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(pipelines::synthesize::Args::parse().run(), pipelines::remedy)
}
