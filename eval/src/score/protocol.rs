//! Selection of metrics.

use std::path::Path;

use anyhow::Context as _;
use mynah_cli::{Advised, read_toml};
use serde::Deserialize;

/// Built-in protocol.
const DEFAULT: &str = include_str!("../../protocols/objective.toml");

/// Scoring protocol; see `eval/protocols/objective.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protocol {
    /// Names of the metrics, in the order of the rows; `mynah-score list` prints them all.
    pub(crate) metrics: Vec<String>,
}

/// Reads a protocol from a file, or the built-in one.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Protocol> {
    let Some(path) = path else { return check(toml::from_str(DEFAULT)?) };
    check(read_toml(path)?).with_context(|| format!("failed to use protocol `{}`", path.display()))
}

/// Rejects a protocol without metrics, or with one of them twice.
fn check(protocol: Protocol) -> anyhow::Result<Protocol> {
    if protocol.metrics.is_empty() {
        return Err(Advised::new("`metrics` is empty", "name metrics of `mynah-score list`").into());
    }
    for (index, name) in protocol.metrics.iter().enumerate() {
        if protocol.metrics[..index].contains(name) {
            anyhow::bail!("`metrics` names `{name}` twice");
        }
    }
    Ok(protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_built_in_protocol() {
        assert!(read(None).unwrap().metrics.contains(&"mcd".to_owned()));
    }

    #[test]
    fn rejects_malformed_protocols() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.toml");
        for (text, why) in [
            ("metrics = []", "empty"),
            ("metrics = [\"mcd\", \"mcd\"]", "twice"),
            ("metrics = [\"mcd\"]\nmertics = []", "unknown field"),
            ("", "missing field"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", read(Some(&path)).unwrap_err());
            assert!(error.contains(why) && error.contains("p.toml"), "{error}");
        }
    }
}
