//! Sign conventions of the scores of a comparison.

use serde::{Deserialize, Serialize};

use crate::trial::{First, Kind};

/// The meaning of a positive score of a comparison.
///
/// Pages ask how much better the second clip is, so raw votes are second minus first. A verdict is about system minus
/// reference. In a balanced test, the mean of raw votes is near 0 however bad the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreSign {
    /// The system is better than the reference.
    SystemMinusReference,
    /// The reference is better than the system.
    ReferenceMinusSystem,
    /// The clip heard second is better than the one heard first.
    SecondMinusFirst,
    /// The clip heard first is better than the one heard second.
    FirstMinusSecond,
}

impl ScoreSign {
    /// All conventions, the one of our own tables first.
    pub const ALL: [Self; 4] = [
        Self::SystemMinusReference,
        Self::ReferenceMinusSystem,
        Self::SecondMinusFirst,
        Self::FirstMinusSecond,
    ];

    /// Returns the name used on command lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemMinusReference => "system-minus-reference",
            Self::ReferenceMinusSystem => "reference-minus-system",
            Self::SecondMinusFirst => "second-minus-first",
            Self::FirstMinusSecond => "first-minus-second",
        }
    }

    /// Returns the name used in sentences.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SystemMinusReference => "system minus reference",
            Self::ReferenceMinusSystem => "reference minus system",
            Self::SecondMinusFirst => "second minus first",
            Self::FirstMinusSecond => "first minus second",
        }
    }

    /// Converts a score of this convention to system minus reference, or for a null pair to second minus first.
    ///
    /// Returns `None` if that requires the order of the clips and the order is unknown.
    ///
    /// ```
    /// use mynah_listening::{First, Kind, ScoreSign};
    ///
    /// let vote = ScoreSign::SecondMinusFirst;
    /// assert_eq!(vote.convert(-2.0, Some(First::System), Kind::Rating), Some(2.0));
    /// assert_eq!(vote.convert(-2.0, None, Kind::Rating), None);
    /// ```
    #[must_use]
    pub fn convert(self, score: f64, first: Option<First>, kind: Kind) -> Option<f64> {
        // The order of a null pair is always the same, since both of its clips are the reference.
        let order = if kind == Kind::NullPair { Some(1.0) } else { first.map(First::sign) };
        let factor = match self {
            Self::SystemMinusReference => 1.0,
            Self::ReferenceMinusSystem => -1.0,
            Self::SecondMinusFirst => order?,
            Self::FirstMinusSecond => -order?,
        };
        // Adding 0.0 turns -0.0 into 0.0.
        Some(score * factor + 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_agree_on_the_same_judgment() {
        // The system is two points worse.
        let check = |sign: ScoreSign, first: First, vote: f64| {
            assert_eq!(sign.convert(vote, Some(first), Kind::Rating), Some(-2.0), "{sign:?} {first:?}");
        };
        for first in [First::Reference, First::System] {
            check(ScoreSign::SystemMinusReference, first, -2.0);
            check(ScoreSign::ReferenceMinusSystem, first, 2.0);
        }
        check(ScoreSign::SecondMinusFirst, First::Reference, -2.0);
        check(ScoreSign::SecondMinusFirst, First::System, 2.0);
        check(ScoreSign::FirstMinusSecond, First::Reference, 2.0);
        check(ScoreSign::FirstMinusSecond, First::System, -2.0);
    }

    #[test]
    fn null_pairs_need_no_order() {
        assert_eq!(ScoreSign::SecondMinusFirst.convert(1.0, None, Kind::NullPair), Some(1.0));
        assert_eq!(ScoreSign::FirstMinusSecond.convert(1.0, Some(First::System), Kind::NullPair), Some(-1.0));
        assert_eq!(ScoreSign::FirstMinusSecond.convert(0.0, None, Kind::NullPair).map(f64::to_bits), Some(0));
    }

    #[test]
    fn names_are_those_of_serde() {
        for sign in ScoreSign::ALL {
            assert_eq!(serde_json::to_value(sign).expect("an enum has a JSON form"), sign.as_str());
            assert_eq!(sign.words().replace(' ', "-"), sign.as_str());
        }
    }
}
