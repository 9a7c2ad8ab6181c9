//! Declarations of commands in a protocol of scores.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::Advised;
use serde::{Deserialize, Serialize};

/// Placeholder of the directory of the protocol in arguments.
const HERE: &str = "{here}";

/// A program of the user's that measures wavs or writes down what they say.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Command {
    /// Name in messages and profiles, and what the metrics of its transcripts begin with: letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// The program and its arguments; `{here}` is the directory of the protocol.
    pub(crate) run: Vec<String>,
    /// A program and its arguments that print a version, which becomes part of the profiles.
    #[serde(default)]
    pub(crate) version: Vec<String>,
    /// The most wavs for one run of the program.
    #[serde(default = "hundred")]
    pub(crate) batch: usize,
    /// Seconds after which a run is ended.
    #[serde(default = "ten_minutes")]
    pub(crate) timeout_seconds: f64,
    /// Runs at the same time.
    #[serde(default = "one")]
    pub(crate) jobs: usize,
    /// Key of an answer with the words that were heard, for error rates.
    #[serde(default)]
    pub(crate) transcript: Option<String>,
    /// Numbers of an answer.
    #[serde(default, rename = "metric")]
    pub(crate) metrics: Vec<CommandMetric>,
}

fn hundred() -> usize {
    100
}

fn ten_minutes() -> f64 {
    600.0
}

fn one() -> usize {
    1
}

/// A number of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandMetric {
    /// Name in tables.
    pub(crate) name: String,
    /// Key of an answer, the name by default.
    #[serde(default)]
    pub(crate) key: Option<String>,
    /// Unit in tables.
    #[serde(default)]
    pub(crate) unit: String,
    /// Direction in which a value is better.
    pub(crate) better: Better,
    /// The least and the most possible value; another one is a failure.
    #[serde(default)]
    pub(crate) range: Option<[f64; 2]>,
}

/// Direction in which a value is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    /// Higher.
    Higher,
    /// Lower.
    Lower,
    /// The value says nothing about quality.
    Neither,
}

impl Better {
    /// Returns the word in tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::Neither => "neither",
        }
    }

    /// Returns the direction with this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Higher, Self::Lower, Self::Neither].into_iter().find(|better| better.as_str() == word)
    }
}

impl CommandMetric {
    /// Returns the key of an answer.
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }
}

impl Command {
    /// Returns the program and its arguments, with the directory of the protocol in place.
    pub(crate) fn arguments(words: &[String], directory: &Path) -> Vec<String> {
        let here = directory.to_string_lossy();
        words.iter().map(|word| word.replace(HERE, &here)).collect()
    }

    /// Returns the files among the arguments, whose content decides on the profile.
    pub(crate) fn files(&self, directory: &Path) -> Vec<PathBuf> {
        Self::arguments(&self.run, directory)
            .into_iter()
            .map(PathBuf::from)
            .filter(|path| path.is_file())
            .collect()
    }

    /// Rejects what cannot be run or has no use.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let wrong = |message: &str, remedy: &str| -> anyhow::Result<()> {
            Err(Advised::new(format!("command `{}` {message}", self.name), remedy))
                .context("failed to use `[[command]]`")
        };
        if !is_name(&self.name) {
            return wrong("has no usable name", "use letters, digits, `-` and `_`");
        }
        if self.run.first().is_none_or(String::is_empty) {
            return wrong("has nothing to run", "set `run` to a list of the program and its arguments");
        }
        if self.batch == 0 || self.jobs == 0 {
            return wrong("has a batch or jobs of 0", "use 1 or more");
        }
        if !(self.timeout_seconds > 0.0 && self.timeout_seconds.is_finite()) {
            return wrong("has a time-out that is no number of seconds above 0", "set `timeout_seconds`");
        }
        if self.transcript.is_none() && self.metrics.is_empty() {
            return wrong(
                "measures nothing",
                "name numbers of its answers in `[[command.metric]]`, or set `transcript`",
            );
        }
        for metric in &self.metrics {
            if !is_name(&metric.name) {
                return wrong(&format!("has a metric `{}`", metric.name), "use letters, digits, `-` and `_`");
            }
            if metric.range.is_some_and(|[least, most]| least.is_nan() || most.is_nan() || least > most) {
                return wrong(
                    &format!("has no possible value of `{}`", metric.name),
                    "set `range` to the least and the most",
                );
            }
        }
        Ok(())
    }
}

/// Returns true for letters, digits, `-` and `_`.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}
