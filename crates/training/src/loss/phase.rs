//! Distance of the advance of phases between successive frames of two waveforms.

use candle_core::{D, DType, Device, Result, Tensor};
use mynah_ops::{Stft, reflect_pad};

use super::stft::Resolution;

/// Term added to magnitudes, which keeps the direction of a silent bin finite.
const EPSILON: f64 = 1e-5;

/// Distance of the advance of phases, weighted by the recording's magnitudes.
///
/// ```text
/// L = 1/R Σ_r Σ_tk w_tk (1 − cos(Δφ_tk(x) − Δφ_tk(y))) / Σ_tk w_tk      Δφ_tk = arg X_tk conj X_(t−1)k
///     w_tk = (|X_tk(x)| |X_(t−1)k(x)|)^½
/// ```
///
/// A harmonic advances by 2π f hop in every bin that it fills, noise by chance. Distances of magnitudes cannot tell the two
/// apart where the bins are wider than the harmonics; this one can, and does not depend on the phase itself, which nothing
/// determines. It is 0 for equal waveforms, somewhat less than 1 for unrelated ones, whose frames overlap, and at most 2. The
/// weights leave out bins with nothing but noise.
///
/// # References
///
/// The instantaneous frequency of Y. Ai and Z.-H. Ling, arXiv 2305.07952, with the cosine of the difference in place of
/// its wrapped magnitude, and weights.
#[derive(Debug)]
pub struct PhaseLoss {
    transforms: Vec<(Resolution, Stft)>,
}

