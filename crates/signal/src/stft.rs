//! The short-time Fourier transform of VITS and HiFi-GAN.

use pulp::Arch;
use serde::{Deserialize, Serialize};

use crate::framing::Framing;
use crate::lanes::{Edge, LaneFrames, PowerVisitor, visit_one_by_one};
use crate::{Error, Spectrogram};

/// Settings of a short-time Fourier transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StftConfig {
    /// Transform length in samples; even.
    pub n_fft: usize,
    /// Length in samples of the periodic Hann window, which is centered in the transform.
    pub window_length: usize,
    /// Hop between frames in samples; even.
    pub hop_length: usize,
    /// Constant added to the power before taking the square root.
    pub epsilon: f64,
}

impl Default for StftConfig {
    /// Returns the settings of the posterior spectrogram of VITS and NaturalSpeech: 1024, 1024, 256, 1e-6.
    fn default() -> Self {
        Self { n_fft: 1024, window_length: 1024, hop_length: 256, epsilon: 1e-6 }
    }
}

/// Planned transform, built once and shared by all threads.
///
/// As in VITS and HiFi-GAN, the signal is padded by reflection with `(n_fft - hop_length) / 2` samples on
/// each side and framed without further centering:
///
/// ```text
/// frame t   covers samples  t * hop - (n_fft - hop) / 2  …  + n_fft,  center  t * hop + hop / 2
/// frames  = floor(samples / hop)
/// value   = sqrt(re² + im² + epsilon),  no normalization
/// ```
///
/// A signal shorter than the padding is mirrored as often as necessary (as in numpy; torch rejects it). A
/// signal shorter than a hop has no frames.
///
/// The transform runs in double precision: in single precision, quiet bins of loud frames move log-mel values
/// by up to 7e-4. If half of `n_fft` has no prime factors other than 2 and 3, many frames are transformed
/// side by side, which is faster than one at a time and gives the same bits on every machine.
pub struct Stft {
    framing: Framing,
    lanes: Option<LaneFrames>,
    epsilon: f64,
    window: Vec<f32>,
}

impl Stft {
    /// Plans the transform.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if `n_fft` or `hop_length` is odd or zero, if the window or the hop is
    /// longer than `n_fft`, if `n_fft` exceeds 2^20, or if `epsilon` is negative or not finite.
    pub fn new(config: &StftConfig) -> Result<Self, Error> {
        let epsilon = config.epsilon;
        if !(epsilon.is_finite() && epsilon >= 0.0) {
            return Err(Error::setting("epsilon", format!("{epsilon} is not a finite, non-negative number")));
        }
        let framing = Framing::new(config.n_fft, config.window_length, config.hop_length)?;
        let before = (config.n_fft - config.hop_length) / 2;
        let lanes = LaneFrames::new(
            framing.window(),
            config.n_fft,
            config.hop_length,
            before as isize,
            Edge::Reflected,
        );
        let window = framing.window().iter().map(|&weight| weight as f32).collect();
        Ok(Self { framing, lanes, epsilon, window })
    }

    /// Returns the number of frequency bins, `n_fft / 2 + 1`.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.framing.n_bins()
    }

    /// Returns the number of frames of a signal of `n_samples`.
    #[must_use]
    pub fn n_frames(&self, n_samples: usize) -> usize {
        self.framing.n_frames(n_samples)
    }

    /// Returns the window, zero-padded to `n_fft` samples.
    #[must_use]
    pub fn window(&self) -> &[f32] {
        &self.window
    }

    /// Computes the magnitude of every bin of every frame.
    ///
    /// # Shapes
    ///
    /// `[samples] -> [n_fft / 2 + 1, samples / hop_length]`.
    #[must_use]
    pub fn magnitude(&self, samples: &[f32]) -> Spectrogram {
        let (n_bins, n_frames) = (self.n_bins(), self.n_frames(samples.len()));
        let mut spectrogram = Spectrogram::zeros(n_bins, n_frames);
        let mut visitor = Magnitudes { epsilon: self.epsilon, n_frames, data: spectrogram.data_mut() };
        self.visit_powers(samples, &mut visitor);
        spectrogram
    }

    pub(crate) fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Calls the visitor with the powers of all frames, in batches and in order.
    pub(crate) fn visit_powers(&self, samples: &[f32], visitor: &mut dyn PowerVisitor) {
        match &self.lanes {
            Some(lanes) => lanes.visit(samples, self.n_frames(samples.len()), visitor),
            None => visit_one_by_one(&self.framing, samples, visitor),
        }
    }
}

/// Computes the square root of the sum of power and `epsilon`.
#[inline(always)]
pub(crate) fn magnitude(power: f64, epsilon: f64) -> f32 {
    ((power + epsilon) as f32).sqrt()
}

