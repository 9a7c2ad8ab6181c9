//! Metrics to measure.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// Bundled protocol.
const DEFAULT: &str = include_str!("../../protocols/objective.toml");

/// Scoring protocol, such as `eval/protocols/objective.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protocol {
    /// Names of the metrics, in the order of the rows; `mynah-score list` prints them all.
    pub(crate) metrics: Vec<String>,
}

/// Reads a protocol from a file, or the bundled one.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Protocol> {
    let Some(path) = path else { return parse(DEFAULT) };
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    parse(&text).with_context(|| format!("failed to use protocol `{}`", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Protocol> {
    let protocol: Protocol = toml::from_str(text)?;
    if protocol.metrics.is_empty() {
        anyhow::bail!("`metrics` is empty: name at least one, `mynah-score list` has them all");
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
    fn the_protocol_that_comes_along_is_good() {
        assert!(read(None).unwrap().metrics.contains(&"mcd".to_owned()));
    }

    #[test]
    fn what_is_not_a_protocol_is_refused() {
        for (text, why) in [
            ("metrics = []", "empty"),
            ("metrics = [\"mcd\", \"mcd\"]", "twice"),
            ("metrics = [\"mcd\"]\nmertics = []", "unknown field"),
            ("", "missing field"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
    }
}