impl PhaseLoss {
    /// Prepares the transforms.
    ///
    /// # Errors
    ///
    /// Fails if a resolution has no points or no hop.
    pub fn new(resolutions: &[Resolution], dtype: DType, device: &Device) -> Result<Self> {
        let transforms = resolutions
            .iter()
            .map(|resolution| {
                let (Resolution { n_fft, hop }, window) = (*resolution, resolution.window());
                Ok((*resolution, Stft::new(n_fft, hop, &window, device, dtype)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { transforms })
    }

    /// Computes the distance; the real waveform is a constant.
    ///
    /// # Shapes
    ///
    /// [B, 1, N] twice → a scalar. N has to be longer than half of the longest transform, and than two of its hops.
    pub fn forward(&self, real: &Tensor, generated: &Tensor) -> Result<Tensor> {
        let (real, generated) = (real.detach().squeeze(1)?, generated.squeeze(1)?);
        let mut sum = Tensor::zeros((), generated.dtype(), generated.device())?;
        for (resolution, stft) in &self.transforms {
            let padding = resolution.padding();
            let advance =
                |waves: &Tensor| Advance::new(&stft.spectrum(&reflect_pad(waves, padding, padding)?)?);
            let (real, generated) = (advance(&real)?, advance(&generated)?);
            let weights = &real.magnitude;
            let cosines = ((&real.re * &generated.re)? + (&real.im * &generated.im)?)?;
            let norms = (real.magnitude.sqr()? * generated.magnitude.sqr()?)?;
            let distance = ((cosines / norms)?.neg()? + 1.0)?;
            sum = (sum + ((distance * weights)?.sum_all()? / weights.sum_all()?)?)?;
        }
        sum / self.transforms.len() as f64
    }
}

/// Product of each frame with the conjugate of the one before, `[B, T − 1, F]`.
struct Advance {
    re: Tensor,
    im: Tensor,
    /// Square root of the magnitude of the product, which is the geometric mean of the frames' magnitudes.
    magnitude: Tensor,
}

impl Advance {
    /// Computes the products of `[B, T, 2F]`, real parts before imaginary parts.
    fn new(spectrum: &Tensor) -> Result<Self> {
        let (_, time, parts) = spectrum.dims3()?;
        let part = |start: usize, at: usize| {
            spectrum.narrow(1, start, time - 1)?.narrow(D::Minus1, at, parts / 2)?.contiguous()
        };
        let (a, b) = (part(1, 0)?, part(1, parts / 2)?);
        let (c, d) = (part(0, 0)?, part(0, parts / 2)?);
        let re = ((&a * &c)? + (&b * &d)?)?;
        let im = ((&b * &c)? - (&a * &d)?)?;
        let square = ((re.sqr()? + im.sqr()?)? + EPSILON.powi(4))?;
        Ok(Self { magnitude: square.sqrt()?.sqrt()?, re, im })
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use candle_core::Var;
    use mynah_ops::testing::{check_gradients, device, normal};
    use mynah_ops::{AdamW, AdamWConfig};

    use super::*;

    const RESOLUTIONS: [Resolution; 2] =
        [Resolution { n_fft: 64, hop: 16 }, Resolution { n_fft: 128, hop: 32 }];

    fn loss(real: &Tensor, generated: &Tensor) -> f64 {
        let loss = PhaseLoss::new(&RESOLUTIONS, DType::F64, &device()).unwrap();
        loss.forward(real, generated).unwrap().to_scalar().unwrap()
    }

    fn noise(seed: u64) -> Tensor {
        normal(seed, (4, 1, 2048))
    }

    /// A sine with this period in samples, from this phase.
    fn sine(period: f64, phase: f64) -> Tensor {
        let samples: Vec<f64> = (0..2048).map(|n| (TAU * f64::from(n) / period + phase).sin()).collect();
        Tensor::from_vec(samples, (1, 1, 2048), &device()).unwrap()
    }

    #[test]
    fn is_zero_for_equal_waveforms_and_large_for_unrelated_ones() {
        assert!(loss(&noise(1), &noise(1)).abs() < 1e-9);
        let unrelated = loss(&noise(1), &noise(2));
        assert!((0.6..1.0).contains(&unrelated), "{unrelated}");
        // The level does not matter.
        assert!(loss(&noise(1), &(noise(1) * 0.01).unwrap()).abs() < 1e-6);
    }

    #[test]
    fn a_sine_is_judged_by_its_frequency_and_not_by_its_phase() {
        /// Share of the reflected ends, which depend on the phase.
        const ENDS: f64 = 0.05;
        assert!(loss(&sine(20.0, 0.0), &sine(20.0, 2.0)) < ENDS);
        // The advance per hop differs by TAU · hop · (1/20 − 1/24).
        let expected = [16.0, 32.0].map(|hop| 1.0 - (TAU * hop * (1.0 / 20.0 - 1.0 / 24.0)).cos());
        let got = loss(&sine(20.0, 0.0), &sine(24.0, 0.0));
        let expected = f64::midpoint(expected[0], expected[1]);
        assert!((got - expected).abs() < ENDS && expected > 4.0 * ENDS, "{got} {expected}");
        // Noise of the same spectrum is not a tone.
        assert!(loss(&sine(20.0, 0.0), &noise(3).narrow(0, 0, 1).unwrap()) > 0.4);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let config = [Resolution { n_fft: 8, hop: 2 }];
        let loss = PhaseLoss::new(&config, DType::F64, &device()).unwrap();
        let real = normal(1, (2, 1, 24));
        check_gradients(&[normal(2, (2, 1, 24))], |x| loss.forward(&real, &x[0])).unwrap();
        // Silence has a gradient as well.
        let silence = Var::from_tensor(&real.zeros_like().unwrap()).unwrap();
        let gradients = loss.forward(&real, &silence).unwrap().backward().unwrap();
        let sum: f64 =
            gradients.get(&silence).unwrap().abs().unwrap().sum_all().unwrap().to_scalar().unwrap();
        assert!(sum.is_finite());
    }

    #[test]
    fn descending_it_turns_noise_into_a_tone() {
        let real = sine(20.0, 0.0);
        let wave = Var::from_tensor(&(noise(5).narrow(0, 0, 1).unwrap() * 0.5).unwrap()).unwrap();
        let config = AdamWConfig { learning_rate: 0.02, weight_decay: 0.0, ..AdamWConfig::default() };
        let mut optimizer = AdamW::new(vec![("wave".to_owned(), wave.clone())], config).unwrap();
        let loss_of = PhaseLoss::new(&RESOLUTIONS, DType::F64, &device()).unwrap();
        let before = loss(&real, wave.as_tensor());
        for _ in 0..200 {
            optimizer.step(&loss_of.forward(&real, wave.as_tensor()).unwrap().backward().unwrap()).unwrap();
        }
        let after = loss(&real, wave.as_tensor());
        assert!(after < 0.3 * before, "{before} {after}");
    }
}
