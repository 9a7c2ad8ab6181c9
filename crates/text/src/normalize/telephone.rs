//! Telephone numbers: `(555) 123-4567`, `1-800-GO-U-HAUL`.

use super::cursor::{Cursor, Reading};
use super::verbalize::{cardinal_of, spelled};

/// Area codes of calls that cost the caller nothing.
const FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// Reads `(555) 123-4567`, digit by digit.
pub(super) fn telephone(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let area = cursor.digits(at + 1);
    let close = at + 1 + area.len();
    let next = close + 1 + usize::from(matches!(cursor.byte(close + 1), b' ' | b'-'));
    let (exchange, line) = (cursor.digits(next), cursor.digits(next + 4));
    let fits = cursor.byte(close) == b')' && [area.len(), exchange.len(), line.len()] == [3, 3, 4];
    if !fits || !matches!(cursor.byte(next + 3), b'-' | b' ' | b'.') {
        return None;
    }
    let digits = [area, exchange, line].map(|digits| spelled(digits, "zero"));
    Some(Reading::new(next + 8, digits.join(" ")))
}

/// Reads the `1-800-` of a number that goes on with digits or letters; what follows is read on its own.
pub(super) fn freephone(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let area = cursor.digits(at + 2);
    let end = at + 2 + area.len();
    let begins = cursor.digits(at) == "1" && cursor.byte(at + 1) == b'-' && FREE.contains(&area);
    if !begins || cursor.byte(end) != b'-' || !cursor.byte(end + 1).is_ascii_uppercase() {
        return None;
    }
    let area = if area == "800" { cardinal_of(area) } else { spelled(area, "zero") };
    Some(Reading::new(end + 1, format!("one {area}")))
}
