//! Rows of scores.

use mynah_signal::Waveform;
use serde::{Deserialize, Serialize};

use crate::{Clip, Metric, Pair};

/// Whether a score has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There is a value.
    Ok,
    /// Both signals are fine, but the definition gives no number for them; `reason` says why.
    Undefined,
    /// There was nothing to measure: a missing, unreadable, empty, silent or truncated wav; `reason` says which.
    Failed,
}

/// What a metric gives for one pair of signals.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A number, and how many frames or path cells it rests on where that means anything.
    Value {
        /// The number; finite.
        value: f64,
        /// Frames or path cells.
        frames: Option<u64>,
    },
    /// The definition gives no number here, and why.
    Undefined(String),
}

impl Outcome {
    /// A value, or the reason that it is none because it is not finite.
    pub(crate) fn value(value: f64, frames: Option<u64>) -> Self {
        if value.is_finite() {
            Self::Value { value, frames }
        } else {
            Self::Undefined(format!("the formula gives {value} for these signals"))
        }
    }
}

/// The score of one item of one system by one metric: a row of the scores table (`docs/formats/scores.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The name that the user gave the system.
    pub system: String,
    /// The training step of the voice, where it is known.
    pub step: Option<u64>,
    /// The name of the wav without its extension.
    pub item: String,
    /// The metric's short name.
    pub metric: String,
    /// Definition and version, such as `mcd/sp2mc-2`.
    pub profile: String,
    /// The unit of `value`.
    pub unit: String,
    /// Whether there is a value.
    pub status: Status,
    /// The value; present exactly when `status` is [`Status::Ok`].
    pub value: Option<f64>,
    /// Why there is no value.
    pub reason: Option<String>,
    /// How many frames or path cells the value rests on.
    pub frames: Option<u64>,
}

/// Scores one item of one system by each metric: one row a metric, in their order, whatever happens.
///
/// `candidate` is the system's wav, or why there is none: then every row is [`Status::Failed`] with that reason. A metric
/// that has no number for the two signals gives [`Status::Undefined`].
#[must_use]
pub fn score_item(
    system: &str,
    step: Option<u64>,
    item: &str,
    reference: &Waveform,
    candidate: Result<&Waveform, String>,
    metrics: &[&dyn Metric],
) -> Vec<Score> {
    match candidate {
        Ok(candidate) => {
            score_pair(system, step, item, &Pair::new(&Clip::new(reference), &Clip::new(candidate)), metrics)
        }
        Err(reason) => failed_item(system, step, item, &reason, metrics),
    }
}

/// Scores a pair by each metric, as [`score_item`] does: for callers that keep the [`Clip`] of a reference for several
/// systems, so that it is analysed once.
///
/// A pair with a [fault](Pair::fault) has failed by every metric, so that silence of the right length scores nothing.
#[must_use]
pub fn score_pair(
    system: &str,
    step: Option<u64>,
    item: &str,
    pair: &Pair<'_>,
    metrics: &[&dyn Metric],
) -> Vec<Score> {
    if let Some(fault) = pair.fault() {
        return failed_item(system, step, item, &fault, metrics);
    }
    let row = |metric: &&dyn Metric| {
        let empty = empty_row(system, step, item, *metric);
        match metric.measure(pair) {
            Outcome::Value { value, frames } => {
                Score { status: Status::Ok, value: Some(value), frames, ..empty }
            }
            Outcome::Undefined(reason) => Score { status: Status::Undefined, reason: Some(reason), ..empty },
        }
    };
    metrics.iter().map(row).collect()
}

/// The rows of an item for which there was nothing to measure, one a metric.
#[must_use]
pub fn failed_item(
    system: &str,
    step: Option<u64>,
    item: &str,
    reason: &str,
    metrics: &[&dyn Metric],
) -> Vec<Score> {
    let row = |metric: &&dyn Metric| Score {
        reason: Some(reason.to_owned()),
        ..empty_row(system, step, item, *metric)
    };
    metrics.iter().map(row).collect()
}

fn empty_row(system: &str, step: Option<u64>, item: &str, metric: &dyn Metric) -> Score {
    Score {
        system: system.to_owned(),
        step,
        item: item.to_owned(),
        metric: metric.name().to_owned(),
        profile: metric.profile().to_owned(),
        unit: metric.unit().to_owned(),
        status: Status::Failed,
        value: None,
        reason: None,
        frames: None,
    }
}
