//! Complex transform of one signal per lane.

use std::f64::consts::TAU;

use pulp::Simd;

use super::butterflies::{Pair, butterfly};

/// Shortest transform planned; below it, a transform of a single signal is just as good.
const SHORTEST: usize = 16;

/// Planned, unnormalized forward transform of `n` complex numbers in every lane.
///
/// ```text
/// Z(k) = Σ_j z(j) e^(-2πi jk / n)
/// ```
///
/// A first pass with a large radix splits the signal into that many parts of contiguous memory, small enough
/// to stay in the innermost cache while Stockham's passes transform them. The result stays in the parts; see
/// [`place`](Self::place).
pub(crate) struct LaneFft {
    n: usize,
    first: Pass,
    rest: Vec<Pass>,
    place: Vec<u32>,
}

/// One pass over `n` values with a spacing of `stride`.
struct Pass {
    radix: usize,
    n: usize,
    stride: usize,
    /// Twiddle factors e^(-2πi pk / n), `[n / radix, radix - 1]`, with k from 1.
    twiddles: Vec<[f64; 2]>,
}

impl Pass {
    fn new(radix: usize, n: usize, stride: usize) -> Self {
        let turn = |power: usize| {
            let angle = TAU * (power % n) as f64 / n as f64;
            [angle.cos(), -angle.sin()]
        };
        let twiddles = (0..n / radix).flat_map(|p| (1..radix).map(move |k| turn(p * k))).collect();
        Self { radix, n, stride, twiddles }
    }

    /// Returns the twiddles of the values `p`, or `None` for `p` = 0, where all are one.
    #[inline(always)]
    fn turns(&self, p: usize, radix: usize) -> Option<&[[f64; 2]]> {
        if p == 0 { None } else { self.twiddles.get(p * (radix - 1)..(p + 1) * (radix - 1)) }
    }
}

impl LaneFft {
    /// Plans a transform of `n` values; `None` unless `n` is at least 16 and has no prime factors other than
    /// 2 and 3.
    pub(crate) fn new(n: usize) -> Option<Self> {
        let radices = radices(n).filter(|_| n >= SHORTEST)?;
        let (&first, others) = radices.split_first()?;
        let part = n / first;
        let (mut left, mut stride) = (part, 1);
        let rest = others
            .iter()
            .map(|&radix| {
                let pass = Pass::new(radix, left, stride);
                left /= radix;
                stride *= radix;
                pass
            })
            .collect();
        let place = (0..n).map(|k| (k % first * part + k / first) as u32).collect();
        Some(Self { n, first: Pass::new(first, n, 1), rest, place })
    }

    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    /// Returns the position of each value in the result.
    pub(crate) fn place(&self) -> &[u32] {
        &self.place
    }

    /// Returns the number of registers that [`run`](Self::run) writes in addition to the result.
    pub(crate) fn scratch_len(&self) -> usize {
        4 * (self.n / self.first.radix)
    }

    /// Transforms the output of `load` into `values`, `2 n` registers of alternating real and imaginary
    /// parts.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        load: impl Fn(usize) -> Pair<S>,
        values: &mut [S::f64s],
        scratch: &mut [S::f64s],
    ) {
        match self.first.radix {
            8 => self.split::<S, 8>(simd, load, values),
            4 => self.split::<S, 4>(simd, load, values),
            3 => self.split::<S, 3>(simd, load, values),
            _ => self.split::<S, 2>(simd, load, values),
        }
        let part = self.n / self.first.radix;
        let (a, b) = scratch[..4 * part].split_at_mut(2 * part);
        let last = self.rest.len().saturating_sub(1);
        for values in values[..2 * self.n].chunks_exact_mut(2 * part) {
            for (index, pass) in self.rest.iter().enumerate() {
                // The passes alternate between the two halves of the scratch, starting from the values and
                // ending in them.
                let (from, to): (&[S::f64s], &mut [S::f64s]) = match (index, index == last, index % 2) {
                    (0, ..) => (values, a),
                    (_, true, 1) => (a, values),
                    (_, true, _) => (b, values),
                    (_, false, 1) => (a, b),
                    (_, false, _) => (b, a),
                };
                pass.run(simd, from, to);
            }
            if last == 0 && !self.rest.is_empty() {
                values.copy_from_slice(a);
            }
        }
    }

    /// Runs the first pass: part `k` of the result holds the values whose index modulo the radix is `k`.
    #[inline(always)]
    fn split<S: Simd, const R: usize>(
        &self,
        simd: S,
        load: impl Fn(usize) -> Pair<S>,
        values: &mut [S::f64s],
    ) {
        let part = self.n / R;
        let values = &mut values[..2 * self.n];
        for p in 0..part {
            let mut a = [Pair::zero(simd); R];
            for (j, a) in a.iter_mut().enumerate() {
                *a = load(p + j * part);
            }
            butterfly(simd, &mut a);
            turn(simd, &mut a, self.first.turns(p, R));
            for (k, a) in a.iter().enumerate() {
                let at = 2 * (k * part + p);
                values[at] = a.re;
                values[at + 1] = a.im;
            }
        }
    }
}

