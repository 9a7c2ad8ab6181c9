//! One row of ratings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::paradigms::Paradigm;
use crate::trial::{First, Kind, Slot};

/// The most that may be missing of the clips of an answer, in ms: sound devices begin and end with less delay.
const UNHEARD_MS: u64 = 300;
/// The longest stalls of an answer in all, in ms, and those of a play. Every play takes some 50 ms longer than its sound.
const GAP_MS: u64 = 1000;
const GAP_MS_OF_PLAY: u64 = 100;

/// The origin of ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A person listened.
    Human,
    /// `mynah-listen simulate` drew it; everything made from such rows is marked.
    Simulated,
}

/// A rating: a row of the ratings table (`docs/formats/ratings.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The name of the study.
    pub study: String,
    /// The hash of the plan that was rated.
    pub design: String,
    /// Human or simulated.
    pub origin: Origin,
    /// The paradigm of the test.
    pub paradigm: Paradigm,
    /// The rater's code.
    pub rater: String,
    /// Position of the page in the rater's session, from 0. The ratings of a MUSHRA page have the same.
    pub page: u32,
    /// The sentence, or the control.
    pub item: String,
    /// The system that was judged, or the control.
    pub system: String,
    /// The system it was compared with, for AB the other one of the pair; `None` for MOS, MUSHRA and controls. The reference itself
    /// is compared with its own clips where it is judged like any system.
    pub reference: Option<String>,
    /// The clip heard first; `None` where the plan chooses no order.
    pub first: Option<First>,
    /// ABX: the clip that X was a copy of.
    #[serde(default)]
    pub x: Option<Slot>,
    /// The purpose of the trial.
    pub kind: Kind,
    /// CMOS: system minus reference, -3 to 3. MOS, DMOS and SMOS: 1 to 5. AB: 1 if the system was preferred, -1 if the reference
    /// was, else 0. ABX: 1 for a right answer, 0 for a wrong one. MUSHRA: 0 to 100. Controls: the clicked answer.
    pub score: f64,
    /// The clicked answer. CMOS: second minus first. AB: -1 for the first clip, 1 for the second. ABX: 0 for the first clip, 1
    /// for the second.
    pub score_raw: f64,
    /// Number of plays of the first (or only) clip; for MUSHRA, of the rated clip.
    pub plays_first: Option<u32>,
    /// Number of plays of the second clip; for MUSHRA, of the open reference.
    pub plays_second: Option<u32>,
    /// Number of plays of X.
    #[serde(default)]
    pub plays_x: Option<u32>,
    /// Milliseconds from the opening of the page to the answer.
    pub milliseconds: Option<u64>,
    /// Duration of the page's clips, in milliseconds.
    #[serde(default)]
    pub audio_ms: Option<u64>,
    /// Milliseconds of the clips that were not heard in one piece; for MUSHRA, of the rated clip and the open reference.
    #[serde(default)]
    pub unheard_ms: Option<u64>,
    /// Milliseconds by which the plays took longer than the sound: stalls. For MUSHRA, of the same two clips.
    #[serde(default)]
    pub gap_ms: Option<u64>,
    /// Milliseconds for which the page was hidden while clips played.
    #[serde(default)]
    pub hidden_ms: Option<u64>,
    /// The file that the row came from.
    pub source_file: String,
    /// The answer's position in that file, from 1.
    pub source_row: u64,
}

impl Rating {
    /// Returns `true` if the answer took less time than its clips last. An unknown time is none.
    #[must_use]
    pub fn is_hurried(&self) -> bool {
        self.milliseconds.zip(self.audio_ms).is_some_and(|(taken, audio)| taken + UNHEARD_MS < audio)
    }

    /// Returns `true` if more than 300 ms of the clips were not heard in one piece.
    #[must_use]
    pub fn misses_sound(&self) -> bool {
        self.unheard_ms.is_some_and(|missing| missing > UNHEARD_MS)
    }

    /// Returns `true` if stalls amount to more than a second, and to more than 100 ms a play.
    #[must_use]
    pub fn has_stalls(&self) -> bool {
        let plays = self.plays_first.unwrap_or(0) + self.plays_second.unwrap_or(0);
        self.gap_ms.is_some_and(|gap| gap > GAP_MS.max(GAP_MS_OF_PLAY * u64::from(plays)))
    }

    /// Keeps the first rating of each page of a rater, for what belongs to the page rather than to its ratings, such as times.
    #[must_use]
    pub fn first_of_pages<'a>(ratings: impl IntoIterator<Item = &'a Self>) -> Vec<&'a Self> {
        let mut seen = BTreeSet::new();
        ratings
            .into_iter()
            .filter(|rating| {
                !rating.paradigm.rules().rates_side_by_side()
                    || seen.insert((rating.rater.as_str(), rating.page))
            })
            .collect()
    }
}
