//! Letters and digits in one word: `C2766`, `B52`, `mp3`.

use super::cursor::{Cursor, Reading};
use super::verbalize::{by_hundreds, cardinal_of, spelled};
use super::word::spoken_letters;
use crate::dictionary::Dictionary;

/// Reads letters directly followed by digits; three or more digits are read one by one, unless they are whole
/// hundreds: `B52`, `C2766`, `A300`, `T2000`.
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
    let round = matches!(digits.len(), 3 | 4) && digits.ends_with("00") && !digits.starts_with('0');
    let digits = if (digits.len() > 2 && !round) || digits.starts_with('0') {
        spelled(digits, "zero")
    } else if round && digits.len() == 4 {
        by_hundreds(digits.parse().unwrap_or(0))
    } else {
        cardinal_of(digits)
    };
    Some(Reading::new(end, format!("{letters} {digits}")))
}
