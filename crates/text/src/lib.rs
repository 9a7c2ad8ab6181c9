//! English text to phones: normalisation, pronunciations, sub-phoneme BPE and the vocabulary.
//!
//! ```text
//! "Mr. Buxton paid £30."
//!    │ normalize                 tokens that remember where they stood
//!    ▼
//! mister buxton paid thirty pounds .
//!    │ Pronouncer                user lexicon, CMUdict, morphology, spelling rules; each says which
//!    ▼
//! M IH1 S T ER0 / B AH1 K S T AH0 N / P EY1 D / …
//!    │ Vocabulary, SupPhones     ids, and the sup-phone that each phone belongs to
//!    ▼
//! [37, 31, …], [412, 412, …]
//! ```
//!
//! It knows nothing of audio or tensors.

mod bpe;
mod dictionary;
mod error;
mod lexicon;
mod normalize;
mod phone;
mod phonemize;
mod pronounce;
mod symbol;
mod vocabulary;

pub use bpe::SupPhones;
pub use dictionary::{Dictionary, PackedDictionary, pack_dictionary};
pub use error::Error;
pub use lexicon::Lexicon;
pub use normalize::{Dropped, Normalized, Token, TokenKind, normalize};
pub use phone::{Phone, Stress, parse_phones};
pub use phonemize::{Alphabet, Phonemized, Phonemizer, Word};
pub use pronounce::{Pronouncer, Pronunciation, Source, SpellingRules};
pub use symbol::{Punctuation, Symbol};
pub use vocabulary::Vocabulary;
