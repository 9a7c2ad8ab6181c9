//! See `mynah-summarize --help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    eval::finish(eval::summarize::Args::parse().run())
}
