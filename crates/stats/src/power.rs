//! Power of a listening test of a given size, before anybody is paid.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::clustered::together;
use crate::error::Error;
use crate::planning::{Goal, reached};

/// Variance of a uniform error of width 1, which rounding to whole points adds to a judgment.
pub(crate) const ROUNDING_VARIANCE: f64 = 1.0 / 12.0;

/// Standard deviations of the components of a judgment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    /// Between sentences: variation of the true difference with the sentence.
    pub item_sd: f64,
    /// Between raters: variation of the true difference with the listener.
    pub rater_sd: f64,
    /// Within a rater and a sentence, before rounding to the scale.
    pub residual_sd: f64,
}

impl Default for Components {
    /// Returns 0.3, 0.3 and 1.0 points of a seven-point comparison scale, assumptions to use until data exist.
    fn default() -> Self {
        Self { item_sd: 0.3, rater_sd: 0.3, residual_sd: 1.0 }
    }
}

/// Size of a listening test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Number of sentences.
    pub items: u32,
    /// Number of raters per sentence.
    pub ratings_per_item: u32,
    /// Number of raters, at least `ratings_per_item`.
    pub raters: u32,
}

/// Halvings of the range in which a margin is sought; it is then known to 14 digits.
const HALVINGS: u32 = 60;

/// Power of a test of a given size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// Standard error of the mean score.
    pub standard_error: f64,
    /// Degrees of freedom expected of [`Clustered::jackknifed`](crate::clustered::Clustered::jackknifed), on which the
    /// verdict rests.
    pub degrees_of_freedom: f64,
    /// Smallest margin within which a truly equal system is shown equivalent with the desired power.
    pub smallest_margin: f64,
    /// Smallest true difference detected with the desired power.
    pub detectable_difference: f64,
}

/// Precision that a test of a given size will have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Precision {
    /// Standard error of the mean score.
    pub(crate) standard_error: f64,
    /// Root of the expected square of the standard error that the ratings will give.
    pub(crate) estimated_error: f64,
    /// Degrees of freedom of that square.
    pub(crate) degrees_of_freedom: f64,
}

/// Computes the power of a listening test.
///
/// ```text
/// SE²  = σ_item²/items + σ_rater²/raters + (σ_residual² + 1/12) / (items · ratings per item)
/// smallest margin         shown with the desired power by two one-sided tests, if the true difference is 0
/// detectable difference   found with the desired power by the two-sided test of difference 0
/// ```
///
/// Both are those of [`probability_of`](crate::planning::probability_of), in which the standard error and the degrees of
/// freedom are those expected of the jackknife over raters and items when all contribute equally.
///
/// # Errors
///
/// [`Error::OutOfRange`] for components that are negative or not finite, alpha outside (0, 0.5), power outside
/// (0, 1), or fewer raters than ratings per item; [`Error::TooFew`] for fewer than two raters or items.
///
/// # Examples
///
/// ```
/// use mynah_stats::power::{Components, Size, power};
///
/// let size = Size { items: 50, ratings_per_item: 20, raters: 60 };
/// let result = power(&Components::default(), &size, 0.05, 0.8)?;
/// assert!((result.smallest_margin - 0.20).abs() < 0.005);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn power(components: &Components, size: &Size, alpha: f64, power: f64) -> Result<Power, Error> {
    check::probability("power", power)?;
    check::alpha(alpha)?;
    let precision = precision(components, size)?;
    let margin = smallest(precision.estimated_error, |margin| {
        reached(Goal::Equivalence { margin }, 0.0, &precision, alpha) >= power
    });
    let difference = smallest(precision.estimated_error, |difference| {
        reached(Goal::Difference, difference, &precision, alpha) >= power
    });
    Ok(Power {
        standard_error: precision.standard_error,
        degrees_of_freedom: precision.degrees_of_freedom,
        smallest_margin: margin,
        detectable_difference: difference,
    })
}

