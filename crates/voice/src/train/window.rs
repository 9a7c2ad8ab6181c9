//! Windows of latent frames and of the samples that belong to them.

use candle_core::{Result, Tensor};
use rand::{Rng, RngExt as _};

/// The first frame of a window in each item: anywhere that the window fits, 0 where it does not.
pub(super) fn draw_starts(lengths: &[usize], window: usize, generator: &mut impl Rng) -> Vec<usize> {
    lengths.iter().map(|length| generator.random_range(0..=length.saturating_sub(window))).collect()
}

/// The middle window of each item.
pub(super) fn middle_starts(lengths: &[usize], window: usize) -> Vec<usize> {
    lengths.iter().map(|length| length.saturating_sub(window) / 2).collect()
}

/// The window of each item that begins at `starts` times `scale`: [B, C, T] → [B, C, window · scale].
pub(super) fn cut(x: &Tensor, starts: &[usize], window: usize, scale: usize) -> Result<Tensor> {
    let windows = starts
        .iter()
        .enumerate()
        .map(|(item, start)| x.narrow(0, item, 1)?.narrow(2, start * scale, window * scale))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&windows, 0)?.contiguous()
}
