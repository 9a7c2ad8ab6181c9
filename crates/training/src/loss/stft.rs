//! Distance of the spectra of two waveforms at several resolutions.

use std::f64::consts::TAU;

use candle_core::{DType, Device, Result, Tensor};
use mynah_ops::{StftMagnitude, reflect_pad};

/// Term added to the power before the square root, which keeps the gradient of the logarithm of silence finite.
const POWER_EPSILON: f64 = 1e-7;

/// Term that keeps the gradient of the norm finite for equal signals.
const NORM_EPSILON: f64 = 1e-12;

/// Resolution of one of the transforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// Points of the transform and of its Hann window; even.
    pub n_fft: usize,
    /// Samples between frames; even.
    pub hop: usize,
}

impl Resolution {
    /// Returns a Hann window of all points.
    pub(super) fn window(self) -> Vec<f32> {
        let weight = |n| 0.5 - 0.5 * (TAU * n as f64 / self.n_fft as f64).cos();
        (0..self.n_fft).map(|n| weight(n) as f32).collect()
    }

    /// Returns the samples to reflect at either end, for one frame per hop.
    pub(super) fn padding(self) -> usize {
        self.n_fft.saturating_sub(self.hop) / 2
    }
}

/// Windows of 23, 46 and 93 ms at 22,050 Hz: the shortest resolves pulses of the voice, the longest its harmonics.
pub const RESOLUTIONS: [Resolution; 3] = [
    Resolution { n_fft: 512, hop: 128 },
    Resolution { n_fft: 1024, hop: 256 },
    Resolution { n_fft: 2048, hop: 512 },
];

/// Distance of magnitudes, linear and logarithmic.
///
/// ```text
/// L = 1/R Σ_r ‖S_r(x) − S_r(y)‖ / ‖S_r(x)‖ + mean |ln S_r(x) − ln S_r(y)|
/// ```
///
/// The norms run over the whole batch. The mel distance alone would blur harmonics where bands are wide.
///
/// # References
///
/// R. Yamamoto et al., Parallel `WaveGAN`, arXiv 1910.11480, equations 4 to 6.
#[derive(Debug)]
pub struct StftLoss {
    transforms: Vec<(Resolution, StftMagnitude)>,
}

impl StftLoss {
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
                Ok((*resolution, StftMagnitude::new(n_fft, hop, &window, POWER_EPSILON, device, dtype)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { transforms })
    }

    /// Computes the distance; the real waveform is a constant.
    ///
    /// # Shapes
    ///
    /// [B, 1, N] twice → a scalar. N has to be longer than half of the longest transform.
    pub fn forward(&self, real: &Tensor, generated: &Tensor) -> Result<Tensor> {
        let (real, generated) = (real.detach().squeeze(1)?, generated.squeeze(1)?);
        let mut sum = Tensor::zeros((), generated.dtype(), generated.device())?;
        for (resolution, stft) in &self.transforms {
            let padding = resolution.padding();
            let magnitudes = |waves: &Tensor| stft.forward(&reflect_pad(waves, padding, padding)?);
            let (real, generated) = (magnitudes(&real)?, magnitudes(&generated)?);
            let norm = |x: &Tensor| (x.sqr()?.sum_all()? + NORM_EPSILON)?.sqrt();
            let convergence = (norm(&(&generated - &real)?)? / norm(&real)?)?;
            let of_logarithms = (generated.log()? - real.log()?)?.abs()?.mean_all()?;
            sum = ((sum + convergence)? + of_logarithms)?;
        }
        sum / self.transforms.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor, Var};
    use mynah_ops::testing::{check_gradients, device, normal, numbers};
    use mynah_testkit::{assert_all_close, assert_close, golden};

    use super::{Resolution, StftLoss};

    const SMALL: [Resolution; 2] = [Resolution { n_fft: 16, hop: 4 }, Resolution { n_fft: 8, hop: 2 }];

    #[test]
    fn agrees_with_pytorch() {
        let golden: serde_json::Value = golden("voice/modules.json");
        let expected = &golden["modules"]["stft loss"];
        for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 1e-4)] {
            let wave = |seed| Var::from_tensor(&numbers(seed, &[2, 1, 50]).to_dtype(dtype).unwrap()).unwrap();
            let (real, generated) = (wave(3), wave(4));
            let loss = StftLoss::new(&SMALL, dtype, &device()).unwrap().forward(&real, &generated).unwrap();
            let number = |x: &Tensor| -> f64 { x.to_dtype(DType::F64).unwrap().to_scalar().unwrap() };
            assert_close(
                number(&loss),
                expected["outputs"][0]["values"][0].as_f64().unwrap(),
                tolerance,
                "loss",
            );
            // The script weights the outputs before it sums them, as for every module.
            let weight = numbers(100, &[1]).reshape(()).unwrap().to_dtype(dtype).unwrap();
            let gradients = (loss * weight).unwrap().backward().unwrap();
            assert!(gradients.get(&real).is_none());
            let gradient = gradients.get(&generated).unwrap().to_dtype(DType::F64).unwrap();
            let products = [200, 201, 202]
                .map(|seed| number(&(&gradient * numbers(seed, &[2, 1, 50])).unwrap().sum_all().unwrap()));
            let expected: Vec<f64> =
                serde_json::from_value(expected["gradients"]["argument 0"].clone()).unwrap();
            assert_all_close(&products, &expected, tolerance, "gradient");
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences_and_are_finite_for_equal_waves() {
        let loss = StftLoss::new(&SMALL, DType::F64, &device()).unwrap();
        let (real, generated) = (normal(1, (2, 1, 40)), normal(2, (2, 1, 40)));
        check_gradients(std::slice::from_ref(&generated), |v| loss.forward(&real, &v[0])).unwrap();
        let same = Var::from_tensor(&real).unwrap();
        let distance = loss.forward(&real, &same).unwrap();
        assert!(distance.to_scalar::<f64>().unwrap() < 1e-6);
        let gradients = distance.backward().unwrap();
        let gradient: Vec<f64> = gradients.get(&same).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        assert!(gradient.iter().all(|value| value.is_finite()), "{gradient:?}");
    }
}
