//! Extraction of log-mel spectrograms from signals.

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::filterbank::{Band, bands};
use super::logarithm::ln;
use crate::lanes::PowerVisitor;
use crate::stft::magnitude;
use crate::{Error, MelConfig, Spectrogram, Stft};

/// Planned log-mel extraction, built once and shared by all threads.
///
/// # Examples
///
/// ```
/// use mynah_signal::{MelConfig, MelExtractor};
///
/// # fn main() -> Result<(), mynah_signal::Error> {
/// let extractor = MelExtractor::new(&MelConfig::default())?;
/// let silence = extractor.log_mel(&[0.0; 1024]);
/// assert_eq!(silence.n_frames(), 4);
///  // The magnitude of silence, sqrt(epsilon) = 1e-3, is above the floor in the lowest band.
/// assert!(silence.row(0)[0] > 1e-5_f32.ln());
/// # Ok(())
/// # }
/// ```
pub struct MelExtractor {
    stft: Stft,
    bands: Vec<Band>,
    filterbank: Vec<f32>,
    floor: f32,
}

impl MelExtractor {
    /// Plans the transform and the bands.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if the transform cannot be planned ([`Stft::new`]), if there are no bands,
    /// if a band touches no bin, if the edges are out of order or above half the sample rate, or if the floor
    /// has no logarithm.
    pub fn new(config: &MelConfig) -> Result<Self, Error> {
        let stft = Stft::new(&config.stft())?;
        let floor = config.floor as f32;
        if !(floor.is_normal() && floor > 0.0) {
            let why = format!("{} is not a finite, positive, normal number", config.floor);
            return Err(Error::setting("floor", why));
        }
        let bands = bands(config)?;
        let mut filterbank = vec![0.0; config.n_mels * stft.n_bins()];
        for (row, band) in filterbank.chunks_exact_mut(stft.n_bins()).zip(&bands) {
            row[band.first_bin..][..band.weights.len()].copy_from_slice(&band.weights);
        }
        Ok(Self { stft, bands, filterbank, floor })
    }

    /// Returns the number of bands.
    #[must_use]
    pub fn n_mels(&self) -> usize {
        self.bands.len()
    }

    /// Returns the transform that feeds the bands.
    #[must_use]
    pub fn stft(&self) -> &Stft {
        &self.stft
    }

    /// Returns the weights of all bands over all bins, including zeros.
    ///
    /// # Shapes
    ///
    /// `[n_mels, n_fft / 2 + 1]`, row-major.
    #[must_use]
    pub fn filterbank(&self) -> &[f32] {
        &self.filterbank
    }

    /// Computes the natural logarithm of the mel spectrogram, clamped below at the logarithm of the floor.
    ///
    /// # Shapes
    ///
    /// `[samples] -> [n_mels, samples / hop_length]`.
    #[must_use]
    pub fn log_mel(&self, samples: &[f32]) -> Spectrogram {
        let n_frames = self.stft.n_frames(samples.len());
        let mut spectrogram = Spectrogram::zeros(self.bands.len(), n_frames);
        let mut visitor = LogMel {
            extractor: self,
            n_frames,
            magnitudes: Vec::new(),
            mel: Vec::new(),
            data: spectrogram.data_mut(),
        };
        self.stft.visit_powers(samples, &mut visitor);
        spectrogram
    }
}

/// Visitor that sums up bands and writes their logarithms into the columns of their frames.
struct LogMel<'a> {
    extractor: &'a MelExtractor,
    n_frames: usize,
    /// Magnitudes, `[n_bins, width]`.
    magnitudes: Vec<f32>,
    /// Band values, `[n_mels, width]`.
    mel: Vec<f32>,
    data: &'a mut [f32],
}

impl PowerVisitor for LogMel<'_> {
    fn visit(&mut self, first: usize, n_frames: usize, width: usize, powers: &[f64]) {
        self.magnitudes.resize(powers.len(), 0.0);
        self.mel.resize(self.extractor.bands.len() * width, 0.0);
        let MelExtractor { stft, bands, floor, .. } = self.extractor;
        Arch::new().dispatch(SumUp {
            epsilon: stft.epsilon(),
            bands,
            floor: *floor,
            width,
            powers,
            magnitudes: &mut self.magnitudes,
            mel: &mut self.mel,
        });
        for (row, mel) in self.data.chunks_exact_mut(self.n_frames).zip(self.mel.chunks_exact(width)) {
            row[first..][..n_frames].copy_from_slice(&mel[..n_frames]);
        }
    }
}

/// Computation of magnitudes, bands and their logarithms for frames side by side.
struct SumUp<'a> {
    epsilon: f64,
    bands: &'a [Band],
    floor: f32,
    width: usize,
    powers: &'a [f64],
    magnitudes: &'a mut [f32],
    mel: &'a mut [f32],
}

