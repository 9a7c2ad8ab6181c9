//! Simultaneous levels at which several systems are judged with a family-wise error rate.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

use crate::check;
use crate::clustered::{Clustered, Influence};
use crate::dense::Cholesky;
use crate::distribution::{normal_quantile, normal_upper_tail};
use crate::error::Error;
use crate::result::Interval;

/// Number of draws; the standard error of the probability 0.05 is 0.0015.
const DRAWS: usize = 20_000;
/// Share of each system's variance assumed independent of the others.
const OWN_SHARE: f64 = 1e-6;
/// Largest number of estimates whose joint distribution is used; the p-values of more are multiplied by their number.
const MOST_JOINT: usize = 190;
/// Fixed seed of the draws, so that the same ratings always give the same verdict.
const SEED: u64 = 0x7369_6d75_6c74_616e;

/// Levels at which each system of a family is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Simultaneous {
    /// Probability that any conclusion about any system is wrong.
    pub alpha: f64,
    /// Two-sided level of each system's test and interval of the difference.
    pub difference_alpha: f64,
    /// Level of each of the two one-sided tests of equivalence.
    pub equivalence_alpha: f64,
    n_systems: usize,
    /// Largest |z| of each draw, ascending; empty for a single system.
    largest: Vec<f64>,
}

impl Simultaneous {
    /// Returns the probability, if no system differs, that the smallest p-value of the family is at most this one.
    ///
    /// It is below `alpha` exactly if `p_value` is below `difference_alpha`.
    #[must_use]
    pub fn adjusted(&self, p_value: f64) -> f64 {
        if self.n_systems < 2 {
            return p_value;
        }
        let bonferroni = (self.n_systems as f64 * p_value).min(1.0);
        if p_value <= 0.0 {
            return bonferroni;
        }
        let z = normal_quantile(1.0 - (p_value / 2.0).clamp(f64::EPSILON, 0.5));
        let n_beyond = self.largest.len() - self.largest.partition_point(|&largest| largest < z);
        let drawn = (n_beyond + 1) as f64 / (self.largest.len() + 1) as f64;
        drawn.min(bonferroni).max(p_value)
    }
}

/// Finds the levels for testing each of several estimates so that the probability of any error is `alpha`.
///
/// ```text
/// difference:    the level a with P(max_s |Z_s| > z(1 - a/2)) = alpha,   Z normal with the correlations of the estimates
/// equivalence:   max(alpha / S, a / 2) for each one-sided test of each of S systems
/// ```
///
/// With a single system both are `alpha`: nothing is adjusted. Each statistic keeps its own degrees of freedom and is
/// compared by its p-value, as if the variances were estimated independently, which is conservative.
///
/// The correlations come from the influence of each rater and each item: systems judged by the same people err
/// together, which makes the adjustment for many of them smaller. For two systems at opposite ends of the margin, the
/// one-sided tests look in opposite directions, so the correlation cannot be relied upon there. Hence the level is
/// Bonferroni's, or the two-sided one if that is larger, which holds in any direction.
///
/// The draws use a fixed seed, so the levels depend on the estimates alone.
///
/// # Errors
///
/// [`Error::Empty`] without systems; [`Error::OutOfRange`] for an alpha not in (0, 0.5); [`Error::NoSpread`] for a
/// system whose raters and items have no influence.
///
/// # References
///
/// C. W. Dunnett (1955), "A multiple comparison procedure for comparing several treatments with a control", Journal of the
/// American Statistical Association 50, 1096-1121. T. Hothorn, F. Bretz and P. Westfall (2008), "Simultaneous inference
/// in general parametric models", Biometrical Journal 50, 346-363.
pub fn simultaneous(systems: &[&Influence], alpha: f64) -> Result<Simultaneous, Error> {
    check::alpha(alpha)?;
    let n_systems = systems.len();
    match n_systems {
        0 => return Err(Error::Empty),
        1 => {
            let (difference_alpha, equivalence_alpha) = (alpha, alpha);
            return Ok(Simultaneous {
                alpha,
                difference_alpha,
                equivalence_alpha,
                n_systems,
                largest: vec![],
            });
        }
        _ => {}
    }
    let largest = largest(&correlations(systems)?, n_systems);
    // At most this many draws may be larger: (n + 1) / (DRAWS + 1) < alpha.
    let n_beyond = ((alpha * (DRAWS + 1) as f64).ceil() as usize).saturating_sub(2);
    let critical = largest[DRAWS - 1 - n_beyond.min(DRAWS - 1)];
    let bonferroni = alpha / n_systems as f64;
    let difference_alpha = (2.0 * normal_upper_tail(critical)).max(bonferroni).min(alpha);
    let equivalence_alpha = bonferroni.max(difference_alpha / 2.0);
    Ok(Simultaneous { alpha, difference_alpha, equivalence_alpha, n_systems, largest })
}

