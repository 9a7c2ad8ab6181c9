//! Minimization of a smooth function of a few variables, with derivatives from finite differences.

use crate::dense::{Cholesky, bilinear, dot};

/// Relative step of first differences: truncation grows with its square, rounding with its inverse.
const GRADIENT_STEP: f64 = 1e-5;
/// Relative step of second differences, where rounding grows with the inverse square.
const HESSIAN_STEP: f64 = 1e-3;
const MOST_ITERATIONS: usize = 300;
/// Predicted decrease of the function below which the search ends.
const PROMISE: f64 = 1e-11;
/// Steepest slope accepted at a minimum; likelihoods of thousands of values are accurate to about 1e-5.
const FLAT: f64 = 1e-2;
/// Largest magnitude of a parameter.
const FARTHEST: f64 = 1e6;
/// Armijo's condition: fraction of the predicted decrease that a step must achieve.
const SUFFICIENT: f64 = 1e-4;

/// Minimizes a smooth function with BFGS (Broyden, Fletcher, Goldfarb and Shanno), starting from `start`.
///
/// The function returns infinity where it is undefined; it must be defined at the start. Returns None if 300 steps do
/// not suffice or the function decreases without bound.
pub(crate) fn minimize(start: &[f64], function: &mut dyn FnMut(&[f64]) -> f64) -> Option<Vec<f64>> {
    let n = start.len();
    let mut at = start.to_vec();
    let mut value = function(&at);
    if !value.is_finite() {
        return None;
    }
    let mut slope = gradient(&at, function)?;
    // The first steps have at most unit length, since the curvature is still unknown.
    let mut inverse = scaled_identity(n, 1.0 / dot(&slope, &slope).sqrt().max(1.0));
    let mut fresh = true;
    for _ in 0..MOST_ITERATIONS {
        let mut direction: Vec<f64> = inverse.chunks(n).map(|row| -dot(row, &slope)).collect();
        let mut promise = -dot(&direction, &slope);
        if promise < 0.0 || !promise.is_finite() {
            inverse = scaled_identity(n, 1.0 / dot(&slope, &slope).sqrt().max(1.0));
            direction = inverse.chunks(n).map(|row| -dot(row, &slope)).collect();
            promise = -dot(&direction, &slope);
            fresh = true;
        }
        let mut length = 1.0;
        let (next, next_value) = loop {
            let candidate: Vec<f64> = at.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let candidate_value = function(&candidate);
            if candidate_value <= value - SUFFICIENT * length * promise {
                break (candidate, candidate_value);
            }
            length *= 0.5;
            // Below this, the differences are rounding errors.
            if length * promise < PROMISE * 0.1 {
                break (at.clone(), value);
            }
        };
        let next_slope = gradient(&next, function)?;
        let step: Vec<f64> = next.iter().zip(&at).map(|(new, old)| new - old).collect();
        let bend: Vec<f64> = next_slope.iter().zip(&slope).map(|(new, old)| new - old).collect();
        let stuck = step.iter().all(|&s| s == 0.0);
        (at, value, slope) = (next, next_value, next_slope);
        if promise < PROMISE && !fresh || stuck && fresh {
            return flat(&slope).then_some(at);
        }
        if at.iter().any(|x| x.abs() > FARTHEST) {
            return None;
        }
        if stuck {
            // The accumulated curvature may mislead; retry with the gradient alone.
            inverse = scaled_identity(n, 1.0 / dot(&slope, &slope).sqrt().max(1.0));
            fresh = true;
            continue;
        }
        let curvature = dot(&step, &bend);
        if curvature > 0.0 {
            if fresh {
                inverse = scaled_identity(n, curvature / dot(&bend, &bend));
            }
            update(&mut inverse, &step, &bend, curvature);
            fresh = false;
        }
    }
    None
}

/// Returns true if the gradient vanishes at the end of the search, which rounding may also have stopped.
fn flat(slope: &[f64]) -> bool {
    slope.iter().all(|s| s.abs() < FLAT)
}

