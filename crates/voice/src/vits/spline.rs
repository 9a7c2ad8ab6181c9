//! Inverse of the monotone rational-quadratic spline of neural spline flows.

/// Bound of the spline, which maps [-BOUND, BOUND] onto itself and is the identity outside.
const BOUND: f64 = 5.0;

/// Lower limit of the share of a bin in the interval, in both directions.
const LEAST_SHARE: f64 = 1e-3;

/// Lower limit of the slope at a knot.
const LEAST_SLOPE: f64 = 1e-3;

/// Returns the x that the spline maps to `y`.
///
/// `raw` holds the unnormalized widths (K), heights (K) and inner slopes (K − 1) of the K bins; the outer slopes are 1.
/// Widths and heights pass through a softmax, slopes through a softplus, each with a lower limit. In bin k, with the slope s = h/w of its chord, the slopes
/// d₀ and d₁ at its ends and η = y − yₖ,
///
/// ```text
/// a = h (s − d₀) + η (d₀ + d₁ − 2s)      b = h d₀ − η (d₀ + d₁ − 2s)      c = −s η
/// x = xₖ + w · 2c / (−b − √(b² − 4ac))
/// ```
///
/// # References
///
/// Durkan et al., Neural Spline Flows (arXiv 1906.04032), section 3.1 and appendix A.1.
pub(super) fn inverse(y: f64, raw: &[f64], bins: usize) -> f64 {
    if !(-BOUND..=BOUND).contains(&y) {
        return y;
    }
    let (widths, rest) = raw.split_at(bins);
    let (heights, slopes) = rest.split_at(bins);
    let (xs, ys) = (knots(widths), knots(heights));
    let k = ys[1..bins].iter().take_while(|knot| y >= **knot).count();
    let slope = |knot: usize| match knot.checked_sub(1).and_then(|inner| slopes.get(inner)) {
        Some(raw) => LEAST_SLOPE + softplus(*raw),
        None => 1.0,
    };
    let (w, h) = (xs[k + 1] - xs[k], ys[k + 1] - ys[k]);
    let (chord, before, after, rise) = (h / w, slope(k), slope(k + 1), y - ys[k]);
    let bend = before + after - 2.0 * chord;
    let a = h * (chord - before) + rise * bend;
    let b = h * before - rise * bend;
    let c = -chord * rise;
    // Negative only by rounding, as the spline is increasing.
    let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
    xs[k] + w * 2.0 * c / (-b - root)
}

/// Returns the K + 1 edges of bins with these unnormalized sizes.
fn knots(raw: &[f64]) -> Vec<f64> {
    let largest = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = raw.iter().map(|value| (value - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    let spread = 1.0 - LEAST_SHARE * raw.len() as f64;
    let mut at = 0.0;
    let mut knots = vec![-BOUND];
    for exponential in &exponentials {
        at += LEAST_SHARE + spread * exponential / sum;
        knots.push(2.0 * BOUND * at - BOUND);
    }
    knots[raw.len()] = BOUND;
    knots
}

/// Computes ln(1 + eˣ).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use mynah_testkit::{assert_close, by_definition};
    use proptest::prelude::*;

    use super::{BOUND, LEAST_SLOPE, inverse, knots, softplus};

    const BINS: usize = 10;

    /// Tolerance: the root of a quadratic with numbers up to 10 loses half of the digits in a steep bin.
    const TOLERANCE: f64 = 1e-7;

    /// Computes the forward spline, equation 4 of the paper.
    fn forward(x: f64, raw: &[f64]) -> f64 {
        let (xs, ys) = (knots(&raw[..BINS]), knots(&raw[BINS..2 * BINS]));
        let k = (0..BINS).rev().find(|k| x >= xs[*k]).unwrap();
        let slope = |knot: usize| {
            if knot == 0 || knot == BINS { 1.0 } else { LEAST_SLOPE + softplus(raw[2 * BINS + knot - 1]) }
        };
        let (w, h) = (xs[k + 1] - xs[k], ys[k + 1] - ys[k]);
        let (s, d0, d1, t) = (h / w, slope(k), slope(k + 1), (x - xs[k]) / w);
        ys[k] + h * (s * t * t + d0 * t * (1.0 - t)) / (s + (d0 + d1 - 2.0 * s) * t * (1.0 - t))
    }

    proptest! {
        #[test]
        fn it_undoes_the_spline(
            raw in proptest::collection::vec(-3.0..3.0_f64, 3 * BINS - 1),
            x in -BOUND..BOUND,
        ) {
            by_definition("the rational-quadratic spline, forwards");
            let back = inverse(forward(x, &raw), &raw, BINS);
            assert_close(back, x, TOLERANCE, "x");
        }
    }

    #[test]
    fn keeps_the_ends_and_is_the_identity_outside() {
        let raw: Vec<f64> = (0..29).map(|i| f64::from(i * 7 % 5) - 2.0).collect();
        for y in [-BOUND, BOUND, -7.5, 100.0] {
            assert_close(inverse(y, &raw, BINS), y, 1e-12, "an end");
        }
        assert!(inverse(f64::NAN, &raw, BINS).is_nan());
    }
}
