//! exp, tanh, sigmoid and ln without branches or tables, so that loops over them vectorize.
//!
//! The f32 polynomials are minimax fits of the relative error, computed for this file by iteratively
//! reweighted least squares in f64 and rounded to f32; the f64 ones are Taylor series. Products and sums
//! round separately (no fused multiply-add), so results are the same on every machine. The tests bound the
//! error against f64 over every binade.

use std::f32::consts::LOG2_E;

/// Threshold below which e^x is smaller than the smallest normal f32 and flushes to zero.
const EXP_UNDERFLOW: f32 = -87.336_54;
/// ln 2 split in two; the high part has few enough bits that its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// 1.5·2²³: adding it rounds to an integer, left in the low bits.
const ROUNDING: f32 = 12_582_912.0;
/// Crossover of tanh: an odd polynomial up to here; beyond, e^(−2|x|), which cancels near zero.
const TANH_SMALL: f32 = 0.625;

/// Returns e^x for x ≤ 0, within 2 ULP; zero if the result would be subnormal.
///
/// ```text
/// e^x = 2^n · e^r,  n = round(x / ln 2),  r = x − n ln 2,  |r| ≤ ln 2 / 2
/// ```
#[inline(always)]
pub(crate) fn exp_nonpositive(x: f32) -> f32 {
    // Written so that NaN propagates.
    let clamped = if x < EXP_UNDERFLOW { EXP_UNDERFLOW } else { x };
    let shifted = clamped * LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = (clamped - n * LN_2_HIGH) - n * LN_2_LOW;
    let tail =
        0.499_999_94 + r * (0.166_665_21 + r * (0.041_668_39 + r * (0.008_368_745 + r * 0.001_381_454)));
    let e_r = 1.0 + (r + r * r * tail);
    // The low bits of `shifted` hold n; the shift drops the rest, leaving 2^n.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    let result = e_r * power;
    if x < EXP_UNDERFLOW { 0.0 } else { result }
}

/// Returns 1 / (1 + e^−x), within 4 ULP.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp_nonpositive(-x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}

/// Returns tanh x, within 4 ULP.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let square = size * size;
    let tail = -0.333_332_8
        + square
            * (0.133_314_42 + square * (-0.053_739_715 + square * (0.020_639_086 - square * 0.005_704_985)));
    let small = size + size * square * tail;
    let e = exp_nonpositive(-2.0 * size);
    let large = (1.0 - e) / (1.0 + e);
    (if size < TANH_SMALL { small } else { large }).copysign(x)
}

/// Returns the standard normal distribution function, within 4e-7, and density, within 4 ULP.
///
/// # References
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
#[inline(always)]
pub(crate) fn normal(x: f32) -> (f32, f32) {
    // 1 / √(2π)
    const HEIGHT: f32 = 0.398_942_3;
    let e = exp_nonpositive(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let polynomial =
        t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152_1 + t * 1.061_405_4))));
    let tail = 0.5 * polynomial * e;
    (if x < 0.0 { tail } else { 1.0 - tail }, HEIGHT * e)
}

/// Returns e^x for x ≤ 0 in f64, within 2 ULP; zero if the result would be subnormal.
#[inline(always)]
pub(crate) fn exp_nonpositive_f64(x: f64) -> f64 {
    const UNDERFLOW: f64 = -708.396;
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // 1/13!, …, 1/2!
    const SERIES: [f64; 12] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
    ];
    let clamped = if x < UNDERFLOW { UNDERFLOW } else { x };
    let shifted = clamped * std::f64::consts::LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = (clamped - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut tail = 0.0;
    for coefficient in SERIES {
        tail = tail * r + coefficient;
    }
    let e_r = 1.0 + (r + r * r * tail);
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let result = e_r * power;
    if x < UNDERFLOW { 0.0 } else { result }
}

