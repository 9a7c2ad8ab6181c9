//! Learnable upsampling of `heatz123/naturalspeech`, whose networks differ from ours.

use candle_core::{Result, Tensor};
use mynah_ops::{MatrixProduct as _, Precision, softmax};

use super::config::PriorConfig;
use crate::blocks::{Conv1d, LayerNorm};
use crate::builder::Builder;

/// Upsampling of the hidden states of identifiers to frames.
///
/// The equations are those of [`crate::naturalspeech::Durator`], with these differences: there is no projection before the
/// convolution, the import folds its batch norm into it, `SiLU` comes before the layer norm, the networks have three
/// linear layers, and the sum is normalized.
///
/// # References
///
/// NaturalSpeech (arXiv 2205.04421), equations 6 to 9, as `heatz123/naturalspeech` computes them.
#[derive(Debug)]
pub(super) struct Upsampling {
    weights: Network,
    contexts: Network,
    project_hidden: Conv1d,
    project_context: Conv1d,
    norm: LayerNorm,
    precision: Precision,
}

impl Upsampling {
    /// Builds the upsampling; `None` for an expanded prior.
    pub(super) fn new(config: &PriorConfig, hidden: usize, vb: &Builder<'_>) -> Result<Option<Self>> {
        let PriorConfig::Upsampling { features, kernel, queries, contexts } = *config else {
            return Ok(None);
        };
        let network = |outputs, name: &str| Network::new((hidden, features, outputs), kernel, &vb.pp(name));
        Ok(Some(Self {
            weights: network(queries, "weights")?,
            contexts: network(contexts, "contexts")?,
            project_hidden: Conv1d::linear(queries * hidden, hidden, 1.0, &vb.pp("project_hidden"))?,
            project_context: Conv1d::linear(queries * contexts, hidden, 1.0, &vb.pp("project_context"))?,
            norm: LayerNorm::new(hidden, &vb.pp("norm"))?,
            precision: vb.precision(),
        }))
    }

    /// Upsamples hidden states to frames.
    ///
    /// # Shapes
    ///
    /// `hidden` [1, h, n], n durations in frames, m frames → [1, h, m].
    pub(super) fn forward(&self, hidden: &Tensor, durations: &[f64], frames: usize) -> Result<Tensor> {
        let (_, channels, n) = hidden.dims3()?;
        let mut borders = Vec::with_capacity(frames * n * 2);
        for frame in 1..=frames {
            let mut end = 0.0;
            for duration in durations {
                let start = end;
                end += duration;
                borders.extend([(frame as f64 - start) as f32, (end - frame as f64) as f32]);
            }
        }
        let borders = Tensor::from_vec(borders, (frames * n, 2), hidden.device())?;
        // [m, n, q] -> [m, q, n]
        let scores = self.weights.forward(hidden, &borders, frames)?.transpose(1, 2)?.contiguous()?;
        let weights = softmax(&scores)?;
        let queries = weights.dim(1)?;
        let rows = |x: Tensor, columns: usize| x.reshape((1, frames, columns))?.transpose(1, 2)?.contiguous();
        let states = hidden.squeeze(0)?.t()?.contiguous()?;
        let attended = weights.reshape((frames * queries, n))?.product(&states, self.precision)?;
        let contexts = self.contexts.forward(hidden, &borders, frames)?;
        let p = contexts.dim(2)?;
        let summed = weights.product(&contexts, self.precision)?;
        let sum = (self.project_hidden.forward(&rows(attended, queries * channels)?)?
            + self.project_context.forward(&rows(summed, queries * p)?)?)?;
        self.norm.forward(&sum)
    }
}

/// Network of W or C: a convolution over the identifiers, and a perceptron over identifier × frame.
#[derive(Debug)]
struct Network {
    conv: Conv1d,
    norm: LayerNorm,
    of_features: Conv1d,
    /// Weights of S and E, [2, outputs].
    of_borders: Tensor,
    /// Weight `[outputs, outputs]` and bias `[outputs]`, as in the output layer.
    inner: (Tensor, Tensor),
    output: (Tensor, Tensor),
    precision: Precision,
}

impl Network {
    fn new(
        (hidden, features, outputs): (usize, usize, usize),
        kernel: usize,
        vb: &Builder<'_>,
    ) -> Result<Self> {
        let layer = |name: &str| {
            let vb = vb.pp(name);
            Ok::<_, candle_core::Error>((vb.get((outputs, outputs), "weight")?, vb.get(outputs, "bias")?))
        };
        Ok(Self {
            conv: Conv1d::new(hidden, features, kernel, &vb.pp("conv"))?,
            norm: LayerNorm::new(features, &vb.pp("norm"))?,
            of_features: Conv1d::linear(features, outputs, 1.0, &vb.pp("of_features"))?,
            of_borders: vb.get((2, outputs), "of_borders.weight")?,
            inner: layer("inner")?,
            output: layer("output")?,
            precision: vb.precision(),
        })
    }

    /// Applies the network: [1, h, n] and [m · n, 2] → [m, n, outputs].
    fn forward(&self, hidden: &Tensor, borders: &Tensor, frames: usize) -> Result<Tensor> {
        let n = hidden.dim(2)?;
        let features = self.norm.forward(&self.conv.forward(hidden)?.silu()?)?;
        // [1, outputs, n] -> [1, n, outputs]
        let features = self.of_features.forward(&features)?.transpose(1, 2)?;
        let outputs = features.dim(2)?;
        let of_borders = borders.product(&self.of_borders, self.precision)?.reshape((frames, n, outputs))?;
        let mut x = of_borders.broadcast_add(&features)?.silu()?.reshape((frames * n, outputs))?;
        x = x.product(&self.inner.0, self.precision)?.broadcast_add(&self.inner.1)?.silu()?;
        x.product(&self.output.0, self.precision)?
            .broadcast_add(&self.output.1)?
            .reshape((frames, n, outputs))
    }
}
