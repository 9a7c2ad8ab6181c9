//! Encoding of many texts to identifiers, without a struct per word.

use rustc_hash::FxHashMap;

use crate::bpe::SupPhones;
use crate::error::Error;
use crate::heteronym::{Context, Heteronym};
use crate::normalize::{Normalizer, TokenKind};
use crate::phone::Phone;
use crate::phonemize::Between;
use crate::pronounce::Pronouncer;
use crate::symbol::Symbol;

/// Number of cached words at which the cache is cleared; it bounds memory to about 60 MB and never changes a
/// result.
const REMEMBERED: usize = 250_000;

/// Number of identifiers that fit in 16 bits.
const MOST_SUP_PHONES: usize = 1 << 16;

const _: () = assert!(Symbol::COUNT <= 1 << 8, "a symbol must fit in a byte");

/// Encoder of texts as identifiers of their symbols and sup-phonemes, with a cache of every pronounced word.
///
/// The identifiers are those of [`Vocabulary::arpabet`](crate::Vocabulary::arpabet) and of the [`SupPhones`];
/// the sequence of a text is that of [`Phonemizer`](crate::Phonemizer). Use one encoder per thread.
///
/// # Examples
///
/// ```
/// use mynah_text::{BulkEncoder, Encoded, Pronouncer};
///
/// let pronouncer = Pronouncer::new(None);
/// let mut encoder = BulkEncoder::new(&pronouncer, None)?;
/// let mut encoded = Encoded::default();
/// encoder.encode("Hello, world.", &mut encoded)?;
/// assert_eq!((encoded.words, encoded.symbol_ids.len()), (2, 13));
/// assert_eq!(encoder.take_counts().len(), 2);
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug)]
pub struct BulkEncoder<'a> {
    pronouncer: &'a Pronouncer,
    normalizer: Normalizer,
    sup_phones: Option<&'a SupPhones>,
    words: FxHashMap<Box<str>, Cached>,
    counts: FxHashMap<Box<[Phone]>, u64>,
    opening: Vec<Symbol>,
}

/// Identifiers of texts, one text after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Symbol identifiers.
    pub symbol_ids: Vec<u8>,
    /// Sup-phoneme of each symbol; the symbol itself if no sup-phonemes are in use.
    pub sup_phone_ids: Vec<u16>,
    /// Number of words.
    pub words: u64,
}

/// Cached data of a word.
#[derive(Debug)]
struct Known {
    symbol_ids: Box<[u8]>,
    sup_phone_ids: Box<[u16]>,
    /// Number of occurrences since the counts were last taken.
    count: u64,
}

/// Cached word.
#[derive(Debug)]
enum Cached {
    Word(Known),
    /// A heteronym, and its readings, which the spelling does not determine.
    Heteronym(&'static Heteronym, Box<[Known]>),
}

impl Known {
    fn new(phones: &[Phone], sup_phones: Option<&SupPhones>) -> Self {
        let symbols: Vec<Symbol> = phones.iter().copied().map(Symbol::Phone).collect();
        let symbol_ids: Box<[u8]> = symbols.iter().map(|symbol| symbol.index() as u8).collect();
        let sup_phone_ids = match sup_phones {
            Some(sup_phones) => {
                let ids = sup_phones.encode(&symbols, &vec![Some(0); symbols.len()]);
                ids.into_iter().map(|id| id as u16).collect()
            }
            None => symbol_ids.iter().map(|id| u16::from(*id)).collect(),
        };
        Self { symbol_ids, sup_phone_ids, count: 0 }
    }

    fn phones(&self) -> Box<[Phone]> {
        let first = Symbol::COUNT - Phone::COUNT;
        self.symbol_ids.iter().filter_map(|id| Phone::from_index(usize::from(*id) - first)).collect()
    }
}

impl<'a> BulkEncoder<'a> {
    /// Creates an encoder with an empty cache.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SupPhones`] if the sup-phonemes do not fit in 16 bits.
    pub fn new(pronouncer: &'a Pronouncer, sup_phones: Option<&'a SupPhones>) -> Result<Self, Error> {
        if let Some(count) = sup_phones.map(SupPhones::len).filter(|count| *count > MOST_SUP_PHONES) {
            let why = format!("expected at most {MOST_SUP_PHONES} of them (16 bits), found {count}");
            return Err(Error::SupPhones { why });
        }
        Ok(Self {
            pronouncer,
            normalizer: Normalizer::default(),
            sup_phones,
            words: FxHashMap::default(),
            counts: FxHashMap::default(),
            opening: Vec::new(),
        })
    }

    /// Replaces the normalizer.
    #[must_use]
    pub fn with_normalizer(mut self, normalizer: Normalizer) -> Self {
        self.normalizer = normalizer;
        self
    }

