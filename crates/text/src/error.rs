//! Errors of this crate and their remedies.

use thiserror::Error;

/// An error in a text, a symbol or a file of this crate's data.
///
/// [`remedy`](Self::remedy) says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is not one of the 69 phones.
    #[error("`{name}` is not an ARPAbet phone: vowels carry a stress of 0, 1 or 2, and consonants none")]
    UnknownPhone {
        /// The name as given.
        name: String,
    },
    /// The name is not a symbol of the model's input.
    #[error("`{name}` is not a phone, a punctuation mark, a boundary or a special symbol")]
    UnknownSymbol {
        /// The name as given.
        name: String,
    },
    /// Normalization left no words.
    #[error("there is nothing to speak in `{text}`")]
    NothingToSpeak {
        /// The text as given.
        text: String,
    },
    /// A line of a pronunciation lexicon is not a word followed by its phones.
    #[error("line {line} of `{file}`: {why}")]
    Lexicon {
        /// The name of the file, as given by its reader.
        file: String,
        /// The line number, from 1.
        line: usize,
        /// The fault of the line.
        why: String,
    },
    /// Phones given in place of a word that are not in the inventory.
    #[error("`{given}` are not phones: {why}")]
    GivenPhones {
        /// The phones as given, with their brackets.
        given: String,
        /// The fault.
        why: String,
    },
    /// A line of a file of rules is not a regular expression and its words.
    #[error("line {line} of `{file}`: {why}")]
    Rules {
        /// The name of the file, as given by its reader.
        file: String,
        /// The line number, from 1.
        line: usize,
        /// The fault of the line.
        why: String,
    },
    /// The bytes are not a packed dictionary.
    #[error("invalid packed dictionary: {why}")]
    Dictionary {
        /// The fault of the bytes.
        why: String,
    },
    /// The bytes are not the weights of a grapheme-to-phoneme network.
    #[error("invalid weights of the grapheme-to-phoneme network: {why}")]
    G2p {
        /// The fault of the weights.
        why: String,
    },
    /// espeak-ng printed a sound that has no phone.
    #[error("espeak-ng printed `{printed}`, but `{sound}` is not a sound of American English")]
    Espeak {
        /// The word as printed.
        printed: String,
        /// The sound.
        sound: char,
    },
    /// `vocabulary.json` does not contain a valid vocabulary.
    #[error("invalid vocabulary: {why}")]
    Vocabulary {
        /// The fault of the file.
        why: String,
    },
    /// `supphones.json` does not contain sup-phonemes that this crate can apply.
    #[error("invalid sup-phonemes: {why}")]
    SupPhones {
        /// The fault of the file.
        why: String,
    },
}

impl Error {
    /// Returns an imperative phrase saying how to fix the problem, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::UnknownPhone { .. } => {
                Some("write vowels with a stress digit, as in `AH0`, and consonants without")
            }
            Self::UnknownSymbol { .. } => None,
            Self::NothingToSpeak { .. } => Some("give a text with at least one word"),
            Self::Lexicon { .. } => {
                Some("write a word and its ARPAbet phones on each line, as in `hello  HH AH0 L OW1`")
            }
            Self::GivenPhones { .. } => {
                Some("write ARPAbet as in `{HH AH0 L OW1}`, or American IPA as in `[[həlˈoʊ]]`")
            }
            Self::Rules { .. } => Some(
                "write a regular expression, a tab and the words on each line, as in `(\\d+)mAh\t$1 milliampere hours`",
            ),
            Self::Dictionary { .. } => Some("pack the dictionary again"),
            Self::G2p { .. } => Some("train the network again with `mynah-train g2p`"),
            Self::Espeak { .. } => Some("add the word to the user lexicon"),
            Self::Vocabulary { .. } => {
                Some("restore the `vocabulary.json` that came with the dataset or the voice")
            }
            Self::SupPhones { .. } => Some("train the sup-phonemes again with `mynah-prepare bpe train`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> Vec<Error> {
        let why = || "it lacks `<pad>`".to_owned();
        vec![
            Error::UnknownPhone { name: "AH".to_owned() },
            Error::UnknownSymbol { name: "Q".to_owned() },
            Error::NothingToSpeak { text: "...".to_owned() },
            Error::Lexicon { file: "words.txt".to_owned(), line: 1, why: why() },
            Error::GivenPhones { given: "{HH AH}".to_owned(), why: why() },
            Error::Rules { file: "rules.tsv".to_owned(), line: 1, why: why() },
            Error::Dictionary { why: why() },
            Error::G2p { why: why() },
            Error::Espeak { printed: "b_ø".to_owned(), sound: 'ø' },
            Error::Vocabulary { why: why() },
            Error::SupPhones { why: why() },
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::UnknownPhone { .. }
                | Error::UnknownSymbol { .. }
                | Error::NothingToSpeak { .. }
                | Error::Lexicon { .. }
                | Error::GivenPhones { .. }
                | Error::Rules { .. }
                | Error::Dictionary { .. }
                | Error::G2p { .. }
                | Error::Espeak { .. }
                | Error::Vocabulary { .. }
                | Error::SupPhones { .. }
        );
    }

    #[test]
    fn only_unknown_symbols_lack_a_remedy() {
        let without: Vec<Error> = all().into_iter().filter(|error| error.remedy().is_none()).collect();
        assert_eq!(without, [Error::UnknownSymbol { name: "Q".to_owned() }]);
    }
}
