//! Numbers in running text.

use super::Style;
use super::cursor::{Cursor, Reading, is_capitalized, is_one_of};
use super::date::{day_and_month, day_of_month, is_month, of_numbers, quarter};
use super::fraction::slashed;
use super::street::{is_address, is_after_state};
use super::telephone::{freephone, telephone};
use super::time::{half_of_day, time};
use super::unit::{by, measure, unit_after};
use super::verbalize::{
    by_hundreds, cardinal, cardinal_of, grouped_cardinal, ordinal, plural, spelled, two_digit_year,
};
use super::word;

const YEARS: std::ops::Range<u64> = 1100..2100;
/// Years only where a word marks them as such: `in 1066`.
const OLD_YEARS: std::ops::Range<u64> = 1001..1100;
/// Years after "the" that name an event even before a plural: `the 1979 floods`.
const YEARS_OF_EVENTS: std::ops::Range<u64> = 1700..2100;
/// Words that mark the number after them as a year.
const BEFORE_YEARS: [&str; 17] = [
    "in", "since", "by", "until", "till", "from", "during", "before", "after", "year", "circa", "early",
    "late", "spring", "summer", "autumn", "winter",
];
/// Words that end in "s" without being plurals of anything countable.
const NO_PLURALS: [&str; 20] = [
    "is",
    "was",
    "as",
    "has",
    "his",
    "its",
    "this",
    "thus",
    "does",
    "us",
    "yes",
    "always",
    "perhaps",
    "towards",
    "besides",
    "sometimes",
    "census",
    "basis",
    "crisis",
    "series",
];
/// Words after which a number is a name, not a count.
const LABELS: [&str; 13] = [
    "no",
    "number",
    "page",
    "room",
    "exhibit",
    "flight",
    "highway",
    "route",
    "bus",
    "apartment",
    "suite",
    "frame",
    "IQ",
];
/// Words beside 911 as a telephone number.
const CALLS: [&str; 11] = [
    "call",
    "calls",
    "called",
    "calling",
    "dial",
    "dialed",
    "dialing",
    "caller",
    "operator",
    "dispatcher",
    "emergency",
];
/// Words before which `.38` is a caliber.
const GUNS: [&str; 6] = ["caliber", "calibre", "rifle", "pistol", "revolver", "special"];
/// Words beside the score of a game.
const SCORES: [&str; 18] = [
    "score", "scored", "won", "win", "wins", "beat", "beating", "lost", "lose", "loss", "led", "lead",
    "victory", "defeat", "defeated", "draw", "tied", "record",
];
/// Digits of a number as written.
pub(crate) struct Quantity<'a> {
    /// Integer part without thousands separators; empty if the number starts with its decimal point.
    pub(crate) integer: String,
    /// True if it had thousands separators.
    pub(crate) grouped: bool,
    /// Digits after the decimal point.
    pub(crate) fraction: Option<&'a str>,
    /// Position after its last byte.
    pub(crate) end: usize,
}

impl<'a> Quantity<'a> {
    /// Parses `1469`, `5,000`, `4.8`, `.5`.
    pub(crate) fn parse(cursor: Cursor<'a>, at: usize) -> Option<Self> {
        let mut end = at + cursor.digits(at).len();
        let mut integer = cursor.digits(at).to_owned();
        let mut grouped = false;
        if (1..=3).contains(&integer.len()) {
            while cursor.byte(end) == b',' && cursor.digits(end + 1).len() == 3 {
                integer.push_str(cursor.digits(end + 1));
                end += 4;
                grouped = true;
            }
        }
        let fraction =
            (cursor.byte(end) == b'.').then(|| cursor.digits(end + 1)).filter(|digits| !digits.is_empty());
        if integer.is_empty() && fraction.is_none() {
            return None;
        }
        end += fraction.map_or(0, |digits| digits.len() + 1);
        Some(Self { integer, grouped, fraction, end })
    }

    /// Reads the integer part as a cardinal and the decimals digit by digit.
    pub(crate) fn phrase(&self) -> String {
        match (self.integer.as_str(), self.fraction) {
            (_, None) => self.whole(),
            ("", Some(fraction)) => format!("point {}", spelled(fraction, "zero")),
            (_, Some(fraction)) => format!("{} point {}", self.whole(), spelled(fraction, "zero")),
        }
    }

