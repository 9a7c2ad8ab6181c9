//! The layers from which the modules are built, on the operations of mynah-ops.

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{Conv1dConfig, ConvTranspose1dConfig, conv_transpose1d, conv1d, layer_norm, weight_norm};

use crate::builder::Builder;
use crate::parameters::{DIRECTION, LENGTH};

/// What VITS adds to a variance before it divides by its root.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// PyTorch's default for convolutions: uniform within the inverse root of the fan-in.
fn uniform(fan_in: usize) -> Init {
    scaled_uniform(fan_in, 1.0)
}

fn scaled_uniform(fan_in: usize, scale: f64) -> Init {
    let bound = scale / (fan_in.max(1) as f64).sqrt();
    Init::Uniform { lo: -bound, up: bound }
}

/// "Same" padding of an odd kernel.
pub(super) fn same(kernel: usize, dilation: usize) -> Conv1dConfig {
    Conv1dConfig { padding: dilation * (kernel - 1) / 2, dilation, ..Conv1dConfig::default() }
}

/// A convolution with a plain kernel.
#[derive(Debug)]
pub struct Conv1d {
    weight: Tensor,
    bias: Tensor,
    config: Conv1dConfig,
}

impl Conv1d {
    /// A convolution of odd `kernel` that keeps the length.
    pub fn new(c_in: usize, c_out: usize, kernel: usize, vb: &Builder<'_>) -> Result<Self> {
        let init = uniform(c_in * kernel);
        Ok(Self {
            weight: vb.get_with_hints((c_out, c_in, kernel), "weight", init)?,
            bias: vb.get_with_hints(c_out, "bias", init)?,
            config: Conv1dConfig { precision: vb.precision(), ..same(kernel, 1) },
        })
    }

    /// A convolution of odd `kernel` that keeps the length and each channel to itself.
    pub fn depthwise(channels: usize, kernel: usize, vb: &Builder<'_>) -> Result<Self> {
        let init = uniform(kernel);
        Ok(Self {
            weight: vb.get_with_hints((channels, 1, kernel), "weight", init)?,
            bias: vb.get_with_hints(channels, "bias", init)?,
            config: Conv1dConfig { groups: channels, precision: vb.precision(), ..same(kernel, 1) },
        })
    }

    /// A linear layer over channels, whose parameters begin within `scale` of the usual bound.
    pub fn linear(c_in: usize, c_out: usize, scale: f64, vb: &Builder<'_>) -> Result<Self> {
        let init = scaled_uniform(c_in, scale);
        Ok(Self {
            weight: vb.get_with_hints((c_out, c_in, 1), "weight", init)?,
            bias: vb.get_with_hints(c_out, "bias", init)?,
            config: Conv1dConfig { precision: vb.precision(), ..same(1, 1) },
        })
    }

    /// A linear layer over channels that begins as zero: a shift or residual that is not there at first.
    pub fn zero(c_in: usize, c_out: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints((c_out, c_in, 1), "weight", Init::Const(0.0))?,
            bias: vb.get_with_hints(c_out, "bias", Init::Const(0.0))?,
            config: Conv1dConfig { precision: vb.precision(), ..same(1, 1) },
        })
    }

    /// The same layer, each of its outputs multiplied by its factor of `scale` `[c_out, 1, 1]`.
    pub fn scaled(&self, scale: &Tensor) -> Result<Self> {
        Ok(Self {
            weight: self.weight.broadcast_mul(scale)?,
            bias: (&self.bias * scale.flatten_all()?)?,
            config: self.config,
        })
    }

    /// [B, C, T] → [B, C', T'].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv1d(x, &self.weight, Some(&self.bias), &self.config)
    }
}

/// A convolution whose kernels are kept as direction and length (weight normalisation).
#[derive(Debug)]
pub struct NormConv1d {
    direction: Tensor,
    length: Tensor,
    bias: Option<Tensor>,
    config: Conv1dConfig,
}

impl NormConv1d {
    /// A convolution with any configuration, in the precision of the builder.
    pub fn new(
        c_in: usize,
        c_out: usize,
        kernel: usize,
        config: Conv1dConfig,
        vb: &Builder<'_>,
    ) -> Result<Self> {
        let fan_in = c_in / config.groups * kernel;
        let shape = (c_out, c_in / config.groups, kernel);
        Ok(Self {
            direction: vb.get_with_hints(shape, DIRECTION, uniform(fan_in))?,
            length: vb.get_with_hints((c_out, 1, 1), LENGTH, Init::Const(1.0))?,
            bias: Some(vb.get_with_hints(c_out, "bias", uniform(fan_in))?),
            config: Conv1dConfig { precision: vb.precision(), ..config },
        })
    }

    /// The same layer as a constant: no gradient flows into it.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            direction: self.direction.detach(),
            length: self.length.detach(),
            bias: self.bias.as_ref().map(Tensor::detach),
            config: self.config,
        }
    }

    /// [B, C, T] → [B, C', T'].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv1d(x, &weight_norm(&self.direction, &self.length)?, self.bias.as_ref(), &self.config)
    }
}

/// A transposed convolution with weight normalisation.
#[derive(Debug)]
pub(super) struct NormConvTranspose1d {
    direction: Tensor,
    length: Tensor,
    bias: Tensor,
    config: ConvTranspose1dConfig,
}

impl NormConvTranspose1d {
    /// A convolution that makes `factor` samples of one, with a kernel of twice as many (HiFi-GAN V1).
    pub(super) fn upsampling(c_in: usize, c_out: usize, factor: usize, vb: &Builder<'_>) -> Result<Self> {
        let kernel = 2 * factor;
        let init = uniform(c_out * kernel);
        Ok(Self {
            direction: vb.get_with_hints((c_in, c_out, kernel), DIRECTION, init)?,
            length: vb.get_with_hints((c_in, 1, 1), LENGTH, Init::Const(1.0))?,
            bias: vb.get_with_hints(c_out, "bias", init)?,
            config: ConvTranspose1dConfig {
                stride: factor,
                padding: (kernel - factor) / 2,
                precision: vb.precision(),
                ..ConvTranspose1dConfig::default()
            },
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv_transpose1d(x, &weight_norm(&self.direction, &self.length)?, Some(&self.bias), &self.config)
    }
}

/// A length-keeping convolution of HiFi-GAN's residual blocks.
///
/// HiFi-GAN means to draw these kernels from a normal distribution of deviation 0.01, but sets the product of direction and
/// length, which is computed anew before it is used: they begin as PyTorch's default, and so they do here.
pub(super) fn residual_conv(
    channels: usize,
    kernel: usize,
    dilation: usize,
    vb: &Builder<'_>,
) -> Result<NormConv1d> {
    NormConv1d::new(channels, channels, kernel, same(kernel, dilation), vb)
}

/// Layer normalisation over channels.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    /// The block whose parameters `vb` has.
    pub fn new(channels: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(channels, "weight", Init::Const(1.0))?,
            bias: vb.get_with_hints(channels, "bias", Init::Const(0.0))?,
        })
    }

    /// [B, C, T] → [B, C, T].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, &self.weight, &self.bias, LAYER_NORM_EPSILON)
    }
}
