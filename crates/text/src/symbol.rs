//! Model input: phones, punctuation, word boundaries and special symbols.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::phone::Phone;

/// The ten classes into which punctuation is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Punctuation {
    /// `,`
    Comma,
    /// `.`, and an ellipsis that ends a sentence.
    FullStop,
    /// `;`
    Semicolon,
    /// `:`
    Colon,
    /// `?`
    Question,
    /// `!`
    Exclamation,
    /// `-`: a dash of any length between words, never a hyphen inside one.
    Dash,
    /// `"`: a quotation mark of any shape, opening or closing.
    Quote,
    /// `(`, and every other opening bracket.
    OpenBracket,
    /// `)`, and every other closing bracket.
    CloseBracket,
}

impl Punctuation {
    /// All classes, in the order of `vocabulary.json`.
    pub const ALL: [Self; 10] = [
        Self::Comma,
        Self::FullStop,
        Self::Semicolon,
        Self::Colon,
        Self::Question,
        Self::Exclamation,
        Self::Dash,
        Self::Quote,
        Self::OpenBracket,
        Self::CloseBracket,
    ];

    /// Returns the text form, one ASCII character.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::FullStop => ".",
            Self::Semicolon => ";",
            Self::Colon => ":",
            Self::Question => "?",
            Self::Exclamation => "!",
            Self::Dash => "-",
            Self::Quote => "\"",
            Self::OpenBracket => "(",
            Self::CloseBracket => ")",
        }
    }
}

impl fmt::Display for Punctuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Symbol of the model's input.
///
/// The text forms are `<pad>`, `<unk>`, `<mask>`, `<bos>`, `<eos>`, `/`, the punctuation marks and the
/// phones' ARPAbet names. They are distinct and contain no white space, so a sequence can be written as a
/// line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbol {
    /// Padding of the short sequences of a batch.
    Pad,
    /// Substitute for symbols missing from a vocabulary.
    Unknown,
    /// Substitute for a symbol hidden in pre-training.
    Mask,
    /// Beginning of every sequence.
    Begin,
    /// End of every sequence.
    End,
    /// Boundary between two words.
    Boundary,
    /// A punctuation mark.
    Punctuation(Punctuation),
    /// A phone.
    Phone(Phone),
}

impl Symbol {
    /// Number of symbols.
    pub const COUNT: usize = Self::SPECIAL.len() + Punctuation::ALL.len() + Phone::COUNT;

    const SPECIAL: [Self; 6] = [Self::Pad, Self::Unknown, Self::Mask, Self::Begin, Self::End, Self::Boundary];

    /// Iterates over all symbols: the special ones, the boundary, punctuation, phones.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::SPECIAL
            .into_iter()
            .chain(Punctuation::ALL.into_iter().map(Self::Punctuation))
            .chain(Phone::all().map(Self::Phone))
    }

    /// Returns the position in [`Symbol::all`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Pad => 0,
            Self::Unknown => 1,
            Self::Mask => 2,
            Self::Begin => 3,
            Self::End => 4,
            Self::Boundary => 5,
            Self::Punctuation(mark) => Self::SPECIAL.len() + mark as usize,
            Self::Phone(phone) => Self::SPECIAL.len() + Punctuation::ALL.len() + phone.index(),
        }
    }

    /// Returns the text form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pad => "<pad>",
            Self::Unknown => "<unk>",
            Self::Mask => "<mask>",
            Self::Begin => "<bos>",
            Self::End => "<eos>",
            Self::Boundary => "/",
            Self::Punctuation(mark) => mark.name(),
            Self::Phone(phone) => phone.name(),
        }
    }

    /// Returns the phone, if the symbol is one.
    #[must_use]
    pub fn phone(self) -> Option<Phone> {
        match self {
            Self::Phone(phone) => Some(phone),
            _ => None,
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Symbol {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::SPECIAL
            .into_iter()
            .chain(Punctuation::ALL.into_iter().map(Self::Punctuation))
            .find(|symbol| symbol.name() == name)
            .or_else(|| name.parse().ok().map(Self::Phone))
            .ok_or_else(|| Error::UnknownSymbol { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_survives_its_text_form() {
        for symbol in Symbol::all() {
            assert_eq!(symbol.to_string().parse(), Ok(symbol));
            assert!(!symbol.name().contains(char::is_whitespace) && !symbol.name().is_empty());
        }
    }

    #[test]
    fn indices_count_through_the_symbols() {
        assert!(Symbol::all().map(Symbol::index).eq(0..Symbol::COUNT));
    }

    #[test]
    fn rejects_other_names() {
        for name in ["", "<PAD>", "AH", "'", "//", "…"] {
            assert_eq!(name.parse::<Symbol>(), Err(Error::UnknownSymbol { name: name.to_owned() }));
        }
    }
}
