//! Words to phones.

mod british;
mod classical;
mod compound;
mod guesses;
mod letters;
mod morphology;
mod pinyin;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::dictionary::Dictionary;
use crate::given::phones_of;
use crate::heteronym::{self, Context, Heteronym, Reason};
use crate::lexicon::Lexicon;
use crate::normalize::{Token, fold};
use crate::phone::Phone;

use guesses::Guesses;

pub(crate) use morphology::with_s;

/// Source of a pronunciation, the most certain first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The user's lexicon, or phones in the text.
    User,
    /// espeak-ng, if the caller asked it.
    Espeak,
    /// CMUdict.
    Dictionary,
    /// One of the dictionary's variants, chosen by context, and the reason.
    Heteronym(Reason),
    /// A known word with an ending, a prefix or another spelling.
    Morphology,
    /// Two known words in one, confirmed by the network, or parts joined by hyphens.
    Compound,
    /// The names of the letters.
    Letters,
    /// The grapheme-to-phoneme network, or a rule for foreign names: a guess.
    Model,
}

/// Pronunciation of a word, and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pronunciation {
    /// Phones; empty only for a string without letters.
    pub phones: Vec<Phone>,
    /// Least certain of the steps involved.
    pub source: Source,
}

/// Pronouncer of any word.
///
/// The first of these that knows the word decides: the user's lexicon, CMUdict (its first pronunciation),
/// morphology and British spellings, compounds, letter names (for letters with full stops and words without vowels), rules for
/// pinyin and for Latin endings, and the grapheme-to-phoneme network ([`G2p`](crate::G2p)), whose results are cached.
///
/// # Examples
///
/// ```
/// use mynah_text::{Lexicon, Pronouncer, Source};
///
/// let pronouncer = Pronouncer::new(Some(Lexicon::parse("names", "hidell  HH AY0 D EH1 L")?));
/// let source = |word| pronouncer.pronounce(word).source;
/// assert_eq!(source("hidell"), Source::User);
/// assert_eq!(source("sentence"), Source::Dictionary);
/// assert_eq!(source("sentencer's"), Source::Morphology);
/// assert_eq!(source("roominghouse"), Source::Compound);
/// assert_eq!(source("f.p.c.c."), Source::Letters);
/// assert_eq!(source("calcraft"), Source::Model);
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug)]
pub struct Pronouncer {
    lexicon: Option<Lexicon>,
    /// Pronunciations from espeak-ng.
    espeak: HashMap<String, Vec<Phone>>,
    dictionary: &'static Dictionary,
    guesses: Guesses,
}

impl Pronouncer {
    /// Creates a pronouncer from CMUdict and the rules, preceded by the words of `lexicon` if given.
    #[must_use]
    pub fn new(lexicon: Option<Lexicon>) -> Self {
        Self {
            lexicon,
            espeak: HashMap::new(),
            dictionary: Dictionary::cmudict(),
            guesses: Guesses::default(),
        }
    }

    /// Pronounces a word as written by [`normalize`](crate::normalize()).
    ///
    /// Case and accents do not matter. Phones in braces, as in `{HH AH0 L OW1}`, are their own pronunciation. Characters other than letters, hyphens, apostrophes and full stops are
    /// ignored.
    #[must_use]
    pub fn pronounce(&self, word: &str) -> Pronunciation {
        if let Some(phones) = phones_of(word) {
            return Pronunciation { phones, source: Source::User };
        }
        let plain = word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'\'' | b'-' | b'.'));
        let word = if plain { Cow::Borrowed(word) } else { Cow::Owned(fold::word(word)) };
        if let Some(phones) = self.espeak.get(&*word).filter(|_| !self.is_users(&word)) {
            return Pronunciation { phones: phones.clone(), source: Source::Espeak };
        }
        Known { pronouncer: self, hidden: None }.pronounce(&word)
    }

    /// Pronounces a word in context: like [`Pronouncer::pronounce`], except that heteronyms missing from the
    /// user's lexicon get the reading that fits the surrounding words.
    pub(crate) fn pronounce_in(&self, context: &Context<'_>) -> Pronunciation {
        match self.heteronym(context.word()) {
            Some(found) => {
                let (phones, reason) = found.choose(context);
                Pronunciation { phones: phones.to_vec(), source: Source::Heteronym(reason) }
            }
            None => self.pronounce(context.word()),
        }
    }

    /// Returns the heteronym of a word, unless the user's lexicon or espeak-ng decides.
    pub(crate) fn heteronym(&self, word: &str) -> Option<&'static Heteronym> {
        let found = heteronym::find(word)?;
        (!self.is_users(word) && !self.espeak.contains_key(word)).then_some(found)
    }

    /// Returns true if the user's lexicon has the word.
    fn is_users(&self, word: &str) -> bool {
        self.lexicon.as_ref().is_some_and(|lexicon| lexicon.get(word).is_some())
    }

    /// Adds espeak-ng's pronunciations of words as written by [`normalize`](crate::normalize()); they
    /// override everything but the user's lexicon.
    pub fn take_from_espeak(&mut self, words: impl IntoIterator<Item = (String, Vec<Phone>)>) {
        self.espeak.extend(words);
    }

    /// Pronounces a word as if neither the lexicon nor the dictionary had it.
    ///
    /// On known words, this measures the accuracy of the other steps.
    #[must_use]
    pub fn guess(&self, word: &str) -> Pronunciation {
        let word = fold::word(word);
        Known { pronouncer: self, hidden: Some(&word) }.pronounce(&word)
    }
}

