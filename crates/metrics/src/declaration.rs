//! The properties of a metric that tables, tests and plots depend on.

use serde::Serialize;

/// Direction in which a value is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Nearer to this value: both signs are errors.
    Near(f64),
    /// Higher.
    Higher,
    /// Lower.
    Lower,
    /// The value alone says nothing about quality.
    Neither,
}

/// The way in which the values of items combine into the value of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A number of an item; a system has their mean.
    Mean,
    /// A share of events; a system has the pooled share, the sum of the numerators over that of the denominators, so
    /// long items count more. The denominator is the `frames` of a row, the numerator `value * frames`.
    Rate {
        /// Events in the numerator, in words.
        numerator: &'static str,
        /// Events in the denominator, in words.
        denominator: &'static str,
    },
    /// 0 or 1; a system has the proportion of items with 1.
    Proportion,
}

impl Kind {
    /// Returns the counts behind the value of a rate, numerator first.
    ///
    /// ```
    /// use mynah_metrics::metric;
    ///
    /// let kind = metric("voicing_error").expect("the metric exists").declaration().kind;
    /// assert_eq!(kind.counts(0.25, Some(8)), Some((2, 8)));
    /// ```
    #[must_use]
    pub fn counts(self, value: f64, frames: Option<u64>) -> Option<(u64, u64)> {
        let Self::Rate { .. } = self else { return None };
        let denominator = frames?;
        Some(((value * denominator as f64).round() as u64, denominator))
    }
}

/// The input that a metric needs besides the system's wav; each variant includes nothing of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Nothing: the wav is measured alone.
    Nothing,
    /// The length of the sentence's text, see [`Text`](crate::Text).
    Text,
    /// A recording of the same sentence, in any rhythm.
    Recording,
    /// A recording of the same sentence whose samples are at the same times: copy-synthesis, a vocoder or a codec.
    AlignedRecording,
}

/// Limits of the possible values, both included; a missing limit is infinite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// The least value.
    pub least: Option<f64>,
    /// The most.
    pub most: Option<f64>,
}

impl Range {
    /// Every finite number.
    pub const ALL: Self = Self { least: None, most: None };
    /// Zero and more.
    pub const NONNEGATIVE: Self = Self { least: Some(0.0), most: None };
    /// From zero to one.
    pub const SHARE: Self = Self { least: Some(0.0), most: Some(1.0) };
    /// From minus one to one.
    pub const CORRELATION: Self = Self { least: Some(-1.0), most: Some(1.0) };

    /// Returns true if the value is possible; rounding may exceed a limit by a billionth.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        const ROUNDING: f64 = 1e-9;
        value.is_finite()
            && self.least.is_none_or(|least| value >= least - ROUNDING)
            && self.most.is_none_or(|most| value <= most + ROUNDING)
    }
}

/// The properties of a metric that means, intervals, tests and plots read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Declaration {
    /// Direction in which a value is better.
    pub direction: Direction,
    /// The way in which items combine.
    pub kind: Kind,
    /// Input besides the wav.
    pub needs: Needs,
    /// Possible values.
    pub range: Range,
    /// Value of a perfect copy of the recording, where every recording has the same.
    pub perfect: Option<f64>,
}

impl Declaration {
    /// A difference from a recording, with a sign: 0 is perfect.
    pub(crate) const DIFFERENCE: Self = Self {
        direction: Direction::Near(0.0),
        kind: Kind::Mean,
        needs: Needs::Recording,
        range: Range::ALL,
        perfect: Some(0.0),
    };
    /// A distance from a recording: 0 is perfect, and there is nothing below.
    pub(crate) const DISTANCE: Self =
        Self { direction: Direction::Lower, range: Range::NONNEGATIVE, ..Self::DIFFERENCE };
    /// A likeness to a recording up to 1.
    pub(crate) const CORRELATION: Self = Self {
        direction: Direction::Higher,
        range: Range::CORRELATION,
        perfect: Some(1.0),
        ..Self::DIFFERENCE
    };
    /// A number about one wav that counts something wrong.
    pub(crate) const FAULT: Self = Self { needs: Needs::Nothing, perfect: None, ..Self::DISTANCE };
    /// A number about one wav that is neither good nor bad.
    pub(crate) const FACT: Self = Self { direction: Direction::Neither, range: Range::ALL, ..Self::FAULT };
    /// A fault that an item has or has not.
    pub(crate) const FLAG: Self = Self { kind: Kind::Proportion, range: Range::SHARE, ..Self::FAULT };

    /// Returns the same declaration for a share of events.
    pub(crate) const fn rate(self, numerator: &'static str, denominator: &'static str) -> Self {
        Self { kind: Kind::Rate { numerator, denominator }, range: Range::SHARE, ..self }
    }

    /// Returns the same declaration for a metric that needs something else.
    pub(crate) const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_its_limits() {
        assert!(Range::SHARE.contains(0.0) && Range::SHARE.contains(1.0));
        assert!(!Range::SHARE.contains(-0.1) && !Range::SHARE.contains(1.1));
        assert!(Range::ALL.contains(-1e300) && !Range::ALL.contains(f64::NAN));
    }

    #[test]
    fn only_rates_have_counts() {
        let rate = Kind::Rate { numerator: "errors", denominator: "words" };
        assert_eq!(rate.counts(1.0 / 3.0, Some(3)), Some((1, 3)));
        assert_eq!(rate.counts(0.5, None), None);
        assert_eq!(Kind::Mean.counts(0.5, Some(2)), None);
    }
}
