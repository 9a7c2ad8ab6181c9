//! Letters and digits in one word: `C2766`, `B52`, `mp3`.

use super::cursor::{Cursor, Reading};
use super::verbalize::{cardinal_of, spelled};
use super::word::spoken_letters;
use crate::dictionary::Dictionary;

/// Reads letters directly followed by digits; three or more digits are read one by one.
pub(crate) fn code(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let digits = cursor.digits(at + letters.len());
    if letters.is_empty() || digits.is_empty() {
        return None;
    }
    let end = at + letters.len() + digits.len();
    let upper = letters.bytes().all(|letter| letter.is_ascii_uppercase());
    let lower = letters.to_ascii_lowercase();
    let spell =
        (upper && letters.len() <= 3) || (letters.len() <= 3 && !Dictionary::cmudict().contains(&lower));
    let letters = if spell || lower.len() == 1 { spoken_letters(&lower) } else { lower };
    let digits = if digits.len() > 2 || digits.starts_with('0') {
        spelled(digits, "zero")
    } else {
        cardinal_of(digits)
    };
    Some(Reading::new(end, format!("{letters} {digits}")))
}
