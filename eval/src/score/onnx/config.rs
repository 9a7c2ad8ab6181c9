//! Declarations of ONNX graphs in a protocol of scores.

use std::path::{Path, PathBuf};

use mynah_cli::Advised;
use serde::{Deserialize, Serialize};

use super::windows::Windows;
use crate::score::command::{Better, is_name};

/// A graph of the user's that measures wavs, in ONNX.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Onnx {
    /// Name in messages and profiles: letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// The file, from the directory of the protocol.
    pub(crate) path: PathBuf,
    /// SHA-256 of the file, in hexadecimal digits.
    pub(crate) sha256: String,
    /// Samples per second that the graph expects; wavs are resampled to it.
    pub(crate) sample_rate: u32,
    /// Input that takes the samples, by default the only one; its dimensions but the last are 1.
    #[serde(default)]
    pub(crate) input: Option<String>,
    /// Seconds of sound that the graph takes at a time, by default the whole wav.
    #[serde(default)]
    pub(crate) window_seconds: Option<f64>,
    /// Seconds from the beginning of a window to that of the next, by default a window.
    #[serde(default)]
    pub(crate) hop_seconds: Option<f64>,
    /// Arrangement of the windows: `all`, or that of `dnsmos`.
    #[serde(default)]
    pub(crate) windows: Windows,
    /// Numbers of the outputs.
    #[serde(default, rename = "metric")]
    pub(crate) metrics: Vec<OnnxMetric>,
}

/// A number of an output.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnnxMetric {
    /// Name in tables.
    pub(crate) name: String,
    /// Output with the number, by default the first.
    #[serde(default)]
    pub(crate) output: Option<String>,
    /// Place of the number in the output, from 0.
    #[serde(default = "first")]
    pub(crate) index: usize,
    /// Coefficients of a polynomial of the number, from the highest power down, as numpy has them; by default the number itself.
    #[serde(default)]
    pub(crate) polynomial: Vec<f64>,
    /// Unit in tables.
    #[serde(default)]
    pub(crate) unit: String,
    /// Direction in which a value is better.
    pub(crate) better: Better,
    /// The least and the most possible value; another one is a failure.
    #[serde(default)]
    pub(crate) range: Option<[f64; 2]>,
}

fn first() -> usize {
    0
}

impl OnnxMetric {
    /// Returns the value of the polynomial.
    #[cfg(any(feature = "onnx", test))]
    pub(crate) fn of(&self, number: f64) -> f64 {
        if self.polynomial.is_empty() {
            return number;
        }
        self.polynomial.iter().fold(0.0, |value, coefficient| value * number + coefficient)
    }

    /// Returns the mean over windows, or the reason why it is no value.
    #[cfg(any(feature = "onnx", test))]
    pub(crate) fn value(&self, of_windows: &[f64]) -> Result<f64, String> {
        let value = of_windows.iter().sum::<f64>() / of_windows.len() as f64;
        match self.range {
            _ if !value.is_finite() => Err(format!("the graph gives {value} for it")),
            Some([least, most]) if !(least..=most).contains(&value) => {
                Err(format!("the value is {value}, but it lies between {least} and {most}"))
            }
            _ => Ok(value),
        }
    }
}

impl Onnx {
    /// Returns the file of the graph.
    pub(crate) fn file(&self, directory: &Path) -> PathBuf {
        directory.join(&self.path)
    }

    /// Rejects what cannot be run or has no use.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let wrong = |message: &str, remedy: &str| -> anyhow::Result<()> {
            Err(Advised::new(format!("graph `{}` {message}", self.name), remedy).into())
        };
        if !is_name(&self.name) {
            return wrong("has no usable name", "use letters, digits, `-` and `_`");
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return wrong(
                "has no SHA-256",
                "set `sha256` to the 64 digits that `sha256sum` prints for the file",
            );
        }
        if self.sample_rate == 0 {
            return wrong("has a sample rate of 0", "set `sample_rate` to what the graph was trained with");
        }
        let is_length = |seconds: f64| seconds.is_finite() && seconds * f64::from(self.sample_rate) >= 1.0;
        if !self.window_seconds.into_iter().chain(self.hop_seconds).all(is_length) {
            return wrong(
                "has a window or a hop without a sample",
                "set `window_seconds` and `hop_seconds` above 0",
            );
        }
        if self.window_seconds.is_none() && (self.hop_seconds.is_some() || self.windows != Windows::default())
        {
            return wrong("has hops but no window", "set `window_seconds`");
        }
        if self.metrics.is_empty() {
            return wrong("measures nothing", "name numbers of its outputs in `[[onnx.metric]]`");
        }
        for metric in &self.metrics {
            let name = &metric.name;
            if !is_name(name) {
                return wrong(&format!("has a metric `{name}`"), "use letters, digits, `-` and `_`");
            }
            if metric.range.is_some_and(|[least, most]| least.is_nan() || most.is_nan() || least > most) {
                let message = format!("has no possible value of `{name}`");
                return wrong(&message, "set `range` to the least and the most");
            }
            if metric.polynomial.iter().any(|coefficient| !coefficient.is_finite()) {
                return wrong(&format!("has no polynomial of `{name}`"), "set `polynomial` to numbers");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Declares a graph with one metric, and more keys of both.
    pub(crate) fn declared(keys: &str, of_metric: &str) -> Onnx {
        let sha256 = "0".repeat(64);
        let text = format!(
            "name = \"g\"\npath = \"g.onnx\"\nsha256 = \"{sha256}\"\nsample_rate = 16000\n{keys}\n\
             [[metric]]\nname = \"mos\"\nbetter = \"higher\"\n{of_metric}\n"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn polynomials_begin_with_the_highest_power() {
        let metric = &declared("", "polynomial = [2, -1, 5]\nrange = [1, 10]").metrics[0];
        let values = [0.0, 1.0, -2.0].map(|number| metric.of(number).to_bits());
        assert_eq!(values, [5.0_f64, 6.0, 15.0].map(f64::to_bits));
        assert_eq!(metric.value(&[4.0, 5.0]), Ok(4.5));
        assert_eq!(metric.value(&[11.0]), Err("the value is 11, but it lies between 1 and 10".to_owned()));
        assert_eq!(metric.value(&[f64::NAN]), Err("the graph gives NaN for it".to_owned()));
        assert_eq!(declared("", "").metrics[0].of(3.5).to_bits(), 3.5_f64.to_bits());
    }

    #[test]
    fn refuses_graphs_without_use() {
        declared("window_seconds = 9.01\nhop_seconds = 1\nwindows = \"dnsmos\"", "").check().unwrap();
        for (graph, why) in [
            (Onnx { name: "a b".into(), ..declared("", "") }, "no usable name"),
            (Onnx { sha256: "12ab".into(), ..declared("", "") }, "no SHA-256"),
            (Onnx { sample_rate: 0, ..declared("", "") }, "sample rate of 0"),
            (Onnx { metrics: Vec::new(), ..declared("", "") }, "measures nothing"),
            (declared("window_seconds = 0", ""), "without a sample"),
            (declared("window_seconds = nan", ""), "without a sample"),
            (declared("hop_seconds = 1", ""), "hops but no window"),
            (declared("windows = \"dnsmos\"", ""), "hops but no window"),
            (declared("", "range = [2, 1]"), "no possible value of `mos`"),
            (declared("", "polynomial = [inf]"), "no polynomial of `mos`"),
        ] {
            let error = graph.check().unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.downcast_ref::<Advised>().is_some());
        }
    }
}
