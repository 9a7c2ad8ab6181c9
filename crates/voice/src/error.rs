//! Errors of voices and their files, with their remedies.

use std::path::{Path, PathBuf};

/// Reason why a voice could not be saved, loaded, imported or made to speak.
///
/// [`remedy`](Self::remedy) says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation rejected its arguments, or the device ran out of memory.
    #[error("a tensor operation failed")]
    Tensor(#[from] candle_core::Error),
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
    /// The device, or something that it requires, is missing.
    #[error("{why}")]
    Device {
        /// Name of the device and of what is missing.
        why: String,
    },
    /// A setting contradicts another one or the model.
    #[error("invalid value for `{key}`: {why}")]
    Config {
        /// Name of the setting, as in the file.
        key: &'static str,
        /// Description of the fault.
        why: String,
    },
    /// A file of a voice or a checkpoint is malformed.
    #[error("`{}` is invalid: {why}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Description of the fault.
        why: String,
    },
    /// The parameters in a file differ from those of the model.
    #[error(
        "the parameters in `{}` do not fit the model: missing {missing:?}, unknown {unknown:?}, wrong shape {reshaped:?}",
        path.display()
    )]
    Parameters {
        /// Path of the file.
        path: PathBuf,
        /// Parameters of the model that are not in the file.
        missing: Vec<String>,
        /// Parameters in the file that are not in the model.
        unknown: Vec<String>,
        /// Parameters in both whose shapes differ.
        reshaped: Vec<String>,
    },
    /// A parameter has values that are infinite or not a number.
    #[error("the parameter `{name}` in `{}` has values that are not finite", path.display())]
    NotFinite {
        /// Path of the file.
        path: PathBuf,
        /// Name of the first such parameter.
        name: String,
    },
    /// The input is empty.
    #[error("{why}")]
    Empty {
        /// Description of what is missing.
        why: &'static str,
    },
    /// A text has a character that the voice does not know.
    #[error(transparent)]
    Characters(mynah_text::Error),
    /// The predicted durations are too long for speech.
    #[error("the durations sum to {frames} frames at this `length_scale`, expected at most {most}")]
    Durations {
        /// Sum of the durations; infinite or NaN if one of them is.
        frames: f64,
        /// Upper limit of the sum.
        most: f64,
    },
    /// The import of this kind of checkpoint is not supported.
    #[error("cannot import `{}`: {why}", path.display())]
    Import {
        /// Path of the checkpoint.
        path: PathBuf,
        /// Property that is not supported.
        why: String,
    },
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
            Self::Device { .. } => Some("name another device, or install what is missing"),
            Self::Config { .. } => Some("correct the setting"),
            Self::File { .. } => Some("restore the file, or write it again"),
            Self::Parameters { .. } => Some("name a file that was written for a model of these sizes"),
            Self::NotFinite { .. } => Some(
                "take an earlier checkpoint of the training, or 32-bit weights if only 16-bit ones overflow",
            ),
            Self::Empty { .. } => Some("give a text with at least one word"),
            Self::Characters(error) => {
                error.remedy().or(Some("remove the character, or replace it with one that the voice knows"))
            }
            Self::Durations { .. } => Some("lower the scale; at 1 the voice itself is faulty"),
            Self::Import { .. } => Some(
                "name the generator checkpoint of a single-speaker model of `jaywalnut310/vits` or \
                 `heatz123/naturalspeech`, and its own `config.json`",
            ),
            Self::Signal(error) => error.remedy(),
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
    fn all() -> [Error; 12] {
        let path = || PathBuf::from("voice/voice.toml");
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let names = |name: &str| vec![name.to_owned()];
        [
            Error::Tensor(candle_core::Error::Msg("shape mismatch".to_owned())),
            Error::Io { action: "read", path: path(), source },
            Error::Device { why: "cuda:1: this program was built without CUDA".to_owned() },
            Error::Config { key: "model.hidden", why: "7 is odd, and the flow halves it".to_owned() },
            Error::File { path: path(), why: "its format is 2, expected 1".to_owned() },
            Error::Parameters {
                path: path(),
                missing: names("a"),
                unknown: names("b"),
                reshaped: names("c"),
            },
            Error::NotFinite { path: path(), name: "encoder.symbols".to_owned() },
            Error::Empty { why: "there are no symbols to speak" },
            Error::Characters(mynah_text::Error::UnknownSymbol { name: "ß".to_owned() }),
            Error::Durations { frames: f64::INFINITY, most: 131_072.0 },
            Error::Import { path: path(), why: "it has 109 speakers, and only one is supported".to_owned() },
            Error::Signal(mynah_signal::Error::Empty { path: path() }),
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::Tensor(_)
                | Error::Io { .. }
                | Error::Device { .. }
                | Error::Config { .. }
                | Error::File { .. }
                | Error::Parameters { .. }
                | Error::NotFinite { .. }
                | Error::Empty { .. }
                | Error::Characters(_)
                | Error::Durations { .. }
                | Error::Import { .. }
                | Error::Signal(_)
        );
    }

    #[test]
    fn only_errors_of_the_system_lack_a_remedy() {
        let without: Vec<Error> = all().into_iter().filter(|error| error.remedy().is_none()).collect();
        assert!(matches!(without[..], [Error::Tensor(_), Error::Io { .. }]), "{without:?}");
    }
}
