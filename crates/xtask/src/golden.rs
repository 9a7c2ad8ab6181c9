//! `cargo xtask golden`: reruns the scripts that made the pinned values.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{must, root, say};

/// Selection of the scripts.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only the scripts whose name starts with this, such as `stats`.
    #[arg(default_value = "")]
    prefix: String,
    /// Python that runs them; with `uv run`, each gets the packages that it pins.
    #[arg(long, default_value = "uv run")]
    python: String,
}

/// Runs the scripts; `git diff` shows what they changed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let root = root();
    let scripts = scripts(&root.join("fixtures/generate"), &arguments.prefix)?;
    if scripts.is_empty() {
        bail!("no script in fixtures/generate starts with `{}`", arguments.prefix);
    }
    let mut words = arguments.python.split_whitespace();
    let program = words.next().context("`--python` is empty")?;
    let words: Vec<&str> = words.collect();
    for script in &scripts {
        must(Command::new(program).args(&words).arg(script).current_dir(&root))?;
    }
    let differs =
        Command::new("git").args(["diff", "--stat", "--", "fixtures/golden"]).current_dir(&root).output();
    let differs = differs.context("failed to run `git diff`")?;
    if differs.stdout.is_empty() {
        say(&format!("{} scripts, no pinned value changed", scripts.len()));
        Ok(())
    } else {
        bail!("pinned values changed:\n{}", String::from_utf8_lossy(&differs.stdout))
    }
}

fn scripts(directory: &Path, prefix: &str) -> Result<Vec<PathBuf>> {
    let list = || format!("failed to list `{}`", directory.display());
    let mut scripts = Vec::new();
    for entry in fs::read_dir(directory).with_context(list)? {
        let path = entry.with_context(list)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(prefix) && path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}
