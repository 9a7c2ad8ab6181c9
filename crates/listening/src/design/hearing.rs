//! Listeners who may hear a difference between two clips: the model of right and wrong answers.
//!
//! ```text
//! P(right | rater, sentence) = Φ(sensitivity · exp(rater + sentence))        rater, sentence normal with mean 0
//! ```
//!
//! Some listeners are keener than others, and some sentences give more away, by factors; nobody is keener than guessing where
//! there is nothing to hear. So answers about equal clips are tosses of one coin, whoever gives them.

use mynah_stats::Error;
use mynah_stats::power::Components;
use mynah_stats::simulate::Model;

/// The variance of a uniform error of width 1, which `power` adds to a judgment.
const ROUNDING_VARIANCE: f64 = 1.0 / 12.0;
/// Points and step of the trapezoidal rule, whose error is below rounding for integrands as smooth as these.
const STEPS: i32 = 32;
const STEP: f64 = 0.25;
/// Halvings of the range in which a sensitivity is sought; it is then known to 14 digits.
const HALVINGS: u32 = 50;
/// A sensitivity with which the best hear everything.
const HIGHEST: f64 = 1e3;

/// Listeners who differ in keenness, on sentences that differ in how much they give away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hearing {
    rater_sd: f64,
    item_sd: f64,
}

impl Hearing {
    /// Returns the model whose factors have the logarithms of these components; the residual is that of the answers.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for components that are negative or not finite.
    pub(crate) fn new(components: &Components) -> Result<Self, Error> {
        // Validates the components.
        Model { mean: 0.0, components: *components, lowest: 0, highest: 1 }.expected()?;
        Ok(Self { rater_sd: components.rater_sd, item_sd: components.item_sd })
    }

    /// Returns the probability of a right answer by a rater about a sentence, each given in standard deviations.
    pub(crate) fn probability(self, sensitivity: f64, rater: f64, item: f64) -> Result<f64, Error> {
        share(sensitivity * (self.rater_sd * rater + self.item_sd * item).exp())
    }

    /// Returns the expected share of right answers.
    pub(crate) fn share(self, sensitivity: f64) -> Result<f64, Error> {
        let sd = self.rater_sd.hypot(self.item_sd);
        mean(|z| share(sensitivity * (sd * z).exp()))
    }

    /// Returns the sensitivity with which a share of the answers is right; `None` outside one half and one.
    pub(crate) fn sensitivity(self, wanted: f64) -> Result<Option<f64>, Error> {
        if !(0.5..1.0).contains(&wanted) {
            return Ok(None);
        }
        smallest(|sensitivity| Ok(self.share(sensitivity)? >= wanted))
    }

    /// Returns the components of the variance of right answers.
    pub(crate) fn components(self, sensitivity: f64) -> Result<Components, Error> {
        let overall = self.share(sensitivity)?;
        let between = |own: f64, other: f64| {
            let squares = mean(|z| {
                let of_one = mean(|w| share(sensitivity * (own * z + other * w).exp()))?;
                Ok((of_one - overall).powi(2))
            });
            squares.map(|variance| variance.max(0.0))
        };
        let (rater, item) = (between(self.rater_sd, self.item_sd)?, between(self.item_sd, self.rater_sd)?);
        // `power` adds the variance of rounding, which answers do not have.
        let within = overall * (1.0 - overall) - rater - item - ROUNDING_VARIANCE;
        Ok(Components { item_sd: item.sqrt(), rater_sd: rater.sqrt(), residual_sd: within.max(0.0).sqrt() })
    }
}

/// Returns the smallest sensitivity with a property that all larger ones have; `None` if none has it.
fn smallest(holds: impl Fn(f64) -> Result<bool, Error>) -> Result<Option<f64>, Error> {
    if holds(0.0)? {
        return Ok(Some(0.0));
    }
    if !holds(HIGHEST)? {
        return Ok(None);
    }
    let (mut low, mut high) = (0.0, HIGHEST);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if holds(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(Some(high))
}

/// Returns Φ(z): the share of judgments of 1 on a scale from 0 to 1.
fn share(z: f64) -> Result<f64, Error> {
    let components = Components { item_sd: 0.0, rater_sd: 0.0, residual_sd: 1.0 };
    // Beyond, the probability is 1 to all digits.
    Model { mean: 0.5 + z.min(HIGHEST), components, lowest: 0, highest: 1 }.expected()
}

/// Returns the mean of a function of a normal variable.
fn mean(of: impl Fn(f64) -> Result<f64, Error>) -> Result<f64, Error> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for step in -STEPS..=STEPS {
        let z = STEP * f64::from(step);
        let weight = (-0.5 * z * z).exp();
        sum += weight * of(z)?;
        weights += weight;
    }
    Ok(sum / weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hearing(rater_sd: f64, item_sd: f64) -> Hearing {
        Hearing::new(&Components { item_sd, rater_sd, residual_sd: 1.0 }).expect("the components are valid")
    }

    #[test]
    fn guessers_are_right_in_half_of_all_trials_and_do_not_differ() {
        let hearing = hearing(0.5, 0.5);
        assert_eq!(hearing.share(0.0), Ok(0.5));
        let components = hearing.components(0.0).expect("they are valid");
        assert_eq!((components.item_sd, components.rater_sd), (0.0, 0.0));
        assert!((components.residual_sd.powi(2) + ROUNDING_VARIANCE - 0.25).abs() < 1e-15);
        assert_eq!(hearing.sensitivity(0.49), Ok(None));
        assert_eq!(hearing.sensitivity(0.5), Ok(Some(0.0)));
    }

    #[test]
    fn shares_agree_with_an_integral_of_small_steps() {
        // Python's math.erfc, integrated by Simpson's rule with 4,000 intervals, or 700 in each of two dimensions.
        const TOLERANCE: f64 = 1e-9;
        let hearing = hearing(0.3, 0.4);
        let share = hearing.share(0.4).expect("it is valid");
        assert!((share - 0.669_490_555_222_019_1).abs() < TOLERANCE, "{share}");
        let components = hearing.components(0.4).expect("they are valid");
        assert!(
            (components.rater_sd.powi(2) - 0.002_054_984_585_134_833).abs() < TOLERANCE,
            "{components:?}"
        );
        assert!((components.item_sd.powi(2) - 0.003_709_825_697_706_613).abs() < TOLERANCE, "{components:?}");
        let found = hearing.sensitivity(share).expect("it is valid").expect("there is one");
        assert!((found - 0.4).abs() < TOLERANCE, "{found}");
    }
}
