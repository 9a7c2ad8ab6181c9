//! The weights of the network as numbers, as a trainer has them.

use std::collections::BTreeMap;

use super::{LETTERS, StressState};
use crate::error::Error;
use crate::phone::Phone;

/// The sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct G2pShape {
    /// States of each direction of each of the two recurrent layers.
    pub hidden: usize,
    /// Features of a letter before its chunk is chosen.
    pub features: usize,
    /// How many letters back the network is told the chunks.
    pub history: usize,
}

/// The weights of the network with what they are about.
///
/// | tensor | shape | meaning |
/// |---|---|---|
/// | `letters` | `[27, 8H]` | what each letter says to the gates of the first layer: i f g o, forwards then backwards |
/// | `first.recurrent`, `second.recurrent` | `[2, H, 4H]` | what the state before says to the gates |
/// | `second.input`, `second.bias` | `[2H, 8H]`, `[8H]` | what the first layer says to the gates of the second |
/// | `features.weight`, `features.bias` | `[2H, F]`, `[F]` | from the second layer to the features |
/// | `features.history` | `[N, C + 2, F]` | what the chunk of the letter 1, 2, … before adds to them |
/// | `features.stress` | `[24, F]` | what the [`StressState`] adds |
/// | `output.weight`, `output.bias` | `[F, C]`, `[C]` | from the tanh of the features to the chunks |
///
/// Behind the C chunks the history knows two more: that there was no letter, and that the chunk is not told.
#[derive(Debug, Clone, PartialEq)]
pub struct G2pTensors {
    /// The sizes.
    pub shape: G2pShape,
    /// The chunks: none, one or two phones each.
    pub chunks: Vec<Vec<Phone>>,
    /// For each of the [`LETTERS`] the chunks that it may stand for.
    pub allowed: Vec<Vec<u16>>,
    /// The values of each tensor, row-major.
    pub values: BTreeMap<String, Vec<f32>>,
}

/// How a tensor is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As numbers.
    Plain,
    /// As integers, with a scale for each row.
    Table,
    /// As integers, with a scale for each column: a column is an output.
    Product,
}

/// A tensor of the network: copies of matrices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) copies: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl G2pShape {
    /// Every tensor in the order of the file, with the sizes that it has for so many chunks.
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
    /// Rounds the weights to a byte each, and writes the file that [`G2p::open`](super::G2p::open) reads.
    ///
    /// Matrices are kept as integers of 8 bits with a scale for each output; biases and what letters say to the first
    /// layer as f32. Equal tensors give equal bytes.
    ///
    /// # Errors
    ///
    /// [`Error::G2p`] when a tensor is missing, has another size, or holds what is not a finite number.
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        super::pack::pack(self)
    }
}
