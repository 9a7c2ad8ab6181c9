//! Exclusive access to the directories and files that a subcommand writes.

use std::path::Path;

use anyhow::{Context as _, Result};
use mynah_cli::say;
use mynah_corpus::{DirectoryLock, Error};

/// Locks a directory until the lock is dropped.
///
/// # Errors
///
/// When another program holds the lock, reported without context; otherwise an error of the operating system, with the
/// context `failed`.
pub(crate) fn directory(path: &Path, failed: impl FnOnce() -> String) -> Result<DirectoryLock> {
    hold(DirectoryLock::of(path), path, failed)
}

/// Locks a part of a directory; other programs may hold other parts.
///
/// # Errors
///
/// As [`directory`].
pub(crate) fn part(path: &Path, part: &str, failed: impl FnOnce() -> String) -> Result<DirectoryLock> {
    hold(DirectoryLock::of_part(path, part), path, failed)
}

/// Locks a file that is written over hours; `None` when its directory is missing, which the writer reports.
///
/// # Errors
///
/// As [`directory`].
#[cfg(feature = "voice")]
pub(crate) fn file(path: &Path, failed: impl FnOnce() -> String) -> Result<Option<DirectoryLock>> {
    let is_there = path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir());
    is_there.then(|| hold(DirectoryLock::of_file(path), path, failed)).transpose()
}

/// Locks an existing directory; `None` when it is missing, which the reader reports.
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
            "warning: the file system of `{}` has no locks: make sure that no other program writes there meanwhile",
            path.display()
        ));
    }
    Ok(lock)
}