/// Computes the gradient by central differences; None if the function is undefined nearby.
fn gradient(at: &[f64], function: &mut dyn FnMut(&[f64]) -> f64) -> Option<Vec<f64>> {
    let mut point = at.to_vec();
    let mut slope = Vec::with_capacity(at.len());
    for (index, &x) in at.iter().enumerate() {
        let step = GRADIENT_STEP * x.abs().max(1.0);
        point[index] = x + step;
        let above = function(&point);
        point[index] = x - step;
        let below = function(&point);
        point[index] = x;
        slope.push((above - below) / (2.0 * step));
    }
    slope.iter().all(|s| s.is_finite()).then_some(slope)
}

/// Computes the Hessian, row-major, by central differences; None if the function is undefined nearby.
pub(crate) fn hessian(at: &[f64], function: &mut dyn FnMut(&[f64]) -> f64) -> Option<Vec<f64>> {
    let n = at.len();
    let steps: Vec<f64> = at.iter().map(|x| HESSIAN_STEP * x.abs().max(0.1)).collect();
    let center = function(at);
    let mut moved = |moves: &[(usize, f64)]| {
        let mut point = at.to_vec();
        for &(index, sign) in moves {
            point[index] += sign * steps[index];
        }
        function(&point)
    };
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        // Five points give an error of fourth order in the step.
        let near = moved(&[(i, 1.0)]) + moved(&[(i, -1.0)]);
        let far = moved(&[(i, 2.0)]) + moved(&[(i, -2.0)]);
        matrix[i * n + i] = (16.0 * near - far - 30.0 * center) / (12.0 * steps[i] * steps[i]);
        for j in 0..i {
            let mut cross = |size: f64| {
                moved(&[(i, size), (j, size)]) + moved(&[(i, -size), (j, -size)])
                    - moved(&[(i, size), (j, -size)])
                    - moved(&[(i, -size), (j, size)])
            };
            // Richardson extrapolation from one and two steps.
            let mixed = (16.0 * cross(1.0) - cross(2.0)) / (48.0 * steps[i] * steps[j]);
            matrix[i * n + j] = mixed;
            matrix[j * n + i] = mixed;
        }
    }
    matrix.iter().all(|x| x.is_finite()).then_some(matrix)
}

/// Inverts a Hessian; None if it is not positive definite, so that there is no minimum.
pub(crate) fn covariance(hessian: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    Cholesky::new(hessian, n).map(|factor| factor.inverse())
}

fn scaled_identity(n: usize, scale: f64) -> Vec<f64> {
    (0..n * n).map(|k| if k / n == k % n { scale } else { 0.0 }).collect()
}

/// H ← (1 - s yᵀ/c) H (1 - y sᵀ/c) + s sᵀ/c     with c = sᵀ y
fn update(inverse: &mut [f64], step: &[f64], bend: &[f64], curvature: f64) {
    let n = step.len();
    let turned: Vec<f64> = inverse.chunks(n).map(|row| dot(row, bend)).collect();
    let both = 1.0 + bilinear(bend, inverse, bend) / curvature;
    for i in 0..n {
        for j in 0..n {
            inverse[i * n + j] +=
                (both * step[i] * step[j] - turned[i] * step[j] - step[i] * turned[j]) / curvature;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_a_curved_valley() {
        let mut rosenbrock = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let minimum = minimize(&[-1.2, 1.0], &mut rosenbrock).expect("the function has a minimum");
        assert!((minimum[0] - 1.0).abs() < 1e-5 && (minimum[1] - 1.0).abs() < 1e-5, "{minimum:?}");
        let second = hessian(&[1.0, 1.0], &mut rosenbrock).expect("the function is smooth");
        for (actual, expected) in second.iter().zip([802.0, -400.0, -400.0, 200.0]) {
            assert!((actual - expected).abs() < 1e-6, "{second:?}");
        }
        let inverse = covariance(second, 2).expect("a minimum");
        assert!((inverse[0] - 0.5).abs() < 1e-6, "{inverse:?}");
    }

    #[test]
    fn reports_no_minimum_of_unbounded_functions() {
        assert!(minimize(&[0.0], &mut |x| -x[0]).is_none());
        assert!(minimize(&[0.0], &mut |_| f64::INFINITY).is_none());
    }
}
