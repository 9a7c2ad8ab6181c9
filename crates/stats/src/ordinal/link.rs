//! Links: the distribution of the latent judgment about its mean, cut into categories.

use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc;

use crate::distribution::normal_quantile;

/// Distribution of the latent judgment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Normal with standard deviation 1.
    #[default]
    Probit,
    /// Logistic with standard deviation π/√3.
    Logit,
}

/// Log probability of a category with its first two derivatives with respect to the latent mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogProbability {
    pub(crate) value: f64,
    pub(crate) slope: f64,
    /// Minus the second derivative; nonnegative, since both distributions are log-concave.
    pub(crate) weight: f64,
}

impl Link {
    /// Returns P(latent error ≤ x).
    pub(crate) fn cdf(self, x: f64) -> f64 {
        match self {
            Self::Probit => 0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
            Self::Logit => 1.0 / (1.0 + (-x).exp()),
        }
    }

    pub(crate) fn quantile(self, probability: f64) -> f64 {
        match self {
            Self::Probit => normal_quantile(probability),
            Self::Logit => (probability / (1.0 - probability)).ln(),
        }
    }

    /// Returns the density and its derivative.
    fn density(self, x: f64) -> (f64, f64) {
        match self {
            Self::Probit => {
                let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
                (density, -x * density)
            }
            Self::Logit => {
                // From the small tail, which neither overflows nor cancels.
                let tail = (-x.abs()).exp();
                let density = tail / (1.0 + tail).powi(2);
                (density, -x.signum() * density * (1.0 - tail) / (1.0 + tail))
            }
        }
    }

    /// Evaluates the category between two thresholds, which may be infinite, at a latent mean.
    pub(crate) fn category(self, below: f64, above: f64, mean: f64) -> LogProbability {
        let (low, high) = (below - mean, above - mean);
        // The difference of the smaller tails keeps its digits.
        let probability =
            if low > 0.0 { self.cdf(-low) - self.cdf(-high) } else { self.cdf(high) - self.cdf(low) };
        let at = |x: f64| if x.is_finite() { self.density(x) } else { (0.0, 0.0) };
        let ((f_low, df_low), (f_high, df_high)) = (at(low), at(high));
        let slope = (f_low - f_high) / probability;
        let weight = slope * slope - (df_high - df_low) / probability;
        LogProbability { value: probability.ln(), slope, weight: weight.max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_finite_differences() {
        const STEP: f64 = 1e-5;
        for link in [Link::Probit, Link::Logit] {
            for (below, above) in
                [(f64::NEG_INFINITY, -1.0), (-0.3, 0.4), (1.0, 1.5), (3.0, f64::INFINITY), (4.0, 5.0)]
            {
                for mean in [-2.0, -0.1, 0.0, 0.7, 3.0] {
                    let at = |mean| link.category(below, above, mean);
                    let slope = (at(mean + STEP).value - at(mean - STEP).value) / (2.0 * STEP);
                    let weight = -(at(mean + STEP).slope - at(mean - STEP).slope) / (2.0 * STEP);
                    let here = at(mean);
                    assert!(
                        (here.slope - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                        "{link:?} {below} {mean}"
                    );
                    assert!((here.weight - weight).abs() < 1e-6 * (1.0 + weight), "{link:?} {below} {mean}");
                }
            }
            // The quantile only starts a search.
            assert!((link.cdf(link.quantile(0.123)) - 0.123).abs() < 1e-9);
        }
    }
}