impl WithSimd for SumUp<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { epsilon, bands, floor, width, powers, magnitudes, mel } = self;
        for (value, &power) in magnitudes.iter_mut().zip(powers) {
            *value = magnitude(power, epsilon);
        }
        if width.is_multiple_of(S::F32_LANES) {
            let registers = width / S::F32_LANES;
            let magnitudes = S::as_simd_f32s(magnitudes).0;
            let mel = S::as_mut_simd_f32s(mel).0;
            for (sums, band) in mel.chunks_exact_mut(registers).zip(bands) {
                let touched = &magnitudes[band.first_bin * registers..][..band.weights.len() * registers];
                for (register, sum) in sums.iter_mut().enumerate() {
                    *sum = weighted_sum(simd, &touched[register..], registers, &band.weights);
                }
            }
        } else {
            // Frames transformed one at a time do not fill a register.
            let one = Scalar::new();
            for (sums, band) in mel.chunks_exact_mut(width).zip(bands) {
                let touched = &magnitudes[band.first_bin * width..][..band.weights.len() * width];
                for (lane, sum) in sums.iter_mut().enumerate() {
                    *sum = weighted_sum(one, &touched[lane..], width, &band.weights);
                }
            }
        }
        for value in mel {
            // This form turns NaN into the floor.
            *value = ln(if *value > floor { *value } else { floor });
        }
    }
}

/// Sums every `step`-th register times its weight in four interleaved parts, for short dependency chains and
/// an order of summation independent of the machine.
#[inline(always)]
fn weighted_sum<S: Simd>(simd: S, values: &[S::f32s], step: usize, weights: &[f32]) -> S::f32s {
    const PARTS: usize = 4;
    let mut parts = [simd.splat_f32s(0.0); PARTS];
    let product = |value: &S::f32s, weight: &f32| simd.mul_f32s(*value, simd.splat_f32s(*weight));
    for (values, weights) in values.chunks(PARTS * step).zip(weights.chunks(PARTS)) {
        for ((part, value), weight) in parts.iter_mut().zip(values.iter().step_by(step)).zip(weights) {
            *part = simd.add_f32s(*part, product(value, weight));
        }
    }
    let [a, b, c, d] = parts;
    simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MelProfile;

    /// Tolerance for sums of a few hundred single-precision products of order one.
    const F32_TOLERANCE: f32 = 1e-5;

    #[test]
    fn sparse_bands_agree_with_the_dense_filterbank() {
        let extractor = MelExtractor::new(&MelProfile::Hifigan.config(22_050)).unwrap();
        let samples: Vec<f32> = (0..4000_i32).map(|n| ((n * n) as f32 * 1e-3).sin() * 0.3).collect();
        let magnitudes = extractor.stft().magnitude(&samples);
        let log_mel = extractor.log_mel(&samples);
        assert_eq!(log_mel.n_frames(), 15);
        for (mel, weights) in extractor.filterbank().chunks_exact(513).enumerate() {
            for frame in 0..log_mel.n_frames() {
                let dense: f32 =
                    weights.iter().enumerate().map(|(bin, w)| w * magnitudes.row(bin)[frame]).sum();
                let expected = dense.max(1e-5).ln();
                assert!((log_mel.row(mel)[frame] - expected).abs() < F32_TOLERANCE);
            }
        }
    }

    #[test]
    fn silence_is_at_the_floor_where_the_bands_are_wide() {
        let extractor = MelExtractor::new(&MelProfile::Hifigan.config(22_050)).unwrap();
        let log_mel = extractor.log_mel(&[0.0; 512]);
        assert!(log_mel.data().iter().all(|value| value.to_bits() == 1e-5_f32.ln().to_bits()));
        // NaN has no power.
        let log_mel = extractor.log_mel(&[f32::NAN; 512]);
        assert!(log_mel.data().iter().all(|value| value.to_bits() == 1e-5_f32.ln().to_bits()));
    }

    #[test]
    fn rejects_a_floor_without_a_logarithm() {
        for floor in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-60, 1e-40] {
            let config = MelConfig { floor, ..MelConfig::default() };
            assert!(matches!(MelExtractor::new(&config), Err(Error::Setting { setting: "floor", .. })));
        }
    }

    #[test]
    fn shares_one_extractor_among_threads() {
        let extractor = MelExtractor::new(&MelConfig::default()).unwrap();
        let samples: Vec<f32> = (0..5000).map(|n| (n as f32 * 0.1).sin()).collect();
        let here = extractor.log_mel(&samples);
        std::thread::scope(|scope| {
            let there: Vec<_> = (0..3).map(|_| scope.spawn(|| extractor.log_mel(&samples))).collect();
            for thread in there {
                assert_eq!(thread.join().unwrap(), here);
            }
        });
    }
}
