//! Log-mel spectrograms of signals.

use super::filterbank::{Band, bands};
use crate::{Error, MelConfig, Spectrogram, Stft};

/// Partial sums that run side by side, so that the compiler can keep them in one vector register.
const LANES: usize = 8;

/// A planned log-mel extraction: made once, shared by all threads.
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
/// // The magnitude of silence is the root of epsilon, 1e-3, and lies above the floor in the lowest band.
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
    /// [`Error::Setting`] when the transform cannot be planned ([`Stft::new`]), when there is no band, when a band
    /// touches no bin, when the edges are out of order or above half the sample rate, or when the floor has no
    /// logarithm.
    pub fn new(config: &MelConfig) -> Result<Self, Error> {
        let stft = Stft::new(&config.stft())?;
        let floor = config.floor as f32;
        if !(floor.is_finite() && floor > 0.0) {
            return Err(Error::setting("floor", format!("{} is not a finite number above 0", config.floor)));
        }
        let bands = bands(config)?;
        let mut filterbank = vec![0.0; config.n_mels * stft.n_bins()];
        for (row, band) in filterbank.chunks_exact_mut(stft.n_bins()).zip(&bands) {
            row[band.first_bin..][..band.weights.len()].copy_from_slice(&band.weights);
        }
        Ok(Self { stft, bands, filterbank, floor })
    }

    /// The number of bands.
    #[must_use]
    pub fn n_mels(&self) -> usize {
        self.bands.len()
    }

    /// The transform under the bands.
    #[must_use]
    pub fn stft(&self) -> &Stft {
        &self.stft
    }

    /// The weights of all bands over all bins, zeros included.
    ///
    /// # Shapes
    ///
    /// `[n_mels, n_fft / 2 + 1]`, row-major.
    #[must_use]
    pub fn filterbank(&self) -> &[f32] {
        &self.filterbank
    }

    /// The natural logarithm of the mel spectrogram, not below the logarithm of the floor.
    ///
    /// # Shapes
    ///
    /// `[samples] -> [n_mels, samples / hop_length]`.
    #[must_use]
    pub fn log_mel(&self, samples: &[f32]) -> Spectrogram {
        let n_frames = self.stft.n_frames(samples.len());
        let mut spectrogram = Spectrogram::zeros(self.bands.len(), n_frames);
        let data = spectrogram.data_mut();
        self.stft.for_each_magnitude(samples, |frame, magnitudes| {
            for (index, band) in self.bands.iter().enumerate() {
                let touched = &magnitudes[band.first_bin..][..band.weights.len()];
                data[index * n_frames + frame] = dot(touched, &band.weights).max(self.floor).ln();
            }
        });
        spectrogram
    }
}

/// The sum of products, in a fixed order whatever the machine.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (left_blocks, left_rest) = left.as_chunks::<LANES>();
    let (right_blocks, right_rest) = right.as_chunks::<LANES>();
    for (a, b) in left_blocks.iter().zip(right_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MelProfile;

    /// Sums of a few hundred single-precision products of order one.
    const F32_TOLERANCE: f32 = 1e-5;

    #[test]
    fn sparse_bands_give_what_the_dense_filterbank_gives() {
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
    fn silence_lies_at_the_floor_where_the_bands_are_wide() {
        let extractor = MelExtractor::new(&MelProfile::Hifigan.config(22_050)).unwrap();
        let log_mel = extractor.log_mel(&[0.0; 512]);
        assert!(log_mel.data().iter().all(|value| value.to_bits() == 1e-5_f32.ln().to_bits()));
    }

    #[test]
    fn a_floor_without_a_logarithm_is_refused() {
        for floor in [0.0, -1.0, f64::NAN, 1e-60] {
            let config = MelConfig { floor, ..MelConfig::default() };
            assert!(matches!(MelExtractor::new(&config), Err(Error::Setting { setting: "floor", .. })));
        }
    }

    #[test]
    fn one_extractor_serves_all_threads() {
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
