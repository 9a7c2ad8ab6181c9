//! The CMU Pronouncing Dictionary, built into the program.

mod pack;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fst::{Map, Streamer};

use crate::error::Error;
use crate::phone::Phone;

pub use pack::{PackedDictionary, pack_dictionary};

static WORDS: &[u8] = include_bytes!("../data/cmudict-words.fst");
static PHONES: &[u8] = include_bytes!("../data/cmudict-phones.bin");

/// Flag in the byte of a pronunciation's last phone.
const LAST_PHONE: u8 = 0x80;
/// Separator between two pronunciations of a word.
const ANOTHER: u8 = 0x7F;

/// Words and their pronunciations in two flat byte strings, used in place.
///
/// The words are an [`fst::Map`] from lowercase words to the offset of their first phone. From there, each
/// byte is the [`Phone::index`] of a phone, with the high bit set in the last phone of a pronunciation; a
/// byte `0x7F` before the next pronunciation marks a further one. Nothing is read or built at startup.
///
/// # Examples
///
/// ```
/// use mynah_text::Dictionary;
///
/// let dictionary = Dictionary::cmudict();
/// let phones: Vec<_> = dictionary.first("hello").into_iter().flatten().map(|phone| phone.name()).collect();
/// assert_eq!(phones, ["HH", "AH0", "L", "OW1"]);
/// assert_eq!(dictionary.variants("read").count(), 2);
/// ```
pub struct Dictionary {
    words: Map<Cow<'static, [u8]>>,
    phones: Cow<'static, [u8]>,
}

impl Dictionary {
    /// Returns the bundled CMUdict; `data/README.md` names its commit.
    ///
    /// # Panics
    ///
    /// Never: the tests of this crate check the bundled bytes.
    #[must_use]
    pub fn cmudict() -> &'static Self {
        static CMUDICT: LazyLock<Dictionary> = LazyLock::new(|| {
            Dictionary::open(Cow::Borrowed(WORDS), Cow::Borrowed(PHONES))
                .expect("the bundled bytes are a map")
        });
        &CMUDICT
    }

    /// Opens a dictionary made by [`pack_dictionary`].
    ///
    /// Reads only the header of the words. Bytes from another source give wrong phones or none, but never a
    /// panic.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Dictionary`] if `words` is not a map.
    pub fn open(words: Cow<'static, [u8]>, phones: Cow<'static, [u8]>) -> Result<Self, Error> {
        let words = Map::new(words).map_err(|error| Error::Dictionary { why: error.to_string() })?;
        Ok(Self { words, phones })
    }

    /// Returns true if the dictionary contains the lowercase word.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// Returns the preferred pronunciation of a lowercase word.
    #[must_use]
    pub fn first(&self, word: &str) -> Option<Vec<Phone>> {
        self.variants(word).next()
    }

    /// Returns every pronunciation of a lowercase word, the preferred one first; empty if the word is
    /// missing.
    pub fn variants(&self, word: &str) -> impl Iterator<Item = Vec<Phone>> {
        self.at(self.words.get(word))
    }

    /// Calls `visit` with every word and its pronunciations, sorted by the bytes of the word.
    pub fn for_each(&self, mut visit: impl FnMut(&str, Vec<Vec<Phone>>)) {
        let mut stream = self.words.stream();
        while let Some((word, place)) = stream.next() {
            visit(&String::from_utf8_lossy(word), self.at(Some(place)).collect());
        }
    }

    /// Returns the number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns true if there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn at(&self, place: Option<u64>) -> impl Iterator<Item = Vec<Phone>> {
        let mut rest = place.and_then(|place| self.phones.get(usize::try_from(place).ok()?..));
        std::iter::from_fn(move || {
            let bytes = rest?;
            let end = bytes.iter().position(|byte| byte & LAST_PHONE != 0)? + 1;
            rest = bytes.get(end..).and_then(|tail| tail.strip_prefix(&[ANOTHER]));
            bytes[..end].iter().map(|byte| Phone::from_index(usize::from(byte & !LAST_PHONE))).collect()
        })
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").field("words", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::lexicon::Lexicon;

    /// Packs and opens a lexicon.
    fn round_trip(lexicon: &Lexicon) -> Dictionary {
        let packed = pack_dictionary(lexicon).expect("a lexicon can be packed");
        Dictionary::open(Cow::Owned(packed.words), Cow::Owned(packed.phones)).expect("packed bytes open")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn packing_is_lossless(lines in vec(("[a-z'.-]{1,6}", vec(0..Phone::COUNT, 1..9)), 0..40)) {
            let lines: Vec<String> = lines
                .iter()
                .map(|(word, phones)| {
                    let phones: Vec<_> = phones.iter().filter_map(|&index| Phone::from_index(index)).collect();
                    let phones: Vec<_> = phones.iter().map(|phone| phone.name()).collect();
                    format!("{word} {}", phones.join(" "))
                })
                .collect();
            let lexicon = Lexicon::parse("random", &lines.join("\n")).expect("the lines are well formed");
            let dictionary = round_trip(&lexicon);
            let mut seen = Vec::new();
            dictionary.for_each(|word, variants| seen.push((word.to_owned(), variants)));
            let expected: Vec<_> = lexicon.iter().map(|(word, variants)| (word.to_owned(), variants.to_vec())).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn missing_words_have_no_pronunciation() {
        for word in ["", "hidell", "Hello", "hell o", "\u{e9}"] {
            assert!(!Dictionary::cmudict().contains(word), "{word}");
            assert_eq!(Dictionary::cmudict().first(word), None, "{word}");
        }
    }

    #[test]
    fn foreign_bytes_never_panic() {
        assert!(Dictionary::open(Cow::Borrowed(b"not a map"), Cow::Borrowed(b"")).is_err());
        let truncated =
            Dictionary::open(Cow::Borrowed(WORDS), Cow::Borrowed(&PHONES[..3])).expect("the words open");
        assert_eq!(truncated.first("zebra"), None);
    }
}
