//! The power of tests of several sizes.

use mynah_stats::Error as StatsError;
use mynah_stats::power::{Components, Power, Size, power};
use mynah_stats::simulate::Model;
use serde::{Deserialize, Serialize};

use crate::design::hearing::Hearing;
use crate::error::Error;

/// The power for which margins and differences are computed.
const POWER: f64 = 0.8;
/// The variance of a uniform error of width 1, which `power` adds to a judgment.
const ROUNDING_VARIANCE: f64 = 1.0 / 12.0;
/// Rounds in which the detectable share of right answers is computed from its own components: it is then known to five digits.
const ROUNDS: u32 = 6;
/// The sizes shown next to the plan's own: items, ratings per item, raters.
const LADDER: [(u32, u32, u32); 6] =
    [(50, 20, 20), (50, 20, 60), (50, 20, 100), (100, 20, 100), (100, 20, 200), (200, 20, 200)];

/// The power of a test of some size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerRow {
    /// Marks the plan's own size.
    pub planned: bool,
    /// The size of one comparison.
    pub size: Size,
    /// The differences and margins that it can show with a power of 80 %, at the plan's alpha.
    pub power: Power,
}

/// The power of a preference test of some size for one pair of systems.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PreferencePowerRow {
    /// Marks the plan's own size.
    pub planned: bool,
    /// The size of one comparison.
    pub size: Size,
    /// The standard error of a system's share of the votes for either of the two, if they are equal.
    pub standard_error: f64,
    /// The smallest such share above one half that is found with a power of 80 %; `None` if not even that of a system that
    /// nearly always wins.
    pub detectable_share: Option<f64>,
    /// The difference between the two systems that gives this share, in points of a comparison from -3 to 3.
    pub detectable_difference: Option<f64>,
}

/// The power of a test of right and wrong answers of some size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DiscriminationPowerRow {
    /// Marks the plan's own size.
    pub planned: bool,
    /// The size of one comparison.
    pub size: Size,
    /// The standard error of the share of right answers of those who guess.
    pub standard_error: f64,
    /// The smallest distance from one half within which those who guess are shown not to tell a system apart, with a power of
    /// 80 %.
    pub smallest_margin: f64,
    /// The smallest share of right answers that is found with a power of 80 %; `None` if not even nearly all right.
    pub detectable_share: Option<f64>,
}

/// Computes the power of a test of its own size and of common sizes that are larger.
pub(crate) fn power_rows(own: Size, alpha: f64, components: &Components) -> Result<Vec<PowerRow>, Error> {
    let row = |size: Size| {
        let power = power(components, &size, alpha, POWER).map_err(failed)?;
        Ok(PowerRow { planned: size == own, size, power })
    };
    sizes(own).map(row).collect()
}

/// Computes the power of a preference test of its own size and of common sizes that are larger.
///
/// ```text
/// vote v            -1, 0, 1: the sign of a difference with these components, 0 below half a point
/// components of v   between items     Var of E(v | item), likewise between raters; the rest is within
/// SE of the share   SE of the mean of v / (2 · share of votes for either)
/// detectable        the mean of v that `power` detects, as the difference that gives it, and the share that this gives
/// ```
///
/// The verdict tests log odds instead of the mean of v, which is the same test near equality.
pub(crate) fn preference_power_rows(
    own: Size,
    alpha: f64,
    components: &Components,
) -> Result<Vec<PreferencePowerRow>, Error> {
    let equal = Votes::of(0.0, components).map_err(failed)?;
    let of_votes = components_of_votes(components).map_err(failed)?;
    let row = |size: Size| {
        let power = power(&of_votes, &size, alpha, POWER).map_err(failed)?;
        let difference = difference_with(power.detectable_difference, components).map_err(failed)?;
        let share =
            difference.map(|difference| Votes::of(difference, components)).transpose().map_err(failed)?;
        Ok(PreferencePowerRow {
            planned: size == own,
            size,
            standard_error: power.standard_error / (2.0 * equal.decided()),
            detectable_share: share.map(Votes::share),
            detectable_difference: difference,
        })
    };
    sizes(own).map(row).collect()
}

