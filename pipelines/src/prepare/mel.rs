//! `mynah-prepare mel`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_signal::{ChannelChoice, MelExtractor, MelProfile, Recording, Spectrogram};
use mynah_table::write_atomic;

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
    write_atomic(&settings.out, &npy(&mel)).context("failed to write the spectrogram")?;
    Ok(ExitCode::SUCCESS)
}

/// Encodes a spectrogram as a NumPy file: format version 1.0, little-endian f32, C order.
fn npy(mel: &Spectrogram) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    const ALIGNMENT: usize = 64;
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}",
        mel.n_bins(),
        mel.n_frames()
    );
    // The data begins at a multiple of 64, after a newline.
    let unpadded = MAGIC.len() + 2 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(mel.data().iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use mynah_signal::Spectrogram;

    use super::npy;

    #[test]
    fn writes_the_header_of_numpy_and_aligned_data() {
        let mel = Spectrogram::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3).unwrap();
        let bytes = npy(&mel);
        let data = bytes.len() - 24;
        assert_eq!(data % 64, 0);
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), data - 10);
        assert!(bytes[10..data].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
        assert_eq!(&bytes[data..data + 4], 1.0_f32.to_le_bytes());
    }
}
