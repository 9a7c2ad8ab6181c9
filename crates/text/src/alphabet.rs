//! Notations for sequences of symbols.

mod vits;

use crate::error::Error;
use crate::phone::Phone;
use crate::symbol::Symbol;

pub use vits::{VITS_SYMBOLS, vits_ids, vits_text};

/// Lossless notation for a sequence of symbols.
///
/// # Examples
///
/// ```
/// use mynah_text::{Alphabet, Phonemizer, Pronouncer};
///
/// let symbols = Phonemizer::new(Pronouncer::new(None)).phonemize("Hello, world.")?.symbols;
/// let spoken = &symbols[1..symbols.len() - 1];
/// assert_eq!(Alphabet::Arpabet.write(spoken), "HH AH0 L OW1 , / W ER1 L D .");
/// assert_eq!(Alphabet::Ipa.write(spoken), "h ə l ˈoʊ , / w ˈɝ l d .");
/// assert_eq!(Alphabet::Vits.write(spoken), "həlˈoʊ, wˈɜːld.");
/// assert_eq!(Alphabet::Vits.read("həlˈoʊ, wˈɜːld.")?, spoken);
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Alphabet {
    /// ARPAbet with stress digits, separated by spaces.
    #[default]
    Arpabet,
    /// The International Phonetic Alphabet with stress marks before the vowels, separated by spaces.
    Ipa,
    /// The characters of VITS, without separators; see [`vits_text`].
    Vits,
}

impl Alphabet {
    /// Writes the symbols in one line.
    ///
    /// [`Alphabet::Vits`] omits `<unk>`, `<mask>`, `<bos>` and `<eos>`, which have no character.
    #[must_use]
    pub fn write(self, symbols: &[Symbol]) -> String {
        let names: Vec<&str> = match self {
            Self::Vits => return vits_text(symbols),
            Self::Arpabet => symbols.iter().map(|symbol| symbol.name()).collect(),
            Self::Ipa => symbols
                .iter()
                .map(|symbol| symbol.phone().map_or_else(|| symbol.name(), Phone::ipa))
                .collect(),
        };
        names.join(" ")
    }

    /// Reads a line written by [`Alphabet::write`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownSymbol`] with the first part that is not a symbol.
    pub fn read(self, line: &str) -> Result<Vec<Symbol>, Error> {
        match self {
            Self::Vits => vits::read(line),
            Self::Arpabet => line.split_whitespace().map(str::parse).collect(),
            Self::Ipa => line.split_whitespace().map(read_ipa).collect(),
        }
    }
}

fn read_ipa(name: &str) -> Result<Symbol, Error> {
    let phone = Phone::all().find(|phone| phone.ipa() == name).map(Symbol::Phone);
    let other = || name.parse().ok().filter(|symbol: &Symbol| symbol.phone().is_none());
    phone.or_else(other).ok_or_else(|| Error::UnknownSymbol { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Generates sequences of all symbols, or of those that have a character in VITS.
    fn sequence(alphabet: Alphabet) -> impl Strategy<Value = Vec<Symbol>> {
        let silent = [Symbol::Unknown, Symbol::Mask, Symbol::Begin, Symbol::End];
        let symbols: Vec<Symbol> =
            Symbol::all().filter(|symbol| alphabet != Alphabet::Vits || !silent.contains(symbol)).collect();
        vec(proptest::sample::select(symbols), 0..24)
    }

    fn round_trip(alphabet: Alphabet, symbols: &[Symbol]) {
        let line = alphabet.write(symbols);
        assert_eq!(alphabet.read(&line).as_deref(), Ok(symbols), "{line}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn arpabet_is_lossless(symbols in sequence(Alphabet::Arpabet)) {
            round_trip(Alphabet::Arpabet, &symbols);
        }

        #[test]
        fn ipa_is_lossless(symbols in sequence(Alphabet::Ipa)) {
            round_trip(Alphabet::Ipa, &symbols);
        }

        #[test]
        fn vits_is_lossless(symbols in sequence(Alphabet::Vits)) {
            round_trip(Alphabet::Vits, &symbols);
        }
    }

    #[test]
    fn tells_sequences_of_two_and_three_symbols_apart() {
        let spoken: Vec<Symbol> = Phone::all().map(Symbol::Phone).chain([Symbol::Boundary]).collect();
        for first in &spoken {
            for second in &spoken {
                for third in &spoken {
                    round_trip(Alphabet::Vits, &[*first, *second, *third]);
                }
            }
        }
    }

    #[test]
    fn rejects_unknown_symbols() {
        for (alphabet, line, name) in [
            (Alphabet::Arpabet, "HH AH", "AH"),
            (Alphabet::Ipa, "h HH", "HH"),
            (Alphabet::Ipa, "h ˈə", "ˈə"),
            (Alphabet::Vits, "həQ", "Q"),
            (Alphabet::Vits, "ˈt", "ˈt"),
        ] {
            assert_eq!(alphabet.read(line), Err(Error::UnknownSymbol { name: name.to_owned() }), "{line}");
        }
    }
}
