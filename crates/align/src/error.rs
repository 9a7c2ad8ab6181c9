//! The errors of reading alignments.

use std::path::{Path, PathBuf};

/// The reason the files of another aligner could not be read.
///
/// A file that is not of its format is a [`FormatError`](crate::FormatError) of its utterance, and one that does not
/// belong to its utterance a [`Misfit`](crate::Misfit): neither ends the work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{action} `{path}`")]
    Io {
        /// `read` or `list`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// A closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
