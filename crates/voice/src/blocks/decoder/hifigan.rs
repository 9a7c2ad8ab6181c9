//! HiFi-GAN generator.

use candle_core::{Result, Tensor};
use mynah_ops::{leaky_relu, tanh};

use crate::blocks::layers::{Conv1d, NormConv1d, NormConvTranspose1d, residual_conv};
use crate::builder::Builder;
use crate::config::HifiGanConfig;

/// Slope of the leaky ReLUs inside the blocks.
const SLOPE: f64 = 0.1;

/// Slope of the last leaky ReLU: PyTorch's default, which HiFi-GAN and VITS keep.
const LAST_SLOPE: f64 = 0.01;

/// Kernel of the first and the last convolution.
const OUTER_KERNEL: usize = 7;

/// Transposed convolutions that upsample frames to samples, each followed by residual blocks.
///
/// # References
///
/// HiFi-GAN V1 (arXiv 2010.05646); NaturalSpeech appendix, with the widths of section 2.7 of its table.
#[derive(Debug)]
pub struct HifiGan {
    input: Conv1d,
    stages: Vec<(NormConvTranspose1d, Vec<ResidualBlock>)>,
    output: Conv1d,
}

impl HifiGan {
    /// Builds the decoder from the parameters in `vb`.
    pub fn new(config: &HifiGanConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let mut channels = config.channels;
        let input = Conv1d::new(hidden, channels, OUTER_KERNEL, &vb.pp("input"))?;
        let mut stages = Vec::with_capacity(config.upsampling.len());
        for (index, factor) in config.upsampling.iter().enumerate() {
            let vb = vb.pp("stages").pp(index);
            let up = NormConvTranspose1d::upsampling(channels, channels / 2, *factor, &vb.pp("up"))?;
            channels /= 2;
            let blocks = config
                .kernels
                .iter()
                .enumerate()
                .map(|(block, kernel)| {
                    ResidualBlock::new(channels, *kernel, &config.dilations, &vb.pp("blocks").pp(block))
                })
                .collect::<Result<_>>()?;
            stages.push((up, blocks));
        }
        let output = Conv1d::new(channels, 1, OUTER_KERNEL, &vb.pp("output"))?;
        Ok(Self { input, stages, output })
    }

    /// Computes the samples of a batch of frames, in (-1, 1).
    ///
    /// # Shapes
    ///
    /// [B, h, T] → [B, 1, T · hop].
    pub fn forward(&self, z: &Tensor) -> Result<Tensor> {
        let mut x = self.input.forward(z)?;
        for (up, blocks) in &self.stages {
            x = up.forward(&leaky_relu(&x, SLOPE)?)?;
            let mut sum: Option<Tensor> = None;
            for block in blocks {
                let y = block.forward(&x)?;
                sum = Some(match sum {
                    Some(sum) => (sum + y)?,
                    None => y,
                });
            }
            if let Some(sum) = sum {
                x = (sum / blocks.len() as f64)?;
            }
        }
        tanh(&self.output.forward(&leaky_relu(&x, LAST_SLOPE)?)?)
    }
}

/// Pairs of a dilated and a plain convolution, each with a residual connection.
#[derive(Debug)]
struct ResidualBlock {
    pairs: Vec<(NormConv1d, NormConv1d)>,
}

impl ResidualBlock {
    fn new(channels: usize, kernel: usize, dilations: &[usize], vb: &Builder<'_>) -> Result<Self> {
        let pairs = dilations
            .iter()
            .enumerate()
            .map(|(index, dilation)| {
                let vb = vb.pp("pairs").pp(index);
                Ok((
                    residual_conv(channels, kernel, *dilation, &vb.pp("dilated"))?,
                    residual_conv(channels, kernel, 1, &vb.pp("plain"))?,
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Self { pairs })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for (dilated, plain) in &self.pairs {
            let y = dilated.forward(&leaky_relu(&x, SLOPE)?)?;
            x = (x + plain.forward(&leaky_relu(&y, SLOPE)?)?)?;
        }
        Ok(x)
    }
}
