//! Looking around in the folded text.

/// What a rule reads at one place.
pub(crate) struct Reading {
    /// The first byte behind it.
    pub(crate) end: usize,
    /// The words, separated by spaces.
    pub(crate) phrase: String,
    /// Whether its last byte is a full stop that also ends the sentence where the text ends.
    pub(crate) full_stop: bool,
}

impl Reading {
    /// A reading that does not end in a full stop.
    pub(crate) fn new(end: usize, phrase: impl Into<String>) -> Self {
        Self { end, phrase: phrase.into(), full_stop: false }
    }
}

/// The folded text, with look-ups that are total: beyond its ends there is a zero byte.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    /// Whether case carries no information: no letter is lower-case, and there are several words.
    pub(crate) shouted: bool,
    /// Whether the place is between single quotation marks, so that a bare apostrophe closes them.
    pub(crate) quoted: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let shouted = !text.bytes().any(|byte| byte.is_ascii_lowercase())
            && text.split(' ').filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic())).count() > 1;
        Self { text, shouted, quoted: false }
    }

    pub(crate) fn byte(self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub(crate) fn byte_before(self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |before| self.byte(before))
    }

    /// The longest run from `at` of bytes that satisfy `accept`.
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

    /// The first place from `at` on that is not a space.
    pub(crate) fn skip_spaces(self, at: usize) -> usize {
        at + self.run(at, |byte| *byte == b' ').len()
    }

    /// The word behind spaces, as letters; empty where something else comes first.
    pub(crate) fn next_word(self, at: usize) -> &'a str {
        self.letters(self.skip_spaces(at))
    }

    /// The word before spaces and full stops, as letters; empty where something else comes first.
    pub(crate) fn word_before(self, at: usize) -> &'a str {
        let before = self.text[..at].trim_end_matches([' ', '.']);
        let start = before.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        &before[before.len() - start..]
    }

    /// Whether no letter or digit follows from `at` on.
    pub(crate) fn is_last(self, at: usize) -> bool {
        !self.text.bytes().skip(at).any(|byte| byte.is_ascii_alphanumeric())
    }

    /// Whether a sentence or a quotation begins at `at`.
    pub(crate) fn begins_sentence(self, at: usize) -> bool {
        let before = self.text[..at].trim_end_matches(' ');
        matches!(before.bytes().last(), None | Some(b'.' | b'?' | b'!' | b':' | b'"' | b'(' | b'['))
    }
}

/// Whether a word begins with a capital.
pub(crate) fn is_capitalized(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase())
}

/// Whether a word is one of a list, whatever its case.
pub(crate) fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|candidate| candidate.eq_ignore_ascii_case(word))
}
