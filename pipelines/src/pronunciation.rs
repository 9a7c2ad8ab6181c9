//! Lexicons, phonemizers and the option `--backend`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use mynah_corpus::TextBackend;
use mynah_text::{Lexicon, Phonemizer, Pronouncer};

/// The source of pronunciations, on a command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Backend {
    /// CMUdict; a network predicts words that it lacks
    Dictionary,
    /// An installed espeak-ng, run as a separate process
    Espeak,
}

impl From<Backend> for TextBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Dictionary => Self::Dictionary,
            Backend::Espeak => Self::Espeak,
        }
    }
}

/// Makes a phonemizer, with the user's lexicon if there is one.
pub(crate) fn phonemizer(lexicon: Option<&Path>) -> Result<Phonemizer> {
    Ok(Phonemizer::new(Pronouncer::new(lexicon.map(read_lexicon).transpose()?)))
}

/// Reads a lexicon; an error names the file and the line.
pub(crate) fn read_lexicon(path: &Path) -> Result<Lexicon> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(Lexicon::parse(&path.display().to_string(), &text)?)
}
