//! Writing files so that they appear whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use atomic_write_file::AtomicWriteFile;
use mynah_corpus::table::TableFormat;

/// Writes `bytes` to `path`, making the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    make_parent(path)?;
    let write = || -> std::io::Result<()> {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().with_context(|| format!("failed to write `{}`", path.display()))
}

/// Refuses a table whose format is not known, before the work that fills it is done.
pub(crate) fn check_table(path: &Path) -> anyhow::Result<()> {
    TableFormat::of(path)?;
    Ok(())
}

/// Makes the folders above `path`.
pub(crate) fn make_parent(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            fs::create_dir_all(parent).with_context(|| format!("failed to make `{}`", parent.display()))
        }
        _ => Ok(()),
    }
}
