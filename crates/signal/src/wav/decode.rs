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

fn cast<const N: usize>(data: &[u8], convert: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>().0.iter().map(|&bytes| convert(bytes)).collect()
}
