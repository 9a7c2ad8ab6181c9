//! Units of measurement after numbers: `5 km`, `20kg`, `6'2"`, `30 mph`.

use super::cursor::{Cursor, Reading};
use super::number::Quantity;
use super::verbalize::cardinal_of;

/// Unit signs, compared with case, with their singular and plural.
const UNITS: [(&str, &str, &str); 50] = [
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("kph", "kilometer per hour", "kilometers per hour"),
    ("m/s", "meter per second", "meters per second"),
    ("mph", "mile per hour", "miles per hour"),
    ("rpm", "revolution per minute", "revolutions per minute"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("nm", "nanometer", "nanometers"),
    ("m", "meter", "meters"),
    ("mi", "mile", "miles"),
    ("yd", "yard", "yards"),
    ("yds", "yard", "yards"),
    ("ft", "foot", "feet"),
    ("in", "inch", "inches"),
    ("kg", "kilogram", "kilograms"),
    ("mg", "milligram", "milligrams"),
    ("g", "gram", "grams"),
    ("lb", "pound", "pounds"),
    ("lbs", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ml", "milliliter", "milliliters"),
    ("mL", "milliliter", "milliliters"),
    ("cl", "centiliter", "centiliters"),
    ("L", "liter", "liters"),
    ("hr", "hour", "hours"),
    ("hrs", "hour", "hours"),
    ("min", "minute", "minutes"),
    ("mins", "minute", "minutes"),
    ("sec", "second", "seconds"),
    ("secs", "second", "seconds"),
    ("ms", "millisecond", "milliseconds"),
    ("Hz", "hertz", "hertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("MHz", "megahertz", "megahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("kB", "kilobyte", "kilobytes"),
    ("KB", "kilobyte", "kilobytes"),
    ("MB", "megabyte", "megabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("TB", "terabyte", "terabytes"),
    ("W", "watt", "watts"),
    ("kW", "kilowatt", "kilowatts"),
    ("MW", "megawatt", "megawatts"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("V", "volt", "volts"),
    ("dB", "decibel", "decibels"),
    ("psi", "pound per square inch", "pounds per square inch"),
    ("sq", "square", "square"),
    ("degrees", "degree", "degrees"),
];

/// Reads a number and its unit, attached, after a space or after a hyphen; after a hyphen the unit is
/// singular.
pub(crate) fn measure(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let quantity = Quantity::parse(cursor, at)?;
    if let Some(reading) = feet_and_inches(cursor, &quantity) {
        return Some(reading);
    }
    let gap = usize::from(matches!(cursor.byte(quantity.end), b' ' | b'-'));
    let joined = cursor.byte(quantity.end) == b'-';
    let start = if joined { quantity.end + 1 } else { cursor.skip_spaces(quantity.end) };
    let rest = cursor.text.get(start..)?;
    let (sign, one, many) = UNITS
        .iter()
        // Anywhere else "in" is the preposition.
        .filter(|(sign, ..)| *sign != "in" || joined)
        .filter(|(sign, ..)| rest.starts_with(sign) && !is_part_of_word(cursor, start + sign.len()))
        .max_by_key(|(sign, ..)| sign.len())?;
    // A lone letter after a space is more often an initial or a name.
    if gap == 1 && sign.len() == 1 && !matches!(*sign, "m" | "g") {
        return None;
    }
    let single = quantity.integer == "1" && quantity.fraction.is_none();
    let unit = if single || joined { one } else { many };
    let mut end = start + sign.len();
    let mut phrase = format!("{} {unit}", quantity.phrase());
    if *sign == "degrees" {
        (end, phrase) = scale(cursor, end, &phrase)?;
    }
    // The full stop of "5 ft." belongs to the unit; at the end of the text, it also ends the sentence.
    let stop = cursor.byte(end) == b'.'
        && matches!(
            *sign,
            "ft" | "in" | "lb" | "lbs" | "oz" | "mi" | "yd" | "yds" | "hr" | "hrs" | "min" | "sec" | "sq"
        );
    Some(Reading { end: end + usize::from(stop), phrase, full_stop: stop })
}

/// Returns true if a word, a number or a possessive continues after a sign.
fn is_part_of_word(cursor: Cursor<'_>, at: usize) -> bool {
    let byte = cursor.byte(at);
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'\'' | b'/' | b'&')
        || (matches!(byte, b'-' | b'.') && cursor.byte(at + 1).is_ascii_alphanumeric())
}

/// Reads `6'2"` → six feet two inches.
fn feet_and_inches(cursor: Cursor<'_>, feet: &Quantity<'_>) -> Option<Reading> {
    let inches = cursor.digits(feet.end + 1);
    let end = feet.end + 1 + inches.len();
    if cursor.byte(feet.end) != b'\'' || !(1..=2).contains(&inches.len()) || cursor.byte(end) != b'"' {
        return None;
    }
    let foot = if feet.integer == "1" { "foot" } else { "feet" };
    let inch = if inches == "1" { "inch" } else { "inches" };
    Some(Reading::new(end + 1, format!("{} {foot} {} {inch}", feet.phrase(), cardinal_of(inches))))
}

/// Reads `degrees C` → degrees celsius; without a scale, the words are unchanged.
fn scale(cursor: Cursor<'_>, at: usize, phrase: &str) -> Option<(usize, String)> {
    let letter = cursor.skip_spaces(at);
    let name = match cursor.letters(letter) {
        "C" => "celsius",
        "F" => "fahrenheit",
        "K" => "kelvin",
        _ => return None,
    };
    (cursor.byte(letter + 1) != b'.' || cursor.is_last(letter + 1))
        .then(|| (letter + 1, format!("{phrase} {name}")))
}
