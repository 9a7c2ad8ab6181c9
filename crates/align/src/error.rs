//! Errors of reading alignments.

use std::path::{Path, PathBuf};

/// Reason why the files of another aligner could not be read.
///
/// A malformed file is a [`FormatError`](crate::FormatError) of its utterance, and one that does not belong to its
/// utterance a [`Misfit`](crate::Misfit): neither aborts the import.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation.
    #[error("cannot {action} `{path}`")]
    Io {
        /// Name of the operation: `read` or `list`.
        action: &'static str,
        /// File or directory.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Returns the action that resolves the error, if one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Io { action: "list", .. } => Some("name a readable directory"),
            Self::Io { .. } => Some("check that the file exists and can be read"),
        }
    }

    /// Returns a closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails to compile if a variant is added, as a reminder to add it to the test.
    fn is_listed(error: &Error) -> bool {
        match error {
            Error::Io { .. } => true,
        }
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        for action in ["read", "list"] {
            let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
            let error = Error::io(action, Path::new("a.lab"))(source);
            assert!(is_listed(&error));
            let (message, remedy) = (error.to_string(), error.remedy().expect("every error has a remedy"));
            for text in [message.as_str(), remedy] {
                assert!(text.starts_with(|first: char| first.is_lowercase() || first == '`'), "{text}");
                assert!(!text.ends_with('.') && !text.contains('\n') && !text.contains("use `"), "{text}");
            }
            let source = std::error::Error::source(&error).expect("the system gives a reason").to_string();
            assert!(!message.contains(&source) && !message.contains(remedy), "{message}");
        }
    }
}
