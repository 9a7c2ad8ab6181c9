//! Frames of a signal side by side, and their power spectra.

use std::f64::consts::TAU;

use pulp::{Arch, Simd, WithSimd};

use super::butterflies::Pair;
use super::fft::LaneFft;
use crate::framing::{Framing, reflect};

/// Size in bytes of the widest vector registers and of a cache line; accesses that cross lines are slow.
const ALIGNMENT: usize = 64;
/// Extra numbers a buffer needs so that it can start on a cache line.
const SLACK: usize = ALIGNMENT / size_of::<f64>();

/// Extension of the signal beyond its first and last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The signal mirrored about its first and last sample.
    Reflected,
    /// Zeros.
    Silent,
}

/// Visitor of power spectra in batches of frames.
pub(crate) trait PowerVisitor {
    /// Visits `n_frames` frames starting at the frame `first`.
    ///
    /// `powers` is `[n_bins, width]`; lanes from `n_frames` on contain no data.
    fn visit(&mut self, first: usize, n_frames: usize, width: usize, powers: &[f64]);
}

/// Plan that splits a signal into windowed frames and computes their power spectra in double precision.
pub(crate) struct LaneFrames {
    hop_length: usize,
    /// Samples by which the first frame starts before the signal; negative if it starts later.
    before: isize,
    edge: Edge,
    /// Window, halved as required to transform real numbers with a transform of half the length.
    window: Vec<f64>,
    fft: LaneFft,
    /// Twiddle factors e^(-2πi k / n), for k up to a quarter of n, the transform length.
    turns: Vec<[f64; 2]>,
}

impl LaneFrames {
    /// Plans frames as long as the window, zero-padded to `n_fft`.
    ///
    /// Returns `None` if [`LaneFft::new`] cannot plan half of `n_fft`.
    pub(crate) fn new(
        window: &[f64],
        n_fft: usize,
        hop_length: usize,
        before: isize,
        edge: Edge,
    ) -> Option<Self> {
        if n_fft % 2 == 1 || window.len() > n_fft || hop_length == 0 {
            return None;
        }
        let fft = LaneFft::new(n_fft / 2)?;
        let turns = (0..=n_fft / 4)
            .map(|k| {
                let angle = TAU * k as f64 / n_fft as f64;
                [angle.cos(), -angle.sin()]
            })
            .collect();
        let window = window.iter().map(|weight| weight / 2.0).collect();
        Some(Self { hop_length, before, edge, window, fft, turns })
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.fft.len() + 1
    }

    pub(crate) fn n_fft(&self) -> usize {
        2 * self.fft.len()
    }

    /// Calls the visitor with the powers of the first `n_frames` frames, in batches and in order.
    pub(crate) fn visit(&self, samples: &[f32], n_frames: usize, visitor: &mut dyn PowerVisitor) {
        if samples.is_empty() {
            return;
        }
        let mut batch = Batch::new(self);
        let width = batch.width();
        for first in (0..n_frames).step_by(width) {
            batch.fill(samples, first);
            visitor.visit(first, width.min(n_frames - first), width, batch.powers());
        }
    }
}

/// Batch of frames, as many as fill two registers, and the buffers of their transform.
pub(crate) struct Batch<'a> {
    plan: &'a LaneFrames,
    arch: Arch,
    width: usize,
    blocks: Blocks,
    values: Vec<f64>,
    scratch: Vec<f64>,
    powers: Vec<f64>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(plan: &'a LaneFrames) -> Self {
        let arch = Arch::new();
        let width = arch.dispatch(Width);
        Self {
            plan,
            arch,
            width,
            blocks: Blocks::new(plan, width),
            values: buffer(plan.fft.len() * width),
            scratch: buffer(plan.fft.scratch_len() * width / 2),
            powers: buffer(plan.n_bins() * width),
        }
    }

    /// Returns the number of frames side by side.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Loads the frames starting at `first`.
    pub(crate) fn fill(&mut self, samples: &[f32], first: usize) {
        self.blocks.fill(self.plan, samples, first);
    }

    /// Returns the sample `index` of all frames, without the window.
    pub(crate) fn samples(&self, index: usize) -> &[f64] {
        let tap = self.blocks.taps[index / 2][index % 2];
        &self.blocks.samples[tap.offset as usize..][..self.width]
    }

    /// Computes the powers of the frames, `[n_bins, width]`.
    pub(crate) fn powers(&mut self) -> &[f64] {
        let arch = self.arch;
        arch.dispatch(Powers(self));
        &aligned(&mut self.powers)[..self.plan.n_bins() * self.width]
    }

    /// Writes the circular correlation, times `n_fft`, of the frames whose powers were computed last into
    /// `lags`, `[n_lags, width]`, at lags 0, 1, ….
    pub(crate) fn correlation(&mut self, lags: &mut [f64]) {
        let arch = self.arch;
        arch.dispatch(Correlation(self, lags));
    }
}

