//! A small grapheme-to-phoneme network for words unknown to the dictionary and the rules.
//!
//! ```text
//! letters ─► table ─► LSTM ⇄ ─► LSTM ⇄ ─► features of each letter
//!                                             │ + the last chunks, + the stress so far
//!                                             ▼
//!                            tanh ─► a chunk for the letter: none, one or two phones with stress
//! ```
//!
//! The network reads the whole word in both directions and then predicts, letter by letter, a *chunk* of
//! phones. Earlier predictions are inputs too, so the most likely word is found by beam search.
//!
//! `mynah_training::tasks::g2p` trains the network; `data/README.md` reports its accuracy. All products are of
//! integers, and everything else consists of additions, products and quotients in a fixed order, so the
//! pronunciation of a word is the same on every machine.

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

/// Number of letters the network knows: a to z and the apostrophe.
pub const LETTERS: usize = 27;

static BUNDLED: &[u8] = include_bytes!("../data/g2p.bin");

/// Grapheme-to-phoneme network, ready to pronounce words.
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
/// Alignment of letters and phones followed by labeling of each letter with a bidirectional recurrent
/// network: Yao and Zweig, Sequence-to-sequence neural net models for grapheme-to-phoneme conversion (arXiv
/// 1506.00196), section 3.4.
#[derive(Debug)]
pub struct G2p {
    chunks: Vec<Vec<Phone>>,
    /// Chunks aligned with each letter in training, in order.
    allowed: Vec<Vec<u16>>,
    network: Network,
}

impl G2p {
    /// Returns the bundled network.
    ///
    /// # Panics
    ///
    /// Never: the tests of this crate read the bundled weights.
    #[must_use]
    pub fn bundled() -> &'static Self {
        static NETWORK: LazyLock<G2p> =
            LazyLock::new(|| G2p::open(BUNDLED).expect("the bundled weights are well formed"));
        &NETWORK
    }

    /// Opens a network packed by [`G2pTensors::pack`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::G2p`] if the bytes are truncated, too many, or of another format.
    pub fn open(bytes: &[u8]) -> Result<Self, Error> {
        pack::open(bytes)
    }

    /// Predicts the phones of a word of lowercase letters and apostrophes; other characters are ignored.
    ///
    /// The result has exactly one primary stress, unless it has no vowels. It is empty for a word without
    /// letters, or if the network predicts that all letters are silent.
    #[must_use]
    pub fn pronounce(&self, word: &str) -> Vec<Phone> {
        if !word.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        search::best(self, &letter_indices(word))
    }

    /// Computes the logits of every chunk at each letter, given the chunks of the letters before it.
    ///
    /// This allows comparison with the network as trained; `chunks` are positions in [`G2p::chunks`].
    ///
    /// # Panics
    ///
    /// Panics if the numbers of chunks and letters differ, or if a chunk is out of range.
    #[must_use]
    pub fn logits(&self, letters: &[usize], chunks: &[usize]) -> Vec<Vec<f32>> {
        assert_eq!(letters.len(), chunks.len(), "every letter has a chunk");
        self.network.logits(&self.chunks, letters, chunks)
    }

    /// Returns the chunks of phones, and the chunks allowed for each letter.
    #[must_use]
    pub fn chunks(&self) -> (&[Vec<Phone>], &[Vec<u16>]) {
        (&self.chunks, &self.allowed)
    }

    /// Returns the weights as numbers, rounded to the precision of the file.
    #[must_use]
    pub fn tensors(&self) -> G2pTensors {
        let (shape, values) = self.network.tensors();
        G2pTensors { shape, chunks: self.chunks.clone(), allowed: self.allowed.clone(), values }
    }
}
