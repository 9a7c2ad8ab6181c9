//! Crossed ("pigeonhole") bootstrap, which resamples raters and items independently of each other.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::check;
use crate::design::Design;
use crate::distribution::student_quantile;
use crate::error::Error;
use crate::result::Interval;

/// Smallest share of replicates with a defined statistic, so that the rest remain representative.
const LEAST_DEFINED: f64 = 0.95;

/// Number of replicates and seed of the bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapConfig {
    /// Number of simulated studies.
    pub n_replicates: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Default for BootstrapConfig {
    /// Returns 10,000 replicates with seed 1.
    fn default() -> Self {
        Self { n_replicates: 10_000, seed: 1 }
    }
}

/// Bootstrap distribution of a statistic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Statistic of the original study.
    pub estimate: f64,
    /// Standard deviation over the replicates.
    pub standard_error: f64,
    /// The smaller of the numbers of raters and items, minus one.
    pub degrees_of_freedom: f64,
    /// Statistic of each replicate that has one, ascending.
    pub replicates: Vec<f64>,
}

impl Bootstrap {
    /// Returns the interval estimate ± t · standard error, which assumes an approximately normal statistic.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the level is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Interval, Error> {
        check::probability("level", level)?;
        let half = student_quantile(0.5 + level / 2.0, self.degrees_of_freedom) * self.standard_error;
        Ok(Interval { estimate: self.estimate, low: self.estimate - half, high: self.estimate + half, level })
    }

    /// Returns the interval between two quantiles of the replicates, whatever their distribution.
    ///
    /// Resampling only a handful of levels varies less than a new study would, which makes the interval narrower than
    /// [`Bootstrap::interval`]; the inflated residual variance more than compensates. Quantiles are interpolated
    /// linearly, as in numpy.
    ///
    /// Library only: the programs use [`Bootstrap::interval`]. Kept because most published bootstraps are percentile intervals,
    /// and the calibration example compares the two.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the level is not strictly between 0 and 1.
    pub fn percentile_interval(&self, level: f64) -> Result<Interval, Error> {
        check::probability("level", level)?;
        let quantile = |share: f64| {
            let place = share * (self.replicates.len() - 1) as f64;
            let (below, rest) = (self.replicates[place as usize], place.fract());
            let above = self.replicates[(place as usize + 1).min(self.replicates.len() - 1)];
            below + rest * (above - below)
        };
        let (low, high) = (quantile(0.5 - level / 2.0), quantile(0.5 + level / 2.0));
        Ok(Interval { estimate: self.estimate, low, high, level })
    }
}

/// Computes the bootstrap distribution of the mean of judgments.
///
/// # Errors
///
/// Those of [`crossed_bootstrap`]; [`Error::NotFinite`], [`Error::AllEqual`].
///
/// # Examples
///
/// ```
/// use mynah_stats::bootstrap::{BootstrapConfig, crossed_mean};
///
/// let scores = [-2.0, -2.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 2.0, 1.0];
/// let raters = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
/// let items = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
/// let mean = crossed_mean(&scores, &raters, &items, &BootstrapConfig::default())?;
/// assert!(mean.interval(0.95)?.contains(0.0));
/// # Ok::<(), mynah_stats::Error>(())
/// ```
pub fn crossed_mean(
    values: &[f64],
    raters: &[usize],
    items: &[usize],
    config: &BootstrapConfig,
) -> Result<Bootstrap, Error> {
    check::values(values)?;
    check::same_length("values", values.len(), "raters", raters.len())?;
    check::vary(values)?;
    crossed_bootstrap(raters, items, config, |weights| weighted_mean(values, weights))
}

