//! Judgments simulated from a model, for testing analyses on data with a known truth.

mod preferences;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::normal_upper_tail;
use crate::error::Error;
use crate::power::Components;

pub use preferences::Preferences;

/// Model from which judgments are drawn.
///
/// ```text
/// y = clip(round(mean + rater + item + residual), lowest, highest)
/// ```
///
/// Each rater and each item has one normal effect. Halves round away from zero, so the model is symmetric about a mean
/// of zero. The order of presentation has no effect. Rounding and clipping preserve a mean of 0 on a symmetric scale;
/// other means come out slightly smaller than requested, the more so the closer they are to the end of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// True mean, before rounding and clipping.
    pub mean: f64,
    /// Standard deviations of the effects.
    pub components: Components,
    /// Lowest point of the scale.
    pub lowest: i32,
    /// Highest point of the scale.
    pub highest: i32,
}

impl Model {
    /// Draws one judgment for each (rater, item) of a design.
    ///
    /// Replicates of the same seed are independent streams of one `ChaCha8` generator: replicate 7 is the same whether
    /// or not the others are drawn, and on any number of threads. Raters are drawn first, by index from 0 to the
    /// largest, then items likewise, then the residuals in the order of the design.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for an empty design; [`Error::OutOfRange`] for a negative component, anything not finite, or a
    /// scale whose lowest point is not below its highest.
    ///
    /// # Examples
    ///
    /// ```
    /// use mynah_stats::power::Components;
    /// use mynah_stats::simulate::{Model, crossed};
    ///
    /// let model = Model { mean: 0.0, components: Components::default(), lowest: -3, highest: 3 };
    /// let scores = model.draw(&crossed(20, 50), 1, 0)?;
    /// assert_eq!(scores.len(), 1000);
    /// assert!(scores.iter().all(|score| score.abs() <= 3.0 && score.fract() == 0.0));
    /// # Ok::<(), mynah_stats::Error>(())
    /// ```
    pub fn draw(&self, design: &[(usize, usize)], seed: u64, replicate: u64) -> Result<Vec<f64>, Error> {
        self.check()?;
        let (Some(largest_rater), Some(largest_item)) =
            (design.iter().map(|&(rater, _)| rater).max(), design.iter().map(|&(_, item)| item).max())
        else {
            return Err(Error::Empty);
        };
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(replicate);
        let mut normal = |standard_deviation: f64| -> f64 {
            let z: f64 = StandardNormal.sample(&mut generator);
            standard_deviation * z
        };
        let raters: Vec<f64> = (0..=largest_rater).map(|_| normal(self.components.rater_sd)).collect();
        let items: Vec<f64> = (0..=largest_item).map(|_| normal(self.components.item_sd)).collect();
        let (lowest, highest) = (f64::from(self.lowest), f64::from(self.highest));
        Ok(design
            .iter()
            .map(|&(rater, item)| {
                let exact = self.mean + raters[rater] + items[item] + normal(self.components.residual_sd);
                // Adding 0.0 turns -0.0 into 0.0.
                exact.round().clamp(lowest, highest) + 0.0
            })
            .collect())
    }

    /// Draws replicates and applies a function to each, in order, on all threads.
    ///
    /// Library only, as [`pooled`].
    ///
    /// # Errors
    ///
    /// Those of [`Model::draw`].
    pub fn replicates<T: Send>(
        &self,
        design: &[(usize, usize)],
        seed: u64,
        n_replicates: u64,
        analyze: impl Fn(&[f64]) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        (0..n_replicates)
            .into_par_iter()
            .map(|replicate| self.draw(design, seed, replicate).map(|scores| analyze(&scores)))
            .collect()
    }