/// Query for the number of frames in two registers.
struct Width;

impl WithSimd for Width {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        2 * S::F64_LANES
    }
}

struct Powers<'a, 'b>(&'a mut Batch<'b>);

impl WithSimd for Powers<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Batch { plan, blocks, values, scratch, powers, .. } = self.0;
        let values = S::as_mut_simd_f64s(aligned(values)).0;
        let scratch = S::as_mut_simd_f64s(aligned(scratch)).0;
        let powers = S::as_mut_simd_f64s(aligned(powers)).0;
        for half in 0..2 {
            plan.fft.run(
                simd,
                #[inline(always)]
                |index| {
                    let [even, odd] = blocks.taps[index];
                    Pair {
                        re: windowed(simd, &blocks.samples, even, half),
                        im: windowed(simd, &blocks.samples, odd, half),
                    }
                },
                values,
                scratch,
            );
            powers_of(simd, plan, values, &mut powers[half..]);
        }
    }
}

/// ```text
/// Z(k) = (P(k) + P(n - k)) + i (P(k) - P(n - k)) e^(2πi k / 2n),   z(j) = r(2j) + i r(2j + 1)
/// ```
struct Correlation<'a, 'b, 'c>(&'a mut Batch<'b>, &'c mut [f64]);

impl WithSimd for Correlation<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(Batch { plan, values, scratch, powers, .. }, lags) = self;
        let values = S::as_mut_simd_f64s(aligned(values)).0;
        let scratch = S::as_mut_simd_f64s(aligned(scratch)).0;
        let powers = S::as_mut_simd_f64s(aligned(powers)).0;
        let lags = S::as_mut_simd_f64s(lags).0;
        let n = plan.fft.len();
        for half in 0..2 {
            plan.fft.run(
                simd,
                #[inline(always)]
                |k| {
                    let (low, high) = (powers[2 * k + half], powers[2 * (n - k) + half]);
                    let (sum, difference) = (simd.add_f64s(low, high), simd.sub_f64s(low, high));
                    // The cosine of π minus an angle is minus the cosine of the angle.
                    let (cosine, minus_sine) = if k <= n / 2 {
                        (plan.turns[k][0], plan.turns[k][1])
                    } else {
                        (-plan.turns[n - k][0], plan.turns[n - k][1])
                    };
                    // Swapping real and imaginary parts before and after turns the transform into its
                    // inverse.
                    Pair {
                        re: simd.mul_f64s(difference, simd.splat_f64s(cosine)),
                        im: simd.add_f64s(sum, simd.mul_f64s(difference, simd.splat_f64s(minus_sine))),
                    }
                },
                values,
                scratch,
            );
            for (lags, &place) in lags.chunks_mut(4).zip(plan.fft.place()) {
                let at = 2 * place as usize;
                lags[half] = values[at + 1];
                if let Some(odd) = lags.get_mut(2 + half) {
                    *odd = values[at];
                }
            }
        }
    }
}

/// Computes the powers of real signals whose even and odd samples were transformed as real and imaginary
/// parts, in every second register of `powers`.
///
/// ```text
/// X(k)     = Z(k) + Z*(n - k)  +  e^(-2πi k / 2n) (-i) (Z(k) - Z*(n - k))
/// X*(n - k) = Z(k) + Z*(n - k)  -  the same,                              of halved samples
/// ```
#[inline(always)]
fn powers_of<S: Simd>(simd: S, plan: &LaneFrames, values: &[S::f64s], powers: &mut [S::f64s]) {
    let n = plan.fft.len();
    let place = plan.fft.place();
    let zero = value::<S>(values, place[0]);
    let two = simd.splat_f64s(2.0);
    let ends = [simd.add_f64s(zero.re, zero.im), simd.sub_f64s(zero.re, zero.im)];
    for (end, at) in ends.into_iter().zip([0, 2 * n]) {
        let end = simd.mul_f64s(end, two);
        powers[at] = simd.mul_f64s(end, end);
    }
    for (k, &[cosine, sine]) in plan.turns.iter().enumerate().take(n / 2 + 1).skip(1) {
        let (low, high) = (value::<S>(values, place[k]), value::<S>(values, place[n - k]));
        let (cosine, sine) = (simd.splat_f64s(cosine), simd.splat_f64s(sine));
        let even = Pair::<S> { re: simd.add_f64s(low.re, high.re), im: simd.sub_f64s(low.im, high.im) };
        let odd = Pair::<S> { re: simd.sub_f64s(low.re, high.re), im: simd.add_f64s(low.im, high.im) };
        let turned = Pair::<S> {
            re: simd.add_f64s(simd.mul_f64s(cosine, odd.im), simd.mul_f64s(sine, odd.re)),
            im: simd.sub_f64s(simd.mul_f64s(sine, odd.im), simd.mul_f64s(cosine, odd.re)),
        };
        powers[2 * k] = power(simd, simd.add_f64s(even.re, turned.re), simd.add_f64s(even.im, turned.im));
        powers[2 * (n - k)] =
            power(simd, simd.sub_f64s(even.re, turned.re), simd.sub_f64s(even.im, turned.im));
    }
}

