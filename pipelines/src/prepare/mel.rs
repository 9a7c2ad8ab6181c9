//! `mynah-prepare mel`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use mynah_cli::Advised;
use mynah_signal::{ChannelChoice, MelExtractor, MelProfile, Recording, Resampler, npy};
use mynah_table::write_atomic;

/// The settings of a spectrogram.
pub(crate) struct Settings {
    /// The recording.
    pub(crate) input: PathBuf,
    /// The file for the spectrogram.
    pub(crate) out: PathBuf,
    /// The definition of the mel scale and its window.
    pub(crate) profile: MelProfile,
    /// The sample rate, if it is not that of the profile; a recording at another one is resampled to it.
    pub(crate) sample_rate: Option<u32>,
}

/// Sample rate of the recordings on which the models of both profiles were trained.
const USUAL_RATE: u32 = 22_050;

/// Writes the log-mel spectrogram of a mono recording.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let input = &settings.input;
    let recording = Recording::read(input).context("failed to read the recording")?;
    let waveform = recording.into_mono(ChannelChoice::Mono, input).context("failed to read the recording")?;
    let rate = waveform.sample_rate();
    let waveform = match settings.sample_rate {
        Some(wanted) if wanted != rate => Resampler::new(rate, wanted)?.resample(&waveform),
        None if rate != USUAL_RATE => bail!(Advised::new(
            format!(
                "the sample rate of `{}` is {rate} Hz, but models of the profile `{}` expect {USUAL_RATE} Hz",
                input.display(),
                settings.profile
            ),
            format!(
                "add `--sample-rate {USUAL_RATE}` to resample it, or `--sample-rate {rate}` if your model expects that"
            )
        )),
        _ => waveform,
    };
    let mel =
        MelExtractor::new(&settings.profile.config(waveform.sample_rate()))?.log_mel(waveform.samples());
    write_atomic(&settings.out, &npy::write_f32(&[mel.n_bins(), mel.n_frames()], mel.data()))
        .context("failed to write the spectrogram")?;
    Ok(ExitCode::SUCCESS)
}