    /// Reads the integer part as a cardinal.
    pub(super) fn whole(&self) -> String {
        if self.grouped { grouped_cardinal(&self.integer) } else { cardinal_of(&self.integer) }
    }

    /// Reads 1300 to 1500 by hundreds, as the reader of LJSpeech reads sums and counts.
    pub(super) fn hundreds(&self, style: Style) -> Option<String> {
        let by_hundred =
            style == Style::LjSpeech && matches!(self.integer.as_str(), "1300" | "1400" | "1500");
        by_hundred.then(|| by_hundreds(self.integer.parse().unwrap_or(0)))
    }

    /// Returns the value of a bare run of digits; `None` with separators, decimals or a leading zero.
    fn bare(&self) -> Option<u64> {
        let bare = !self.grouped && self.fraction.is_none() && !self.has_leading_zero();
        if bare { self.integer.parse().ok() } else { None }
    }

    pub(super) fn has_leading_zero(&self) -> bool {
        self.integer.len() > 1 && self.integer.starts_with('0')
    }
}

/// Reads any number that does not begin with a currency sign, including its unit or an attached word.
pub(crate) fn number(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let free = !cursor.byte_before(at).is_ascii_alphanumeric();
    let next_is_digit = cursor.byte(at + 1).is_ascii_digit();
    match cursor.byte(at) {
        b'-' if matches!(
            cursor.byte_before(at),
            0 | b' ' | b'(' | b'[' | b'"' | b'?' | b'!' | b';' | b'='
        ) && Quantity::parse(cursor, at + 1).is_some() =>
        {
            let reading = number(cursor, at + 1)?;
            Some(Reading { phrase: format!("minus {}", reading.phrase), ..reading })
        }
        b'(' if next_is_digit => telephone(cursor, at),
        b'#' if next_is_digit => {
            let reading = number(cursor, at + 1)?;
            Some(Reading { phrase: format!("number {}", reading.phrase), ..reading })
        }
        b'\'' if free && next_is_digit => short_year(cursor, at),
        b'.' if free && next_is_digit && cursor.byte_before(at) != b'.' => plain(cursor, at),
        b'0'..=b'9' => {
            let composite = day_and_month(cursor, at)
                .or_else(|| quarter(cursor, at))
                .or_else(|| freephone(cursor, at))
                .or_else(|| day_of_month(cursor, at))
                .or_else(|| dotted(cursor, at))
                .or_else(|| time(cursor, at))
                .or_else(|| slashed(cursor, at))
                .or_else(|| dashed(cursor, at))
                .or_else(|| by(cursor, at));
            composite
                .or_else(|| measure(cursor, at))
                .or_else(|| with_suffix(cursor, at))
                .or_else(|| plain(cursor, at))
        }
        _ => None,
    }
}

/// Reads `'64` → sixty-four, `'60s` → sixties.
fn short_year(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let digits = cursor.digits(at + 1);
    let end = at + 1 + digits.len();
    let year = two_digit_year(digits.parse().ok().filter(|_| digits.len() == 2)?);
    match cursor.letters(end) {
        "" => Some(Reading::new(end, year)),
        "s" => Some(Reading::new(end + 1, plural(&year))),
        _ => None,
    }
}

/// Reads numbers separated by two or more full stops: a date, a telephone number, an address of the Internet, a
/// version.
fn dotted(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let mut parts = vec![cursor.digits(at)];
    let mut end = at + parts[0].len();
    while cursor.byte(end) == b'.' && cursor.byte(end + 1).is_ascii_digit() {
        let part = cursor.digits(end + 1);
        end += 1 + part.len();
        parts.push(part);
    }
    if parts.len() < 3 || cursor.byte(end).is_ascii_alphabetic() {
        return None;
    }
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let date = of_numbers(&parts).filter(|_| lengths[2] == 4 || lengths[0] == 4);
    let one_by_one =
        |between: &str| parts.iter().map(|part| spelled(part, "zero")).collect::<Vec<_>>().join(between);
    let phrase = match (date, lengths.as_slice()) {
        (Some(date), _) => date,
        (None, [3, 3, 4]) => one_by_one(" "),
        (None, [_, _, _, _]) => one_by_one(" dot "),
        _ => parts.iter().map(|part| cardinal_of(part)).collect::<Vec<_>>().join(" point "),
    };
    Some(Reading::new(end, phrase))
}

