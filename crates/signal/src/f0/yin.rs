//! YIN's normalized difference function, for many frames at once.

use pulp::{Arch, Simd, WithSimd};

use crate::Error;
use crate::lanes::{Batch, Edge, LaneFrames};

/// Shortest transform planned for frames side by side.
const SHORTEST: usize = 32;

/// Plan of the difference function for one frame length and a range of periods.
pub(super) struct Yin {
    frames: LaneFrames,
    min_period: usize,
    max_period: usize,
}

/// Buffers for a batch of frames, and the differences of the last batch.
pub(super) struct Workspace<'a> {
    yin: &'a Yin,
    batch: Batch<'a>,
    /// Lags, `[max_period + 1, width]`.
    lags: Vec<f64>,
    /// Differences, `[max_period - min_period + 1, width]`.
    differences: Vec<f64>,
}

impl Yin {
    /// Plans for periods of `min_period` to `max_period` samples, the latter less than `frame_length`. The
    /// first frame is centered at `first_center`; samples outside the signal are zero.
    pub(super) fn new(
        frame_length: usize,
        hop_length: usize,
        first_center: usize,
        min_period: usize,
        max_period: usize,
    ) -> Result<Self, Error> {
        // Long enough that the lags in use do not wrap around.
        let n_fft = fast_length(frame_length + max_period);
        let before = (frame_length / 2) as isize - first_center as isize;
        let frames = LaneFrames::new(&vec![1.0; frame_length], n_fft, hop_length, before, Edge::Silent)
            .ok_or_else(|| {
                Error::setting("frame_length", format!("frames of {frame_length} samples cannot be planned"))
            })?;
        Ok(Self { frames, min_period, max_period })
    }

    pub(super) fn workspace(&self) -> Workspace<'_> {
        let batch = Batch::new(&self.frames);
        Workspace {
            yin: self,
            lags: vec![0.0; (self.max_period + 1) * batch.width()],
            differences: vec![0.0; (self.max_period - self.min_period + 1) * batch.width()],
            batch,
        }
    }
}

impl Workspace<'_> {
    /// Returns the number of frames processed together.
    pub(super) fn width(&self) -> usize {
        self.batch.width()
    }

    /// Computes the differences of the frames starting at `first`.
    ///
    /// ```text
    /// r(k)  = Σ_j y(j) y(j + k)                     within the frame
    /// d(k)  = 2 (r(0) - r(k)) - Σ_{j<k} y(j)²       from k = 2 on
    /// d(1)  = 2 (r(0) - r(1))
    /// d'(k) = d(k) / (1/k Σ_{1≤i≤k} d(i) + tiny)    YIN, equation 8
    /// ```
    ///
    /// The missing energy at lag 1 is librosa's behavior: it zeroes lag 0 of the array that still holds the
    /// energies. This raises the mean in `d'` by `y(0)² / k`, a few parts in a hundred thousand for speech,
    /// and is reproduced so that the results agree.
    pub(super) fn run(&mut self, samples: &[f32], first: usize) {
        self.batch.fill(samples, first);
        self.batch.powers();
        self.batch.correlation(&mut self.lags);
        Arch::new().dispatch(Differences(self));
    }

    /// Copies the difference of the frame in one lane, for periods from `min_period` to `max_period`.
    pub(super) fn difference(&self, lane: usize, difference: &mut Vec<f64>) {
        difference.clear();
        difference.extend(self.differences.chunks_exact(self.batch.width()).map(|lanes| lanes[lane]));
    }
}

struct Differences<'a, 'b>(&'a mut Workspace<'b>);

impl WithSimd for Differences<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Workspace { yin, batch, lags, differences } = self.0;
        let lags = S::as_simd_f64s(lags).0;
        let differences = S::as_mut_simd_f64s(differences).0;
        let two_over_n = simd.splat_f64s(2.0 / yin.frames.n_fft() as f64);
        let tiny = simd.splat_f64s(f64::MIN_POSITIVE);
        for half in 0..2 {
            let first = S::as_simd_f64s(batch.samples(0)).0[half];
            let mut energy = simd.mul_f64s(first, first);
            let mut sum = simd.splat_f64s(0.0);
            for period in 1..=yin.max_period {
                let fallen = simd.sub_f64s(lags[half], lags[2 * period + half]);
                let mut difference = simd.mul_f64s(fallen, two_over_n);
                if period > 1 {
                    let sample = S::as_simd_f64s(batch.samples(period - 1)).0[half];
                    energy = simd.add_f64s(energy, simd.mul_f64s(sample, sample));
                    difference = simd.sub_f64s(difference, energy);
                }
                sum = simd.add_f64s(sum, difference);
                if let Some(index) = period.checked_sub(yin.min_period) {
                    let mean = simd.div_f64s(sum, simd.splat_f64s(period as f64));
                    differences[2 * index + half] = simd.div_f64s(difference, simd.add_f64s(mean, tiny));
                }
            }
        }
    }
}

