//! See `mynah-score --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    eval::finish(eval::score::Args::parse().run())
}
