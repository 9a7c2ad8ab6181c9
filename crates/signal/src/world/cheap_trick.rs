//! `CheapTrick`: spectral envelopes without the harmonics.

use std::f64::consts::PI;
use std::sync::Arc;

use mynah_fourier::{Complex, ComplexToReal, Real as _, RealToComplex};

use super::noise::Noise;
use super::{TINY, nearest, round, seconds};
use crate::Error;
use crate::framing::LONGEST_FRAME;

/// F0 that unvoiced frames, and those too low for the transform, are given.
const DEFAULT_F0_HZ: f64 = 500.0;
/// Coefficient of the spectral recovery.
const RECOVERY: f64 = -0.15;

/// Estimator of spectral envelopes for one sample rate and transform length.
pub struct CheapTrick {
    sample_rate: f64,
    n_points: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl CheapTrick {
    /// Plans transforms of `n_fft` samples, as `fft_size` of the reference program.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if `n_fft` is not even and at least 64, or the sample rate is 0.
    pub fn new(n_fft: usize, sample_rate: u32) -> Result<Self, Error> {
        if !(64..=LONGEST_FRAME).contains(&n_fft) || n_fft % 2 == 1 {
            let why = format!("{n_fft} is not an even number between 64 and {LONGEST_FRAME}");
            return Err(Error::setting("n_fft", why));
        }
        if sample_rate == 0 {
            return Err(Error::setting("sample_rate", "0 is not a sample rate"));
        }
        Ok(Self {
            sample_rate: f64::from(sample_rate),
            n_points: n_fft,
            forward: f64::forward(n_fft),
            inverse: f64::inverse(n_fft),
        })
    }

    /// Returns the F0 up to which a frame is analyzed as if it were unvoiced, since the window does not fit.
    #[must_use]
    pub fn lowest_f0_hz(&self) -> f64 {
        3.0 * self.sample_rate / (self.n_points as f64 - 3.0)
    }

    /// Calls `visit` with the power spectrum of the envelope of each frame, `n_fft / 2 + 1` values, in order.
    ///
    /// The reference program adds noise of a fixed seed at -240 dB of a sample of 1; so does this.
    #[expect(clippy::missing_panics_doc, reason = "the plans make buffers of the lengths that they want")]
    pub fn for_each(&self, samples: &[f64], period_ms: f64, f0: &[f64], mut visit: impl FnMut(&[f64])) {
        if samples.is_empty() {
            return;
        }
        let mut frame = self.forward.make_input_vec();
        let mut spectrum = self.forward.make_output_vec();
        let mut power = vec![0.0; self.n_points / 2 + 1];
        let mut scratch =
            vec![Complex::ZERO; self.forward.get_scratch_len().max(self.inverse.get_scratch_len())];
        let mut noise = Noise::new();
        for (index, &f0) in f0.iter().enumerate() {
            let f0 = if f0 <= self.lowest_f0_hz() { DEFAULT_F0_HZ } else { f0 };
            self.window(samples, seconds(index, period_ms), f0, &mut noise, &mut frame);
            self.forward
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                .expect("the plan allocated the buffers");
            for (power, bin) in power.iter_mut().zip(&spectrum) {
                *power = bin.re * bin.re + bin.im * bin.im;
            }
            self.mirror_below(f0, &mut power);
            self.smooth(f0 * 2.0 / 3.0, &mut power);
            for (bin, power) in power.iter().enumerate() {
                frame[bin] = (power + noise.next().abs() * f64::EPSILON).ln();
            }
            for bin in 1..self.n_points / 2 {
                frame[self.n_points - bin] = frame[bin];
            }
            self.forward
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                .expect("the plan allocated the buffers");
            for (lag, value) in spectrum.iter_mut().enumerate() {
                *value = (value.re * self.lifter(f0, lag) / self.n_points as f64).into();
            }
            self.inverse
                .process_with_scratch(&mut spectrum, &mut frame, &mut scratch)
                .expect("the plan allocated the buffers, and the cepstrum is real");
            power.iter_mut().zip(&frame).for_each(|(power, log)| *power = log.exp());
            visit(&power);
        }
    }

    /// Writes three periods around a time, with a Hann window of unit power and a weighted mean of 0.
    fn window(&self, samples: &[f64], time: f64, f0: f64, noise: &mut Noise, frame: &mut [f64]) {
        let half = round(1.5 * self.sample_rate / f0);
        let length = 2 * half as usize + 1;
        let origin = round(time * self.sample_rate + 0.001);
        let mut window: Vec<f64> = (-half..=half)
            .map(|offset| 0.5 * (PI * (offset as f64 / 1.5 / self.sample_rate) * f0).cos() + 0.5)
            .collect();
        let norm = window.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        for weight in &mut window {
            *weight /= norm;
        }
        for (index, (value, weight)) in frame.iter_mut().zip(&window).enumerate() {
            *value = nearest(samples, origin + index as i64 - half) * weight + noise.next() * TINY;
        }
        let mean = frame[..length].iter().sum::<f64>() / window.iter().sum::<f64>();
        for (value, weight) in frame.iter_mut().zip(&window) {
            *value -= weight * mean;
        }
        frame[length..].fill(0.0);
    }

    /// Adds to the powers below F0 those mirrored about half of it.
    fn mirror_below(&self, f0: f64, power: &mut [f64]) {
        let step = self.sample_rate / self.n_points as f64;
        let n_bins = 1 + (f0 * self.n_points as f64 / self.sample_rate) as usize;
        let mirrored: Vec<f64> = (0..n_bins)
            .map(|bin| {
                let hertz = bin as f64 * self.sample_rate / self.n_points as f64;
                interpolated(power, (hertz - f0) / -step)
            })
            .collect();
        power.iter_mut().zip(mirrored).for_each(|(power, mirrored)| *power += mirrored);
    }

    /// Averages over a width in hertz, by differences of the integral of the spectrum mirrored at both ends.
    fn smooth(&self, width: f64, power: &mut [f64]) {
        let n_points = self.n_points as f64;
        let half = self.n_points / 2;
        let step = self.sample_rate / n_points;
        let margin = (width * n_points / self.sample_rate) as usize + 1;
        let mirrored = (1..=margin).rev().map(|bin| bin.min(half)).chain(0..half);
        let mirrored = mirrored.chain((0..=margin).map(|offset| half.saturating_sub(offset)));
        let mut sum = 0.0;
        let integral: Vec<f64> = mirrored
            .map(|bin| {
                sum += power[bin] * self.sample_rate / n_points;
                sum
            })
            .collect();
        let origin = -(margin as f64 - 0.5) * self.sample_rate / n_points;
        for (bin, power) in power.iter_mut().enumerate() {
            let low = bin as f64 / n_points * self.sample_rate - width / 2.0;
            let high = low + width;
            let at = |hertz: f64| interpolated(&integral, (hertz - origin) / step);
            *power = (at(high) - at(low)) / width;
        }
    }

    /// Returns the factor of a lag of the cepstrum: smoothing over F0 and recovery of what it blurs.
    fn lifter(&self, f0: f64, lag: usize) -> f64 {
        if lag == 0 {
            return 1.0;
        }
        let quefrency = lag as f64 / self.sample_rate;
        let turn = PI * f0 * quefrency;
        turn.sin() / turn * ((1.0 - 2.0 * RECOVERY) + 2.0 * RECOVERY * (2.0 * PI * quefrency * f0).cos())
    }
}

/// Interpolates linearly at a place counted in values; beyond the last, it repeats.
fn interpolated(values: &[f64], place: f64) -> f64 {
    let left = (place as usize).min(values.len() - 1);
    let next = values.get(left + 1).unwrap_or(&values[left]);
    values[left] + (next - values[left]) * (place - left as f64)
}
