//! Patched candle, so that one binary runs on every machine.
//!
//! As published, candle links the CUDA libraries: a program that uses it does not even start without a driver. It also
//! spends a quarter of an hour compiling kernels of quantized language models. The copies made here load the libraries
//! when a device is opened, and leave those kernels out. They are made from the sources in cargo's registry by the
//! patches in crates/xtask/patches, and never committed.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{CargoOpt, MetadataCommand, Package};

use super::tree::write_changed;
use crate::process::root;

/// Patched crates, with the version that the patch was made for and the patch.
const PATCHES: [(&str, &str, &str); 2] = [
    ("candle-core", "0.11.1", include_str!("../../patches/candle-core-0.11.1.patch")),
    ("candle-kernels", "0.11.1", include_str!("../../patches/candle-kernels-0.11.1.patch")),
];

/// Copies the crates into `directory` and applies the patches; returns the configuration that makes cargo use them.
pub(super) fn patch(directory: &Path) -> Result<PathBuf> {
    let mut text = "[patch.crates-io]\n".to_owned();
    for (name, version, patch) in PATCHES {
        let package = package(name)?;
        if package.version.to_string() != version {
            bail!(
                "the patch is for {name} {version}, but the lock file has {}: make a new one in crates/xtask/patches",
                package.version
            );
        }
        let (fresh, copy) = (directory.join("unpatched").join(name), directory.join(name));
        if fresh.exists() {
            fs::remove_dir_all(&fresh).with_context(|| format!("failed to remove `{}`", fresh.display()))?;
        }
        copy_folder(&folder(&package)?, &fresh)?;
        apply(patch, &fresh)?;
        // File by file, so that unchanged files keep their date and are not rebuilt.
        copy_folder(&fresh, &copy)?;
        let _ = writeln!(text, "{name} = {{ path = '{}' }}", copy.display());
    }
    let config = directory.join("patch.toml");
    write_changed(&config, text.as_bytes())?;
    Ok(config)
}

/// Applies a patch with the system's `patch`, which rejects one that does not fit.
fn apply(patch: &str, folder: &Path) -> Result<()> {
    let mut child = Command::new("patch")
        .args(["-p1", "--fuzz=0", "--quiet", "--no-backup-if-mismatch"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()
        .context("failed to run `patch`: install it")?;
    let mut input = child.stdin.take().context("the input of `patch` is not piped")?;
    input.write_all(patch.as_bytes()).context("failed to hand over a patch")?;
    drop(input);
    if !child.wait().context("failed to wait for `patch`")?.success() {
        bail!("the patch does not fit `{}`", folder.display());
    }
    Ok(())
}

/// Returns the folder in which cargo keeps the sources of a package of the lock file.
pub(super) fn source(name: &str) -> Result<PathBuf> {
    folder(&package(name)?)
}

fn package(name: &str) -> Result<Package> {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .features(CargoOpt::AllFeatures)
        .exec()
        .context("failed to run `cargo metadata`")?;
    let package = metadata.packages.into_iter().find(|package| package.name.as_str() == name);
    package.with_context(|| format!("the lock file has no {name}"))
}

fn folder(package: &Package) -> Result<PathBuf> {
    let folder = package.manifest_path.parent().context("a manifest has no folder")?;
    Ok(folder.as_std_path().to_owned())
}

/// Copies a folder; identical files keep their date.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("failed to list `{}`", from.display()))? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            write_changed(&target, &bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{PATCHES, apply, source};

    #[test]
    fn refuses_a_patch_that_does_not_fit() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("a.txt"), "one\ntwo\n").unwrap();
        let patch = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";
        apply(patch, place.path()).unwrap();
        assert_eq!(fs::read_to_string(place.path().join("a.txt")).unwrap(), "one\nthree\n");
        assert!(apply(patch, place.path()).is_err());
    }

    #[test]
    fn fits_candle_of_the_lock_file() {
        // The sources of the kernels may be absent, since only CUDA builds fetch them; then there is nothing to check.
        for (name, _, patch) in PATCHES {
            let Ok(folder) = source(name) else { continue };
            let place = tempfile::tempdir().unwrap();
            super::copy_folder(&folder, place.path()).unwrap();
            apply(patch, place.path()).unwrap();
        }
    }
}
