//! Phones that a text gives in place of a word: `{HH AH0 L OW1}`, `[[həlˈoʊ]]`.

use std::ops::Range;

use crate::error::Error;
use crate::espeak::phones_of_espeak;
use crate::phone::{Phone, parse_phones};

/// Characters of IPA that no spelling of English has; without one, doubled brackets are brackets.
const IPA: &str = "ɑæəɛɪɔʊʌɝɚɜɹʃʒŋθðɡˈˌː";

/// Finds the phones that a text gives: the bytes that they take up, and the phones as a word in braces.
///
/// Braces are phones if they contain two or more names in capitals, one that ends in a stress, or a phone; any
/// other braces are brackets.
pub(crate) fn phones_in(text: &str) -> impl Iterator<Item = (Range<usize>, Result<String, Error>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.find(['{', '['])?;
            at = start + 1;
            let rest = &text[start..];
            let (inner, length, in_braces) = if let Some(inner) = rest.strip_prefix('{') {
                let end = inner.find('}')?;
                (&inner[..end], end + 2, true)
            } else if let Some(inner) = rest.strip_prefix("[[") {
                let Some(end) = inner.find("]]") else { continue };
                (&inner[..end], end + 4, false)
            } else {
                continue;
            };
            let found = if in_braces { is_arpabet(inner) } else { inner.contains(|c| IPA.contains(c)) };
            if found {
                at = start + length;
                let phones = if in_braces { parse_phones(inner) } else { phones_of_ipa(inner) };
                let phones = phones.map_err(|error| Error::GivenPhones {
                    given: text[start..at].to_owned(),
                    why: error.to_string(),
                });
                return Some((start..at, phones.map(|phones| word(&phones))));
            }
        }
    })
}

/// Writes phones as a word.
fn word(phones: &[Phone]) -> String {
    let names: Vec<&str> = phones.iter().map(|phone| phone.name()).collect();
    format!("{{{}}}", names.join(" "))
}

/// Reads a word written by [`phones_in`].
pub(crate) fn phones_of(word: &str) -> Option<Vec<Phone>> {
    parse_phones(word.strip_prefix('{')?.strip_suffix('}')?).ok()
}

fn is_arpabet(inner: &str) -> bool {
    let names: Vec<&str> = inner.split_whitespace().collect();
    let is_name = |name: &&str| {
        let letters = name.trim_end_matches(|character: char| character.is_ascii_digit());
        name.len() - letters.len() <= 1
            && (1..=2).contains(&letters.len())
            && letters.bytes().all(|b| b.is_ascii_uppercase())
    };
    let one_is_enough =
        |name: &str| name.ends_with(|c: char| c.is_ascii_digit()) || name.parse::<Phone>().is_ok();
    names.iter().all(is_name) && (names.len() > 1 || names.iter().any(|name| one_is_enough(name)))
}

/// Reads a word in American IPA, as espeak-ng prints it or with the signs of dictionaries.
///
/// # Errors
///
/// Returns an error that names the first sign without a phone.
pub fn phones_of_ipa(inner: &str) -> Result<Vec<Phone>, Error> {
    let plain = inner.replace('ɝ', "ɜː").replace('g', "ɡ").replace('ɫ', "l").replace(['.', '\u{361}'], "");
    phones_of_espeak(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = phones_in(text).map(|(_, word)| word.expect(text)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn finds_phones_among_words() {
        check(
            "Say {HH AH0 L OW1} and [[həˈloʊ]], [[ˈbɝd]].",
            &["{HH AH0 L OW1}", "{HH AH0 L OW1}", "{B ER1 D}"],
        );
        check("{EY1}{S}", &["{EY1}", "{S}"]);
        check("{x} {USA} {} [[Albert Einstein]] [so] { {B IY1}", &["{B IY1}"]);
        check("[[São Paulo]] [[", &[]);
    }

    #[test]
    fn names_what_is_no_phone() {
        let error =
            |text: &str| phones_in(text).find_map(|(_, word)| word.err()).map(|error| error.to_string());
        let message = error("a {HH AH L OW1}").unwrap_or_default();
        assert!(
            message.starts_with("`{HH AH L OW1}` are not phones: `AH` is not an ARPAbet phone"),
            "{message}"
        );
        assert!(error("[[bøə]]").is_some_and(|message| message.contains('ø')));
        assert_eq!(phones_of("{B IY1}"), parse_phones("B IY1").ok());
        assert_eq!(phones_of("{x}"), None);
        assert_eq!(phones_of("word"), None);
    }
}
