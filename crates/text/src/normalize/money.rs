//! Sums of money: `£30`, `$5.20`, `€3 million`.

use super::cursor::{Cursor, Reading, is_one_of};
use super::fold::{CENT, EURO, POUND, YEN};
use super::number::{Quantity, join_word};
use super::verbalize::cardinal_of;

struct Currency {
    sign: u8,
    one: &'static str,
    many: &'static str,
    one_hundredth: &'static str,
    hundredths: &'static str,
}

const CURRENCIES: [Currency; 4] = [
    Currency { sign: b'$', one: "dollar", many: "dollars", one_hundredth: "cent", hundredths: "cents" },
    Currency { sign: POUND, one: "pound", many: "pounds", one_hundredth: "penny", hundredths: "pence" },
    Currency { sign: EURO, one: "euro", many: "euros", one_hundredth: "cent", hundredths: "cents" },
    Currency { sign: YEN, one: "yen", many: "yen", one_hundredth: "sen", hundredths: "sen" },
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
    let unit = if joined || quantity.integer == "1" { currency.one } else { currency.many };
    let phrase = match quantity.fraction {
        Some(hundredths) if hundredths.len() == 2 => {
            let whole = format!("{} {unit}", cardinal_of(&quantity.integer));
            let unit = if hundredths == "01" { currency.one_hundredth } else { currency.hundredths };
            match (quantity.integer.as_str(), hundredths) {
                (_, "00") => whole,
                ("" | "0", _) => format!("{} {unit}", cardinal_of(hundredths)),
                _ => format!("{whole} {} {unit}", cardinal_of(hundredths)),
            }
        }
        _ => format!("{} {unit}", quantity.phrase()),
    };
    let reading = join_word(cursor, quantity.end, phrase);
    Some(match period(cursor, reading.end) {
        Some((end, period)) => Reading::new(end, format!("{} per {period}", reading.phrase)),
        None => reading,
    })
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
    let name = MAGNITUDES.into_iter().find(|name| is_one_of(word, &[name]))?;
    Some((at + word.len(), name))
}
