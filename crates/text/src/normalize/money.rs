//! Sums of money: `£30`, `$5.20`, `€3 million`.

use super::Style;
use super::cursor::{Cursor, Reading, is_one_of};
use super::fold::{CENT, EURO, POUND, RUPEE, WON, YEN};
use super::number::{Quantity, join_word};
use super::verbalize::cardinal_of;

struct Currency {
    sign: u8,
    one: &'static str,
    many: &'static str,
    one_hundredth: &'static str,
    hundredths: &'static str,
}

const CURRENCIES: [Currency; 6] = [
    Currency { sign: b'$', one: "dollar", many: "dollars", one_hundredth: "cent", hundredths: "cents" },
    Currency { sign: POUND, one: "pound", many: "pounds", one_hundredth: "penny", hundredths: "pence" },
    Currency { sign: EURO, one: "euro", many: "euros", one_hundredth: "cent", hundredths: "cents" },
    Currency { sign: YEN, one: "yen", many: "yen", one_hundredth: "sen", hundredths: "sen" },
    Currency { sign: WON, one: "won", many: "won", one_hundredth: "jeon", hundredths: "jeon" },
    Currency { sign: RUPEE, one: "rupee", many: "rupees", one_hundredth: "paisa", hundredths: "paise" },
];

/// Dollars of several countries, by what precedes their sign.
const COUNTRIES: [(&str, &str); 6] = [
    ("US$", "u.s."),
    ("A$", "australian"),
    ("C$", "canadian"),
    ("CA$", "canadian"),
    ("HK$", "hong kong"),
    ("NZ$", "new zealand"),
];

const MAGNITUDES: [&str; 5] = ["hundred", "thousand", "million", "billion", "trillion"];
const SHORT_MAGNITUDES: [(&str, &str); 6] = [
    ("k", "thousand"),
    ("m", "million"),
    ("mn", "million"),
    ("b", "billion"),
    ("bn", "billion"),
    ("tn", "trillion"),
];

/// Units of prices after a slash, short and long.
const PERIODS: [(&str, &str); 9] = [
    ("hr", "hour"),
    ("h", "hour"),
    ("d", "day"),
    ("wk", "week"),
    ("mo", "month"),
    ("yr", "year"),
    ("kg", "kilogram"),
    ("lb", "pound"),
    ("pp", "person"),
];

/// Reads a currency sign and a number, or a number and a cent sign.
///
/// Two decimals are the smaller unit; any other number of decimals is read as a decimal fraction.
pub(crate) fn money(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    if let Some((prefix, country)) =
        COUNTRIES.iter().find(|(prefix, _)| cursor.text[at..].starts_with(prefix))
    {
        let reading = money(cursor, at + prefix.len() - 1)?;
        let (amount, dollars) = reading.phrase.split_once(" dollar")?;
        return Some(Reading { phrase: format!("{amount} {country} dollar{dollars}"), ..reading });
    }
    let Some(currency) = CURRENCIES.iter().find(|currency| currency.sign == cursor.byte(at)) else {
        let quantity = Quantity::parse(cursor, at).filter(|quantity| cursor.byte(quantity.end) == CENT)?;
        let unit = if quantity.integer == "1" { "cent" } else { "cents" };
        return Some(Reading::new(quantity.end + 1, format!("{} {unit}", quantity.phrase())));
    };
    let quantity = Quantity::parse(cursor, cursor.skip_spaces(at + 1))?;
    if let Some((end, magnitude)) = magnitude(cursor, quantity.end) {
        return Some(Reading::new(end, format!("{} {magnitude} {}", quantity.phrase(), currency.many)));
    }
    // "a $100-a-plate dinner" uses the singular: "a one hundred dollar-a-plate dinner".
    let joined = cursor.byte(quantity.end) == b'-' && cursor.byte(quantity.end + 1).is_ascii_alphabetic();
    let one =
        quantity.integer == "1" && quantity.fraction.is_none_or(|decimals| two_decimals(decimals).len() == 2);
    let unit = if joined || one { currency.one } else { currency.many };
    let and = if cursor.style == Style::LjSpeech { "" } else { " and" };
    let phrase = match quantity.fraction.map(two_decimals) {
        Some(hundredths) if hundredths.len() == 2 => {
            let whole = quantity.hundreds(cursor.style).unwrap_or_else(|| cardinal_of(&quantity.integer));
            let whole = format!("{whole} {unit}");
            let unit = if hundredths == "01" { currency.one_hundredth } else { currency.hundredths };
            match (quantity.integer.as_str(), hundredths.as_str()) {
                (_, "00") => whole,
                ("" | "0", _) => format!("{} {unit}", cardinal_of(&hundredths)),
                _ => format!("{whole}{and} {} {unit}", cardinal_of(&hundredths)),
            }
        }
        None if let Some(hundreds) = quantity.hundreds(cursor.style) => format!("{hundreds} {unit}"),
        _ => format!("{} {unit}", quantity.phrase()),
    };
    let reading = join_word(cursor, quantity.end, phrase);
    Some(match period(cursor, reading.end) {
        Some((end, period)) => Reading::new(end, format!("{} per {period}", reading.phrase)),
        None => reading,
    })
}

/// Returns the name of a currency whose sign stands alone, as in `in $ terms`.
pub(super) fn name_of(byte: u8) -> Option<&'static str> {
    CURRENCIES.iter().find(|currency| currency.sign == byte).map(|currency| currency.one)
}

/// Returns true for the sign of a currency.
pub(super) fn is_currency(byte: u8) -> bool {
    CURRENCIES.iter().any(|currency| currency.sign == byte)
}

/// Returns decimals as hundredths where they are whole ones: `5` and `500` as `50`.
fn two_decimals(decimals: &str) -> String {
    let trimmed = decimals.trim_end_matches('0');
    if trimmed.len() > 2 { decimals.to_owned() } else { format!("{trimmed:0<2}") }
}

/// Finds what a price is for after a slash: `$20/mo`.
fn period(cursor: Cursor<'_>, at: usize) -> Option<(usize, &'static str)> {
    let letters = cursor.letters(at + 1);
    let (_, period) = PERIODS.iter().find(|(short, long)| letters == *short || letters == *long)?;
    (cursor.byte(at) == b'/').then_some((at + 1 + letters.len(), *period))
}

/// Finds a magnitude after a number, either written out after a space or abbreviated and attached.
fn magnitude(cursor: Cursor<'_>, at: usize) -> Option<(usize, &'static str)> {
    let attached = cursor.letters(at);
    if let Some((_, name)) = SHORT_MAGNITUDES.iter().find(|(short, _)| short.eq_ignore_ascii_case(attached)) {
        return Some((at + attached.len(), name));
    }
    let at = if matches!(cursor.byte(at), b'-' | b' ') { at + 1 } else { at };
    let word = cursor.letters(at);
    // "¥30 b", but not "$5 a b" or "$5 k-ration".
    if let Some((_, name)) = SHORT_MAGNITUDES.iter().find(|(short, _)| *short == word)
        && cursor.byte(at - 1) == b' '
        && word != "k"
        && matches!(cursor.byte(at + word.len()), 0 | b' ' | b'.' | b',' | b')' | b';' | b'?' | b'!')
    {
        return Some((at + word.len(), name));
    }
    let name = MAGNITUDES.into_iter().find(|name| is_one_of(word, &[name]))?;
    Some((at + word.len(), name))
}
