//! The differentiable inverse short-time Fourier transform.

use candle_core::{DType, Device, Result, Tensor, bail};

use crate::element::ensure_not_empty;
use crate::fourier::Fourier;
use crate::frames::overlap_add;

/// Smallest sum of squared windows allowed at a kept sample, as in PyTorch.
const LEAST_ENVELOPE: f64 = 1e-11;

/// The inverse short-time Fourier transform: weighted overlap-add, the least-squares signal for a given
/// spectrum.
///
/// ```text
/// x_t[n] = 1/N Σ_k X[t, k] e^(2πikn / N)        k over all N bins, those above N / 2 by symmetry
/// y[m]   = Σ_t w[m − t·hop] x_t[m − t·hop]  /  Σ_t w[m − t·hop]²
/// ```
///
/// Both ends are cut by `trim` samples: N / 2 matches PyTorch's `istft` for centered frames, and
/// (N − hop) / 2 gives one hop per frame. The imaginary parts of the first bin and of bin N / 2 are ignored
/// and get a zero gradient.
///
/// # Shapes
///
/// `[B, 2F, T]`, F = N / 2 + 1 real parts followed by F imaginary parts, → `[B, (T − 1)·hop + N − 2·trim]`.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use mynah_ops::InverseStft;
///
/// let inverse = InverseStft::new(4, 2, 1, &[1.0; 4], &Device::Cpu, DType::F32)?;
/// let spectrum = Tensor::ones((1, 6, 5), DType::F32, &Device::Cpu)?;
/// assert_eq!(inverse.forward(&spectrum)?.dims(), [1, 10]);
/// # Ok::<(), mynah_ops::Error>(())
/// ```
///
/// # References
///
/// D. Griffin and J. Lim, Signal estimation from modified short-time Fourier transform, 1984, equation 6.
#[derive(Debug, Clone)]
pub struct InverseStft {
    n_fft: usize,
    hop: usize,
    trim: usize,
    window: Vec<f64>,
    fourier: Fourier,
}

impl InverseStft {
    /// Plans a transform of `n_fft` points. A shorter window is centered, as in PyTorch.
    ///
    /// # Errors
    ///
    /// Fails if `n_fft` or `hop` is zero, the window is empty or longer than `n_fft`, or `trim` would leave
    /// nothing of two frames.
    pub fn new(
        n_fft: usize,
        hop: usize,
        trim: usize,
        window: &[f32],
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        if n_fft == 0 || hop == 0 || window.is_empty() || window.len() > n_fft || 2 * trim >= n_fft + hop {
            let length = window.len();
            bail!(
                "inverse stft: {n_fft} points, a hop of {hop}, a window of {length} and {trim} trimmed samples are \
                 incompatible"
            );
        }
        let mut centred = vec![0.0; n_fft];
        let offset = (n_fft - window.len()) / 2;
        for (weight, &given) in centred[offset..].iter_mut().zip(window) {
            *weight = f64::from(given);
        }
        let single = |k: usize| k == 0 || 2 * k == n_fft;
        let scales =
            (0..=n_fft / 2).map(|k| if single(k) { 1.0 } else { 2.0 } / n_fft as f64).collect::<Vec<_>>();
        let fourier = Fourier::new(centred.clone(), scales, device, dtype)?;
        Ok(Self { n_fft, hop, trim, window: centred, fourier })
    }

    /// Computes the signals of `spectrum` `[B, 2F, T]`.
    ///
    /// # Errors
    ///
    /// Fails if `spectrum` does not match the transform's bins or type, has too few frames to trim, or a kept
    /// sample is not covered by any window.
    pub fn forward(&self, spectrum: &Tensor) -> Result<Tensor> {
        ensure_not_empty("inverse stft", spectrum)?;
        let (_, _, time) = spectrum.dims3()?;
        let whole = (time - 1) * self.hop + self.n_fft;
        if whole <= 2 * self.trim {
            bail!(
                "inverse stft: trimming {time} frames by {} samples at both ends leaves nothing",
                self.trim
            );
        }
        let length = whole - 2 * self.trim;
        let frames = self.fourier.synthesize(&spectrum.transpose(1, 2)?)?;
        let signal = overlap_add(&frames, whole, self.hop)?.narrow(1, self.trim, length)?;
        let envelope = self.envelope(time, whole);
        let kept = &envelope[self.trim..][..length];
        if let Some(place) = kept.iter().position(|&sum| sum < LEAST_ENVELOPE) {
            bail!("inverse stft: no window covers sample {place} of {length}");
        }
        let inverse: Vec<f64> = kept.iter().map(|sum| 1.0 / sum).collect();
        let inverse = Tensor::from_vec(inverse, (1, length), &Device::Cpu)?;
        let inverse = inverse.to_dtype(signal.dtype())?.to_device(signal.device())?;
        signal.broadcast_mul(&inverse)
    }

