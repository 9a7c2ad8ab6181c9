//! Signals cut into bands, and the rate at which each band repeats.

use std::f64::consts::TAU;
use std::sync::Arc;

use mynah_fourier::{Complex, ComplexToReal, Real as _, RealToComplex};

/// Fewest intervals between events of one kind from which rates are interpolated.
const FEWEST_INTERVALS: usize = 3;

/// A signal that is filtered by convolution with kernels, one band after the other.
pub(super) struct Bands {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    spectrum: Vec<Complex<f64>>,
    n_samples: usize,
    sample_rate: f64,
    /// A kernel, or the filtered signal.
    buffer: Vec<f64>,
    product: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Bands {
    /// Removes the mean of the samples and transforms them with at least `n_points - samples` zeros behind them.
    pub(super) fn new(mut samples: Vec<f64>, n_points: usize, sample_rate: f64) -> Self {
        let n_samples = samples.len();
        let mean = samples.iter().sum::<f64>() / n_samples as f64;
        for sample in &mut samples {
            *sample -= mean;
        }
        samples.resize(n_points, 0.0);
        let (forward, inverse) = (f64::forward(n_points), f64::inverse(n_points));
        let scratch = vec![Complex::ZERO; forward.get_scratch_len().max(inverse.get_scratch_len())];
        let mut bands = Self {
            spectrum: forward.make_output_vec(),
            product: forward.make_output_vec(),
            buffer: samples,
            forward,
            inverse,
            n_samples,
            sample_rate,
            scratch,
        };
        bands
            .forward
            .process_with_scratch(&mut bands.buffer, &mut bands.spectrum, &mut bands.scratch)
            .expect("the plan allocated the buffers");
        bands
    }

    /// Filters the signal, for all bands, with a kernel in which negative times are at the end.
    pub(super) fn filter(&mut self, kernel: impl Fn(&mut [f64])) {
        self.multiply(kernel);
        std::mem::swap(&mut self.spectrum, &mut self.product);
    }

    fn multiply(&mut self, kernel: impl Fn(&mut [f64])) {
        self.buffer.fill(0.0);
        kernel(&mut self.buffer);
        self.forward
            .process_with_scratch(&mut self.buffer, &mut self.product, &mut self.scratch)
            .expect("the plan allocated the buffers");
        for (bin, signal) in self.product.iter_mut().zip(&self.spectrum) {
            *bin *= signal;
        }
    }

    /// Filters the signal with a kernel of some delay, and gives for each frame the rates in hertz at which four
    /// kinds of events follow each other around its time: falling and rising zeros, peaks and dips.
    ///
    /// Gives nothing if there are too few events.
    pub(super) fn rates(
        &mut self,
        kernel: impl Fn(&mut [f64]),
        delay: usize,
        times: impl ExactSizeIterator<Item = f64>,
        mut visit: impl FnMut(usize, [f64; 4]),
    ) {
        self.multiply(kernel);
        // The reference program overwrites the two highest bins while it multiplies, so that the signal enters twice: its
        // results depend on the level, in the fifth digit for samples of the size of 16-bit integers.
        let last = self.product.len() - 1;
        self.product[last - 1] *= self.spectrum[last];
        self.product[last] = self.product[last - 1];
        // The inverse transform ignores these there, and refuses them here.
        (self.product[0].im, self.product[last].im) = (0.0, 0.0);
        self.inverse
            .process_with_scratch(&mut self.product, &mut self.buffer, &mut self.scratch)
            .expect("the plan allocated the buffers");
        let wave = &self.buffer[delay..][..self.n_samples];
        let slope = |index: usize| wave[index + 1] - wave[index];
        let mut events = [
            Events::of(self.n_samples, self.sample_rate, |index| wave[index]),
            Events::of(self.n_samples, self.sample_rate, |index| -wave[index]),
            Events::of(self.n_samples - 1, self.sample_rate, slope),
            Events::of(self.n_samples - 1, self.sample_rate, |index| -slope(index)),
        ];
        if events.iter().any(|events| events.rates.len() < FEWEST_INTERVALS) {
            return;
        }
        for (frame, time) in times.enumerate() {
            visit(frame, events.each_mut().map(|events| events.rate_at(time)));
        }
    }
}

/// Intervals between the falling zeros of a signal.
struct Events {
    /// Middle of each interval in seconds.
    places: Vec<f64>,
    /// Intervals per second.
    rates: Vec<f64>,
    /// Number of places up to the last time asked for.
    n_before: usize,
}

impl Events {
    fn of(n_samples: usize, sample_rate: f64, signal: impl Fn(usize) -> f64) -> Self {
        let (mut places, mut rates) = (Vec::new(), Vec::new());
        let mut last: Option<f64> = None;
        let mut before = if n_samples == 0 { 0.0 } else { signal(0) };
        for index in 1..n_samples {
            let here = signal(index);
            if before > 0.0 && here <= 0.0 {
                let zero = index as f64 - before / (here - before);
                if let Some(last) = last {
                    places.push(f64::midpoint(last, zero) / sample_rate);
                    rates.push(sample_rate / (zero - last));
                }
                last = Some(zero);
            }
            before = here;
        }
        Self { places, rates, n_before: 0 }
    }

    /// Interpolates linearly, beyond the ends along the first and last segment; times must not decrease.
    fn rate_at(&mut self, time: f64) -> f64 {
        while self.places.get(self.n_before).is_some_and(|&place| place <= time) {
            self.n_before += 1;
        }
        let right = self.n_before.clamp(1, self.places.len() - 1);
        let left = right - 1;
        let share = (time - self.places[left]) / (self.places[right] - self.places[left]);
        self.rates[left] + share * (self.rates[right] - self.rates[left])
    }
}

/// Returns a sample of the Nuttall window of `length` samples.
pub(super) fn nuttall(index: usize, length: usize) -> f64 {
    let turn = TAU * (index as f64 / (length as f64 - 1.0));
    0.355_768 - 0.487_396 * turn.cos() + 0.144_232 * (2.0 * turn).cos() - 0.012_604 * (3.0 * turn).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_tone_repeat_at_its_frequency() {
        let tone = |index: usize| (TAU * 100.0 * index as f64 / 8000.0 + 0.3).sin();
        let mut events = Events::of(8000, 8000.0, tone);
        for time in [-0.1, 0.0, 0.5, 0.73, 1.4] {
            assert!((events.rate_at(time) - 100.0).abs() < 0.01, "{time}");
        }
        assert!(Events::of(0, 8000.0, tone).rates.is_empty());
    }

    #[test]
    fn the_window_is_symmetric_and_ends_near_zero() {
        assert!((nuttall(3, 21) - nuttall(17, 21)).abs() < 1e-15);
        assert!((nuttall(10, 21) - 1.0).abs() < 1e-6);
        assert!(nuttall(0, 21).abs() < 4e-4);
    }
}
