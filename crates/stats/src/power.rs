//! Power of a listening test of a given size, before anybody is paid.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::student_quantile;
use crate::error::Error;

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

/// Power of a test of a given size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// Expected standard error of the mean score.
    pub standard_error: f64,
    /// Degrees of freedom, min(raters, items) - 1, as in the interval computed from the data.
    pub degrees_of_freedom: f64,
    /// Smallest margin within which a truly equal system is shown equivalent with the desired power.
    pub smallest_margin: f64,
    /// Smallest true difference detected with the desired power.
    pub detectable_difference: f64,
}

/// Computes the power of a listening test.
///
/// ```text
/// SE²  = σ_item²/items + σ_rater²/raters + (σ_residual² + 1/12) / (items · ratings per item)
/// smallest margin       = SE (t_{1-alpha} + t_{1-(1-power)/2})       two one-sided tests, true difference 0
/// detectable difference = SE (t_{1-alpha/2} + t_{power})             two-sided test of difference 0
/// ```
///
/// The t quantiles have min(raters, items) - 1 degrees of freedom. This is the usual approximation, which takes the
/// distance of the estimate from the truth as Student-t distributed even if the true value is not zero.
///
/// # Errors
///
/// [`Error::OutOfRange`] for components that are negative or not finite, alpha outside (0, 0.5), power outside (0, 1),
/// or fewer raters than ratings per item; [`Error::TooFew`] for fewer than two raters or items.
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
    check::not_negative("item_sd", components.item_sd)?;
    check::not_negative("rater_sd", components.rater_sd)?;
    check::not_negative("residual_sd", components.residual_sd)?;
    check::probability("power", power)?;
    check::alpha(alpha)?;
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
    let (items, raters) = (f64::from(size.items), f64::from(size.raters));
    let variance = components.item_sd.powi(2) / items
        + components.rater_sd.powi(2) / raters
        + (components.residual_sd.powi(2) + ROUNDING_VARIANCE) / (items * f64::from(size.ratings_per_item));
    let standard_error = variance.sqrt();
    let degrees_of_freedom = items.min(raters) - 1.0;
    let t = |probability: f64| student_quantile(probability, degrees_of_freedom);
    Ok(Power {
        standard_error,
        degrees_of_freedom,
        smallest_margin: standard_error * (t(1.0 - alpha) + t(1.0 - (1.0 - power) / 2.0)),
        detectable_difference: standard_error * (t(1.0 - alpha / 2.0) + t(power)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reproduces_the_reference_table() {
        // Items, ratings per item, raters, standard error, smallest margin, detectable difference, as printed there.
        let table = [
            (10, 5, 10, "0.199", "0.64", "0.63"),
            (20, 10, 20, "0.120", "0.37", "0.35"),
            (30, 15, 30, "0.092", "0.28", "0.27"),
            (50, 20, 20, "0.086", "0.26", "0.25"),
            (50, 20, 60, "0.066", "0.20", "0.19"),
            (50, 20, 100, "0.062", "0.18", "0.18"),
            (100, 20, 200, "0.043", "0.13", "0.12"),
            (200, 20, 200, "0.034", "0.10", "0.10"),
        ];
        for (items, ratings_per_item, raters, error, margin, detectable) in table {
            let size = Size { items, ratings_per_item, raters };
            let result = power(&Components::default(), &size, 0.05, 0.8).expect("the sizes are valid");
            assert_eq!(format!("{:.3}", result.standard_error), error, "{size:?}");
            assert_eq!(format!("{:.2}", result.smallest_margin), margin, "{size:?}");
            assert_eq!(format!("{:.2}", result.detectable_difference), detectable, "{size:?}");
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
