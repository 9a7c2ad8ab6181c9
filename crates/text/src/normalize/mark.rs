//! Punctuation marks and signs.

use super::cursor::{Cursor, Reading, is_one_of};
use super::money::{is_currency, name_of};
use super::number::Quantity;
use crate::symbol::Punctuation;

/// Interpretation of a mark or sign.
pub(crate) enum Mark {
    /// Punctuation up to `end`.
    Punctuation { mark: Punctuation, opens: bool, end: usize },
    /// A sign that is spoken.
    Spoken(Reading),
    /// A single byte to drop.
    Nothing,
}

/// State of the quotation marks: which are open.
#[derive(Default)]
pub(crate) struct Quotes {
    double: bool,
    pub(crate) single: bool,
}

/// Reads the mark or sign at `at`.
///
/// Two or more dots, spaced or not, are a comma before a lowercase letter and a full stop elsewhere. A hyphen
/// that ends a word before "and", "or" or "to" is silent; any other standalone hyphen is a dash.
pub(crate) fn mark(cursor: Cursor<'_>, at: usize, quotes: &mut Quotes) -> Mark {
    let plain = |mark| Mark::Punctuation { mark, opens: false, end: at + 1 };
    let spoken = |phrase: &str| Mark::Spoken(Reading::new(at + 1, phrase));
    match cursor.byte(at) {
        b',' => plain(Punctuation::Comma),
        b';' => plain(Punctuation::Semicolon),
        b':' => plain(Punctuation::Colon),
        b'?' => plain(Punctuation::Question),
        b'!' => plain(Punctuation::Exclamation),
        b'.' => full_stop(cursor, at),
        b'-' => dash(cursor, at),
        b'"' => double_quote(cursor, at, at + 1, quotes),
        b'\'' if cursor.byte(at + 1) == b'\'' => double_quote(cursor, at, at + 2, quotes),
        b'\'' => single_quote(cursor, at, quotes),
        b'(' | b'[' | b'{' => Mark::Punctuation { mark: Punctuation::OpenBracket, opens: true, end: at + 1 },
        b')' | b']' | b'}' => plain(Punctuation::CloseBracket),
        b'&' if cursor.letters(at + 1) == "c" => {
            let stop = usize::from(cursor.byte(at + 2) == b'.');
            Mark::Spoken(Reading { end: at + 2 + stop, phrase: "et cetera".to_owned(), full_stop: stop == 1 })
        }
        b'&' => spoken("and"),
        b'+' => spoken("plus"),
        b'=' => spoken("equals"),
        b'%' => spoken("percent"),
        b'@' => spoken("at"),
        b'*' if is_between_numbers(cursor, at) => spoken("times"),
        b'~' if starts_amount(cursor, cursor.skip_spaces(at + 1)) => spoken("about"),
        b'<' if is_between_words(cursor, at) => spoken("less than"),
        b'>' if is_between_words(cursor, at) => spoken("greater than"),
        byte => name_of(byte)
            .filter(|_| !cursor.byte_before(at).is_ascii_alphanumeric())
            .map_or(Mark::Nothing, spoken),
    }
}

/// Returns the mark that remains of two adjacent ones: the one that ends more.
pub(crate) fn stronger(left: Punctuation, right: Punctuation) -> Punctuation {
    let strength = |mark| match mark {
        Punctuation::Question => 6,
        Punctuation::Exclamation => 5,
        Punctuation::FullStop => 4,
        Punctuation::Semicolon => 3,
        Punctuation::Colon => 2,
        Punctuation::Dash => 1,
        _ => 0,
    };
    if strength(right) > strength(left) { right } else { left }
}

fn full_stop(cursor: Cursor<'_>, at: usize) -> Mark {
    let mut end = at + 1;
    let mut ellipsis = false;
    loop {
        let next = cursor.skip_spaces(end);
        let decimal = next > end && cursor.byte(next + 1).is_ascii_digit();
        if cursor.byte(next) != b'.' || decimal {
            break;
        }
        ellipsis = true;
        end = next + 1;
    }
    let goes_on = cursor.byte(cursor.skip_spaces(end)).is_ascii_lowercase();
    let mark = if ellipsis && goes_on { Punctuation::Comma } else { Punctuation::FullStop };
    Mark::Punctuation { mark, opens: false, end }
}

