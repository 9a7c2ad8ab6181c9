//! Pronunciations from a text file: the user's own words, and CMUdict before packing.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::normalize::fold;
use crate::phone::{Phone, parse_phones};

/// Words and their pronunciations, the preferred one first.
///
/// # Examples
///
/// ```
/// use mynah_text::Lexicon;
///
/// let lexicon = Lexicon::parse("words.txt", ";;; names\nHidell  HH AY0 D EH1 L\n")?;
/// assert_eq!(lexicon.get("hidell").map(<[_]>::len), Some(1));
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    entries: BTreeMap<String, Vec<Vec<Phone>>>,
}

impl Lexicon {
    /// Parses a lexicon whose lines are a word and its phones, separated by white space.
    ///
    /// Words are compared as [`normalize`](crate::normalize()) writes them: lowercase, without accents. A
    /// word on a second line, with or without a trailing `(2)` as in CMUdict, gets a further pronunciation.
    /// Empty lines and lines starting with `;;;` or `#` are skipped, as is the rest of a line from a `#`
    /// preceded by a space. `file` names the text in errors.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Lexicon`] with the first line that has no phones or an unknown one.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut entries = BTreeMap::<String, Vec<Vec<Phone>>>::new();
        for (index, line) in text.lines().enumerate() {
            let refuse = |why: String| Error::Lexicon { file: file.to_owned(), line: index + 1, why };
            let line = line.trim();
            if line.starts_with(";;;") || line.starts_with('#') {
                continue;
            }
            let line = line.find([' ', '\t']).map_or(line, |gap| {
                // The comment sign is searched for after the word, which may itself contain one.
                let comment = line[gap..].find('#').map_or(line.len(), |at| gap + at);
                &line[..comment]
            });
            let (word, phones) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if word.is_empty() {
                continue;
            }
            let phones = parse_phones(phones).map_err(|error| refuse(error.to_string()))?;
            if phones.is_empty() {
                return Err(refuse(format!("`{word}` has no phones")));
            }
            entries.entry(fold::word(without_variant(word))).or_default().push(phones);
        }
        Ok(Self { entries })
    }

    /// Returns the pronunciations of a normalized word; `None` if the lexicon lacks it.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&[Vec<Phone>]> {
        self.entries.get(word).map(Vec::as_slice)
    }

    /// Iterates over the words and their pronunciations, sorted by the bytes of the word.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[Vec<Phone>])> {
        self.entries.iter().map(|(word, variants)| (word.as_str(), variants.as_slice()))
    }

    /// Returns the number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Strips CMUdict's variant number: `read(2)` becomes `read`.
fn without_variant(word: &str) -> &str {
    let numbered = word.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match numbered {
        Some((word, number))
            if !word.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            word
        }
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_words_variants_and_comments() -> Result<(), Error> {
        let text = ";;; a comment\n# another\n\nread  R EH1 D\nREAD(2)\tR IY1 D # to read\nFiancé  F IY0 AA1 N S EY2\n";
        let lexicon = Lexicon::parse("words.txt", text)?;
        let words: Vec<_> = lexicon.iter().map(|(word, variants)| (word, variants.len())).collect();
        assert_eq!(words, [("fiance", 1), ("read", 2)]);
        assert_eq!(lexicon.get("read").map(|variants| variants[1].clone()), Some(parse_phones("R IY1 D")?));
        assert_eq!(lexicon.get("reed"), None);
        Ok(())
    }

    #[test]
    fn names_a_bad_line() {
        let check = |text: &str, expected: &str| {
            let message = Lexicon::parse("words.txt", text).expect_err(text).to_string();
            assert!(message.starts_with(expected), "{message}");
        };
        check("\nhidell  HH AY0 D EH L", "line 2 of `words.txt`: `EH` is not an ARPAbet phone");
        check("hidell", "line 1 of `words.txt`: `hidell` has no phones");
        check("hidell # HH", "line 1 of `words.txt`: `hidell` has no phones");
    }
}