/// Returns ln x for x in `[1, 3]`, within 3e-16; exactly zero at 1.
///
/// ```text
/// ln x = k ln 2 + 2 artanh z,   z = (m − 1) / (m + 1),   x = 2^k m,   3/4 ≤ m ≤ 3/2
/// ```
#[inline(always)]
pub(crate) fn ln_one_to_three(x: f64) -> f64 {
    // 1/21, 1/19, …, 1/3
    const SERIES: [f64; 10] = [
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
    ];
    let (m, offset) = if x < 1.5 { (x, 0.0) } else { (0.5 * x, std::f64::consts::LN_2) };
    let z = (m - 1.0) / (m + 1.0);
    let square = z * z;
    let mut tail = 0.0;
    for coefficient in SERIES {
        tail = tail * square + coefficient;
    }
    offset + 2.0 * (z + z * square * tail)
}

#[cfg(test)]
mod tests {
    use super::{exp_nonpositive, exp_nonpositive_f64, ln_one_to_three, sigmoid, tanh};

    /// Returns the largest error in ULP of the exact result, over the range and all binades near zero.
    fn worst_ulp(range: (f32, f32), approximate: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        let error = |x: f32| {
            let expected = exact(f64::from(x));
            let nearest = (expected as f32).abs();
            (f64::from(approximate(x)) - expected).abs() / f64::from(nearest.next_up() - nearest)
        };
        let mut worst = 0.0_f64;
        let (mut x, end) = range;
        while x <= end {
            worst = worst.max(error(x));
            // About 20,000 points.
            x += (x.abs() * 1e-3).max(1e-4);
        }
        for binade in 0..120 {
            let x = 1.37 * 0.5_f32.powi(binade);
            worst = worst.max(error(-x)).max(if range.1 > 0.0 { error(x) } else { 0.0 });
        }
        worst
    }

    #[test]
    fn stays_within_the_stated_error_bounds() {
        assert!(worst_ulp((-87.3, 0.0), exp_nonpositive, f64::exp) <= 2.0);
        assert!(worst_ulp((-20.0, 20.0), tanh, f64::tanh) <= 4.0);
        assert!(worst_ulp((-80.0, 80.0), sigmoid, |x| 1.0 / (1.0 + (-x).exp())) <= 4.0);
    }

    #[test]
    fn double_precision_is_accurate_to_a_few_roundings() {
        // The standard library is accurate to one ULP.
        for i in 0..20_000 {
            let x = -708.0 * f64::from(i) / 20_000.0;
            let expected = x.exp();
            assert!((exp_nonpositive_f64(x) - expected).abs() <= 3.0 * f64::EPSILON * expected, "exp {x}");
            let x = 1.0 + 2.0 * f64::from(i) / 19_999.0;
            assert!((ln_one_to_three(x) - x.ln()).abs() <= 4e-16, "ln {x}");
        }
        assert_eq!((exp_nonpositive_f64(0.0), exp_nonpositive_f64(-1e300)), (1.0, 0.0));
        assert_eq!((exp_nonpositive_f64(f64::NEG_INFINITY), ln_one_to_three(1.0)), (0.0, 0.0));
        assert!(exp_nonpositive_f64(f64::NAN).is_nan() && ln_one_to_three(f64::NAN).is_nan());
    }

    #[test]
    fn is_exact_at_zero_and_at_the_limits() {
        assert_eq!(exp_nonpositive(0.0), 1.0);
        assert_eq!(exp_nonpositive(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp_nonpositive(-200.0), 0.0);
        assert_eq!(tanh(0.0).to_bits(), 0.0_f32.to_bits());
        assert_eq!(tanh(-0.0).to_bits(), (-0.0_f32).to_bits());
        assert_eq!((tanh(1e-30), tanh(f32::INFINITY), tanh(-100.0)), (1e-30, 1.0, -1.0));
        assert_eq!((sigmoid(0.0), sigmoid(f32::INFINITY), sigmoid(f32::NEG_INFINITY)), (0.5, 1.0, 0.0));
    }

    #[test]
    fn propagates_nan() {
        assert!(exp_nonpositive(f32::NAN).is_nan());
        assert!(tanh(f32::NAN).is_nan());
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
