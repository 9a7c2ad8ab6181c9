//! Abbreviations and their expansions.

use std::collections::HashSet;
use std::sync::LazyLock;

use rustc_hash::FxBuildHasher;

use super::cursor::{Cursor, Reading, is_capitalized, is_one_of};
use crate::sentence::STARTERS;

/// Condition under which a spelling is an abbreviation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// With or without a full stop.
    Bare,
    /// With a full stop.
    Stopped,
    /// Before a capitalized word, with or without a full stop.
    BeforeName,
    /// With a full stop, before a number.
    BeforeNumber,
    /// Before a number, with or without a full stop.
    BareNumber,
    /// Before a number of up to three digits that counts nothing, without a full stop.
    BareLabel,
    /// With a full stop, before a number of four digits.
    BeforeYear,
    /// Before or after a number, with or without a full stop.
    BesideNumber,
    /// After a capitalized word or the number of a street and before the end of the phrase, with or without a full
    /// stop.
    EndsAddress,
    /// After a capitalized word, with or without a comma or a full stop.
    AfterName,
}

/// Abbreviations, of which the first matching entry wins. A capital here requires a capital in the text.
///
/// Mr. to Ft. is the list of LJSpeech's README.
const ABBREVIATIONS: [(&str, When, &str); 121] = [
    ("Mr", When::Bare, "mister"),
    ("Mrs", When::Bare, "missus"),
    ("Dr", When::EndsAddress, "drive"),
    ("Dr", When::Bare, "doctor"),
    ("No", When::BeforeNumber, "number"),
    ("no", When::BeforeNumber, "number"),
    ("St", When::BeforeName, "saint"),
    ("St", When::Stopped, "street"),
    ("Co", When::Stopped, "company"),
    ("Jr", When::Bare, "junior"),
    ("Maj", When::Stopped, "major"),
    ("Gen", When::Stopped, "general"),
    ("Drs", When::Bare, "doctors"),
    ("Rev", When::Stopped, "reverend"),
    ("Lt", When::Stopped, "lieutenant"),
    ("Hon", When::Stopped, "honorable"),
    ("Sgt", When::Stopped, "sergeant"),
    ("Capt", When::Stopped, "captain"),
    ("Esq", When::Bare, "esquire"),
    ("Ltd", When::Bare, "limited"),
    ("Col", When::Stopped, "colonel"),
    ("Ft", When::BeforeName, "fort"),
    ("Ms", When::Bare, "ms"),
    ("Messrs", When::Bare, "messrs"),
    ("Sr", When::Bare, "senior"),
    ("Prof", When::Stopped, "professor"),
    ("Gov", When::Stopped, "governor"),
    ("Sen", When::Stopped, "senator"),
    ("Supt", When::Stopped, "superintendent"),
    ("Cpl", When::Stopped, "corporal"),
    ("Pvt", When::Stopped, "private"),
    ("Inc", When::Stopped, "incorporated"),
    ("Corp", When::Stopped, "corporation"),
    ("Bros", When::Stopped, "brothers"),
    ("Dept", When::Stopped, "department"),
    ("Mt", When::BeforeName, "mount"),
    ("Ave", When::Stopped, "avenue"),
    ("Blvd", When::Stopped, "boulevard"),
    ("Rd", When::Stopped, "road"),
    ("Nos", When::BeforeNumber, "numbers"),
    ("nos", When::BeforeNumber, "numbers"),
    ("Vol", When::BeforeNumber, "volume"),
    ("vol", When::BeforeNumber, "volume"),
    ("Fig", When::BeforeNumber, "figure"),
    ("fig", When::BeforeNumber, "figure"),
    ("Ch", When::BeforeNumber, "chapter"),
    ("ch", When::BeforeNumber, "chapter"),
    ("pp", When::BeforeNumber, "pages"),
    ("p", When::BeforeNumber, "page"),
    ("c", When::BeforeYear, "circa"),
    ("Jan", When::BesideNumber, "january"),
    ("Feb", When::BesideNumber, "february"),
    ("Mar", When::BesideNumber, "march"),
    ("Apr", When::BesideNumber, "april"),
    ("Jun", When::BesideNumber, "june"),
    ("Jul", When::BesideNumber, "july"),
    ("Aug", When::BesideNumber, "august"),
    ("Sep", When::BesideNumber, "september"),
    ("Sept", When::BesideNumber, "september"),
    ("Oct", When::BesideNumber, "october"),
    ("Nov", When::BesideNumber, "november"),
    ("Dec", When::BesideNumber, "december"),
    ("jan", When::BesideNumber, "january"),
    ("feb", When::BesideNumber, "february"),
    ("apr", When::BesideNumber, "april"),
    ("jun", When::BesideNumber, "june"),
    ("jul", When::BesideNumber, "july"),
    ("aug", When::BesideNumber, "august"),
    ("sep", When::BesideNumber, "september"),
    ("sept", When::BesideNumber, "september"),
    ("oct", When::BesideNumber, "october"),
    ("nov", When::BesideNumber, "november"),
    ("dec", When::BesideNumber, "december"),
    ("JAN", When::BesideNumber, "january"),
    ("FEB", When::BesideNumber, "february"),
    ("APR", When::BesideNumber, "april"),
    ("JUN", When::BesideNumber, "june"),
    ("JUL", When::BesideNumber, "july"),
    ("AUG", When::BesideNumber, "august"),
    ("SEP", When::BesideNumber, "september"),
    ("SEPT", When::BesideNumber, "september"),
    ("OCT", When::BesideNumber, "october"),
    ("NOV", When::BesideNumber, "november"),
    ("DEC", When::BesideNumber, "december"),
    ("MAR", When::BesideNumber, "march"),
    ("Ave", When::EndsAddress, "avenue"),
    ("Blvd", When::EndsAddress, "boulevard"),
    ("Rd", When::EndsAddress, "road"),
    ("St", When::EndsAddress, "street"),
    ("st", When::EndsAddress, "street"),
    ("Ct", When::EndsAddress, "court"),
    ("Ln", When::EndsAddress, "lane"),
    ("Expy", When::EndsAddress, "expressway"),
    ("Hwy", When::EndsAddress, "highway"),
    ("hwy", When::EndsAddress, "highway"),
    ("Pkwy", When::EndsAddress, "parkway"),
    ("mr", When::Bare, "mister"),
    ("mrs", When::Bare, "missus"),
    ("dr", When::BeforeName, "doctor"),
    ("st", When::BeforeName, "saint"),
    ("jr", When::AfterName, "junior"),
    ("sr", When::AfterName, "senior"),
    ("ltd", When::AfterName, "limited"),
    ("ave", When::EndsAddress, "avenue"),
    ("ave", When::AfterName, "avenue"),
    ("blvd", When::AfterName, "boulevard"),
    ("prof", When::BeforeName, "professor"),
    ("Vol", When::BareNumber, "volume"),
    ("vol", When::BareNumber, "volume"),
    ("pp", When::BareNumber, "pages"),
    ("No", When::BareLabel, "number"),
    ("no", When::BareLabel, "number"),
    ("vs", When::Bare, "versus"),
    ("etc", When::Bare, "et cetera"),
    ("viz", When::Stopped, "namely"),
    ("cf", When::Stopped, "compare"),
    ("approx", When::Stopped, "approximately"),
    ("ft", When::Stopped, "feet"),
    ("lbs", When::Bare, "pounds"),
    ("lb", When::Stopped, "pounds"),
    ("oz", When::Bare, "ounces"),
];