/// Returns a windowed sample of each frame of one half.
#[inline(always)]
fn windowed<S: Simd>(simd: S, samples: &[f64], tap: Tap, half: usize) -> S::f64s {
    let from = tap.offset as usize + half * S::F64_LANES;
    let samples = S::as_simd_f64s(&samples[from..from + S::F64_LANES]).0[0];
    simd.mul_f64s(samples, simd.splat_f64s(tap.weight))
}

#[inline(always)]
fn value<S: Simd>(values: &[S::f64s], place: u32) -> Pair<S> {
    let at = 2 * place as usize;
    Pair { re: values[at], im: values[at + 1] }
}

#[inline(always)]
fn power<S: Simd>(simd: S, re: S::f64s, im: S::f64s) -> S::f64s {
    simd.add_f64s(simd.mul_f64s(re, re), simd.mul_f64s(im, im))
}

/// Position of a sample of the first frame, and its weight; in the next frame the position is one higher.
#[derive(Debug, Clone, Copy)]
struct Tap {
    offset: u32,
    weight: f64,
}

/// Samples of a batch of frames; each row holds one sample position in all hops, since neighboring frames
/// share all hops but one.
struct Blocks {
    n_columns: usize,
    /// Samples, `[hop_length, n_columns]`.
    samples: Vec<f64>,
    /// Even and odd samples of the transform; those after the end of the frame have no weight.
    taps: Vec<[Tap; 2]>,
}

impl Blocks {
    fn new(plan: &LaneFrames, width: usize) -> Self {
        let hop = plan.hop_length;
        let n_columns = width + plan.window.len().div_ceil(hop) - 1;
        let tap = |index: usize| match plan.window.get(index) {
            Some(&weight) => Tap { offset: (index % hop * n_columns + index / hop) as u32, weight },
            None => Tap { offset: 0, weight: 0.0 },
        };
        let taps = (0..plan.fft.len()).map(|index| [tap(2 * index), tap(2 * index + 1)]).collect();
        Self { n_columns, samples: vec![0.0; hop * n_columns], taps }
    }

    /// Loads the hops of the frames starting at `first`.
    fn fill(&mut self, plan: &LaneFrames, samples: &[f32], first: usize) {
        let hop = plan.hop_length;
        let start = (first * hop) as isize - plan.before;
        let length = self.n_columns * hop;
        let inside = usize::try_from(start).ok().and_then(|start| samples.get(start..start + length));
        if let Some(inside) = inside {
            for (index, row) in self.samples.chunks_exact_mut(self.n_columns).enumerate() {
                for (value, &sample) in row.iter_mut().zip(inside[index..].iter().step_by(hop)) {
                    *value = f64::from(sample);
                }
            }
            return;
        }
        for (index, row) in self.samples.chunks_exact_mut(self.n_columns).enumerate() {
            for (value, position) in row.iter_mut().zip((start + index as isize..).step_by(hop)) {
                let sample = match usize::try_from(position).ok().and_then(|at| samples.get(at)) {
                    Some(&sample) => sample,
                    None if plan.edge == Edge::Reflected => samples[reflect(position, samples.len())],
                    None => 0.0,
                };
                *value = f64::from(sample);
            }
        }
    }
}

/// Calls the visitor with the powers of frames transformed one at a time.
pub(crate) fn visit_one_by_one(framing: &Framing, samples: &[f32], visitor: &mut dyn PowerVisitor) {
    const WIDTH: usize = 2;
    let n_frames = framing.n_frames(samples.len());
    let mut powers = vec![0.0; framing.n_bins() * WIDTH];
    framing.for_each(samples, |frame, spectrum| {
        let lane = frame % WIDTH;
        for (row, bin) in powers.chunks_exact_mut(WIDTH).zip(spectrum) {
            row[lane] = bin.re * bin.re + bin.im * bin.im;
        }
        if lane + 1 == WIDTH || frame + 1 == n_frames {
            visitor.visit(frame - lane, lane + 1, WIDTH, &powers);
        }
    });
}

/// Allocates a buffer of zeros for [`aligned`].
fn buffer(len: usize) -> Vec<f64> {
    vec![0.0; len + SLACK]
}

/// Returns the part of a buffer that lies on whole cache lines.
fn aligned(buffer: &mut [f64]) -> &mut [f64] {
    let skipped = buffer.as_ptr().align_offset(ALIGNMENT).min(SLACK).min(buffer.len());
    &mut buffer[skipped..]
}
