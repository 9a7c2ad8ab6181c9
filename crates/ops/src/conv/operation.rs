//! The convolutions as operations in candle's graph.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::bias::sum_channels;
#[cfg(feature = "cuda")]
use super::cuda;
use super::filter::backward_filter;
use super::geometry::{Conv1dConfig, ConvTranspose1dConfig, Geometry};
use super::taps::{Operand, backward_data, forward};
use crate::element::{contiguous, for_float, into_storage};

/// Convolves over time (cross-correlation, as in all frameworks).
///
/// ```text
/// y[b, o, t] = bias[o] + Σ_c,k weight[o, c, k] · x[b, c, stride·t + dilation·k − padding]
/// ```
///
/// The input is padded with zeros. Arguments may have any strides and are not copied. An argument that
/// neither is a variable nor depends on one gets no gradient and costs nothing in the backward pass: to train
/// a generator through a discriminator, detach the discriminator's weights.
///
/// Each output is summed in the same order for any thread count.
///
/// # Shapes
///
/// `x` is `[B, C_in, T]`, `weight` is `[C_out, C_in / groups, K]`, `bias` is `[C_out]`; the result is
/// `[B, C_out, T']` with T' = ⌊(T + 2·padding − dilation·(K − 1) − 1) / stride⌋ + 1.
///
/// # Errors
///
/// Fails if the shapes do not match each other or the groups, if a dimension, the stride, the dilation or the
/// number of groups is zero, or if the weight spans more than the padded input.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use mynah_ops::{Conv1dConfig, conv1d};
///
/// let x = Tensor::ones((1, 2, 4), DType::F32, &Device::Cpu)?;
/// let weight = Tensor::ones((1, 2, 3), DType::F32, &Device::Cpu)?;
/// let y = conv1d(&x, &weight, None, &Conv1dConfig { padding: 1, ..Conv1dConfig::default() })?;
/// assert_eq!(y.to_vec3::<f32>()?, [[[4.0, 6.0, 6.0, 4.0]]]);
/// # Ok::<(), mynah_ops::Error>(())
/// ```
pub fn conv1d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, config: &Conv1dConfig) -> Result<Tensor> {
    let geometry = Geometry::of_conv(x, weight, bias, config)?;
    let operation = Forward { geometry };
    match bias {
        Some(bias) => x.apply_op3(weight, &bias.contiguous()?, operation),
        None => x.apply_op2(weight, operation),
    }
}

/// Computes the transposed convolution over time: the adjoint of [`conv1d`], which upsamples by its stride.
///
/// ```text
/// y[b, o, u] = bias[o] + Σ weight[c, o, k] · x[b, c, t]   over all t, k, c with u = stride·t + dilation·k − padding
/// ```
///
/// Strides, gradients and summation order are as in [`conv1d`].
///
/// # Shapes
///
/// `x` is `[B, C_in, T]`, `weight` is `[C_in, C_out / groups, K]`, `bias` is `[C_out]`; the result is
/// `[B, C_out, T']` with T' = (T − 1)·stride − 2·padding + dilation·(K − 1) + 1 + `output_padding`.
///
/// # Errors
///
/// Fails if the shapes do not match each other or the groups, if a dimension, the stride, the dilation or the
/// number of groups is zero, if the output padding is below neither the stride nor the dilation, or if no
/// output remains.
pub fn conv_transpose1d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    config: &ConvTranspose1dConfig,
) -> Result<Tensor> {
    let geometry = Geometry::of_conv_transpose(x, weight, bias, config)?;
    if x.device().is_cuda() && config.output_padding >= config.stride {
        // The last samples, which no input reaches, are not part of the adjoint of a convolution, the only
        // operation that cuDNN offers.
        let beyond = config.output_padding + 1 - config.stride;
        let shorter = ConvTranspose1dConfig { output_padding: config.output_padding - beyond, ..*config };
        let y = conv_transpose1d(x, weight, None, &shorter)?.pad_with_zeros(2, 0, beyond)?;
        return match bias {
            Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1))?),
            None => Ok(y),
        };
    }
    let operation = BackwardData { geometry };
    match bias {
        Some(bias) => x.apply_op3(weight, &bias.contiguous()?, operation),
        None => x.apply_op2(weight, operation),
    }
}

/// The operation from the long side to the short side.
struct Forward {
    geometry: Geometry,
}