    /// Computes the expected judgment of this model, after rounding and clipping.
    ///
    /// ```text
    /// Σ_s s · P(s - ½ < y < s + ½),   y normal with the variance of all components; the scale's ends take the tails
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Model::draw`], except for the design.
    pub fn expected(&self) -> Result<f64, Error> {
        self.check()?;
        let Components { item_sd, rater_sd, residual_sd } = self.components;
        let sd = item_sd.hypot(rater_sd).hypot(residual_sd);
        if sd == 0.0 {
            return Ok(self.mean.round().clamp(f64::from(self.lowest), f64::from(self.highest)));
        }
        // E y = lowest + Σ P(y ≥ s) over the points above the lowest.
        let above = (self.lowest + 1..=self.highest)
            .map(|point| normal_upper_tail((f64::from(point) - 0.5 - self.mean) / sd));
        Ok(f64::from(self.lowest) + above.sum::<f64>())
    }

    fn check(&self) -> Result<(), Error> {
        check::finite("mean", self.mean)?;
        check::not_negative("item_sd", self.components.item_sd)?;
        check::not_negative("rater_sd", self.components.rater_sd)?;
        check::not_negative("residual_sd", self.components.residual_sd)?;
        if self.lowest >= self.highest {
            let value = f64::from(self.lowest);
            return Err(Error::OutOfRange {
                name: "lowest",
                value,
                allowed: "less than the highest point of the scale",
            });
        }
        Ok(())
    }
}

/// Returns the design in which every rater judges every item: (rater, item), rater by rater.
///
/// Library only, as [`pooled`].
#[must_use]
pub fn crossed(n_raters: usize, n_items: usize) -> Vec<(usize, usize)> {
    (0..n_raters).flat_map(|rater| (0..n_items).map(move |item| (rater, item))).collect()
}

/// Returns the design in which each item is judged by some raters from a pool: (rater, item), item by item.
///
/// Each item gets the raters with the fewest judgments so far, with ties broken at random, so that the numbers of
/// judgments of any two raters differ by at most one. With as many raters as judgments, everybody judges once.
///
/// Library only: the programs simulate the sessions of a plan. Kept for the calibration of the statistics.
///
/// # Errors
///
/// [`Error::OutOfRange`] if there are more ratings per item than raters, or none.
///
/// # Examples
///
/// ```
/// let design = mynah_stats::simulate::pooled(60, 50, 20, 1)?;
/// assert_eq!(design.len(), 1000);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn pooled(
    n_raters: usize,
    n_items: usize,
    ratings_per_item: usize,
    seed: u64,
) -> Result<Vec<(usize, usize)>, Error> {
    if ratings_per_item == 0 || ratings_per_item > n_raters {
        return Err(Error::OutOfRange {
            name: "ratings_per_item",
            value: ratings_per_item as f64,
            allowed: "between 1 and the number of raters",
        });
    }
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut loads = vec![0_usize; n_raters];
    let mut design = Vec::with_capacity(n_items * ratings_per_item);
    for item in 0..n_items {
        let mut by_load: Vec<(usize, u64, usize)> =
            loads.iter().enumerate().map(|(rater, &load)| (load, generator.next_u64(), rater)).collect();
        by_load.sort_unstable();
        for &(_, _, rater) in &by_load[..ratings_per_item] {
            loads[rater] += 1;
            design.push((rater, item));
        }
    }
    Ok(design)
}

/// Returns the design in which some raters judge every item and others stop after a few: (rater, item), the steady
/// raters first.
///
/// The items of the others are drawn at random.
///
/// Library only, as [`pooled`].
///
/// # Errors
///
/// [`Error::OutOfRange`] if a quitter is to judge more items than there are.
///
/// # Examples
///
/// ```
/// let design = mynah_stats::simulate::quitters(3, 20, 100, 5, 1)?;
/// assert_eq!(design.len(), 3 * 100 + 20 * 5);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn quitters(
    n_steady: usize,
    n_quitters: usize,
    n_items: usize,
    n_each: usize,
    seed: u64,
) -> Result<Vec<(usize, usize)>, Error> {
    if n_each > n_items {
        let value = n_each as f64;
        return Err(Error::OutOfRange { name: "n_each", value, allowed: "at most the number of items" });
    }
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut design = crossed(n_steady, n_items);
    for rater in n_steady..n_steady + n_quitters {
        let mut items: Vec<(u64, usize)> = (0..n_items).map(|item| (generator.next_u64(), item)).collect();
        items.sort_unstable();
        design.extend(items[..n_each].iter().map(|&(_, item)| (rater, item)));
    }
    Ok(design)
}

