//! Atomic writing of whole files, and the temporary files left by interrupted runs.
//!
//! Content goes to a temporary file in the same directory, which is then renamed. A program killed in between leaves
//! the temporary file: `.<name>.<six letters or digits>`, or `<name>.partial`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

use crate::Error;

/// Writes a file atomically: readers see either the old content or all of `bytes`. Creates missing parent directories.
///
/// # Errors
///
/// [`Error::Io`] if the operating system refuses; an existing file is then unchanged.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(Error::io("write", path))
}

/// Number of letters and digits at the end of the name of a temporary file.
const RANDOM_LENGTH: usize = 6;

/// Returns the final name of the temporary file `name`, or `None` if `name` is not that of a temporary file.
#[must_use]
pub fn final_name(name: &str) -> Option<&str> {
    if let Some(whole) = name.strip_suffix(".partial") {
        return Some(whole);
    }
    let (whole, random) = name.strip_prefix('.')?.rsplit_once('.')?;
    (random.len() == RANDOM_LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some(whole)
}

/// Removes the files of `directory` whose names `goes` selects, and returns their number.
///
/// A missing directory counts as empty; subdirectories are kept.
///
/// # Errors
///
/// [`Error::Io`] if the operating system refuses.
pub fn remove_files(directory: &Path, goes: impl Fn(&str) -> bool) -> Result<usize, Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(Error::io("list", directory))?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(Error::io("list", directory))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(&goes) {
            let path = entry.path();
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use atomic_write_file::AtomicWriteFile;

    use super::{final_name, remove_files};

    #[test]
    fn finds_the_final_name_of_temporary_files_only() {
        let check = |name: &str, whole: Option<&str>| assert_eq!(final_name(name), whole, "{name}");
        check(".a.safetensors.x1Y2z3", Some("a.safetensors"));
        check("a.TextGrid.partial", Some("a.TextGrid"));
        check("..hidden.parquet.ABCDEF", Some(".hidden.parquet"));
        check("a.safetensors", None);
        check(".hidden.safetensors", None);
        check(".a.safetensors.x1Y2z", None);
        check("a.safetensors.x1Y2z3", None);
        check(".gitignore", None);
    }

    #[test]
    fn finds_the_final_name_during_writing() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = AtomicWriteFile::open(directory.path().join("a.safetensors")).unwrap();
        file.write_all(b"half").unwrap();
        let names: Vec<String> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.iter().map(|name| final_name(name)).collect::<Vec<_>>(), [Some("a.safetensors")]);
        drop(file);
    }

    #[test]
    fn removes_only_the_selected_files() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        fs::create_dir(directory.path().join("c")).unwrap();
        assert_eq!(remove_files(directory.path(), |name| name != "a").unwrap(), 1);
        assert!(directory.path().join("a").is_file() && directory.path().join("c").is_dir());
        assert_eq!(remove_files(&directory.path().join("nowhere"), |_| true).unwrap(), 0);
    }
}
