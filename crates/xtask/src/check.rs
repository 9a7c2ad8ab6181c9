//! `cargo xtask check`: exactly the steps that CI runs.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::process::{cargo, metadata, must, root, say};
use crate::{browser, layers, licenses, readmes, settings};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 11] = [
    ("format", || must(&mut cargo(&["fmt", "--all", "--check"])).map(drop)),
    ("layers", layers::run),
    ("licenses", licenses::run),
    ("readmes", readmes::check),
    ("settings", settings::check),
    ("tests", tests),
    ("examples", examples),
    ("documentation tests", || must(&mut cargo(&["test", "--workspace", "--doc", "--quiet"])).map(drop)),
    ("lints", || {
        must(&mut cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
            .map(drop)
    }),
    ("documentation", || {
        let mut command = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"]);
        must(command.env("RUSTDOCFLAGS", "-D warnings")).map(drop)
    }),
    ("browsers", browser::check),
];

/// Examples that need only `fixtures`, with their arguments.
const EXAMPLES: [(&str, &[&str]); 8] = [
    ("prepare_clip", &["fixtures/ljspeech-mini/wavs/LJ001-0045.wav", "1469, 1470;"]),
    (
        "score_pair",
        &["fixtures/ljspeech-mini/wavs/LJ001-0045.wav", "fixtures/ljspeech-mini/wavs/LJ002-0009.wav"],
    ),
    ("judge_table", &["fixtures/listening/quitters.csv"]),
    ("align_clip", &["fixtures/ljspeech-mini", "LJ001-0045"]),
    ("read_foreign", &["fixtures/golden/table/german.csv"]),
    ("speak", &["fixtures/voices/ljspeech-small", "Hello, world."]),
    ("ten_steps", &[]),
    ("two_participants", &[]),
];

/// Runs every step, even after a failure, and fails if any step failed.
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

/// Runs all tests except documentation tests, with nextest if it is installed.
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

/// Builds all examples and runs those of [`EXAMPLES`]; an example that prints nothing has failed.
fn examples() -> Result<()> {
    must(&mut cargo(&["build", "--workspace", "--examples", "--quiet"]))?;
    let folder = metadata()?.target_directory.into_std_path_buf().join("debug/examples");
    for (name, arguments) in EXAMPLES {
        let mut command = Command::new(folder.join(name));
        let output = command.args(arguments).current_dir(root()).output();
        let output = output.with_context(|| format!("failed to start the example `{name}`"))?;
        if !output.status.success() || output.stdout.trim_ascii().is_empty() {
            bail!("the example `{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(())
}
