//! Rows of a source, before their recordings are found.

use std::sync::Arc;

use super::corpus::Span;
use crate::problem::{Code, Problem, Stage};
use crate::split::Split;

/// A clip as a layout has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// File that lists it, relative to the corpus.
    pub(crate) table: Arc<str>,
    /// Line of that file, from 1.
    pub(crate) line: u64,
    /// Name of the recording as written.
    pub(crate) audio: String,
    /// Id, where the source has one besides the name of the recording.
    pub(crate) id: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) normalized: Option<String>,
    pub(crate) speaker: Option<String>,
    pub(crate) phones: Option<String>,
    pub(crate) split: Option<Split>,
    pub(crate) span: Option<Span>,
}

impl Row {
    pub(crate) fn new(table: &Arc<str>, line: u64, audio: String) -> Self {
        Self {
            table: Arc::clone(table),
            line,
            audio,
            id: None,
            text: None,
            normalized: None,
            speaker: None,
            phones: None,
            split: None,
            span: None,
        }
    }

    /// Returns a problem of this row.
    pub(crate) fn problem(
        &self,
        code: Code,
        id: &str,
        message: String,
        remedy: impl Into<String>,
    ) -> Problem {
        Problem {
            stage: Stage::Metadata,
            code,
            id: Some(id.to_owned()).filter(|id| !id.is_empty()),
            file: self.table.to_string(),
            line: Some(self.line),
            message,
            remedy: remedy.into(),
        }
    }
}

/// All rows of a source.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Lines that are clips, including those with problems.
    pub(crate) count: usize,
    pub(crate) clips: Vec<Row>,
    pub(crate) problems: Vec<Problem>,
    /// Guesses, as sentences.
    pub(crate) notes: Vec<String>,
    /// Directories, relative to the corpus, in which names of recordings are resolved first.
    pub(crate) folders: Vec<String>,
    /// The place of the clips' lines, for messages.
    pub(crate) place: String,
    /// Hash of everything that was read.
    pub(crate) hasher: blake3::Hasher,
}

/// Writes a number and the noun, with or without its verb, that goes with it.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// Returns the split that a name such as `dev`, `train-clean-100` or `ljs_audio_text_val_filelist` names.
pub(crate) fn split_named(name: &str) -> Option<Split> {
    let lower = name.to_lowercase();
    let mut found = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| match word {
        "train" | "training" => Some(Split::Train),
        "validation" | "valid" | "val" | "dev" | "development" | "eval1" => Some(Split::Validation),
        "test" | "testing" | "eval" | "evaluation" | "eval2" => Some(Split::Test),
        _ => None,
    });
    found.next()
}

#[cfg(test)]
mod tests {
    use super::split_named;
    use crate::split::Split;

    #[test]
    fn splits_are_known_by_the_words_of_the_field() {
        for (name, expected) in [
            ("train", Some(Split::Train)),
            ("train-clean-100", Some(Split::Train)),
            ("Dev", Some(Split::Validation)),
            ("ljs_audio_text_val_filelist", Some(Split::Validation)),
            ("test_manifest", Some(Split::Test)),
            ("validated", None),
            ("contest", None),
            ("metadata", None),
        ] {
            assert_eq!(split_named(name), expected, "{name}");
        }
    }
}
