//! Units of measurement after numbers: `5 km`, `20kg`, `6'2"`, `30 mph`.

use super::cursor::{Cursor, Reading};
use super::number::Quantity;
use super::verbalize::cardinal_of;

/// Unit signs, compared with case, with their singular and plural.
const UNITS: [(&str, &str, &str); 131] = [
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
    ("mV", "millivolt", "millivolts"),
    ("mA", "milliampere", "milliamperes"),
    ("uA", "microampere", "microamperes"),
    ("mAh", "milliampere hour", "milliampere hours"),
    ("mW", "milliwatt", "milliwatts"),
    ("GW", "gigawatt", "gigawatts"),
    ("TW", "terawatt", "terawatts"),
    ("Wh", "watt hour", "watt hours"),
    ("MWh", "megawatt hour", "megawatt hours"),
    ("GWh", "gigawatt hour", "gigawatt hours"),
    ("TWh", "terawatt hour", "terawatt hours"),
    ("kJ", "kilojoule", "kilojoules"),
    ("MJ", "megajoule", "megajoules"),
    ("eV", "electronvolt", "electronvolts"),
    ("keV", "kiloelectronvolt", "kiloelectronvolts"),
    ("MeV", "megaelectronvolt", "megaelectronvolts"),
    ("GeV", "gigaelectronvolt", "gigaelectronvolts"),
    ("kcal", "kilocalorie", "kilocalories"),
    ("kPa", "kilopascal", "kilopascals"),
    ("MPa", "megapascal", "megapascals"),
    ("hPa", "hectopascal", "hectopascals"),
    ("mbar", "millibar", "millibars"),
    ("kN", "kilonewton", "kilonewtons"),
    ("Ohm", "ohm", "ohms"),
    ("kOhm", "kilohm", "kilohms"),
    ("MOhm", "megohm", "megohms"),
    ("um", "micrometer", "micrometers"),
    ("ug", "microgram", "micrograms"),
    ("mcg", "microgram", "micrograms"),
    ("ul", "microliter", "microliters"),
    ("uL", "microliter", "microliters"),
    ("dl", "deciliter", "deciliters"),
    ("dL", "deciliter", "deciliters"),
    ("hl", "hectoliter", "hectoliters"),
    ("mol", "mole", "moles"),
    ("mmol", "millimole", "millimoles"),
    ("cc", "cubic centimeter", "cubic centimeters"),
    ("THz", "terahertz", "terahertz"),
    ("fps", "frame per second", "frames per second"),
    ("bpm", "beat per minute", "beats per minute"),
    ("dpi", "dot per inch", "dots per inch"),
    ("ppm", "part per million", "parts per million"),
    ("ppb", "part per billion", "parts per billion"),
    ("kbps", "kilobit per second", "kilobits per second"),
    ("Gbps", "gigabit per second", "gigabits per second"),
    ("Gbit/s", "gigabit per second", "gigabits per second"),
    ("PB", "petabyte", "petabytes"),
    ("MiB", "mebibyte", "mebibytes"),
    ("GiB", "gibibyte", "gibibytes"),
    ("kgs", "kilogram", "kilograms"),
    ("kms", "kilometer", "kilometers"),
    ("nmi", "nautical mile", "nautical miles"),
    ("gal", "gallon", "gallons"),
    ("tbsp", "tablespoon", "tablespoons"),
    ("tsp", "teaspoon", "teaspoons"),
    ("ft2", "square foot", "square feet"),
    ("ft3", "cubic foot", "cubic feet"),
    ("cm2", "square centimeter", "square centimeters"),
    ("cm3", "cubic centimeter", "cubic centimeters"),
    ("km3", "cubic kilometer", "cubic kilometers"),
    ("cu m", "cubic meter", "cubic meters"),
    ("cu mi", "cubic mile", "cubic miles"),
    ("sq yd", "square yard", "square yards"),
    ("sq", "square", "square"),
    ("degrees", "degree", "degrees"),
];

/// Units of time behind a slash: `3 cc/s`.
const TIMES: [(&str, &str); 3] = [("s", "second"), ("h", "hour"), ("d", "day")];

/// Reads a number and its unit, attached, after a space or after a hyphen; after a hyphen the unit is
/// singular.
pub(crate) fn measure(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let quantity = Quantity::parse(cursor, at)?;
    if quantity.has_leading_zero() && quantity.fraction.is_none() {
        return None;
    }
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

/// Reads `2x8 m2`: two numbers around an `x`, and their unit.
pub(crate) fn by(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let first = Quantity::parse(cursor, at).filter(|first| cursor.byte(first.end) == b'x')?;
    let mut phrase = first.phrase();
    let mut end = first.end;
    while cursor.byte(end) == b'x' {
        let next = Quantity::parse(cursor, end + 1)?;
        phrase = format!("{phrase} by {}", next.phrase());
        end = next.end;
    }
    let unit = unit_after(cursor, end, false)?;
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
    let time = TIMES.iter().find(|(short, _)| *short == cursor.letters(slash + 1));
    if let Some((short, one)) = time.filter(|_| slash == at) {
        return Some(Reading::new(slash + 1 + short.len(), format!("per {one}")));
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
        || byte == b'/' && cursor.byte(at + 1).is_ascii_alphanumeric() && per(cursor, at).is_none()
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
    Some((letter + 1, format!("{phrase} {name}")))
}
