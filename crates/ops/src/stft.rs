//! The differentiable short-time Fourier transform and its magnitude.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Device, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, SIGNAL, Scalars, compute};
use crate::element::{Element, contiguous, for_float, into_storage, number, vectorized};
use crate::fourier::Fourier;
use crate::frames::frames;

/// The short-time Fourier transform of signals that are already padded.
///
/// ```text
/// X[t, k] = Σ_n w[n] x[t·hop + n] e^(−2πikn / n_fft),   k = 0 … n_fft / 2
/// ```
///
/// The result is not normalized.
///
/// # Shapes
///
/// `[B, N]` → `[B, T, 2F]`: F = `n_fft / 2 + 1` real parts followed by F imaginary parts,
/// T = 1 + ⌊(N − `n_fft`) / hop⌋.
#[derive(Debug, Clone)]
pub struct Stft {
    n_fft: usize,
    hop: usize,
    fourier: Fourier,
}

impl Stft {
    /// Plans a transform of `n_fft` points. A shorter window is centered, as in PyTorch and librosa.
    ///
    /// # Errors
    ///
    /// Fails if `n_fft` or `hop` is zero, or the window is empty or longer than `n_fft`.
    pub fn new(n_fft: usize, hop: usize, window: &[f32], device: &Device, dtype: DType) -> Result<Self> {
        if n_fft == 0 || hop == 0 || window.is_empty() || window.len() > n_fft {
            bail!("stft: {n_fft} points, a hop of {hop} and a window of {} are incompatible", window.len());
        }
        let mut centred = vec![0.0; n_fft];
        let offset = (n_fft - window.len()) / 2;
        for (weight, &given) in centred[offset..].iter_mut().zip(window) {
            *weight = f64::from(given);
        }
        Ok(Self { n_fft, hop, fourier: Fourier::new(centred, vec![1.0; n_fft / 2 + 1], device, dtype)? })
    }

    /// Computes the spectra of `x` `[B, N]`.
    ///
    /// # Errors
    ///
    /// Fails if `x` is shorter than `n_fft` or differs in type from the transform.
    pub fn spectrum(&self, x: &Tensor) -> Result<Tensor> {
        self.fourier.analyze(&frames(x, self.n_fft, self.hop)?)
    }
}

/// The magnitude of the short-time Fourier transform of signals that are already padded.
///
/// ```text
/// X[t, k] = Σ_n w[n] x[t·hop + n] e^(−2πikn / n_fft),   k = 0 … n_fft / 2
/// y[b, k, t] = √(Re² + Im² + ε)
/// ```
///
/// The result is not normalized. ε keeps the gradient finite where the magnitude is zero; the gradient there
/// is zero.
///
/// # Shapes
///
/// `[B, N]` → `[B, n_fft / 2 + 1, T]`, T = 1 + ⌊(N − `n_fft`) / hop⌋. For frames centered on multiples of the
/// hop, or for one frame per hop, pad with [`reflect_pad`](crate::reflect_pad()) first.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use mynah_ops::StftMagnitude;
///
/// let stft = StftMagnitude::new(4, 2, &[1.0; 4], 0.0, &Device::Cpu, DType::F32)?;
/// let ones = Tensor::ones((1, 8), DType::F32, &Device::Cpu)?;
/// assert_eq!(stft.forward(&ones)?.dims(), [1, 3, 3]);
/// # Ok::<(), mynah_ops::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StftMagnitude {
    stft: Stft,
    epsilon: f64,
}

impl StftMagnitude {
    /// Plans a transform of `n_fft` points. A shorter window is centered, as in PyTorch and librosa.
    ///
    /// # Errors
    ///
    /// Fails if `n_fft` or `hop` is zero, or the window is empty or longer than `n_fft`.
    pub fn new(
        n_fft: usize,
        hop: usize,
        window: &[f32],
        epsilon: f64,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        Ok(Self { stft: Stft::new(n_fft, hop, window, device, dtype)?, epsilon })
    }

    /// Computes the magnitudes of `x` `[B, N]`.
    ///
    /// # Errors
    ///
    /// Fails if `x` is shorter than `n_fft` or differs in type from the transform.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.stft.spectrum(x)?.apply_op1(Magnitude { epsilon: self.epsilon })
    }
}