/// Visitor that writes magnitudes into the columns of their frames.
struct Magnitudes<'a> {
    epsilon: f64,
    n_frames: usize,
    data: &'a mut [f32],
}

impl PowerVisitor for Magnitudes<'_> {
    fn visit(&mut self, first: usize, n_frames: usize, width: usize, powers: &[f64]) {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let rows = self.data.chunks_exact_mut(self.n_frames);
                for (row, powers) in rows.zip(powers.chunks_exact(width)) {
                    for (value, &power) in row[first..][..n_frames].iter_mut().zip(powers) {
                        *value = magnitude(power, self.epsilon);
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// Tolerance for magnitudes of up to 30 in single precision.
    const F32_TOLERANCE: f64 = 2e-6;

    /// Computes magnitudes by definition: pad, window, sum.
    fn plain_magnitude(samples: &[f32], config: &StftConfig) -> Vec<Vec<f64>> {
        let pad = (config.n_fft - config.hop_length) / 2;
        let mirrored = |mut position: i64| {
            let last = samples.len() as i64 - 1;
            while position < 0 || position > last {
                position = if position < 0 { -position } else { 2 * last - position };
            }
            f64::from(samples[position as usize])
        };
        let padded: Vec<f64> =
            (0..samples.len() + 2 * pad).map(|n| mirrored(n as i64 - pad as i64)).collect();
        let n_frames = (padded.len() - config.n_fft) / config.hop_length + 1;
        (0..n_frames)
            .map(|frame| {
                (0..=config.n_fft / 2)
                    .map(|bin| {
                        let (mut re, mut im) = (0.0, 0.0);
                        for n in 0..config.window_length {
                            let hann = 0.5 - 0.5 * (TAU * n as f64 / config.window_length as f64).cos();
                            let at = n + (config.n_fft - config.window_length) / 2;
                            let value = padded[frame * config.hop_length + at] * hann;
                            let angle = TAU * (bin * at) as f64 / config.n_fft as f64;
                            re += value * angle.cos();
                            im -= value * angle.sin();
                        }
                        (re * re + im * im + config.epsilon).sqrt()
                    })
                    .collect()
            })
            .collect()
    }

    fn noise(n_samples: usize) -> Vec<f32> {
        let mut state = 1_u32;
        (0..n_samples)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        let check = |n_samples, n_fft, window_length, hop_length| {
            let config = StftConfig { n_fft, window_length, hop_length, epsilon: 1e-6 };
            let samples = noise(n_samples);
            let spectrogram = Stft::new(&config).unwrap().magnitude(&samples);
            let expected = plain_magnitude(&samples, &config);
            assert_eq!(spectrogram.n_frames(), n_samples / hop_length);
            assert_eq!(spectrogram.n_frames(), expected.len());
            for (frame, column) in expected.iter().enumerate() {
                for (bin, &value) in column.iter().enumerate() {
                    let got = f64::from(spectrogram.row(bin)[frame]);
                    assert!((got - value).abs() < F32_TOLERANCE, "bin {bin} frame {frame}: {got} {value}");
                }
            }
        };
        check(64, 64, 64, 16);
        check(333, 64, 64, 16);
        check(330, 64, 48, 16);
        check(330, 60, 47, 2);
        check(1000, 96, 90, 24);
        check(5000, 128, 128, 40);
        // Shorter than the padding: mirrored more than once.
        check(17, 64, 64, 16);
        check(5, 64, 64, 2);
    }

    #[test]
    fn a_signal_shorter_than_a_hop_has_no_frames() {
        let stft = Stft::new(&StftConfig::default()).unwrap();
        assert_eq!(stft.magnitude(&[]).n_frames(), 0);
        assert_eq!(stft.magnitude(&[0.5; 255]).n_frames(), 0);
        assert_eq!(stft.magnitude(&[0.5; 256]).n_frames(), 1);
    }

    #[test]
    fn mirrors_a_single_sample_into_a_constant() {
        let config = StftConfig { n_fft: 2, window_length: 2, hop_length: 2, epsilon: 0.0 };
        let spectrogram = Stft::new(&config).unwrap().magnitude(&[0.5, 0.5]);
        // The Hann window of length two is 0, 1.
        assert_eq!(spectrogram.data(), [0.5, 0.5]);
    }

    #[test]
    fn rejects_a_negative_epsilon() {
        let check = |epsilon| {
            let config = StftConfig { epsilon, ..StftConfig::default() };
            assert!(matches!(Stft::new(&config), Err(Error::Setting { setting: "epsilon", .. })));
        };
        check(-1e-9);
        check(f64::NAN);
    }
}
