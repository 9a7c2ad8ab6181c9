//! Heads from hidden states to logits of symbols and of sup-phonemes.

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{MatrixProduct as _, Precision, gelu};

use mynah_voice::Builder;
use mynah_voice::blocks::{Conv1d, LayerNorm};

/// Heads of symbols and of sup-phonemes.
#[derive(Debug)]
pub(crate) struct Heads {
    pub(crate) symbols: Head,
    pub(crate) sup_phones: Head,
}

impl Heads {
    /// Builds the heads for the given numbers of symbols and sup-phonemes.
    pub(crate) fn new(hidden: usize, symbols: usize, sup_phones: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            symbols: Head::new(hidden, symbols, &vb.pp("symbols"))?,
            sup_phones: Head::new(hidden, sup_phones, &vb.pp("sup_phones"))?,
        })
    }
}

/// BERT's head: a linear layer, GELU, a layer norm, and products with the embeddings.
///
/// The output matrix is the embedding table itself. A separate one for 30,000 sup-phonemes would be as large as the encoder
/// and be discarded after pre-training.
#[derive(Debug)]
pub(crate) struct Head {
    dense: Conv1d,
    norm: LayerNorm,
    bias: Tensor,
    precision: Precision,
}

impl Head {
    fn new(hidden: usize, classes: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            dense: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("dense"))?,
            norm: LayerNorm::new(hidden, &vb.pp("norm"))?,
            bias: vb.get_with_hints(classes, "bias", Init::Const(0.0))?,
            precision: vb.precision(),
        })
    }

    /// Computes the logits of the classes.
    ///
    /// # Shapes
    ///
    /// States `[N, h]`, embeddings `[classes, h]` → `[N, classes]`.
    pub(crate) fn forward(&self, states: &Tensor, table: &Tensor) -> Result<Tensor> {
        // The layers expect channels first: [N, h] -> [1, h, N].
        let x = states.t()?.contiguous()?.unsqueeze(0)?;
        let x = self.norm.forward(&gelu(&self.dense.forward(&x)?)?)?;
        x.squeeze(0)?.t()?.contiguous()?.product(&table.t()?, self.precision)?.broadcast_add(&self.bias)
    }
}
