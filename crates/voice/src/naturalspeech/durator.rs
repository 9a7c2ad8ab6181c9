//! Differentiable durator `θ_dur`: durations, and the frames of the prior.

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{BorderPerceptron, MatrixProduct as _, Precision, border_perceptron, row_products, softmax};

use crate::blocks::{Conv1d, Dropout, LayerNorm, bounded_log_deviation};
use crate::builder::Builder;
use crate::config::{DuratorConfig, Expansion};

/// Bounds of a predicted duration, in frames. Predictions are clamped to them; in training the gradient passes through, so
/// that a prediction can return.
pub const DURATION_BOUNDS: (f64, f64) = (0.1, 100.0);

/// Bias on the attention logits of padding.
const NEVER: f64 = -1e4;

/// Hidden units of the two networks that compute W and C.
const PERCEPTRON: usize = 10;

/// Initial scale of the weights of the log-deviation, so that the prior starts near unit variance.
const SMALL: f64 = 0.01;

/// Prior of the latent frames, N(μ, σ).
#[derive(Debug, Clone)]
pub struct Prior {
    /// Mean μ, [B, h, m].
    pub mean: Tensor,
    /// Log-deviation ln σ, [B, h, m].
    pub log_deviation: Tensor,
}

/// Differentiable durator.
///
/// # References
///
/// NaturalSpeech section 3.3 and appendix, equations 6 to 9; Parallel Tacotron 2 (arXiv 2103.14574).
#[derive(Debug)]
pub struct Durator {
    predictor: DurationPredictor,
    /// Learned upsampling; `None` if hidden states are repeated.
    upsampling: Option<Upsampling>,
    mean: Conv1d,
    log_deviation: Conv1d,
    precision: Precision,
}

impl Durator {
    pub(super) fn new(config: &DuratorConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            predictor: DurationPredictor::new(config, hidden, &vb.pp("predictor"))?,
            upsampling: match config.expansion {
                Expansion::Learned => Some(Upsampling::new(config, hidden, &vb.pp("upsampling"))?),
                Expansion::Hard => None,
            },
            mean: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("mean"))?,
            log_deviation: Conv1d::linear(hidden, hidden, SMALL, &vb.pp("log_deviation"))?,
            precision: vb.precision(),
        })
    }

    /// Predicts the logarithm of the duration of each symbol, in frames.
    ///
    /// # Shapes
    ///
    /// `hidden` [B, h, n], `mask` [B, 1, n] → [B, n].
    pub fn log_durations(&self, hidden: &Tensor, mask: &Tensor, dropout: &mut Dropout<'_>) -> Result<Tensor> {
        self.predictor.forward(hidden, mask, dropout)
    }

    /// Computes the prior over the frames that `durations` span.
    ///
    /// The number of frames has no gradient; the durations have one through the borders S and E, unless hidden states are
    /// repeated.
    ///
    /// # Shapes
    ///
    /// `hidden` [B, h, n], `durations` [B, n] (frames, 0 in the padding), `mask` [B, 1, n], `frame_mask` [B, 1, m]
    /// → [B, h, m] each.
    pub fn prior(
        &self,
        hidden: &Tensor,
        durations: &Tensor,
        mask: &Tensor,
        frame_mask: &Tensor,
    ) -> Result<Prior> {
        let upsampled = match &self.upsampling {
            Some(upsampling) => upsampling.forward(hidden, durations, mask, frame_mask)?,
            None => repeat(hidden, durations, frame_mask, self.precision)?,
        };
        self.of_states(&upsampled, frame_mask)
    }

    /// Computes the Gaussian of each symbol as if it lasted one frame. Only with [`Expansion::Hard`] is this the Gaussian of
    /// the frames of the symbol.
    ///
    /// # Shapes
    ///
    /// `hidden` [B, h, n], `mask` [B, 1, n] → [B, h, n] each.
    pub fn of_states(&self, hidden: &Tensor, mask: &Tensor) -> Result<Prior> {
        Ok(Prior {
            mean: self.mean.forward(hidden)?.broadcast_mul(mask)?,
            log_deviation: bounded_log_deviation(&self.log_deviation.forward(hidden)?)?
                .broadcast_mul(mask)?,
        })
    }
}

