//! Errors of trainings and their checkpoints, with their remedies.

use std::path::{Path, PathBuf};

/// Reason why a model could not be trained, or a checkpoint not be written or read.
///
/// [`remedy`](Self::remedy) says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation rejected its arguments, or the device ran out of memory.
    #[error("a tensor operation failed")]
    Tensor(#[from] candle_core::Error),
    /// The model, its configuration or its parameters are invalid.
    #[error(transparent)]
    Voice(#[from] mynah_voice::Error),
    /// The operating system refused an operation.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// Name of the operation: `read`, `write`, …
        action: &'static str,
        /// File or directory.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// A setting contradicts another one or the model.
    #[error("invalid value for `{key}`: {why}")]
    Config {
        /// Name of the setting, as in the file.
        key: &'static str,
        /// Description of the fault.
        why: String,
    },
    /// A file of a checkpoint or of the training data is malformed.
    #[error("`{}` is invalid: {why}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Description of the fault.
        why: String,
    },
    /// A file of a checkpoint is not the one that was written: it was truncated or changed.
    #[error("`{}` is damaged: its hash is not the one that was recorded", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
    },
    /// The parts of an example contradict each other.
    #[error("example `{id}` is inconsistent: {why}")]
    Example {
        /// Id of the utterance.
        id: String,
        /// Description of the contradiction.
        why: String,
    },
    /// There is nothing to train on.
    #[error("{why}")]
    Empty {
        /// Description of what is missing.
        why: &'static str,
    },
    /// A loss is not a finite number.
    #[error("training diverged at step {step}: the loss `{loss}` is {value}, and {origin}")]
    Diverged {
        /// Number of the step.
        step: u64,
        /// Name of the loss.
        loss: String,
        /// NaN or an infinity.
        value: f64,
        /// Origin of the value, as far as it is known.
        origin: String,
    },
    /// The weights of a grapheme-to-phoneme network cannot be packed or unpacked.
    #[error(transparent)]
    Text(#[from] mynah_text::Error),
    /// A signal could not be analyzed.
    #[error(transparent)]
    Signal(#[from] mynah_signal::Error),
}

impl Error {
    /// Returns the action that resolves the error, if one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Tensor(_) | Self::Io { .. } => None,
            Self::Voice(error) => error.remedy(),
            Self::Config { .. } => Some("correct the setting"),
            Self::File { .. } => Some("restore the file, or write it again"),
            Self::Damaged { .. } => {
                Some("restore the file from a copy, or remove its checkpoint to use the one before")
            }
            Self::Example { .. } => Some(
                "prepare the text again with `mynah-prepare text`, or the dataset with `mynah-prepare run`",
            ),
            Self::Empty { .. } => Some("check the training data, or prepare more"),
            Self::Diverged { .. } => Some("lower the learning rate, or resume from the last checkpoint"),
            Self::Text(error) => error.remedy(),
            Self::Signal(error) => error.remedy(),
        }
    }

    /// Returns true if a file of a checkpoint is missing or was changed, so that an earlier checkpoint may serve instead.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// Returns a closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Returns a closure for `map_err` on a malformed file.
    pub(crate) fn file<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |why| Self::File { path, why: why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> [Error; 11] {
        let path = || PathBuf::from("run/checkpoints/step-20/state.toml");
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let origin = "every gradient alone is finite".to_owned();
        [
            Error::Tensor(candle_core::Error::Msg("shape mismatch".to_owned())),
            Error::Voice(mynah_voice::Error::Empty { why: "there are no symbols to speak" }),
            Error::Io { action: "read", path: path(), source },
            Error::Config { key: "train.steps", why: "it must be positive".to_owned() },
            Error::File { path: path(), why: "its format is not 1 or 2".to_owned() },
            Error::Damaged { path: path() },
            Error::Example { id: "a".to_owned(), why: "it has no symbols".to_owned() },
            Error::Empty { why: "the training split has no examples" },
            Error::Diverged { step: 7, loss: "mel".to_owned(), value: f64::NAN, origin },
            Error::Text(mynah_text::Error::NothingToSpeak { text: "--".to_owned() }),
            Error::Signal(mynah_signal::Error::Empty { path: path() }),
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::Tensor(_)
                | Error::Voice(_)
                | Error::Io { .. }
                | Error::Config { .. }
                | Error::File { .. }
                | Error::Damaged { .. }
                | Error::Example { .. }
                | Error::Empty { .. }
                | Error::Diverged { .. }
                | Error::Text(_)
                | Error::Signal(_)
        );
    }

    #[test]
    fn only_errors_of_the_system_lack_a_remedy() {
        let without: Vec<Error> = all().into_iter().filter(|error| error.remedy().is_none()).collect();
        assert!(matches!(without[..], [Error::Tensor(_), Error::Io { .. }]), "{without:?}");
    }
}
