//! A small neural network from letters to phones, for words that no dictionary and no rule knows.
//!
//! ```text
//! letters ─► table ─► LSTM ⇄ ─► LSTM ⇄ ─► features of each letter
//!                                             │ + the last chunks said, + the stress so far
//!                                             ▼
//!                            tanh ─► a chunk for the letter: none, one or two phones with stress
//! ```
//!
//! The network reads the whole word in both directions and then says, letter after letter, a *chunk* of phones for each.
//! What was said for the letters before is an input too, so the likeliest word is looked for with a beam.
//!
//! `mynah_training::tasks::g2p` trains it and `data/README.md` says how well it does. All products are of integers, and
//! everything else is additions, products and quotients in one fixed order, so a word is said alike on every machine.

mod accuracy;
mod arithmetic;
mod network;
mod pack;
mod search;
mod split;
mod stress;
mod tensors;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::error::Error;
use crate::phone::Phone;

pub use accuracy::G2pAccuracy;
pub use split::{is_held_out, letter_indices};
pub use stress::StressState;
pub use tensors::{G2pShape, G2pTensors};

use network::Network;

/// The letters that the network knows: a to z and the apostrophe.
pub const LETTERS: usize = 27;

static BUNDLED: &[u8] = include_bytes!("../data/g2p.bin");

/// The network, ready to say words.
///
/// # Examples
///
/// ```
/// use mynah_text::{G2p, Phone};
///
/// let phones: Vec<&str> = G2p::bundled().pronounce("cabinetry").into_iter().map(Phone::name).collect();
/// assert_eq!(phones.join(" "), "K AE1 B N AH0 T R IY0");
/// ```
///
/// # References
///
/// Letters and phones aligned before a bidirectional recurrent network labels each letter: Yao and Zweig,
/// Sequence-to-sequence neural net models for grapheme-to-phoneme conversion (arXiv 1506.00196), section 3.4.
#[derive(Debug)]
pub struct G2p {
    chunks: Vec<Vec<Phone>>,
    /// For each letter the chunks that it was ever aligned with, in order.
    allowed: Vec<Vec<u16>>,
    network: Network,
}

impl G2p {
    /// The network in the program.
    ///
    /// # Panics
    ///
    /// Never: the bundled weights are read by the tests of this crate.
    #[must_use]
    pub fn bundled() -> &'static Self {
        static NETWORK: LazyLock<G2p> =
            LazyLock::new(|| G2p::open(BUNDLED).expect("the bundled weights are well formed"));
        &NETWORK
    }

    /// A network that [`G2pTensors::pack`] made.
    ///
    /// # Errors
    ///
    /// [`Error::G2p`] when the bytes are cut short, too many, or of another kind.
    pub fn open(bytes: &[u8]) -> Result<Self, Error> {
        pack::open(bytes)
    }

    /// The phones of a word, lower-case letters and apostrophes; other characters are passed over.
    ///
    /// A vowel has exactly one primary stress, unless there is no vowel. A word without letters has no phones, nor has
    /// one of which the network thinks that all letters are silent.
    #[must_use]
    pub fn pronounce(&self, word: &str) -> Vec<Phone> {
        if !word.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        search::best(self, &letter_indices(word))
    }

    /// For each letter a number for each chunk, the larger the likelier, given the chunks of the letters before it.
    ///
    /// It is there to compare with the network as it was trained; `chunks` are positions among [`G2p::chunks`].
    ///
    /// # Panics
    ///
    /// When there are not as many chunks as letters, or a chunk is out of range.
    #[must_use]
    pub fn logits(&self, letters: &[usize], chunks: &[usize]) -> Vec<Vec<f32>> {
        assert_eq!(letters.len(), chunks.len(), "every letter has a chunk");
        self.network.logits(&self.chunks, letters, chunks)
    }

    /// The chunks of phones that a letter may stand for, and which of them each letter does.
    #[must_use]
    pub fn chunks(&self) -> (&[Vec<Phone>], &[Vec<u16>]) {
        (&self.chunks, &self.allowed)
    }

    /// The weights as numbers: those that were packed, rounded to what the file holds.
    #[must_use]
    pub fn tensors(&self) -> G2pTensors {
        let (shape, values) = self.network.tensors();
        G2pTensors { shape, chunks: self.chunks.clone(), allowed: self.allowed.clone(), values }
    }
}
