//! English text to phones: normalization, pronunciations, sup-phoneme BPE and the vocabulary.
//!
//! ```text
//! "Mr. Buxton paid £30."
//!    │ normalize                 tokens with their source spans
//!    ▼
//! mister buxton paid thirty pounds .
//!    │ Pronouncer                user lexicon, heteronyms, CMUdict, morphology, …, and the source of each
//!    ▼
//! M IH1 S T ER0 / B AH1 K S T AH0 N / P EY1 D / …
//!    │ Vocabulary, SupPhones     ids, and the sup-phoneme of each phone
//!    ▼
//! [59, 51, …], [412, 412, …]
//! ```
//!
//! # Examples
//!
//! ```
//! use mynah_text::{Phonemizer, Pronouncer, SupPhones, Vocabulary};
//!
//! let phonemizer = Phonemizer::new(Pronouncer::new(None));
//! let phonemized = phonemizer.phonemize("Mr. Buxton paid £30.")?;
//! assert_eq!(phonemized.normalized, "mister buxton paid thirty pounds.");
//!
//! let ids = Vocabulary::arpabet().ids(&phonemized.symbols);
//! let words = phonemized.words.iter().map(|word| (&word.pronunciation.phones, 2));
//! let sup_phones = SupPhones::train(words, 100).encode(&phonemized.symbols, &phonemized.word_index);
//! assert_eq!(ids[..3], [3, 59, 51]);
//! assert_eq!(sup_phones.len(), ids.len());
//! # Ok::<(), mynah_text::Error>(())
//! ```
//!
//! # Invariants
//!
//! - Nothing is lost silently: every character is in the span of a token, is white space, or is listed as
//!   dropped; every word has phones, and says how certain they are.
//! - Every symbol has an identifier and a sup-phoneme, and belongs to at most one word.
//! - Startup is free: the dictionary is used in place, and the weights of the grapheme-to-phoneme network are
//!   read at the first word that needs them.
//!
//! The crate is independent of audio and tensors. It reads no files; callers provide the bytes. It supports
//! American English only, and of words with two pronunciations those of its tables.

mod alphabet;
mod bpe;
mod bulk;
mod dictionary;
mod error;
mod espeak;
mod g2p;
mod given;
mod heteronym;
mod lexicon;
mod normalize;
mod phone;
mod phonemize;
mod pronounce;
mod rules;
mod sentence;
mod symbol;
mod vocabulary;

pub use alphabet::{Alphabet, VITS_SYMBOLS, vits_ids, vits_text};
pub use bpe::SupPhones;
pub use bulk::{BulkEncoder, Encoded};
pub use dictionary::{Dictionary, PackedDictionary, pack_dictionary};
pub use error::Error;
pub use espeak::phones_of_espeak;
pub use g2p::{G2p, G2pAccuracy, G2pShape, G2pTensors, LETTERS, StressState, is_held_out, letter_indices};
pub use given::phones_of_ipa;
pub use heteronym::{LabeledHomograph, Reason, learn_homographs};
pub use lexicon::Lexicon;
pub use normalize::{Dropped, Normalized, Normalizer, Style, Token, TokenKind, normalize};
pub use phone::{Phone, Stress, parse_phones};
pub use phonemize::{Phonemized, Phonemizer, Word};
pub use pronounce::{Pronouncer, Pronunciation, Source};
pub use rules::TextRules;
pub use sentence::split_sentences;
pub use symbol::{Punctuation, Symbol};
pub use vocabulary::Vocabulary;
