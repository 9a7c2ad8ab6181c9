//! The words around a place.

use crate::normalize::{Token, TokenKind};
use crate::symbol::Punctuation;

/// How far a search for company goes, in words to either side.
const NEAR: usize = 6;

/// A word of a normalised text with its surroundings.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    tokens: &'a [Token],
    at: usize,
    source: &'a str,
}

impl<'a> Context<'a> {
    /// The word `tokens[at]` of a text.
    pub(crate) fn new(source: &'a str, tokens: &'a [Token], at: usize) -> Self {
        Self { tokens, at, source }
    }

    /// The word itself.
    pub(crate) fn word(&self) -> &'a str {
        self.tokens.get(self.at).map_or("", |token| &token.text)
    }

    /// As it stood in the source.
    pub(crate) fn written(&self) -> &'a str {
        self.tokens.get(self.at).and_then(|token| self.source.get(token.span.clone())).unwrap_or("")
    }

    /// The `number`th word before it, from 1; empty behind a pause or at the beginning.
    pub(crate) fn before(&self, number: usize) -> &'a str {
        let before = self.tokens.get(..self.at).unwrap_or_default();
        in_clause(before.iter().rev()).nth(number.wrapping_sub(1)).unwrap_or("")
    }

    /// The `number`th word behind it, from 1; empty behind a pause or at the end.
    pub(crate) fn behind(&self, number: usize) -> &'a str {
        let behind = self.tokens.get(self.at + 1..).unwrap_or_default();
        in_clause(behind.iter()).nth(number.wrapping_sub(1)).unwrap_or("")
    }

    /// Whether any word nearby, over pauses too, satisfies `accept`.
    pub(crate) fn is_near(&self, accept: impl Fn(&str) -> bool) -> bool {
        let words = |tokens: &'a [Token]| tokens.iter().filter(|token| token.kind == TokenKind::Word);
        let before = words(self.tokens.get(..self.at).unwrap_or_default()).rev().take(NEAR);
        let behind = words(self.tokens.get(self.at + 1..).unwrap_or_default()).take(NEAR);
        before.chain(behind).any(|token| accept(&token.text))
    }

    /// Whether any other word of the text satisfies `accept`.
    pub(crate) fn anywhere(&self, accept: impl Fn(&str) -> bool) -> bool {
        self.tokens
            .iter()
            .enumerate()
            .any(|(at, token)| at != self.at && token.kind == TokenKind::Word && accept(&token.text))
    }

    /// Whether no word stands before it in its sentence.
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

    /// Whether it is written with a capital that its place does not explain.
    pub(crate) fn is_name(&self) -> bool {
        !self.begins_sentence() && self.written().starts_with(char::is_uppercase)
    }

    /// Whether the word behind it is written with a capital.
    pub(crate) fn name_follows(&self) -> bool {
        self.tokens
            .get(self.at + 1)
            .and_then(|token| self.source.get(token.span.clone()))
            .is_some_and(|written| written.starts_with(char::is_uppercase))
    }
}

/// The words up to the first pause; quotation marks and brackets are none.
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
    fn neighbours_end_at_a_pause() {
        let text = "Yes. He saw, \"the (old) Record there\", and";
        let normalized = normalize(text);
        let at = normalized.tokens.iter().position(|token| token.text == "record").unwrap_or(0);
        let context = Context::new(text, &normalized.tokens, at);
        assert_eq!((context.word(), context.written()), ("record", "Record"));
        assert_eq!([1, 2, 3].map(|number| context.before(number)), ["old", "the", ""]);
        assert_eq!([1, 2].map(|number| context.behind(number)), ["there", ""]);
        assert!(context.is_near(|word| word == "saw") && !context.begins_sentence() && context.is_name());
    }
}
