//! Letters to sounds.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::letters;
use crate::error::Error;
use crate::phone::{Phone, Stress, parse_phones};

static BUNDLED: &str = include_str!("../../data/spelling-rules.txt");

/// Context-sensitive rules from letters to sounds: the longest known context of a letter says how it sounds.
///
/// The table's first line lists the widths of the contexts as letters before and behind, the widest last; each
/// further line is a rule `hi[d]ell D`: the letter in brackets, the letters around it, and its phones, none where it
/// is silent. `_` is the edge of the word. For each letter the last width is tried first.
///
/// The bundled table was learnt from CMUdict by `examples/learn_spelling_rules.rs`, and `data/README.md` has its
/// error rates.
///
/// # References
///
/// Rules with contexts that go from letters to phones: Elovitz et al., "Automatic translation of English text to
/// phonetics by means of letter-to-sound rules", NRL Report 7948, 1976. Contexts that widen until they are unambiguous:
/// Kohonen, "Dynamically expanding context", 1986.
#[derive(Debug)]
pub struct SpellingRules {
    /// In the order in which they are tried.
    widths: Vec<Width>,
    /// The widest context on either side.
    margin: usize,
}

/// The rules of one width.
#[derive(Debug)]
struct Width {
    before: usize,
    behind: usize,
    /// By the letters of the context, the one in question among them.
    rules: HashMap<String, Vec<Phone>>,
}

impl SpellingRules {
    /// The table in the program.
    ///
    /// # Panics
    ///
    /// Never: the bundled table is read by the tests of this crate.
    #[must_use]
    pub fn bundled() -> &'static Self {
        static RULES: LazyLock<SpellingRules> =
            LazyLock::new(|| SpellingRules::parse(BUNDLED).expect("the bundled table is well formed"));
        &RULES
    }

    /// Reads a table.
    ///
    /// # Errors
    ///
    /// [`Error::SpellingRules`] with the first line that has not the form above.
    pub fn parse(table: &str) -> Result<Self, Error> {
        let refuse = |line: usize, why: &str| Error::SpellingRules { line, why: why.to_owned() };
        let mut lines = table.lines().enumerate();
        let header = lines.next().map_or("", |(_, line)| line);
        let mut widths = Vec::new();
        for width in header.split_whitespace() {
            let (before, behind) =
                width.split_once('+').ok_or_else(|| refuse(1, "a width is `before+behind`"))?;
            let number = |text: &str| text.parse().map_err(|_| refuse(1, "a width is two numbers"));
            widths.push(Width { before: number(before)?, behind: number(behind)?, rules: HashMap::new() });
        }
        widths.reverse();
        let margin = widths.iter().map(|width| width.before.max(width.behind)).max().unwrap_or(0);
        for (index, line) in lines {
            let (context, phones) = line.split_once(' ').unwrap_or((line, ""));
            let (before, rest) =
                context.split_once('[').ok_or_else(|| refuse(index + 1, "a letter is in brackets"))?;
            let (letter, behind) =
                rest.split_once(']').ok_or_else(|| refuse(index + 1, "a bracket is closed"))?;
            let width = widths
                .iter_mut()
                .find(|width| {
                    (width.before, width.behind) == (before.len(), behind.len()) && letter.len() == 1
                })
                .ok_or_else(|| refuse(index + 1, "the context is none of the widths"))?;
            let phones = parse_phones(phones).map_err(|error| refuse(index + 1, &error.to_string()))?;
            width.rules.insert(format!("{before}{letter}{behind}"), phones);
        }
        Ok(Self { widths, margin })
    }

    /// The phones of a word; never empty, unless the word has no letter.
    ///
    /// Exactly one vowel has primary stress: where the rules give several the first keeps it, where they give none the
    /// first with secondary stress gets it, else the third from the end, else the first. Equal consonants side by side
    /// are said once. A word for which the rules find no vowel is spelled by the names of its letters.
    #[must_use]
    pub fn pronounce(&self, word: &str) -> Vec<Phone> {
        let letters: String = word.chars().filter(char::is_ascii_lowercase).collect();
        let edge = "_".repeat(self.margin);
        let padded = format!("{edge}{letters}{edge}");
        let mut phones: Vec<Phone> = Vec::new();
        for at in self.margin..self.margin + letters.len() {
            for phone in self.sound(&padded, at) {
                if phone.is_vowel() || phones.last() != Some(phone) {
                    phones.push(*phone);
                }
            }
        }
        if !phones.iter().any(|phone| phone.is_vowel()) {
            return letters::names(&letters);
        }
        stress_once(&mut phones);
        phones
    }

    /// The phones of the letter at `at`, by its longest known context.
    fn sound(&self, padded: &str, at: usize) -> &[Phone] {
        let known = self
            .widths
            .iter()
            .find_map(|width| width.rules.get(padded.get(at - width.before..=at + width.behind)?));
        known.map_or(&[], Vec::as_slice)
    }
}

/// Leaves exactly one primary stress.
fn stress_once(phones: &mut [Phone]) {
    let vowels: Vec<usize> = (0..phones.len()).filter(|index| phones[*index].is_vowel()).collect();
    let first = |stress| vowels.iter().copied().find(|index| phones[*index].stress() == Some(stress));
    let default = vowels.len().checked_sub(3).and_then(|third| vowels.get(third)).or(vowels.first()).copied();
    let Some(stressed) = first(Stress::Primary).or_else(|| first(Stress::Secondary)).or(default) else {
        return;
    };
    for index in vowels {
        if phones[index].stress() == Some(Stress::Primary) {
            phones[index] = phones[index].with_stress(Stress::Secondary);
        }
    }
    phones[stressed] = phones[stressed].with_stress(Stress::Primary);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rules: &SpellingRules, word: &str) -> String {
        rules.pronounce(word).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_longest_known_context_decides() -> Result<(), Error> {
        let rules =
            SpellingRules::parse("0+0 0+1 1+1\n[a] AE1\n[b] B\n[c] K\n[c]h CH\n[h]\ns[c]h K\n[s] S\n")?;
        assert_eq!(said(&rules, "chacbb"), "CH AE1 K B");
        assert_eq!(said(&rules, "scha"), "S K AE1");
        assert_eq!(said(&rules, "xb"), "EH2 K S B IY1");
        assert_eq!(said(&rules, ""), "");
        Ok(())
    }

    #[test]
    fn one_vowel_has_primary_stress() -> Result<(), Error> {
        let rules = SpellingRules::parse("0+0\n[a] AE1\n[e] EH2\n[o] AA0\n[t] T\n")?;
        assert_eq!(said(&rules, "tata"), "T AE1 T AE2");
        assert_eq!(said(&rules, "toteto"), "T AA0 T EH1 T AA0");
        assert_eq!(said(&rules, "totototo"), "T AA0 T AA1 T AA0 T AA0");
        assert_eq!(said(&rules, "toto"), "T AA1 T AA0");
        Ok(())
    }

    #[test]
    fn a_bad_line_is_named() {
        let check = |table: &str, line: usize| {
            assert!(
                matches!(SpellingRules::parse(table), Err(Error::SpellingRules { line: at, .. }) if at == line)
            );
        };
        check("0+0 1", 1);
        check("0+0 x+1", 1);
        check("0+0\na AE1", 2);
        check("0+0\n[a AE1", 2);
        check("0+0\n[a] AE1\n[a]b AE1", 3);
        check("0+0\n[a] AE", 2);
    }
}
