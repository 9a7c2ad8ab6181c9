//! Convolution settings and the shapes they imply.

use candle_core::{Result, Tensor, bail};

use crate::precision::Precision;

/// Settings of [`conv1d`](crate::conv1d).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv1dConfig {
    /// Number of input samples between consecutive outputs.
    pub stride: usize,
    /// Number of zeros added at each end of the input.
    pub padding: usize,
    /// Number of input samples between consecutive taps.
    pub dilation: usize,
    /// Number of independent channel groups.
    pub groups: usize,
    /// Multiplication precision on a GPU, also for the gradients.
    pub precision: Precision,
}

impl Default for Conv1dConfig {
    fn default() -> Self {
        Self { stride: 1, padding: 0, dilation: 1, groups: 1, precision: Precision::F32 }
    }
}

/// Settings of [`conv_transpose1d`](crate::conv_transpose1d).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvTranspose1dConfig {
    /// Number of output samples between consecutive inputs.
    pub stride: usize,
    /// Number of output samples removed at each end.
    pub padding: usize,
    /// Number of output samples added at the end; less than `stride` or less than `dilation`.
    pub output_padding: usize,
    /// Number of output samples between consecutive taps.
    pub dilation: usize,
    /// Number of independent channel groups.
    pub groups: usize,
    /// Multiplication precision on a GPU, also for the gradients.
    pub precision: Precision,
}

impl Default for ConvTranspose1dConfig {
    fn default() -> Self {
        Self { stride: 1, padding: 0, output_padding: 0, dilation: 1, groups: 1, precision: Precision::F32 }
    }
}

/// A validated combination of shapes and settings; the module docs define the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) batch: usize,
    pub(super) groups: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
    pub(super) dilation: usize,
    pub(super) taps: usize,
    /// Channels per group on the long side.
    pub(super) long_channels: usize,
    pub(super) long_length: usize,
    /// Channels per group on the short side.
    pub(super) short_channels: usize,
    pub(super) short_length: usize,
    /// Multiplication precision on a GPU.
    pub(super) precision: Precision,
}

impl Geometry {
    pub(super) fn of_conv(
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        config: &Conv1dConfig,
    ) -> Result<Self> {
        let &Conv1dConfig { stride, padding, dilation, groups, precision } = config;
        let (batch, channels, length) = x.dims3()?;
        let (outputs, inputs, taps) = weight.dims3()?;
        if x.elem_count() == 0 || weight.elem_count() == 0 || stride == 0 || dilation == 0 || groups == 0 {
            bail!("conv1d: nothing to do for {:?} with {:?} and {config:?}", x.dims(), weight.dims());
        }
        if channels != inputs * groups || outputs % groups != 0 {
            bail!(
                "conv1d: the input {:?} and the weight {:?} do not fit {groups} groups",
                x.dims(),
                weight.dims()
            );
        }
        check_bias("conv1d", bias, outputs)?;
        let reach = dilation * (taps - 1) + 1;
        if length + 2 * padding < reach {
            bail!(
                "conv1d: the input {:?} padded by {padding} is shorter than the weight's reach of {reach}",
                x.dims()
            );
        }
        Ok(Self {
            batch,
            groups,
            stride,
            padding,
            dilation,
            taps,
            long_channels: inputs,
            long_length: length,
            short_channels: outputs / groups,
            short_length: (length + 2 * padding - reach) / stride + 1,
            precision,
        })
    }

    pub(super) fn of_conv_transpose(
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        config: &ConvTranspose1dConfig,
    ) -> Result<Self> {
        let &ConvTranspose1dConfig { stride, padding, output_padding, dilation, groups, precision } = config;
        let (batch, channels, length) = x.dims3()?;
        let (inputs, outputs, taps) = weight.dims3()?;
        if x.elem_count() == 0 || weight.elem_count() == 0 || stride == 0 || dilation == 0 || groups == 0 {
            bail!(
                "conv_transpose1d: nothing to do for {:?} with {:?} and {config:?}",
                x.dims(),
                weight.dims()
            );
        }
        if channels != inputs || channels % groups != 0 {
            bail!(
                "conv_transpose1d: the input {:?} and the weight {:?} do not fit {groups} groups",
                x.dims(),
                weight.dims()
            );
        }
        check_bias("conv_transpose1d", bias, outputs * groups)?;
        if output_padding >= stride.max(dilation) {
            bail!(
                "conv_transpose1d: the output padding {output_padding} is neither below the stride {stride} nor \
                 below the dilation {dilation}"
            );
        }
        let whole = (length - 1) * stride + dilation * (taps - 1) + 1 + output_padding;
        if whole <= 2 * padding {
            bail!("conv_transpose1d: the padding {padding} leaves nothing of {whole} samples");
        }
        Ok(Self {
            batch,
            groups,
            stride,
            padding,
            dilation,
            taps,
            long_channels: outputs,
            long_length: whole - 2 * padding,
            short_channels: inputs / groups,
            short_length: length,
            precision,
        })
    }
}

fn check_bias(op: &str, bias: Option<&Tensor>, channels: usize) -> Result<()> {
    match bias {
        Some(bias) if bias.dims() != [channels] => {
            bail!("{op}: {channels} output channels need a bias [{channels}], got {:?}", bias.dims())
        }
        _ => Ok(()),
    }
}
