//! One row of ratings.

use serde::{Deserialize, Serialize};

/// Kind of question asked of the raters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paradigm {
    /// Comparison category rating, -3 to 3: how much better or worse the second clip is.
    Cmos,
    /// Absolute category rating, 1 to 5: how natural the clip is.
    Mos,
}

impl Paradigm {
    /// The lowest and the highest point of the scale.
    #[must_use]
    pub fn scale(self) -> (i32, i32) {
        match self {
            Self::Cmos => (-3, 3),
            Self::Mos => (1, 5),
        }
    }

    /// How many points the scale has.
    #[must_use]
    pub fn labels(self) -> usize {
        let (lowest, highest) = self.scale();
        (highest - lowest + 1) as usize
    }

    /// Whether a number is a point of the scale.
    #[must_use]
    pub fn has_point(self, score: f64) -> bool {
        let (lowest, highest) = self.scale();
        score.fract() == 0.0 && (f64::from(lowest)..=f64::from(highest)).contains(&score)
    }
}

/// Where ratings come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A person listened.
    Human,
    /// `mynah-listen simulate` drew it; everything made from such rows says so.
    Simulated,
}

/// What a trial is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A judgement of a system.
    Rating,
    /// The reference against itself: shows the bias and the noise of the raters.
    NullPair,
}

/// Which of the two clips of a comparison is heard first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// The reference, then the system.
    Reference,
    /// The system, then the reference.
    System,
}

impl First {
    /// Turns second minus first into system minus reference, or back.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Reference => 1.0,
            Self::System => -1.0,
        }
    }
}

/// One judgement: a row of the ratings table (`docs/formats/ratings.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The name of the study.
    pub study: String,
    /// The hash of the plan that was rated.
    pub design: String,
    /// Human or simulated.
    pub origin: Origin,
    /// What was asked.
    pub paradigm: Paradigm,
    /// The rater's code.
    pub rater: String,
    /// Position in the rater's session, from 0.
    pub page: u32,
    /// The sentence.
    pub item: String,
    /// The system that was judged.
    pub system: String,
    /// What it was compared with; `None` for MOS.
    pub reference: Option<String>,
    /// What was heard first; `None` for MOS.
    pub first: Option<First>,
    /// What the trial was for.
    pub kind: Kind,
    /// CMOS: system minus reference, -3 to 3. MOS: 1 to 5.
    pub score: f64,
    /// What was clicked. CMOS: second minus first.
    pub score_raw: f64,
    /// How often the first (or only) clip was played.
    pub plays_first: Option<u32>,
    /// How often the second clip was played.
    pub plays_second: Option<u32>,
    /// From the page's opening to the answer.
    pub milliseconds: Option<u64>,
    /// Where the row came from.
    pub source_file: String,
    /// The answer's position in it, from 1.
    pub source_row: u64,
}
