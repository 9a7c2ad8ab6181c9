//! What can go wrong with a training and its checkpoints.

use std::path::{Path, PathBuf};

/// Why a model could not be trained, or a checkpoint not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation refused its arguments, or the device ran out of memory.
    #[error("compute: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The model, its configuration or its parameters are not what they should be.
    #[error(transparent)]
    Voice(#[from] mynah_voice::Error),
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
    /// A setting of the configuration contradicts another, or the model.
    #[error("use `{key}`: {why}")]
    Config {
        /// The setting, as it stands in the file.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A file of a checkpoint or of the training data is not what it should be.
    #[error("use `{}`: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An example's parts do not fit together.
    #[error("use the example `{id}`: {why}")]
    Example {
        /// The utterance.
        id: String,
        /// What does not fit.
        why: String,
    },
    /// There is nothing to train on.
    #[error("find anything to work on: {why}")]
    Empty {
        /// What is empty.
        why: &'static str,
    },
    /// A loss is not a finite number.
    #[error(
        "go on at step {step}: the loss `{loss}` is {value}, and {origin}; lower the learning rate or resume from the last \
         checkpoint"
    )]
    Diverged {
        /// The step.
        step: u64,
        /// The name of the loss.
        loss: String,
        /// NaN or an infinity.
        value: f64,
        /// Where it comes from, as far as that can be said.
        origin: String,
    },
    /// The weights of a network for letters cannot be packed, or the pack not be opened.
    #[error("pack the weights: {0}")]
    Text(#[from] mynah_text::Error),
    /// A signal could not be analyzed.
    #[error("analyze a signal: {0}")]
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