/// Computes the bootstrap distribution of the difference between the means of two groups of judgments.
///
/// Raters and items are drawn jointly for both groups, so that differences within a rater are preserved.
///
/// # Errors
///
/// Those of [`crossed_mean`]; [`Error::TooFew`] for a group without values.
pub fn crossed_difference(
    values: &[f64],
    in_group_1: &[bool],
    raters: &[usize],
    items: &[usize],
    config: &BootstrapConfig,
) -> Result<Bootstrap, Error> {
    check::values(values)?;
    check::same_length("values", values.len(), "raters", raters.len())?;
    check::same_length("raters", raters.len(), "items", items.len())?;
    check::same_length("values", values.len(), "in_group_1", in_group_1.len())?;
    check::vary(values)?;
    let n1 = in_group_1.iter().filter(|&&member| member).count();
    if n1 == 0 || n1 == values.len() {
        return Err(Error::TooFew { what: "values in each group", needed: 1, got: 0 });
    }
    // Group by group, so that no sum depends on the group of a value.
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&index| in_group_1[index]);
    let sorted = |of: &[usize]| -> Vec<usize> { order.iter().map(|&index| of[index]).collect() };
    let values: Vec<f64> = order.iter().map(|&index| values[index]).collect();
    crossed_bootstrap(&sorted(raters), &sorted(items), config, |weights| {
        let (values_0, values_1) = values.split_at(values.len() - n1);
        let (weights_0, weights_1) = weights.split_at(values.len() - n1);
        Some(weighted_mean(values_1, weights_1)? - weighted_mean(values_0, weights_0)?)
    })
}

/// Computes the bootstrap distribution of any statistic of weighted judgments.
///
/// ```text
/// w = (times the rater was drawn) · (times the item was drawn)
/// ```
///
/// Raters and items are drawn with replacement, as many of each as the study has; the statistic receives the weight of
/// each judgment, in the order of the arguments. It returns None if it is undefined for these weights. Such replicates
/// are dropped; if they are more than one in twenty, the result is an error. Replicates are streams of one `ChaCha8`
/// generator, so results do not depend on the number of threads.
///
/// The variance is conservative: for a complete design it is about that of raters plus that of items plus *three* times
/// that of the residual, where one would suffice. The 95 % t interval covers the truth in 97 to 99.8 % of simulated
/// studies: it is safe, but wider than [`crate::clustered::two_way`], the preferred choice for means and differences.
/// Resampling only raters, or only items, underestimates the variance.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::LengthMismatch`]; [`Error::TooFew`] for fewer than two raters, items or replicates;
/// [`Error::TooFewDefined`]; [`Error::NotFinite`] if the statistic returns NaN or infinity; [`Error::AllEqual`] if it
/// is the same for all replicates.
///
/// # Examples
///
/// ```
/// use mynah_stats::bootstrap::{BootstrapConfig, crossed_bootstrap};
///
/// // Share of judgments above 0.
/// let scores = [-1.0, 2.0, 1.0, 0.0, 1.0, 1.0, -2.0, 3.0, 1.0];
/// let (raters, items) = ([0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2, 0, 1, 2, 0, 1, 2]);
/// let share = crossed_bootstrap(&raters, &items, &BootstrapConfig::default(), |weights| {
///     let total: f64 = weights.iter().sum();
///     let above: f64 = weights.iter().zip(scores).map(|(w, s)| if s > 0.0 { *w } else { 0.0 }).sum();
///     (total > 0.0).then(|| above / total)
/// })?;
/// assert!((share.estimate - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// A. B. Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411.
pub fn crossed_bootstrap(
    raters: &[usize],
    items: &[usize],
    config: &BootstrapConfig,
    statistic: impl Fn(&[f64]) -> Option<f64> + Sync,
) -> Result<Bootstrap, Error> {
    let design = Design::new(raters, items)?;
    if config.n_replicates < 2 {
        return Err(Error::TooFew { what: "replicates", needed: 2, got: config.n_replicates });
    }
    let estimate = statistic(&vec![1.0; raters.len()]).ok_or(Error::TooFewDefined { defined: 0, n: 1 })?;
    check::values(&[estimate])?;
    let mut replicates: Vec<f64> =
        draw(&design, config, |weights| statistic(weights)).into_iter().flatten().collect();
    if (replicates.len() as f64) < LEAST_DEFINED * config.n_replicates as f64 {
        return Err(Error::TooFewDefined { defined: replicates.len(), n: config.n_replicates });
    }
    check::values(&replicates)?;
    check::vary(&replicates)?;
    replicates.sort_by(f64::total_cmp);
    let n = replicates.len() as f64;
    let mean = replicates.iter().sum::<f64>() / n;
    let squares: f64 = replicates.iter().map(|value| (value - mean).powi(2)).sum();
    Ok(Bootstrap {
        estimate,
        standard_error: (squares / (n - 1.0)).sqrt(),
        degrees_of_freedom: (design.n_raters().min(design.n_items()) - 1) as f64,
        replicates,
    })
}

