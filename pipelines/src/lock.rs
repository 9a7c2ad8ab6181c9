//! The right to write into a directory, and what is said where it cannot be had.

use std::path::Path;

use anyhow::{Context as _, Result};
use mynah_corpus::{DirectoryLock, Error};

use crate::program::say;

/// Locks a directory that a subcommand writes into, until the lock is dropped.
///
/// # Errors
///
/// When another program writes there, as one sentence; `failed` stands before what the operating system refuses.
pub(crate) fn directory(path: &Path, failed: impl FnOnce() -> String) -> Result<DirectoryLock> {
    hold(DirectoryLock::of(path), path, failed)
}

/// Locks a part of a directory, beside holders of other parts.
///
/// # Errors
///
/// As [`directory`].
pub(crate) fn part(path: &Path, part: &str, failed: impl FnOnce() -> String) -> Result<DirectoryLock> {
    hold(DirectoryLock::of_part(path, part), path, failed)
}

/// Locks a file that a subcommand writes over hours; where its directory is not there, whoever writes it says so.
///
/// # Errors
///
/// As [`directory`].
#[cfg(feature = "voice")]
pub(crate) fn file(path: &Path, failed: impl FnOnce() -> String) -> Result<Option<DirectoryLock>> {
    let is_there = path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir());
    is_there.then(|| hold(DirectoryLock::of_file(path), path, failed)).transpose()
}

/// Locks a directory that must be there already; what it is not, whoever opens it says.
///
/// # Errors
///
/// As [`directory`].
pub(crate) fn existing(path: &Path, failed: impl FnOnce() -> String) -> Result<Option<DirectoryLock>> {
    path.is_dir().then(|| directory(path, failed)).transpose()
}

fn hold(
    lock: Result<DirectoryLock, Error>,
    path: &Path,
    failed: impl FnOnce() -> String,
) -> Result<DirectoryLock> {
    let lock = match lock {
        Err(locked @ Error::Locked { .. }) => return Err(locked.into()),
        other => other.with_context(failed)?,
    };
    if !lock.is_held() {
        say(&format!(
            "warning: the file system of `{}` has no locks: see to it that no other program writes there meanwhile",
            path.display()
        ));
    }
    Ok(lock)
}
