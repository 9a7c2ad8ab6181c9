//! Maximum t statistic of several systems judged by the same people, by the crossed bootstrap.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::bootstrap::{BootstrapConfig, draw};
use crate::check;
use crate::clustered::{Clustered, two_way};
use crate::dense::Cholesky;
use crate::design::{Design, numbered};
use crate::distribution::student_quantile;
use crate::error::Error;

/// Smallest share of replicates in which every system must have ratings.
const LEAST_DEFINED: f64 = 0.95;
/// Smallest probability that this method resolves.
const SMALLEST_P: f64 = 1e-15;
/// Share of each system's variance assumed independent of the others.
const OWN_SHARE: f64 = 1e-6;
/// Separates the random stream of the statistics from that of the weights.
const STATISTICS: u64 = 0x6d61_785f_7400_0001;

/// One system of a family.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FamilyMember {
    /// Index of the system.
    pub system: usize,
    /// Mean of the system with its clustered error.
    pub mean: Clustered,
    /// Probability of the system's own t test.
    pub p_value: f64,
    /// Probability, if no system differs from 0, that the largest |t| is at least as large.
    pub adjusted_p_value: f64,
}

/// Tests the means of several systems against 0, adjusting each probability for the whole family.
///
/// ```text
/// adjusted p = P(max over systems of |Z_s| √(ν/χ²_ν) ≥ t of the system's own p at ν)
/// ```
///
/// Here Z is normal with the correlations of the means over replicates of the crossed bootstrap, and ν is the smallest
/// number of degrees of freedom: a multivariate t distribution, as in Dunnett's test. Systems that share raters and
/// items have correlated means, which makes this less conservative than [`crate::holm()`]; with a single system nothing
/// is adjusted. The tests are those of [`two_way`] with Satterthwaite's degrees of freedom; the bootstrap's own
/// conservative variance does not enter.
///
/// To compare checkpoints with recordings, pass the comparison scores; to compare pairs of systems, pass the
/// differences within each rater and item.
///
/// Library only: the programs use [`crate::simultaneous()`], which also gives intervals. Kept for
/// comparisons of all pairs, where it is sharper than [`crate::holm()`].
///
/// # Errors
///
/// Those of [`two_way`] for each system; [`Error::TooFew`] for fewer than two replicates; [`Error::TooFewDefined`] if
/// so few raters or items judged a system that many replicates contain none of them.
///
/// # References
///
/// P. H. Westfall and S. S. Young (1993), "Resampling-based multiple testing". T. Hothorn, F. Bretz and P. Westfall (2008),
/// "Simultaneous inference in general parametric models", Biometrical Journal 50, 346-363. A. B. Owen (2007), "The
/// pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411.
pub fn max_t(
    values: &[f64],
    systems: &[usize],
    raters: &[usize],
    items: &[usize],
    config: &BootstrapConfig,
) -> Result<Vec<FamilyMember>, Error> {
    let design = Design::of(values, raters, items)?;
    check::same_length("values", values.len(), "systems", systems.len())?;
    if config.n_replicates < 2 {
        return Err(Error::TooFew { what: "replicates", needed: 2, got: config.n_replicates });
    }
    let (system_of, names) = numbered(systems);
    let mut means = Vec::with_capacity(names.len());
    for system in 0..names.len() {
        let of = |column: &[usize]| -> Vec<usize> {
            column.iter().zip(&system_of).filter(|&(_, &s)| s == system).map(|(&x, _)| x).collect()
        };
        let own: Vec<f64> =
            values.iter().zip(&system_of).filter(|&(_, &s)| s == system).map(|(&y, _)| y).collect();
        means.push(two_way(&own, &of(raters), &of(items))?.satterthwaite());
    }

    let replicates: Vec<Vec<f64>> = draw(&design, config, |weights| {
        let (mut sums, mut totals) = (vec![0.0; names.len()], vec![0.0; names.len()]);
        for ((weight, value), &system) in weights.iter().zip(values).zip(&system_of) {
            sums[system] += weight * (value - means[system].estimate);
            totals[system] += weight;
        }
        let all = totals.iter().all(|&total| total > 0.0);
        all.then(|| sums.iter().zip(&totals).map(|(sum, total)| sum / total).collect())
    })
    .into_iter()
    .flatten()
    .collect();
    if (replicates.len() as f64) < LEAST_DEFINED * config.n_replicates as f64 {
        return Err(Error::TooFewDefined { defined: replicates.len(), n: config.n_replicates });
    }
    let degrees = smallest_degrees(&means);
    let correlations = correlations(&replicates, &means)?;
    let largest = largest_statistics(&correlations, names.len(), degrees, config);
    let n_systems = names.len() as f64;
    Ok(names
        .into_iter()
        .zip(means)
        .map(|(system, mean)| {
            let p_value = mean.t_test().p_value;
            let threshold = student_quantile(1.0 - p_value.max(SMALLEST_P) / 2.0, degrees);
            let n_beyond = largest.len() - largest.partition_point(|&statistic| statistic < threshold);
            // Above the number of tests times p only by chance.
            let adjusted = (n_beyond + 1) as f64 / (largest.len() + 1) as f64;
            FamilyMember {
                system,
                mean,
                p_value,
                adjusted_p_value: adjusted.min(n_systems * p_value).max(p_value).min(1.0),
            }
        })
        .collect())
}