/// Words behind a number that is a label: it counts none of them.
const AFTER_LABELS: [&str; 24] = [
    "in", "on", "of", "at", "for", "and", "or", "to", "with", "from", "by", "is", "was", "has", "had",
    "will", "as", "but", "spot", "position", "single", "seed", "hit", "ranking",
];

/// Number of letters of the longest abbreviation.
const LONGEST: usize = 6;

/// Abbreviations with internal full stops.
const DOTTED: [(&str, &str); 3] = [("e.g.", "for example"), ("i.e.", "that is"), ("Ph.D.", "p.h.d.")];

/// Expands an abbreviation.
pub(crate) fn abbreviation(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let rest = cursor.text.get(at..)?;
    let ends = |short: &str| !cursor.byte(at + short.len()).is_ascii_alphanumeric();
    if let Some((short, long)) = DOTTED.iter().find(|(short, _)| rest.starts_with(short) && ends(short)) {
        return Some(Reading { end: at + short.len(), phrase: (*long).to_owned(), full_stop: true });
    }
    let letters = cursor.letters(at);
    if !cursor.shouted && !is_abbreviation(letters) {
        return None;
    }
    let end = at + letters.len();
    let stopped = cursor.byte(end) == b'.';
    if matches!(cursor.byte(end), b'\'' | b'-') || cursor.byte(end).is_ascii_digit() {
        return None;
    }
    let fits = |when| match when {
        When::Bare => true,
        When::Stopped => stopped,
        When::BeforeName => {
            let next = cursor.next_word(end + usize::from(stopped));
            // After a name and before a word that begins sentences, as in "Elm St. It was quiet.", it ends a name.
            let ends_name = stopped
                && !cursor.begins_sentence(at)
                && is_capitalized(cursor.word_before(at))
                && STARTERS.contains(&next);
            is_capitalized(next) && !ends_name
        }
        When::EndsAddress => {
            let next = cursor.next_word(end + usize::from(stopped));
            let ends = next.is_empty() || !is_capitalized(next) || STARTERS.contains(&next);
            !cursor.begins_sentence(at) && ends && is_addressed(cursor, at)
        }
        When::AfterName => is_capitalized(
            cursor.text[..at].trim_end_matches(',').trim_end_matches(' ').rsplit(' ').next().unwrap_or(""),
        ),
        When::BeforeYear => stopped && cursor.digits(cursor.skip_spaces(end + 1)).len() == 4,
        When::BareNumber => cursor.byte(cursor.skip_spaces(end + usize::from(stopped))).is_ascii_digit(),
        When::BesideNumber => {
            let next = cursor.byte(cursor.skip_spaces(end + usize::from(stopped)));
            let before = cursor.text[..at].trim_end_matches(' ').as_bytes().last();
            next.is_ascii_digit() || before.is_some_and(u8::is_ascii_digit)
        }
        When::BareLabel => is_label_number(cursor, end),
        When::BeforeNumber => {
            stopped && matches!(cursor.byte(cursor.skip_spaces(end + 1)), b'0'..=b'9' | b'#')
                || is_code(cursor, end)
        }
    };
    let same = |short: &str| {
        letters == short || (cursor.shouted && letters.eq_ignore_ascii_case(short) && is_capitalized(short))
    };
    let (_, _, long) = ABBREVIATIONS.iter().find(|(short, when, _)| same(short) && fits(*when))?;
    Some(Reading { end: end + usize::from(stopped), phrase: (*long).to_owned(), full_stop: stopped })
}

