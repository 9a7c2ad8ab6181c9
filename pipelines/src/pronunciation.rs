//! Lexicons, rules, phonemizers and the option `--backend`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use mynah_corpus::{TextBackend, TextRecipe};
use mynah_text::{Lexicon, Normalizer, Phonemizer, Pronouncer, Style, TextRules};

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

/// Options on the reading of a text.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Reading {
    /// Manner of reading what can be read in two ways
    #[arg(long, value_enum, default_value = "standard")]
    style: StyleName,
    /// Rules of your own for texts, which take precedence: a regular expression, a tab and words per line
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

impl Reading {
    /// Reads the rules.
    pub(crate) fn normalizer(&self) -> Result<Normalizer> {
        let style = match self.style {
            StyleName::Standard => Style::Standard,
            StyleName::Ljspeech => Style::LjSpeech,
        };
        normalizer(style, self.rules.as_deref())
    }
}

/// A manner of reading, on a command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum StyleName {
    /// "May third", "the third of May"
    Standard,
    /// "May three", as the reader of LJSpeech
    Ljspeech,
}

/// Makes a phonemizer, with the user's lexicon if there is one.
pub(crate) fn phonemizer(lexicon: Option<&Path>, normalizer: Normalizer) -> Result<Phonemizer> {
    let pronouncer = Pronouncer::new(lexicon.map(read_lexicon).transpose()?);
    Ok(Phonemizer::with_normalizer(pronouncer, normalizer))
}

/// Makes the phonemizer of a recipe.
pub(crate) fn phonemizer_of(recipe: &TextRecipe) -> Result<Phonemizer> {
    let normalizer = normalizer(recipe.style.into(), recipe.rules.as_deref())?;
    phonemizer(recipe.lexicon.as_deref(), normalizer)
}

/// Makes a normalizer, with the user's rules if there are any; an error names the file and the line.
fn normalizer(style: Style, rules: Option<&Path>) -> Result<Normalizer> {
    let rules = match rules {
        Some(path) => {
            let name = path.display().to_string();
            let text = fs::read_to_string(path).with_context(|| format!("failed to read `{name}`"))?;
            TextRules::parse(&name, &text)?
        }
        None => TextRules::default(),
    };
    Ok(Normalizer::new(style, rules))
}

/// Reads a lexicon; an error names the file and the line.
pub(crate) fn read_lexicon(path: &Path) -> Result<Lexicon> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(Lexicon::parse(&path.display().to_string(), &text)?)
}
