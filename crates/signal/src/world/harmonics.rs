//! Instantaneous frequencies of harmonics.

use std::f64::consts::PI;
use std::sync::Arc;

use mynah_fourier::{Complex, Real as _, RealToComplex};

use super::{TINY, nearest, round};

/// Instantaneous frequencies in windows whose length depends on F0, with the plans of transforms.
pub(super) struct Harmonics {
    window: Vec<f64>,
    frame: Vec<f64>,
    /// Spectra with the window, and with its derivative.
    spectrum: Vec<Complex<f64>>,
    derivative: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

/// Refined F0 and the mean relative distance of its harmonics from where they should be.
pub(super) struct Refined {
    pub(super) f0: f64,
    pub(super) error: f64,
}

impl Harmonics {
    pub(super) fn new() -> Self {
        Self {
            window: Vec::new(),
            frame: Vec::new(),
            spectrum: Vec::new(),
            derivative: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Transforms three periods of `f0` around a time in seconds with a Blackman window and with its derivative.
    ///
    /// `place` gives the number of each sample of the window, from one on; beyond the ends, the first and last sample
    /// repeat.
    pub(super) fn transform(
        &mut self,
        samples: &[f64],
        rate: f64,
        time: f64,
        f0: f64,
        place: impl Fn(i64, usize) -> i64,
    ) {
        let half = (1.5 * rate / f0 + 1.0) as i64;
        let length = 2 * half as usize + 1;
        let seconds = length as f64 / rate;
        let n_points = 4 << (((length as f64).ln() / std::f64::consts::LN_2) as u32);
        self.window.clear();
        self.window.extend((0..length).map(|index| {
            let offset = (place(half, index) as f64 - 1.0) / rate - time;
            let cosine = (2.0 * PI * offset / seconds).cos();
            0.42 + 0.5 * cosine + 0.08 * (2.0 * cosine * cosine - 1.0)
        }));
        let at = |index: usize| nearest(samples, place(half, index) - 1);
        let plan = f64::forward(n_points);
        self.frame.clear();
        self.frame.extend(self.window.iter().enumerate().map(|(index, weight)| at(index) * weight));
        run(&plan, &mut self.frame, &mut self.spectrum, &mut self.scratch);
        let weight = |index: usize| self.window.get(index).copied().unwrap_or(0.0);
        self.frame.clear();
        self.frame.extend((0..length).map(|index| {
            let before = if index == 0 { 0.0 } else { weight(index - 1) };
            at(index) * (-(weight(index + 1) - before) / 2.0)
        }));
        run(&plan, &mut self.frame, &mut self.derivative, &mut self.scratch);
    }

    /// Refines F0 from the instantaneous frequencies of its first harmonics, weighted by their amplitudes.
    pub(super) fn refine(&self, rate: f64, f0: f64, n_harmonics: usize) -> Refined {
        let last = self.spectrum.len() - 1;
        let n_points = (2 * last) as f64;
        let (mut numerator, mut denominator, mut error) = (0.0, 0.0, 0.0);
        for harmonic in 1..=n_harmonics {
            let order = harmonic as f64;
            let bin = (round(f0 * n_points / rate * order).max(0) as usize).min(last);
            let (main, slope) = (self.spectrum[bin], self.derivative[bin]);
            let power = main.re * main.re + main.im * main.im;
            let frequency = if power == 0.0 {
                0.0
            } else {
                let turn = main.re * slope.im - main.im * slope.re;
                bin as f64 * rate / n_points + turn / power * rate / 2.0 / PI
            };
            let amplitude = power.sqrt();
            numerator += amplitude * frequency;
            denominator += amplitude * order;
            error += ((frequency / order - f0) / f0).abs();
        }
        Refined { f0: numerator / (denominator + TINY), error: error / n_harmonics as f64 }
    }
}

/// Transforms a frame with zeros behind it.
fn run(
    plan: &Arc<dyn RealToComplex<f64>>,
    frame: &mut Vec<f64>,
    spectrum: &mut Vec<Complex<f64>>,
    scratch: &mut Vec<Complex<f64>>,
) {
    frame.resize(plan.len(), 0.0);
    spectrum.resize(plan.len() / 2 + 1, Complex::ZERO);
    scratch.resize(plan.get_scratch_len(), Complex::ZERO);
    plan.process_with_scratch(frame, spectrum, scratch).expect("the buffers have the lengths of the plan");
}
