//! Automation of the workspace: every task performed on the code.
//!
//! `cargo xtask demo` runs the whole pipeline on the bundled clips, `cargo xtask check` runs all checks of CI; `cargo
//! xtask help` lists the rest.

mod bench;
mod browser;
mod chain;
mod check;
mod conformance;
mod cuda;
mod demo;
mod dist;
mod golden;
mod layers;
mod licenses;
mod process;
mod publish;
mod readmes;
mod repeat;
mod settings;
mod slurm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Automation of the Mynah workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole pipeline on the bundled clips: from wavs to a verdict report, through the six programs.
    Demo(demo::Arguments),
    /// Runs all CI checks: format, lints, tests, documentation, layers, licenses.
    Check,
    /// Plays whole listening tests in real browsers (needs Chromium or Firefox with its driver).
    Browser(browser::Arguments),
    /// Checks the workspace against the dependency arrows and owners of docs/architecture.md.
    Layers,
    /// Checks the licenses of all dependencies against the accepted ones.
    Licenses,
    /// Reruns the scripts in fixtures/generate and shows the differences (needs `uv` or the scripts' packages).
    Golden(golden::Arguments),
    /// Writes docs/conformance.md: the results of every test with an oracle.
    Conformance,
    /// Builds and tests the programs for a GPU, on a machine without one (needs curl, unzip and g++).
    #[command(subcommand)]
    Cuda(cuda::Arguments),
    /// Packs the six programs for Linux machines without Rust, with man pages, completions and licenses.
    Dist(dist::Arguments),
    /// Packs every crate as for crates.io, without publishing anything.
    Publish(publish::Arguments),
    /// Writes the README of every library from its documentation.
    Readmes(readmes::Arguments),
    /// Writes docs/settings.md from the documentation of the settings in the code.
    Settings(settings::Arguments),
    /// Prepares a corpus on a real two-node Slurm on this machine that loses a node (needs root and Slurm).
    Slurm(slurm::Arguments),
    /// Runs benchmarks and prints the numbers of docs/benchmarks.md.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check => check::run(),
        Command::Browser(arguments) => browser::run(&arguments),
        Command::Layers => layers::run(),
        Command::Licenses => licenses::run(),
        Command::Golden(arguments) => golden::run(&arguments),
        Command::Conformance => conformance::run(),
        Command::Cuda(arguments) => cuda::run(&arguments),
        Command::Dist(arguments) => dist::run(&arguments),
        Command::Publish(arguments) => publish::run(&arguments),
        Command::Readmes(arguments) => readmes::run(&arguments),
        Command::Settings(arguments) => settings::run(&arguments),
        Command::Slurm(arguments) => slurm::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
