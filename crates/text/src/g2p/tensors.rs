//! Weights of the network as numbers, as used in training.

use std::collections::BTreeMap;

use super::{LETTERS, StressState};
use crate::error::Error;
use crate::phone::Phone;

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct G2pShape {
    /// Hidden size per direction of each of the two recurrent layers.
    pub hidden: usize,
    /// Number of features of a letter before its chunk is chosen.
    pub features: usize,
    /// Number of previous letters whose chunks the network sees.
    pub history: usize,
}

/// Weights of the network.
///
/// | tensor | shape | meaning |
/// |---|---|---|
/// | `letters` | `[27, 8H]` | input of each letter to the gates of the first layer: i f g o, forward then backward |
/// | `first.recurrent`, `second.recurrent` | `[2, H, 4H]` | input of the previous hidden state to the gates |
/// | `second.input`, `second.bias` | `[2H, 8H]`, `[8H]` | input of the first layer to the gates of the second |
/// | `features.weight`, `features.bias` | `[2H, F]`, `[F]` | from the second layer to the features |
/// | `features.history` | `[N, C + 2, F]` | contribution of the chunk 1, 2, … letters before |
/// | `features.stress` | `[24, F]` | contribution of the [`StressState`] |
/// | `output.weight`, `output.bias` | `[F, C]`, `[C]` | from the tanh of the features to the chunks |
///
/// In addition to the C chunks, the history has two entries: no letter, and an unknown chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct G2pTensors {
    /// Sizes.
    pub shape: G2pShape,
    /// Chunks of zero, one or two phones each.
    pub chunks: Vec<Vec<Phone>>,
    /// Chunks allowed for each of the [`LETTERS`].
    pub allowed: Vec<Vec<u16>>,
    /// Values of each tensor, row-major.
    pub values: BTreeMap<String, Vec<f32>>,
}

/// Storage of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Floating-point numbers.
    Plain,
    /// Integers with a scale for each row.
    Table,
    /// Integers with a scale for each column, which is an output.
    Product,
}

/// Tensor of the network: one or more matrices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) copies: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl G2pShape {
    /// Returns every tensor in the order of the file, with its sizes for a given number of chunks.
    pub(super) fn parts(self, chunks: usize) -> [Part; 11] {
        let Self { hidden, features, history } = self;
        let part = |name, kind, copies, rows, columns| Part { name, kind, copies, rows, columns };
        [
            part("letters", Kind::Plain, 1, LETTERS, 8 * hidden),
            part("first.recurrent", Kind::Product, 2, hidden, 4 * hidden),
            part("second.input", Kind::Product, 1, 2 * hidden, 8 * hidden),
            part("second.bias", Kind::Plain, 1, 1, 8 * hidden),
            part("second.recurrent", Kind::Product, 2, hidden, 4 * hidden),
            part("features.weight", Kind::Product, 1, 2 * hidden, features),
            part("features.bias", Kind::Plain, 1, 1, features),
            part("features.history", Kind::Table, history, chunks + 2, features),
            part("features.stress", Kind::Plain, 1, StressState::COUNT, features),
            part("output.weight", Kind::Product, 1, features, chunks),
            part("output.bias", Kind::Plain, 1, 1, chunks),
        ]
    }
}

impl G2pTensors {
    /// Rounds the weights to a byte each, and writes the file read by [`G2p::open`](super::G2p::open).
    ///
    /// Matrices are stored as 8-bit integers with a scale for each output; biases and the letters' inputs to
    /// the first layer as f32. Equal tensors give equal bytes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::G2p`] if a tensor is missing, has another size, or contains a value that is not
    /// finite.
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        super::pack::pack(self)
    }
}
