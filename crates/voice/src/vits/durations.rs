//! The two duration predictors of VITS.

use candle_core::{DType, Result, Tensor};
use mynah_ops::{Conv1dConfig, Noise, conv1d, gelu};

use super::config::DurationsConfig;
use super::spline;
use crate::blocks::{Conv1d, LayerNorm};
use crate::builder::Builder;

/// Duration predictor.
#[derive(Debug)]
pub(super) enum Durations {
    Deterministic(Deterministic),
    Stochastic(Box<Stochastic>),
}

impl Durations {
    pub(super) fn new(config: &DurationsConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(match *config {
            DurationsConfig::Deterministic { filter, kernel } => {
                Self::Deterministic(Deterministic::new(hidden, filter, kernel, vb)?)
            }
            DurationsConfig::Stochastic { couplings, layers, kernel, bins } => {
                Self::Stochastic(Box::new(Stochastic::new(hidden, (couplings, layers), kernel, bins, vb)?))
            }
        })
    }

    /// Predicts the logarithm of the duration of each identifier, in frames and in f64.
    ///
    /// # Shapes
    ///
    /// `hidden` [1, h, n] → n numbers.
    pub(super) fn logarithms(
        &self,
        hidden: &Tensor,
        noise: &mut Noise,
        noise_scale: f64,
    ) -> Result<Vec<f64>> {
        match self {
            Self::Deterministic(predictor) => predictor.forward(hidden),
            Self::Stochastic(predictor) => predictor.forward(hidden, noise, noise_scale),
        }
    }
}

/// Convolutions with ReLU and layer norm, and a projection to one value.
#[derive(Debug)]
pub(super) struct Deterministic {
    layers: Vec<(Conv1d, LayerNorm)>,
    output: Conv1d,
}

impl Deterministic {
    fn new(hidden: usize, filter: usize, kernel: usize, vb: &Builder<'_>) -> Result<Self> {
        let layer = |index: usize, inputs: usize| {
            let vb = vb.pp("layers").pp(index);
            let conv = Conv1d::new(inputs, filter, kernel, &vb.pp("conv"))?;
            Ok::<_, candle_core::Error>((conv, LayerNorm::new(filter, &vb.pp("norm"))?))
        };
        Ok(Self {
            layers: vec![layer(0, hidden)?, layer(1, filter)?],
            output: Conv1d::linear(filter, 1, 1.0, &vb.pp("output"))?,
        })
    }

    fn forward(&self, hidden: &Tensor) -> Result<Vec<f64>> {
        let mut x = hidden.clone();
        for (conv, norm) in &self.layers {
            x = norm.forward(&conv.forward(&x)?.relu()?)?;
        }
        self.output.forward(&x)?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
    }
}

/// Flow from two channels of noise to the logarithm of a duration and an unused value.
///
/// ```text
/// noise [2, n] ─swap─► spline coupling ─ … ─swap─► affine ─► ln d = the first channel
/// ```
///
/// The parameters of the splines depend on the text and on the other channel. Inference leaves out the trained coupling
/// next to the data, as the authors do.
///
/// # References
///
/// Kim, Kong, Son, VITS (arXiv 2106.06103), section 2.2.2 and appendix B.2.2.
#[derive(Debug)]
pub(super) struct Stochastic {
    input: Conv1d,
    network: Separable,
    output: Conv1d,
    /// Couplings in the order of inference.
    couplings: Vec<Coupling>,
    /// Mean of the affine layer, [2, 1], as is its log-deviation.
    mean: Tensor,
    log_deviation: Tensor,
    bins: usize,
}

