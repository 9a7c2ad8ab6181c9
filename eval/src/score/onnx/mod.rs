//! Graphs of the user's, in ONNX, that measure wavs: by path and SHA-256, so that a name never stands for two networks.
//!
//! ```text
//! wav ──sample rate──► windows ──graph──► numbers ──polynomial──► mean over windows
//! ```
//!
//! Only a build with the feature `onnx` can run them.

mod config;
#[cfg(feature = "onnx")]
mod engine;
mod windows;

use std::path::Path;

#[cfg(not(feature = "onnx"))]
use mynah_cli::Advised;
#[cfg(feature = "onnx")]
use mynah_signal::{Resampler, Waveform};

pub(crate) use config::{Onnx, OnnxMetric};

/// Digits of the hash in a profile.
#[cfg(feature = "onnx")]
const HASH_DIGITS: usize = 8;

/// The values of one wav, one for each metric, or the reason why there are none.
pub(crate) type Values = Result<Vec<Result<f64, String>>, String>;

/// A graph that can be run.
pub(crate) struct Ready<'a> {
    pub(crate) graph: &'a Onnx,
    /// End of its profiles.
    pub(crate) version: String,
    #[cfg(feature = "onnx")]
    engine: engine::Engine,
}

impl<'a> Ready<'a> {
    /// Reads the file, compares its hash and prepares the graph.
    #[cfg(feature = "onnx")]
    pub(crate) fn of(graph: &'a Onnx, directory: &Path) -> anyhow::Result<Self> {
        use anyhow::Context as _;

        let path = graph.file(directory);
        let failed = || format!("failed to use graph `{}`, `{}`", graph.name, path.display());
        let bytes = std::fs::read(&path).with_context(failed)?;
        check_hash(&bytes, &graph.sha256).with_context(failed)?;
        let window = windows::windows(&[0.0], graph.sample_rate, graph.lengths(), graph.windows);
        let length = graph.window_seconds.and(window.first().map(Vec::len));
        let engine = engine::Engine::of(&bytes, graph, length).with_context(failed)?;
        // The declaration without the path: a file means the same wherever it lies.
        let declared = Onnx { path: std::path::PathBuf::new(), ..graph.clone() };
        let hash = blake3::hash(&serde_json::to_vec(&declared)?).to_hex();
        Ok(Self { graph, version: format!("{}-{}", graph.name, &hash[..HASH_DIGITS]), engine })
    }

    /// Says how to get a program that can run graphs.
    #[cfg(not(feature = "onnx"))]
    pub(crate) fn of(graph: &'a Onnx, directory: &Path) -> anyhow::Result<Self> {
        let file = graph.file(directory);
        let message = format!("this mynah-score cannot run graphs such as `{}`", file.display());
        Err(Advised::new(message, "build it with `--features onnx`, or leave out `[[onnx]]`").into())
    }

    /// Returns the profile of a metric.
    pub(crate) fn profile(&self, metric: &OnnxMetric) -> String {
        format!("{}/{}", metric.name, self.version)
    }

    /// Measures a wav.
    #[cfg(feature = "onnx")]
    pub(crate) fn values(&self, waveform: &Waveform) -> Values {
        let graph = self.graph;
        let samples = if waveform.sample_rate() == graph.sample_rate {
            waveform.samples().to_vec()
        } else {
            let resampler =
                Resampler::new(waveform.sample_rate(), graph.sample_rate).map_err(|why| why.to_string())?;
            resampler.resample(waveform).into_samples()
        };
        let windows = windows::windows(&samples, graph.sample_rate, graph.lengths(), graph.windows);
        if windows.is_empty() {
            return Err("the wav is empty".to_owned());
        }
        let mut of_metrics: Vec<Vec<f64>> = graph.metrics.iter().map(|_| Vec::new()).collect();
        for window in windows {
            let numbers = self.engine.run(&window)?;
            for ((numbers, metric), values) in numbers.iter().zip(&graph.metrics).zip(&mut of_metrics) {
                values.push(metric.of(*numbers));
            }
        }
        Ok(of_metrics.iter().zip(&graph.metrics).map(|(values, metric)| metric.value(values)).collect())
    }

    /// Never called, since no graph is ready.
    #[cfg(not(feature = "onnx"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn values(&self, _: &mynah_signal::Waveform) -> Values {
        Err("this mynah-score cannot run graphs".to_owned())
    }
}

impl Onnx {
    /// Returns the lengths of a window and a hop in seconds.
    #[cfg(feature = "onnx")]
    fn lengths(&self) -> (Option<f64>, Option<f64>) {
        (self.window_seconds, self.hop_seconds)
    }
}

/// Rejects another file than the one that was declared.
#[cfg(feature = "onnx")]
fn check_hash(bytes: &[u8], expected: &str) -> anyhow::Result<()> {
    use std::fmt::Write as _;

    use mynah_cli::Advised;
    use sha2::{Digest as _, Sha256};

    let mut found = String::new();
    for byte in Sha256::digest(bytes) {
        write!(found, "{byte:02x}")?;
    }
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    let message = format!("its SHA-256 is {found}, but the protocol names {}", expected.to_lowercase());
    let remedy =
        "name the right file, or correct `sha256` in the protocol if it is this network that you mean";
    Err(Advised::new(message, remedy).into())
}
