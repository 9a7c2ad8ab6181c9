//! A question to a rater, and the words for its parts.

use serde::{Deserialize, Serialize};

/// The purpose of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A rating of a system.
    Rating,
    /// A comparison of the reference with itself, which shows the bias and the noise of the raters.
    NullPair,
    /// A trial whose quality is known, which shows that a rater judges.
    Gold,
    /// A trial that says what to click, which shows that a rater listens.
    Trap,
    /// An exercise before the first trial, which is no part of the plan's sessions.
    Practice,
}

impl Kind {
    /// Returns `true` for trials of controls, which judge raters and no system.
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Self::Gold | Self::Trap | Self::Practice)
    }
}

/// The clip of a pair that is heard first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// The reference, or the system it stands for, then the rated system.
    Reference,
    /// The rated system, then the reference.
    System,
}

impl First {
    /// Returns the factor that turns second minus first into system minus reference, and back.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Reference => 1.0,
            Self::System => -1.0,
        }
    }
}

/// The part that a clip plays in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The clip of the rated system.
    System,
    /// The clip that it is compared with; for MUSHRA, the open reference of a page.
    Reference,
    /// A copy of one of these, which the rater has to recognize.
    X,
    /// The clip with which the rater sets the volume.
    Volume,
}

/// One question to one rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The sentence; for a gold trial or a trap, the control.
    pub item: String,
    /// The rated system; for a null pair, the reference; for a gold trial or a trap, the control once more.
    pub system: String,
    /// The system that it is compared with, if that is not always the reference.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub versus: Option<String>,
    /// The clip heard first; `None` where the plan chooses no order. A null pair plays the reference twice and says `reference` here,
    /// and so does a control of two clips, whose order is that of its files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<First>,
    /// The clip that X is a copy of: of the system or of the reference.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub x: Option<Slot>,
    /// The sentence with which the reference shows its voice, if that is another one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub example: Option<String>,
    /// The purpose of the trial.
    pub kind: Kind,
}

/// All trials of one rater, in order; those of a page follow each other ([`Plan::pages`](crate::Plan::pages)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The rater's code, such as `r01`.
    pub rater: String,
    /// The questions, in the order in which they are asked.
    pub trials: Vec<Trial>,
}
