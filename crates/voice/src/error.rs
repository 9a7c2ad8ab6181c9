//! What can go wrong with a voice and its files.

use std::path::{Path, PathBuf};

/// Why a voice could not be saved, loaded or made to speak.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation refused its arguments, or the device ran out of memory.
    #[error("compute: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The operating system refused.
    #[error("{action} `{}`", path.display())]
    Io {
        /// `read`, `write`, …
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// There is no such device, or not all that it needs.
    #[error("{why}")]
    Device {
        /// Which, and what is missing.
        why: String,
    },
    /// A setting of the configuration contradicts another, or the model.
    #[error("use `{key}`: {why}")]
    Config {
        /// The setting, as it stands in the file.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A file of a voice or a checkpoint is not what it should be.
    #[error("use `{}`: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The parameters of a file are not those of the model.
    #[error("load `{}`: missing {missing:?}, unknown {unknown:?}, of another shape {reshaped:?}", path.display())]
    Parameters {
        /// The file.
        path: PathBuf,
        /// Parameters of the model that the file lacks.
        missing: Vec<String>,
        /// Parameters of the file that the model lacks.
        unknown: Vec<String>,
        /// Parameters of both whose shapes differ.
        reshaped: Vec<String>,
    },
    /// There is nothing to say.
    #[error("find anything to work on: {why}")]
    Empty {
        /// What is empty.
        why: &'static str,
    },
    /// A text holds a character that the voice does not read.
    #[error("speak: {0}")]
    Characters(#[source] mynah_text::Error),
    /// The durations that a model predicts are no speech.
    #[error("speak for {frames} frames: more than {most} are a fault of the voice or of `length_scale`")]
    Durations {
        /// Their sum; infinite or NaN where one is.
        frames: f64,
        /// The most that is spoken.
        most: f64,
    },
    /// A checkpoint is of a kind that is not imported.
    #[error("import `{}`: {why}", path.display())]
    Import {
        /// The checkpoint, or its configuration.
        path: PathBuf,
        /// What it is, and what is imported.
        why: String,
    },
    /// A signal could not be analysed.
    #[error("analyse a signal: {0}")]
    Signal(#[from] mynah_signal::Error),
}

impl Error {
    /// A closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// A closure for `map_err` on a file that does not have its form.
    pub(crate) fn file<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |why| Self::File { path, why: why.to_string() }
    }
}