fn dash(cursor: Cursor<'_>, at: usize) -> Mark {
    let hyphens = cursor.run(at, |byte| *byte == b'-').len();
    let suspended = hyphens == 1
        && cursor.byte_before(at).is_ascii_alphanumeric()
        && is_one_of(cursor.next_word(at + 1), &["and", "or", "to"]);
    if suspended {
        return Mark::Nothing;
    }
    if hyphens == 1 && is_range(cursor, at) {
        return Mark::Spoken(Reading::new(at + 1, "to"));
    }
    if hyphens == 1 && is_between_numbers(cursor, at) && equals_follows(cursor, at + 1) {
        return Mark::Spoken(Reading::new(at + 1, "minus"));
    }
    Mark::Punctuation { mark: Punctuation::Dash, opens: false, end: at + hyphens }
}

/// Returns true between two amounts: `1960s-80s`, `$250-$300`, `5pm-7 pm`, `4 am - 8 pm`.
fn is_range(cursor: Cursor<'_>, at: usize) -> bool {
    let amount = |at| cursor.byte(at).is_ascii_digit() || is_currency(cursor.byte(at));
    let before = &cursor.text.as_bytes()[..at];
    let joined = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b',' | b'%');
    let start = at - before.iter().rev().take_while(joined).count();
    let half = is_one_of(cursor.word_before(at), &["am", "pm", "m"]);
    start < at && cursor.byte(start).is_ascii_digit() && amount(at + 1)
        || half && cursor.byte(cursor.skip_spaces(at + 1)).is_ascii_digit()
}

/// Returns true for a sign with a digit before and behind it, with or without spaces.
fn is_between_numbers(cursor: Cursor<'_>, at: usize) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    digit(cursor.text[..at].trim_end_matches(' ').as_bytes().last())
        && cursor.byte(cursor.skip_spaces(at + 1)).is_ascii_digit()
}

/// Returns true for a sign with spaces around it and a letter or a digit on either side.
fn is_between_words(cursor: Cursor<'_>, at: usize) -> bool {
    let before = cursor.text[..at].trim_end_matches(' ').as_bytes().last();
    cursor.byte_before(at) == b' '
        && cursor.byte(at + 1) == b' '
        && before.is_some_and(u8::is_ascii_alphanumeric)
        && cursor.byte(cursor.skip_spaces(at + 1)).is_ascii_alphanumeric()
}

/// Returns true if a number or a sum of money begins at a position.
fn starts_amount(cursor: Cursor<'_>, at: usize) -> bool {
    cursor.byte(at).is_ascii_digit() || is_currency(cursor.byte(at)) && cursor.byte(at + 1).is_ascii_digit()
}

/// Returns true if a number and an equals sign follow.
fn equals_follows(cursor: Cursor<'_>, at: usize) -> bool {
    let number = Quantity::parse(cursor, cursor.skip_spaces(at));
    number.is_some_and(|number| cursor.byte(cursor.skip_spaces(number.end)) == b'=')
}

fn double_quote(cursor: Cursor<'_>, at: usize, end: usize, quotes: &mut Quotes) -> Mark {
    let free_before = matches!(cursor.byte_before(at), 0 | b' ' | b'(' | b'[' | b'-' | b'\'');
    let free_after = matches!(cursor.byte(end), 0 | b' ');
    let opens = free_before && (!free_after || !quotes.double);
    quotes.double = opens;
    Mark::Punctuation { mark: Punctuation::Quote, opens, end }
}

fn single_quote(cursor: Cursor<'_>, at: usize, quotes: &mut Quotes) -> Mark {
    let free_before = matches!(cursor.byte_before(at), 0 | b' ' | b'(' | b'[' | b'-' | b'"');
    if free_before && cursor.byte(at + 1).is_ascii_alphanumeric() {
        quotes.single = true;
        return Mark::Punctuation { mark: Punctuation::Quote, opens: true, end: at + 1 };
    }
    if quotes.single {
        quotes.single = false;
        return Mark::Punctuation { mark: Punctuation::Quote, opens: false, end: at + 1 };
    }
    Mark::Nothing
}
