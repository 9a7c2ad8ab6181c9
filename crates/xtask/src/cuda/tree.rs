//! A copy of the workspace with a lock file that may change.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::root;

/// Folders that the build does not need.
const LEFT_OUT: [&str; 2] = ["docs/pictures/", "demo/"];

/// Makes `to` contain the files of the workspace that git tracks or would track; identical files keep their date, so
/// that nothing is rebuilt.
pub(super) fn copy(to: &Path) -> Result<()> {
    let root = root();
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(&root)
        .output()
        .context("failed to run `git ls-files`")?;
    if !listed.status.success() {
        bail!("`git ls-files` failed: the workspace must be a git checkout");
    }
    let names = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let mut kept = BTreeSet::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let from = root.join(name);
        if LEFT_OUT.iter().any(|folder| name.starts_with(folder)) || !from.is_file() {
            continue;
        }
        let target = to.join(name);
        kept.insert(target.clone());
        let bytes = fs::read(&from).with_context(|| format!("failed to read `{}`", from.display()))?;
        // The copy's lock file names the patched crates and stays as the first build left it.
        let written = name == "Cargo.lock" && target.exists();
        if !written {
            write_changed(&target, &bytes)?;
        }
    }
    remove_others(to, &kept)
}

/// Writes a file, unless it already has these bytes.
pub(super) fn write_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("failed to write `{}`", path.display()))
}

/// Removes files that are no longer in the workspace.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", path.display()))?;
        }
    }
    Ok(())
}
