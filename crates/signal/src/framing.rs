//! Windowed frames of a signal and their spectra: the one place that pads, windows and transforms.

use std::f64::consts::TAU;
use std::sync::Arc;

use mynah_fourier::{Complex, Real as _, RealToComplex};

use crate::Error;

/// Longest transform planned: a minute at 16 kHz, longer than any practical frame.
pub(crate) const LONGEST_FRAME: usize = 1 << 20;

/// Splitter of a signal into overlapping windowed frames, which it transforms in double precision.
///
/// The signal is padded by reflection about its first and last sample, with `(n_fft - hop_length) / 2`
/// samples on each side. Frame `t` is therefore centered at sample `t * hop_length + hop_length / 2`, and
/// there are `samples / hop_length` frames, rounded down.
pub(crate) struct Framing {
    hop_length: usize,
    padding: usize,
    window: Vec<f64>,
    transform: Arc<dyn RealToComplex<f64>>,
}

impl Framing {
    /// Plans the transform. The periodic Hann window of `window_length` is centered in `n_fft` samples.
    pub(crate) fn new(n_fft: usize, window_length: usize, hop_length: usize) -> Result<Self, Error> {
        if n_fft < 2 || n_fft % 2 == 1 || n_fft > LONGEST_FRAME {
            return Err(Error::setting(
                "n_fft",
                format!("{n_fft} is not an even number between 2 and {LONGEST_FRAME}"),
            ));
        }
        if window_length == 0 || window_length > n_fft {
            return Err(Error::setting(
                "window_length",
                format!("{window_length} is not between 1 and `n_fft`, {n_fft}"),
            ));
        }
        if hop_length == 0 || hop_length > n_fft || hop_length % 2 == 1 {
            return Err(Error::setting(
                "hop_length",
                format!("{hop_length} is not an even number between 2 and `n_fft`, {n_fft}"),
            ));
        }
        let mut window = vec![0.0; n_fft];
        let before = (n_fft - window_length) / 2;
        for (index, value) in window[before..before + window_length].iter_mut().enumerate() {
            *value = 0.5 - 0.5 * (TAU * index as f64 / window_length as f64).cos();
        }
        Ok(Self { hop_length, padding: (n_fft - hop_length) / 2, window, transform: f64::forward(n_fft) })
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    pub(crate) fn n_frames(&self, n_samples: usize) -> usize {
        n_samples / self.hop_length
    }

    pub(crate) fn window(&self) -> &[f64] {
        &self.window
    }

    /// Calls `visit` with the index and the one-sided spectrum of every frame, in order.
    pub(crate) fn for_each(&self, samples: &[f32], mut visit: impl FnMut(usize, &[Complex<f64>])) {
        let n_fft = self.window.len();
        let mut frame = self.transform.make_input_vec();
        let mut spectrum = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        for index in 0..self.n_frames(samples.len()) {
            // In padded coordinates, the frame starts at `index * hop_length`.
            let start = index * self.hop_length;
            if start >= self.padding && start - self.padding + n_fft <= samples.len() {
                let inside = &samples[start - self.padding..][..n_fft];
                for ((value, &sample), &weight) in frame.iter_mut().zip(inside).zip(&self.window) {
                    *value = f64::from(sample) * weight;
                }
            } else {
                for (offset, (value, &weight)) in frame.iter_mut().zip(&self.window).enumerate() {
                    let position = (start + offset) as isize - self.padding as isize;
                    *value = f64::from(samples[reflect(position, samples.len())]) * weight;
                }
            }
            self.transform
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                .expect("the plan allocated the buffers");
            visit(index, &spectrum);
        }
    }
}

/// Returns the index of the sample at `position` when a signal of `length` samples is mirrored about its
/// first and last sample, without repeating either, as often as needed. A signal of one sample is constant.
pub(crate) fn reflect(position: isize, length: usize) -> usize {
    if length == 1 {
        return 0;
    }
    let period = 2 * (length as isize - 1);
    let within = position.rem_euclid(period);
    within.min(period - within) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflects_repeatedly_without_repeating_the_edges() {
        // numpy 2.4.6: np.pad([0, 1, 2], 7, mode="reflect")
        let padded: Vec<_> = (-7..10).map(|position| reflect(position, 3)).collect();
        assert_eq!(padded, [1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1]);
        assert_eq!(reflect(-5, 1), 0);
    }

    #[test]
    fn centers_a_short_window() {
        let framing = Framing::new(8, 4, 2).unwrap();
        // Periodic Hann window of four samples: 0, 1/2, 1, 1/2.
        let expected = [0.0, 0.0, 0.0, 0.5, 1.0, 0.5, 0.0, 0.0];
        for (weight, expected) in framing.window().iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn rejects_settings_without_frames() {
        let check =
            |n_fft, window_length, hop_length, expected| match Framing::new(n_fft, window_length, hop_length)
            {
                Err(Error::Setting { setting, .. }) => assert_eq!(setting, expected),
                _ => panic!("{n_fft} {window_length} {hop_length} was accepted"),
            };
        check(0, 0, 0, "n_fft");
        check(1023, 1023, 256, "n_fft");
        check(1 << 40, 1024, 256, "n_fft");
        check(1024, 1025, 256, "window_length");
        check(1024, 0, 256, "window_length");
        check(1024, 1024, 0, "hop_length");
        check(1024, 1024, 1026, "hop_length");
        check(1024, 1024, 255, "hop_length");
    }
}