/// The magnitude as an operation: `[B, T, 2F]`, real parts before imaginary parts, → `[B, F, T]`.
struct Magnitude {
    epsilon: f64,
}

impl CustomOp1 for Magnitude {
    fn name(&self) -> &'static str {
        "magnitude"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, time, parts) = layout.shape().dims3()?;
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            let y = magnitude(x, time, parts / 2, number(self.epsilon));
            Ok((into_storage(y), (batch, parts / 2, time).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, time, parts) = layout.shape().dims3()?;
        let bins = parts / 2;
        let scalars = Scalars { integers: &[time, bins], doubles: &[self.epsilon] };
        let grid = Grid::Tiles(batch * time.div_ceil(32) * bins.div_ceil(32));
        let inputs = [(storage, layout)];
        let y = compute(self.name(), (SIGNAL, "magnitude"), &inputs, batch * time * bins, grid, scalars)?;
        Ok((y, (batch, bins, time).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let backward = MagnitudeBackward { epsilon: self.epsilon };
        Ok(Some(x.apply_op2_no_bwd(&gradient.contiguous()?, &backward)?))
    }
}

struct MagnitudeBackward {
    epsilon: f64,
}

impl CustomOp2 for MagnitudeBackward {
    fn name(&self) -> &'static str {
        "magnitude_backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, time, parts) = x_layout.shape().dims3()?;
        for_float!(x, self.name(), T => {
            let x = contiguous::<T>(self.name(), x, x_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let dx = magnitude_backward(x, gradient, time, parts / 2, number(self.epsilon));
            Ok((into_storage(dx), x_layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (batch, time, parts) = x_layout.shape().dims3()?;
        let bins = parts / 2;
        let scalars = Scalars { integers: &[time, bins], doubles: &[self.epsilon] };
        let grid = Grid::Tiles(batch * time.div_ceil(32) * bins.div_ceil(32));
        let inputs = [(x, x_layout), (gradient, gradient_layout)];
        let kernel = (SIGNAL, "magnitude_backward");
        let dx = compute(self.name(), kernel, &inputs, batch * time * parts, grid, scalars)?;
        Ok((dx, x_layout.shape().clone()))
    }
}

fn magnitude<T: Element>(x: &[T], time: usize, bins: usize, epsilon: T) -> Vec<T> {
    let mut y = vec![T::ZERO; x.len() / 2];
    y.par_chunks_mut(bins * time)
        .zip(x.par_chunks(2 * bins * time))
        .for_each(|(y, x)| measure(y, x, time, bins, epsilon));
    y
}

fn magnitude_backward<T: Element>(x: &[T], gradient: &[T], time: usize, bins: usize, epsilon: T) -> Vec<T> {
    let mut dx = vec![T::ZERO; x.len()];
    dx.par_chunks_mut(2 * bins * time)
        .zip(x.par_chunks(2 * bins * time).zip(gradient.par_chunks(bins * time)))
        .for_each(|(dx, (x, gradient))| derive(dx, x, gradient, time, bins, epsilon));
    dx
}

vectorized! {
    fn measure<'a, T>(y: &'a mut [T], x: &'a [T], time: usize, bins: usize, epsilon: T) {
        let mut row = vec![T::ZERO; bins];
        for (t, x) in x.chunks_exact(2 * bins).enumerate() {
            let (real, imaginary) = x.split_at(bins);
            for (y, (&re, &im)) in row.iter_mut().zip(real.iter().zip(imaginary)) {
                *y = Element::sqrt(re * re + im * im + epsilon);
            }
            for (k, &value) in row.iter().enumerate() {
                y[k * time + t] = value;
            }
        }
    }
}

vectorized! {
    /// d|X| / dRe = Re / |X|, or zero where |X| is zero.
    fn derive<'a, T>(dx: &'a mut [T], x: &'a [T], gradient: &'a [T], time: usize, bins: usize, epsilon: T) {
        let mut row = vec![T::ZERO; bins];
        for (t, (dx, x)) in dx.chunks_exact_mut(2 * bins).zip(x.chunks_exact(2 * bins)).enumerate() {
            for (k, value) in row.iter_mut().enumerate() {
                *value = gradient[k * time + t];
            }
            let (real, imaginary) = x.split_at(bins);
            let (dreal, dimaginary) = dx.split_at_mut(bins);
            let inputs = real.iter().zip(imaginary).zip(&row);
            for ((dre, dim), ((&re, &im), &g)) in dreal.iter_mut().zip(dimaginary).zip(inputs) {
                let size = Element::sqrt(re * re + im * im + epsilon);
                let scale = if size > T::ZERO { g / size } else { T::ZERO };
                *dre = re * scale;
                *dim = im * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use candle_core::{DType, Tensor};
    use mynah_testkit::assert_all_close;

    use super::StftMagnitude;
    use crate::testing::{check_gradients, device, normal};

    const EPSILON: f64 = 1e-9;
    /// Sums of 64 products in f32, with magnitudes up to 30.
    const F32_TOLERANCE: f64 = 2e-5;

    fn hann(length: usize) -> Vec<f32> {
        (0..length).map(|n| (0.5 - 0.5 * (TAU * n as f64 / length as f64).cos()) as f32).collect()
    }

    /// Evaluates the definition term by term, on the frame in which the window is centered.
    fn plain(x: &[f64], n_fft: usize, hop: usize, window: &[f32]) -> Vec<f64> {
        let (count, bins) = (1 + (x.len() - n_fft) / hop, n_fft / 2 + 1);
        let offset = (n_fft - window.len()) / 2;
        let mut y = vec![0.0; bins * count];
        for k in 0..bins {
            for t in 0..count {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, &w) in window.iter().enumerate() {
                    let value = f64::from(w) * x[t * hop + offset + n];
                    let angle = -TAU * (k * (offset + n)) as f64 / n_fft as f64;
                    re += value * angle.cos();
                    im += value * angle.sin();
                }
                y[k * count + t] = (re * re + im * im + EPSILON).sqrt();
            }
        }
        y
    }

    #[test]
    fn matches_the_definition() {
        for (n_fft, hop, window) in
            [(64, 16, hann(64)), (64, 24, hann(40)), (15, 4, hann(15)), (1, 1, vec![2.0])]
        {
            let x = normal(1, (2, 200));
            let expected: Vec<f64> =
                x.to_vec2::<f64>().unwrap().iter().flat_map(|x| plain(x, n_fft, hop, &window)).collect();
            let stft = |dtype| StftMagnitude::new(n_fft, hop, &window, EPSILON, &device(), dtype).unwrap();
            let y = stft(DType::F64).forward(&x).unwrap();
            assert_eq!(y.dims(), [2, n_fft / 2 + 1, 1 + (200 - n_fft) / hop]);
            assert_all_close(&y.flatten_all().unwrap().to_vec1::<f64>().unwrap(), &expected, 1e-11, "f64");
            let y = stft(DType::F32).forward(&x.to_dtype(DType::F32).unwrap()).unwrap();
            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_all_close(&y, &expected, F32_TOLERANCE, "f32");
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let stft = StftMagnitude::new(16, 4, &hann(16), EPSILON, &device(), DType::F64).unwrap();
        check_gradients(&[normal(2, (2, 45))], |v| stft.forward(&v[0])).unwrap();
    }

    #[test]
    fn silence_has_a_zero_gradient() {
        let stft = StftMagnitude::new(8, 4, &[1.0; 8], 0.0, &device(), DType::F32).unwrap();
        let x = candle_core::Var::zeros((1, 16), DType::F32, &device()).unwrap();
        let gradients = stft.forward(&x).unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(gradients.get(&x).unwrap().to_vec2::<f32>().unwrap(), [[0.0; 16]]);
    }

    #[test]
    fn rejects_inconsistent_settings() {
        for (n_fft, hop, window) in [(0, 1, 1), (4, 0, 4), (4, 1, 0), (4, 1, 5)] {
            assert!(StftMagnitude::new(n_fft, hop, &vec![1.0; window], 0.0, &device(), DType::F32).is_err());
        }
        let stft = StftMagnitude::new(4, 1, &[1.0; 4], 0.0, &device(), DType::F32).unwrap();
        assert!(stft.forward(&Tensor::zeros((1, 3), DType::F32, &device()).unwrap()).is_err());
        assert!(stft.forward(&normal(3, (1, 8))).is_err());
    }
}
