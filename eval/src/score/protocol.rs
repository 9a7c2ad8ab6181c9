//! Selection of metrics.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::{Advised, read_toml};
use serde::Deserialize;

use super::command::Command;
use super::embeddings::EmbeddingNames;
use super::onnx::Onnx;
use super::words::Normalizer;

/// Built-in protocol.
const DEFAULT: &str = include_str!("../../protocols/objective.toml");
/// Built-in protocol without recordings.
const ALONE: &str = include_str!("../../protocols/health.toml");

/// Scoring protocol; see `eval/protocols/objective.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protocol {
    /// Names of the metrics, in the order of the rows; `mynah-score list` prints them all.
    #[serde(default)]
    pub(crate) metrics: Vec<String>,
    /// Comparison of transcripts.
    #[serde(default)]
    pub(crate) words: Option<Words>,
    /// Similarities of embeddings.
    #[serde(default)]
    pub(crate) embeddings: Option<EmbeddingNames>,
    /// Programs of the user's.
    #[serde(default, rename = "command")]
    pub(crate) commands: Vec<Command>,
    /// Graphs of the user's.
    #[serde(default)]
    pub(crate) onnx: Vec<Onnx>,
    /// The directory of the file.
    #[serde(skip)]
    pub(crate) directory: PathBuf,
}

impl Protocol {
    /// Returns true if something of the user's measures wavs.
    pub(crate) fn has_outside(&self) -> bool {
        !self.commands.is_empty() || !self.onnx.is_empty()
    }
}

/// Comparison of transcripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// Treatment of texts before they are compared.
    #[serde(default)]
    pub(crate) normalizer: Normalizer,
}

/// Reads a protocol from a file, or the built-in one for scores with or without recordings.
pub(crate) fn read(path: Option<&Path>, has_reference: bool) -> anyhow::Result<Protocol> {
    let Some(path) = path else {
        return check(toml::from_str(if has_reference { DEFAULT } else { ALONE })?);
    };
    let mut protocol: Protocol = read_toml(path)?;
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    directory.unwrap_or(Path::new(".")).clone_into(&mut protocol.directory);
    check(protocol).with_context(|| format!("failed to use protocol `{}`", path.display()))
}

/// Rejects a protocol without metrics, or with one of them twice.
fn check(protocol: Protocol) -> anyhow::Result<Protocol> {
    let has_files = protocol.words.is_some() || protocol.embeddings.is_some();
    if protocol.metrics.is_empty() && !protocol.has_outside() && !has_files {
        let remedy =
            "name metrics of `mynah-score list`, a `[[command]]`, an `[[onnx]]`, `[words]` or `[embeddings]`";
        return Err(Advised::new("it has no metrics", remedy).into());
    }
    let mut names: Vec<String> = protocol.metrics.clone();
    for command in &protocol.commands {
        command.check()?;
        names.extend(command.metrics.iter().map(|metric| metric.name.clone()));
        if command.transcript.is_some() {
            names.extend(["wer", "cer"].map(|rate| format!("{}_{rate}", command.name)));
        }
    }
    for graph in &protocol.onnx {
        graph.check()?;
        names.extend(graph.metrics.iter().map(|metric| metric.name.clone()));
    }
    if let Some(embeddings) = &protocol.embeddings {
        embeddings.check()?;
        names.extend(embeddings.metrics());
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(
                Advised::new(format!("two metrics are named `{name}`"), "give each another name").into()
            );
        }
    }
    Ok(protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_built_in_protocol() {
        assert!(read(None, true).unwrap().metrics.contains(&"mcd".to_owned()));
        for name in read(None, false).unwrap().metrics.into_iter().filter(|name| name != "real_time_factor") {
            let needs = mynah_metrics::metric(&name).unwrap().declaration().needs;
            assert!(matches!(needs, mynah_metrics::Needs::Nothing | mynah_metrics::Needs::Text), "{name}");
        }
    }

    #[test]
    fn every_recipe_is_a_protocol() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols");
        for name in ["copies", "distillmos", "dnsmos", "dnsmos_onnx", "pocketsphinx", "speech"] {
            let protocol = read(Some(&directory.join(format!("{name}.toml"))), true).unwrap();
            // What is run lies beside it.
            for command in &protocol.commands {
                assert_eq!(command.files(&directory).len(), 1, "{name}");
            }
            assert_eq!(protocol.onnx.len(), usize::from(name == "dnsmos_onnx"));
        }
    }

    #[test]
    fn rejects_malformed_protocols() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.toml");
        let recognizer = "[[command]]\nname = \"asr\"\nrun = [\"asr\"]\ntranscript = \"text\"\n";
        std::fs::write(&path, recognizer).unwrap();
        assert_eq!(read(Some(&path), true).unwrap().directory, directory.path());
        // Transcripts alone, compared by other rules.
        std::fs::write(&path, "[words]\nnormalizer = \"basic\"\n").unwrap();
        assert!(read(Some(&path), true).unwrap().metrics.is_empty());
        for (text, why) in [
            ("metrics = []", "no metrics"),
            ("metrics = [\"mcd\", \"mcd\"]", "two metrics are named `mcd`"),
            ("metrics = [\"mcd\"]\nmertics = []", "unknown field"),
            ("", "no metrics"),
            (&format!("metrics = [\"asr_wer\"]\n{recognizer}"), "two metrics are named `asr_wer`"),
            ("[embeddings]\nname = \"a b\"\n", "no usable name"),
            (
                "[[onnx]]\nname = \"g\"\npath = \"g.onnx\"\nsha256 = \"12\"\nsample_rate = 16000\n",
                "graph `g` has no SHA-256",
            ),
            ("metrics = [\"mcd\"]\n[embeddings]\nname = \"mcd\"\n", "two metrics are named `mcd`"),
            (&format!("{recognizer}[words]\nnormalizer = \"mine\"\n"), "unknown variant"),
            (&recognizer.replace("run = [\"asr\"]", "run = []"), "command `asr` has nothing to run"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", read(Some(&path), true).unwrap_err());
            assert!(error.contains(why) && error.contains("p.toml"), "{error}");
        }
    }
}