/// Returns the correlations of the systems' means over the replicates, in row-major order.
fn correlations(replicates: &[Vec<f64>], means: &[Clustered]) -> Result<Vec<f64>, Error> {
    let (n, k) = (replicates.len() as f64, means.len());
    let centers: Vec<f64> =
        (0..k).map(|system| replicates.iter().map(|replicate| replicate[system]).sum::<f64>() / n).collect();
    let mut products = vec![0.0; k * k];
    for replicate in replicates {
        for i in 0..k {
            for j in 0..k {
                products[i * k + j] += (replicate[i] - centers[i]) * (replicate[j] - centers[j]);
            }
        }
    }
    if let Some(system) = (0..k).find(|system| products[system * k + system] == 0.0) {
        return Err(Error::NoSpread { n: means[system].n });
    }
    let scales: Vec<f64> = (0..k).map(|system| products[system * k + system].sqrt()).collect();
    Ok((0..k * k).map(|place| products[place] / (scales[place / k] * scales[place % k])).collect())
}

/// Draws the largest |t| of a multivariate t distribution once per replicate, in ascending order.
fn largest_statistics(correlations: &[f64], k: usize, degrees: f64, config: &BootstrapConfig) -> Vec<f64> {
    // Two systems with identical scores are allowed: a small independent variance keeps the matrix positive definite.
    let matrix: Vec<f64> = correlations
        .iter()
        .enumerate()
        .map(|(place, value)| if place / k == place % k { 1.0 } else { value * (1.0 - OWN_SHARE) })
        .collect();
    let factor =
        Cholesky::new(matrix, k).expect("the independent variance makes the matrix positive definite");
    let denominator = ChiSquared::new(degrees).expect("the degrees of freedom are positive");
    let mut generator = ChaCha8Rng::seed_from_u64(config.seed ^ STATISTICS);
    let mut largest: Vec<f64> = (0..config.n_replicates)
        .map(|_| {
            let independent: Vec<f64> = (0..k).map(|_| StandardNormal.sample(&mut generator)).collect();
            let z = factor.lower_times(&independent).into_iter().map(f64::abs).fold(0.0, f64::max);
            z * (degrees / denominator.sample(&mut generator)).sqrt()
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    largest
}

fn smallest_degrees(means: &[Clustered]) -> f64 {
    means.iter().map(|mean| mean.degrees_of_freedom).fold(f64::INFINITY, f64::min)
}
