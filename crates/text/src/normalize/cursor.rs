//! Look-around in the folded text.

use super::Style;
use super::fold::GIVEN;

/// Result of a rule at one position.
pub(crate) struct Reading {
    /// Position after its last byte.
    pub(crate) end: usize,
    /// Words, separated by spaces.
    pub(crate) phrase: String,
    /// True if its last byte is a full stop that also ends the sentence at the end of the text.
    pub(crate) full_stop: bool,
}

impl Reading {
    /// Creates a reading that does not end in a full stop.
    pub(crate) fn new(end: usize, phrase: impl Into<String>) -> Self {
        Self { end, phrase: phrase.into(), full_stop: false }
    }
}

/// Folded text with total look-ups: beyond its ends there is a zero byte.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    /// True if case carries no information: no letter is lowercase, and there are several words.
    pub(crate) shouted: bool,
    /// True if the position is between single quotation marks, so that a bare apostrophe closes them.
    pub(crate) quoted: bool,
    /// Manner of reading.
    pub(crate) style: Style,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, style: Style) -> Self {
        let shouted = !text.bytes().any(|byte| byte.is_ascii_lowercase())
            && text.split(' ').filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic())).count() > 1;
        Self { text, shouted, quoted: false, style }
    }

    pub(crate) fn byte(self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub(crate) fn byte_before(self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |before| self.byte(before))
    }

    /// Returns the longest run of bytes from `at` that satisfy `accept`.
    pub(crate) fn run(self, at: usize, accept: impl Fn(&u8) -> bool) -> &'a str {
        let rest = self.text.get(at..).unwrap_or("");
        &rest[..rest.bytes().take_while(accept).count()]
    }

    pub(crate) fn digits(self, at: usize) -> &'a str {
        self.run(at, u8::is_ascii_digit)
    }

    pub(crate) fn letters(self, at: usize) -> &'a str {
        self.run(at, u8::is_ascii_alphabetic)
    }

    /// Returns the first position from `at` that is not a space.
    pub(crate) fn skip_spaces(self, at: usize) -> usize {
        at + self.run(at, |byte| *byte == b' ').len()
    }

    /// Returns the letters of the word after spaces; empty if something else comes first.
    pub(crate) fn next_word(self, at: usize) -> &'a str {
        self.letters(self.skip_spaces(at))
    }

    /// Returns the letters of the word before spaces and full stops; empty if something else comes first.
    pub(crate) fn word_before(self, at: usize) -> &'a str {
        let before = self.text[..at].trim_end_matches([' ', '.']);
        let start = before.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        &before[before.len() - start..]
    }

    /// Returns true if no letters, digits or given words follow `at`.
    pub(crate) fn is_last(self, at: usize) -> bool {
        !self.text.bytes().skip(at).any(|byte| byte.is_ascii_alphanumeric() || byte == GIVEN)
    }

    /// Returns true if a sentence or a quotation begins at `at`.
    pub(crate) fn begins_sentence(self, at: usize) -> bool {
        let before = self.text[..at].trim_end_matches(' ');
        matches!(before.bytes().last(), None | Some(b'.' | b'?' | b'!' | b':' | b'"' | b'(' | b'['))
    }
}

/// Returns true if a word begins with a capital.
pub(crate) fn is_capitalized(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase())
}

/// Returns true for a capitalized word that is not all capitals.
pub(crate) fn is_name(word: &str) -> bool {
    is_capitalized(word) && word.bytes().skip(1).all(|letter| letter.is_ascii_lowercase()) && word.len() > 1
}

/// Returns true if a word is in a list, ignoring case.
pub(crate) fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|candidate| candidate.eq_ignore_ascii_case(word))
}