/// Repeats each hidden state for the frames of its duration. Borders between symbols are rounded, not durations, so
/// rounding errors do not accumulate.
///
/// [B, h, n], [B, n], [B, 1, m] → [B, h, m]; zeros after the last border.
fn repeat(hidden: &Tensor, durations: &Tensor, frame_mask: &Tensor, precision: Precision) -> Result<Tensor> {
    let m = frame_mask.dim(2)?;
    let ends = durations.detach().cumsum(1)?.round()?;
    let starts = ends.pad_with_zeros(1, 1, 0)?.narrow(1, 0, ends.dim(1)?)?;
    // Compare at the middle of the frames, where no two numbers are equal.
    let middles = (Tensor::arange(0_u32, m as u32, hidden.device())?.to_dtype(hidden.dtype())? + 0.5)?
        .reshape((1, m, 1))?;
    let begun = middles.broadcast_gt(&starts.unsqueeze(1)?)?;
    let not_ended = middles.broadcast_lt(&ends.unsqueeze(1)?)?;
    // [B, m, n]
    let path = (begun * not_ended)?.to_dtype(hidden.dtype())?;
    path.product(&hidden.transpose(1, 2)?.contiguous()?, precision)?
        .transpose(1, 2)?
        .contiguous()?
        .broadcast_mul(frame_mask)
}

/// Convolutions with ReLU, layer norm and dropout, and a projection to one value per symbol.
#[derive(Debug)]
struct DurationPredictor {
    layers: Vec<(Conv1d, LayerNorm)>,
    output: Conv1d,
    dropout: f64,
}

impl DurationPredictor {
    fn new(config: &DuratorConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let layers = (0..config.layers)
            .map(|index| {
                let vb = vb.pp("layers").pp(index);
                let conv = Conv1d::new(hidden, hidden, config.kernel, &vb.pp("conv"))?;
                Ok((conv, LayerNorm::new(hidden, &vb.pp("norm"))?))
            })
            .collect::<Result<_>>()?;
        let output = Conv1d::linear(hidden, 1, 1.0, &vb.pp("output"))?;
        Ok(Self { layers, output, dropout: config.dropout })
    }

    fn forward(&self, hidden: &Tensor, mask: &Tensor, dropout: &mut Dropout<'_>) -> Result<Tensor> {
        let mut x = hidden.clone();
        for (conv, norm) in &self.layers {
            let activated = conv.forward(&x.broadcast_mul(mask)?)?.relu()?;
            x = dropout.apply(&norm.forward(&activated)?, self.dropout)?;
        }
        self.output.forward(&x.broadcast_mul(mask)?)?.broadcast_mul(mask)?.squeeze(1)
    }
}

/// Learnable upsampling.
///
/// ```text
/// S[i,j] = i − Σ_{k<j} d_k        E[i,j] = Σ_{k≤j} d_k − i            i = 1..m, j = 1..n   (6)
/// W = softmax_j(MLP([S, E, U_W]))                                     [m, n, q]            (7)
/// C = MLP([S, E, U_C])                                                [m, n, p]            (8)
/// O = Proj(W·H) + Proj(W·C)                                           [m, h]               (9)
/// ```
#[derive(Debug)]
struct Upsampling {
    weights: BorderNet,
    contexts: BorderNet,
    project_hidden: Conv1d,
    project_context: Conv1d,
    /// Norm of O, which equation 9 does not have.
    norm: Option<LayerNorm>,
    precision: Precision,
}

impl Upsampling {
    fn new(config: &DuratorConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let DuratorConfig { queries, contexts, .. } = *config;
        Ok(Self {
            weights: BorderNet::new(config, hidden, queries, &vb.pp("weights"))?,
            contexts: BorderNet::new(config, hidden, contexts, &vb.pp("contexts"))?,
            project_hidden: Conv1d::linear(queries * hidden, hidden, 1.0, &vb.pp("project_hidden"))?,
            project_context: Conv1d::linear(queries * contexts, hidden, 1.0, &vb.pp("project_context"))?,
            norm: if config.norm { Some(LayerNorm::new(hidden, &vb.pp("norm"))?) } else { None },
            precision: vb.precision(),
        })
    }

