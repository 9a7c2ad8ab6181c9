//! Marginal likelihood of ordered categories, with the random effects integrated out by Laplace's approximation.

use super::link::Link;
use crate::dense::dot;
use crate::design::{CrossedFactor, Design};

const MOST_NEWTON_STEPS: usize = 60;
/// Square of the step length below which the search for the modes of the effects ends.
const DECREMENT: f64 = 1e-20;
/// Distance below which Newton's method converges quadratically.
const NEAR: f64 = 1e-6;
const SHORTEST: f64 = 1e-10;

/// Parameters of the likelihood.
pub(super) struct Parameters<'a> {
    /// Thresholds, ascending, one fewer than the categories.
    pub(super) thresholds: &'a [f64],
    /// Coefficients, one per covariate.
    pub(super) coefficients: &'a [f64],
    /// Standard deviations of raters and items.
    pub(super) scales: [f64; 2],
}

/// Judgments as categories, with the state of the search for the effects.
pub(super) struct Likelihood<'a> {
    design: &'a Design,
    link: Link,
    categories: Vec<usize>,
    covariates: &'a [Vec<f64>],
    /// Last effects divided by their standard deviations, the start of the next search.
    effects: Vec<f64>,
}

/// Evaluation at one point of the search for the effects.
struct Point {
    /// Negative log joint density, up to a constant.
    value: f64,
    slopes: Vec<f64>,
    weights: Vec<f64>,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(
        design: &'a Design,
        link: Link,
        categories: Vec<usize>,
        covariates: &'a [Vec<f64>],
    ) -> Self {
        let effects = vec![0.0; design.n_raters() + design.n_items()];
        Self { design, link, categories, covariates, effects }
    }

    /// Returns the negative log likelihood; infinite where it cannot be computed.
    ///
    /// ```text
    /// -log L ≈ min over u of (½ uᵀu - Σ log p(y | η)) + ½ log|1 + Λ Zᵀ W Z Λ|      η = X β + Z Λ u
    /// ```
    ///
    /// Here W is minus the second derivatives of log p at the minimum.
    pub(super) fn negative_log(&mut self, parameters: &Parameters<'_>) -> f64 {
        if parameters.thresholds.windows(2).any(|pair| pair[0] >= pair[1]) {
            return f64::INFINITY;
        }
        let fixed: Vec<f64> = (0..self.categories.len())
            .map(|index| {
                self.covariates.iter().zip(parameters.coefficients).map(|(x, beta)| x[index] * beta).sum()
            })
            .collect();
        let mut effects = std::mem::take(&mut self.effects);
        let mut result = self.minimum(parameters, &fixed, &mut effects);
        if result.is_none() {
            // The previous effects may have been a bad start.
            effects.fill(0.0);
            result = self.minimum(parameters, &fixed, &mut effects);
        }
        if result.is_none() {
            effects.fill(0.0);
        }
        self.effects = effects;
        result.unwrap_or(f64::INFINITY)
    }

    fn minimum(&self, parameters: &Parameters<'_>, fixed: &[f64], effects: &mut Vec<f64>) -> Option<f64> {
        let mut point = self.point(parameters, fixed, effects)?;
        for _ in 0..MOST_NEWTON_STEPS {
            let factor = CrossedFactor::new(self.design, parameters.scales, Some(&point.weights))?;
            let gradient = self.gradient(parameters, effects, &point.slopes);
            let mut step = gradient.clone();
            factor.solve(&mut step);
            let decrement = dot(&gradient, &step);
            if decrement < DECREMENT {
                return Some(point.value + 0.5 * factor.log_determinant());
            }
            let mut length = 1.0;
            loop {
                let candidate: Vec<f64> = effects.iter().zip(&step).map(|(u, s)| u - length * s).collect();
                match self.point(parameters, fixed, &candidate) {
                    // This close to the minimum, the value no longer discriminates, and the full step is right.
                    Some(next)
                        if decrement < NEAR || next.value <= point.value - 1e-4 * length * decrement =>
                    {
                        (*effects, point) = (candidate, next);
                        break;
                    }
                    _ if length < SHORTEST => return None,
                    _ => length *= 0.5,
                }
            }
        }
        None
    }

    fn point(&self, parameters: &Parameters<'_>, fixed: &[f64], effects: &[f64]) -> Option<Point> {
        let n = self.categories.len();
        let n_raters = self.design.n_raters();
        let [rater_scale, item_scale] = parameters.scales;
        let mut value = 0.5 * dot(effects, effects);
        let (mut slopes, mut weights) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (index, &category) in self.categories.iter().enumerate() {
            let mean = fixed[index]
                + rater_scale * effects[self.design.raters[index]]
                + item_scale * effects[n_raters + self.design.items[index]];
            let below = if category == 0 { f64::NEG_INFINITY } else { parameters.thresholds[category - 1] };
            let above = parameters.thresholds.get(category).copied().unwrap_or(f64::INFINITY);
            let log = self.link.category(below, above, mean);
            value -= log.value;
            slopes.push(log.slope);
            weights.push(log.weight);
        }
        value.is_finite().then_some(Point { value, slopes, weights })
    }

    /// Computes u - Λ Zᵀ slopes.
    fn gradient(&self, parameters: &Parameters<'_>, effects: &[f64], slopes: &[f64]) -> Vec<f64> {
        let n_raters = self.design.n_raters();
        let mut gradient = effects.to_vec();
        for (slope, (&rater, &item)) in slopes.iter().zip(self.design.raters.iter().zip(&self.design.items)) {
            gradient[rater] -= parameters.scales[0] * slope;
            gradient[n_raters + item] -= parameters.scales[1] * slope;
        }
        gradient
    }
}