/// Applies a function to the weights of each replicate, in order.
pub(crate) fn draw<T: Send>(
    design: &Design,
    config: &BootstrapConfig,
    function: impl Fn(&[f64]) -> T + Sync,
) -> Vec<T> {
    let scratch =
        || (vec![0.0; design.n_raters()], vec![0.0; design.n_items()], vec![0.0; design.raters.len()]);
    (0..config.n_replicates as u64)
        .into_par_iter()
        .map_init(scratch, |(rater_counts, item_counts, weights), replicate| {
            let mut generator = ChaCha8Rng::seed_from_u64(config.seed);
            generator.set_stream(replicate);
            count_draws(&mut generator, rater_counts);
            count_draws(&mut generator, item_counts);
            for ((weight, &rater), &item) in weights.iter_mut().zip(&design.raters).zip(&design.items) {
                *weight = rater_counts[rater] * item_counts[item];
            }
            function(weights)
        })
        .collect()
}

/// Draws as many levels as there are, with replacement, and counts each.
fn count_draws(generator: &mut ChaCha8Rng, counts: &mut [f64]) {
    counts.fill(0.0);
    for _ in 0..counts.len() {
        // The high half of the product is uniform except for one part in 2⁶⁴.
        let level = (u128::from(generator.next_u64()) * counts.len() as u128) >> 64;
        counts[level as usize] += 1.0;
    }
}

/// Computes Σ w y / Σ w in four partial sums, which lets the processor vectorize.
fn weighted_mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    let (mut sums, mut totals) = ([0.0; 4], [0.0; 4]);
    for (values, weights) in values.chunks(4).zip(weights.chunks(4)) {
        for (lane, (value, weight)) in values.iter().zip(weights).enumerate() {
            sums[lane] += weight * value;
            totals[lane] += weight;
        }
    }
    let total: f64 = totals.iter().sum();
    (total > 0.0).then(|| sums.iter().sum::<f64>() / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let (raters, items): (Vec<usize>, Vec<usize>) = crate::simulate::crossed(4, 6).into_iter().unzip();
        let values: Vec<f64> = (0..24).map(|k| f64::from(k * 7 % 5)).collect();
        let config = BootstrapConfig { n_replicates: 200, seed: 3 };
        let many = crossed_mean(&values, &raters, &items, &config).expect("a study");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be made");
        let alone = pool.install(|| crossed_mean(&values, &raters, &items, &config)).expect("a study");
        assert_eq!(many, alone);
        let other = BootstrapConfig { seed: 4, ..config };
        assert_ne!(many, crossed_mean(&values, &raters, &items, &other).expect("a study"));
    }

    #[test]
    fn quantiles_are_interpolated() {
        let replicates = vec![0.0, 1.0, 2.0, 4.0, 8.0];
        let bootstrap = Bootstrap { estimate: 2.0, standard_error: 1.0, degrees_of_freedom: 3.0, replicates };
        let interval = bootstrap.percentile_interval(0.75).expect("a level");
        // numpy.quantile at 0.125 and 0.875.
        assert!((interval.low - 0.5).abs() < 1e-12 && (interval.high - 6.0).abs() < 1e-12, "{interval:?}");
    }

    #[test]
    fn reports_why_there_is_no_distribution() {
        let config = BootstrapConfig { n_replicates: 100, seed: 1 };
        let (raters, items) = ([0, 0, 1, 1], [0, 1, 0, 1]);
        let run =
            |statistic: fn(&[f64]) -> Option<f64>| crossed_bootstrap(&raters, &items, &config, statistic);
        assert_eq!(run(|_| None), Err(Error::TooFewDefined { defined: 0, n: 1 }));
        let all_drawn = |weights: &[f64]| (weights[0] > 0.0).then(|| weights[0]);
        assert!(matches!(run(all_drawn), Err(Error::TooFewDefined { n: 100, .. })));
        assert_eq!(run(|_| Some(f64::NAN)), Err(Error::NotFinite { index: 0 }));
        assert!(matches!(run(|_| Some(1.0)), Err(Error::AllEqual { .. })));
        assert!(matches!(
            crossed_mean(&[1.0, 2.0], &[0, 0], &[0, 1], &config),
            Err(Error::TooFew { what: "raters", .. })
        ));
    }
}
