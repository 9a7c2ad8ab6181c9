//! Times of day and durations: `12:30`, `3:05pm`, `1.30 p.m.`, `2:05:41`.

use super::Style;
use super::cursor::{Cursor, Reading, is_one_of};
use super::verbalize::{cardinal, two_digit_year};

/// Reads `12:30`, `3:05pm`, `9:00`, `1:02:03`, and `1.30` before `p.m.`
pub(super) fn time(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let field = |at: usize| -> Option<u64> {
        let digits = cursor.digits(at);
        digits.parse().ok().filter(|value| *value < 60 && digits.len() == 2)
    };
    let hours = cursor.digits(at);
    let colon = at + hours.len();
    let hour: u64 = hours.parse().ok().filter(|hour| *hour <= 24)?;
    let mut end = colon + 3;
    let minutes = match cursor.byte(colon) {
        b':' => field(colon + 1)?,
        b'.' if is_half_of_day(cursor, end) && hour <= 12 => field(colon + 1)?,
        _ => return None,
    };
    let mut phrase = cardinal(hour);
    if let Some(seconds) = field(end + 1).filter(|_| cursor.byte(end) == b':') {
        end += 3;
        phrase = match cursor.style {
            Style::Standard => {
                let [hours, minutes, seconds] = [(hour, "hour"), (minutes, "minute"), (seconds, "second")]
                    .map(|(count, unit)| {
                        format!("{} {unit}{}", cardinal(count), if count == 1 { "" } else { "s" })
                    });
                format!("{hours} {minutes} and {seconds}")
            }
            Style::LjSpeech => format!("{phrase} {} {}", two_digit_year(minutes), two_digit_year(seconds)),
        };
    } else if minutes > 0 {
        phrase = format!("{phrase} {}", two_digit_year(minutes));
    } else if !is_one_of(cursor.next_word(end), &["a", "p", "am", "pm", "o", "hours"]) {
        phrase.push_str(" o'clock");
    }
    Some(half_of_day(cursor, end).map_or_else(
        || Reading::new(end, phrase.as_str()),
        |half| Reading { phrase: format!("{phrase} {}", half.phrase), ..half },
    ))
}

/// Reads `am` or `PM` after a number; with full stops, it is a separate word.
pub(super) fn half_of_day(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let at = cursor.skip_spaces(at);
    let letters = cursor.letters(at);
    let half = match letters {
        "am" | "AM" => "a.m.",
        "pm" | "PM" => "p.m.",
        _ => return None,
    };
    Some(Reading::new(at + letters.len(), half))
}

/// Returns true if `am`, `P.M.` or the like follows.
fn is_half_of_day(cursor: Cursor<'_>, at: usize) -> bool {
    let rest = cursor.text.get(cursor.skip_spaces(at)..).unwrap_or("");
    let dotted = ["a.m", "p.m", "A.M", "P.M"].iter().any(|half| rest.starts_with(half));
    dotted || half_of_day(cursor, at).is_some()
}
