//! Text to model input symbols.

use std::fmt;
use std::ops::Range;

use crate::alphabet::Alphabet;
use crate::error::Error;
use crate::heteronym::Context;
use crate::normalize::{Dropped, Normalizer, TokenKind};
use crate::pronounce::{Pronouncer, Pronunciation};
use crate::symbol::Symbol;

/// Spoken word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as written by [`normalize`](crate::normalize()).
    pub text: String,
    /// Bytes of the source that it came from.
    pub span: Range<usize>,
    /// Its pronunciation.
    pub pronunciation: Pronunciation,
}

/// Text as symbols.
///
/// The sequence begins with `<bos>` and ends with `<eos>`. There is exactly one boundary between two words,
/// with or without punctuation. A mark follows its word before the boundary; an opening quotation mark or
/// bracket precedes its word after the boundary:
///
/// ```text
/// <bos> HH AH0 L OW1 , / " W ER1 L D " . <eos>
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phonemized {
    /// Sentence as it is spoken.
    pub normalized: String,
    /// Symbol sequence.
    pub symbols: Vec<Symbol>,
    /// Position in `words` of the word that each symbol is a phone of.
    pub word_index: Vec<Option<u32>>,
    /// Words, in order.
    pub words: Vec<Word>,
    /// Dropped characters.
    pub dropped: Vec<Dropped>,
}

impl Phonemized {
    /// Returns the symbols between `<bos>` and `<eos>`.
    #[must_use]
    pub fn spoken(&self) -> &[Symbol] {
        let inner = self.symbols.strip_prefix(&[Symbol::Begin]).unwrap_or(&self.symbols);
        inner.strip_suffix(&[Symbol::End]).unwrap_or(inner)
    }

    /// Writes the symbols between `<bos>` and `<eos>` in one line.
    #[must_use]
    pub fn line(&self, alphabet: Alphabet) -> String {
        alphabet.write(self.spoken())
    }
}

impl fmt::Display for Phonemized {
    /// Writes the line in ARPAbet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Alphabet::Arpabet))
    }
}

/// Converter from texts to symbols.
///
/// # Examples
///
/// ```
/// use mynah_text::{Alphabet, Phonemizer, Pronouncer};
///
/// let phonemizer = Phonemizer::new(Pronouncer::new(None));
/// let phonemized = phonemizer.phonemize("Hello, world.")?;
/// assert_eq!(phonemized.to_string(), "HH AH0 L OW1 , / W ER1 L D .");
/// assert_eq!(phonemized.line(Alphabet::Ipa), "h ə l ˈoʊ , / w ˈɝ l d .");
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug)]
pub struct Phonemizer {
    pronouncer: Pronouncer,
    normalizer: Normalizer,
}

impl Phonemizer {
    /// Creates a phonemizer that uses `pronouncer` for its words.
    #[must_use]
    pub fn new(pronouncer: Pronouncer) -> Self {
        Self::with_normalizer(pronouncer, Normalizer::default())
    }

    /// Creates a phonemizer that also has a style and rules of its own for texts.
    #[must_use]
    pub fn with_normalizer(pronouncer: Pronouncer, normalizer: Normalizer) -> Self {
        Self { pronouncer, normalizer }
    }

    /// Returns the normalizer.
    #[must_use]
    pub fn normalizer(&self) -> &Normalizer {
        &self.normalizer
    }

    /// Returns the pronouncer for modification.
    #[must_use]
    pub fn pronouncer_mut(&mut self) -> &mut Pronouncer {
        &mut self.pronouncer
    }

    /// Normalizes a text and pronounces its words.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NothingToSpeak`] if no words remain, and [`Error::GivenPhones`] if the text gives phones in
    /// place of a word that are none.
    pub fn phonemize(&self, text: &str) -> Result<Phonemized, Error> {
        Normalizer::check(text)?;
        let normalized = self.normalizer.normalize(text);
        let (mut symbols, mut word_index) = (vec![Symbol::Begin], vec![None]);
        let mut push = |symbol, word: Option<u32>| {
            symbols.push(symbol);
            word_index.push(word);
        };
        let mut between = Between::new(Vec::new());
        let mut words = Vec::new();
        for (at, token) in normalized.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Word => {
                    let context = Context::new(text, &normalized.tokens, at);
                    let pronunciation = self.pronouncer.pronounce_in(&context);
                    let index = between.word(|symbol| push(symbol, None));
                    for phone in &pronunciation.phones {
                        push(Symbol::Phone(*phone), Some(index));
                    }
                    words.push(Word { text: token.text.clone(), span: token.span.clone(), pronunciation });
                }
                TokenKind::Punctuation { mark, opens } => {
                    between.mark(Symbol::Punctuation(mark), opens, |symbol| push(symbol, None));
                }
            }
        }
        if words.is_empty() {
            return Err(Error::NothingToSpeak { text: text.to_owned() });
        }
        between.end(|symbol| push(symbol, None));
        push(Symbol::End, None);
        let normalized_text = normalized.to_string();
        Ok(Phonemized {
            normalized: normalized_text,
            symbols,
            word_index,
            words,
            dropped: normalized.dropped,
        })
    }
}

