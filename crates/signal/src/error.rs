//! What can go wrong.

use std::io;
use std::path::PathBuf;

/// A situation in which this crate has no result to give.
///
/// The messages are fragments that follow "failed to".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no file of this name.
    #[error("read `{}`: there is no such file", path.display())]
    Missing {
        /// The file that was asked for.
        path: PathBuf,
    },

    /// The operating system refused to read or write.
    #[error("access `{}`: {source}", path.display())]
    Io {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The bytes are neither a RIFF/WAVE nor a FLAC file, or one that contradicts itself.
    #[error("read `{}` as {container}: {why}", path.display())]
    Unreadable {
        /// Where the bytes came from.
        path: PathBuf,
        /// What they were taken for: `a wav` or `FLAC`.
        container: &'static str,
        /// What is wrong with them.
        why: String,
    },

    /// The file is in order but holds no samples.
    #[error("read `{}`: it holds no samples", path.display())]
    Empty {
        /// Where the bytes came from.
        path: PathBuf,
    },

    /// The header promises more samples than the file holds.
    #[error("read `{}`: its header promises {promised} samples and the file holds {found}", path.display())]
    Truncated {
        /// Where the bytes came from.
        path: PathBuf,
        /// Samples of each channel by the header.
        promised: u64,
        /// Whole samples of each channel in the file.
        found: u64,
    },

    /// The file has more than one channel.
    #[error("read `{}` as mono: it has {channels} channels", path.display())]
    NotMono {
        /// Where the bytes came from.
        path: PathBuf,
        /// Channels by the header.
        channels: u16,
    },

    /// The file is in order but its coding is not one that is decoded here.
    #[error("decode `{}`: {format} is not supported", path.display())]
    UnsupportedFormat {
        /// Where the bytes came from.
        path: PathBuf,
        /// The coding, in words.
        format: String,
    },

    /// A sample of a floating-point wav is infinite or not a number.
    #[error("decode `{}`: sample {index} is not a finite number", path.display())]
    NotFinite {
        /// Where the bytes came from.
        path: PathBuf,
        /// The first such sample, from 0.
        index: usize,
    },

    /// A setting has a value with which nothing can be computed.
    #[error("use the setting `{setting}`: {why}")]
    Setting {
        /// The name of the setting.
        setting: &'static str,
        /// What is wrong with its value, and what would be right.
        why: String,
    },

    /// A table does not have as many values as its shape says.
    #[error("lay {values} values out as {n_bins} bins by {n_frames} frames")]
    Shape {
        /// Values that were given.
        values: usize,
        /// Rows that were asked for.
        n_bins: usize,
        /// Columns that were asked for.
        n_frames: usize,
    },
}

impl Error {
    pub(crate) fn setting(setting: &'static str, why: impl Into<String>) -> Self {
        Self::Setting { setting, why: why.into() }
    }
}
