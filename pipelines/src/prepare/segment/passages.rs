//! Division of a text into the passages that are looked for.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use mynah_corpus::{Code, Problem, Stage};
use mynah_text::{Phonemized, Phonemizer, split_sentences};
use rayon::prelude::*;

/// A sentence or a line of the text.
pub(crate) struct Passage {
    /// Line on which it begins, from 1.
    pub(crate) line: u64,
    /// Text, with single spaces instead of line breaks.
    pub(crate) text: String,
    pub(crate) phonemized: Phonemized,
    /// Word of each symbol; -1 for none.
    pub(crate) word_index: Vec<i64>,
}

/// Reads a text and divides it; passages without a word become problems.
pub(crate) fn read_passages(
    path: &Path,
    by_line: bool,
    phonemizer: &Phonemizer,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Passage>> {
    let name = path.display().to_string();
    let bytes = fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            bail!(Advised::new(
                format!("line {line} of `{name}` is not UTF-8"),
                "save the file as UTF-8 (`iconv -f latin1 -t utf-8` if it is Latin-1)"
            ));
        }
    };
    let parts = if by_line { lines(text) } else { sentences(text) };
    let phonemized: Vec<Option<Phonemized>> =
        parts.par_iter().map(|(_, part)| phonemizer.phonemize(part).ok()).collect();
    let mut passages = Vec::new();
    for ((line, text), phonemized) in parts.into_iter().zip(phonemized) {
        let Some(phonemized) = phonemized else {
            problems.push(Problem {
                stage: Stage::Text,
                code: Code::EmptyText,
                id: None,
                file: name.clone(),
                line: Some(line),
                message: format!("there is no word in `{text}`"),
                remedy: "delete the line, or write the words that are read".to_owned(),
            });
            continue;
        };
        let word_index = phonemized.word_index.iter().map(|word| word.map_or(-1, i64::from)).collect();
        passages.push(Passage { line, text, phonemized, word_index });
    }
    if passages.is_empty() {
        bail!(Advised::new(format!("there are no words in `{name}`"), "name the text that is read"));
    }
    Ok(passages)
}

/// Returns the lines that are not empty, with their numbers.
fn lines(text: &str) -> Vec<(u64, String)> {
    text.lines()
        .zip(1..)
        .map(|(line, number)| (number, plain(line)))
        .filter(|(_, line)| !line.is_empty())
        .collect()
}

/// Returns the sentences of all paragraphs, which are separated by empty lines, with the numbers of the lines on which
/// they begin.
fn sentences(text: &str) -> Vec<(u64, String)> {
    let mut sentences = Vec::new();
    let mut paragraph = String::new();
    // Byte of the paragraph at which each of its lines begins.
    let mut begins: Vec<(usize, u64)> = Vec::new();
    for (line, number) in text.lines().map(Some).chain([None]).zip(1..) {
        if let Some(line) = line.filter(|line| !line.trim().is_empty()) {
            begins.push((paragraph.len(), number));
            paragraph.push_str(line);
            paragraph.push('\n');
            continue;
        }
        for place in split_sentences(&paragraph) {
            let line = begins[begins.partition_point(|(at, _)| *at <= place.start) - 1].1;
            sentences.push((line, plain(&paragraph[place])));
        }
        paragraph.clear();
        begins.clear();
    }
    sentences
}

/// Replaces white space by single spaces, and the separator of `metadata.csv`, which nobody speaks, by a space too.
fn plain(text: &str) -> String {
    text.split(|character: char| character.is_whitespace() || character == '|')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{lines, sentences};

    #[test]
    fn sentences_have_the_line_on_which_they_begin() {
        let text = "CHAPTER I\n\nIt was late. He\nwas tired | and went\r\nhome. Why?\n\n\n\"Now!\" she said.";
        let found = sentences(text);
        let expected = [
            (1, "CHAPTER I"),
            (3, "It was late."),
            (3, "He was tired and went home."),
            (5, "Why?"),
            (8, "\"Now!\" she said."),
        ];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(lines("a  b\n\n c\r\n"), [(1, "a b".to_owned()), (3, "c".to_owned())]);
    }
}
