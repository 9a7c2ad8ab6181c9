//! Errors of corpora and datasets, with their remedies.

use std::path::{Path, PathBuf};

use crate::dataset::DATASET_FORMAT;

/// Reason why a corpus or a dataset could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation.
    #[error("cannot {action} `{path}`")]
    Io {
        /// Name of the operation: `read`, `write`, …
        action: &'static str,
        /// File or directory.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// Another program is writing there.
    #[error("`{path}` is in use by another program")]
    Locked {
        /// Directory or file.
        path: PathBuf,
    },
    /// A table or an atomically written file could not be read or written.
    #[error(transparent)]
    Table(#[from] mynah_table::Error),
    /// A corpus does not exist.
    #[error("there is no corpus `{path}`")]
    NoCorpus {
        /// Path as it was given.
        path: PathBuf,
    },
    /// The layout of a corpus is not recognized, or contradicts the recipe.
    #[error("the corpus `{path}` cannot be read: {why}")]
    Source {
        /// Directory or table.
        path: PathBuf,
        /// Description of the fault.
        why: String,
        /// Action that resolves it.
        remedy: String,
    },
    /// A setting of the recipe is invalid.
    #[error("the recipe section `[{section}]` is invalid: {why}")]
    Recipe {
        /// Section of the TOML file.
        section: &'static str,
        /// Description of the fault.
        why: String,
    },
    /// A directory is not a complete dataset.
    #[error("`{path}` does not exist")]
    Incomplete {
        /// Path of its `dataset.toml`, which is written last.
        path: PathBuf,
    },
    /// A dataset has another format version.
    #[error("`{path}` has format {found}, expected {}", DATASET_FORMAT)]
    Format {
        /// Path of its `dataset.toml`.
        path: PathBuf,
        /// Format version of the dataset.
        found: u32,
    },
    /// A file of a dataset is missing or malformed.
    #[error("`{path}` is invalid: {why}")]
    Dataset {
        /// Path of the file.
        path: PathBuf,
        /// Description of the fault.
        why: String,
    },
    /// The files of a text hold nothing.
    #[error("the input has no text: every file is empty")]
    EmptyText,
    /// A text to encode is a directory.
    #[error("`{path}` is not a file")]
    NotAFile {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file of an encoded text is missing.
    #[error("there is no `{path}`")]
    TextMissing {
        /// The missing file.
        path: PathBuf,
        /// The directory of the text.
        text: PathBuf,
    },
    /// A text has another version of the layout.
    #[error("`{path}` has format {found}, expected {}", crate::text_dataset::TEXT_FORMAT)]
    TextFormat {
        /// The file `text.toml`.
        path: PathBuf,
        /// The version that it names.
        found: u32,
    },
    /// Symbols or sup-phonemes could not be read or applied.
    #[error(transparent)]
    Text(#[from] mynah_text::Error),
    /// The shards of a dataset cannot be merged.
    #[error("the shards in `{path}` cannot be merged: {why}")]
    Shards {
        /// Directory of the shards, or the report of the one at fault.
        path: PathBuf,
        /// Description of the fault.
        why: String,
        /// Action that resolves it.
        remedy: String,
    },
    /// Parallel data of an utterance contradict each other.
    #[error("utterance `{id}` is inconsistent: {why}")]
    Inconsistent {
        /// Utterance id.
        id: String,
        /// Description of the contradiction.
        why: String,
    },
}

impl Error {
    /// Returns the action that resolves the error, if one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::Locked { .. } => Some("wait until it ends, or name another place".to_owned()),
            Self::Table(error) => error.remedy().map(str::to_owned),
            Self::NoCorpus { .. } => Some("name the directory of a corpus, or its table".to_owned()),
            Self::Source { remedy, .. } | Self::Shards { remedy, .. } => Some(remedy.clone()),
            Self::Recipe { .. } => Some("correct the setting in the recipe".to_owned()),
            Self::Incomplete { path } => {
                let directory = path.parent().unwrap_or(path);
                Some(format!("run `mynah-prepare run CORPUS --out {}` to its end", directory.display()))
            }
            Self::Format { .. } => Some("prepare the corpus again".to_owned()),
            Self::Dataset { .. } | Self::Inconsistent { .. } => {
                Some("run `mynah-prepare run` again".to_owned())
            }
            Self::EmptyText => Some("name files with a sentence or a paragraph per line".to_owned()),
            Self::NotAFile { .. } => Some("name the text files themselves".to_owned()),
            Self::TextMissing { text, .. } => {
                Some(format!("run `mynah-prepare text … --out {}`", text.display()))
            }
            Self::TextFormat { .. } => Some("run `mynah-prepare text` again".to_owned()),
            Self::Text(error) => error.remedy().map(str::to_owned),
        }
    }

    /// Returns a closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Returns the error of a malformed dataset file.
    pub(crate) fn dataset(path: &Path, why: &dyn std::fmt::Display) -> Self {
        Self::Dataset { path: path.to_owned(), why: why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> [Error; 16] {
        let path = || PathBuf::from("dataset/dataset.toml");
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        [
            Error::Io { action: "read", path: path(), source },
            Error::Locked { path: path() },
            Error::Table(mynah_table::Error::UnknownTableFormat { path: path() }),
            Error::NoCorpus { path: path() },
            Error::Source { path: path(), why: "it is empty".to_owned(), remedy: "name another".to_owned() },
            Error::Recipe { section: "split", why: "`test` is 1.5".to_owned() },
            Error::Incomplete { path: path() },
            Error::Format { path: path(), found: 1 },
            Error::Dataset { path: path(), why: "it has no header".to_owned() },
            Error::Shards { path: path(), why: "1 of 2 is missing".to_owned(), remedy: "run it".to_owned() },
            Error::Inconsistent { id: "a".to_owned(), why: "its durations sum to 3".to_owned() },
            Error::EmptyText,
            Error::NotAFile { path: path() },
            Error::TextMissing { path: path(), text: path() },
            Error::TextFormat { path: path(), found: 0 },
            Error::Text(mynah_text::Error::NothingToSpeak { text: "--".to_owned() }),
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::Io { .. }
                | Error::Locked { .. }
                | Error::Table(_)
                | Error::NoCorpus { .. }
                | Error::Source { .. }
                | Error::Recipe { .. }
                | Error::Incomplete { .. }
                | Error::Format { .. }
                | Error::Dataset { .. }
                | Error::Shards { .. }
                | Error::Inconsistent { .. }
                | Error::EmptyText
                | Error::NotAFile { .. }
                | Error::TextMissing { .. }
                | Error::TextFormat { .. }
                | Error::Text(_)
        );
    }

    #[test]
    fn only_refusals_of_the_system_lack_a_remedy() {
        let without: Vec<Error> = all().into_iter().filter(|error| error.remedy().is_none()).collect();
        assert!(matches!(without[..], [Error::Io { .. }]), "{without:?}");
    }
}