    fn forward(
        &self,
        hidden: &Tensor,
        durations: &Tensor,
        mask: &Tensor,
        frame_mask: &Tensor,
    ) -> Result<Tensor> {
        let (batch, channels, n) = hidden.dims3()?;
        let m = frame_mask.dim(2)?;
        let ends = durations.cumsum(1)?;
        let starts = (&ends - durations)?;

        // [B, m, q, n]
        let scores = self.weights.forward(hidden, &starts, &ends, mask, m)?;
        let never = mask.unsqueeze(1)?.affine(-NEVER, NEVER)?;
        let weights = softmax(&scores.broadcast_add(&never)?)?;
        let queries = weights.dim(2)?;

        let attended = weights
            .reshape((batch, m * queries, n))?
            .product(&hidden.transpose(1, 2)?.contiguous()?, self.precision)?
            .reshape((batch, m, queries * channels))?
            .transpose(1, 2)?
            .contiguous()?;
        // [B, m, p, n]
        let contexts = self.contexts.forward(hidden, &starts, &ends, mask, m)?;
        let p = contexts.dim(2)?;
        let summed =
            row_products(&weights.reshape((batch * m, queries, n))?, &contexts.reshape((batch * m, p, n))?)?
                .reshape((batch, m, queries * p))?
                .transpose(1, 2)?
                .contiguous()?;
        let x = (self.project_hidden.forward(&attended)? + self.project_context.forward(&summed)?)?;
        let x = self.norm.as_ref().map_or_else(|| Ok(x.clone()), |norm| norm.forward(&x))?;
        x.broadcast_mul(frame_mask)
    }
}

/// Network of W or C: a convolution over the symbols and a perceptron over symbol × frame.
///
/// The first layer of the perceptron reads [S, E, U]. Its contribution from U is the same for every frame and is computed
/// once.
#[derive(Debug)]
struct BorderNet {
    project: Conv1d,
    conv: Conv1d,
    norm: LayerNorm,
    of_features: Conv1d,
    /// Weights of S and E, [2, PERCEPTRON].
    of_borders: Tensor,
    /// Weights of the output, [PERCEPTRON, outputs].
    output: Tensor,
    output_bias: Tensor,
}

impl BorderNet {
    fn new(config: &DuratorConfig, hidden: usize, outputs: usize, vb: &Builder<'_>) -> Result<Self> {
        let bound = |fan_in: usize| {
            let bound = (fan_in as f64).sqrt().recip();
            Init::Uniform { lo: -bound, up: bound }
        };
        Ok(Self {
            project: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("project"))?,
            conv: Conv1d::new(hidden, config.features, config.kernel, &vb.pp("conv"))?,
            norm: LayerNorm::new(config.features, &vb.pp("norm"))?,
            of_features: Conv1d::linear(config.features, PERCEPTRON, 1.0, &vb.pp("of_features"))?,
            of_borders: vb.get_with_hints(
                (2, PERCEPTRON),
                "of_borders.weight",
                bound(config.features + 2),
            )?,
            output: vb.get_with_hints((PERCEPTRON, outputs), "output.weight", bound(PERCEPTRON))?,
            output_bias: vb.get_with_hints(outputs, "output.bias", bound(PERCEPTRON))?,
        })
    }

    /// Applies the network to `frames` frames: [B, h, n] and two [B, n] → [B, m, outputs, n].
    fn forward(
        &self,
        hidden: &Tensor,
        starts: &Tensor,
        ends: &Tensor,
        mask: &Tensor,
        frames: usize,
    ) -> Result<Tensor> {
        let projected = self.project.forward(hidden)?.broadcast_mul(mask)?;
        let features = self.norm.forward(&self.conv.forward(&projected)?)?.silu()?;
        let features = self.of_features.forward(&features)?;
        let parameters =
            BorderPerceptron { borders: &self.of_borders, output: &self.output, bias: &self.output_bias };
        border_perceptron(&features, starts, ends, &parameters, frames)
    }
}
