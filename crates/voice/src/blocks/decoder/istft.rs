//! Vocos generator: a network predicts spectra at the frame rate, and an inverse transform turns them into samples.

use std::f64::consts::TAU;

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{InverseStft, gelu};

use crate::blocks::layers::{Conv1d, LayerNorm};
use crate::builder::Builder;
use crate::config::IstftConfig;

/// Kernel of the first convolution.
const INPUT_KERNEL: usize = 7;

/// Upper limit of magnitudes, as in Vocos.
const LARGEST_MAGNITUDE: f64 = 100.0;

/// `ConvNeXt` blocks at the frame rate, and a head that predicts the magnitude and phase of each frame.
///
/// ```text
/// z ─Conv1d─norm─► ConvNeXt × blocks ─norm─Linear─► (ln m, p) ─► m·e^(ip) ─inverse STFT─► samples
/// ```
///
/// Only the inverse transform runs at the sample rate, so a frame costs a small fraction of what it costs in
/// [`HifiGan`](super::HifiGan).
///
/// A sample depends only on the frames up to [`Self::reach`] before and after its own, so chunks that overlap by that
/// many frames decode to the same samples as the whole.
///
/// # References
///
/// H. Siuzdak, Vocos, arXiv 2306.00814.
#[derive(Debug)]
pub struct Istft {
    input: Conv1d,
    norm_1: LayerNorm,
    blocks: Vec<ConvNext>,
    norm_2: LayerNorm,
    output: Conv1d,
    inverse: InverseStft,
    bins: usize,
    reach: usize,
}

impl Istft {
    /// Builds the decoder from the parameters in `vb`.
    pub fn new(config: &IstftConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let IstftConfig { n_fft, hop_length, channels, filter, kernel, blocks } = *config;
        let bins = n_fft / 2 + 1;
        let window: Vec<f32> =
            (0..n_fft).map(|n| (0.5 - 0.5 * (TAU * n as f64 / n_fft as f64).cos()) as f32).collect();
        let trim = (n_fft - hop_length) / 2;
        Ok(Self {
            input: Conv1d::new(hidden, channels, INPUT_KERNEL, &vb.pp("input"))?,
            norm_1: LayerNorm::new(channels, &vb.pp("norm_1"))?,
            blocks: (0..blocks)
                .map(|index| {
                    let scale = 1.0 / blocks as f64;
                    ConvNext::new(channels, filter, kernel, scale, &vb.pp("blocks").pp(index))
                })
                .collect::<Result<_>>()?,
            norm_2: LayerNorm::new(channels, &vb.pp("norm_2"))?,
            output: Conv1d::linear(channels, 2 * bins, 1.0, &vb.pp("output"))?,
            inverse: InverseStft::new(n_fft, hop_length, trim, &window, vb.device(), vb.dtype())?,
            bins,
            reach: INPUT_KERNEL / 2 + blocks * (kernel / 2) + trim.div_ceil(hop_length),
        })
    }

    /// Returns the number of frames before and after its own that a sample depends on.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Computes the samples of a batch of frames.
    ///
    /// # Shapes
    ///
    /// [B, h, T] → [B, 1, T · hop].
    pub fn forward(&self, z: &Tensor) -> Result<Tensor> {
        let mut x = self.norm_1.forward(&self.input.forward(z)?)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        let spectrum = self.output.forward(&self.norm_2.forward(&x)?)?;
        let log_magnitude = spectrum.narrow(1, 0, self.bins)?;
        let phase = spectrum.narrow(1, self.bins, self.bins)?;
        // Clamp before the exponential: the gradient of an overflow would be NaN.
        let magnitude = log_magnitude.clamp(f64::NEG_INFINITY, LARGEST_MAGNITUDE.ln())?.exp()?;
        let spectrum = Tensor::cat(&[(&magnitude * phase.cos()?)?, (magnitude * phase.sin()?)?], 1)?;
        self.inverse.forward(&spectrum)?.unsqueeze(1)
    }
}

/// Depthwise convolution, norm and pointwise network, with a residual branch that is small at first.
///
/// # References
///
/// Z. Liu et al., `ConvNeXt`, arXiv 2201.03545, over time instead of images.
#[derive(Debug)]
struct ConvNext {
    depthwise: Conv1d,
    norm: LayerNorm,
    expand: Conv1d,
    contract: Conv1d,
    /// Factor of each channel, [c, 1, 1].
    scale: Tensor,
}

impl ConvNext {
    fn new(channels: usize, filter: usize, kernel: usize, scale: f64, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            depthwise: Conv1d::depthwise(channels, kernel, &vb.pp("depthwise"))?,
            norm: LayerNorm::new(channels, &vb.pp("norm"))?,
            expand: Conv1d::linear(channels, filter, 1.0, &vb.pp("expand"))?,
            contract: Conv1d::linear(filter, channels, 1.0, &vb.pp("contract"))?,
            scale: vb.get_with_hints((channels, 1, 1), "scale", Init::Const(scale))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.norm.forward(&self.depthwise.forward(x)?)?;
        let y = gelu(&self.expand.forward(&y)?)?;
        // Scaling the kernel scales its output with fewer multiplications.
        x + self.contract.scaled(&self.scale)?.forward(&y)?
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::{check_gradients, device, normal};
    use mynah_testkit::assert_all_close;

    use super::Istft;
    use crate::config::IstftConfig;
    use crate::parameters::Parameters;

    fn small() -> Istft {
        let config = IstftConfig { n_fft: 16, hop_length: 4, channels: 6, filter: 10, kernel: 5, blocks: 2 };
        Istft::new(&config, 8, &Parameters::new(3, DType::F64, &device()).builder()).unwrap()
    }

    fn flat(x: &Tensor) -> Vec<f64> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let decoder = small();
        check_gradients(&[normal(1, (2, 8, 5))], |v| decoder.forward(&v[0])).unwrap();
    }

    #[test]
    fn decodes_chunks_that_overlap_by_the_reach_like_the_whole() {
        let decoder = small();
        let (reach, hop, frames) = (decoder.reach(), 4, 30);
        assert_eq!(reach, 3 + 2 * 2 + 2);
        let z = normal(2, (1, 8, frames));
        let whole = flat(&decoder.forward(&z).unwrap());
        for start in (0..frames).step_by(5) {
            let first = start.saturating_sub(reach);
            let count = (start + 5 + reach).min(frames) - first;
            let piece = decoder.forward(&z.narrow(2, first, count).unwrap()).unwrap();
            let kept = piece.narrow(2, (start - first) * hop, 5 * hop).unwrap();
            assert_all_close(&flat(&kept), &whole[start * hop..][..5 * hop], 1e-12, "a piece");
        }
        // One frame less is too few: the bound is tight.
        let piece = decoder.forward(&z.narrow(2, 12 - reach + 1, 2 * reach).unwrap()).unwrap();
        let kept = flat(&piece.narrow(2, (reach - 1) * hop, hop).unwrap());
        let difference = kept.iter().zip(&whole[12 * hop..]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference > 1e-9, "{difference}");
    }

    #[test]
    fn gradients_stay_finite_when_a_magnitude_would_overflow() {
        let decoder = small();
        let z = candle_core::Var::from_tensor(&(normal(4, (1, 8, 5)) * 1e4).unwrap()).unwrap();
        let gradients = decoder.forward(&z).unwrap().sqr().unwrap().sum_all().unwrap().backward().unwrap();
        assert!(flat(gradients.get(&z).unwrap()).iter().all(|value| value.is_finite()));
    }
}