impl Pass {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, from: &[S::f64s], to: &mut [S::f64s]) {
        match self.radix {
            8 => self.run_radix::<S, 8>(simd, from, to),
            4 => self.run_radix::<S, 4>(simd, from, to),
            3 => self.run_radix::<S, 3>(simd, from, to),
            _ => self.run_radix::<S, 2>(simd, from, to),
        }
    }

    #[inline(always)]
    fn run_radix<S: Simd, const R: usize>(&self, simd: S, from: &[S::f64s], to: &mut [S::f64s]) {
        let (stride, m) = (self.stride, self.n / R);
        let row = 2 * stride;
        for (p, to) in to[..R * m * row].chunks_exact_mut(R * row).enumerate() {
            let turns = self.turns(p, R);
            let mut rows = [&from[..0]; R];
            for (j, rows) in rows.iter_mut().enumerate() {
                *rows = &from[(p + j * m) * row..][..row];
            }
            for q in 0..stride {
                let mut a = [Pair::zero(simd); R];
                for (a, row) in a.iter_mut().zip(&rows) {
                    *a = Pair { re: row[2 * q], im: row[2 * q + 1] };
                }
                butterfly(simd, &mut a);
                turn(simd, &mut a, turns);
                for (a, to) in a.iter().zip(to.chunks_exact_mut(row)) {
                    to[2 * q] = a.re;
                    to[2 * q + 1] = a.im;
                }
            }
        }
    }
}

/// Multiplies all values except the first by their twiddles.
#[inline(always)]
fn turn<S: Simd, const R: usize>(simd: S, values: &mut [Pair<S>; R], turns: Option<&[[f64; 2]]>) {
    if let Some(turns) = turns {
        for (value, &by) in values[1..].iter_mut().zip(turns) {
            *value = value.turn(simd, by);
        }
    }
}

/// Factors `n` into radices, the largest first; `None` if it has a prime factor other than 2 and 3.
fn radices(n: usize) -> Option<Vec<usize>> {
    let mut left = n.max(1);
    let mut twos = 0;
    while left.is_multiple_of(2) {
        left /= 2;
        twos += 1;
    }
    // Prefers eights, but two fours over an eight and a two.
    let (eights, fours, pairs) = match twos {
        1 => (0, 0, 1),
        twos => match twos % 3 {
            0 => (twos / 3, 0, 0),
            1 => (twos / 3 - 1, 2, 0),
            _ => (twos / 3, 1, 0),
        },
    };
    let mut radices = [vec![8; eights], vec![4; fours], vec![2; pairs]].concat();
    while left.is_multiple_of(3) {
        left /= 3;
        radices.push(3);
    }
    (left == 1).then_some(radices)
}

#[cfg(test)]
mod tests {
    use mynah_fourier::Complex;
    use pulp::{Arch, WithSimd};

    use super::*;

    /// Tolerance for double-precision sums of a few hundred numbers in [-1, 1].
    const F64_TOLERANCE: f64 = 1e-12;

    /// Transform of the same signal in every lane, scaled by the lane number.
    struct Transform<'a> {
        fft: &'a LaneFft,
        signal: &'a [Complex<f64>],
    }

    impl WithSimd for Transform<'_> {
        type Output = Vec<Vec<Complex<f64>>>;

        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let Self { fft, signal } = self;
            let lanes = S::F64_LANES;
            let mut values = vec![0.0; 2 * fft.len() * lanes];
            let mut scratch = vec![0.0; fft.scratch_len() * lanes];
            let spread = |value: f64| {
                let each: Vec<f64> = (0..lanes).map(|lane| value * (lane + 1) as f64).collect();
                S::as_simd_f64s(&each).0[0]
            };
            fft.run(
                simd,
                |index| Pair { re: spread(signal[index].re), im: spread(signal[index].im) },
                S::as_mut_simd_f64s(&mut values).0,
                S::as_mut_simd_f64s(&mut scratch).0,
            );
            (0..lanes)
                .map(|lane| {
                    let value = |at: usize| values[at * lanes + lane] / (lane + 1) as f64;
                    fft.place()
                        .iter()
                        .map(|&place| Complex::new(value(2 * place as usize), value(2 * place as usize + 1)))
                        .collect()
                })
                .collect()
        }
    }

    #[test]
    fn every_lane_agrees_with_the_sums() {
        for n in [16, 18, 24, 32, 36, 48, 54, 64, 96, 128, 243, 256, 512, 768] {
            let fft = LaneFft::new(n).unwrap();
            let signal: Vec<Complex<f64>> = (0..n)
                .map(|j| Complex::new((j as f64 * 0.7).sin(), (j as f64 * j as f64 * 0.1).cos()))
                .collect();
            let expected: Vec<Complex<f64>> = (0..n)
                .map(|k| {
                    let term = |j: usize| Complex::from_polar(1.0, -TAU * (j * k % n) as f64 / n as f64);
                    signal.iter().enumerate().map(|(j, value)| value * term(j)).sum()
                })
                .collect();
            for transformed in [
                Arch::new().dispatch(Transform { fft: &fft, signal: &signal }),
                Transform { fft: &fft, signal: &signal }.with_simd(pulp::Scalar::new()),
            ] {
                for lane in transformed {
                    for (got, expected) in lane.iter().zip(&expected) {
                        assert!((got - expected).norm() < F64_TOLERANCE * n as f64, "{n}: {got} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn plans_no_other_lengths() {
        for n in [0, 1, 2, 8, 12, 20, 35, 1000] {
            assert!(LaneFft::new(n).is_none(), "{n}");
        }
    }
}
