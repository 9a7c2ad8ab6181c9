//! Direction of a metric.

use serde::Serialize;

/// Direction in which a metric is better, from which losses and ranks follow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Nearer to a value, that of a perfect copy.
    Near(f64),
    /// Higher.
    Higher,
    /// Lower.
    Lower,
}

impl Better {
    /// Returns the loss of a value: its distance from the value of a perfect copy; where there is none, the value itself, with
    /// the sign that makes less better.
    #[must_use]
    pub fn loss(self, value: f64) -> f64 {
        match self {
            Self::Near(perfect) => (value - perfect).abs(),
            Self::Higher => -value,
            Self::Lower => value,
        }
    }

    /// Returns `true` if no value is better.
    pub(crate) fn is_perfect(self, value: f64) -> bool {
        matches!(self, Self::Near(perfect) if (value - perfect).abs() <= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_less_where_it_is_better() {
        assert!(Better::Higher.loss(4.0) < Better::Higher.loss(3.0));
        assert!(Better::Lower.loss(3.0) < Better::Lower.loss(4.0));
        assert_eq!((Better::Near(1.0).loss(0.5), Better::Near(1.0).loss(1.5)), (0.5, 0.5));
        assert!(Better::Near(1.0).is_perfect(1.0) && !Better::Lower.is_perfect(0.0));
    }
}
