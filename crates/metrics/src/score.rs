//! One row of scores.

use serde::{Deserialize, Serialize};

/// Whether a score has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There is a value.
    Ok,
    /// Both signals are fine, but the definition gives no number for them; `reason` says why.
    Undefined,
    /// There was nothing to measure: a missing, empty or unreadable wav; `reason` says which.
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

/// The score of one item of one system by one metric: a row of the scores table (`docs/formats.md`).
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
    /// Definition and version, such as `mcd/sp2mc-1`.
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