/// Returns the extremum of the parabola through a value and its neighbors, relative to the value; 0 at the
/// ends and if the extremum is more than one position away.
pub(super) fn parabolic_shift(values: &[f64], index: usize) -> f64 {
    if index == 0 || index + 1 >= values.len() {
        return 0.0;
    }
    let (before, here, after) = (values[index - 1], values[index], values[index + 1]);
    let curvature = after + before - 2.0 * here;
    let slope = (after - before) / 2.0;
    if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature }
}

/// Returns the smallest length of at least `least` whose half is a power of two or three times one, which
/// makes the transform fast.
fn fast_length(least: usize) -> usize {
    let power = least.max(SHORTEST).next_power_of_two();
    // Three quarters of a power of two is three times another.
    if power / 4 * 3 >= least && power / 4 * 3 >= SHORTEST { power / 4 * 3 } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tolerance for double-precision transforms of a few hundred samples in [-1, 1].
    const F64_TOLERANCE: f64 = 1e-10;

    fn differences(yin: &Yin, samples: &[f32]) -> Vec<Vec<f64>> {
        let mut work = yin.workspace();
        work.run(samples, 0);
        (0..work.width())
            .map(|lane| {
                let mut difference = Vec::new();
                work.difference(lane, &mut difference);
                difference
            })
            .collect()
    }

    #[test]
    fn transforms_agree_with_the_sums() {
        let (frame_length, hop, center, min_period, max_period) = (200, 70, 35, 7, 60);
        let yin = Yin::new(frame_length, hop, center, min_period, max_period).unwrap();
        let samples: Vec<f32> =
            (0..640).map(|n| (n as f32 * 0.3).sin() + 0.2 * (n as f32 * n as f32 * 0.001).cos()).collect();
        {
            for (frame, got) in differences(&yin, &samples).iter().enumerate() {
                let y = |j: usize| {
                    let at = (center + frame * hop + j).checked_sub(frame_length / 2);
                    at.and_then(|at| samples.get(at)).map_or(0.0, |&sample| f64::from(sample))
                };
                let plain = |k: usize| {
                    let r = |k: usize| -> f64 { (0..frame_length - k).map(|j| y(j) * y(j + k)).sum() };
                    let energy: f64 = (0..k).map(|j| y(j) * y(j)).sum();
                    2.0 * (r(0) - r(k)) - if k == 1 { 0.0 } else { energy }
                };
                assert_eq!(got.len(), max_period - min_period + 1);
                for k in min_period..=max_period {
                    let mean = (1..=k).map(plain).sum::<f64>() / k as f64;
                    let expected = plain(k) / (mean + f64::MIN_POSITIVE);
                    let difference = (got[k - min_period] - expected).abs();
                    assert!(difference < F64_TOLERANCE, "{frame} {k}: {difference:e}");
                }
            }
        }
    }

    #[test]
    fn silence_has_zero_difference() {
        let yin = Yin::new(64, 16, 8, 4, 32).unwrap();
        let differences = differences(&yin, &[0.0; 100]);
        assert!(differences.iter().flatten().all(|value| value.abs() < f64::MIN_POSITIVE));
    }

    #[test]
    fn moves_at_most_one_position_to_the_extremum() {
        // (x - 2.25)², extremum at 2.25.
        let values: Vec<f64> = (0..6).map(|x| (f64::from(x) - 2.25).powi(2)).collect();
        assert!((parabolic_shift(&values, 2) - 0.25).abs() < 1e-12);
        assert!(parabolic_shift(&values, 4).abs() < 1e-12);
        assert!(parabolic_shift(&values, 0).abs() < 1e-12);
        assert!(parabolic_shift(&values, 5).abs() < 1e-12);
        assert!(parabolic_shift(&[1.0, 1.0, 1.0], 1).abs() < 1e-12);
    }

    #[test]
    fn chooses_fast_transform_lengths() {
        for (least, expected) in [(0, 32), (33, 48), (1024 + 340, 1536), (2048, 2048), (2049, 3072)] {
            assert_eq!(fast_length(least), expected);
        }
    }
}
