//! Score rows.

use mynah_signal::Waveform;
use serde::{Deserialize, Serialize};

use crate::{Clip, Metric, Pair};

/// Status of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The score has a value.
    Ok,
    /// Both signals are valid, but the definition gives no number for them; `reason` says why.
    Undefined,
    /// Nothing could be measured: the wav is missing, unreadable, empty, silent or truncated; `reason` says which.
    Failed,
}

/// Result of a metric for one pair of signals.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A number, with the number of frames or path cells it is based on, where that is meaningful.
    Value {
        /// The number, always finite.
        value: f64,
        /// Number of frames or path cells.
        frames: Option<u64>,
    },
    /// The definition gives no number here, for this reason.
    Undefined(String),
}

impl Outcome {
    /// Returns a value, or the reason that it is not finite.
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
    /// Name given to the system by the user.
    pub system: String,
    /// Training step of the voice, if known.
    pub step: Option<u64>,
    /// Name of the wav without its extension.
    pub item: String,
    /// Short name of the metric.
    pub metric: String,
    /// Definition and version, such as `mcd/sp2mc-2`.
    pub profile: String,
    /// Unit of `value`.
    pub unit: String,
    /// Status of the score.
    pub status: Status,
    /// Value; present exactly if `status` is [`Status::Ok`].
    pub value: Option<f64>,
    /// Reason why there is no value.
    pub reason: Option<String>,
    /// Number of frames, path cells, words or characters the value is based on.
    pub frames: Option<u64>,
    /// Direction in which the value is better, `higher`, `lower` or `neither`; `None` if the profile tells.
    #[serde(default)]
    pub better: Option<String>,
}

/// Scores one item of one system by each metric; always returns one row per metric, in order.
///
/// `candidate` is the system's wav, or the reason why there is none: then every row is [`Status::Failed`] with that
/// reason. A metric without a number for the two signals gives [`Status::Undefined`].
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

/// Scores a pair by each metric, like [`score_item`], for callers that keep the [`Clip`] of a reference for several
/// systems, so that it is analyzed once.
///
/// A pair with a [fault](Pair::fault) fails in every metric, so silence of the right length gets no score.
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
    rows(system, step, item, metrics, |metric| metric.measure(pair))
}

/// Scores a clip without a recording by each metric, one row per metric: those that need a recording are
/// [`Status::Undefined`].
///
/// An empty or silent clip, and one with samples that are not numbers, fails in every metric.
#[must_use]
pub fn score_clip(
    system: &str,
    step: Option<u64>,
    item: &str,
    clip: &Clip<'_>,
    metrics: &[&dyn Metric],
) -> Vec<Score> {
    if let Err(why) = clip.speech() {
        return failed_item(system, step, item, &format!("the wav {why}"), metrics);
    }
    rows(system, step, item, metrics, |metric| metric.measure_clip(clip))
}

fn rows(
    system: &str,
    step: Option<u64>,
    item: &str,
    metrics: &[&dyn Metric],
    measure: impl Fn(&dyn Metric) -> Outcome,
) -> Vec<Score> {
    let row = |metric: &&dyn Metric| {
        let empty = empty_row(system, step, item, *metric);
        match measure(*metric) {
            Outcome::Value { value, frames } => {
                Score { status: Status::Ok, value: Some(value), frames, ..empty }
            }
            Outcome::Undefined(reason) => Score { status: Status::Undefined, reason: Some(reason), ..empty },
        }
    };
    metrics.iter().map(row).collect()
}

/// Returns the rows of an item for which nothing could be measured, one per metric.
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
        better: None,
    }
}
