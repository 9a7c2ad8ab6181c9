//! Phones: ARPAbet with stress on the vowels, as in CMUdict.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// All phones with their IPA, in the order of CMUdict's `cmudict.symbols`; the position is the index.
///
/// IPA values are the usual ones for General American. Without stress, `AH0` is the schwa and `ER0` its
/// r-colored counterpart, so the 69 IPA strings are distinct and the mapping is lossless.
const PHONES: [(&str, &str); Phone::COUNT] = [
    ("AA0", "ɑ"),
    ("AA1", "ˈɑ"),
    ("AA2", "ˌɑ"),
    ("AE0", "æ"),
    ("AE1", "ˈæ"),
    ("AE2", "ˌæ"),
    ("AH0", "ə"),
    ("AH1", "ˈʌ"),
    ("AH2", "ˌʌ"),
    ("AO0", "ɔ"),
    ("AO1", "ˈɔ"),
    ("AO2", "ˌɔ"),
    ("AW0", "aʊ"),
    ("AW1", "ˈaʊ"),
    ("AW2", "ˌaʊ"),
    ("AY0", "aɪ"),
    ("AY1", "ˈaɪ"),
    ("AY2", "ˌaɪ"),
    ("B", "b"),
    ("CH", "tʃ"),
    ("D", "d"),
    ("DH", "ð"),
    ("EH0", "ɛ"),
    ("EH1", "ˈɛ"),
    ("EH2", "ˌɛ"),
    ("ER0", "ɚ"),
    ("ER1", "ˈɝ"),
    ("ER2", "ˌɝ"),
    ("EY0", "eɪ"),
    ("EY1", "ˈeɪ"),
    ("EY2", "ˌeɪ"),
    ("F", "f"),
    ("G", "ɡ"),
    ("HH", "h"),
    ("IH0", "ɪ"),
    ("IH1", "ˈɪ"),
    ("IH2", "ˌɪ"),
    ("IY0", "i"),
    ("IY1", "ˈi"),
    ("IY2", "ˌi"),
    ("JH", "dʒ"),
    ("K", "k"),
    ("L", "l"),
    ("M", "m"),
    ("N", "n"),
    ("NG", "ŋ"),
    ("OW0", "oʊ"),
    ("OW1", "ˈoʊ"),
    ("OW2", "ˌoʊ"),
    ("OY0", "ɔɪ"),
    ("OY1", "ˈɔɪ"),
    ("OY2", "ˌɔɪ"),
    ("P", "p"),
    ("R", "ɹ"),
    ("S", "s"),
    ("SH", "ʃ"),
    ("T", "t"),
    ("TH", "θ"),
    ("UH0", "ʊ"),
    ("UH1", "ˈʊ"),
    ("UH2", "ˌʊ"),
    ("UW0", "u"),
    ("UW1", "ˈu"),
    ("UW2", "ˌu"),
    ("V", "v"),
    ("W", "w"),
    ("Y", "j"),
    ("Z", "z"),
    ("ZH", "ʒ"),
];

/// Stress of a vowel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stress {
    /// `0` in ARPAbet.
    Unstressed,
    /// `1` in ARPAbet.
    Primary,
    /// `2` in ARPAbet.
    Secondary,
}

/// One of the 69 phones of American English: 24 consonants, and 15 vowels with three stresses each.
///
/// Phones are ordered by name. Their text form is that of ARPAbet (`HH`, `AH0`).
///
/// # Examples
///
/// ```
/// use mynah_text::{Phone, Stress};
///
/// let phone: Phone = "OW1".parse()?;
/// assert_eq!(phone.stress(), Some(Stress::Primary));
/// assert_eq!(phone.without_stress(), "OW");
/// assert_eq!(phone.with_stress(Stress::Unstressed).to_string(), "OW0");
/// assert_eq!(phone.ipa(), "ˈoʊ");
/// # Ok::<(), mynah_text::Error>(())
/// ```
///
/// # References
///
/// The CMU Pronouncing Dictionary, `cmudict.symbols`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(u8);

