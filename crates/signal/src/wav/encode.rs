//! Encoding of samples to 16-bit PCM.

use std::io::Write;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

use super::header::UNKNOWN_SIZE;
use crate::{Error, Waveform};

/// Length in bytes of the written header: RIFF, a plain `fmt ` chunk, and the header of the data chunk.
const HEADER_LENGTH: usize = 44;

/// Encodes a waveform as a mono 16-bit WAV file: a header of 44 bytes followed by the samples, without other
/// chunks.
///
/// A sample is multiplied by 32768, rounded to the nearest integer with halves away from zero, and clipped to
/// [-32768, 32767]; NaN becomes 0. Samples read from a 16-bit file are therefore written back bit for bit.
/// Sizes that exceed their 32-bit field (27 hours at 22,050 Hz) are written as unknown, `0xFFFF_FFFF`.
#[must_use]
pub fn encode_pcm16(waveform: &Waveform) -> Vec<u8> {
    let data_length = waveform.len() * 2;
    let size = |length: usize| u32::try_from(length).unwrap_or(UNKNOWN_SIZE).to_le_bytes();
    let rate = waveform.sample_rate();
    let mut bytes = Vec::with_capacity(HEADER_LENGTH + data_length);
    bytes.extend(b"RIFF");
    bytes.extend(size(HEADER_LENGTH - 8 + data_length));
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes()); // integer PCM
    bytes.extend(1_u16.to_le_bytes()); // channels
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.saturating_mul(2).to_le_bytes()); // bytes per second
    bytes.extend(2_u16.to_le_bytes()); // bytes per block
    bytes.extend(16_u16.to_le_bytes()); // bits per sample
    bytes.extend(b"data");
    bytes.extend(size(data_length));
    bytes.extend(waveform.samples().iter().flat_map(|sample| quantize(*sample).to_le_bytes()));
    bytes
}

/// Writes a waveform as a mono 16-bit WAV file, atomically: to a temporary file that is renamed into place.
///
/// # Errors
///
/// Returns [`Error::Io`] if the file cannot be written.
pub fn write_pcm16(path: impl AsRef<Path>, waveform: &Waveform) -> Result<(), Error> {
    let path = path.as_ref();
    let write = || {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(&encode_pcm16(waveform))?;
        file.commit()
    };
    write().map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn quantize(sample: f32) -> i16 {
    // The cast saturates, and maps NaN to 0.
    (sample * 32768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_halves_away_from_zero_and_clips() {
        let check = |sample: f32, expected| assert_eq!(quantize(sample), expected, "{sample}");
        check(0.0, 0);
        check(0.5 / 32768.0, 1);
        check(-0.5 / 32768.0, -1);
        check(0.49 / 32768.0, 0);
        check(1.0, 32767);
        check(-1.0, -32768);
        check(7.0, 32767);
        check(f32::NEG_INFINITY, -32768);
        check(f32::NAN, 0);
    }
}
