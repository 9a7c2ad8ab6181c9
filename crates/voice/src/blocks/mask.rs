//! Masks of padded batches.

use candle_core::{DType, Device, Result, Tensor};

/// Returns a mask [batch, 1, `longest`] that is 1 inside each utterance and 0 in its padding.
pub fn sequence_mask(lengths: &[usize], longest: usize, dtype: DType, device: &Device) -> Result<Tensor> {
    let mask: Vec<f32> = lengths
        .iter()
        .flat_map(|length| (0..longest).map(move |t| f32::from(u8::from(t < *length))))
        .collect();
    Tensor::from_vec(mask, (lengths.len(), 1, longest), device)?.to_dtype(dtype)
}
