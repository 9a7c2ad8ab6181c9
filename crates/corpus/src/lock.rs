//! Locks on directories for one writing program at a time.
//!
//! The lock is an operating-system lock on a hidden file in the directory, so it is released when its process ends,
//! however it ends. The file is removed with the lock and is not part of the directory's content.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;

use crate::Error;

/// File that is locked while a program writes into its directory.
const LOCK: &str = ".mynah.lock";
/// Number of attempts to take a held lock; a program that is ending may hold it a moment longer.
const ATTEMPTS: u32 = 10;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Exclusive right to write into a directory, or a part of it, until dropped.
///
/// # Examples
///
/// ```
/// use mynah_corpus::{DirectoryLock, Error};
///
/// let place = std::env::temp_dir().join(format!("mynah-lock-{}", std::process::id()));
/// let lock = DirectoryLock::of(&place)?;
/// assert!(matches!(DirectoryLock::of(&place), Err(Error::Locked { .. })));
/// drop(lock);
/// DirectoryLock::of(&place)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct DirectoryLock {
    /// Lock files, the part's before the whole's; they are released in this order.
    files: Vec<LockFile>,
    is_held: bool,
    /// Directory created for the lock; removed again if nothing was written into it.
    made: Option<PathBuf>,
}

/// Extent of a claim on a lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Exclusive claim.
    Whole,
    /// Shared claim, compatible with holders of other parts.
    Part,
}

impl DirectoryLock {
    /// Locks a directory against all other writers, creating it if needed.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another program writes into it; [`Error::Io`].
    pub fn of(directory: &Path) -> Result<Self, Error> {
        let mut lock = Self::in_directory(directory)?;
        lock.claim(directory, &directory.join(LOCK), Claim::Whole)?;
        Ok(lock)
    }

    /// Locks one part of a directory: holders of other parts may work at the same time, those of the whole or this part
    /// may not.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another program writes into the whole directory or this part; [`Error::Io`].
    pub fn of_part(directory: &Path, part: &str) -> Result<Self, Error> {
        let mut lock = Self::in_directory(directory)?;
        lock.claim(directory, &directory.join(LOCK), Claim::Part)?;
        lock.claim(directory, &directory.join(format!("{LOCK}.{part}")), Claim::Whole)?;
        Ok(lock)
    }

    /// Locks a single file by a lock file next to it, in an existing directory.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another program writes it; [`Error::Io`].
    pub fn of_file(path: &Path) -> Result<Self, Error> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or_else(|| Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut lock = Self { files: Vec::new(), is_held: true, made: None };
        lock.claim(path, &directory.join(format!("{LOCK}.{name}")), Claim::Whole)?;
        Ok(lock)
    }

    /// Returns true if other programs are kept out. They are not on file systems without locks, such as some network
    /// file systems: the caller should report that.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    fn in_directory(directory: &Path) -> Result<Self, Error> {
        let made = (!directory.exists()).then(|| directory.to_owned());
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        Ok(Self { files: Vec::new(), is_held: true, made })
    }

    fn claim(&mut self, what: &Path, path: &Path, claim: Claim) -> Result<(), Error> {
        match LockFile::take(what, path, claim)? {
            Some(file) => self.files.insert(0, file),
            None => self.is_held = false,
        }
        Ok(())
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        self.files.clear();
        if let Some(made) = &self.made {
            // A directory that received files is not empty, and is kept.
            let _ = fs::remove_dir(made);
        }
    }
}

/// A locked file.
#[derive(Debug)]
struct LockFile {
    path: PathBuf,
    file: File,
    claim: Claim,
}

