//! Words: initials, acronyms, contractions, hyphens.

use super::abbreviation::{abbreviation, is_abbreviation};
use super::code::code;
use super::cursor::{Cursor, Reading, is_capitalized, is_one_of};
use super::date::dashed_date;
use super::number::{Quantity, joined_number};
use super::roman::roman;
use super::street::{point, state};
use crate::dictionary::Dictionary;

/// Acronyms that look like ordinary words or names of the dictionary.
const SPELLED: [&str; 49] = [
    "ai", "aka", "als", "am", "ca", "coo", "ct", "da", "dea", "doe", "edu", "er", "era", "est", "ga", "gao",
    "ged", "id", "ide", "ilo", "imo", "ins", "ira", "isu", "it", "la", "led", "ma", "mi", "mia", "nec",
    "ngo", "os", "ot", "pa", "pos", "pow", "raf", "rip", "roi", "sat", "sec", "st", "un", "ups", "us", "uva",
    "vat", "wy",
];
/// Beginnings of names with a capital inside that are one word.
const PARTICLES: [&str; 16] =
    ["Mc", "Mac", "De", "Di", "Du", "Da", "La", "Le", "Lo", "Van", "Von", "Fitz", "St", "Al", "El", "Ben"];
/// Length of the longest unknown word in capitals that is spelled out despite having vowels.
const LONGEST_SPELLED: usize = 4;

/// Reads any word that begins with a letter or an apostrophe.
pub(crate) fn word(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    if cursor.byte(at) == b'\'' {
        return clipped(cursor, at);
    }
    if !cursor.byte(at).is_ascii_alphabetic() {
        return None;
    }
    abbreviation(cursor, at)
        .or_else(|| era(cursor, at))
        .or_else(|| dimension(cursor, at))
        .or_else(|| dashed_date(cursor, at))
        .or_else(|| point(cursor, at))
        .or_else(|| state(cursor, at))
        .or_else(|| roman(cursor, at))
        .or_else(|| initials(cursor, at))
        .or_else(|| code(cursor, at))
        .or_else(|| ampersand(cursor, at))
        .or_else(|| Some(lone_letter(cursor, at).unwrap_or_else(|| hyphenated(cursor, at))))
}

/// Returns the end of a word that no rule changes: lowercase letters after a first letter of either case,
/// followed by white space, a mark that ends a phrase, or the end of the text.
///
/// [`word`] reads such words the same way, ten times as slowly.
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

/// Reads a word with its contractions and hyphenated parts.
pub(crate) fn hyphenated(cursor: Cursor<'_>, at: usize) -> Reading {
    let mut reading = part(cursor, at);
    while cursor.byte(reading.end) == b'-' {
        let next = if let Some(number) = joined_number(cursor, reading.end + 1) {
            Reading { phrase: number.phrase.replace(' ', "-"), ..number }
        } else if cursor.byte(reading.end + 1).is_ascii_alphabetic() {
            part(cursor, reading.end + 1)
        } else {
            break;
        };
        reading = Reading::new(next.end, format!("{}-{}", reading.phrase, next.phrase));
    }
    reading
}

/// Writes `fbi` as `f.b.i.`
pub(crate) fn spoken_letters(letters: &str) -> String {
    letters.chars().flat_map(|letter| [letter, '.']).collect()
}

/// Reads `AD 200`: letters before a year.
fn era(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let next = at + letters.len();
    let is_era = letters == "AD" && cursor.byte(next) == b' ' && cursor.byte(next + 1).is_ascii_digit();
    is_era.then(|| Reading::new(next, "a.d."))
}

/// Reads the `x` of `25 x 7 m`, but not that of a name such as `4 x 4 x scope`.
fn dimension(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let next = cursor.skip_spaces(at + 1);
    let after = Quantity::parse(cursor, next).map_or(next, |quantity| quantity.end);
    let is_between = cursor.letters(at) == "x"
        && cursor.byte_before(at) == b' '
        && cursor.text[..at].trim_end_matches(' ').ends_with(|before: char| before.is_ascii_digit())
        && cursor.byte(at + 1) == b' '
        && cursor.byte(next).is_ascii_digit()
        && cursor.next_word(after) != "x";
    is_between.then(|| Reading::new(at + 1, "by"))
}

/// Reads `'tis`, `'em`: words that the dictionary lists with their apostrophe.
fn clipped(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at + 1);
    if letters.is_empty() || cursor.byte_before(at).is_ascii_alphanumeric() {
        return None;
    }
    let word = format!("'{}", letters.to_ascii_lowercase());
    let end = at + word.len();
    // The second apostrophe of "rock 'n' roll" is silent.
    let end = end + usize::from(word == "'n" && cursor.byte(end) == b'\'');
    Dictionary::cmudict().contains(&word).then(|| Reading::new(end, word))
}

