//! Error rates of transcripts, by words and by characters.

use mynah_metrics::{Edit, EditCounts, Score, Status, edit_counts, edits};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::whisper;

/// Unit of the rates.
pub(crate) const UNIT: &str = "errors/word";
/// Unit of the rates by characters.
pub(crate) const CHARACTER_UNIT: &str = "errors/character";
/// The most characters of both texts together that are aligned, since time grows with the product.
const MOST_CHARACTERS: usize = 200_000;

/// The treatment of texts before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Normalizer {
    /// Words are what stands between blanks, and nothing is changed.
    None,
    /// Lower case, and no punctuation but apostrophes within words.
    #[default]
    Basic,
    /// The English rules of Whisper: contractions, numbers, spellings, fillers.
    #[serde(rename = "whisper-en-1")]
    WhisperEnglish,
}

impl Normalizer {
    /// Returns the name with its version, for profiles.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::None => "none-1",
            Self::Basic => "basic-1",
            Self::WhisperEnglish => "whisper-en-1",
        }
    }

    /// Returns the words of a text.
    pub(crate) fn words(self, text: &str) -> Vec<String> {
        match self {
            Self::None => text.split_whitespace().map(str::to_owned).collect(),
            Self::Basic => basic(text),
            Self::WhisperEnglish => whisper::words(text),
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::None => "Words are what stands between blanks.",
            Self::Basic => {
                "Both texts in compatibility composition (NFKC) and lower case; typographic apostrophes are made straight; \
                 commas between digits go; everything but letters, marks, digits, apostrophes between letters and points \
                 between digits separates words."
            }
            Self::WhisperEnglish => {
                "Both texts by the rules of EnglishTextNormalizer in openai-whisper 20250625: lower case; no brackets with what \
                 they contain, no fillers (uh, um), no accents and symbols; contractions and titles in full; numbers, ordinals and \
                 amounts of money in digits; American spellings. Its oddities are kept, such as `archeology</span>` for \
                 archaeology."
            }
        }
    }
}

/// Splits a text into words without punctuation and case.
fn basic(text: &str) -> Vec<String> {
    let text: Vec<char> = text.nfkc().flat_map(char::to_lowercase).collect();
    let at = |index: usize| text.get(index).copied().unwrap_or(' ');
    let mut kept = String::with_capacity(text.len());
    for (index, &character) in text.iter().enumerate() {
        let before = index.checked_sub(1).map_or(' ', at);
        let after = at(index + 1);
        match character {
            '\'' | '\u{2019}' | '\u{2bc}' if before.is_alphabetic() && after.is_alphabetic() => {
                kept.push('\'');
            }
            '.' if before.is_numeric() && after.is_numeric() => kept.push('.'),
            ',' if before.is_numeric() && after.is_numeric() => {}
            _ if character.is_alphanumeric() || is_combining_mark(character) => kept.push(character),
            _ => kept.push(' '),
        }
    }
    kept.split_whitespace().map(str::to_owned).collect()
}

/// Outcome of the recognition of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// These words; none are silence.
    Words(String),
    /// Nothing could be heard, for this reason: the wav is missing or silent, or its synthesis failed.
    Nothing(String),
    /// There is no answer, for this reason.
    Unknown(String),
}

/// A recognizer, by whose transcripts items are scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognizer {
    /// Beginning of the names of its metrics, such as `whisper_`; empty for transcripts from files.
    pub(crate) prefix: String,
    /// Part of its profiles before the normalizer.
    pub(crate) version: Option<String>,
    pub(crate) normalizer: Normalizer,
}

/// The row of an item in the table of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WordRow {
    /// Name of the system.
    pub(crate) system: String,
    /// Name of the wav without its extension.
    pub(crate) item: String,
    /// Name of the metric.
    pub(crate) metric: String,
    /// The normalized text.
    pub(crate) reference: String,
    /// Words that were heard, normalized.
    pub(crate) heard: String,
    /// Equal words.
    pub(crate) hits: u64,
    /// Replaced words.
    pub(crate) substitutions: u64,
    /// Missing words.
    pub(crate) deletions: u64,
    /// Added words.
    pub(crate) insertions: u64,
    /// Both texts in one: `the [house > mouse] of [commons >] [> uh]`.
    pub(crate) difference: String,
}

