//! Errors of this crate and their remedies.

use std::io;
use std::path::PathBuf;

/// An error in a sound file, a setting or the shape of a table.
///
/// A message names the file or setting at fault. [`remedy`](Self::remedy) says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file does not exist.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// The requested file.
        path: PathBuf,
    },

    /// The operating system refused to read or write a file.
    #[error("cannot access `{}`", path.display())]
    Io {
        /// The requested file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },

    /// The bytes are no file of a known format, or they contradict themselves.
    #[error("`{}` is not a valid {container} file: {why}", path.display())]
    Unreadable {
        /// The origin of the bytes.
        path: PathBuf,
        /// The container they were taken for, such as `WAV`.
        container: &'static str,
        /// The fault.
        why: String,
    },

    /// The file is valid but contains no samples.
    #[error("`{}` contains no samples", path.display())]
    Empty {
        /// The origin of the bytes.
        path: PathBuf,
    },

    /// The header promises more samples than the file holds.
    #[error("`{}` is truncated: its header promises {promised} samples, but it holds {found}", path.display())]
    Truncated {
        /// The origin of the bytes.
        path: PathBuf,
        /// Samples per channel according to the header.
        promised: u64,
        /// Complete samples per channel in the file.
        found: u64,
    },

    /// The file has more than one channel.
    #[error("`{}` has {channels} channels, expected 1", path.display())]
    NotMono {
        /// The origin of the bytes.
        path: PathBuf,
        /// The number of channels according to the header.
        channels: u16,
    },

    /// The file is valid, but its encoding is not supported.
    #[error("cannot decode `{}`: {format} is not supported", path.display())]
    UnsupportedFormat {
        /// The origin of the bytes.
        path: PathBuf,
        /// A description of the encoding.
        format: String,
    },

    /// A sample of a floating-point WAV file is infinite or NaN.
    #[error("sample {index} of `{}` is not a finite number", path.display())]
    NotFinite {
        /// The origin of the bytes.
        path: PathBuf,
        /// The index of the first such sample, from 0.
        index: usize,
    },

    /// A setting has a value that cannot be used.
    #[error("invalid `{setting}`: {why}")]
    Setting {
        /// The name of the setting.
        setting: &'static str,
        /// The fault of its value, and the values allowed.
        why: String,
    },

    /// The number of values does not match the shape of a table.
    #[error("{values} values do not fill {n_bins} bins by {n_frames} frames")]
    Shape {
        /// The number of values given.
        values: usize,
        /// The number of rows requested.
        n_bins: usize,
        /// The number of columns requested.
        n_frames: usize,
    },
}

impl Error {
    /// Returns an imperative phrase saying how to fix the problem, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => Some("check the name"),
            Self::Unreadable { .. } | Self::UnsupportedFormat { .. } | Self::NotFinite { .. } => {
                Some("export the clip again as 16-bit PCM in a RIFF/WAVE file, or as FLAC")
            }
            Self::Empty { .. } => Some("record or export the clip again"),
            Self::Truncated { .. } => Some("copy the file again from its source"),
            Self::NotMono { .. } => Some("choose one of the channels, or mix them"),
            Self::Setting { setting: "n_mels", .. } => Some("use fewer bands or a longer `n_fft`"),
            Self::Setting { setting: "sample_rate", .. } => {
                Some("resample the audio to a common rate, such as 22050 Hz, with another tool")
            }
            // The system's error, which is the source, has a remedy of its own.
            Self::Io { .. } | Self::Setting { .. } | Self::Shape { .. } => None,
        }
    }

    pub(crate) fn setting(setting: &'static str, why: impl Into<String>) -> Self {
        Self::Setting { setting, why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> Vec<Error> {
        let path = || PathBuf::from("a.wav");
        vec![
            Error::Missing { path: path() },
            Error::Io { path: path(), source: io::Error::other("the device is gone") },
            Error::Unreadable { path: path(), container: "WAV", why: "its sample rate is 0".to_owned() },
            Error::Empty { path: path() },
            Error::Truncated { path: path(), promised: 7, found: 5 },
            Error::NotMono { path: path(), channels: 2 },
            Error::UnsupportedFormat { path: path(), format: "16-bit float".to_owned() },
            Error::NotFinite { path: path(), index: 3 },
            Error::setting("n_mels", "0 is not between 1 and half of `n_fft`, 512"),
            Error::setting("sample_rate", "0 is not a sample rate"),
            Error::setting("n_fft", "3 is not an even number"),
            Error::Shape { values: 5, n_bins: 2, n_frames: 3 },
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::Missing { .. }
                | Error::Io { .. }
                | Error::Unreadable { .. }
                | Error::Empty { .. }
                | Error::Truncated { .. }
                | Error::NotMono { .. }
                | Error::UnsupportedFormat { .. }
                | Error::NotFinite { .. }
                | Error::Setting { .. }
                | Error::Shape { .. }
        );
    }

    #[test]
    fn only_refusals_of_the_system_some_settings_and_shapes_lack_a_remedy() {
        let without: Vec<String> =
            all().iter().filter(|error| error.remedy().is_none()).map(ToString::to_string).collect();
        assert_eq!(
            without,
            [
                "cannot access `a.wav`",
                "invalid `n_fft`: 3 is not an even number",
                "5 values do not fill 2 bins by 3 frames"
            ]
        );
    }
}