/// Returns true if these letters are an abbreviation in any context.
pub(crate) fn is_abbreviation(letters: &str) -> bool {
    static SHORT: LazyLock<HashSet<&str, FxBuildHasher>> =
        LazyLock::new(|| ABBREVIATIONS.iter().map(|(short, ..)| *short).chain(["Ph"]).collect());
    letters.len() <= LONGEST && SHORT.contains(letters)
}

/// Returns true if the number of a house or of a street, and at most three capitalized words, precede.
fn is_addressed(cursor: Cursor<'_>, at: usize) -> bool {
    let mut words = cursor.text[..at].trim_end_matches(' ').rsplit(' ');
    let first = words.next().unwrap_or("");
    let numbered = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
    numbered(first)
        || is_capitalized(first)
            && words.take(3).take_while(|word| is_capitalized(word) || numbered(word)).any(numbered)
}

/// Returns true for the number of `ranked no 1`, but not that of `no 2 people`.
fn is_label_number(cursor: Cursor<'_>, at: usize) -> bool {
    let start = cursor.skip_spaces(at);
    let digits = cursor.digits(start);
    let end = start + digits.len();
    let free = matches!(cursor.byte(end), 0 | b' ' | b',' | b'.' | b';' | b')' | b'"' | b'\'');
    let counts = !cursor.next_word(end).is_empty() && !is_one_of(cursor.next_word(end), &AFTER_LABELS);
    (1..=3).contains(&digits.len())
        && free
        && !cursor.byte(end + 1).is_ascii_digit()
        && !counts
        && cursor.byte(at) == b' '
}

/// Returns true if letters and digits in one word follow, as in `. C2766`.
fn is_code(cursor: Cursor<'_>, at: usize) -> bool {
    let start = cursor.skip_spaces(at + 1);
    let letters = cursor.letters(start);
    cursor.byte(at) == b'.' && is_capitalized(letters) && cursor.byte(start + letters.len()).is_ascii_digit()
}

/// Returns true if `word`, without its full stop, is an abbreviation that a name or a number follows, and
/// that therefore never ends a sentence; `after` is the text after the full stop.
pub(crate) fn is_title(word: &str, after: &str) -> bool {
    let ends = [
        "St", "Jr", "Sr", "Co", "Inc", "Ltd", "Corp", "Bros", "Esq", "Ave", "Blvd", "Rd", "etc", "ft", "lbs",
        "lb", "oz",
    ];
    let number = after.starts_with(|character: char| character.is_ascii_digit());
    ABBREVIATIONS.iter().any(|(short, when, _)| {
        let needs_number = matches!(
            when,
            When::BeforeNumber | When::BareNumber | When::BareLabel | When::BeforeYear | When::BesideNumber
        );
        !matches!(when, When::EndsAddress | When::AfterName)
            && *short == word
            && !ends.contains(short)
            && (!needs_number || number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_is_the_longest_abbreviation() {
        assert_eq!(ABBREVIATIONS.iter().map(|(short, ..)| short.len()).max(), Some(LONGEST));
        assert!(ABBREVIATIONS.iter().all(|(short, ..)| is_abbreviation(short)) && !is_abbreviation("mister"));
    }
}
