//! Directories that a voice may be written to.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use mynah_cli::Advised;

/// The file that identifies a voice.
pub(super) const VOICE: &str = "voice.toml";

/// Checks that `out` is missing, empty or a voice. Writing a voice replaces the whole directory.
pub(super) fn check_replaceable(out: &Path) -> Result<()> {
    let shown = out.display();
    if out.file_name().is_none() {
        bail!(Advised::new(
            format!("`{shown}` is not the name of a directory"),
            "name a directory for the voice"
        ));
    }
    let empty = || fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
    if out.exists() && !out.join(VOICE).is_file() && !empty() {
        bail!(Advised::new(
            format!("`{shown}` is not a voice, and writing a voice would replace it"),
            "name another --out, or move it away"
        ));
    }
    Ok(())
}