impl Forward {
    fn run(
        &self,
        x: (&CpuStorage, &Layout),
        weight: (&CpuStorage, &Layout),
        bias: Option<(&CpuStorage, &Layout)>,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.geometry;
        for_float!(x.0, "conv1d", T => {
            let bias = bias.map(|(storage, layout)| contiguous::<T>("conv1d", storage, layout)).transpose()?;
            let y = forward(g, &Operand::<T>::new(x)?, &Operand::new(weight)?, bias);
            Ok((into_storage(y), (g.batch, g.groups * g.short_channels, g.short_length).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn run_on_device(
        &self,
        source: cuda::Operand<'_>,
        weight: cuda::Operand<'_>,
        bias: Option<cuda::Operand<'_>>,
    ) -> Result<(CudaStorage, Shape)> {
        let g = &self.geometry;
        Ok((
            cuda::forward(g, source, weight, bias)?,
            (g.batch, g.groups * g.short_channels, g.short_length).into(),
        ))
    }

    fn gradients(
        &self,
        x: &Tensor,
        weight: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let geometry = self.geometry;
        let dx = wanted(x, || gradient.apply_op2_no_bwd(weight, &BackwardData { geometry }))?;
        let dweight = wanted(weight, || gradient.apply_op2_no_bwd(x, &BackwardFilter { geometry }))?;
        Ok((dx, dweight))
    }
}

impl CustomOp2 for Forward {
    fn name(&self) -> &'static str {
        "conv1d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.run((x, x_layout), (weight, weight_layout), None)
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.run_on_device((x, x_layout), (weight, weight_layout), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.gradients(x, weight, gradient)
    }
}

impl CustomOp3 for Forward {
    fn name(&self) -> &'static str {
        "conv1d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.run((x, x_layout), (weight, weight_layout), Some((bias, bias_layout)))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.run_on_device((x, x_layout), (weight, weight_layout), Some((bias, bias_layout)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dweight) = self.gradients(x, weight, gradient)?;
        Ok((dx, dweight, wanted(bias, || sum_channels(gradient))?))
    }
}

/// The operation from the short side to the long side.
struct BackwardData {
    geometry: Geometry,
}

impl BackwardData {
    fn run(
        &self,
        y: (&CpuStorage, &Layout),
        weight: (&CpuStorage, &Layout),
        bias: Option<(&CpuStorage, &Layout)>,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.geometry;
        for_float!(y.0, "conv_transpose1d", T => {
            let bias =
                bias.map(|(storage, layout)| contiguous::<T>("conv_transpose1d", storage, layout)).transpose()?;
            let x = backward_data(g, &Operand::<T>::new(y)?, &Operand::new(weight)?, bias);
            Ok((into_storage(x), (g.batch, g.groups * g.long_channels, g.long_length).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn run_on_device(
        &self,
        source: cuda::Operand<'_>,
        weight: cuda::Operand<'_>,
        bias: Option<cuda::Operand<'_>>,
    ) -> Result<(CudaStorage, Shape)> {
        let g = &self.geometry;
        Ok((
            cuda::backward_data(g, source, weight, bias)?,
            (g.batch, g.groups * g.long_channels, g.long_length).into(),
        ))
    }

    fn gradients(
        &self,
        y: &Tensor,
        weight: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let geometry = self.geometry;
        let dy = wanted(y, || gradient.apply_op2_no_bwd(weight, &Forward { geometry }))?;
        let dweight = wanted(weight, || y.apply_op2_no_bwd(gradient, &BackwardFilter { geometry }))?;
        Ok((dy, dweight))
    }
}

impl CustomOp2 for BackwardData {
    fn name(&self) -> &'static str {
        "conv_transpose1d"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        y_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.run((y, y_layout), (weight, weight_layout), None)
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        y: &CudaStorage,
        y_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.run_on_device((y, y_layout), (weight, weight_layout), None)
    }

    fn bwd(
        &self,
        y: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.gradients(y, weight, gradient)
    }
}

impl CustomOp3 for BackwardData {
    fn name(&self) -> &'static str {
        "conv_transpose1d"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        y_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.run((y, y_layout), (weight, weight_layout), Some((bias, bias_layout)))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        y: &CudaStorage,
        y_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.run_on_device((y, y_layout), (weight, weight_layout), Some((bias, bias_layout)))
    }

    fn bwd(
        &self,
        y: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dy, dweight) = self.gradients(y, weight, gradient)?;
        Ok((dy, dweight, wanted(bias, || sum_channels(gradient))?))
    }
}

/// The operation from both sides to the gradient of the weight.
struct BackwardFilter {
    geometry: Geometry,
}

impl CustomOp2 for BackwardFilter {
    fn name(&self) -> &'static str {
        "conv1d_backward_filter"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        y_layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.geometry;
        for_float!(y, self.name(), T => {
            let weight = backward_filter(g, &Operand::<T>::new((y, y_layout))?, &Operand::new((x, x_layout))?);
            Ok((into_storage(weight), (g.groups * g.short_channels, g.long_channels, g.taps).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        y: &CudaStorage,
        y_layout: &Layout,
        x: &CudaStorage,
        x_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let g = &self.geometry;
        let weight = cuda::backward_filter(g, (y, y_layout), (x, x_layout))?;
        Ok((weight, (g.groups * g.short_channels, g.long_channels, g.taps).into()))
    }
}

/// Computes the gradient of an argument only if it is a variable or depends on one.
fn wanted(argument: &Tensor, gradient: impl FnOnce() -> Result<Tensor>) -> Result<Option<Tensor>> {
    if argument.track_op() { gradient().map(Some) } else { Ok(None) }
}
