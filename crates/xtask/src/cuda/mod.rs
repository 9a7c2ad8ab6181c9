//! `cargo xtask cuda`: builds and tests the programs for a GPU on a machine without one.
//!
//! ```text
//! PyPI ──toolkit──► nvcc ─┐
//! tracked files ──tree──► a copy of the workspace ──► cargo build --features cuda ──► programs, test programs
//! registry ─────candle──► candle with its libraries loaded when used, not when the program starts ─┘
//! ```
//!
//! Everything is in `target/cuda`; docs/gpu.md explains its use.

mod candle;
mod emulator;
mod toolkit;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process::{must, root, say};
use toolkit::Toolkit;

/// Package of the programs that have a CUDA build.
const PACKAGE: &str = "mynah-pipelines";
/// Packages whose tests run on the device.
const TESTED: [&str; 3] = ["mynah-ops", "mynah-voice", "mynah-training"];

/// Build or run to perform.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Builds the programs that train and speak, in the release profile, for this platform.
    Build(Target),
    /// Builds the tests of the operations and of the model, and the benchmark against PyTorch, for a machine with a
    /// GPU.
    Tests(Target),
    /// Runs those tests here, on a device emulated on the CPU (needs g++): a check of correctness, not of speed.
    Emulate(Emulate),
}

/// Target of a build.
#[derive(clap::Args)]
pub(crate) struct Target {
    /// Oldest architecture that runs the kernels: 80 is A100, 89 the RTX 40 series, 90 H100 and H200. Newer ones run
    /// them too.
    #[arg(long, default_value = "80")]
    compute_capability: String,
    /// Directory for the built files.
    #[arg(long)]
    out: PathBuf,
}

/// Selection of the tests to emulate.
#[derive(clap::Args)]
pub(crate) struct Emulate {
    /// Run only the tests whose name contains this.
    #[arg(default_value = "")]
    filter: String,
    /// Package whose tests run; by default, all packages with tests on the device.
    #[arg(long)]
    package: Option<String>,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workshop = Workshop::open()?;
    match arguments {
        Arguments::Build(target) => {
            let messages =
                workshop.cargo(&target.compute_capability, &["build", "--release", "-p", PACKAGE])?;
            copy(&executables(&messages, "bin"), &target.out)
        }
        Arguments::Tests(target) => {
            let mut built = Vec::new();
            for package in TESTED {
                let messages =
                    workshop.cargo(&target.compute_capability, &["test", "--no-run", "-p", package])?;
                built.extend(executables(&messages, ""));
            }
            let bench = ["bench", "--no-run", "-p", "mynah-ops", "--bench", "peers"];
            built.extend(executables(&workshop.cargo(&target.compute_capability, &bench)?, "bench"));
            copy(&built, &target.out)
        }
        Arguments::Emulate(emulate) => workshop.emulate(emulate),
    }
}

/// Everything that a build needs, made once and kept in `target/cuda`.
struct Workshop {
    directory: PathBuf,
    toolkit: Toolkit,
    patch: PathBuf,
}

impl Workshop {
    fn open() -> Result<Self> {
        let directory = root().join("target/cuda");
        fs::create_dir_all(&directory)
            .with_context(|| format!("failed to make `{}`", directory.display()))?;
        let toolkit = Toolkit::fetch(&directory)?;
        tree::copy(&directory.join("tree"))?;
        let patch = candle::patch(&directory)?;
        Ok(Self { directory, toolkit, patch })
    }

    /// Runs cargo in the copy of the workspace and returns its messages.
    fn cargo(&self, compute_capability: &str, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(compute_capability);
        command.args(arguments).args(["--features", "cuda", "--message-format", "json-render-diagnostics"]);
        say(&format!("$ cargo {} --features cuda", arguments.join(" ")));
        let output =
            command.stderr(std::process::Stdio::inherit()).output().context("failed to run cargo")?;
        if !output.status.success() {
            bail!("`cargo {}` {}", arguments.join(" "), output.status);
        }
        String::from_utf8(output.stdout).context("cargo's messages are not UTF-8")
    }

    fn command(&self, compute_capability: &str) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(self.directory.join("tree"))
            .arg("--config")
            .arg(&self.patch)
            .env("CARGO_TARGET_DIR", self.directory.join("build"))
            .env("CUDA_COMPUTE_CAP", compute_capability);
        self.toolkit.enter(&mut command);
        command
    }

    fn emulate(&self, arguments: &Emulate) -> Result<()> {
        let libraries = emulator::build(&self.directory)?;
        let packages: Vec<&str> =
            arguments.package.as_deref().map_or(TESTED.to_vec(), |package| vec![package]);
        for package in packages {
            let mut command = self.command("80");
            command
                .args([
                    "test",
                    "--no-fail-fast",
                    "-p",
                    package,
                    "--features",
                    "cuda",
                    "--",
                    &arguments.filter,
                ])
                .env("LD_LIBRARY_PATH", &libraries);
            must(&mut command)?;
        }
        Ok(())
    }
}

/// Returns the executables in cargo's messages whose target is of the given kind, or of any kind if it is empty.
fn executables(messages: &str, kind: &str) -> Vec<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            kind.is_empty()
                || message["target"]["kind"].as_array().is_some_and(|kinds| kinds.contains(&kind.into()))
        })
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .collect()
}

fn copy(files: &[PathBuf], directory: &Path) -> Result<()> {
    if files.is_empty() {
        bail!("cargo built no program");
    }
    fs::create_dir_all(directory).with_context(|| format!("failed to make `{}`", directory.display()))?;
    for file in files {
        let to = directory.join(file.file_name().unwrap_or_default());
        fs::copy(file, &to)
            .with_context(|| format!("failed to copy `{}` to `{}`", file.display(), to.display()))?;
        say(&format!("{} ({} MB)", to.display(), fs::metadata(&to).map_or(0, |data| data.len() >> 20)));
    }
    Ok(())
}