    /// Returns the sum of squared windows at each sample.
    fn envelope(&self, time: usize, whole: usize) -> Vec<f64> {
        let mut envelope = vec![0.0; whole];
        for t in 0..time {
            for (sum, weight) in envelope[t * self.hop..].iter_mut().zip(&self.window) {
                *sum += weight * weight;
            }
        }
        envelope
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use candle_core::{DType, Tensor};
    use mynah_testkit::assert_all_close;

    use super::InverseStft;
    use crate::testing::{check_gradients, device, normal};
    use crate::{Stft, reflect_pad};

    fn hann(length: usize) -> Vec<f32> {
        (0..length).map(|n| (0.5 - 0.5 * (TAU * n as f64 / length as f64).cos()) as f32).collect()
    }

    #[test]
    fn inverts_the_transform() {
        for (n_fft, hop, window) in [(64, 16, 64), (64, 24, 48), (15, 4, 15), (8, 8, 8)] {
            // Rectangular if frames do not overlap, because a Hann window starts at zero.
            let window = if hop == n_fft { vec![1.0; window] } else { hann(window) };
            let trim = n_fft / 2;
            let x = normal(1, (2, 20 * hop));
            let stft = Stft::new(n_fft, hop, &window, &device(), DType::F64).unwrap();
            let spectrum = stft.spectrum(&reflect_pad(&x, trim, trim).unwrap()).unwrap();
            let inverse = InverseStft::new(n_fft, hop, trim, &window, &device(), DType::F64).unwrap();
            let y = inverse.forward(&spectrum.transpose(1, 2).unwrap()).unwrap();
            let length = y.dim(1).unwrap();
            assert!(length > 19 * hop - 2 * (n_fft % 2), "{length}");
            let flat = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let expected = x.narrow(1, 0, length).unwrap();
            assert_all_close(&flat(&y), &flat(&expected), 1e-12, &format!("{n_fft} points, a hop of {hop}"));
        }
    }

    #[test]
    fn trimming_the_overlap_gives_one_hop_per_frame() {
        let inverse = InverseStft::new(16, 4, 6, &hann(16), &device(), DType::F64).unwrap();
        assert_eq!(inverse.forward(&normal(2, (3, 18, 7))).unwrap().dims(), [3, 28]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        for (n_fft, hop, trim) in [(16, 4, 6), (16, 4, 8), (15, 4, 5)] {
            let inverse = InverseStft::new(n_fft, hop, trim, &hann(n_fft), &device(), DType::F64).unwrap();
            let spectrum = normal(3, (2, 2 * (n_fft / 2 + 1), 4));
            check_gradients(&[spectrum], |v| inverse.forward(&v[0])).unwrap();
        }
    }

    #[test]
    fn rejects_inconsistent_settings() {
        let new = |n_fft, hop, trim, window| {
            InverseStft::new(n_fft, hop, trim, &vec![1.0; window], &device(), DType::F32)
        };
        for (n_fft, hop, trim, window) in
            [(0, 1, 0, 1), (4, 0, 1, 4), (4, 1, 1, 0), (4, 1, 1, 5), (4, 2, 3, 4)]
        {
            assert!(new(n_fft, hop, trim, window).is_err(), "{n_fft} {hop} {trim} {window}");
        }
        // Frames that do not touch leave gaps.
        let gaps = new(2, 4, 0, 2).unwrap();
        let spectrum = Tensor::ones((1, 4, 3), DType::F32, &device()).unwrap();
        assert!(gaps.forward(&spectrum).unwrap_err().to_string().contains("no window covers sample 2"));
        // A Hann window is zero at its first sample, so that sample must be trimmed.
        let untrimmed = InverseStft::new(4, 2, 0, &hann(4), &device(), DType::F32).unwrap();
        let spectrum = Tensor::ones((1, 6, 3), DType::F32, &device()).unwrap();
        assert!(untrimmed.forward(&spectrum).is_err());
        assert!(new(4, 2, 1, 4).unwrap().forward(&spectrum.narrow(1, 0, 4).unwrap()).is_err());
    }
}
