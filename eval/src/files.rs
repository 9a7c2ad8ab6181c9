//! Places for results, checked before the work begins.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_table::TableFormat;

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
