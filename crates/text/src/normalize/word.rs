//! Words: initials, acronyms, contractions, hyphens.

use super::abbreviation::{abbreviation, is_abbreviation};
use super::code::code;
use super::cursor::{Cursor, Reading, is_capitalized};
use super::roman::roman;
use super::verbalize::cardinal_of;
use crate::dictionary::Dictionary;

/// Acronyms that look like other words of the dictionary.
const SPELLED: [&str; 1] = ["us"];
/// The longest unknown word in capitals that is spelled even though it has vowels.
const LONGEST_SPELLED: usize = 4;

/// Any word that begins with a letter or an apostrophe.
pub(crate) fn word(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    if cursor.byte(at) == b'\'' {
        return clipped(cursor, at);
    }
    if !cursor.byte(at).is_ascii_alphabetic() {
        return None;
    }
    abbreviation(cursor, at)
        .or_else(|| roman(cursor, at))
        .or_else(|| initials(cursor, at))
        .or_else(|| code(cursor, at))
        .or_else(|| ampersand(cursor, at))
        .or_else(|| Some(lone_letter(cursor, at).unwrap_or_else(|| hyphenated(cursor, at))))
}

/// The end of a word that no rule changes: small letters behind a first letter of either case, then white space, a mark
/// that ends a phrase, or the end of the text.
///
/// [`word`] reads it the same way, and takes ten times as long to find out.
pub(crate) fn plain_word(cursor: Cursor<'_>, at: usize) -> Option<usize> {
    if !cursor.byte(at).is_ascii_alphabetic() {
        return None;
    }
    let end = at + 1 + cursor.run(at + 1, u8::is_ascii_lowercase).len();
    let free = |at| matches!(cursor.byte(at), b' ' | b'"' | b')' | 0);
    let ends =
        free(end) || matches!(cursor.byte(end), b',' | b';' | b':' | b'.' | b'?' | b'!') && free(end + 1);
    let word = &cursor.text[at..end];
    let article = word == "a" && cursor.byte(end) == b' ';
    (ends && (end > at + 1 || article) && !is_abbreviation(word)).then_some(end)
}

/// A word with its contractions and what hyphens join to it.
pub(crate) fn hyphenated(cursor: Cursor<'_>, at: usize) -> Reading {
    let mut reading = part(cursor, at);
    while cursor.byte(reading.end) == b'-' {
        let digits = cursor.digits(reading.end + 1);
        let next = if !digits.is_empty() {
            Reading::new(reading.end + 1 + digits.len(), cardinal_of(digits).replace(' ', "-"))
        } else if cursor.byte(reading.end + 1).is_ascii_alphabetic() {
            part(cursor, reading.end + 1)
        } else {
            break;
        };
        reading = Reading::new(next.end, format!("{}-{}", reading.phrase, next.phrase));
    }
    reading
}

/// `fbi` → `f.b.i.`
pub(crate) fn spoken_letters(letters: &str) -> String {
    letters.chars().flat_map(|letter| [letter, '.']).collect()
}

/// `'tis`, `'em`: words that the dictionary has with their apostrophe.
fn clipped(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at + 1);
    if letters.is_empty() || cursor.byte_before(at).is_ascii_alphanumeric() {
        return None;
    }
    let word = format!("'{}", letters.to_ascii_lowercase());
    let end = at + word.len();
    // The second apostrophe of "rock 'n' roll" says nothing more.
    let end = end + usize::from(word == "'n" && cursor.byte(end) == b'\'');
    Dictionary::cmudict().contains(&word).then(|| Reading::new(end, word))
}

