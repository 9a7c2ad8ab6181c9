//! Complex numbers in lanes, and their smallest transforms.

use std::f64::consts::FRAC_1_SQRT_2;

use pulp::Simd;

/// Complex number in each lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<S: Simd> {
    pub(crate) re: S::f64s,
    pub(crate) im: S::f64s,
}

impl<S: Simd> Pair<S> {
    #[inline(always)]
    pub(super) fn zero(simd: S) -> Self {
        let zero = simd.splat_f64s(0.0);
        Self { re: zero, im: zero }
    }

    #[inline(always)]
    fn add(self, simd: S, other: Self) -> Self {
        Self { re: simd.add_f64s(self.re, other.re), im: simd.add_f64s(self.im, other.im) }
    }

    #[inline(always)]
    fn sub(self, simd: S, other: Self) -> Self {
        Self { re: simd.sub_f64s(self.re, other.re), im: simd.sub_f64s(self.im, other.im) }
    }

    #[inline(always)]
    fn scale(self, simd: S, factor: f64) -> Self {
        let factor = simd.splat_f64s(factor);
        Self { re: simd.mul_f64s(self.re, factor), im: simd.mul_f64s(self.im, factor) }
    }

    /// Computes self - i · other.
    #[inline(always)]
    fn sub_i(self, simd: S, other: Self) -> Self {
        Self { re: simd.add_f64s(self.re, other.im), im: simd.sub_f64s(self.im, other.re) }
    }

    /// Computes self + i · other.
    #[inline(always)]
    fn add_i(self, simd: S, other: Self) -> Self {
        Self { re: simd.sub_f64s(self.re, other.im), im: simd.add_f64s(self.im, other.re) }
    }

    /// Multiplies by the same number in every lane.
    #[inline(always)]
    pub(super) fn turn(self, simd: S, [re, im]: [f64; 2]) -> Self {
        let (re, im) = (simd.splat_f64s(re), simd.splat_f64s(im));
        Self {
            re: simd.sub_f64s(simd.mul_f64s(self.re, re), simd.mul_f64s(self.im, im)),
            im: simd.add_f64s(simd.mul_f64s(self.re, im), simd.mul_f64s(self.im, re)),
        }
    }
}

/// Transforms 2, 3, 4 or 8 values in place: `b(k) = Σ_j a(j) e^(-2πi jk / n)`.
#[inline(always)]
pub(super) fn butterfly<S: Simd>(simd: S, values: &mut [Pair<S>]) {
    match values {
        [a, b] => (*a, *b) = (a.add(simd, *b), a.sub(simd, *b)),
        [a, b, c] => {
            let (sum, difference) = (b.add(simd, *c), b.sub(simd, *c));
            // cos 120° = -1/2
            let middle = a.sub(simd, sum.scale(simd, 0.5));
            let side = difference.scale(simd, SIN_120);
            (*a, *b, *c) = (a.add(simd, sum), middle.sub_i(simd, side), middle.add_i(simd, side));
        }
        [a, b, c, d] => [*a, *b, *c, *d] = four(simd, [*a, *b, *c, *d]),
        [a, b, c, d, e, f, g, h] => {
            let [e0, e1, e2, e3] = four(simd, [*a, *c, *e, *g]);
            let [o0, o1, o2, o3] = four(simd, [*b, *d, *f, *h]);
            // Multiplies the odd values by the eighth roots of unity, (1 - i) / √2 and (-1 - i) / √2; -i
            // needs no product.
            let o1 = Pair::<S> { re: simd.add_f64s(o1.re, o1.im), im: simd.sub_f64s(o1.im, o1.re) }
                .scale(simd, FRAC_1_SQRT_2);
            let o3 = Pair::<S> { re: simd.sub_f64s(o3.im, o3.re), im: simd.add_f64s(o3.re, o3.im) }
                .scale(simd, FRAC_1_SQRT_2);
            (*a, *e) = (e0.add(simd, o0), e0.sub(simd, o0));
            (*b, *f) = (e1.add(simd, o1), e1.sub(simd, o1));
            (*c, *g) = (e2.sub_i(simd, o2), e2.add_i(simd, o2));
            // The sign of the imaginary part of the rotated o3 is applied here.
            let o3 = Pair::<S> { re: o3.re, im: simd.neg_f64s(o3.im) };
            (*d, *h) = (e3.add(simd, o3), e3.sub(simd, o3));
        }
        _ => unreachable!("passes have radices of 2, 3, 4 or 8"),
    }
}

const SIN_120: f64 = 0.866_025_403_784_438_6;

#[inline(always)]
fn four<S: Simd>(simd: S, [a, b, c, d]: [Pair<S>; 4]) -> [Pair<S>; 4] {
    let (even_sum, even_difference) = (a.add(simd, c), a.sub(simd, c));
    let (odd_sum, odd_difference) = (b.add(simd, d), b.sub(simd, d));
    [
        even_sum.add(simd, odd_sum),
        even_difference.sub_i(simd, odd_difference),
        even_sum.sub(simd, odd_sum),
        even_difference.add_i(simd, odd_difference),
    ]
}
