//! Frames of an utterance, laid out for computing densities.

/// Values per frame: thirteen cepstra, their slopes, and the slopes of these.
pub(super) const DIMENSIONS: usize = 39;

/// Number of frames processed together, one per lane. Each lane is summed in a fixed order, so the result does not
/// depend on the vector width of the machine.
pub(super) const LANES: usize = 16;

/// Interleaved frames: for each dimension, one value per frame.
pub(super) type Block = [[f32; LANES]; DIMENSIONS];

/// Frames of an utterance, in blocks; the last block is padded with zeros.
#[derive(Debug, Clone)]
pub(super) struct Frames {
    blocks: Vec<Block>,
    len: usize,
}

impl Frames {
    /// Builds blocks from `len` frames in order.
    pub(super) fn new(len: usize, frames: impl Iterator<Item = [f32; DIMENSIONS]>) -> Self {
        let mut blocks = vec![[[0.0; LANES]; DIMENSIONS]; len.div_ceil(LANES)];
        for (t, frame) in frames.take(len).enumerate() {
            for (row, value) in blocks[t / LANES].iter_mut().zip(frame) {
                row[t % LANES] = value;
            }
        }
        Self { blocks, len }
    }

    /// Returns the number of frames.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns the blocks in order.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns one frame.
    pub(super) fn frame(&self, t: usize) -> [f32; DIMENSIONS] {
        let block = &self.blocks[t / LANES];
        std::array::from_fn(|d| block[d][t % LANES])
    }

    /// Returns the zeroth cepstrum of each frame, its level.
    pub(super) fn levels(&self) -> Vec<f32> {
        self.blocks.iter().flat_map(|block| block[0]).take(self.len).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DIMENSIONS, Frames, LANES};

    #[test]
    fn frames_are_retrieved_unchanged() {
        let of = |t: usize| -> [f32; DIMENSIONS] { std::array::from_fn(|d| (t * DIMENSIONS + d) as f32) };
        for len in [0, 1, LANES - 1, LANES, LANES + 1, 3 * LANES] {
            let frames = Frames::new(len, (0..len).map(of));
            assert_eq!(frames.len(), len);
            assert!((0..len).all(|t| frames.frame(t).map(f32::to_bits) == of(t).map(f32::to_bits)));
            assert_eq!(frames.levels(), (0..len).map(|t| of(t)[0]).collect::<Vec<_>>());
        }
    }
}