/// Symbols between words: a boundary, and the marks on either side of it.
pub(crate) struct Between {
    words: u32,
    /// Opening marks that wait for the boundary before the next word.
    opening: Vec<Symbol>,
}

impl Between {
    /// Starts a text; `room` is cleared and reused.
    pub(crate) fn new(mut room: Vec<Symbol>) -> Self {
        room.clear();
        Self { words: 0, opening: room }
    }

    /// Emits the symbols before the next word, and returns the word's number.
    pub(crate) fn word(&mut self, mut push: impl FnMut(Symbol)) -> u32 {
        if self.words > 0 {
            push(Symbol::Boundary);
        }
        self.opening.drain(..).for_each(push);
        self.words += 1;
        self.words - 1
    }

    /// Emits a mark, or keeps it for the next word.
    pub(crate) fn mark(&mut self, mark: Symbol, opens: bool, mut push: impl FnMut(Symbol)) {
        if opens {
            self.opening.push(mark);
        } else {
            // Opening marks without a word in between belong here too.
            self.opening.drain(..).for_each(&mut push);
            push(mark);
        }
    }

    /// Emits what is left at the end of the text, and returns the buffer.
    pub(crate) fn end(mut self, push: impl FnMut(Symbol)) -> Vec<Symbol> {
        self.opening.drain(..).for_each(push);
        self.opening
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pronounce::Source;

    fn phonemizer() -> Phonemizer {
        Phonemizer::new(Pronouncer::new(None))
    }

    #[test]
    fn puts_one_boundary_between_two_words() {
        let cases = [
            ("Hello, world.", "HH AH0 L OW1 , / W ER1 L D ."),
            ("\"No,\" (he) said", "\" N OW1 , \" / ( HH IY1 ) / S EH1 D"),
            ("no -- yes", "N OW1 - / Y EH1 S"),
            ("no (\"yes\")", "N OW1 / ( \" Y EH1 S \" )"),
            ("no \"", "N OW1 \""),
            ("...No", ". N OW1"),
            ("A 2", "AH0 / T UW1"),
        ];
        for (text, expected) in cases {
            let phonemized = phonemizer().phonemize(text).expect(text);
            assert_eq!(phonemized.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn symbols_know_their_words() -> Result<(), Error> {
        let text = "Mr. Hidell's £2!";
        let Phonemized { normalized, symbols, word_index, words, dropped } = phonemizer().phonemize(text)?;
        assert_eq!(normalized, "mister hidell's two pounds!");
        assert_eq!(symbols.len(), word_index.len());
        assert_eq!((symbols.first(), symbols.last()), (Some(&Symbol::Begin), Some(&Symbol::End)));
        assert!(dropped.is_empty());
        let places: Vec<_> =
            words.iter().map(|word| (&text[word.span.clone()], word.pronunciation.source)).collect();
        let known = Source::Dictionary;
        assert_eq!(places, [("Mr.", known), ("Hidell's", Source::Model), ("£2", known), ("£2", known)]);
        for (number, word) in words.iter().enumerate() {
            let of_word = symbols.iter().zip(&word_index).filter(|(_, index)| **index == Some(number as u32));
            assert!(
                of_word.map(|(symbol, _)| symbol.phone()).eq(word
                    .pronunciation
                    .phones
                    .iter()
                    .copied()
                    .map(Some))
            );
        }
        Ok(())
    }

    #[test]
    fn rejects_a_text_without_words() {
        for text in ["", " ... ", "😀"] {
            assert_eq!(phonemizer().phonemize(text), Err(Error::NothingToSpeak { text: text.to_owned() }));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_text_is_phones_with_single_boundaries_inside_or_an_error(text in ".{0,60}") {
            if let Ok(Phonemized { symbols, word_index, words, .. }) = phonemizer().phonemize(&text) {
                let boundaries = symbols.iter().filter(|symbol| **symbol == Symbol::Boundary).count();
                prop_assert_eq!(boundaries, words.len() - 1);
                for (symbol, index) in symbols.iter().zip(&word_index) {
                    prop_assert_eq!(symbol.phone().is_some(), index.is_some());
                }
                prop_assert!(word_index.iter().flatten().is_sorted());
            }
        }
    }
}