    /// Appends the identifiers of a text.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NothingToSpeak`] if the text has no words, and [`Error::GivenPhones`] if it gives phones
    /// that are none; nothing is appended then.
    pub fn encode(&mut self, text: &str, encoded: &mut Encoded) -> Result<(), Error> {
        Normalizer::check(text)?;
        let normalized = self.normalizer.normalize(text);
        if normalized.words().next().is_none() {
            return Err(Error::NothingToSpeak { text: text.to_owned() });
        }
        if self.words.len() > REMEMBERED {
            self.forget();
        }
        let mut between = Between::new(std::mem::take(&mut self.opening));
        encoded.push(Symbol::Begin);
        for (at, token) in normalized.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Word => {
                    between.word(|symbol| encoded.push(symbol));
                    self.push_word(&Context::new(text, &normalized.tokens, at), encoded);
                }
                TokenKind::Punctuation { mark, opens } => {
                    between.mark(Symbol::Punctuation(mark), opens, |symbol| encoded.push(symbol));
                }
            }
        }
        self.opening = between.end(|symbol| encoded.push(symbol));
        encoded.push(Symbol::End);
        Ok(())
    }

    /// Takes the number of occurrences of each pronunciation since the last call, in no particular order.
    pub fn take_counts(&mut self) -> Vec<(Box<[Phone]>, u64)> {
        self.forget();
        self.counts.drain().collect()
    }

    fn push_word(&mut self, context: &Context<'_>, encoded: &mut Encoded) {
        let word = context.word();
        if let Some(cached) = self.words.get_mut(word) {
            return cached.push(context, encoded);
        }
        let mut cached = match self.pronouncer.heteronym(word) {
            Some(heteronym) => {
                let readings = heteronym.readings().map(|phones| Known::new(phones, self.sup_phones));
                Cached::Heteronym(heteronym, readings.collect())
            }
            None => Cached::Word(Known::new(&self.pronouncer.pronounce(word).phones, self.sup_phones)),
        };
        cached.push(context, encoded);
        self.words.insert(word.into(), cached);
    }

    /// Moves the counts to the table of pronunciations, and clears the cache.
    fn forget(&mut self) {
        for (_, cached) in self.words.drain() {
            let known = match cached {
                Cached::Word(known) => vec![known],
                Cached::Heteronym(_, readings) => readings.into_vec(),
            };
            for known in known.into_iter().filter(|known| known.count > 0) {
                *self.counts.entry(known.phones()).or_default() += known.count;
            }
        }
    }
}

impl Cached {
    fn push(&mut self, context: &Context<'_>, encoded: &mut Encoded) {
        encoded.push_known(match self {
            Self::Word(known) => known,
            Self::Heteronym(heteronym, readings) => &mut readings[heteronym.number(context).0],
        });
    }
}

impl Encoded {
    fn push(&mut self, symbol: Symbol) {
        self.symbol_ids.push(symbol.index() as u8);
        self.sup_phone_ids.push(symbol.index() as u16);
    }

    fn push_known(&mut self, known: &mut Known) {
        known.count += 1;
        self.words += 1;
        self.symbol_ids.extend_from_slice(&known.symbol_ids);
        self.sup_phone_ids.extend_from_slice(&known.sup_phone_ids);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::phonemize::Phonemizer;
    use crate::vocabulary::Vocabulary;

    const SENTENCES: [&str; 6] = [
        "They record a record, and \"object\" to the object.",
        "He read 3 books (in 1810); hidell's record.",
        "to record the record of records",
        "...",
        "Wind the wind! (Live) they live.",
        "'Tis 5 km — to a.b@example.com…",
    ];

    /// Encodes by way of [`Phonemizer`].
    fn plain(texts: &[&str], sup_phones: &SupPhones) -> (Encoded, BTreeMap<Vec<Phone>, u64>) {
        let phonemizer = Phonemizer::new(Pronouncer::new(None));
        let (mut encoded, mut counts) = (Encoded::default(), BTreeMap::new());
        for text in texts {
            let Ok(phonemized) = phonemizer.phonemize(text) else { continue };
            encoded
                .symbol_ids
                .extend(Vocabulary::arpabet().ids(&phonemized.symbols).into_iter().map(|id| id as u8));
            let ids = sup_phones.encode(&phonemized.symbols, &phonemized.word_index);
            encoded.sup_phone_ids.extend(ids.into_iter().map(|id| id as u16));
            encoded.words += phonemized.words.len() as u64;
            for word in phonemized.words {
                *counts.entry(word.pronunciation.phones).or_default() += 1;
            }
        }
        (encoded, counts)
    }

    fn check(texts: &[&str]) {
        let words = ["R EH1 K ER0 D", "DH AH0", "R AH0 K AO1 R D", "L AY1 V"]
            .map(|line| (crate::phone::parse_phones(line).expect("phones"), 5));
        let sup_phones = SupPhones::train(words, 12);
        let pronouncer = Pronouncer::new(None);
        let mut encoder = BulkEncoder::new(&pronouncer, Some(&sup_phones)).expect("few sup-phonemes");
        let mut encoded = Encoded::default();
        for text in texts {
            let before = encoded.clone();
            if encoder.encode(text, &mut encoded).is_err() {
                assert_eq!(encoded, before);
            }
        }
        let counts: BTreeMap<Vec<Phone>, u64> =
            encoder.take_counts().into_iter().map(|(phones, count)| (phones.into(), count)).collect();
        assert_eq!((encoded, counts), plain(texts, &sup_phones));
        assert!(encoder.take_counts().is_empty());
    }

    #[test]
    fn agrees_with_the_phonemizer() {
        check(&SENTENCES);
        check(&[SENTENCES, SENTENCES].concat());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn agrees_with_the_phonemizer_on_any_texts(texts in proptest::collection::vec(".{0,30}|[a-z,\" (.)]{0,30}", 0..4)) {
            check(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
