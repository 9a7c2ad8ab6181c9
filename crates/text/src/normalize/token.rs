//! Result of normalization.

use std::fmt;
use std::ops::Range;

use crate::symbol::Punctuation;

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word to pronounce.
    Word,
    /// A punctuation mark.
    Punctuation {
        /// Class of the mark.
        mark: Punctuation,
        /// True if it belongs to the next word, like an opening quotation mark or bracket.
        opens: bool,
    },
}

/// Word or punctuation mark of the normalized text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Word in lowercase ASCII, or the mark.
    ///
    /// Phones that the text gives are a word in braces: `{HH AH0 L OW1}`. Words may contain apostrophes and hyphens. Letters that are spoken by name are followed by full stops:
    /// `a.`, `f.b.i.`.
    pub text: String,
    /// Word or punctuation.
    pub kind: TokenKind,
    /// Bytes of the source that it came from; words of one number share them.
    pub span: Range<usize>,
}

/// Character that is neither spoken nor a punctuation mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The character.
    pub character: char,
    /// Its bytes in the source.
    pub span: Range<usize>,
}

/// Text as it is spoken.
///
/// [`Display`](fmt::Display) writes the sentence: single spaces between words, marks attached to their words,
/// spaces around dashes. Normalizing that sentence again gives the same words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalized {
    /// Words and marks, in order.
    pub tokens: Vec<Token>,
    /// Dropped characters, in order, so that nothing is lost silently; white space is not counted.
    pub dropped: Vec<Dropped>,
}

impl Normalized {
    /// Iterates over the words, in order.
    pub fn words(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(|token| token.kind == TokenKind::Word)
    }
}

impl fmt::Display for Normalized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut attach = true;
        for (index, token) in self.tokens.iter().enumerate() {
            let (attaches_left, attaches_right) = match token.kind {
                TokenKind::Word | TokenKind::Punctuation { mark: Punctuation::Dash, .. } => (false, false),
                TokenKind::Punctuation { opens, .. } => (!opens, opens),
            };
            if !(attach || attaches_left) {
                f.write_str(" ")?;
            }
            // The last full stop of "p.m." also ends the sentence.
            if !(token.text == "." && self.ends_after_letters(index)) {
                f.write_str(&token.text)?;
            }
            attach = attaches_right;
        }
        Ok(())
    }
}

impl Normalized {
    /// Returns true if the token at `index` follows letters with full stops and no word comes after it.
    fn ends_after_letters(&self, index: usize) -> bool {
        let letters = index.checked_sub(1).is_some_and(|before| {
            let before = &self.tokens[before];
            before.kind == TokenKind::Word && before.text.ends_with('.')
        });
        letters && self.tokens[index..].iter().all(|token| token.kind != TokenKind::Word)
    }
}