impl Stochastic {
    fn new(
        hidden: usize,
        (couplings, layers): (usize, usize),
        kernel: usize,
        bins: usize,
        vb: &Builder<'_>,
    ) -> Result<Self> {
        let coupling =
            |index: usize| Coupling::new(hidden, layers, kernel, bins, &vb.pp("couplings").pp(index));
        Ok(Self {
            input: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("input"))?,
            network: Separable::new(hidden, layers, kernel, &vb.pp("network"))?,
            output: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("output"))?,
            couplings: (0..couplings).map(coupling).collect::<Result<_>>()?,
            mean: vb.get((2, 1), "mean")?,
            log_deviation: vb.get((2, 1), "log_deviation")?,
            bins,
        })
    }

    fn forward(&self, hidden: &Tensor, noise: &mut Noise, noise_scale: f64) -> Result<Vec<f64>> {
        let (_, channels, n) = hidden.dims3()?;
        let context = self.output.forward(&self.network.forward(&self.input.forward(hidden)?)?)?;
        let drawn =
            (noise.normal((2, n), DType::F32, hidden.device())? * noise_scale)?.to_dtype(DType::F64)?;
        let mut z: [Vec<f64>; 2] = [drawn.get(0)?.to_vec1()?, drawn.get(1)?.to_vec1()?];
        for coupling in &self.couplings {
            z.swap(0, 1);
            let [kept, moved] = &mut z;
            let raw = coupling.parameters(kept, &context)?;
            for (y, raw) in moved.iter_mut().zip(raw) {
                // Widths and heights, but not slopes, are divided by the square root of the channels.
                let root = (channels as f64).sqrt();
                let scaled: Vec<f64> = raw
                    .iter()
                    .enumerate()
                    .map(|(i, x)| if i < 2 * self.bins { x / root } else { *x })
                    .collect();
                *y = spline::inverse(*y, &scaled, self.bins);
            }
        }
        z.swap(0, 1);
        let first = |tensor: &Tensor| tensor.get(0)?.get(0)?.to_dtype(DType::F64)?.to_scalar::<f64>();
        let (mean, scale) = (first(&self.mean)?, (-first(&self.log_deviation)?).exp());
        Ok(z[0].iter().map(|z| (z - mean) * scale).collect())
    }
}

/// Network that computes the spline of one channel from the other and the text.
#[derive(Debug)]
struct Coupling {
    input: Conv1d,
    network: Separable,
    output: Conv1d,
}

impl Coupling {
    fn new(hidden: usize, layers: usize, kernel: usize, bins: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            input: Conv1d::linear(1, hidden, 1.0, &vb.pp("input"))?,
            network: Separable::new(hidden, layers, kernel, &vb.pp("network"))?,
            output: Conv1d::linear(hidden, 3 * bins - 1, 1.0, &vb.pp("output"))?,
        })
    }

    /// Computes the parameters of n splines from n numbers and the context [1, h, n].
    fn parameters(&self, kept: &[f64], context: &Tensor) -> Result<Vec<Vec<f64>>> {
        let kept =
            Tensor::new(kept, context.device())?.to_dtype(context.dtype())?.reshape((1, 1, kept.len()))?;
        let inner = self.network.forward(&(self.input.forward(&kept)? + context)?)?;
        self.output.forward(&inner)?.squeeze(0)?.t()?.to_dtype(DType::F64)?.to_vec2()
    }
}

/// Alternating depthwise and pointwise convolutions, each with layer norm and GELU, and a residual around each pair.
#[derive(Debug)]
struct Separable {
    layers: Vec<SeparableLayer>,
}

#[derive(Debug)]
struct SeparableLayer {
    depthwise: (Tensor, Tensor, Conv1dConfig),
    norm_1: LayerNorm,
    pointwise: Conv1d,
    norm_2: LayerNorm,
}

impl Separable {
    fn new(channels: usize, layers: usize, kernel: usize, vb: &Builder<'_>) -> Result<Self> {
        let layer = |index: usize| {
            let vb = vb.pp("layers").pp(index);
            let dilation = kernel.pow(index as u32);
            let config = Conv1dConfig {
                padding: dilation * (kernel - 1) / 2,
                dilation,
                groups: channels,
                precision: vb.precision(),
                ..Conv1dConfig::default()
            };
            let depthwise = vb.pp("depthwise");
            Ok(SeparableLayer {
                depthwise: (
                    depthwise.get((channels, 1, kernel), "weight")?,
                    depthwise.get(channels, "bias")?,
                    config,
                ),
                norm_1: LayerNorm::new(channels, &vb.pp("norm_1"))?,
                pointwise: Conv1d::linear(channels, channels, 1.0, &vb.pp("pointwise"))?,
                norm_2: LayerNorm::new(channels, &vb.pp("norm_2"))?,
            })
        };
        Ok(Self { layers: (0..layers).map(layer).collect::<Result<_>>()? })
    }

    /// Applies the layers: [1, C, n] → [1, C, n].
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in &self.layers {
            let (weight, bias, config) = &layer.depthwise;
            let y = gelu(&layer.norm_1.forward(&conv1d(&x, weight, Some(bias), config)?)?)?;
            let y = gelu(&layer.norm_2.forward(&layer.pointwise.forward(&y)?)?)?;
            x = (x + y)?;
        }
        Ok(x)
    }
}
