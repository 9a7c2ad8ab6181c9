//! The length of a sentence's text, and the time that it should take.

use std::fmt;

/// The length of a sentence in phones or characters, with the pace of the recordings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text {
    n_units: u32,
    pace: Option<Pace>,
}

impl Text {
    /// Describes a sentence of `n_units` phones or characters.
    #[must_use]
    pub fn new(n_units: u32) -> Self {
        Self { n_units, pace: None }
    }

    /// Counts the letters and digits of a sentence, the units where no phones are known.
    ///
    /// ```
    /// use mynah_metrics::Text;
    ///
    /// assert_eq!(Text::of("Printing, in 1469.").n_units(), 14);
    /// ```
    #[must_use]
    pub fn of(sentence: &str) -> Self {
        let n_units = sentence.chars().filter(|character| character.is_alphanumeric()).count();
        Self::new(u32::try_from(n_units).unwrap_or(u32::MAX))
    }

    /// Adds the pace of the recordings, in the same units.
    #[must_use]
    pub fn at(self, pace: Pace) -> Self {
        Self { pace: Some(pace), ..self }
    }

    /// Returns the number of phones or characters.
    #[must_use]
    pub fn n_units(&self) -> u32 {
        self.n_units
    }

    /// Returns the seconds that the speech should take, if the pace is known and the text is not empty.
    #[must_use]
    pub fn expected_seconds(&self) -> Option<f64> {
        let pace = self.pace.filter(|_| self.n_units > 0)?;
        Some(pace.seconds(self.n_units)).filter(|seconds| *seconds > 0.0)
    }
}

/// The time that a speaker takes, as a line through recordings.
///
/// ```text
/// seconds of speech without pauses = offset + seconds per unit * units        least squares
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Pace {
    offset_seconds: f64,
    seconds_per_unit: f64,
}

impl Pace {
    /// Fewest recordings for a line.
    pub const LEAST_RECORDINGS: usize = 10;

    /// Fits the line to recordings, each with its units and its [`spoken_seconds`](crate::Clip::spoken_seconds).
    ///
    /// Returns `None` for fewer than ten recordings, if all have the same length, or if longer texts take no longer.
    #[must_use]
    pub fn fit(recordings: &[(u32, f64)]) -> Option<Self> {
        let is_one_length = recordings.windows(2).all(|pair| pair[0].0 == pair[1].0);
        if recordings.len() < Self::LEAST_RECORDINGS || is_one_length {
            return None;
        }
        let n = recordings.len() as f64;
        let (mut x, mut y) = (0.0, 0.0);
        for &(units, seconds) in recordings {
            x += f64::from(units) / n;
            y += seconds / n;
        }
        let (mut xx, mut xy) = (0.0, 0.0);
        for &(units, seconds) in recordings {
            xx += (f64::from(units) - x).powi(2);
            xy += (f64::from(units) - x) * (seconds - y);
        }
        let seconds_per_unit = xy / xx;
        (seconds_per_unit.is_finite() && seconds_per_unit > 0.0)
            .then_some(Self { offset_seconds: y - seconds_per_unit * x, seconds_per_unit })
    }

    /// Returns the seconds of a text.
    #[must_use]
    pub fn seconds(&self, n_units: u32) -> f64 {
        self.offset_seconds + self.seconds_per_unit * f64::from(n_units)
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pace({} s + {} s per unit)", self.offset_seconds, self.seconds_per_unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_the_line_of_the_recordings() {
        let recordings: Vec<(u32, f64)> = (0..20).map(|n| (10 * n, 0.3 + 0.6 * f64::from(n))).collect();
        let pace = Pace::fit(&recordings).unwrap();
        assert!((pace.seconds(100) - 6.3).abs() < 1e-9);
        let text = Text::new(50).at(pace);
        assert!((text.expected_seconds().unwrap() - 3.3).abs() < 1e-9);
        assert_eq!(Text::new(50).expected_seconds(), None);
        assert_eq!(Text::new(0).at(pace).expected_seconds(), None);
    }

    #[test]
    fn refuses_what_is_no_line() {
        assert_eq!(Pace::fit(&[(1, 1.0); 9]), None);
        assert_eq!(Pace::fit(&[(1, 1.0); 20]), None);
        let shrinking: Vec<(u32, f64)> = (0..20).map(|n| (n, 20.0 - f64::from(n))).collect();
        assert_eq!(Pace::fit(&shrinking), None);
    }
}
