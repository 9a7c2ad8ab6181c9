//! Numbers separated by slashes: `3/4`, `5 1/2`, `11/22/63`, `24/7`.

use super::Style;
use super::cursor::{Cursor, Reading, is_one_of};
use super::date::of_numbers;
use super::number::{join_word, part_of_date};
use super::unit::unit_after;
use super::verbalize::{cardinal, fraction, improper, ordinal, plural};

/// Reads `3/4`, `5 1/2` (its second half), `11/22/63`, `24/7`.
pub(super) fn slashed(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let mut parts = vec![cursor.digits(at)];
    let mut end = at + parts[0].len();
    while cursor.byte(end) == b'/' && cursor.byte(end + 1).is_ascii_digit() {
        let part = cursor.digits(end + 1);
        parts.push(part);
        end += 1 + part.len();
    }
    let suffix = cursor.letters(end);
    let phrase = match parts.as_slice() {
        [_] => return None,
        ["9", "11"] => "nine eleven".to_owned(),
        // `1/4th` names its part by the ordinal.
        [numerator, denominator] if is_one_of(suffix, &["th", "ths", "rd", "rds"]) => {
            end += suffix.len();
            let (numerator, denominator) = (numerator.parse().ok()?, denominator.parse().ok()?);
            let part = ordinal(denominator);
            format!("{} {}", cardinal(numerator), if numerator == 1 { part } else { plural(&part) })
        }
        parts if let Some(date) = of_numbers(parts).filter(|_| cursor.style != Style::LjSpeech) => date,
        [numerator, denominator] => {
            let named = numerator.parse().ok().zip(denominator.parse().ok());
            // `08/09` are two numbers.
            let named = named.filter(|_| !numerator.starts_with('0') && !denominator.starts_with('0'));
            let whole = cursor.byte_before(at) == b' ' && cursor.byte_before(at - 1).is_ascii_digit();
            let named = named.and_then(|(n, d)| {
                // Up to 12, the first number may be a month: `5/2`.
                let beyond = cursor.style != Style::LjSpeech && (whole || n > 12) && (n, d) != (24, 7);
                fraction(n, d).or_else(|| if beyond { improper(n, d) } else { None })
            });
            let half = whole && [numerator, denominator] == [&"1", &"2"] && cursor.style != Style::LjSpeech;
            match named {
                Some(_) if half => "and a half".to_owned(),
                Some(named) if whole => format!("and {named}"),
                Some(named) => named,
                None => format!("{} {}", part_of_date(numerator), part_of_date(denominator)),
            }
        }
        parts => parts.iter().map(|part| part_of_date(part)).collect::<Vec<_>>().join(" "),
    };
    if let Some(unit) = unit_after(cursor, end, false) {
        return Some(Reading { phrase: format!("{phrase} {}", unit.phrase), ..unit });
    }
    Some(join_word(cursor, end, phrase))
}