/// Reads `10-12`, `1914-18`, `555-1234`, `1963-11-22`.
fn dashed(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let mut parts = Vec::new();
    let mut end = at;
    loop {
        let quantity = Quantity::parse(cursor, end)?;
        end = quantity.end;
        parts.push(quantity);
        if cursor.byte(end) != b'-' || !cursor.byte(end + 1).is_ascii_digit() {
            break;
        }
        end += 1;
    }
    let lengths: Vec<usize> = parts.iter().map(|part| part.integer.len()).collect();
    let phrase = match parts.as_slice() {
        [_] => return None,
        // A postal code.
        [zip, more] if lengths == [5, 4] && is_after_state(cursor, at) => {
            format!("{} {}", spelled(&zip.integer, "zero"), spelled(&more.integer, "zero"))
        }
        [from, to] if lengths != [3, 4] => {
            let year = |part: &Quantity<'_>| {
                part.bare().filter(|value| YEARS.contains(value) && unit_after(cursor, end, false).is_none())
            };
            let (from, to) = match (year(from), to.bare()) {
                (Some(from), Some(to)) if to < 100 || YEARS.contains(&to) => {
                    (by_hundreds(from), by_hundreds(to))
                }
                _ => (from.phrase(), to.phrase()),
            };
            let between = if cursor.byte(cursor.skip_spaces(end)) == b'=' {
                " minus "
            } else if is_score(cursor, at, end) && lengths.iter().all(|length| *length < 4) {
                " "
            } else {
                " to "
            };
            format!("{from}{between}{to}")
        }
        parts if let Some(date) = date_of(parts).filter(|_| cursor.style != Style::LjSpeech) => date,
        parts if lengths == [4, 2, 2] => {
            parts.iter().map(|part| part_of_date(&part.integer)).collect::<Vec<_>>().join(" ")
        }
        parts => parts.iter().map(|part| spelled(&part.integer, "zero")).collect::<Vec<_>>().join(" "),
    };
    if cursor.byte(end) == b'%' {
        return Some(Reading::new(end + 1, format!("{phrase} percent")));
    }
    if let Some(unit) = unit_after(cursor, end, false) {
        return Some(Reading { phrase: format!("{phrase} {}", unit.phrase), ..unit });
    }
    Some(join_word(cursor, end, phrase))
}

