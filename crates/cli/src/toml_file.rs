//! Settings in TOML.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

/// Reads a TOML file.
///
/// # Errors
///
/// When the file cannot be read, or is not of the expected form; an unknown key is named with its line.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("failed to read `{}` as TOML", path.display()))
}
