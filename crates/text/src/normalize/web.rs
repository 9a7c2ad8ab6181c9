//! Addresses: `jane.doe@example.com`, `https://www.example.org/a-b`, `example.com`.

use super::cursor::{Cursor, Reading};
use super::verbalize::spelled;
use super::word::spoken_letters;
use crate::dictionary::Dictionary;

/// Top-level domains of addresses without a scheme or `www.`.
const ENDINGS: [&str; 24] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "io", "ai", "uk", "de", "fr", "eu", "us", "ca",
    "au", "jp", "ch", "nl", "dev", "app", "tv", "me",
];

/// Reads an email or web address, part by part, with its marks by name.
///
/// A scheme is silent. A part found in the dictionary is a word; otherwise its letters are named. Digits are
/// read one by one.
pub(crate) fn address(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    if !cursor.byte(at).is_ascii_alphanumeric() || cursor.byte_before(at).is_ascii_alphanumeric() {
        return None;
    }
    let whole = cursor.run(at, |byte| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'"' | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b',' | b';')
    });
    let whole = whole.trim_end_matches(['.', ':', '!', '?', '\'', '-']);
    // Most words are not addresses; this check needs no copy.
    if !whole.bytes().any(|byte| matches!(byte, b'.' | b'@' | b':')) {
        return None;
    }
    let lower = whole.to_ascii_lowercase();
    let (body, scheme) = match lower.split_once("://") {
        Some((scheme @ ("http" | "https" | "ftp"), body)) => (body, scheme.len() + 3),
        _ => (lower.as_str(), 0),
    };
    let is_address = scheme > 0 && !body.is_empty()
        || body.starts_with("www.") && body.len() > 4
        || is_mail(body)
        || is_host(body.split('/').next().unwrap_or(""));
    (is_address && body.bytes().any(|byte| byte.is_ascii_alphanumeric()))
        .then(|| Reading::new(at + whole.len(), spoken(body)))
}

/// Returns true for a nonempty name, an at sign and a host, with or without a path.
fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        let host = host.split('/').next().unwrap_or("");
        !name.is_empty() && host.contains('.') && host.split('.').all(is_label)
    })
}

/// Returns true for labels separated by full stops, ending in a known top-level domain.
fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    labels.len() > 1
        && labels.iter().all(|label| is_label(label))
        && labels[0].len() > 1
        && labels.last().is_some_and(|last| ENDINGS.contains(last))
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Writes the words of an address.
fn spoken(body: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = body.trim_end_matches('/');
    while let Some(first) = rest.bytes().next() {
        let run = |accept: fn(&u8) -> bool| rest.bytes().take_while(accept).count();
        let length = if first.is_ascii_digit() {
            let length = run(u8::is_ascii_digit);
            words.push(spelled(&rest[..length], "zero"));
            length
        } else if first.is_ascii_alphabetic() {
            let length = run(u8::is_ascii_alphabetic);
            let part = &rest[..length];
            let vowels = part.contains(['a', 'e', 'i', 'o', 'u', 'y']);
            let known = vowels && length > 1 && Dictionary::cmudict().contains(part);
            words.push(if known || vowels && length > 3 { part.to_owned() } else { spoken_letters(part) });
            length
        } else {
            words.extend(name(first).map(str::to_owned));
            1
        };
        rest = &rest[length..];
    }
    words.join(" ")
}

fn name(mark: u8) -> Option<&'static str> {
    Some(match mark {
        b'.' => "dot",
        b'@' => "at",
        b'/' => "slash",
        b'-' => "dash",
        b'_' => "underscore",
        b':' => "colon",
        b'?' => "question mark",
        b'=' => "equals",
        b'&' => "ampersand",
        b'%' => "percent",
        b'#' => "hash",
        b'+' => "plus",
        b'~' => "tilde",
        _ => return None,
    })
}
