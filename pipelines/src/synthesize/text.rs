//! `mynah-synthesize text`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use mynah_cli::say;
use mynah_corpus::TextBackend;
use mynah_signal::wav;
use mynah_text::Alphabet;
use mynah_text::Normalizer;
use mynah_voice::{SpeakConfig, Voice};

use super::pronounce::phonemize;
use crate::device::Device;

/// The settings of a synthesis.
pub(crate) struct Settings {
    /// The voice.
    pub(crate) voice: PathBuf,
    /// The device that computes.
    pub(crate) device: Device,
    /// Seed, noise and tempo.
    pub(crate) speak: SpeakConfig,
    /// The file for the wav.
    pub(crate) out: PathBuf,
    /// The text.
    pub(crate) text: String,
    /// The source of pronunciations, by default that of the voice's training.
    pub(crate) backend: Option<TextBackend>,
    /// The user's lexicon.
    pub(crate) lexicon: Option<PathBuf>,
    /// The normalization of the text.
    pub(crate) normalizer: Normalizer,
}

/// Speaks a text into one wav.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let voice = Voice::open(&settings.voice, &settings.device.open()?).context("failed to open the voice")?;
    let normalizer = settings.normalizer.clone();
    let lexicon = settings.lexicon.as_deref();
    let phonemized = phonemize(&settings.text, lexicon, normalizer, settings.backend, &voice)?;
    let begin = Instant::now();
    let waveform = voice
        .speak(&phonemized.symbols, &phonemized.word_index, &settings.speak)
        .context("failed to speak")?;
    let compute = begin.elapsed().as_secs_f64();
    wav::write_pcm16(&settings.out, &waveform).context("failed to write the wav")?;
    // An imported voice reads the characters of VITS instead of phones.
    if voice.vits().is_some() {
        say(&phonemized.line(Alphabet::Vits));
    }
    say(&format!(
        "{phonemized}\n{:.2} s of speech in {compute:.2} s (real-time factor {:.3})",
        waveform.seconds(),
        compute / waveform.seconds()
    ));
    Ok(ExitCode::SUCCESS)
}
