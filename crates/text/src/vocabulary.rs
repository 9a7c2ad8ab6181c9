//! Mapping of symbols to model input numbers.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::symbol::Symbol;

/// Identifiers of the symbols, as in `vocabulary.json`.
///
/// An identifier is the position in the file. A vocabulary may contain a subset of the symbols, in any order,
/// but always contains `<pad>` and `<unk>`: lookup is total, and missing symbols become `<unk>`.
///
/// # Examples
///
/// ```
/// use mynah_text::{Symbol, Vocabulary};
///
/// let vocabulary = Vocabulary::arpabet();
/// assert_eq!(vocabulary.id(Symbol::Pad), 0);
/// assert_eq!(vocabulary.symbol(vocabulary.id(Symbol::Boundary)), Some(Symbol::Boundary));
/// assert_eq!(Vocabulary::from_json(&vocabulary.to_json())?, vocabulary);
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    symbols: Vec<Symbol>,
    /// Identifiers by [`Symbol::index`]; that of `<unk>` for missing symbols.
    ids: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    symbols: Vec<String>,
}

impl Vocabulary {
    /// Creates a vocabulary of all symbols, in the order of [`Symbol::all`].
    #[must_use]
    pub fn arpabet() -> Self {
        Self { symbols: Symbol::all().collect(), ids: (0..Symbol::COUNT as u32).collect() }
    }

    /// Reads the JSON written by [`Vocabulary::to_json`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::Vocabulary`] if it is not JSON of that form, if it contains a symbol twice or an
    /// unknown one, or if it lacks `<pad>` or `<unk>`.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let file: File = serde_json::from_str(json).map_err(|error| unusable(&error))?;
        let mut symbols = Vec::with_capacity(file.symbols.len());
        let mut ids = vec![None; Symbol::COUNT];
        for name in &file.symbols {
            let symbol: Symbol = name.parse().map_err(|error| unusable(&error))?;
            if ids[symbol.index()].replace(symbols.len() as u32).is_some() {
                return Err(unusable(&format_args!("`{name}` occurs twice")));
            }
            symbols.push(symbol);
        }
        let unknown = ids[Symbol::Unknown.index()].ok_or_else(|| unusable(&"it lacks `<unk>`"))?;
        if ids[Symbol::Pad.index()].is_none() {
            return Err(unusable(&"it lacks `<pad>`"));
        }
        Ok(Self { symbols, ids: ids.into_iter().map(|id| id.unwrap_or(unknown)).collect() })
    }

    /// Writes the content of `vocabulary.json`: one object with the names in the order of their identifiers.
    ///
    /// # Panics
    ///
    /// Never: names are strings.
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = File { symbols: self.symbols.iter().map(ToString::to_string).collect() };
        serde_json::to_string_pretty(&file).expect("strings serialize to JSON") + "\n"
    }

    /// Returns the identifier of a symbol; that of `<unk>` if the vocabulary lacks it.
    #[must_use]
    pub fn id(&self, symbol: Symbol) -> u32 {
        self.ids[symbol.index()]
    }

    /// Returns the identifiers of a sequence.
    #[must_use]
    pub fn ids(&self, symbols: &[Symbol]) -> Vec<u32> {
        symbols.iter().map(|&symbol| self.id(symbol)).collect()
    }

    /// Returns the symbol with an identifier; `None` past the end.
    #[must_use]
    pub fn symbol(&self, id: u32) -> Option<Symbol> {
        self.symbols.get(id as usize).copied()
    }

    /// Returns the number of symbols.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a vocabulary is never empty: it contains `<pad>` and `<unk>`"
    )]
    pub fn len(&self) -> usize {
        self.symbols.len()
    }
}

fn unusable(why: &dyn std::fmt::Display) -> Error {
    Error::Vocabulary { why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_positions_and_survive_json() {
        let vocabulary = Vocabulary::arpabet();
        assert_eq!(vocabulary.len(), 85);
        for (position, symbol) in Symbol::all().enumerate() {
            assert_eq!(vocabulary.id(symbol), position as u32);
            assert_eq!(vocabulary.symbol(position as u32), Some(symbol));
        }
        assert_eq!(vocabulary.symbol(85), None);
        assert_eq!(Vocabulary::from_json(&vocabulary.to_json()), Ok(vocabulary));
    }

    #[test]
    fn missing_symbols_become_unknown() -> Result<(), Error> {
        let vocabulary = Vocabulary::from_json(r#"{"symbols": ["B", "<unk>", "<pad>"]}"#)?;
        let ids =
            ["B", "<unk>", "<pad>", "D", "."].map(|name| name.parse().map(|symbol| vocabulary.id(symbol)));
        assert_eq!(ids, [Ok(0), Ok(1), Ok(2), Ok(1), Ok(1)]);
        Ok(())
    }

    #[test]
    fn rejects_invalid_vocabularies_with_the_reason() {
        let cases = [
            (r#"{"symbols": ["<pad>", "<unk>", "B", "B"]}"#, "`B` occurs twice"),
            (r#"{"symbols": ["<pad>", "<unk>", "Q"]}"#, "`Q` is not a phone"),
            (r#"{"symbols": ["<pad>", "B"]}"#, "it lacks `<unk>`"),
            (r#"{"symbols": ["<unk>", "B"]}"#, "it lacks `<pad>`"),
            (r#"{"symbols": ["<unk>", "<pad>"], "size": 2}"#, "unknown field `size`"),
            ("[]", "invalid length"),
        ];
        for (json, why) in cases {
            let message = Vocabulary::from_json(json).expect_err(json).to_string();
            assert!(message.contains(why), "{json}: {message}");
        }
    }
}
