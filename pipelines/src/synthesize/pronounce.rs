//! Pronunciations as a voice has learned them.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mynah_corpus::TextBackend;
use mynah_text::{Normalizer, Phonemized};
use mynah_voice::Voice;

use crate::espeak::Espeak;
use crate::pronunciation::phonemizer;

/// Returns the source of the pronunciations that the voice was trained on; `None` for an imported voice.
///
/// # Errors
///
/// When the voice names a source that this program does not know.
pub(super) fn trained_on(voice: &Voice) -> Result<Option<TextBackend>> {
    let Some(word) = &voice.info().pronunciation else { return Ok(None) };
    match TextBackend::named(word) {
        Some(backend) => Ok(Some(backend)),
        None => {
            bail!("the voice was trained on pronunciations of `{word}`, which this program does not know")
        }
    }
}

/// Phonemizes a text with the source of pronunciations that is asked for, by default the one of the voice's training.
///
/// # Errors
///
/// When the lexicon cannot be read, espeak-ng is needed and missing, or the text has no words.
pub(super) fn phonemize(
    text: &str,
    lexicon: Option<&Path>,
    normalizer: Normalizer,
    asked: Option<TextBackend>,
    voice: &Voice,
) -> Result<Phonemized> {
    let backend = asked.or(trained_on(voice)?).unwrap_or_default();
    let mut phonemizer = phonemizer(lexicon, normalizer)?;
    if backend == TextBackend::Espeak {
        let mut espeak = Espeak::find().context(
            "failed to find the program that pronounces the text (the voice was trained on it, or `--backend` asked for it)",
        )?;
        espeak.teach(&mut phonemizer, std::iter::once(text))?;
    }
    Ok(phonemizer.phonemize(text)?)
}