/// `J.`, `p.m.`, `U.S.A`: letters with full stops, spoken by their names.
///
/// An `I.` is an initial only beside another one.
fn initials(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let end = dotted(cursor, at);
    if end == at {
        return None;
    }
    let next = cursor.skip_spaces(end);
    let behind_one =
        cursor.text[..at].trim_end_matches(' ').ends_with('.') && cursor.word_before(at).len() == 1;
    let beside = behind_one || dotted(cursor, next) > next;
    if matches!(cursor.text.get(at..end), Some("I." | "i.")) && !beside && cursor.byte(end) != b'-' {
        return None;
    }
    let last = cursor.letters(end);
    let mut letters = cursor.text.get(at..end)?.to_ascii_lowercase();
    if last.len() == 1 && is_capitalized(last) && cursor.byte(at).is_ascii_uppercase() {
        letters.push_str(&spoken_letters(&last.to_ascii_lowercase()));
        return Some(Reading::new(end + 1, letters));
    }
    if cursor.byte(end) == b'\'' && cursor.letters(end + 1) == "s" {
        return Some(Reading::new(end + 2, letters + "'s"));
    }
    if cursor.byte(end) == b'-' && cursor.byte(end + 1).is_ascii_alphabetic() {
        let tail = hyphenated(cursor, end + 1);
        return Some(Reading::new(tail.end, format!("{letters}-{}", tail.phrase)));
    }
    Some(Reading { end, phrase: letters, full_stop: true })
}

/// The end of the letters with full stops that begin at `at`.
fn dotted(cursor: Cursor<'_>, at: usize) -> usize {
    let mut end = at;
    while cursor.byte(end).is_ascii_alphabetic() && cursor.byte(end + 1) == b'.' {
        end += 2;
    }
    end
}

/// `AT&T`, `R&D`: capitals around an ampersand, by their names.
fn ampersand(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let left = cursor.letters(at);
    let right = cursor.letters(at + left.len() + 1);
    let short = |letters: &str| {
        (1..=LONGEST_SPELLED).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    if cursor.byte(at + left.len()) != b'&' || !short(left) || !short(right) {
        return None;
    }
    let name = |letters: &str| spoken_letters(&letters.to_ascii_lowercase());
    Some(Reading::new(at + left.len() + 1 + right.len(), format!("{} and {}", name(left), name(right))))
}

/// A single letter: the article, the pronoun, or the name of the letter.
fn lone_letter(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let behind = cursor.byte(at + 1);
    if letters.len() != 1 || matches!(behind, b'\'' | b'-') && cursor.byte(at + 2).is_ascii_alphanumeric() {
        return None;
    }
    let name = match letters {
        "A" => !cursor.shouted && !cursor.begins_sentence(at) && !is_capitalized(cursor.next_word(at + 1)),
        "a" | "I" | "i" | "O" | "o" => false,
        _ => true,
    };
    let lower = letters.to_ascii_lowercase();
    Some(Reading::new(at + 1, if name { spoken_letters(&lower) } else { lower }))
}

/// Letters and the contractions behind them: `don't`, `boys'`, `FPCC's`.
fn part(cursor: Cursor<'_>, at: usize) -> Reading {
    let letters = cursor.letters(at);
    let (mut end, mut phrase) = match dotted(cursor, at) {
        behind if behind > at + 2 => (behind, cursor.text[at..behind].to_ascii_lowercase()),
        _ => (at + letters.len(), spoken(cursor, letters)),
    };
    while cursor.byte(end) == b'\'' && cursor.byte(end + 1).is_ascii_alphabetic() {
        let behind = cursor.letters(end + 1);
        phrase.push('\'');
        phrase.push_str(&behind.to_ascii_lowercase());
        end += 1 + behind.len();
    }
    if cursor.byte(end) == b'\'' && !cursor.quoted {
        let clipped = format!("{phrase}'");
        if phrase.ends_with('s') || Dictionary::cmudict().contains(&clipped) {
            return Reading::new(end + 1, clipped);
        }
    }
    Reading::new(end, phrase)
}

/// Lower case, or the letters of an acronym: capitals that the dictionary lacks and that have no vowel or are few.
fn spoken(cursor: Cursor<'_>, letters: &str) -> String {
    let lower = letters.to_ascii_lowercase();
    let acronym = letters.len() > 1 && letters.bytes().all(|letter| letter.is_ascii_uppercase());
    if !acronym {
        return lower;
    }
    let vowels = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let spell = if cursor.shouted {
        !vowels && !Dictionary::cmudict().contains(&lower)
    } else {
        let few = !vowels || letters.len() <= LONGEST_SPELLED;
        SPELLED.contains(&lower.as_str()) || (few && !Dictionary::cmudict().contains(&lower))
    };
    if spell { spoken_letters(&lower) } else { lower }
}
