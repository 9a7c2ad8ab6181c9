//! The pass over the text.

use std::ops::Range;

use super::cursor::{Cursor, Reading};
use super::fold::{Folded, fold};
use super::mark::{Mark, Quotes, mark, stronger};
use super::money::money;
use super::number::number;
use super::token::{Dropped, Normalized, Token, TokenKind};
use super::word::word;
use crate::symbol::Punctuation;

/// Rewrites a text as it is spoken.
///
/// Numbers, sums of money, abbreviations and signs become words; letters lose case and accents; punctuation is folded
/// into ten classes and marks side by side into the strongest of them. The text may be anything: what cannot be spoken
/// is listed in [`Normalized::dropped`], and an empty text has no tokens.
///
/// # Examples
///
/// ```
/// use mynah_text::normalize;
///
/// let normalized = normalize("Mr. Buxton paid £30 on the 27th April, 1810…");
/// assert_eq!(
///     normalized.to_string(),
///     "mister buxton paid thirty pounds on the twenty-seventh april, eighteen ten."
/// );
/// assert_eq!(normalize("✓ done").dropped[0].character, '✓');
/// ```
#[must_use]
pub fn normalize(text: &str) -> Normalized {
    let mut scan = Scan { source: text, folded: fold(text), quotes: Quotes::default(), tokens: Vec::new() };
    let folded = std::mem::take(&mut scan.folded.text);
    let mut cursor = Cursor::new(&folded);
    let mut at = 0;
    while at < folded.len() {
        if cursor.byte(at) == b' ' {
            at += 1;
            continue;
        }
        cursor.quoted = scan.quotes.single;
        let reading = money(cursor, at).or_else(|| number(cursor, at)).or_else(|| word(cursor, at));
        at = match reading {
            Some(reading) => scan.push_words(cursor, at, &reading),
            None => scan.push_mark(cursor, at),
        };
    }
    let mut dropped = scan.folded.dropped;
    dropped.sort_by_key(|dropped| dropped.span.start);
    dropped.dedup();
    Normalized { tokens: scan.tokens, dropped }
}

struct Scan<'a> {
    source: &'a str,
    folded: Folded,
    quotes: Quotes,
    tokens: Vec<Token>,
}

impl Scan<'_> {
    /// Appends the words of a reading and, at the end of the text, the full stop that it holds.
    fn push_words(&mut self, cursor: Cursor<'_>, at: usize, reading: &Reading) -> usize {
        let span = self.folded.span(at..reading.end);
        for word in reading.phrase.split(' ') {
            self.tokens.push(Token { text: word.to_owned(), kind: TokenKind::Word, span: span.clone() });
        }
        if reading.full_stop && cursor.is_last(reading.end) {
            let span = self.folded.span(reading.end - 1..reading.end);
            self.push_punctuation(Punctuation::FullStop, false, span);
        }
        reading.end
    }

    /// Appends what a mark or sign stands for, or records that it is left out.
    fn push_mark(&mut self, cursor: Cursor<'_>, at: usize) -> usize {
        match mark(cursor, at, &mut self.quotes) {
            Mark::Punctuation { mark, opens, end } => {
                let span = self.folded.span(at..end);
                self.push_punctuation(mark, opens, span);
                end
            }
            Mark::Spoken(reading) => self.push_words(cursor, at, &reading),
            Mark::Nothing => {
                let span = self.folded.span(at..at + 1);
                let character = self.source.get(span.clone()).and_then(|text| text.chars().next());
                self.folded.dropped.extend(character.map(|character| Dropped { character, span }));
                at + 1
            }
        }
    }

    /// Appends a mark, or merges it into an equal or weaker one that stands directly before it.
    fn push_punctuation(&mut self, mark: Punctuation, opens: bool, span: Range<usize>) {
        let pauses =
            |mark| !matches!(mark, Punctuation::Quote | Punctuation::OpenBracket | Punctuation::CloseBracket);
        if let Some(Token { text, kind: TokenKind::Punctuation { mark: last, opens: same }, span: whole }) =
            self.tokens.last_mut()
        {
            let repeated = *last == mark && *same == opens;
            if repeated || pauses(*last) && pauses(mark) {
                *last = stronger(*last, mark);
                *text = last.to_string();
                whole.end = span.end;
                return;
            }
        }
        self.tokens.push(Token {
            text: mark.to_string(),
            kind: TokenKind::Punctuation { mark, opens },
            span,
        });
    }
}
