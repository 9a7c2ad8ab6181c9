//! Decoding of bytes to samples.

use std::path::Path;

use dasp::Sample;

use super::header::{SampleFormat, parse};
use crate::recording::read_file;
use crate::{Error, Recording, Waveform};

/// Decodes all channels of a WAV file.
///
/// `bytes` is the whole file; `path` is used only in messages. Samples are cast in bulk from the data chunk,
/// following the conventions of the [module](super).
///
/// # Errors
///
/// Same as [`info`](super::info), plus [`Error::Empty`] and [`Error::NotFinite`].
pub fn decode_channels(bytes: &[u8], path: &Path) -> Result<Recording, Error> {
    let (info, data) = parse(bytes, path)?;
    if data.is_empty() {
        return Err(Error::Empty { path: path.to_owned() });
    }
    let samples: Vec<f32> = match (info.format, info.container_bits) {
        (SampleFormat::Float, 32) => cast(data, f32::from_le_bytes),
        (SampleFormat::Float, _) => cast(data, |bytes| f64::from_le_bytes(bytes) as f32),
        (SampleFormat::ALaw, _) => cast(data, |[byte]| f32::from(a_law(byte)) / 32768.0),
        (SampleFormat::MuLaw, _) => cast(data, |[byte]| f32::from(mu_law(byte)) / 32768.0),
        (SampleFormat::Integer, 8) => cast(data, |[byte]| byte.to_sample()),
        (SampleFormat::Integer, 16) => cast(data, |bytes| i16::from_le_bytes(bytes).to_sample()),
        // Three bytes at the top of four represent the same fraction of full scale.
        (SampleFormat::Integer, 24) => cast(data, |[a, b, c]| i32::from_le_bytes([0, a, b, c]).to_sample()),
        (SampleFormat::Integer, _) => cast(data, |bytes| i32::from_le_bytes(bytes).to_sample()),
    };
    if info.format == SampleFormat::Float
        && let Some(index) = samples.iter().position(|sample| !sample.is_finite())
    {
        return Err(Error::NotFinite { path: path.to_owned(), index });
    }
    Ok(Recording::new(samples, info.channels, info.sample_rate))
}

/// Decodes a mono WAV file.
///
/// # Errors
///
/// Same as [`decode_channels`], plus [`Error::NotMono`].
pub fn decode(bytes: &[u8], path: &Path) -> Result<Waveform, Error> {
    // The number of channels is checked before any error in the samples is reported.
    let (info, _) = parse(bytes, path)?;
    if info.channels != 1 {
        return Err(Error::NotMono { path: path.to_owned(), channels: info.channels });
    }
    let recording = decode_channels(bytes, path)?;
    Ok(Waveform::new(recording.into_samples(), info.sample_rate))
}

/// Reads a mono WAV file.
///
/// # Errors
///
/// Returns [`Error::Missing`] or [`Error::Io`], or an error of [`decode`].
pub fn read(path: impl AsRef<Path>) -> Result<Waveform, Error> {
    let path = path.as_ref();
    decode(&read_file(path)?, path)
}

/// Expands an A-law byte to 16 bits, of which G.711 defines the upper 13.
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = ((byte >> 4) & 7, i16::from(byte & 15));
    let size = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

/// Expands a µ-law byte to 16 bits, of which G.711 defines the upper 14.
fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let (exponent, mantissa) = ((byte >> 4) & 7, i16::from(byte & 15));
    let size = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    if byte & 0x80 == 0 { size } else { -size }
}

fn cast<const N: usize>(data: &[u8], convert: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>().0.iter().map(|&bytes| convert(bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::{a_law, mu_law};

    #[test]
    fn expands_companded_samples() {
        // The ends of each segment in tables 1 and 2 of ITU-T G.711, times 16 and times 4.
        for (byte, expected) in
            [(0xD5, 8), (0xD4, 24), (0x55, -8), (0xC5, 264), (0xAA, 32_256), (0x2A, -32_256)]
        {
            assert_eq!(a_law(byte), expected, "{byte:#04x}");
        }
        for (byte, expected) in
            [(0xFF, 0), (0x7F, 0), (0xFE, 8), (0x7E, -8), (0xEF, 132), (0x80, 32_124), (0x00, -32_124)]
        {
            assert_eq!(mu_law(byte), expected, "{byte:#04x}");
        }
    }

    #[test]
    fn expansion_is_monotonic_and_odd() {
        let order = |expand: fn(u8) -> i16, mask: u8| {
            let mut positive: Vec<i16> = (0..128).map(|byte| expand((byte | 0x80) ^ mask)).collect();
            for byte in 0..128_u8 {
                assert_eq!(expand((byte | 0x80) ^ mask), -expand(byte ^ mask));
            }
            positive.sort_unstable();
            positive.dedup();
            positive.len()
        };
        assert_eq!(order(a_law, 0x55), 128);
        // Positive zero and the 127 above it.
        assert_eq!(order(mu_law, 0x7F), 128);
    }
}
