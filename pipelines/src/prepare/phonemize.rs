//! `mynah-prepare phonemize`.

use std::io::{self, BufRead as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{BAD_RESULT, put, say};
use mynah_corpus::TextBackend;
use mynah_text::{Alphabet, Normalizer, Phonemized, vits_ids};

use crate::espeak::Espeak;
use crate::pronunciation::phonemizer;

/// Sentences of stdin that are collected for one call of espeak-ng.
const ESPEAK_SENTENCES: usize = 1_000;

/// The settings of a phonemization.
pub(crate) struct Settings {
    /// The sentences; none for stdin.
    pub(crate) text: Vec<String>,
    /// The notation of phones.
    pub(crate) alphabet: Alphabet,
    /// Prints the identifiers of the characters instead.
    pub(crate) ids: bool,
    /// The user's lexicon.
    pub(crate) lexicon: Option<PathBuf>,
    /// The normalization of the sentences.
    pub(crate) normalizer: Normalizer,
    /// The source of other pronunciations.
    pub(crate) backend: TextBackend,
}

/// Prints a line per sentence, which is empty for a sentence without words.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut phonemizer = phonemizer(settings.lexicon.as_deref(), settings.normalizer.clone())?;
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
        // Sentences are answered one by one, but espeak-ng gets many at a time.
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
