//! Functions of the network, built from additions, products and quotients alone.
//!
//! The standard library's exp, ln and tanh differ in the last digit between systems; these do not. They have
//! no branches, so that loops over them vectorize.

use std::f32::consts::{LN_2, LOG2_E, SQRT_2};

/// Activation of one: numbers within ±1 are stored as 16-bit integers.
pub(super) const ONE: f32 = 16384.0;
/// Rounding constant 1.5·2²³: adding it rounds to an integer, left in the low bits.
const ROUNDING: f32 = 12_582_912.0;
/// High part of ln 2, with so few bits that its product with an exponent is exact; the low part follows.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Lower bound of the exponent: smaller x give e^-87, about 2e-38.
const LOWEST: f32 = -87.0;

/// Computes e^x for x ≤ 0, to within 1e-6 of its value.
///
/// ```text
/// e^x = 2^n · e^r,  n = round(x / ln 2),  |r| ≤ ln 2 / 2
/// ```
#[inline]
pub(super) fn exp(x: f32) -> f32 {
    let x = if x < LOWEST { LOWEST } else { x };
    let shifted = x * LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let series = r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0)));
    let e_r = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + series)));
    e_r * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// Computes 1 / (1 + e^−x), to within 1e-6.
#[inline]
pub(super) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// Computes tanh x, to within 1e-6.
#[inline]
pub(super) fn tanh(x: f32) -> f32 {
    let e = exp(-2.0 * x.abs());
    ((1.0 - e) / (1.0 + e)).copysign(x)
}

/// Computes ln x for x ≥ 1, to within 1e-6.
///
/// ```text
/// ln x = k ln 2 + 2 artanh z,   z = (m − 1) / (m + 1),   x = 2^k m,   √½ ≤ m < √2
/// ```
pub(super) fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let (mut k, mut m) = ((bits >> 23) as i32 - 127, f32::from_bits(bits & 0x007F_FFFF | 0x3F80_0000));
    if m > SQRT_2 {
        (k, m) = (k + 1, 0.5 * m);
    }
    let z = (m - 1.0) / (m + 1.0);
    let square = z * z;
    let series = square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square * (1.0 / 9.0))));
    k as f32 * LN_2 + 2.0 * (z + z * series)
}

/// Converts a number within ±1 to an activation.
#[inline]
pub(super) fn activation(x: f32) -> i16 {
    (x * ONE + 0.5_f32.copysign(x)) as i16
}

/// Computes Σ weights · activations exactly: 2¹⁵ · 2⁷ · 1,000 fits in 32 bits.
#[inline]
pub(super) fn dot(weights: &[i16], activations: &[i16]) -> i32 {
    // Wrapping sums need no individual checks, and so vectorize in every profile.
    weights.iter().zip(activations).fold(0, |sum: i32, (weight, activation)| {
        sum.wrapping_add(i32::from(*weight).wrapping_mul(i32::from(*activation)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Error bound documented for each function.
    const TOLERANCE: f64 = 1e-6;

    #[test]
    fn functions_agree_with_the_standard_library() {
        for index in -200_000..=200_000 {
            let x = f64::from(index) * 1e-4;
            let near = |name: &str, ours: f32, exact: f64, unit: f64| {
                let error = (f64::from(ours) - exact).abs();
                assert!(error < TOLERANCE * unit, "{name} {x}: {ours}, not {exact}");
            };
            near("sigmoid", sigmoid(x as f32), 1.0 / (1.0 + (-f64::from(x as f32)).exp()), 1.0);
            near("tanh", tanh(x as f32), f64::from(x as f32).tanh(), 1.0);
            let exact = f64::from(-x.abs() as f32).exp();
            near("exp", exp(-x.abs() as f32), exact, exact);
            let above = 1.0 + x.abs() as f32 * 30.0;
            near("ln", ln(above), f64::from(above).ln(), 1.0);
        }
        assert_eq!((exp(0.0).to_bits(), ln(1.0).to_bits()), (1.0_f32.to_bits(), 0.0_f32.to_bits()));
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn activations_are_rounded_and_saturate() {
        let cases =
            [(0.0, 0), (1.0, 16384), (-1.0, -16384), (0.4 / ONE, 0), (-0.6 / ONE, -1), (9.0, i16::MAX)];
        for (x, expected) in cases {
            assert_eq!(activation(x), expected, "{x}");
        }
        assert_eq!(dot(&[127, -128, 3], &[16384, 16384, -1]), 127 * 16384 - 128 * 16384 - 3);
    }
}
