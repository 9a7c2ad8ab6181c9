//! Who says the words of a text that a voice is to speak.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mynah_corpus::TextBackend;
use mynah_text::Phonemized;
use mynah_voice::Voice;

use crate::prepare::{Espeak, phonemizer};

/// What said the words that the voice was trained on; `None` of an imported one.
///
/// # Errors
///
/// When the voice names what this program does not know.
pub(super) fn learnt_from(voice: &Voice) -> Result<Option<TextBackend>> {
    let Some(word) = &voice.info().pronunciation else { return Ok(None) };
    match TextBackend::named(word) {
        Some(backend) => Ok(Some(backend)),
        None => {
            bail!("the voice was trained on pronunciations of `{word}`, which this program does not know")
        }
    }
}

/// Phones of a text, as the voice has learnt them or as is asked for.
///
/// # Errors
///
/// When the lexicon cannot be read, espeak-ng is asked for and not there, or there is nothing to say.
pub(super) fn phonemize(
    text: &str,
    lexicon: Option<&Path>,
    asked: Option<TextBackend>,
    voice: &Voice,
) -> Result<Phonemized> {
    let backend = asked.or(learnt_from(voice)?).unwrap_or_default();
    let mut phonemizer = phonemizer(lexicon)?;
    if backend == TextBackend::Espeak {
        let mut espeak = Espeak::find().context(
            "failed to find what pronounces the text (the voice was trained on it, or `--backend` asked for it)",
        )?;
        espeak.teach(&mut phonemizer, std::iter::once(text))?;
    }
    Ok(phonemizer.phonemize(text)?)
}