/// Reads `J.`, `p.m.`, `U.S.A`: letters with full stops, spoken by name.
///
/// `I.` is an initial only next to another one.
fn initials(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let end = dotted(cursor, at);
    if end == at {
        return None;
    }
    let next = cursor.skip_spaces(end);
    let after_one =
        cursor.text[..at].trim_end_matches(' ').ends_with('.') && cursor.word_before(at).len() == 1;
    let beside = after_one || dotted(cursor, next) > next;
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

/// Returns the end of the letters with full stops that begin at `at`.
fn dotted(cursor: Cursor<'_>, at: usize) -> usize {
    let mut end = at;
    while cursor.byte(end).is_ascii_alphabetic() && cursor.byte(end + 1) == b'.' {
        end += 2;
    }
    end
}

/// Reads `AT&T`, `R&D`: capitals around an ampersand, by name.
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

/// Reads a single letter: the article, the pronoun, or the name of the letter.
fn lone_letter(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let after = cursor.byte(at + 1);
    if letters.len() != 1 || matches!(after, b'\'' | b'-') && cursor.byte(at + 2).is_ascii_alphanumeric() {
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

/// Reads letters and their contractions: `don't`, `boys'`, `FPCC's`.
fn part(cursor: Cursor<'_>, at: usize) -> Reading {
    let letters = cursor.letters(at);
    let (mut end, mut phrase) = match dotted(cursor, at) {
        after if after > at + 2 => (after, cursor.text[at..after].to_ascii_lowercase()),
        _ => (at + letters.len(), spoken(cursor, at, letters)),
    };
    while cursor.byte(end) == b'\'' && cursor.byte(end + 1).is_ascii_alphabetic() {
        let after = cursor.letters(end + 1);
        phrase.push('\'');
        phrase.push_str(&after.to_ascii_lowercase());
        end += 1 + after.len();
    }
    if cursor.byte(end) == b'\'' && !cursor.quoted {
        let clipped = format!("{phrase}'");
        if phrase.ends_with('s') || Dictionary::cmudict().contains(&clipped) {
            return Reading::new(end + 1, clipped);
        }
    }
    Reading::new(end, phrase)
}

/// Writes `GPUs` as `g.p.u.'s`: capitals that are spelled out, and the ending of the plural.
fn plural_acronym(cursor: Cursor<'_>, at: usize, letters: &str) -> Option<String> {
    let capitals = letters.strip_suffix('s')?;
    let is_acronym = (2..=LONGEST_SPELLED + 1).contains(&capitals.len())
        && capitals.bytes().all(|letter| letter.is_ascii_uppercase());
    if !is_acronym || Dictionary::cmudict().contains(&letters.to_ascii_lowercase()) && !is_spelled(capitals) {
        return None;
    }
    Some(spoken(cursor, at, capitals)).filter(|spelled| spelled.ends_with('.')).map(|spelled| spelled + "'s")
}

/// Returns true for an acronym that is spelled although the dictionary has the word.
fn is_spelled(capitals: &str) -> bool {
    SPELLED.binary_search(&capitals.to_ascii_lowercase().as_str()).is_ok()
}

/// Returns true for the World Health Organization, which is no question, and false for a pronoun's stressed `AM`.
fn is_spelled_here(cursor: Cursor<'_>, at: usize, capitals: &str) -> bool {
    match capitals {
        "WHO" => is_one_of(cursor.word_before(at), &["the"]),
        "AM" => cursor.word_before(at) != "I",
        _ => is_spelled(capitals),
    }
}

/// Writes `JetBlue` as `jet-blue`, `OpenAI` as `open-a.i.`: a name with capitals inside, unless the
/// dictionary has it or it begins like `McGregor`.
fn camel(cursor: Cursor<'_>, at: usize, letters: &str) -> Option<String> {
    let bytes = letters.as_bytes();
    let is_capital = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    // A word begins at a capital behind a small letter, and at the last of several capitals.
    let begins = |at: &usize| {
        is_capital(*at) && (!is_capital(*at - 1) || *at + 1 < bytes.len() && !is_capital(*at + 1))
    };
    let first = (1..letters.len()).find(begins)?;
    if PARTICLES.contains(&&letters[..first]) || Dictionary::cmudict().contains(&letters.to_ascii_lowercase())
    {
        return None;
    }
    let mut starts: Vec<usize> = [0].into_iter().chain((1..letters.len()).filter(begins)).collect();
    starts.push(letters.len());
    let parts: Vec<String> =
        starts.windows(2).map(|part| spoken(cursor, at, &letters[part[0]..part[1]])).collect();
    Some(parts.join("-"))
}

/// Writes lowercase, or the letters of an acronym: capitals that are missing from the dictionary and are
/// either few or without vowels.
fn spoken(cursor: Cursor<'_>, at: usize, letters: &str) -> String {
    if let Some(letters) = plural_acronym(cursor, at, letters) {
        return letters;
    }
    let lower = letters.to_ascii_lowercase();
    let acronym = letters.len() > 1 && letters.bytes().all(|letter| letter.is_ascii_uppercase());
    if !acronym {
        return camel(cursor, at, letters).unwrap_or(lower);
    }
    let vowels = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let spell = if cursor.shouted {
        !vowels && !Dictionary::cmudict().contains(&lower)
    } else {
        let few = !vowels || letters.len() <= LONGEST_SPELLED;
        is_spelled_here(cursor, at, letters) || (few && !Dictionary::cmudict().contains(&lower))
    };
    if spell { spoken_letters(&lower) } else { lower }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_acronyms_are_sorted_words_of_the_dictionary() {
        assert!(SPELLED.is_sorted());
        for word in SPELLED {
            assert!(Dictionary::cmudict().contains(word), "{word}");
        }
    }
}