impl Phone {
    /// Number of phones.
    pub const COUNT: usize = 69;

    /// Iterates over all phones, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    /// Returns the position in [`Phone::all`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the phone at a position of [`Phone::all`]; `None` past the end.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        (index < Self::COUNT).then_some(Self(index as u8))
    }

    /// Returns the ARPAbet name, with the stress.
    #[must_use]
    pub fn name(self) -> &'static str {
        PHONES[self.index()].0
    }

    /// Returns the name without the stress, one of 39.
    #[must_use]
    pub fn without_stress(self) -> &'static str {
        self.name().trim_end_matches(['0', '1', '2'])
    }

    /// Returns true for a vowel, which carries a stress.
    #[must_use]
    pub fn is_vowel(self) -> bool {
        self.stress().is_some()
    }

    /// Returns the stress of a vowel; `None` for a consonant.
    #[must_use]
    pub fn stress(self) -> Option<Stress> {
        match self.name().as_bytes().last() {
            Some(b'0') => Some(Stress::Unstressed),
            Some(b'1') => Some(Stress::Primary),
            Some(b'2') => Some(Stress::Secondary),
            _ => None,
        }
    }

    /// Returns the same vowel with another stress; a consonant is unchanged.
    #[must_use]
    pub fn with_stress(self, stress: Stress) -> Self {
        // The three stresses of a vowel are adjacent, in the order of the enum.
        self.stress().map_or(self, |own| Self(self.0 - own as u8 + stress as u8))
    }

    /// Returns the phone in the International Phonetic Alphabet, with the stress mark of a vowel in front.
    #[must_use]
    pub fn ipa(self) -> &'static str {
        PHONES[self.index()].1
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Phone {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        PHONES
            .binary_search_by(|(candidate, _)| (*candidate).cmp(name))
            .map(|index| Self(index as u8))
            .map_err(|_| Error::UnknownPhone { name: name.to_owned() })
    }
}

/// Parses phones separated by white space.
///
/// # Errors
///
/// Returns [`Error::UnknownPhone`] with the first invalid name.
pub fn parse_phones(line: &str) -> Result<Vec<Phone>, Error> {
    line.split_whitespace().map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_24_consonants_and_15_vowels_with_three_stresses() {
        let vowels = Phone::all().filter(|phone| phone.is_vowel()).count();
        assert_eq!((Phone::all().len() - vowels, vowels), (24, 45));
        let bases: BTreeSet<_> = Phone::all().map(Phone::without_stress).collect();
        assert_eq!(bases.len(), 39);
    }

    #[test]
    fn names_and_ipa_are_distinct_and_names_are_sorted() {
        let names: Vec<_> = Phone::all().map(Phone::name).collect();
        assert!(names.is_sorted());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), Phone::COUNT);
        assert_eq!(Phone::all().map(Phone::ipa).collect::<BTreeSet<_>>().len(), Phone::COUNT);
    }

    #[test]
    fn every_phone_survives_its_text_form_and_its_index() {
        for phone in Phone::all() {
            assert_eq!(phone.to_string().parse(), Ok(phone));
            assert_eq!(Phone::from_index(phone.index()), Some(phone));
        }
        assert_eq!(Phone::from_index(Phone::COUNT), None);
    }

    #[test]
    fn stress_changes_on_vowels_only() {
        for phone in Phone::all() {
            for stress in [Stress::Unstressed, Stress::Primary, Stress::Secondary] {
                let changed = phone.with_stress(stress);
                assert_eq!(changed.without_stress(), phone.without_stress());
                assert_eq!(changed.stress(), phone.stress().map(|_| stress));
            }
        }
    }

    #[test]
    fn rejects_other_names() {
        for name in ["", "AH", "AH3", "B0", "hh", "X", "AH0 "] {
            assert_eq!(name.parse::<Phone>(), Err(Error::UnknownPhone { name: name.to_owned() }));
        }
    }
}
