//! The rules that exclude ratings, by name.

use serde::{Deserialize, Serialize};

/// A rule that excludes ratings.
///
/// No rule looks at a rater's opinion of the systems under test. In particular, nobody is excluded for answering "about
/// the same" throughout: for a voice at human level that is correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreeningRule {
    /// Excludes raters who failed more traps than the protocol allows; by default it allows none, as ITU-T P.808. Traps without
    /// an answer pass.
    Traps,
    /// Excludes raters who failed more than half of their gold trials. With one in a session, as in ITU-T P.808, that is any.
    Gold,
    /// Excludes answers given before every clip was played at least once; unrecorded plays pass.
    Unplayed,
    /// Excludes answers for which the clips were not heard to their ends in one piece (up to 300 ms may be missing), with stalls
    /// of more than a second in all, or that took less time than the clips last. Unrecorded times pass.
    Unheard,
    /// Excludes raters who judged more than half of their null pairs to differ by more than one point.
    NullPairs,
    /// Excludes raters of at least ten trials who gave the same answer every time, although nearly all other raters tell two
    /// of the systems apart. At least ten others must have judged both, 95 % of them in the same direction, by as many trials
    /// each. In a comparison the clicked answer counts, the same system heard first and second is two systems, and "about the
    /// same" passes.
    SameAnswer,
    /// Excludes raters who, on average, do not hear that the anchors are worse than the reference. The anchors are judged
    /// without this rule: otherwise they would always come out worse.
    Anchor,
    /// MUSHRA: excludes raters who rated the hidden reference below 90 in more than 15 % of their sentences (BS.1534-3). It looks
    /// at the scores of the reference alone, so of two equals it makes the other one seem worse.
    HiddenReference,
    /// MUSHRA: excludes raters who rated one and the same anchor above 90 in more than 15 % of their sentences (BS.1534-3, which
    /// means the mid anchor; a lower one is never rated higher by whoever hears it). The anchors are judged without this rule.
    MidAnchor,
}

impl ScreeningRule {
    /// All rules, in the order in which they are applied.
    pub const ALL: [Self; 9] = [
        Self::Traps,
        Self::Gold,
        Self::Unplayed,
        Self::Unheard,
        Self::NullPairs,
        Self::SameAnswer,
        Self::Anchor,
        Self::HiddenReference,
        Self::MidAnchor,
    ];

    /// Returns `true` for rules on gold trials and traps.
    #[must_use]
    pub fn is_on_controls(self) -> bool {
        matches!(self, Self::Traps | Self::Gold)
    }

    /// Returns the name used in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traps => "traps",
            Self::Gold => "gold",
            Self::Unplayed => "unplayed",
            Self::Unheard => "unheard",
            Self::NullPairs => "null-pairs",
            Self::SameAnswer => "same-answer",
            Self::Anchor => "anchor",
            Self::HiddenReference => "hidden-reference",
            Self::MidAnchor => "mid-anchor",
        }
    }
}
