//! Memory bank between the latent frames and the decoder.

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{MatrixProduct as _, Precision, softmax};

use crate::builder::Builder;
use crate::config::MemoryConfig;

/// Bank of vectors that replaces each latent frame by the result of its attention over the bank.
///
/// ```text
/// Attention(z, M, M) = [softmax(z W_Q (M W_K)ᵀ / √d) M W_V] W_O
/// ```
///
/// The bank is attached after warm-up. It starts with centroids of latent frames and identity projections, so that
/// attention starts as a soft look-up of the nearest centroid and the input of the decoder changes little.
///
/// # References
///
/// NaturalSpeech section 3.5; for the initial values, which the paper omits, see `docs/naturalspeech.md`.
#[derive(Debug)]
pub struct Memory {
    bank: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    /// Biases of query, key, value and output, h numbers each; `None` for our own models.
    biases: Option<[Tensor; 4]>,
    heads: usize,
    precision: Precision,
}

impl Memory {
    /// Builds the bank from the parameters in `vb`.
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

    /// Builds a bank whose projections have biases, as in `heatz123/naturalspeech`.
    pub fn with_biases(config: &MemoryConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let bias = |name: &str| vb.get_with_hints(hidden, name, Init::Const(0.0));
        let biases = [bias("query.bias")?, bias("key.bias")?, bias("value.bias")?, bias("output.bias")?];
        Ok(Self { biases: Some(biases), ..Self::new(config, hidden, vb)? })
    }

    /// Computes the input of the decoder from latent frames.
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
