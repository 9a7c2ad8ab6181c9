//! Units of measurement after numbers: `5 km`, `20kg`, `6'2"`, `30 mph`.

use super::cursor::{Cursor, Reading};
use super::number::Quantity;
use super::verbalize::cardinal_of;

/// Unit signs, compared with case, with their singular and plural.
const UNITS: [(&str, &str, &str); 68] = [
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
    ("KG", "kilogram", "kilograms"),
    ("km2", "square kilometer", "square kilometers"),
    ("m2", "square meter", "square meters"),
    ("m3", "cubic meter", "cubic meters"),
    ("sq mi", "square mile", "square miles"),
    ("sq km", "square kilometer", "square kilometers"),
    ("sq ft", "square foot", "square feet"),
    ("sq m", "square meter", "square meters"),
    ("cu in", "cubic inch", "cubic inches"),
    ("cu ft", "cubic foot", "cubic feet"),
    ("mm2", "square millimeter", "square millimeters"),
    ("ha", "hectare", "hectares"),
    ("hp", "horsepower", "horsepower"),
    ("mbps", "megabit per second", "megabits per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("Mbit/s", "megabit per second", "megabits per second"),
    ("kbit/s", "kilobit per second", "kilobits per second"),
    ("kV", "kilovolt", "kilovolts"),
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
    let magnitude = cursor.next_word(quantity.end);
    let (phrase, end, many) = if matches!(magnitude, "thousand" | "million" | "billion") {
        let end = cursor.skip_spaces(quantity.end) + magnitude.len();
        (format!("{} {magnitude}", quantity.phrase()), end, true)
    } else {
        let single = quantity.integer == "1" && quantity.fraction.is_none();
        (quantity.phrase(), quantity.end, !single)
    };
    let unit = unit_after(cursor, end, !many)?;
    Some(Reading { phrase: format!("{phrase} {}", unit.phrase), ..unit })
}

/// Reads the unit after a number that ends at `at`: attached, after a space or after a hyphen, or what there is one
/// of for each unit, after a slash.
pub(crate) fn unit_after(cursor: Cursor<'_>, at: usize, single: bool) -> Option<Reading> {
    let joined = cursor.byte(at) == b'-';
    let gap = joined || cursor.byte(at) == b' ';
    let Some((mut end, one, many)) = unit(cursor, at) else { return per(cursor, at) };
    let sign = cursor.text.get(cursor.skip_spaces(at + usize::from(joined))..end).unwrap_or("");
    // Anywhere but after a hyphen "in" is the preposition, and a lone letter after a space is more often an
    // initial or a name.
    if sign == "in" && !joined || gap && sign.len() == 1 && !matches!(sign, "m" | "g") {
        return None;
    }
    let mut phrase = if single || joined { one } else { many }.to_owned();
    if sign == "degrees" {
        (end, phrase) = scale(cursor, end, &phrase)?;
    }
    for (power, adjective) in [(" squared", "square"), (" cubed", "cubic")] {
        if cursor.text[end..].starts_with(power) && !sign.contains(' ') {
            end += power.len();
            phrase = format!("{adjective} {phrase}");
        }
    }
    // The full stop of "5 ft." belongs to the unit; at the end of the text, it also ends the sentence.
    let stop = cursor.byte(end) == b'.'
        && matches!(
            sign,
            "ft" | "in" | "lb" | "lbs" | "oz" | "mi" | "yd" | "yds" | "hr" | "hrs" | "min" | "sec" | "sq"
        );
    if let Some(per) = per(cursor, end) {
        return Some(Reading { phrase: format!("{phrase} {}", per.phrase), ..per });
    }
    Some(Reading { end: end + usize::from(stop), phrase, full_stop: stop })
}

/// Reads a slash and a unit: `/ sq mi` → per square mile.
fn per(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let slash = cursor.skip_spaces(at);
    if cursor.byte(slash) != b'/' {
        return None;
    }
    let (end, one, _) = unit(cursor, slash + 1).filter(|(_, one, _)| *one != "inch")?;
    for (power, adjective) in [(" squared", "square"), (" cubed", "cubic")] {
        if cursor.text[end..].starts_with(power) {
            return Some(Reading::new(end + power.len(), format!("per {adjective} {one}")));
        }
    }
    Some(Reading::new(end, format!("per {one}")))
}

/// Finds the longest unit sign at a position, behind spaces or one hyphen: its end, its singular and its plural.
fn unit(cursor: Cursor<'_>, at: usize) -> Option<(usize, &'static str, &'static str)> {
    let start = cursor.skip_spaces(at + usize::from(cursor.byte(at) == b'-'));
    let rest = cursor.text.get(start..)?;
    UNITS
        .iter()
        .filter(|(sign, ..)| rest.starts_with(sign) && !is_part_of_word(cursor, start + sign.len()))
        .max_by_key(|(sign, ..)| sign.len())
        .map(|(sign, one, many)| (start + sign.len(), *one, *many))
}

/// Returns true if a word, a number or a possessive continues after a sign.
fn is_part_of_word(cursor: Cursor<'_>, at: usize) -> bool {
    let byte = cursor.byte(at);
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'\'' | b'&')
        || byte == b'/' && cursor.byte(at + 1).is_ascii_alphanumeric() && unit(cursor, at + 1).is_none()
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