/// Computes the power of a test of right and wrong answers of its own size and of common sizes that are larger.
///
/// Those who guess do not differ from one another. Those who hear something do, by the given components, so the share that is
/// detectable is the one that exceeds one half by what `power` detects with the components that it has.
pub(crate) fn discrimination_power_rows(
    own: Size,
    alpha: f64,
    components: &Components,
) -> Result<Vec<DiscriminationPowerRow>, Error> {
    let hearing = Hearing::new(components).map_err(failed)?;
    let row = |size: Size| {
        let with = |sensitivity| power(&hearing.components(sensitivity)?, &size, alpha, POWER);
        let guessing = with(0.0).map_err(failed)?;
        let mut share = Some(0.5 + guessing.detectable_difference);
        // What is detectable depends on the components, which change little with the share.
        for _ in 0..ROUNDS {
            let sensitivity = share.map(|share| hearing.sensitivity(share)).transpose().map_err(failed)?;
            let Some(sensitivity) = sensitivity.flatten() else {
                share = None;
                break;
            };
            share = Some(0.5 + with(sensitivity).map_err(failed)?.detectable_difference);
        }
        Ok(DiscriminationPowerRow {
            planned: size == own,
            size,
            standard_error: guessing.standard_error,
            smallest_margin: guessing.smallest_margin,
            detectable_share: share.filter(|share| *share < 1.0),
        })
    };
    sizes(own).map(row).collect()
}

/// The expected votes on two systems.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Votes {
    /// The share of all votes that prefers the system.
    pub(crate) preferred: f64,
    /// The share that prefers the other.
    pub(crate) not_preferred: f64,
}

impl Votes {
    /// Computes the votes on a system that is better by a difference, in points.
    ///
    /// # Errors
    ///
    /// Those of [`Model::expected`].
    pub(crate) fn of(difference: f64, components: &Components) -> Result<Self, StatsError> {
        let model = |lowest, highest| Model { mean: difference, components: *components, lowest, highest };
        // Both scales have two points, so the expected score is a probability.
        Ok(Self { preferred: model(0, 1).expected()?, not_preferred: -model(-1, 0).expected()? })
    }

    /// Returns the share of votes for either.
    fn decided(self) -> f64 {
        self.preferred + self.not_preferred
    }

    /// Returns the mean vote for the system: the share for it minus the share against it.
    pub(crate) fn mean(self) -> f64 {
        self.preferred - self.not_preferred
    }

    /// Returns the system's share of the votes for either; one half if there are none.
    pub(crate) fn share(self) -> f64 {
        if self.decided() > 0.0 { self.preferred / self.decided() } else { 0.5 }
    }
}

/// Computes the components of votes on two equal systems from those of differences.
fn components_of_votes(components: &Components) -> Result<Components, StatsError> {
    let equal = Votes::of(0.0, components)?;
    let between_items = variance_of_means(components.item_sd, &Components { item_sd: 0.0, ..*components })?;
    let between_raters =
        variance_of_means(components.rater_sd, &Components { rater_sd: 0.0, ..*components })?;
    // The mean is 0, so the variance is the share of votes that are not 0. `power` adds that of rounding, which is in it.
    let within = equal.decided() - between_items - between_raters - ROUNDING_VARIANCE;
    Ok(Components {
        item_sd: between_items.sqrt(),
        rater_sd: between_raters.sqrt(),
        residual_sd: within.max(0.0).sqrt(),
    })
}

