//! The plan of a listening test: who hears what in which order, fixed before anybody listens.

use serde::{Deserialize, Serialize};

use crate::protocol::Protocol;
use crate::rating::{First, Kind};

/// The part a system plays in the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What the others are compared with: for human-level quality, the recordings.
    Reference,
    /// A system under test.
    Candidate,
}

/// One system of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The name that the user gave it; never seen by raters.
    pub name: String,
    /// The part it plays.
    pub role: Role,
    /// The directory that its wavs come from, as given.
    pub directory: String,
}

/// One question to one rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The sentence.
    pub item: String,
    /// The system that is judged; for a null pair, the reference itself.
    pub system: String,
    /// What is heard first; `None` for MOS.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<First>,
    /// What the trial is for.
    pub kind: Kind,
}

/// All that one rater is asked, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The rater's code, such as `r01`.
    pub rater: String,
    /// The questions, in the order in which they are asked.
    pub trials: Vec<Trial>,
}

/// A whole listening test, `PLAN.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this file's form.
    pub format: u32,
    /// The name of the study.
    pub study: String,
    /// What every random choice was drawn from.
    pub seed: u64,
    /// The hash of all the rest but the directories: ratings of another design are refused.
    pub design: String,
    /// The protocol, with every default filled in.
    pub protocol: Protocol,
    /// The systems, the reference first where there is one.
    #[serde(rename = "system")]
    pub systems: Vec<System>,
    /// The sentences.
    pub items: Vec<String>,
    /// One session per rater.
    #[serde(rename = "session")]
    pub sessions: Vec<Session>,
}
