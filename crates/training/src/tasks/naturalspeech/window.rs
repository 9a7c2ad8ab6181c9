//! Windows of latent frames and of their samples.

use candle_core::{Result, Tensor};
use rand::{Rng, RngExt as _};

/// Window of one item of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    item: usize,
    /// First frame of the window.
    start: usize,
}

/// Draws `count` windows of each item at random positions, or at 0 in an item shorter than the window.
pub(super) fn draw(lengths: &[usize], frames: usize, count: usize, generator: &mut impl Rng) -> Vec<Window> {
    let items = lengths.iter().enumerate().flat_map(|item| std::iter::repeat_n(item, count));
    items
        .map(|(item, length)| Window {
            item,
            start: generator.random_range(0..=length.saturating_sub(frames)),
        })
        .collect()
}

/// Returns the middle window of each item.
pub(super) fn middle(lengths: &[usize], frames: usize) -> Vec<Window> {
    let items = lengths.iter().enumerate();
    items.map(|(item, length)| Window { item, start: length.saturating_sub(frames) / 2 }).collect()
}

/// Cuts the windows out of `x`, which has `scale` values per frame: [B, C, T · scale] → [windows, C, frames · scale].
pub(super) fn cut(x: &Tensor, windows: &[Window], frames: usize, scale: usize) -> Result<Tensor> {
    let windows = windows
        .iter()
        .map(|Window { item, start }| x.narrow(0, *item, 1)?.narrow(2, start * scale, frames * scale))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&windows, 0)?.contiguous()
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;
    use mynah_ops::testing::device;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::{Window, cut, draw, middle};

    #[test]
    fn windows_lie_inside_their_items() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let windows = draw(&[9, 3, 5], 4, 50, &mut generator);
        assert_eq!(windows.len(), 150);
        for (index, window) in windows.iter().enumerate() {
            assert_eq!(window.item, index / 50);
            assert!(window.start <= [5, 0, 1][window.item]);
        }
        assert!((0..=5).all(|start| windows[..50].iter().any(|window| window.start == start)));
        assert_eq!(middle(&[9, 3], 4), [Window { item: 0, start: 2 }, Window { item: 1, start: 0 }]);
    }

    #[test]
    fn windows_of_samples_match_those_of_frames() {
        let x = Tensor::arange(0_u32, 24, &device()).unwrap().reshape((2, 1, 12)).unwrap();
        let windows = [Window { item: 1, start: 1 }, Window { item: 0, start: 4 }];
        let cut: Vec<Vec<u32>> = cut(&x, &windows, 2, 2).unwrap().squeeze(1).unwrap().to_vec2().unwrap();
        assert_eq!(cut, [[14, 15, 16, 17], [8, 9, 10, 11]]);
    }
}