/// Returns the design of an open crowd, in which few do much and many do little: (rater, item), in order of judgment.
///
/// Each judgment is made by the k-th rater with probability proportional to k^-exponent (Zipf's law), on a random item
/// that the rater has not judged. Raters who have judged everything are excluded.
///
/// Library only, as [`pooled`].
///
/// # Errors
///
/// [`Error::OutOfRange`] if there are more judgments than raters times items, or for an exponent that is negative or
/// not finite.
///
/// # Examples
///
/// ```
/// let design = mynah_stats::simulate::crowd(60, 200, 1000, 1.5, 1)?;
/// let by_the_first = design.iter().filter(|judgment| judgment.0 == 0).count();
/// assert_eq!(by_the_first, 200);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
#[expect(clippy::missing_panics_doc, reason = "a rater with something left is always found")]
pub fn crowd(
    n_raters: usize,
    n_items: usize,
    n_judgments: usize,
    exponent: f64,
    seed: u64,
) -> Result<Vec<(usize, usize)>, Error> {
    check::not_negative("exponent", exponent)?;
    if n_judgments > n_raters * n_items {
        let value = n_judgments as f64;
        let allowed = "at most the number of raters times the number of items";
        return Err(Error::OutOfRange { name: "n_judgments", value, allowed });
    }
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut open: Vec<Vec<usize>> = vec![(0..n_items).collect(); n_raters];
    let mut design = Vec::with_capacity(n_judgments);
    while design.len() < n_judgments {
        let weights: Vec<f64> = open
            .iter()
            .enumerate()
            .map(|(rater, open)| if open.is_empty() { 0.0 } else { (rater as f64 + 1.0).powf(-exponent) })
            .collect();
        // The upper 53 bits as a number in [0, 1).
        let place = (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 * weights.iter().sum::<f64>();
        let mut sum = 0.0;
        let drawn = weights.iter().position(|weight| {
            sum += weight;
            place < sum
        });
        // Rounding may leave the last sum just below the drawn value.
        let rater =
            drawn.or_else(|| weights.iter().rposition(|&weight| weight > 0.0)).expect("an item is left");
        let item = (u128::from(generator.next_u64()) * open[rater].len() as u128) >> 64;
        design.push((rater, open[rater].swap_remove(item as usize)));
    }
    Ok(design)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: Model = Model {
        mean: 0.5,
        components: Components { item_sd: 0.4, rater_sd: 0.3, residual_sd: 0.8 },
        lowest: -3,
        highest: 3,
    };

    #[test]
    fn replicates_are_independent_of_each_other_and_of_threads() {
        let design = crossed(4, 5);
        let all = MODEL.replicates(&design, 9, 6, <[f64]>::to_vec).expect("the model is valid");
        assert_eq!(all[5], MODEL.draw(&design, 9, 5).expect("the model is valid"));
        assert_ne!(all[5], all[4]);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be made");
        let alone =
            pool.install(|| MODEL.replicates(&design, 9, 6, <[f64]>::to_vec)).expect("the model is valid");
        assert_eq!(all, alone);
    }

    #[test]
    fn raters_of_a_pool_judge_equally_often() {
        let design = pooled(7, 10, 3, 5).expect("a design");
        let count =
            |wanted: &dyn Fn(&(usize, usize)) -> bool| design.iter().filter(|cell| wanted(cell)).count();
        assert!((0..10).all(|item| count(&|cell| cell.1 == item) == 3));
        assert!((0..7).all(|rater| (4..=5).contains(&count(&|cell| cell.0 == rater))));
        let mut cells = design.clone();
        cells.sort_unstable();
        cells.dedup();
        assert_eq!(cells.len(), 30, "nobody judges an item twice");
        assert_ne!(design, pooled(7, 10, 3, 6).expect("a design"));
        assert!(matches!(pooled(2, 10, 3, 5), Err(Error::OutOfRange { .. })));
    }

    #[test]
    fn variance_combines_components_and_rounding() {
        // The mean of a balanced study varies as planned; 4,000 replicates estimate a variance to within 2.2 %.
        const RELATIVE_ERROR: f64 = 4.0 * 0.0224;
        let design = crossed(6, 8);
        let mean_of = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
        let means =
            Model { mean: 0.0, ..MODEL }.replicates(&design, 3, 4000, mean_of).expect("the model is valid");
        let variance = means.iter().map(|mean| mean * mean).sum::<f64>() / means.len() as f64;
        let expected = 0.4_f64.powi(2) / 8.0 + 0.3_f64.powi(2) / 6.0 + (0.8_f64.powi(2) + 1.0 / 12.0) / 48.0;
        assert!((variance / expected - 1.0).abs() < RELATIVE_ERROR, "{variance} against {expected}");
    }

    #[test]
    fn rejects_impossible_models() {
        let scale = Model { lowest: 3, highest: 3, ..MODEL };
        assert!(matches!(scale.draw(&[(0, 0)], 1, 0), Err(Error::OutOfRange { name: "lowest", .. })));
        let infinite = Model { mean: f64::INFINITY, ..MODEL };
        assert!(matches!(infinite.draw(&[(0, 0)], 1, 0), Err(Error::OutOfRange { name: "mean", .. })));
        assert_eq!(MODEL.draw(&[], 1, 0), Err(Error::Empty));
    }

    #[test]
    fn the_expected_score_agrees_with_scipy_and_simulation() {
        // scipy 1.17.1: sum over the points of s (Φ(upper) - Φ(lower)).
        const TOLERANCE: f64 = 1e-9;
        let components = Components { item_sd: 0.3, rater_sd: 0.3, residual_sd: 1.0 };
        let flat = |residual_sd| Components { item_sd: 0.0, rater_sd: 0.0, residual_sd };
        for (mean, components, lowest, highest, expected) in [
            (0.0, flat(1.0), -3, 3, 0.0),
            (-0.5, components, -3, 3, -0.497_125_145_688_332_3),
            (4.5, components, 1, 5, 4.285_689_020_098_859),
            (2.9, flat(0.4), -3, 3, 2.841_112_116_002_92),
            (-7.2, flat(0.0), -3, 3, -3.0),
        ] {
            let model = Model { mean, components, lowest, highest };
            let found = model.expected().unwrap();
            assert!((found - expected).abs() < TOLERANCE, "{model:?}: {found}");
            // Twenty thousand judgments, each of a different rater and item.
            let design: Vec<(usize, usize)> = (0..20_000).map(|index| (index, index)).collect();
            let scores = model.draw(&design, 3, 0).unwrap();
            let drawn = scores.iter().sum::<f64>() / scores.len() as f64;
            assert!((drawn - expected).abs() < 4.0 * 1.1 / (scores.len() as f64).sqrt(), "{drawn}");
        }
    }

    #[test]
    fn crowds_judge_no_item_twice_and_the_first_raters_most() {
        let design = crowd(100, 50, 1000, 1.5, 3).expect("enough cells");
        let distinct: std::collections::BTreeSet<_> = design.iter().collect();
        assert_eq!((design.len(), distinct.len()), (1000, 1000));
        let of = |rater: usize| design.iter().filter(|judgment| judgment.0 == rater).count();
        assert!(of(0) == 50 && of(0) >= of(20) && of(20) > of(99), "{} {} {}", of(0), of(20), of(99));
        let everything = crowd(3, 4, 12, 2.0, 1).expect("all cells");
        assert_eq!(everything.iter().collect::<std::collections::BTreeSet<_>>().len(), 12);
        assert!(crowd(3, 4, 13, 2.0, 1).is_err() && crowd(3, 4, 1, -1.0, 1).is_err());
    }

    #[test]
    fn quitters_judge_a_few_different_items() {
        let design = quitters(3, 20, 100, 5, 1).expect("enough items");
        for rater in 3..23 {
            let items: std::collections::BTreeSet<_> =
                design.iter().filter(|judgment| judgment.0 == rater).collect();
            assert_eq!(items.len(), 5);
        }
        assert!(quitters(3, 20, 4, 5, 1).is_err());
    }
}
