//! See `mynah-listen --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    eval::finish(eval::listen::Args::parse().run())
}
