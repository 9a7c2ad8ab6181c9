//! Mixtures of diagonal Gaussians, the acoustic models of states.

use std::f64::consts::TAU;

use super::frames::{Block, DIMENSIONS, LANES};

/// Log-likelihood difference in nats beyond which a component does not change an f32 sum.
const NEGLIGIBLE: f32 = 16.0;

/// Distance of the two halves of a split component from its mean, in standard deviations.
const SPLIT: f64 = 0.2;

/// A Gaussian with diagonal covariance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gaussian {
    pub(super) mean: [f64; DIMENSIONS],
    pub(super) variance: [f64; DIMENSIONS],
}

impl Gaussian {
    /// Returns a Gaussian with mean 0 and variance 1.
    pub(super) fn standard() -> Self {
        Self { mean: [0.0; DIMENSIONS], variance: [1.0; DIMENSIONS] }
    }

    fn moved(&self, deviations: f64) -> Self {
        let mean = std::array::from_fn(|d| self.mean[d] + deviations * self.variance[d].sqrt());
        Self { mean, variance: self.variance }
    }
}

/// A weighted Gaussian, precomputed for evaluation:
///
/// ```text
/// ln w N(x; m, v) = constant + Σ_d factor_d (x_d − m_d)²,  constant = ln w − ½ Σ_d ln 2πv_d,  factor_d = −1 / 2v_d
/// ```
#[derive(Debug, Clone)]
struct Component {
    weight: f64,
    gaussian: Gaussian,
    mean: [f32; DIMENSIONS],
    factor: [f32; DIMENSIONS],
    constant: f32,
}

impl Component {
    fn new(weight: f64, gaussian: Gaussian) -> Self {
        let normalizer: f64 = gaussian.variance.iter().map(|variance| (TAU * variance).ln()).sum();
        Self {
            weight,
            mean: gaussian.mean.map(|mean| mean as f32),
            factor: gaussian.variance.map(|variance| (-0.5 / variance) as f32),
            constant: (weight.ln() - 0.5 * normalizer) as f32,
            gaussian,
        }
    }

    fn log_densities(&self, block: &Block) -> [f32; LANES] {
        let mut sums = [self.constant; LANES];
        for ((values, mean), factor) in block.iter().zip(&self.mean).zip(&self.factor) {
            for (sum, value) in sums.iter_mut().zip(values) {
                let difference = value - mean;
                *sum += difference * difference * factor;
            }
        }
        sums
    }

    fn log_density(&self, frame: &[f32; DIMENSIONS]) -> f64 {
        let terms = frame.iter().zip(self.mean.iter().zip(&self.factor));
        terms.fold(f64::from(self.constant), |sum, (value, (mean, factor))| {
            sum + f64::from(value - mean).powi(2) * f64::from(*factor)
        })
    }
}

/// A weighted sum of Gaussians; the weights sum to 1.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    components: Vec<Component>,
}

impl Mixture {
    /// Builds a mixture from weights and Gaussians, at least one.
    pub(super) fn new(components: impl IntoIterator<Item = (f64, Gaussian)>) -> Self {
        let components =
            components.into_iter().map(|(weight, gaussian)| Component::new(weight, gaussian)).collect();
        Self { components }
    }

    /// Returns the number of Gaussians.
    pub(super) fn len(&self) -> usize {
        self.components.len()
    }

    /// Returns the Gaussian with the mean and variance of the whole mixture in each dimension.
    pub(super) fn overall(&self) -> Gaussian {
        let sum = |value: &dyn Fn(&Gaussian) -> f64| {
            self.components.iter().map(|component| component.weight * value(&component.gaussian)).sum::<f64>()
        };
        let mean: [f64; DIMENSIONS] = std::array::from_fn(|d| sum(&|gaussian| gaussian.mean[d]));
        let variance = std::array::from_fn(|d| {
            sum(&|gaussian| gaussian.variance[d] + (gaussian.mean[d] - mean[d]).powi(2))
        });
        Gaussian { mean, variance }
    }

    /// Splits the heaviest Gaussian in two until there are `wanted`; the first of equally heavy ones is split.
    ///
    /// Each half has half the weight, the same variance, and a mean 0.2 standard deviations to either side.
    pub(super) fn split(&self, wanted: usize) -> Self {
        let mut components = self.components.clone();
        while components.len() < wanted {
            let heaviest = (1..components.len()).fold(0, |best, index| {
                if components[index].weight > components[best].weight { index } else { best }
            });
            let Component { weight, gaussian, .. } = components[heaviest].clone();
            components[heaviest] = Component::new(0.5 * weight, gaussian.moved(-SPLIT));
            components.push(Component::new(0.5 * weight, gaussian.moved(SPLIT)));
        }
        Self { components }
    }

