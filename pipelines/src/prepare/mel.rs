//! `mynah-prepare mel`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_signal::{ChannelChoice, MelExtractor, MelProfile, Recording};
use mynah_table::write_atomic;

use super::npy::npy_f32;

/// The settings of a spectrogram.
pub(crate) struct Settings {
    /// The recording.
    pub(crate) input: PathBuf,
    /// The file for the spectrogram.
    pub(crate) out: PathBuf,
    /// The definition of the mel scale and its window.
    pub(crate) profile: MelProfile,
}

/// Writes the log-mel spectrogram of a mono recording.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let input = &settings.input;
    let recording = Recording::read(input).context("failed to read the recording")?;
    let waveform = recording.into_mono(ChannelChoice::Mono, input).context("failed to read the recording")?;
    let mel =
        MelExtractor::new(&settings.profile.config(waveform.sample_rate()))?.log_mel(waveform.samples());
    write_atomic(&settings.out, &npy_f32(&[mel.n_bins(), mel.n_frames()], mel.data()))
        .context("failed to write the spectrogram")?;
    Ok(ExitCode::SUCCESS)
}
