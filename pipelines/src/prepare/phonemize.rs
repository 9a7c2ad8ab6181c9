//! `mynah-prepare phonemize`.

use std::fs;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_corpus::TextBackend;
use mynah_text::{Alphabet, Lexicon, Phonemized, Phonemizer, Pronouncer, vits_ids};

use crate::espeak::Espeak;
use crate::program::{BAD_RESULT, put, say};

/// Sentences of stdin that wait for espeak-ng together.
const ESPEAK_SENTENCES: usize = 1_000;

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
    /// What pronounces the others.
    pub(crate) backend: TextBackend,
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
    let mut phonemizer = phonemizer(settings.lexicon.as_deref())?;
    let mut espeak = match settings.backend {
        TextBackend::Dictionary => None,
        TextBackend::Espeak => Some(Espeak::find()?),
    };
    let mut unspoken = 0;
    let mut number = 0;
    let mut print_all = |texts: &[String]| {
        if let Some(espeak) = &mut espeak {
            espeak.teach(&mut phonemizer, texts.iter().map(String::as_str))?;
        }
        for text in texts {
            number += 1;
            match phonemizer.phonemize(text) {
                Ok(phonemized) => put(&format!("{}\n", line(settings, &phonemized)?))?,
                Err(error) => {
                    unspoken += 1;
                    say(&format!("warning: sentence {number}: {error}"));
                    put("\n")?;
                }
            }
        }
        anyhow::Ok(())
    };
    if settings.text.is_empty() {
        // Sentences appear as they come, but espeak-ng is asked for many at a time.
        let at_once = if settings.backend == TextBackend::Espeak { ESPEAK_SENTENCES } else { 1 };
        let mut waiting = Vec::new();
        for (line, number) in io::stdin().lock().lines().zip(1..) {
            waiting.push(line.with_context(|| format!("failed to read line {number} of stdin"))?);
            if waiting.len() == at_once {
                print_all(&waiting)?;
                waiting.clear();
            }
        }
        print_all(&waiting)?;
    } else {
        print_all(&settings.text)?;
    }
    Ok(if unspoken == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

fn line(settings: &Settings, phonemized: &Phonemized) -> anyhow::Result<String> {
    let line = phonemized.line(settings.alphabet);
    if settings.ids {
        return Ok(vits_ids(&line)?.iter().map(u16::to_string).collect::<Vec<_>>().join(" "));
    }
    Ok(line)
}
