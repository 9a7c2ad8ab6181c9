//! Dates: the day beside a month, `25 July`, `2016-11-03`, `01.10.2010`, `11/17/05`.

use super::Style;
use super::cursor::{Cursor, Reading, is_capitalized, is_one_of};
use super::verbalize::{by_hundreds, ordinal, two_digit_year};

pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Abbreviations of months, and the place of the month in the year, from 0.
const SHORT: [(&str, usize); 12] = [
    ("jan", 0),
    ("feb", 1),
    ("mar", 2),
    ("apr", 3),
    ("jun", 5),
    ("jul", 6),
    ("aug", 7),
    ("sep", 8),
    ("sept", 8),
    ("oct", 9),
    ("nov", 10),
    ("dec", 11),
];
/// Months that are words too: in lowercase they need a year behind them.
const WORDS: [&str; 3] = ["march", "may", "mar"];

/// Returns the month that letters name or abbreviate.
pub(super) fn month(letters: &str) -> Option<&'static str> {
    let full = MONTHS.iter().find(|month| month.eq_ignore_ascii_case(letters));
    let short = || SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(letters));
    full.copied().or_else(|| short().map(|(_, place)| MONTHS[*place]))
}

/// Returns true if letters are a month wherever they stand beside a number.
pub(super) fn is_month(letters: &str) -> bool {
    month(letters).is_some() && (is_capitalized(letters) || !is_one_of(letters, &WORDS))
}

/// Reads a day before its month: `25 July`, `25th Jul.`, `3-5 May`, `the 27th April`.
pub(super) fn day_and_month(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    if cursor.style == Style::LjSpeech {
        return None;
    }
    let (mut end, first) = day(cursor, at)?;
    if let Some(date) = dashed_month(cursor, end, first) {
        return Some(date);
    }
    let mut last = None;
    if matches!(cursor.byte(end), b'-' | b'/') {
        let (after, day) = day(cursor, end + 1)?;
        (end, last) = (after, Some(day));
    }
    let start = end + usize::from(cursor.byte(end) == b' ');
    let letters = cursor.letters(start);
    let name = month(letters).filter(|_| start > end)?;
    let after = start + letters.len();
    let year = cursor.digits(cursor.skip_spaces(after)).len() == 4;
    let is_name = is_capitalized(letters) || year || !is_one_of(letters, &WORDS);
    if !is_name || matches!(cursor.byte(after), b'\'' | b'-') {
        return None;
    }
    let abbreviated = letters.len() < name.len() && cursor.byte(after) == b'.';
    let article = if cursor.word_before(at).eq_ignore_ascii_case("the") { "" } else { "the " };
    let days = match last {
        Some(last) => format!("{article}{} to the {}", ordinal(first), ordinal(last)),
        None => format!("{article}{}", ordinal(first)),
    };
    let phrase = format!("{days} of {name}");
    Some(Reading { end: after + usize::from(abbreviated), phrase, full_stop: abbreviated })
}

/// Reads the rest of `15-Jan-2020` and `15-Jan` behind its day.
fn dashed_month(cursor: Cursor<'_>, at: usize, day: u64) -> Option<Reading> {
    let letters = cursor.letters(at + 1);
    let name = month(letters).filter(|_| cursor.byte(at) == b'-' && is_capitalized(letters))?;
    let (end, year) = dashed_year(cursor, at + 1 + letters.len())?;
    Some(Reading::new(end, format!("the {} of {name}{year}", ordinal(day))))
}

/// Reads `Jan-15-2020` and `Jan-15`.
pub(super) fn dashed_date(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let name = month(letters).filter(|_| is_capitalized(letters) && cursor.style != Style::LjSpeech)?;
    let dash = at + letters.len();
    let (after, day) = day(cursor, dash + 1).filter(|_| cursor.byte(dash) == b'-')?;
    let (end, year) = dashed_year(cursor, after)?;
    Some(Reading::new(end, format!("{name} {}{year}", ordinal(day))))
}

