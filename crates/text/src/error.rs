//! What can go wrong with text, phones and the files that hold them.

use thiserror::Error;

/// Why a text could not be spoken or a file of symbols could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is none of the 69 phones.
    #[error("`{name}` is no ARPAbet phone: vowels carry a stress of 0, 1 or 2 and consonants none")]
    UnknownPhone {
        /// The name as given.
        name: String,
    },
    /// The name is no symbol of the model's input.
    #[error("`{name}` is neither a phone, a punctuation mark, a boundary nor a special symbol")]
    UnknownSymbol {
        /// The name as given.
        name: String,
    },
    /// Normalisation left no word.
    #[error("there is nothing to speak in `{text}`")]
    NothingToSpeak {
        /// The text as given.
        text: String,
    },
    /// A line of a pronunciation lexicon is not a word and its phones.
    #[error("line {line} of `{file}`: {why}")]
    Lexicon {
        /// The file as its reader named it.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The bytes are not a packed dictionary.
    #[error("the packed dictionary cannot be used: {why}")]
    Dictionary {
        /// What is wrong with it.
        why: String,
    },
    /// The bytes are not the weights of the network from letters to phones.
    #[error("the weights of the network from letters to phones cannot be used: {why}")]
    G2p {
        /// What is wrong with them.
        why: String,
    },
    /// espeak-ng printed a sound that no phone stands for.
    #[error("espeak-ng printed `{printed}`, and `{sound}` is no sound of American English")]
    Espeak {
        /// The word as it was printed.
        printed: String,
        /// The sound.
        sound: char,
    },
    /// `vocabulary.json` does not hold a vocabulary.
    #[error("the vocabulary cannot be used: {why}")]
    Vocabulary {
        /// What is wrong with it.
        why: String,
    },
    /// `supphones.json` does not hold sup-phones that this crate can apply.
    #[error("the sup-phones cannot be used: {why}")]
    SupPhones {
        /// What is wrong with it.
        why: String,
    },
}
