//! `mynah-prepare phonemize`.

use std::fs;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_text::{Alphabet, Lexicon, Phonemizer, Pronouncer, vits_ids};

use crate::program::{BAD_RESULT, put, say};

/// What to do.
pub(crate) struct Settings {
    /// The sentences; none for stdin.
    pub(crate) text: Vec<String>,
    /// How phones are written.
    pub(crate) alphabet: Alphabet,
    /// Whether the identifiers of the characters are printed instead.
    pub(crate) ids: bool,
    /// The user's own words.
    pub(crate) lexicon: Option<PathBuf>,
}

/// A phonemizer with the user's own words.
pub(crate) fn phonemizer(lexicon: Option<&Path>) -> anyhow::Result<Phonemizer> {
    Ok(Phonemizer::new(Pronouncer::new(lexicon.map(read_lexicon).transpose()?)))
}

/// Reads a lexicon; an error names its file and line.
pub(crate) fn read_lexicon(path: &Path) -> anyhow::Result<Lexicon> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(Lexicon::parse(&path.display().to_string(), &text)?)
}

/// Prints a line for each sentence, an empty one for a sentence without a word.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let phonemizer = phonemizer(settings.lexicon.as_deref())?;
    let mut unspoken = 0;
    let mut print = |number: usize, text: &str| match phonemizer.phonemize(text) {
        Ok(phonemized) => {
            let mut line = phonemized.line(settings.alphabet);
            if settings.ids {
                line = vits_ids(&line)?.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
            }
            put(&format!("{line}\n"))
        }
        Err(error) => {
            unspoken += 1;
            say(&format!("warning: sentence {number}: {error}"));
            put("\n")
        }
    };
    if settings.text.is_empty() {
        for (line, number) in io::stdin().lock().lines().zip(1..) {
            print(number, &line.with_context(|| format!("failed to read line {number} of stdin"))?)?;
        }
    } else {
        for (text, number) in settings.text.iter().zip(1..) {
            print(number, text)?;
        }
    }
    Ok(if unspoken == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}
