//! Preferences simulated from a model.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use crate::check;
use crate::error::Error;
use crate::power::Components;
use crate::preference::{Comparison, Preference};

/// Model from which preferences are drawn.
///
/// ```text
/// heard = strength + rater + item     of each system, with effects of its own for every rater and every item
/// d = heard(first) - heard(second) + order + rater's order + residual
/// no preference if |d| < indifference, else the first if d > 0
/// ```
///
/// All effects are normal, and each rater's liking for a position varies as much as the rater's liking for a system. This
/// is not the model that [`crate::preference`] fits, whose residuals are logistic and whose ties have no threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    /// Strength of each system.
    pub strengths: Vec<f64>,
    /// Advantage of the clip heard first.
    pub order: f64,
    /// Smallest difference that is preferred.
    pub indifference: f64,
    /// Standard deviations of the effects.
    pub components: Components,
}

impl Preferences {
    /// Draws one judgment of a random pair, in random order, for each (rater, item) of a design.
    ///
    /// Library only, as [`super::pooled`]. Replicates are independent, as those of [`super::Model::draw`].
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for an empty design; [`Error::TooFew`] for fewer than two systems; [`Error::OutOfRange`] for a
    /// negative component or indifference, or anything not finite.
    pub fn draw(
        &self,
        design: &[(usize, usize)],
        seed: u64,
        replicate: u64,
    ) -> Result<Vec<Comparison>, Error> {
        let n_systems = self.strengths.len();
        if n_systems < 2 {
            return Err(Error::TooFew { what: "systems", needed: 2, got: n_systems });
        }
        check::values(&self.strengths)?;
        check::finite("order", self.order)?;
        check::not_negative("indifference", self.indifference)?;
        let Components { item_sd, rater_sd, residual_sd } = self.components;
        check::not_negative("item_sd", item_sd)?;
        check::not_negative("rater_sd", rater_sd)?;
        check::not_negative("residual_sd", residual_sd)?;
        let (Some(largest_rater), Some(largest_item)) =
            (design.iter().map(|&(rater, _)| rater).max(), design.iter().map(|&(_, item)| item).max())
        else {
            return Err(Error::Empty);
        };
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(replicate);
        let mut effects = |n: usize, sd: f64| -> Vec<f64> {
            (0..n)
                .map(|_| {
                    let z: f64 = StandardNormal.sample(&mut generator);
                    sd * z
                })
                .collect()
        };
        // The last effect of each rater is on the order.
        let raters = effects((largest_rater + 1) * (n_systems + 1), rater_sd);
        let items = effects((largest_item + 1) * n_systems, item_sd);
        let residuals = effects(design.len(), residual_sd);
        let heard = |rater: usize, item: usize, system: usize| {
            self.strengths[system]
                + raters[rater * (n_systems + 1) + system]
                + items[item * n_systems + system]
        };
        let mut below = |n: usize| ((u128::from(generator.next_u64()) * n as u128) >> 64) as usize;
        Ok(design
            .iter()
            .zip(residuals)
            .map(|(&(rater, item), residual)| {
                let first = below(n_systems);
                let second = (first + 1 + below(n_systems - 1)) % n_systems;
                let order = self.order + raters[rater * (n_systems + 1) + n_systems];
                let d = heard(rater, item, first) - heard(rater, item, second) + order + residual;
                let preference = if d.abs() < self.indifference {
                    Preference::Tie
                } else if d > 0.0 {
                    Preference::First
                } else {
                    Preference::Second
                };
                Comparison { first, second, preference, rater, item }
            })
            .collect())
    }
}
