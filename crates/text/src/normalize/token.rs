//! What normalisation returns.

use std::fmt;
use std::ops::Range;

use crate::symbol::Punctuation;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word to pronounce.
    Word,
    /// A punctuation mark.
    Punctuation {
        /// Its class.
        mark: Punctuation,
        /// Whether it belongs to the word behind it, as an opening quotation mark or bracket does.
        opens: bool,
    },
}

/// A word or a punctuation mark of the normalised text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// A word in lower-case ASCII, or the mark.
    ///
    /// A word may hold apostrophes and hyphens. Letters that are spoken by their names are followed by full stops:
    /// `a.`, `f.b.i.`.
    pub text: String,
    /// Word or punctuation.
    pub kind: TokenKind,
    /// The bytes of the source that it came from; words of one number share them.
    pub span: Range<usize>,
}

/// A character that is neither spoken nor a punctuation mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The character.
    pub character: char,
    /// Its bytes in the source.
    pub span: Range<usize>,
}

/// A text as it is spoken.
///
/// [`Display`](fmt::Display) gives the sentence: words with single spaces, marks attached to their words, dashes
/// between spaces. Normalising that sentence again gives the same words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalized {
    /// Words and marks in order.
    pub tokens: Vec<Token>,
    /// What was left out, in order, so that nothing vanishes silently; white space is not counted.
    pub dropped: Vec<Dropped>,
}

impl Normalized {
    /// The words, in order.
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
            // The last full stop of "p.m." ends the sentence as well.
            if !(token.text == "." && self.ends_behind_letters(index)) {
                f.write_str(&token.text)?;
            }
            attach = attaches_right;
        }
        Ok(())
    }
}

impl Normalized {
    /// Whether the token at `index` stands behind letters with full stops, and no word follows.
    fn ends_behind_letters(&self, index: usize) -> bool {
        let letters = index.checked_sub(1).is_some_and(|before| {
            let before = &self.tokens[before];
            before.kind == TokenKind::Word && before.text.ends_with('.')
        });
        letters && self.tokens[index..].iter().all(|token| token.kind != TokenKind::Word)
    }
}