/// Reads three whole numbers, one of them a year of four digits, as a date.
fn date_of(parts: &[Quantity<'_>]) -> Option<String> {
    let whole = |part: &Quantity<'_>| part.fraction.is_none() && !part.grouped;
    let digits: Vec<&str> =
        parts.iter().filter(|part| whole(part)).map(|part| part.integer.as_str()).collect();
    let has_year = digits.len() == parts.len() && digits.iter().any(|digits| digits.len() == 4);
    of_numbers(&digits).filter(|_| has_year)
}

/// Returns true if a word nearby says that two numbers are the score of a game.
fn is_score(cursor: Cursor<'_>, at: usize, end: usize) -> bool {
    let before = cursor.text[..at].rsplit(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let after = cursor.text[end..].split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    before.take(4).chain(after.take(2)).any(|word| is_one_of(word, &SCORES))
}

pub(super) fn part_of_date(digits: &str) -> String {
    match (digits.len(), digits.parse()) {
        (4, Ok(year)) => by_hundreds(year),
        (2, Ok(value)) => two_digit_year(value),
        _ => cardinal_of(digits),
    }
}

/// Reads `27th`, `1960s`, `5pm`, `40%`.
fn with_suffix(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let quantity = Quantity::parse(cursor, at)?;
    let end = quantity.end;
    if cursor.byte(end) == b'%' {
        return Some(join_word(cursor, end + 1, format!("{} percent", quantity.phrase())));
    }
    let value: u64 = quantity.integer.parse().ok().filter(|_| quantity.fraction.is_none())?;
    let is_decade = quantity.bare().is_some_and(|value| YEARS.contains(&value) && value.is_multiple_of(10));
    let apostrophe = usize::from(cursor.byte(end) == b'\'');
    if is_decade && cursor.byte(end + apostrophe) == b' ' && cursor.next_word(end + apostrophe) == "s" {
        let after = cursor.skip_spaces(end + apostrophe) + 1;
        return Some(Reading::new(after, plural(&by_hundreds(value))));
    }
    let letters = cursor.letters(end + apostrophe);
    let after = end + apostrophe + letters.len();
    match letters {
        "st" | "nd" | "rd" | "th" | "ST" | "ND" | "RD" | "TH" if apostrophe == 0 => {
            Some(join_word(cursor, after, ordinal(value)))
        }
        "s" => {
            Some(Reading::new(after, plural(&if is_decade { by_hundreds(value) } else { cardinal(value) })))
        }
        "" if apostrophe == 0 && cursor.text.get(end..end + 3) == Some("(k)") => {
            Some(Reading::new(end + 3, format!("{} k.", spelled(&quantity.integer, "oh"))))
        }
        "am" | "pm" | "AM" | "PM" if apostrophe == 0 && value <= 12 => {
            let half = half_of_day(cursor, end)?;
            Some(Reading { phrase: format!("{} {}", cardinal(value), half.phrase), ..half })
        }
        _ => None,
    }
}

/// Reads a standalone number according to its context.
fn plain(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let quantity = Quantity::parse(cursor, at)?;
    let end = quantity.end;
    if let Some(half) = half_of_day(cursor, end).filter(|_| quantity.bare().is_some_and(|hour| hour <= 12)) {
        return Some(Reading { phrase: format!("{} {}", quantity.phrase(), half.phrase), ..half });
    }
    // A ".38" is read digit by digit.
    let joined = if cursor.byte(end) == b'-' { cursor.letters(end + 1) } else { cursor.next_word(end) };
    let phrase = match quantity.fraction {
        Some(digits) if quantity.integer.is_empty() && is_one_of(joined, &GUNS) => cardinal_of(digits),
        Some(_) => quantity.phrase(),
        None => integer(cursor, at, &quantity),
    };
    Some(join_word(cursor, end, phrase))
}

/// Reads an integer as a label, address, year, digits or count.
fn integer(cursor: Cursor<'_>, at: usize, quantity: &Quantity<'_>) -> String {
    let digits = quantity.integer.as_str();
    let before = cursor.word_before(at);
    if !quantity.grouped {
        let unrounded = digits.len() > 4 && !digits.ends_with("00");
        let place = before == "of" && is_one_of(cursor.word_before(at - 3), &["address"]) && digits.len() > 3;
        let code = match cursor.style {
            _ if place => true,
            Style::Standard => {
                digits.len() > 9
                    || digits.len() == 5 && is_after_state(cursor, at)
                    || ends_card(cursor, at, digits)
            }
            Style::LjSpeech => unrounded,
        };
        let emergency = digits == "911"
            && (is_one_of(before, &CALLS) || is_one_of(cursor.next_word(quantity.end), &CALLS));
        if quantity.has_leading_zero()
            || code
            || emergency
            || digits.len() > 2 && is_one_of(before, &["box", "zip"])
        {
            return spelled(digits, "zero");
        }
    }
    if digits.len() > 9 && is_one_of(before, &["no", "number"]) {
        return spelled(digits, "zero");
    }
    if let Some(hundreds) = quantity.hundreds(cursor.style) {
        return hundreds;
    }
    let Some(value) = quantity.bare() else { return quantity.whole() };
    let (three, four) = (digits.len() == 3, digits.len() == 4);
    let round = value.is_multiple_of(100);
    if (three || four) && is_era(cursor, quantity.end) {
        return by_hundreds(value);
    }
    if (three || four) && !round {
        if is_address(cursor, quantity.end) {
            let one_by_one = three && cursor.style == Style::LjSpeech;
            return if one_by_one { spelled(digits, "oh") } else { by_hundreds(value) };
        }
        let school = cursor.text[..at].trim_end_matches(' ').ends_with("P.S.");
        let iq = before == "of" && is_one_of(cursor.word_before(at - 3), &["IQ"]);
        if school || iq || is_one_of(before, &LABELS) || lone_capital(cursor, quantity.end) {
            return by_hundreds(value);
        }
    }
    let counted = is_counted(cursor.next_word(quantity.end));
    let early_year = three && !round && !counted && is_one_of(before, &["in", "year"]);
    if OLD_YEARS.contains(&value) && !counted && is_date(before) {
        return by_hundreds(value);
    }
    let event = before == "the" && YEARS_OF_EVENTS.contains(&value) && !round;
    if early_year || YEARS.contains(&value) && (is_date(before) || event || !counted) {
        return by_hundreds(value);
    }
    cardinal(value)
}

/// Returns true if `B.C.`, `AD` or the like follows a number.
fn is_era(cursor: Cursor<'_>, at: usize) -> bool {
    let rest = cursor.text.get(cursor.skip_spaces(at)..).unwrap_or("");
    ["B.C", "A.D", "BC", "AD", "C.E", "CE"].iter().any(|era| rest.starts_with(era))
}

/// Returns true for the last four digits of a longer number, as in `a card ending in 8876`.
fn ends_card(cursor: Cursor<'_>, at: usize, digits: &str) -> bool {
    let before = cursor.text[..at].trim_end_matches(' ');
    let verb = before.strip_suffix(" in").or_else(|| before.strip_suffix(" with"));
    let ends = |text: &str| is_one_of(cursor.word_before(text.len()), &["ending", "ends", "ended"]);
    digits.len() == 4 && !digits.starts_with("19") && !digits.starts_with("20") && verb.is_some_and(ends)
}

fn is_date(before: &str) -> bool {
    is_one_of(before, &BEFORE_YEARS) || is_month(before)
}

/// Returns true if a word is a plural that a preceding number may count.
pub(super) fn is_counted(word: &str) -> bool {
    word.len() > 3
        && word.ends_with('s')
        && !word.ends_with("ss")
        && !is_capitalized(word)
        && !NO_PLURALS.contains(&word)
}

/// Reads digits behind a hyphen: the year of `pre-1914`, the decade of `mid-1980s`, the count of `catch-22`.
pub(crate) fn joined_number(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let digits = cursor.digits(at);
    let end = at + digits.len();
    if digits.len() == 2 && digits.ends_with('0') && cursor.letters(end) == "s" {
        return Some(Reading::new(end + 1, plural(&cardinal_of(digits))));
    }
    let value: u64 = match digits {
        "" => return None,
        digits => digits.parse().ok().filter(|_| digits.len() == 4).unwrap_or(0),
    };
    if cursor.byte(end) == b'.' && cursor.byte(end + 1).is_ascii_digit() {
        let quantity = Quantity::parse(cursor, at)?;
        return Some(Reading::new(quantity.end, quantity.phrase()));
    }
    if !YEARS.contains(&value) {
        return Some(Reading::new(end, cardinal_of(digits)));
    }
    let is_decade = value.is_multiple_of(10) && cursor.letters(end) == "s";
    let year = by_hundreds(value);
    Some(if is_decade { Reading::new(end + 1, plural(&year)) } else { Reading::new(end, year) })
}

/// Joins a number to the word after a hyphen: `45-minute`, `133-A`.
pub(crate) fn join_word(cursor: Cursor<'_>, end: usize, phrase: String) -> Reading {
    let letters = cursor.letters(end + 1);
    if cursor.byte(end) != b'-' || letters.is_empty() {
        return Reading::new(end, phrase);
    }
    if lone_capital(cursor, end) {
        return Reading::new(end + 2, format!("{phrase} {}.", letters.to_ascii_lowercase()));
    }
    let tail = word::hyphenated(cursor, end + 1);
    Reading::new(tail.end, format!("{phrase}-{}", tail.phrase))
}

/// Returns true if `-A` follows, as in the name of an exhibit.
fn lone_capital(cursor: Cursor<'_>, at: usize) -> bool {
    let letters = cursor.letters(at + 1);
    cursor.byte(at) == b'-' && letters.len() == 1 && is_capitalized(letters) && cursor.byte(at + 2) != b'-'
}
