//! Contents of a sound file, independent of its container.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::{Error, Waveform, compressed, flac, wav};

/// Samples of all channels of a sound file.
///
/// # Shapes
///
/// Channels are interleaved: `[samples, channels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    samples: Vec<f32>,
    n_channels: u16,
    sample_rate: u32,
}

/// Treatment of a recording's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelChoice {
    /// More than one channel is an error.
    #[default]
    Mono,
    /// The mean of all channels.
    Mix,
    /// The first channel.
    Left,
    /// The second channel, or the only one.
    Right,
}

impl Recording {
    pub(crate) fn new(samples: Vec<f32>, n_channels: u16, sample_rate: u32) -> Self {
        Self { samples, n_channels, sample_rate }
    }

    /// Decodes a WAV, FLAC or compressed file, recognized by its first bytes.
    ///
    /// `bytes` is the whole file; `path` is used only in messages. Files that start like none of these are treated
    /// as WAV.
    ///
    /// # Errors
    ///
    /// Same as [`wav::decode_channels`], [`flac::decode_channels`] and [`compressed::decode_channels`].
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        if flac::is_flac(bytes) {
            flac::decode_channels(bytes, path)
        } else if compressed::container(bytes).is_some() {
            compressed::decode_channels(bytes, path)
        } else {
            wav::decode_channels(bytes, path)
        }
    }

    /// Reads a WAV, FLAC or compressed file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Missing`] or [`Error::Io`], or an error of [`decode`](Self::decode).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::decode(&read_file(path)?, path)
    }

    /// Returns the number of channels; never 0.
    #[must_use]
    pub fn n_channels(&self) -> u16 {
        self.n_channels
    }

    /// Returns the sample rate in hertz; never 0.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Returns the number of samples per channel.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.samples.len() / usize::from(self.n_channels.max(1))
    }

    /// Returns the interleaved samples of all channels.
    #[must_use]
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// Reduces the recording to one channel; `path` is used only in messages.
    ///
    /// The mean is computed in double precision and rounded once. Channels of opposite sign cancel out in the
    /// mean; choose one of them for such recordings.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotMono`] for [`ChannelChoice::Mono`] with more than one channel.
    pub fn into_mono(self, choice: ChannelChoice, path: &Path) -> Result<Waveform, Error> {
        let n_channels = usize::from(self.n_channels.max(1));
        if n_channels == 1 {
            return Ok(Waveform::new(self.samples, self.sample_rate));
        }
        let channel = |index: usize| self.samples.iter().copied().skip(index).step_by(n_channels).collect();
        let samples = match choice {
            ChannelChoice::Mono => {
                return Err(Error::NotMono { path: path.to_owned(), channels: self.n_channels });
            }
            ChannelChoice::Mix => self
                .samples
                .chunks_exact(n_channels)
                .map(|frame| (frame.iter().copied().map(f64::from).sum::<f64>() / n_channels as f64) as f32)
                .collect(),
            ChannelChoice::Left => channel(0),
            ChannelChoice::Right => channel(1),
        };
        Ok(Waveform::new(samples, self.sample_rate))
    }
}

/// Reads all bytes of a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::Missing { path: path.to_owned() },
        _ => Error::Io { path: path.to_owned(), source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_channels() {
        let check = |samples: &[f32], n_channels, choice, expected: Option<&[f32]>| {
            let recording = Recording::new(samples.to_vec(), n_channels, 8000);
            assert_eq!(recording.n_samples(), samples.len() / usize::from(n_channels));
            match (recording.into_mono(choice, Path::new("a.wav")), expected) {
                (Ok(waveform), Some(expected)) => assert_eq!(waveform.samples(), expected),
                (Err(Error::NotMono { channels, .. }), None) => assert_eq!(channels, n_channels),
                (other, _) => panic!("{other:?}"),
            }
        };
        let stereo = [0.5, -0.25, 1.0, 0.0];
        check(&stereo, 2, ChannelChoice::Mono, None);
        check(&stereo, 2, ChannelChoice::Mix, Some(&[0.125, 0.5]));
        check(&stereo, 2, ChannelChoice::Left, Some(&[0.5, 1.0]));
        check(&stereo, 2, ChannelChoice::Right, Some(&[-0.25, 0.0]));
        check(&[0.5, 0.25, 0.75, 0.0, 0.0, 0.0], 3, ChannelChoice::Mix, Some(&[0.5, 0.0]));
        for choice in [ChannelChoice::Mono, ChannelChoice::Mix, ChannelChoice::Left, ChannelChoice::Right] {
            check(&stereo, 1, choice, Some(&stereo));
        }
    }
}