/// Computes the precision of a test in which all raters, and all items, contribute equally.
///
/// ```text
/// k judgments of each of R raters, m of each of I items, N in all; a, b, e: the components of raters, items, residual
/// E V_raters = ((R-1)(a² + e²/k) + R b² (1/k - 1/I)) / (R-1)²
/// E V_items  = ((I-1)(b² + e²/m) + I a² (1/m - 1/R)) / (I-1)²
/// E V_cells  = (a² (1 - 1/R) + b² (1 - 1/I) + e² (1 - 1/N)) / (N-1)
/// ```
///
/// They are combined as in [`Clustered::jackknifed`](crate::clustered::Clustered::jackknifed), with R - 1, I - 1 and N - 1
/// degrees of freedom.
pub(crate) fn precision(components: &Components, size: &Size) -> Result<Precision, Error> {
    check::not_negative("item_sd", components.item_sd)?;
    check::not_negative("rater_sd", components.rater_sd)?;
    check::not_negative("residual_sd", components.residual_sd)?;
    for (what, got) in [("raters", size.raters), ("items", size.items)] {
        if got < 2 {
            return Err(Error::TooFew { what, needed: 2, got: got as usize });
        }
    }
    if size.ratings_per_item == 0 || size.ratings_per_item > size.raters {
        return Err(Error::OutOfRange {
            name: "ratings_per_item",
            value: f64::from(size.ratings_per_item),
            allowed: "between 1 and the number of raters",
        });
    }
    let (items, raters, per_item) =
        (f64::from(size.items), f64::from(size.raters), f64::from(size.ratings_per_item));
    let n = items * per_item;
    let per_rater = n / raters;
    let (a, b) = (components.rater_sd.powi(2), components.item_sd.powi(2));
    let e = components.residual_sd.powi(2) + ROUNDING_VARIANCE;
    let standard_error = (b / items + a / raters + e / n).sqrt();
    let between = |of: f64, own: f64, each: f64, other: f64, of_others: f64| {
        ((of - 1.0) * (own + e / each) + of * other * (each.recip() - of_others.recip())) / (of - 1.0).powi(2)
    };
    let by_cell =
        (a * (1.0 - raters.recip()) + b * (1.0 - items.recip()) + e * (1.0 - n.recip())) / (n - 1.0);
    let (variance, degrees_of_freedom) = together(
        (between(raters, a, per_rater, b, items), raters - 1.0),
        (between(items, b, per_item, a, raters), items - 1.0),
        (by_cell, n - 1.0),
    );
    Ok(Precision { standard_error, estimated_error: variance.sqrt(), degrees_of_freedom })
}

/// Finds the smallest number for which a monotonic condition holds, starting from its order of magnitude.
fn smallest(start: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let mut high = start;
    // With few degrees of freedom, even a large multiple may not suffice; infinity always does.
    while high.is_finite() && !holds(high) {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // Items, ratings per item, raters, standard error, degrees of freedom, smallest margin, detectable difference, by the
        // functions of fixtures/generate/stats_planning.py and scipy's root finder.
        let table = [
            (10, 5, 10, "0.199", "7.2", "0.677", "0.684"),
            (20, 10, 20, "0.120", "18.7", "0.370", "0.361"),
            (30, 15, 30, "0.092", "32.8", "0.276", "0.267"),
            (50, 20, 20, "0.086", "28.6", "0.259", "0.251"),
            (50, 20, 50, "0.068", "60.9", "0.203", "0.196"),
            (50, 20, 100, "0.062", "63.6", "0.183", "0.176"),
            (100, 20, 200, "0.043", "128.3", "0.128", "0.123"),
            (200, 20, 200, "0.034", "246.1", "0.100", "0.096"),
        ];
        for (items, ratings_per_item, raters, error, degrees, margin, detectable) in table {
            let size = Size { items, ratings_per_item, raters };
            let result = power(&Components::default(), &size, 0.05, 0.8).expect("the sizes are valid");
            assert_eq!(format!("{:.3}", result.standard_error), error, "{size:?}");
            assert_eq!(format!("{:.1}", result.degrees_of_freedom), degrees, "{size:?}");
            assert_eq!(format!("{:.3}", result.smallest_margin), margin, "{size:?}");
            assert_eq!(format!("{:.3}", result.detectable_difference), detectable, "{size:?}");
        }
    }

    #[test]
    fn rejects_impossible_sizes() {
        let check = |items, ratings_per_item, raters| {
            power(&Components::default(), &Size { items, ratings_per_item, raters }, 0.05, 0.8).unwrap_err()
        };
        assert_eq!(check(1, 5, 5), Error::TooFew { what: "items", needed: 2, got: 1 });
        assert_eq!(check(5, 1, 1), Error::TooFew { what: "raters", needed: 2, got: 1 });
        assert!(matches!(check(5, 6, 5), Error::OutOfRange { name: "ratings_per_item", .. }));
        assert!(matches!(check(5, 0, 5), Error::OutOfRange { name: "ratings_per_item", .. }));
        let negative = Components { item_sd: -0.1, ..Components::default() };
        let size = Size { items: 5, ratings_per_item: 5, raters: 5 };
        assert!(matches!(power(&negative, &size, 0.05, 0.8), Err(Error::OutOfRange { name: "item_sd", .. })));
        assert!(power(&Components::default(), &size, 0.5, 0.8).is_err());
        assert!(power(&Components::default(), &size, 0.05, 1.0).is_err());
    }
}
