//! `cargo xtask check`: what CI runs, word for word.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::process::{cargo, must, say};
use crate::{layers, licences, readmes, settings};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 9] = [
    ("format", || must(&mut cargo(&["fmt", "--all", "--check"])).map(drop)),
    ("layers", layers::run),
    ("licences", licences::run),
    ("readmes", readmes::check),
    ("settings", settings::check),
    ("tests", tests),
    ("documentation tests", || must(&mut cargo(&["test", "--workspace", "--doc", "--quiet"])).map(drop)),
    ("lints", || {
        must(&mut cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
            .map(drop)
    }),
    ("documentation", || {
        let mut command = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"]);
        must(command.env("RUSTDOCFLAGS", "-D warnings")).map(drop)
    }),
];

/// Runs every step, also those behind a failed one, and fails if any did.
pub(crate) fn run() -> Result<()> {
    let mut failed = Vec::new();
    let mut report = Vec::new();
    for (name, step) in STEPS {
        say(&format!("== {name}"));
        let begin = Instant::now();
        let result = step();
        let seconds = begin.elapsed().as_secs_f64();
        if let Err(error) = &result {
            say(&format!("error: {error:#}"));
            failed.push(name);
        }
        report.push(format!(
            "{:<20} {seconds:8.1} s  {}",
            name,
            if result.is_ok() { "passed" } else { "FAILED" }
        ));
    }
    say(&format!("== summary\n{}", report.join("\n")));
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// All tests but those in documentation, with nextest where it is installed.
fn tests() -> Result<()> {
    let nextest = Command::new("cargo-nextest")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let arguments: &[&str] = if nextest {
        &["nextest", "run", "--workspace", "--no-fail-fast", "--status-level", "slow", "--hide-progress-bar"]
    } else {
        &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--quiet"]
    };
    must(&mut cargo(arguments)).map(drop)
}