impl Recognizer {
    /// Returns the metrics, by words and by characters: name, profile, unit.
    pub(crate) fn metrics(&self) -> [(String, String, &'static str); 2] {
        [("wer", UNIT), ("cer", CHARACTER_UNIT)].map(|(short, unit)| {
            let version = self.version.as_ref().map_or_else(String::new, |version| format!("{version}-"));
            let name = format!("{}{short}", self.prefix);
            (name.clone(), format!("{name}/{version}{}", self.normalizer.version()), unit)
        })
    }

    /// Scores an item by words and by characters; the row of words is missing where nothing could be compared.
    pub(crate) fn score(
        &self,
        (system, step, item): (&str, Option<u64>, &str),
        text: Option<&str>,
        heard: &Heard,
    ) -> (Vec<Score>, Option<WordRow>) {
        let metrics = self.metrics();
        let rows = |outcomes: [Result<EditCounts, (Status, String)>; 2], reason: Option<String>| {
            let row = |((name, profile, unit), outcome): ((String, String, &str), _)| {
                let (status, counts, why) = match outcome {
                    Ok(counts) => (Status::Ok, Some(counts), reason.clone()),
                    Err((status, why)) => (status, None, Some(why)),
                };
                let rate = |counts: EditCounts| counts.errors() as f64 / counts.length() as f64;
                Score {
                    system: system.to_owned(),
                    step,
                    item: item.to_owned(),
                    metric: name,
                    profile,
                    unit: unit.to_owned(),
                    status,
                    value: counts.map(rate),
                    reason: why,
                    frames: counts.map(EditCounts::length),
                    better: Some("lower".to_owned()),
                }
            };
            metrics.clone().into_iter().zip(outcomes).map(row).collect::<Vec<_>>()
        };
        let undefined = |why: &str| {
            let outcome = || Err((Status::Undefined, why.to_owned()));
            (rows([outcome(), outcome()], None), None)
        };
        let (words, reason) = match heard {
            Heard::Words(words) => (words.as_str(), None),
            Heard::Nothing(why) => ("", Some(why)),
            Heard::Unknown(why) => {
                let outcome = || Err((Status::Failed, why.clone()));
                return (rows([outcome(), outcome()], None), None);
            }
        };
        let Some(text) = text else { return undefined("there is no text for it") };
        let (reference, words) = (self.normalizer.words(text), self.normalizer.words(words));
        if reference.is_empty() {
            return undefined("its text has no words");
        }
        let characters = |words: &[String]| words.join(" ").chars().collect::<Vec<char>>();
        let (read, said) = (characters(&reference), characters(&words));
        if read.len() + said.len() > MOST_CHARACTERS {
            return undefined("the texts are too long to be compared");
        }
        let reason = reason.map(|why| format!("{why}: all of its words count as missing"));
        let by_words = edit_counts(&reference, &words);
        let scores = rows([Ok(by_words), Ok(edit_counts(&read, &said))], reason);
        let row = WordRow {
            system: system.to_owned(),
            item: item.to_owned(),
            metric: metrics[0].0.clone(),
            reference: reference.join(" "),
            heard: words.join(" "),
            hits: by_words.hits,
            substitutions: by_words.substitutions,
            deletions: by_words.deletions,
            insertions: by_words.insertions,
            difference: difference(&reference, &words),
        };
        (scores, Some(row))
    }

    /// Explains a metric by its profile and unit, for reports; `None` if it is no error rate.
    pub(crate) fn explanation(profile: &str, unit: &str) -> Option<String> {
        let by = match unit {
            UNIT => "words",
            CHARACTER_UNIT => "characters",
            _ => return None,
        };
        let normalizers = [Normalizer::None, Normalizer::Basic, Normalizer::WhisperEnglish];
        let normalizer =
            normalizers.into_iter().find(|normalizer| profile.ends_with(normalizer.version()))?;
        let letters = if by == "characters" { "; a blank between words is a character" } else { "" };
        Some(format!(
            "{profile}: errors of a recognizer's transcripts against the text that was to be read, by {by}\n\nFormula\n  \
             (substitutions + deletions + insertions) / {by} of the text, of the edit with the fewest errors{letters}. The value \
             of a system is the sum of errors over the sum of {by}, so long sentences count more.\n\nUnit\n  a share: 0 is \
             perfect, and insertions may take it above 1.\n\nParameters\n  {}\n  A wav that is missing or silent, and an empty \
             transcript, count all {by} as missing.\n\nOracle\n  jiwer, exactly.\n\nKnown faults\n  The recognizer's own \
             errors are in it: score the recordings as a system too, whose rate is the least that can be expected. Recognizers \
             repair what they know from their training, and loop on noise.",
            normalizer.explanation()
        ))
    }
}

/// Formats both texts in one.
fn difference(reference: &[String], words: &[String]) -> String {
    let (mut read, mut said) = (reference.iter(), words.iter());
    let mut parts = Vec::new();
    for edit in edits(reference, words) {
        let mut next = |is_read: bool, is_said: bool| {
            let read = if is_read { read.next() } else { None };
            let said = if is_said { said.next() } else { None };
            (read.map_or("", String::as_str), said.map_or("", String::as_str))
        };
        parts.push(match edit {
            Edit::Hit => next(true, true).0.to_owned(),
            Edit::Substitution => {
                let (read, said) = next(true, true);
                format!("[{read} > {said}]")
            }
            Edit::Deletion => format!("[{} >]", next(true, false).0),
            Edit::Insertion => format!("[> {}]", next(false, true).1),
        });
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognizer(normalizer: Normalizer) -> Recognizer {
        Recognizer { prefix: String::new(), version: None, normalizer }
    }

    #[test]
    fn normalizers_make_words() {
        let words = |normalizer: Normalizer, text| normalizer.words(text).join("|");
        let text = "The \u{201c}Caf\u{e9}\u{201d}\u{2014}it\u{2019}s 1,000.5 m\u{b2}, isn't 'so'?";
        assert_eq!(words(Normalizer::None, " a  B. "), "a|B.");
        assert_eq!(words(Normalizer::Basic, text), "the|caf\u{e9}|it's|1000.5|m2|isn't|so");
        assert_eq!(words(Normalizer::Basic, "cafe\u{301}"), "caf\u{e9}");
        let text = "Um, Mr. Grey won't pay twenty-one dollars and five cents [laughs]";
        assert_eq!(words(Normalizer::WhisperEnglish, text), "mister|gray|will|not|pay|$21.05");
        for normalizer in [Normalizer::None, Normalizer::Basic, Normalizer::WhisperEnglish] {
            let profile = format!("wer/{}", normalizer.version());
            assert!(Recognizer::explanation(&profile, UNIT).unwrap().contains(normalizer.explanation()));
        }
    }

    #[test]
    fn counts_errors_and_shows_them() {
        let heard = Heard::Words("the mouse of uh".to_owned());
        let (rows, words) =
            recognizer(Normalizer::Basic).score(("s", Some(3), "a"), Some("The house of commons."), &heard);
        let words = words.unwrap();
        assert_eq!((words.hits, words.substitutions, words.deletions, words.insertions), (2, 2, 0, 0));
        assert_eq!(words.difference, "the [house > mouse] of [commons > uh]");
        let [wer, cer] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(
            (wer.metric.as_str(), wer.profile.as_str(), wer.unit.as_str()),
            ("wer", "wer/basic-1", UNIT)
        );
        assert_eq!((wer.value, wer.frames, wer.step, wer.status), (Some(0.5), Some(4), Some(3), Status::Ok));
        // `h` for `m`, and seven letters for two.
        assert_eq!((cer.value, cer.frames), (Some(8.0 / 20.0), Some(20)));
        let heard = Heard::Words("the whole of the house of".to_owned());
        let (_, words) =
            recognizer(Normalizer::Basic).score(("s", None, "a"), Some("the house of commons"), &heard);
        assert_eq!(words.unwrap().difference, "[> the] [> whole] [> of] the house of [commons >]");
    }

    #[test]
    fn nothing_heard_is_all_deletions_and_no_answer_is_a_failure() {
        let recognizer = recognizer(Normalizer::Basic);
        let score = |text, heard| recognizer.score(("s", None, "a"), text, &heard).0;
        let rows = score(Some("one two"), Heard::Nothing("there is no `a.wav`".to_owned()));
        assert_eq!((rows[0].status, rows[0].value, rows[0].frames), (Status::Ok, Some(1.0), Some(2)));
        assert_eq!(rows[0].reason.as_deref(), Some("there is no `a.wav`: all of its words count as missing"));
        assert_eq!(score(Some("one two"), Heard::Words(String::new()))[1].value, Some(1.0));
        let rows = score(Some("one"), Heard::Unknown("`h.txt` has no line of it".to_owned()));
        assert_eq!((rows[0].status, rows[0].value), (Status::Failed, None));
        for (text, why) in [(None, "there is no text for it"), (Some("\u{2014}"), "its text has no words")] {
            let rows = score(text, Heard::Words("one".to_owned()));
            assert_eq!((rows[1].status, rows[1].reason.as_deref()), (Status::Undefined, Some(why)));
        }
    }
}
