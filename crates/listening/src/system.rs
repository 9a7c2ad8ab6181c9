//! The systems of a test and their roles.

use serde::{Deserialize, Serialize};

/// The role of a system in the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The system that the others are compared with: for human-level quality, the recordings.
    Reference,
    /// A system under test.
    Candidate,
    /// A system known to be worse than the reference. A test that detects this could have detected other differences.
    Anchor,
}

/// One system of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The user's name for it; raters never see it.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// The directory of its wavs, as given.
    pub directory: String,
}