/// Inference about one estimate of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjusted {
    /// Interval; all intervals of the family together contain the truth with probability 1 - alpha.
    pub interval: Interval,
    /// p-value of the t test against 0, corrected for the family.
    pub adjusted_p_value: f64,
}

/// Computes simultaneous intervals and corrected p-values of a family of estimates, such as all pairs of systems.
///
/// They follow from the joint distribution, as [`simultaneous()`] explains; those of more than 190 estimates from
/// Bonferroni's inequality.
///
/// # Errors
///
/// [`Error::Empty`] without estimates; [`Error::OutOfRange`] for an alpha not in (0, 0.5).
pub fn adjust(estimates: &[(&Clustered, &Influence)], alpha: f64) -> Result<Vec<Adjusted>, Error> {
    check::alpha(alpha)?;
    if estimates.is_empty() {
        return Err(Error::Empty);
    }
    let influences: Vec<&Influence> = estimates.iter().map(|(_, influence)| *influence).collect();
    let joint = Some(&influences)
        .filter(|influences| influences.len() <= MOST_JOINT)
        .and_then(|influences| simultaneous(influences, alpha).ok());
    let n = influences.len() as f64;
    let level = 1.0 - joint.as_ref().map_or(alpha / n, |joint| joint.difference_alpha);
    estimates
        .iter()
        .map(|(estimate, _)| {
            let p_value = estimate.t_test().p_value;
            let adjusted_p_value =
                joint.as_ref().map_or_else(|| (n * p_value).min(1.0), |joint| joint.adjusted(p_value));
            Ok(Adjusted { interval: estimate.interval(level)?, adjusted_p_value })
        })
        .collect()
}

/// Returns the correlations of the systems' estimates in row-major order.
fn correlations(systems: &[&Influence]) -> Result<Vec<f64>, Error> {
    let k = systems.len();
    let mut products = vec![0.0; k * k];
    for of in [|one: &Influence| &one.by_rater, |one: &Influence| &one.by_item]
        as [fn(&Influence) -> &BTreeMap<usize, f64>; 2]
    {
        // The systems that each cluster contributed to.
        let mut by_cluster: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
        for (place, influence) in systems.iter().enumerate() {
            for (&cluster, &value) in of(influence) {
                by_cluster.entry(cluster).or_default().push((place, value));
            }
        }
        for contributions in by_cluster.values() {
            for &(i, left) in contributions {
                for &(j, right) in contributions {
                    products[i * k + j] += left * right;
                }
            }
        }
    }
    if (0..k).any(|place| products[place * k + place] <= 0.0) {
        return Err(Error::NoSpread { n: k });
    }
    let scales: Vec<f64> = (0..k).map(|place| products[place * k + place].sqrt()).collect();
    Ok((0..k * k).map(|place| products[place] / (scales[place / k] * scales[place % k])).collect())
}