/// Returns the variance of the mean vote over an effect with a normal distribution, given the other components.
fn variance_of_means(sd: f64, others: &Components) -> Result<f64, StatsError> {
    // The trapezoidal rule converges faster than any power of its step for an integrand that vanishes with its derivatives.
    const STEP: f64 = 0.05;
    const STEPS: i32 = 160;
    let (mut sum, mut weights) = (0.0, 0.0);
    for step in -STEPS..=STEPS {
        let z = STEP * f64::from(step);
        let weight = (-0.5 * z * z).exp();
        sum += weight * Votes::of(sd * z, others)?.mean().powi(2);
        weights += weight;
    }
    Ok(sum / weights)
}

/// Returns the difference between two systems that gives a mean vote; `None` if no difference does.
fn difference_with(mean_vote: f64, components: &Components) -> Result<Option<f64>, StatsError> {
    const HALVINGS: u32 = 60;
    let Components { item_sd, rater_sd, residual_sd } = *components;
    // Eight standard deviations above the highest threshold, everybody prefers the system.
    let (mut low, mut high) = (0.0, 1.0 + 8.0 * item_sd.hypot(rater_sd).hypot(residual_sd));
    if Votes::of(high, components)?.mean() <= mean_vote {
        return Ok(None);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if Votes::of(middle, components)?.mean() < mean_vote {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Some(high))
}

/// Returns a test's own size and the common sizes that are larger.
fn sizes(own: Size) -> impl Iterator<Item = Size> {
    let larger = LADDER
        .map(|(items, ratings_per_item, raters)| Size { items, ratings_per_item, raters })
        .into_iter()
        .filter(move |size| {
            *size != own
                && size.items >= own.items
                && size.ratings_per_item >= own.ratings_per_item
                && size.raters >= own.raters
        });
    std::iter::once(own).chain(larger)
}

fn failed(source: StatsError) -> Error {
    Error::Statistics { what: "the power of the test", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENTS: Components = Components { item_sd: 0.3, rater_sd: 0.4, residual_sd: 1.0 };

    #[test]
    fn components_of_votes_agree_with_simulated_votes() {
        // A mean of 4,000 studies has a variance that is known to 2.2 %.
        const RELATIVE_ERROR: f64 = 4.0 * 0.0224;
        let (n_raters, n_items) = (6, 8);
        let model = Model { mean: 0.0, components: COMPONENTS, lowest: -1, highest: 1 };
        let design = mynah_stats::simulate::crossed(n_raters, n_items);
        let mean_of = |votes: &[f64]| votes.iter().sum::<f64>() / votes.len() as f64;
        let means = model.replicates(&design, 5, 4000, mean_of).expect("the model is valid");
        let variance = means.iter().map(|mean| mean * mean).sum::<f64>() / means.len() as f64;
        let of_votes = components_of_votes(&COMPONENTS).expect("the components are valid");
        let expected = of_votes.item_sd.powi(2) / n_items as f64
            + of_votes.rater_sd.powi(2) / n_raters as f64
            + (of_votes.residual_sd.powi(2) + ROUNDING_VARIANCE) / (n_raters * n_items) as f64;
        assert!((variance / expected - 1.0).abs() < RELATIVE_ERROR, "{variance} against {expected}");
    }

    #[test]
    fn expected_votes_are_tails_of_a_normal_distribution() {
        // Python's math.erfc: P(z > (0.5 - d) / s) and P(z > (0.5 + d) / s), s² = 0.3² + 0.4² + 1.
        const TOLERANCE: f64 = 1e-9;
        let votes = Votes::of(0.4, &COMPONENTS).expect("the components are valid");
        assert!((votes.preferred - 0.464_365_037_282_401_3).abs() < TOLERANCE, "{votes:?}");
        assert!((votes.not_preferred - 0.210_414_320_267_485).abs() < TOLERANCE, "{votes:?}");
        let difference = difference_with(votes.mean(), &COMPONENTS).expect("the components are valid");
        assert!((difference.expect("there is one") - 0.4).abs() < TOLERANCE);
        assert_eq!(difference_with(1.0, &COMPONENTS), Ok(None));
    }
}
