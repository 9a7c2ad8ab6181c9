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

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let all = ["read", "list"].map(|action| Error::io(action, Path::new("a.lab"))(denied()));
        mynah_testkit::assert_every_error!(all, Error::Io { .. });
        assert!(all.iter().all(|error| error.remedy().is_some()));
    }
}