/// Draws the largest |z| of normal variables with these correlations many times, ascending.
fn largest(correlations: &[f64], k: usize) -> Vec<f64> {
    // Two systems with identical scores are allowed: a small independent variance keeps the matrix positive definite.
    let matrix: Vec<f64> = correlations
        .iter()
        .enumerate()
        .map(|(place, value)| if place / k == place % k { 1.0 } else { value * (1.0 - OWN_SHARE) })
        .collect();
    let factor =
        Cholesky::new(matrix, k).expect("the independent variance makes the matrix positive definite");
    let mut generator = ChaCha8Rng::seed_from_u64(SEED);
    let mut independent = vec![0.0; k];
    let mut largest: Vec<f64> = (0..DRAWS)
        .map(|_| {
            independent.fill_with(|| StandardNormal.sample(&mut generator));
            factor.lower_times(&independent).into_iter().map(f64::abs).fold(0.0, f64::max)
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative error of a probability near 0.05 over the draws: four standard errors.
    const DRAWN: f64 = 4.0 * 0.0015 / 0.05;

    /// Builds contributions with a share common to all systems.
    fn family(k: usize, share: f64) -> Vec<Influence> {
        let mut generator = ChaCha8Rng::seed_from_u64(5);
        let mut normal = || -> f64 { StandardNormal.sample(&mut generator) };
        let common: Vec<f64> = (0..4000).map(|_| normal()).collect();
        (0..k)
            .map(|_| Influence {
                by_rater: common
                    .iter()
                    .map(|common| share.sqrt() * common + (1.0 - share).sqrt() * normal())
                    .enumerate()
                    .collect(),
                by_item: BTreeMap::new(),
            })
            .collect()
    }

    fn levels(k: usize, share: f64) -> Simultaneous {
        let family = family(k, share);
        simultaneous(&family.iter().collect::<Vec<_>>(), 0.05).expect("a family")
    }

    #[test]
    fn a_single_system_is_not_adjusted() {
        let one = levels(1, 0.0);
        assert_eq!((one.difference_alpha, one.equivalence_alpha), (0.05, 0.05));
        assert_eq!(one.adjusted(0.03).to_bits(), 0.03_f64.to_bits());
    }

    #[test]
    fn independent_systems_have_sidaks_level() {
        for k in [2, 5, 12, 20] {
            let found = levels(k, 0.0).difference_alpha;
            let expected = 1.0 - 0.95_f64.powf(1.0 / k as f64);
            assert!((found / expected - 1.0).abs() < DRAWN, "{k}: {found} {expected}");
        }
    }

    #[test]
    fn correlated_systems_agree_with_dunnetts_tables() {
        // Dunnett (1964), two-sided, correlation 0.5, infinitely many degrees of freedom, joint 95 %.
        for (k, critical) in [(2, 2.21), (5, 2.51), (9, 2.69), (20, 2.91)] {
            let found = normal_quantile(1.0 - levels(k, 0.5).difference_alpha / 2.0);
            assert!((found - critical).abs() < 0.05, "{k}: {found} {critical}");
        }
        let same = levels(12, 1.0);
        assert!((same.difference_alpha / 0.05 - 1.0).abs() < DRAWN, "{same:?}");
        assert!((same.equivalence_alpha - same.difference_alpha / 2.0).abs() < 1e-15);
    }

    #[test]
    fn adjusted_p_values_agree_with_the_level() {
        for (k, share) in [(2, 0.0), (5, 0.5), (12, 0.9)] {
            let family = levels(k, share);
            let a = family.difference_alpha;
            for p in [1e-12, 1e-4, a * 0.5, a * 0.999_999, a * 1.000_001, a * 1.5, 0.5, 1.0] {
                let adjusted = family.adjusted(p);
                assert_eq!(p < a, adjusted < 0.05, "{k} {share} {p} {a} {adjusted}");
                assert!((p..=1.0).contains(&adjusted) && adjusted <= k as f64 * p + 1e-15);
            }
        }
    }

    #[test]
    fn rejects_invalid_families() {
        assert_eq!(simultaneous(&[], 0.05), Err(Error::Empty));
        let none = Influence { by_rater: BTreeMap::from([(0, 0.0)]), by_item: BTreeMap::new() };
        assert_eq!(simultaneous(&[&none, &none], 0.05), Err(Error::NoSpread { n: 2 }));
        let some = family(1, 0.0);
        assert!(matches!(simultaneous(&[&some[0]], 0.7), Err(Error::OutOfRange { name: "alpha", .. })));
    }
}
