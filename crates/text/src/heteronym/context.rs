//! Context of a word.

use crate::normalize::{Token, TokenKind};
use crate::symbol::Punctuation;

/// Reach of a search for related words, in words to either side.
const NEAR: usize = 6;

/// Returns the parts of a hyphenated word as a text of its own.
pub(crate) fn parts_as_text(word: &str) -> Vec<Token> {
    let parts = word.split('-').filter(|part| !part.is_empty());
    parts.map(|part| Token { text: part.to_owned(), kind: TokenKind::Word, span: 0..0 }).collect()
}

/// Word of a normalized text and its surroundings.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    tokens: &'a [Token],
    at: usize,
    source: &'a str,
}

impl<'a> Context<'a> {
    /// Creates the context of the word `tokens[at]` of a text.
    pub(crate) fn new(source: &'a str, tokens: &'a [Token], at: usize) -> Self {
        Self { tokens, at, source }
    }

    /// Returns the word itself.
    pub(crate) fn word(&self) -> &'a str {
        self.tokens.get(self.at).map_or("", |token| &token.text)
    }

    /// Returns the word as written in the source.
    pub(crate) fn written(&self) -> &'a str {
        self.tokens.get(self.at).and_then(|token| self.source.get(token.span.clone())).unwrap_or("")
    }

    /// Returns the word or mark at a distance, negative to the left; empty beyond the ends of the text.
    pub(super) fn token(&self, offset: isize) -> &'a str {
        self.token_at(offset).map_or("", |token| &token.text)
    }

    /// Returns the word or mark at a distance as written in the source.
    pub(super) fn written_at(&self, offset: isize) -> &'a str {
        self.token_at(offset).and_then(|token| self.source.get(token.span.clone())).unwrap_or("")
    }

    fn token_at(&self, offset: isize) -> Option<&'a Token> {
        self.at.checked_add_signed(offset).and_then(|at| self.tokens.get(at))
    }

    /// Returns the `number`th word before it, from 1; empty beyond a pause or the start.
    pub(crate) fn before(&self, number: usize) -> &'a str {
        let before = self.tokens.get(..self.at).unwrap_or_default();
        in_clause(before.iter().rev()).nth(number.wrapping_sub(1)).unwrap_or("")
    }

    /// Returns the `number`th word after it, from 1; empty beyond a pause or the end.
    pub(crate) fn after(&self, number: usize) -> &'a str {
        let after = self.tokens.get(self.at + 1..).unwrap_or_default();
        in_clause(after.iter()).nth(number.wrapping_sub(1)).unwrap_or("")
    }

    /// Returns true if any word nearby, even across pauses, satisfies `accept`.
    pub(crate) fn is_near(&self, accept: impl Fn(&str) -> bool) -> bool {
        let words = |tokens: &'a [Token]| tokens.iter().filter(|token| token.kind == TokenKind::Word);
        let before = words(self.tokens.get(..self.at).unwrap_or_default()).rev().take(NEAR);
        let after = words(self.tokens.get(self.at + 1..).unwrap_or_default()).take(NEAR);
        before.chain(after).any(|token| accept(&token.text))
    }

    /// Returns true if any other word of the text satisfies `accept`.
    pub(crate) fn anywhere(&self, accept: impl Fn(&str) -> bool) -> bool {
        self.tokens
            .iter()
            .enumerate()
            .any(|(at, token)| at != self.at && token.kind == TokenKind::Word && accept(&token.text))
    }

    /// Returns true if it is the first word of its sentence.
    pub(crate) fn begins_sentence(&self) -> bool {
        for token in self.tokens.get(..self.at).unwrap_or_default().iter().rev() {
            match token.kind {
                TokenKind::Word => return false,
                TokenKind::Punctuation {
                    mark: Punctuation::FullStop | Punctuation::Question | Punctuation::Exclamation,
                    ..
                } => return true,
                TokenKind::Punctuation { .. } => {}
            }
        }
        true
    }

    /// Returns true if it has a capital that its position does not explain.
    pub(crate) fn is_name(&self) -> bool {
        !self.begins_sentence() && self.written().starts_with(char::is_uppercase)
    }

    /// Returns true if the next word is capitalized.
    pub(crate) fn name_follows(&self) -> bool {
        self.tokens
            .get(self.at + 1)
            .and_then(|token| self.source.get(token.span.clone()))
            .is_some_and(|written| written.starts_with(char::is_uppercase))
    }
}

/// Returns the words up to the first pause; quotation marks and brackets are not pauses.
fn in_clause<'a>(tokens: impl Iterator<Item = &'a Token>) -> impl Iterator<Item = &'a str> {
    tokens
        .take_while(|token| match token.kind {
            TokenKind::Word => true,
            TokenKind::Punctuation { mark, .. } => {
                matches!(mark, Punctuation::Quote | Punctuation::OpenBracket | Punctuation::CloseBracket)
            }
        })
        .filter(|token| token.kind == TokenKind::Word)
        .map(|token| token.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::normalize;

    #[test]
    fn neighbors_end_at_a_pause() {
        let text = "Yes. He saw, \"the (old) Record there\", and";
        let normalized = normalize(text);
        let at = normalized.tokens.iter().position(|token| token.text == "record").unwrap_or(0);
        let context = Context::new(text, &normalized.tokens, at);
        assert_eq!((context.word(), context.written()), ("record", "Record"));
        assert_eq!([1, 2, 3].map(|number| context.before(number)), ["old", "the", ""]);
        assert_eq!([1, 2].map(|number| context.after(number)), ["there", ""]);
        assert!(context.is_near(|word| word == "saw") && !context.begins_sentence() && context.is_name());
    }
}