    /// Returns the log-density of each frame of a block.
    pub(super) fn log_densities(&self, block: &Block) -> [f32; LANES] {
        let mut best = self.components[0].log_densities(block);
        if self.components.len() == 1 {
            return best;
        }
        // A running sum of exponentials relative to the maximum so far.
        let mut sums = [1.0_f32; LANES];
        for component in &self.components[1..] {
            let values = component.log_densities(block);
            for ((best, sum), value) in best.iter_mut().zip(&mut sums).zip(values) {
                let difference = value - *best;
                if difference > 0.0 {
                    *sum = if difference < NEGLIGIBLE { 1.0 + *sum * (-difference).exp() } else { 1.0 };
                    *best = value;
                } else if difference > -NEGLIGIBLE {
                    *sum += difference.exp();
                }
            }
        }
        std::array::from_fn(|lane| best[lane] + sums[lane].ln())
    }

    /// Computes the share of each Gaussian in a frame; the shares sum to 1.
    pub(super) fn shares(&self, frame: &[f32; DIMENSIONS], out: &mut Vec<f64>) {
        out.clear();
        if self.components.len() == 1 {
            out.push(1.0);
            return;
        }
        out.extend(self.components.iter().map(|component| component.log_density(frame)));
        let best = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for value in out.iter_mut() {
            *value = (*value - best).exp();
            sum += *value;
        }
        for value in out {
            *value /= sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use mynah_testkit::assert_close;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::super::frames::{DIMENSIONS, Frames};
    use super::{Gaussian, Mixture};

    /// Rounding of f32 sums of 39 terms of a few hundred each.
    const DENSITY_TOLERANCE: f64 = 2e-3;

    fn gaussian(generator: &mut ChaCha8Rng) -> Gaussian {
        Gaussian {
            mean: std::array::from_fn(|_| generator.random_range(-1.0..1.0)),
            variance: std::array::from_fn(|_| generator.random_range(0.3..2.0)),
        }
    }

    /// Evaluates the definition term by term.
    fn plain(parts: &[(f64, Gaussian)], frame: &[f32; DIMENSIONS]) -> f64 {
        let densities = parts.iter().map(|(weight, gaussian)| {
            weight
                * (0..DIMENSIONS)
                    .map(|d| {
                        let distance = f64::from(frame[d]) - gaussian.mean[d];
                        (-0.5 * distance * distance / gaussian.variance[d]).exp()
                            / (std::f64::consts::TAU * gaussian.variance[d]).sqrt()
                    })
                    .product::<f64>()
        });
        densities.sum::<f64>().ln()
    }

    #[test]
    fn the_density_agrees_with_its_definition() {
        let mut generator = ChaCha8Rng::seed_from_u64(3);
        for n in [1, 2, 5] {
            let parts: Vec<_> = (0..n).map(|_| (1.0 / f64::from(n), gaussian(&mut generator))).collect();
            let mixture = Mixture::new(parts.clone());
            let values: Vec<[f32; DIMENSIONS]> =
                (0..20).map(|_| std::array::from_fn(|_| generator.random_range(-2.0..2.0))).collect();
            let frames = Frames::new(values.len(), values.iter().copied());
            let densities: Vec<f32> =
                frames.blocks().iter().flat_map(|block| mixture.log_densities(block)).collect();
            for (density, frame) in densities.iter().zip(&values) {
                assert_close(f64::from(*density), plain(&parts, frame), DENSITY_TOLERANCE, "density");
            }
            let mut shares = Vec::new();
            mixture.shares(&values[0], &mut shares);
            let whole = plain(&parts, &values[0]);
            for (share, part) in shares.iter().zip(&parts) {
                let own = plain(std::slice::from_ref(part), &values[0]);
                assert_close(*share, (own - whole).exp(), 1e-4, "share");
            }
        }
    }

    #[test]
    fn splits_the_heaviest_and_preserves_the_mean() {
        let mut generator = ChaCha8Rng::seed_from_u64(5);
        let mixture = Mixture::new([(0.3, gaussian(&mut generator)), (0.7, gaussian(&mut generator))]);
        let split = mixture.split(3);
        let weights: Vec<f64> = split.components.iter().map(|component| component.weight).collect();
        assert_eq!(weights, [0.3, 0.35, 0.35]);
        let (before, after) = (mixture.overall(), split.overall());
        for d in 0..DIMENSIONS {
            assert_close(after.mean[d], before.mean[d], 1e-12, "mean");
            let added = 0.7 * 0.04 * mixture.components[1].gaussian.variance[d];
            assert_close(after.variance[d], before.variance[d] + added, 1e-12, "variance");
        }
        assert_eq!(mixture.split(1).len(), 2, "nothing is merged");
    }
}
