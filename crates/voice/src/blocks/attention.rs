//! Self-attention with relative positions (Shaw et al. 2018, as in VITS).

use candle_core::{DType, Result, Tensor};
use candle_nn::Init;
use mynah_ops::{MatrixProduct as _, Precision, softmax};

use super::dropout::Dropout;
use super::layers::Conv1d;
use crate::builder::Builder;

/// Bias on the attention logits of padding.
const NEVER: f64 = -1e4;

/// Multi-head self-attention with a learned key and value for each distance of up to `window` symbols.
#[derive(Debug)]
pub(crate) struct RelativeAttention {
    query: Conv1d,
    key: Conv1d,
    value: Conv1d,
    output: Conv1d,
    /// Keys by distance, [2 · window + 1, channels / heads], shared by the heads; row `window` is distance 0.
    relative_keys: Tensor,
    relative_values: Tensor,
    heads: usize,
    window: usize,
    dropout: f64,
    precision: Precision,
}

impl RelativeAttention {
    pub(crate) fn new(
        channels: usize,
        heads: usize,
        window: usize,
        dropout: f64,
        vb: &Builder<'_>,
    ) -> Result<Self> {
        let per_head = channels / heads;
        let linear = |name: &str| Conv1d::linear(channels, channels, 1.0, &vb.pp(name));
        let init = Init::Randn { mean: 0.0, stdev: (per_head as f64).sqrt().recip() };
        Ok(Self {
            query: linear("query")?,
            key: linear("key")?,
            value: linear("value")?,
            output: linear("output")?,
            relative_keys: vb.get_with_hints((2 * window + 1, per_head), "relative_keys", init)?,
            relative_values: vb.get_with_hints((2 * window + 1, per_head), "relative_values", init)?,
            heads,
            window,
            dropout,
            precision: vb.precision(),
        })
    }

    /// Attends within each sequence: [B, C, T] with its mask [B, 1, T] → [B, C, T].
    pub(crate) fn forward(&self, x: &Tensor, mask: &Tensor, dropout: &mut Dropout<'_>) -> Result<Tensor> {
        let (batch, channels, length) = x.dims3()?;
        let (heads, per_head) = (self.heads, channels / self.heads);
        let reach = 2 * self.window + 1;
        // [B, C, T] -> [B, heads, T, per_head]
        let split = |y: Tensor| y.reshape((batch, heads, per_head, length))?.transpose(2, 3)?.contiguous();
        let query = split((self.query.forward(x)? * (per_head as f64).sqrt().recip())?)?;
        let key = split(self.key.forward(x)?)?;
        let value = split(self.value.forward(x)?)?;
        let band = Band::new(length, self.window, x)?;

        let by_distance = query
            .reshape((batch * heads * length, per_head))?
            .product(&self.relative_keys.t()?, self.precision)?
            .reshape((batch, heads, length, reach))?;
        let by_content = query.product(&key.transpose(2, 3)?.contiguous()?, self.precision)?;
        let scores = (by_content + band.spread(&by_distance)?)?;
        // [B, 1, 1, T]
        let hidden = mask.unsqueeze(1)?.affine(-NEVER, NEVER)?;
        let weights = dropout.apply(&softmax(&scores.broadcast_add(&hidden)?)?, self.dropout)?;

        let distant = band
            .collect(&weights)?
            .reshape((batch * heads * length, reach))?
            .product(&self.relative_values, self.precision)?
            .reshape((batch, heads, length, per_head))?;
        let attended = (weights.product(&value, self.precision)? + distant)?;
        self.output.forward(&attended.transpose(2, 3)?.contiguous()?.reshape((batch, channels, length))?)
    }
}

/// Diagonal band of a [T, T] matrix, whose entry (i, j) has the distance j - i.
struct Band {
    length: usize,
    reach: usize,
    /// [T, T]: row of the distance in the tables, clamped, and 1 inside the band.
    row: Tensor,
    inside: Tensor,
    /// [T, reach]: symbol at each distance, clamped, and 1 where there is one.
    symbol: Tensor,
    exists: Tensor,
}

impl Band {
    fn new(length: usize, window: usize, like: &Tensor) -> Result<Self> {
        let reach = 2 * window + 1;
        let (device, dtype) = (like.device(), like.dtype());
        let mut row = Vec::with_capacity(length * length);
        let mut inside = Vec::with_capacity(length * length);
        for i in 0..length {
            for j in 0..length {
                inside.push(f32::from(u8::from(i.abs_diff(j) <= window)));
                row.push((j + window).saturating_sub(i).min(reach - 1) as u32);
            }
        }
        let mut symbol = Vec::with_capacity(length * reach);
        let mut exists = Vec::with_capacity(length * reach);
        for i in 0..length {
            for r in 0..reach {
                let there = (i + r).checked_sub(window).filter(|j| *j < length);
                exists.push(f32::from(u8::from(there.is_some())));
                symbol.push(there.unwrap_or(0) as u32);
            }
        }
        let floats = |values, columns| Tensor::from_vec(values, (length, columns), device)?.to_dtype(dtype);
        let indices = |values: Vec<u32>, columns| Tensor::from_vec(values, (length, columns), device);
        Ok(Self {
            length,
            reach,
            row: indices(row, length)?,
            inside: floats(inside, length)?,
            symbol: indices(symbol, reach)?,
            exists: floats(exists, reach)?,
        })
    }

    /// Spreads [.., T, reach] by distance to [.., T, T] by symbol, 0 outside the band.
    fn spread(&self, by_distance: &Tensor) -> Result<Tensor> {
        let (batch, heads, length, _) = by_distance.dims4()?;
        let row = self.row.broadcast_as((batch, heads, length, length))?.contiguous()?;
        by_distance.gather(&row, 3)?.broadcast_mul(&self.inside)
    }

    /// Collects [.., T, T] by symbol into [.., T, reach] by distance, 0 where there is no symbol.
    fn collect(&self, by_symbol: &Tensor) -> Result<Tensor> {
        let (batch, heads, ..) = by_symbol.dims4()?;
        let symbol = self.symbol.broadcast_as((batch, heads, self.length, self.reach))?.contiguous()?;
        debug_assert_eq!(symbol.dtype(), DType::U32);
        by_symbol.contiguous()?.gather(&symbol, 3)?.broadcast_mul(&self.exists)
    }
}
