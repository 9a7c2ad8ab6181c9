//! A natural logarithm without branches or tables, so that loops over it vectorize.

/// Bits of √½; mantissas starting from here lie between it and √2.
const SQRT_HALF_BITS: u32 = 0x3F35_04F3;
/// High part of ln 2, with so few bits that its product with an exponent is exact; the low part follows.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// Computes ln x of a positive normal number, to within one unit in the last place or 1e-7, whichever is
/// larger.
///
/// ```text
/// ln x = k ln 2 + 2 artanh z,   z = (m - 1) / (m + 1),   x = 2^k m,   √½ ≤ m < √2
/// ```
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    let bits = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = bits.cast_signed() >> 23;
    let m = f32::from_bits((bits & 0x007F_FFFF).wrapping_add(SQRT_HALF_BITS));
    let k = exponent as f32;
    let z = (m - 1.0) / (m + 1.0);
    let square = z * z;
    let tail = square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square * (1.0 / 9.0))));
    k * LN_2_HIGH + (k * LN_2_LOW + 2.0 * (z + z * tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_logarithm_to_the_last_places() {
        let check = |x: f32| {
            let (got, expected) = (f64::from(ln(x)), f64::from(x).ln());
            let ulp = f64::from((expected as f32).abs().next_up() - (expected as f32).abs());
            assert!((got - expected).abs() <= ulp.max(1e-7), "{x:e}: {got} {expected}");
        };
        // Every binade, and every mantissa that uses only its first twelve bits.
        for exponent in 1..255_u32 {
            for mantissa in 0..4096_u32 {
                check(f32::from_bits(exponent << 23 | mantissa << 11));
            }
        }
        assert_eq!(ln(1.0).to_bits(), 0.0_f32.to_bits());
        // The floor of all profiles equals that of the standard library.
        assert_eq!(ln(1e-5).to_bits(), 1e-5_f32.ln().to_bits());
    }
}
