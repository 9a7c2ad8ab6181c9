//! The frames of an utterance as the densities are computed over them.

/// Values per frame: thirteen cepstra, their slopes, and the slopes of these.
pub(super) const DIMENSIONS: usize = 39;

/// Frames that are worked on together: each has a lane of its own, in which everything is summed in one order, so that the
/// result does not depend on how wide the machine's vectors are.
pub(super) const LANES: usize = 16;

/// Frames side by side: for each dimension a value of each.
pub(super) type Block = [[f32; LANES]; DIMENSIONS];

/// The frames of an utterance, in blocks; the last block is filled up with zeros.
#[derive(Debug, Clone)]
pub(super) struct Frames {
    blocks: Vec<Block>,
    len: usize,
}

impl Frames {
    /// From `len` frames in order.
    pub(super) fn new(len: usize, frames: impl Iterator<Item = [f32; DIMENSIONS]>) -> Self {
        let mut blocks = vec![[[0.0; LANES]; DIMENSIONS]; len.div_ceil(LANES)];
        for (t, frame) in frames.take(len).enumerate() {
            for (row, value) in blocks[t / LANES].iter_mut().zip(frame) {
                row[t % LANES] = value;
            }
        }
        Self { blocks, len }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The blocks in order.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// One of them.
    pub(super) fn frame(&self, t: usize) -> [f32; DIMENSIONS] {
        let block = &self.blocks[t / LANES];
        std::array::from_fn(|d| block[d][t % LANES])
    }

    /// The zeroth cepstrum of each: its level.
    pub(super) fn levels(&self) -> Vec<f32> {
        self.blocks.iter().flat_map(|block| block[0]).take(self.len).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DIMENSIONS, Frames, LANES};

    #[test]
    fn frames_are_found_again() {
        let of = |t: usize| -> [f32; DIMENSIONS] { std::array::from_fn(|d| (t * DIMENSIONS + d) as f32) };
        for len in [0, 1, LANES - 1, LANES, LANES + 1, 3 * LANES] {
            let frames = Frames::new(len, (0..len).map(of));
            assert_eq!(frames.len(), len);
            assert!((0..len).all(|t| frames.frame(t).map(f32::to_bits) == of(t).map(f32::to_bits)));
            assert_eq!(frames.levels(), (0..len).map(|t| of(t)[0]).collect::<Vec<_>>());
        }
    }
}