/// Returns the rows of CMUdict that are wrong, corrected.
fn corrections() -> &'static Lexicon {
    static CORRECTIONS: LazyLock<Lexicon> = LazyLock::new(|| {
        Lexicon::parse("corrections.txt", include_str!("../data/corrections.txt"))
            .expect("the tests read the corrections")
    });
    &CORRECTIONS
}

/// Words available to the rules: all except a hidden one.
#[derive(Clone, Copy)]
struct Known<'a> {
    pronouncer: &'a Pronouncer,
    hidden: Option<&'a str>,
}

impl Known<'_> {
    /// Looks up a word in the lexicon or the dictionary.
    fn get(&self, word: &str) -> Option<Pronunciation> {
        if self.hidden == Some(word) {
            return None;
        }
        let user = self.pronouncer.lexicon.as_ref().and_then(|lexicon| lexicon.get(word)?.first());
        if let Some(phones) = user {
            return Some(Pronunciation { phones: phones.clone(), source: Source::User });
        }
        let corrected = corrections().get(word).and_then(|variants| variants.first().cloned());
        let phones = if let Some(phones) = corrected {
            phones
        } else {
            let row = self.pronouncer.dictionary.first(word)?;
            self.possessive(word, &row).unwrap_or(row)
        };
        Some(Pronunciation { phones, source: Source::Dictionary })
    }

    /// Derives a possessive whose row of the dictionary does not begin with its word: `speculators'`, `hank's`.
    fn possessive(&self, word: &str, row: &[Phone]) -> Option<Vec<Phone>> {
        let base = morphology::without_possessive(word).filter(|base| base.len() > 1)?;
        let known = self.get(base)?.phones;
        let said = if word.ends_with('s') { morphology::with_s(known.clone()) } else { known.clone() };
        let same = |left: &[Phone], right: &[Phone]| {
            left.iter()
                .map(|phone| phone.without_stress())
                .eq(right.iter().map(|phone| phone.without_stress()))
        };
        // "James'" may have another "s", or not.
        let longer = !word.ends_with('s') && row.len() > known.len() && same(&row[..known.len()], &known);
        (!longer && !same(row, &said)).then_some(said)
    }

    /// Tries every step in order.
    fn pronounce(&self, word: &str) -> Pronunciation {
        if let Some(known) = self.get(word) {
            return known;
        }
        if let Some(base) = morphology::without_possessive(word) {
            let Pronunciation { phones, source } = self.pronounce(base);
            let phones = if word.ends_with('s') { morphology::with_s(phones) } else { phones };
            return Pronunciation { phones, source: source.max(Source::Morphology) };
        }
        if word.contains('-') {
            return self.pronounce_parts(word);
        }
        if let Some(phones) = letters::spelled_out(word) {
            return Pronunciation { phones, source: Source::Letters };
        }
        let known = |base: &str| self.get(base).map(|known| known.phones);
        if let Some(phones) = british::as_american(word, known).or_else(|| morphology::derive(word, known)) {
            return Pronunciation { phones, source: Source::Morphology };
        }
        let say = |word: &str| self.pronouncer.guesses.say(word);
        if let Some(phones) = pinyin::say(word).or_else(|| classical::name(word, say)) {
            return Pronunciation { phones, source: Source::Model };
        }
        let phones = say(word);
        if phones.is_empty() {
            // The network predicts that all letters are silent.
            return Pronunciation { phones: letters::names(word), source: Source::Letters };
        }
        let same = |joined: &Vec<Phone>| {
            joined
                .iter()
                .map(|phone| phone.without_stress())
                .eq(phones.iter().map(|phone| phone.without_stress()))
        };
        // For a compound of two known words, the network is right more often than its parts, above all about
        // stress; if both agree, the result is more than a guess.
        let compound = compound::join(word, known).is_some_and(|joined| same(&joined));
        Pronunciation { phones, source: if compound { Source::Compound } else { Source::Model } }
    }

    /// Pronounces the parts between hyphens in turn; a lone `a` at either end is the letter, and heteronyms get
    /// the reading that fits the other parts.
    fn pronounce_parts(&self, word: &str) -> Pronunciation {
        let parts = heteronym::parts_as_text(word);
        let mut whole = Pronunciation { phones: Vec::new(), source: Source::Compound };
        for (index, Token { text: part, .. }) in parts.iter().enumerate() {
            let at_end = index == 0 || index + 1 == parts.len();
            let context = Context::new("", &parts, index);
            if let Some(found) = self.pronouncer.heteronym(part).filter(|_| self.hidden.is_none()) {
                whole.phones.extend(found.choose(&context).0);
            } else {
                let part = self.pronounce(if part == "a" && at_end { "a." } else { part });
                whole.phones.extend(part.phones);
                whole.source = whole.source.max(part.source);
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Error;

    fn said(pronunciation: &Pronunciation) -> String {
        pronunciation.phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_step_pronounces_its_words() {
        let pronouncer = Pronouncer::new(None);
        let cases = [
            ("the", "DH AH0", Source::Dictionary),
            ("a", "AH0", Source::Dictionary),
            ("a.", "EY1", Source::Dictionary),
            ("p.m.", "P IY1 EH1 M", Source::Dictionary),
            ("f.p.c.c.", "EH2 F P IY2 S IY2 S IY1", Source::Letters),
            ("prs", "P IY2 AA2 R EH1 S", Source::Letters),
            ("f.p.c.c.'s", "EH2 F P IY2 S IY2 S IY1 Z", Source::Letters),
            ("turnkeys'", "T ER1 N K IY2 Z", Source::Morphology),
            ("turnkey's", "T ER1 N K IY2 Z", Source::Morphology),
            ("twenty-seven", "T W EH1 N T IY0 S EH1 V AH0 N", Source::Compound),
            ("a-bomb-a", "EY1 B AA1 M EY1", Source::Compound),
            ("roominghouse", "R UW1 M IH0 NG HH AW2 S", Source::Compound),
            ("Café", "K AH0 F EY1", Source::Dictionary),
        ];
        for (word, phones, source) in cases {
            let pronunciation = pronouncer.pronounce(word);
            assert_eq!((said(&pronunciation).as_str(), pronunciation.source), (phones, source), "{word}");
        }
    }

    #[test]
    fn corrections_replace_rows_of_the_dictionary() {
        let pronouncer = Pronouncer::new(None);
        for (word, variants) in corrections().iter() {
            let row = pronouncer.dictionary.first(word);
            assert!(row.is_some_and(|row| row != variants[0]), "`{word}` needs no correction");
            let pronunciation = pronouncer.pronounce(word);
            assert_eq!(
                (&pronunciation.phones, pronunciation.source),
                (&variants[0], Source::Dictionary),
                "{word}"
            );
        }
        // Each is what its parts say.
        for word in ["twenty-one", "three-dimensional", "step-by-step"] {
            assert_eq!(
                without_stress(&pronouncer.pronounce(word)),
                without_stress(&pronouncer.guess(word)),
                "{word}"
            );
        }
        for word in ["gdp", "gps", "jfk", "kpmg"] {
            let letters: Vec<String> = word.chars().map(|letter| format!("{letter}.")).collect();
            let named = pronouncer.pronounce(&letters.concat());
            assert_eq!(without_stress(&pronouncer.pronounce(word)), without_stress(&named), "{word}");
        }
    }

    /// Returns the phones without their stress.
    fn without_stress(pronunciation: &Pronunciation) -> Vec<&str> {
        pronunciation.phones.iter().map(|phone| phone.without_stress()).collect()
    }

    #[test]
    fn user_words_come_first_and_carry_over() -> Result<(), Error> {
        let lexicon = Lexicon::parse("words", "the  DH IY1\nhidell  HH AY0 D EH1 L")?;
        let pronouncer = Pronouncer::new(Some(lexicon));
        assert_eq!(said(&pronouncer.pronounce("the")), "DH IY1");
        assert_eq!(said(&pronouncer.pronounce("hidell's")), "HH AY0 D EH1 L Z");
        assert_eq!(pronouncer.pronounce("hidell-like").source, Source::Compound);
        assert_ne!(said(&pronouncer.guess("hidell")), "HH AY0 D EH1 L");
        Ok(())
    }

    #[test]
    fn strings_without_letters_have_no_phones() {
        for text in ["", "'", "--", ".", "12", "😀"] {
            assert_eq!(said(&Pronouncer::new(None).pronounce(text)), "", "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn every_word_is_pronounced(word in "[a-z'.-]{0,6}[a-z][a-z'.-]{0,12}") {
            let pronouncer = Pronouncer::new(None);
            prop_assert!(!pronouncer.pronounce(&word).phones.is_empty());
            prop_assert!(!pronouncer.guess(&word).phones.is_empty());
        }

        #[test]
        fn any_string_is_tolerated(text in ".{0,20}") {
            let letters = fold::word(&text).bytes().any(|byte| byte.is_ascii_lowercase());
            let pronouncer = Pronouncer::new(None);
            prop_assert_eq!(letters, !pronouncer.pronounce(&text).phones.is_empty());
            prop_assert_eq!(letters, !pronouncer.guess(&text).phones.is_empty());
        }
    }
}
