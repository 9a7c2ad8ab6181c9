//! Phoneme encoder `θ_pho`, from symbols and sup-phonemes to hidden states.

use candle_core::{Result, Tensor};
use candle_nn::Init;

use super::attention::RelativeAttention;
use super::dropout::Dropout;
use super::layers::{Conv1d, LayerNorm};
use crate::builder::Builder;
use crate::config::EncoderConfig;

/// Numbers of symbols and sup-phonemes that the encoder distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VocabularySizes {
    /// Phones, punctuation, boundaries and special symbols.
    pub symbols: usize,
    /// Sup-phonemes.
    pub sup_phones: usize,
}

/// Mixed-phoneme encoder: the sum of symbol and sup-phoneme embeddings, followed by blocks of self-attention and
/// convolution.
///
/// # References
///
/// NaturalSpeech section 3.2; Mixed-Phoneme BERT (arXiv 2203.17190).
#[derive(Debug)]
pub struct PhonemeEncoder {
    symbols: Tensor,
    sup_phones: Tensor,
    blocks: Vec<Block>,
}

impl PhonemeEncoder {
    /// Builds the encoder from the parameters in `vb`.
    pub fn new(
        config: &EncoderConfig,
        hidden: usize,
        sizes: VocabularySizes,
        vb: &Builder<'_>,
    ) -> Result<Self> {
        let init = Init::Randn { mean: 0.0, stdev: (hidden as f64).sqrt().recip() };
        let blocks = (0..config.blocks)
            .map(|index| Block::new(config, hidden, &vb.pp("blocks").pp(index)))
            .collect::<Result<_>>()?;
        Ok(Self {
            symbols: vb.get_with_hints((sizes.symbols, hidden), "symbols.weight", init)?,
            sup_phones: vb.get_with_hints((sizes.sup_phones, hidden), "sup_phones.weight", init)?,
            blocks,
        })
    }

    /// Returns the embeddings of the symbols and of the sup-phonemes, [ids, h] each.
    #[must_use]
    pub fn tables(&self) -> (&Tensor, &Tensor) {
        (&self.symbols, &self.sup_phones)
    }

    /// Computes the hidden states of a batch.
    ///
    /// # Shapes
    ///
    /// `symbols` and `sup_phones` [B, n] (u32), `mask` [B, 1, n] → [B, h, n].
    pub fn forward(
        &self,
        symbols: &Tensor,
        sup_phones: &Tensor,
        mask: &Tensor,
        dropout: &mut Dropout<'_>,
    ) -> Result<Tensor> {
        let (batch, length) = symbols.dims2()?;
        let embed = |table: &Tensor, ids: &Tensor| {
            table.index_select(&ids.flatten_all()?, 0)?.reshape((batch, length, table.dim(1)?))
        };
        let scale = (self.symbols.dim(1)? as f64).sqrt();
        let embedded = ((embed(&self.symbols, symbols)? + embed(&self.sup_phones, sup_phones)?)? * scale)?;
        let mut x = embedded.transpose(1, 2)?.contiguous()?.broadcast_mul(mask)?;
        for block in &self.blocks {
            x = block.forward(&x, mask, dropout)?;
        }
        Ok(x)
    }
}

/// Attention and a convolutional feed-forward network, each followed by a residual connection and a norm.
#[derive(Debug)]
struct Block {
    attention: RelativeAttention,
    norm_1: LayerNorm,
    conv_1: Conv1d,
    conv_2: Conv1d,
    norm_2: LayerNorm,
    dropout: f64,
}

impl Block {
    fn new(config: &EncoderConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let EncoderConfig { heads, filter, kernel, window, dropout, .. } = *config;
        Ok(Self {
            attention: RelativeAttention::new(hidden, heads, window, dropout, &vb.pp("attention"))?,
            norm_1: LayerNorm::new(hidden, &vb.pp("norm_1"))?,
            conv_1: Conv1d::new(hidden, filter, kernel, &vb.pp("conv_1"))?,
            conv_2: Conv1d::new(filter, hidden, kernel, &vb.pp("conv_2"))?,
            norm_2: LayerNorm::new(hidden, &vb.pp("norm_2"))?,
            dropout,
        })
    }

    fn forward(&self, x: &Tensor, mask: &Tensor, dropout: &mut Dropout<'_>) -> Result<Tensor> {
        let attended = self.attention.forward(x, mask, dropout)?;
        let x = self.norm_1.forward(&(x + dropout.apply(&attended, self.dropout)?)?)?.broadcast_mul(mask)?;
        let inner = dropout.apply(&self.conv_1.forward(&x)?.relu()?, self.dropout)?.broadcast_mul(mask)?;
        let outer = dropout.apply(&self.conv_2.forward(&inner)?, self.dropout)?;
        self.norm_2.forward(&(x + outer)?)?.broadcast_mul(mask)
    }
}
