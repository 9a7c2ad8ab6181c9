//! Rules of the user's own for texts: a regular expression, and the words that are spoken in its place.

use std::fmt;
use std::ops::Range;

use regex::Regex;

use crate::error::Error;

/// Regular expressions and the words that take the place of what they match.
///
/// At each place, the first rule that matches wins. What matches is replaced as a whole, before any other rule of
/// normalization; the words are normalized like any text.
///
/// # Examples
///
/// ```
/// use mynah_text::TextRules;
///
/// let rules = TextRules::parse("rules.tsv", "# model names\nX(\\d+)\tmodel $1\n")?;
/// assert!(!rules.is_empty());
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TextRules {
    rules: Vec<(Regex, String)>,
}

impl TextRules {
    /// Parses rules, one a line: a regular expression, a tab, and the words.
    ///
    /// The expressions are those of the `regex` crate. `$1` or `${name}` in the words stand for what a group
    /// matched, `$$` for a dollar sign. Empty lines and lines starting with `#` are skipped. `file` names the text
    /// in errors.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rules`] with the first line that has no tab, no words, or no valid expression.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let refuse = |why: String| Error::Rules { file: file.to_owned(), line: index + 1, why };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (pattern, words) =
                line.split_once('\t').ok_or_else(|| refuse("there is no tab".to_owned()))?;
            if words.trim().is_empty() {
                return Err(refuse(format!("`{pattern}` has no words")));
            }
            let last = |error: regex::Error| {
                let message = error.to_string();
                message.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned()
            };
            let regex =
                Regex::new(pattern).map_err(|error| refuse(format!("`{pattern}`: {}", last(error))))?;
            if regex.is_match("") {
                return Err(refuse(format!("`{pattern}` matches the empty text")));
            }
            rules.push((regex, words.trim().to_owned()));
        }
        Ok(Self { rules })
    }

    /// Returns true if there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns what the rules match, from left to right without overlaps, and the words in its place.
    pub(crate) fn matches(&self, text: &str) -> Vec<(Range<usize>, String)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let first = self
                .rules
                .iter()
                .filter_map(|(regex, words)| Some((regex.captures_at(text, at)?, words)))
                .filter_map(|(captures, words)| Some((captures.get(0)?.range(), captures, words)))
                .filter(|(range, ..)| !range.is_empty())
                // The first of equal places is the first rule.
                .min_by_key(|(range, ..)| range.start);
            let Some((range, captures, words)) = first else { break };
            let mut spoken = String::new();
            captures.expand(words, &mut spoken);
            at = range.end;
            found.push((range, spoken));
        }
        found
    }
}

impl fmt::Display for TextRules {
    /// Writes the rules, one a line, as they are read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.iter().try_for_each(|(regex, words)| writeln!(f, "{regex}\t{words}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{Normalizer, Style};

    fn normalizer(rules: &str) -> Normalizer {
        Normalizer::new(Style::Standard, TextRules::parse("rules.tsv", rules).expect(rules))
    }

    #[test]
    fn words_take_the_place_of_what_matches() {
        let normalizer =
            normalizer("# names\n\nX(\\d+)\tmodel $1\nUCU\tthe {Y UW1} college\n№?\\bapprox\\b\troughly\n");
        let text = "The X12 of UCU, approx 5 of X3.";
        let normalized = normalizer.normalize(text);
        assert_eq!(
            normalized.to_string(),
            "the model twelve of the {Y UW1} college, roughly five of model three."
        );
        let places: Vec<&str> = normalized.words().map(|word| &text[word.span.clone()]).collect();
        assert_eq!(places[1..3], ["X12", "X12"]);
        assert_eq!(places[4], "UCU");
    }

    #[test]
    fn the_first_rule_wins_and_nothing_is_matched_twice() {
        let normalizer = normalizer("ab\tfirst\na\tsecond\nfirst\tthird\n");
        assert_eq!(normalizer.normalize("ab a b").to_string(), "first second b.");
        assert_eq!(normalizer.normalize("{B IY1} ab").to_string(), "{B IY1} first");
    }

    #[test]
    fn names_a_bad_line() {
        let check = |text: &str, expected: &str| {
            let message = TextRules::parse("rules.tsv", text).expect_err(text).to_string();
            assert_eq!(message, expected);
        };
        check("\nab", "line 2 of `rules.tsv`: there is no tab");
        check("ab\t ", "line 1 of `rules.tsv`: `ab` has no words");
        check("a*\tb", "line 1 of `rules.tsv`: `a*` matches the empty text");
        check("(a\tb", "line 1 of `rules.tsv`: `(a`: unclosed group");
    }
}
