//! Layers of the modules, built on the operations of mynah-ops.

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{Conv1dConfig, ConvTranspose1dConfig, conv_transpose1d, conv1d, layer_norm, weight_norm};

use crate::builder::Builder;
use crate::parameters::{DIRECTION, LENGTH};

/// Epsilon of the layer norm, as in VITS.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// Returns PyTorch's default for convolutions: uniform within the inverse square root of the fan-in.
fn uniform(fan_in: usize) -> Init {
    scaled_uniform(fan_in, 1.0)
}

fn scaled_uniform(fan_in: usize, scale: f64) -> Init {
    let bound = scale / (fan_in.max(1) as f64).sqrt();
    Init::Uniform { lo: -bound, up: bound }
}

/// Returns a configuration with "same" padding for an odd kernel.
pub(super) fn same(kernel: usize, dilation: usize) -> Conv1dConfig {
    Conv1dConfig { padding: dilation * (kernel - 1) / 2, dilation, ..Conv1dConfig::default() }
}

/// Convolution with a plain kernel.
#[derive(Debug)]
pub struct Conv1d {
    weight: Tensor,
    bias: Tensor,
    config: Conv1dConfig,
}

impl Conv1d {
    /// Builds a length-preserving convolution with an odd `kernel`.
    pub fn new(c_in: usize, c_out: usize, kernel: usize, vb: &Builder<'_>) -> Result<Self> {
        let init = uniform(c_in * kernel);
        Ok(Self {
            weight: vb.get_with_hints((c_out, c_in, kernel), "weight", init)?,
            bias: vb.get_with_hints(c_out, "bias", init)?,
            config: Conv1dConfig { precision: vb.precision(), ..same(kernel, 1) },
        })
    }

    /// Builds a length-preserving depthwise convolution with an odd `kernel`.
    pub fn depthwise(channels: usize, kernel: usize, vb: &Builder<'_>) -> Result<Self> {
        let init = uniform(kernel);
        Ok(Self {
            weight: vb.get_with_hints((channels, 1, kernel), "weight", init)?,
            bias: vb.get_with_hints(channels, "bias", init)?,
            config: Conv1dConfig { groups: channels, precision: vb.precision(), ..same(kernel, 1) },
        })
    }

    /// Builds a linear layer over channels whose initial parameters lie within `scale` times the usual bound.
    pub fn linear(c_in: usize, c_out: usize, scale: f64, vb: &Builder<'_>) -> Result<Self> {
        let init = scaled_uniform(c_in, scale);
        Ok(Self {
            weight: vb.get_with_hints((c_out, c_in, 1), "weight", init)?,
            bias: vb.get_with_hints(c_out, "bias", init)?,
            config: Conv1dConfig { precision: vb.precision(), ..same(1, 1) },
        })
    }

    /// Builds a linear layer over channels with zero parameters, for a shift or residual that starts at zero.
    pub fn zero(c_in: usize, c_out: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints((c_out, c_in, 1), "weight", Init::Const(0.0))?,
            bias: vb.get_with_hints(c_out, "bias", Init::Const(0.0))?,
            config: Conv1dConfig { precision: vb.precision(), ..same(1, 1) },
        })
    }

    /// Returns the layer with each output channel multiplied by its factor in `scale` `[c_out, 1, 1]`.
    pub fn scaled(&self, scale: &Tensor) -> Result<Self> {
        Ok(Self {
            weight: self.weight.broadcast_mul(scale)?,
            bias: (&self.bias * scale.flatten_all()?)?,
            config: self.config,
        })
    }

    /// Applies the layer: [B, C, T] → [B, C', T'].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv1d(x, &self.weight, Some(&self.bias), &self.config)
    }
}

/// Convolution with weight normalization: kernels are stored as direction `weight_v` and length `weight_g`.
#[derive(Debug)]
pub struct NormConv1d {
    direction: Tensor,
    length: Tensor,
    bias: Option<Tensor>,
    config: Conv1dConfig,
}

impl NormConv1d {
    /// Builds a convolution with any configuration, in the precision of the builder.
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

    /// Returns the layer as a constant, without gradients for its parameters.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            direction: self.direction.detach(),
            length: self.length.detach(),
            bias: self.bias.as_ref().map(Tensor::detach),
            config: self.config,
        }
    }

    /// Applies the layer: [B, C, T] → [B, C', T'].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv1d(x, &weight_norm(&self.direction, &self.length)?, self.bias.as_ref(), &self.config)
    }
}

/// Transposed convolution with weight normalization.
#[derive(Debug)]
pub(super) struct NormConvTranspose1d {
    direction: Tensor,
    length: Tensor,
    bias: Tensor,
    config: ConvTranspose1dConfig,
}

impl NormConvTranspose1d {
    /// Builds a layer that upsamples by `factor`, with a kernel of twice the factor (HiFi-GAN V1).
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

/// Builds a length-preserving convolution of HiFi-GAN's residual blocks.
///
/// HiFi-GAN initializes these kernels from a normal distribution of deviation 0.01, but sets the product of direction and
/// length, which is recomputed before use. Its kernels therefore start at PyTorch's default, and so do these.
pub(super) fn residual_conv(
    channels: usize,
    kernel: usize,
    dilation: usize,
    vb: &Builder<'_>,
) -> Result<NormConv1d> {
    NormConv1d::new(channels, channels, kernel, same(kernel, dilation), vb)
}

/// Layer normalization over channels.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    /// Builds the layer from the parameters in `vb`.
    pub fn new(channels: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(channels, "weight", Init::Const(1.0))?,
            bias: vb.get_with_hints(channels, "bias", Init::Const(0.0))?,
        })
    }

    /// Applies the layer: [B, C, T] → [B, C, T].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, &self.weight, &self.bias, LAYER_NORM_EPSILON)
    }
}
