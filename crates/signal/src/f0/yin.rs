//! YIN's normalised difference function of one frame.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// The plan of the difference function for frames of one length and a range of periods.
pub(super) struct Yin {
    frame_length: usize,
    min_period: usize,
    max_period: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

/// Buffers for one frame after another, and the result of the last one.
pub(super) struct Workspace {
    /// The frame, which [`Yin::run`] overwrites.
    pub(super) frame: Vec<f64>,
    energy: Vec<f64>,
    padded: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch_forward: Vec<Complex<f64>>,
    scratch_inverse: Vec<Complex<f64>>,
    /// The cumulative mean normalised difference at the periods from `min_period` to `max_period`.
    pub(super) difference: Vec<f64>,
}

impl Yin {
    /// Plans for periods of `min_period` to `max_period` samples, the latter below `frame_length`.
    pub(super) fn new(frame_length: usize, min_period: usize, max_period: usize) -> Self {
        // So long that the lags that are read do not wrap around.
        let length = smooth_even(frame_length + max_period);
        let mut planner = RealFftPlanner::new();
        Self {
            frame_length,
            min_period,
            max_period,
            forward: planner.plan_fft_forward(length),
            inverse: planner.plan_fft_inverse(length),
        }
    }

    pub(super) fn workspace(&self) -> Workspace {
        Workspace {
            frame: vec![0.0; self.frame_length],
            energy: vec![0.0; self.max_period],
            padded: self.forward.make_input_vec(),
            spectrum: self.forward.make_output_vec(),
            scratch_forward: self.forward.make_scratch_vec(),
            scratch_inverse: self.inverse.make_scratch_vec(),
            difference: vec![0.0; self.max_period - self.min_period + 1],
        }
    }

    /// Fills `difference` from `frame`.
    ///
    /// ```text
    /// r(k)  = Σ_j y(j) y(j + k)                     within the frame
    /// d(k)  = 2 (r(0) - r(k)) - Σ_{j<k} y(j)²       from k = 2 on
    /// d(1)  = 2 (r(0) - r(1))
    /// d'(k) = d(k) / (1/k Σ_{1≤i≤k} d(i) + tiny)    YIN, equation 8
    /// ```
    ///
    /// That the energy is missing at a lag of 1 is librosa's: it zeroes lag 0 of the array that still holds the energies.
    /// It raises the mean in `d'` by `y(0)² / k`, a few parts in a hundred thousand for speech, and is followed so that
    /// the results are the same.
    pub(super) fn run(&self, work: &mut Workspace) {
        work.padded[..self.frame_length].copy_from_slice(&work.frame);
        work.padded[self.frame_length..].fill(0.0);
        self.forward
            .process_with_scratch(&mut work.padded, &mut work.spectrum, &mut work.scratch_forward)
            .expect("the plan made buffers of its own lengths");
        for bin in &mut work.spectrum {
            *bin = Complex::new(bin.norm_sqr(), 0.0);
        }
        self.inverse
            .process_with_scratch(&mut work.spectrum, &mut work.padded, &mut work.scratch_inverse)
            .expect("the plan made buffers of its own lengths and the power is real");
        let scale = 1.0 / work.padded.len() as f64;

        let mut energy = 0.0;
        for (sum, sample) in work.energy.iter_mut().zip(&work.frame) {
            energy += sample * sample;
            *sum = energy;
        }
        work.energy[0] = 0.0;
        let at_zero = work.padded[0] * scale;
        let mut sum = 0.0;
        for period in 1..=self.max_period {
            let difference = 2.0 * (at_zero - work.padded[period] * scale) - work.energy[period - 1];
            sum += difference;
            if let Some(index) = period.checked_sub(self.min_period) {
                work.difference[index] = difference / (sum / period as f64 + f64::MIN_POSITIVE);
            }
        }
    }
}

/// Where the parabola through a value and its neighbours has its extreme, relative to the value; 0 at the ends and
/// where it would lie more than one place away.
pub(super) fn parabolic_shift(values: &[f64], index: usize) -> f64 {
    if index == 0 || index + 1 >= values.len() {
        return 0.0;
    }
    let (before, here, after) = (values[index - 1], values[index], values[index + 1]);
    let curvature = after + before - 2.0 * here;
    let slope = (after - before) / 2.0;
    if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature }
}

/// The smallest even number from `least` whose prime factors are 2, 3 and 5: a fast transform length.
fn smooth_even(least: usize) -> usize {
    let is_smooth = |mut number: usize| {
        for factor in [2, 3, 5] {
            while number.is_multiple_of(factor) {
                number /= factor;
            }
        }
        number == 1
    };
    let mut length = least.max(2).next_multiple_of(2);
    while !is_smooth(length) {
        length += 2;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Double-precision transforms of a few hundred samples in [-1, 1].
    const F64_TOLERANCE: f64 = 1e-10;

    #[test]
    fn the_transform_gives_what_the_sums_give() {
        let (frame_length, min_period, max_period) = (200, 7, 60);
        let yin = Yin::new(frame_length, min_period, max_period);
        let mut work = yin.workspace();
        let frame: Vec<f64> =
            (0..frame_length).map(|n| (n as f64 * 0.3).sin() + 0.2 * (n as f64 * 1.7).cos()).collect();
        work.frame.copy_from_slice(&frame);
        yin.run(&mut work);
        let plain = |k: usize| {
            let r = |k: usize| -> f64 { (0..frame_length - k).map(|j| frame[j] * frame[j + k]).sum() };
            let energy: f64 = frame[..k].iter().map(|y| y * y).sum();
            2.0 * (r(0) - r(k)) - if k == 1 { 0.0 } else { energy }
        };
        for k in min_period..=max_period {
            let mean = (1..=k).map(plain).sum::<f64>() / k as f64;
            assert!((work.difference[k - min_period] - plain(k) / mean).abs() < F64_TOLERANCE, "{k}");
        }
    }

    #[test]
    fn silence_has_no_difference() {
        let yin = Yin::new(64, 4, 32);
        let mut work = yin.workspace();
        yin.run(&mut work);
        assert!(work.difference.iter().all(|value| value.to_bits() == 0));
    }

    #[test]
    fn the_parabola_is_followed_at_most_one_place() {
        // (x - 2.25)², extreme at 2.25.
        let values: Vec<f64> = (0..6).map(|x| (f64::from(x) - 2.25).powi(2)).collect();
        assert!((parabolic_shift(&values, 2) - 0.25).abs() < 1e-12);
        assert!(parabolic_shift(&values, 4).abs() < 1e-12);
        assert!(parabolic_shift(&values, 0).abs() < 1e-12);
        assert!(parabolic_shift(&values, 5).abs() < 1e-12);
        assert!(parabolic_shift(&[1.0, 1.0, 1.0], 1).abs() < 1e-12);
    }

    #[test]
    fn transform_lengths_are_smooth() {
        for (least, expected) in [(0, 2), (1024 + 340, 1440), (2048, 2048), (2049, 2160)] {
            assert_eq!(smooth_even(least), expected);
        }
    }
}
