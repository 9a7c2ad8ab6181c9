//! See `mynah-synthesize --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    mynah_cli::finish(mynah_pipelines::synthesize::Args::parse().run(), mynah_pipelines::remedy)
}