impl LockFile {
    /// Takes a lock; `None` if the file system has no locks.
    fn take(what: &Path, path: &Path, claim: Claim) -> Result<Option<Self>, Error> {
        let mut attempts = 0;
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
            let file = file.map_err(Error::io("write", path))?;
            let locked = match claim {
                Claim::Whole => file.try_lock(),
                Claim::Part => file.try_lock_shared(),
            };
            match locked {
                Ok(()) if is_in_place(&file, path) => {
                    return Ok(Some(Self { path: path.to_owned(), file, claim }));
                }
                // Between opening and locking, the last holder removed the file: the next attempt creates a new one.
                Ok(()) => {}
                Err(TryLockError::Error(error)) if knows_no_locks(&error) => {
                    drop(file);
                    let _ = fs::remove_file(path);
                    return Ok(None);
                }
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
                Err(TryLockError::WouldBlock) if attempts == ATTEMPTS => {
                    return Err(Error::Locked { path: what.to_owned() });
                }
                Err(TryLockError::WouldBlock) => {
                    attempts += 1;
                    thread::sleep(PAUSE);
                }
            }
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // The last holder removes the file while nobody else can hold it.
        let is_last = self.claim == Claim::Whole || self.file.try_lock().is_ok();
        if is_last && cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns true if the path still names the open file.
#[cfg(unix)]
fn is_in_place(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// On other systems lock files are never removed.
#[cfg(not(unix))]
fn is_in_place(_: &File, _: &Path) -> bool {
    true
}

/// Returns true if a file system refused because it has no locks at all, or no lock server.
fn knows_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(|code| {
            [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP].map(Errno::raw_os_error).contains(&code)
        })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use rustix::io::Errno;

    use super::{DirectoryLock, knows_no_locks};
    use crate::Error;

    fn is_refused(lock: &Result<DirectoryLock, Error>) -> bool {
        matches!(lock, Err(Error::Locked { .. }))
    }

    #[test]
    fn a_directory_has_one_writer_and_leaves_no_lock_file() {
        let place = tempfile::tempdir().unwrap();
        let lock = DirectoryLock::of(place.path()).unwrap();
        assert!(lock.is_held());
        assert!(is_refused(&DirectoryLock::of(place.path())));
        assert!(is_refused(&DirectoryLock::of_part(place.path(), "1-of-2")));
        drop(lock);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        DirectoryLock::of(place.path()).unwrap();
    }

    #[test]
    fn parts_have_one_writer_each_and_exclude_those_of_the_whole() {
        let place = tempfile::tempdir().unwrap();
        let first = DirectoryLock::of_part(place.path(), "1-of-2").unwrap();
        let second = DirectoryLock::of_part(place.path(), "2-of-2").unwrap();
        assert!(is_refused(&DirectoryLock::of_part(place.path(), "2-of-2")));
        drop(first);
        // A refused or ended holder of another part does not remove the lock of this one.
        assert!(is_refused(&DirectoryLock::of(place.path())));
        drop(second);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        DirectoryLock::of(place.path()).unwrap();
    }

    #[test]
    fn a_file_is_locked_without_its_neighbors() {
        let place = tempfile::tempdir().unwrap();
        let lock = DirectoryLock::of_file(&place.path().join("a")).unwrap();
        assert!(is_refused(&DirectoryLock::of_file(&place.path().join("a"))));
        DirectoryLock::of_file(&place.path().join("b")).unwrap();
        drop(lock);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn removes_an_empty_directory_created_for_the_lock() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("new");
        drop(DirectoryLock::of(&directory).unwrap());
        assert!(!directory.exists());
        let lock = DirectoryLock::of(&directory).unwrap();
        fs::write(directory.join("a"), "a").unwrap();
        drop(lock);
        assert!(directory.join("a").is_file());
    }

    #[test]
    fn leftovers_of_a_killed_program_lock_nobody_out() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(super::LOCK), "").unwrap();
        DirectoryLock::of(place.path()).unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_of_many_holds_the_lock_at_any_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};

        let place = tempfile::tempdir().unwrap();
        let (inside, entered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        if let Ok(lock) = DirectoryLock::of(place.path()) {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            entered.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(lock);
                        }
                    }
                });
            }
        });
        assert!(entered.into_inner() >= 50);
    }

    #[test]
    fn distinguishes_file_systems_without_locks() {
        let check = |errno: Errno, expected: bool| {
            assert_eq!(knows_no_locks(&io::Error::from(errno)), expected, "{errno}");
        };
        check(Errno::NOLCK, true);
        check(Errno::NOSYS, true);
        check(Errno::OPNOTSUPP, true);
        check(Errno::ACCESS, false);
        check(Errno::IO, false);
    }
}
