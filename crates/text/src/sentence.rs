//! Paragraphs to sentences.

use std::ops::Range;

use crate::normalize::is_title;

/// Words that begin sentences far more often than they follow an abbreviation inside one.
pub(crate) const STARTERS: [&str; 48] = [
    "The", "A", "An", "He", "She", "It", "They", "We", "You", "I", "But", "And", "Or", "In", "On", "At",
    "By", "This", "That", "These", "Those", "There", "Here", "When", "Where", "While", "If", "As", "His",
    "Her", "Its", "Our", "My", "Their", "For", "After", "Before", "No", "Yes", "What", "Who", "How", "Why",
    "So", "Then", "Not", "Some", "All",
];

/// Finds the sentences of a paragraph, without the white space around them.
///
/// A sentence ends at a full stop, an ellipsis, a question mark or an exclamation mark, together with any
/// closing quotation marks and brackets, if white space and then a capital, a digit or an opening mark
/// follows. A full stop does not end a sentence after a title or another abbreviation that a name or a number
/// follows (`Mr.`, `No.`), nor after an initial. After letters with full stops (`U.S.`, `p.m.`) and
/// abbreviations that may end a sentence (`Co.`, `etc.`), it does so before a word that begins sentences,
/// such as "The". Line breaks are white space.
///
/// # Examples
///
/// ```
/// let text = "Mr. Smith left at 5 p.m. The U.S. Army came. \"Why?\" he asked.";
/// let sentences: Vec<&str> =
///     mynah_text::split_sentences(text).into_iter().map(|place| &text[place]).collect();
/// assert_eq!(sentences, ["Mr. Smith left at 5 p.m.", "The U.S. Army came.", "\"Why?\" he asked."]);
/// ```
#[must_use]
pub fn split_sentences(paragraph: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = paragraph[at..].find(['.', '!', '?', '…']) {
        let mark = at + found;
        let run = |from: usize, accept: fn(char) -> bool| {
            paragraph[from..]
                .find(|character| !accept(character))
                .map_or(paragraph.len(), |length| from + length)
        };
        let stops = run(mark, |character| matches!(character, '.' | '!' | '?' | '…'));
        let end = run(stops, |character| matches!(character, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '}'));
        let next = run(end, char::is_whitespace);
        at = end;
        let single_stop = &paragraph[mark..stops] == ".";
        if next == paragraph.len() {
            break;
        }
        if next > end
            && begins(&paragraph[next..])
            && !(single_stop && holds(&paragraph[start..mark], &paragraph[next..]))
        {
            push(&mut sentences, paragraph, start..end);
            start = next;
        }
    }
    push(&mut sentences, paragraph, start..paragraph.len());
    sentences
}

fn push(sentences: &mut Vec<Range<usize>>, text: &str, place: Range<usize>) {
    let part = &text[place.clone()];
    let start = place.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    if start < end {
        sentences.push(start..end);
    }
}

/// Returns true if a sentence may begin with the text.
fn begins(text: &str) -> bool {
    text.trim_start_matches(['"', '\'', '“', '‘', '«', '(', '[', '{', '—', '-', ' '])
        .starts_with(|character: char| character.is_uppercase() || character.is_numeric())
}

/// Returns true if the full stop between two texts belongs to the preceding word and ends no sentence.
fn holds(before: &str, after: &str) -> bool {
    let word = before.rsplit([' ', '\t', '\n', '(', '"', '“', '‘', '[']).next().unwrap_or("");
    let next = after.split(|character: char| !character.is_alphanumeric()).next().unwrap_or("");
    let starter = STARTERS.contains(&next);
    let letters = word.chars().count();
    if letters == 1 {
        // "than I. The", but "J. Edgar" and "A. The" of a list.
        return word.chars().all(char::is_uppercase) && !(word == "I" && starter);
    }
    if is_title(word, after) {
        return true;
    }
    let dotted = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2);
    let may_end = matches!(
        word,
        "Jr" | "Sr" | "Co" | "Inc" | "Ltd" | "Corp" | "Bros" | "Esq" | "etc" | "Ave" | "Blvd" | "Rd" | "St"
    );
    (dotted || may_end) && !starter
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = split_sentences(text).into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn ends_sentences_at_their_marks() {
        check("", &[]);
        check("  \n", &[]);
        check("One. Two!  Three?\nFour… Five", &["One.", "Two!", "Three?", "Four…", "Five"]);
        check(
            "He said \"Stop!\" and left. \"No.\" (Really.) So.",
            &["He said \"Stop!\" and left.", "\"No.\"", "(Really.)", "So."],
        );
        check("wait... and see... Then", &["wait... and see...", "Then"]);
        check("It cost 3.50 in 1963. 12 came.", &["It cost 3.50 in 1963.", "12 came."]);
    }

    #[test]
    fn abbreviations_and_initials_end_no_sentence() {
        check("Mr. A. Smith met Dr. Jones.", &["Mr. A. Smith met Dr. Jones."]);
        check(
            "See No. 5. It is at St. James St. The end.",
            &["See No. 5.", "It is at St. James St.", "The end."],
        );
        check(
            "Smith & Co. Ltd. was sold. So did I. The",
            &["Smith & Co. Ltd. was sold.", "So did I.", "The"],
        );
        check(
            "At 5 p.m. Monday the U.S. Army left the U.S. He",
            &["At 5 p.m. Monday the U.S. Army left the U.S.", "He"],
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn only_white_space_is_between_sentences(text in "([A-Za-z]{1,4}[ .!?…\"’)]{0,3}|.){0,16}") {
            let mut last = 0;
            for place in split_sentences(&text) {
                prop_assert!(text[last..place.start].trim().is_empty());
                prop_assert_eq!(text[place.clone()].trim(), &text[place.clone()]);
                last = place.end;
            }
            prop_assert!(text[last..].trim().is_empty());
        }
    }
}
