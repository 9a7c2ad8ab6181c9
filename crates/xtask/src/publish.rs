//! `cargo xtask publish`: dry run of publishing every crate.

use anyhow::Result;

use crate::process::{cargo, must, say};

/// Packages that are not published: tests and automation.
const PRIVATE: [&str; 2] = ["mynah-testkit", "xtask"];

/// Options of the dry run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Pack every crate but do not compile the packages
    #[arg(long)]
    no_verify: bool,
    /// Pack a tree with uncommitted changes
    #[arg(long)]
    allow_dirty: bool,
}

/// Packs every crate as for crates.io and compiles the packages against each other.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = cargo(&["publish", "--workspace", "--dry-run"]);
    for package in PRIVATE {
        command.args(["--exclude", package]);
    }
    for (flag, set) in [("--no-verify", arguments.no_verify), ("--allow-dirty", arguments.allow_dirty)] {
        if set {
            command.arg(flag);
        }
    }
    must(&mut command)?;
    say("every crate can be published");
    Ok(())
}
