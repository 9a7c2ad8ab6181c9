//! Postal addresses: names of streets, points of the compass, states.

use super::cursor::{Cursor, Reading, is_capitalized, is_name};

const COMPASS: [&str; 4] = ["North", "South", "East", "West"];
/// Points of the compass as letters before the name of a street.
const POINTS: [(&str, &str); 8] = [
    ("N", "north"),
    ("S", "south"),
    ("E", "east"),
    ("W", "west"),
    ("NE", "northeast"),
    ("NW", "northwest"),
    ("SE", "southeast"),
    ("SW", "southwest"),
];
const STREETS: [&str; 25] = [
    "Street",
    "Avenue",
    "Road",
    "Boulevard",
    "Lane",
    "Drive",
    "Place",
    "Court",
    "Square",
    "Terrace",
    "Highway",
    "Parkway",
    "Expressway",
    "St",
    "Ave",
    "Rd",
    "Blvd",
    "Ln",
    "Dr",
    "Pl",
    "Ct",
    "Hwy",
    "Pkwy",
    "Expy",
    "st",
];
/// Number of words of the longest name of a street, with its last word.
const LONGEST_STREET: usize = 3;
/// States by their postal code, and true if the code is hardly anything else behind the name of a place.
const STATES: [(&str, &str, bool); 50] = [
    ("AL", "alabama", false),
    ("AK", "alaska", true),
    ("AZ", "arizona", true),
    ("AR", "arkansas", true),
    ("CA", "california", true),
    ("CO", "colorado", false),
    ("CT", "connecticut", true),
    ("DE", "delaware", false),
    ("FL", "florida", true),
    ("GA", "georgia", true),
    ("HI", "hawaii", false),
    ("ID", "idaho", false),
    ("IL", "illinois", true),
    ("IN", "indiana", false),
    ("IA", "iowa", true),
    ("KS", "kansas", true),
    ("KY", "kentucky", true),
    ("LA", "louisiana", false),
    ("ME", "maine", false),
    ("MD", "maryland", false),
    ("MA", "massachusetts", false),
    ("MI", "michigan", true),
    ("MN", "minnesota", true),
    ("MS", "mississippi", false),
    ("MO", "missouri", true),
    ("MT", "montana", true),
    ("NE", "nebraska", true),
    ("NV", "nevada", true),
    ("NH", "new hampshire", true),
    ("NJ", "new jersey", true),
    ("NM", "new mexico", true),
    ("NY", "new york", true),
    ("NC", "north carolina", true),
    ("ND", "north dakota", true),
    ("OH", "ohio", false),
    ("OK", "oklahoma", false),
    ("OR", "oregon", false),
    ("PA", "pennsylvania", false),
    ("RI", "rhode island", true),
    ("SC", "south carolina", true),
    ("SD", "south dakota", true),
    ("TN", "tennessee", true),
    ("TX", "texas", true),
    ("UT", "utah", true),
    ("VT", "vermont", true),
    ("VA", "virginia", true),
    ("WA", "washington", true),
    ("WV", "west virginia", true),
    ("WI", "wisconsin", true),
    ("WY", "wyoming", true),
];

/// Returns true if a street or a point of the compass follows a number.
pub(super) fn is_address(cursor: Cursor<'_>, at: usize) -> bool {
    let first = cursor.next_word(at);
    let after = cursor.skip_spaces(at) + first.len();
    if POINTS.iter().any(|(point, _)| *point == first) {
        return is_street(cursor, after + usize::from(cursor.byte(after) == b'.'));
    }
    COMPASS.contains(&first) || is_street(cursor, at)
}

/// Reads the `E` of `1211 E Arques Ave` and the `NW.` of `50 NW. 5th St.`
pub(super) fn point(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let (_, name) = POINTS.iter().find(|(point, _)| *point == letters)?;
    let end = at + letters.len();
    let end = end + usize::from(cursor.byte(end) == b'.');
    let numbered = cursor.byte_before(at) == b' '
        && cursor.text[..at].trim_end_matches(' ').ends_with(|before: char| before.is_ascii_digit());
    (numbered && cursor.byte(end) == b' ' && is_street(cursor, end)).then(|| Reading::new(end, *name))
}

/// Reads the state of `CA 95051` and `Albany, NY`.
pub(super) fn state(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let (_, name, plain) = STATES.iter().find(|(code, ..)| *code == letters)?;
    let end = at + letters.len();
    let place = cursor.text[..at].trim_end_matches(' ').strip_suffix(',');
    let place = place.is_some_and(|place| is_name(cursor.word_before(place.len())));
    let ends = !cursor.byte(end).is_ascii_alphanumeric() && !matches!(cursor.byte(end), b'-' | b'&' | b'\'');
    let zip = is_zip(cursor, end) && !cursor.shouted;
    (ends && (zip || place && *plain)).then(|| Reading::new(end, *name))
}

/// Returns true if a state precedes a position, with or without a comma.
pub(super) fn is_after_state(cursor: Cursor<'_>, at: usize) -> bool {
    let text = cursor.text[..at].trim_end_matches(' ');
    let code = |text: &str| {
        let start = text.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        text[text.len() - start..].to_owned()
    };
    let capitals = code(text.trim_end_matches('.'));
    let listed = |letters: &str| STATES.iter().any(|(code, ..)| *code == letters);
    capitals.len() == 2 && capitals.bytes().all(|letter| letter.is_ascii_uppercase())
        || text.strip_suffix(',').is_some_and(|text| listed(&code(text)))
}

/// Returns true if a postal code of five digits follows, with or without a comma.
fn is_zip(cursor: Cursor<'_>, at: usize) -> bool {
    cursor.digits(cursor.skip_spaces(at + usize::from(cursor.byte(at) == b','))).len() == 5
}

/// Returns true if the name of a street follows: one or two capitalized words or ordinals, and a word such as
/// `Street`.
fn is_street(cursor: Cursor<'_>, at: usize) -> bool {
    let mut at = at;
    for count in 0..LONGEST_STREET {
        let start = cursor.skip_spaces(at);
        let digits = cursor.digits(start).len();
        let letters = cursor.letters(start + digits);
        if count > 0 && digits == 0 && STREETS.contains(&letters) {
            return true;
        }
        let named =
            if digits > 0 { matches!(letters, "st" | "nd" | "rd" | "th") } else { is_capitalized(letters) };
        if !named {
            return false;
        }
        at = start + digits + letters.len();
    }
    false
}