/// Reads `-2020` or nothing behind a date with hyphens; `None` if anything else is joined to it.
fn dashed_year(cursor: Cursor<'_>, at: usize) -> Option<(usize, String)> {
    let digits = if cursor.byte(at) == b'-' { cursor.digits(at + 1) } else { "" };
    let (end, year) = match digits.len() {
        4 => (at + 5, format!(" {}", by_hundreds(digits.parse().ok()?))),
        2 => (at + 3, format!(" {}", two_digit_year(digits.parse().ok()?))),
        _ => (at, String::new()),
    };
    let goes_on = cursor.byte(end).is_ascii_alphanumeric() || matches!(cursor.byte(end), b'-' | b'/');
    (!goes_on).then_some((end, year))
}

/// Reads `2Q22` and `3Q2019`: the quarter of a year.
pub(super) fn quarter(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let number: u64 = cursor.digits(at).parse().ok().filter(|number| (1..=4).contains(number))?;
    let year = cursor.digits(at + 2);
    let value = year.parse().ok().filter(|_| cursor.byte(at + 1) == b'Q')?;
    let year_words = match year.len() {
        2 => two_digit_year(value),
        4 => by_hundreds(value),
        _ => return None,
    };
    let end = at + 2 + year.len();
    let article = if is_one_of(cursor.word_before(at), &["the"]) { "" } else { "the " };
    let phrase = format!("{article}{} quarter of {year_words}", ordinal(number));
    (!cursor.byte(end).is_ascii_alphanumeric()).then(|| Reading::new(end, phrase))
}

/// Reads a day behind its month, `July 25` or `May 3-5`, unless it counts something.
pub(super) fn day_of_month(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let before = cursor.word_before(at);
    if cursor.style == Style::LjSpeech || !is_month(before) || cursor.byte_before(at) != b' ' {
        return None;
    }
    let (mut end, first) = day(cursor, at)?;
    let mut phrase = ordinal(first);
    if cursor.byte(end) == b'-'
        && let Some((after, last)) = day(cursor, end + 1)
    {
        (end, phrase) = (after, format!("{phrase} to {}", ordinal(last)));
    }
    let goes_on = matches!(cursor.byte(end), b':' | b'%' | b'/' | b'-' | b'\'' | b'$')
        || matches!(cursor.byte(end), b'.' | b',') && cursor.byte(end + 1).is_ascii_digit();
    let half = is_one_of(cursor.next_word(end), &["am", "pm", "percent"]);
    (!goes_on && !half && !super::number::is_counted(cursor.next_word(end)))
        .then(|| Reading::new(end, phrase))
}

/// Parses a day of a month with its ending, if it has one.
fn day(cursor: Cursor<'_>, at: usize) -> Option<(usize, u64)> {
    let digits = cursor.digits(at);
    let value = digits.parse().ok().filter(|day| digits.len() <= 2 && (1..=31).contains(day))?;
    let end = at + digits.len();
    let ending = cursor.letters(end);
    match ending {
        "" => Some((end, value)),
        "st" | "nd" | "rd" | "th" => Some((end + 2, value)),
        _ => None,
    }
}

/// Reads three numbers as a date: year, month, day, or month, day, year, or day, month, year if nothing else is
/// possible.
pub(super) fn of_numbers(parts: &[&str]) -> Option<String> {
    let [first, second, third] = parts else { return None };
    let lengths = [first.len(), second.len(), third.len()];
    let [a, b, c] = [first, second, third].map(|part| part.parse::<u64>().unwrap_or(0));
    let named = |month: u64, day: u64| {
        let known =
            (1..=31).contains(&day).then(|| MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?))??;
        Some((*known, ordinal(day)))
    };
    match lengths {
        [4, 1 | 2, 1 | 2] if (1000..2200).contains(&a) => {
            let (month, day) = named(b, c)?;
            Some(format!("{month} {day} {}", by_hundreds(a)))
        }
        [1 | 2, 1 | 2, digits @ (2 | 4)] => {
            let year = if digits == 4 { by_hundreds(c) } else { two_digit_year(c) };
            match named(a, b) {
                Some((month, day)) => Some(format!("{month} {day} {year}")),
                None => named(b, a).map(|(month, day)| format!("the {day} of {month} {year}")),
            }
        }
        _ => None,
    }
}
