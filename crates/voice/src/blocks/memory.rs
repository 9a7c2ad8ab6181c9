//! The memory bank between the latent frames and the decoder.

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{MatrixProduct as _, Precision, softmax};

use crate::builder::Builder;
use crate::config::MemoryConfig;

/// A bank of vectors that stands in for the latent frames: each frame is replaced by what it attends to.
///
/// ```text
/// Attention(z, M, M) = [softmax(z W_Q (M W_K)ᵀ / √d) M W_V] W_O
/// ```
///
/// The bank is attached after warm-up: it is filled with centroids of latent frames, and the projections begin as the
/// identity, so that attention begins as a soft look-up of the nearest centroid and the decoder is not shocked.
///
/// # References
///
/// NaturalSpeech section 3.5; for the initial values, which the paper does not give, see `docs/naturalspeech.md`.
#[derive(Debug)]
pub struct Memory {
    bank: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    /// Of query, key, value and output, h numbers each, where the projections have biases: ours have none.
    biases: Option<[Tensor; 4]>,
    heads: usize,
    precision: Precision,
}

impl Memory {
    /// The block whose parameters `vb` has.
    pub fn new(config: &MemoryConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let init = Init::Randn { mean: 0.0, stdev: (hidden as f64).sqrt().recip() };
        let square = |name: &str| vb.get_with_hints((hidden, hidden), name, init);
        Ok(Self {
            bank: vb.get_with_hints((config.slots, hidden), "bank", init)?,
            query: square("query.weight")?,
            key: square("key.weight")?,
            value: square("value.weight")?,
            output: square("output.weight")?,
            biases: None,
            heads: config.heads,
            precision: vb.precision(),
        })
    }

    /// A bank whose projections have biases, as those of `heatz123/naturalspeech` do.
    pub fn with_biases(config: &MemoryConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let bias = |name: &str| vb.get_with_hints(hidden, name, Init::Const(0.0));
        let biases = [bias("query.bias")?, bias("key.bias")?, bias("value.bias")?, bias("output.bias")?];
        Ok(Self { biases: Some(biases), ..Self::new(config, hidden, vb)? })
    }

    /// What the decoder reads in place of the latent frames.
    ///
    /// # Shapes
    ///
    /// [B, h, T] → [B, h, T].
    pub fn forward(&self, z: &Tensor) -> Result<Tensor> {
        let (batch, hidden, length) = z.dims3()?;
        let (slots, heads, per_head) = (self.bank.dim(0)?, self.heads, hidden / self.heads);
        // [rows, h] -> [heads, rows, per_head]
        let split =
            |x: Tensor, rows: usize| x.reshape((rows, heads, per_head))?.transpose(0, 1)?.contiguous();
        let rows = batch * length;
        let frames = z.transpose(1, 2)?.contiguous()?.reshape((rows, hidden))?;
        let project = |x: &Tensor, weight: &Tensor, index: usize| {
            let y = x.product(weight, self.precision)?;
            match &self.biases {
                Some(biases) => y.broadcast_add(&biases[index]),
                None => Ok(y),
            }
        };
        let query = split(project(&frames, &self.query, 0)?, rows)?;
        let key = split(project(&self.bank, &self.key, 1)?, slots)?;
        let value = split(project(&self.bank, &self.value, 2)?, slots)?;
        let products = query.product(&key.transpose(1, 2)?.contiguous()?, self.precision)?;
        let scores = (products * (per_head as f64).sqrt().recip())?;
        let attended = softmax(&scores)?.product(&value, self.precision)?;
        let attended = attended.transpose(0, 1)?.contiguous()?.reshape((rows, hidden))?;
        project(&attended, &self.output, 3)?.reshape((batch, length, hidden))?.transpose(1, 2)?.contiguous()
    }
}
