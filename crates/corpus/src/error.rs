//! What can go wrong with corpora and datasets.

use std::path::{Path, PathBuf};

/// Why a corpus or a dataset could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{action} `{path}`")]
    Io {
        /// `read`, `write`, …
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// Another program writes there.
    #[error(
        "`{path}` is in use: another program is writing into it; wait until that has ended, or name another place"
    )]
    Locked {
        /// The directory or file.
        path: PathBuf,
    },
    /// A table or a file that was written atomically.
    #[error(transparent)]
    Table(#[from] mynah_table::Error),
    /// A corpus without `metadata.csv`.
    #[error(
        "`{path}` has no `metadata.csv`: name a directory in LJSpeech layout (`metadata.csv` and `wavs/`)"
    )]
    NoMetadata {
        /// The directory.
        path: PathBuf,
    },
    /// A setting of the recipe cannot be used.
    #[error("the recipe's `[{section}]` cannot be used: {why}")]
    Recipe {
        /// The section of the TOML file.
        section: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A file of a dataset is missing or has another form.
    #[error("`{path}`: {why}")]
    Dataset {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
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
    /// Symbols or sup-phones could not be read or applied.
    #[error(transparent)]
    Text(#[from] mynah_text::Error),
    /// Durations and frames, or symbols and identifiers, do not fit together.
    #[error("utterance `{id}`: {why}")]
    Inconsistent {
        /// The utterance.
        id: String,
        /// What does not fit.
        why: String,
    },
}

impl Error {
    /// Returns what to do about the error, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::EmptyText => Some("name files with a sentence or a paragraph a line".to_owned()),
            Self::NotAFile { .. } => Some("name the text files themselves".to_owned()),
            Self::TextMissing { text, .. } => {
                Some(format!("run `mynah-prepare text … --out {}`", text.display()))
            }
            Self::TextFormat { .. } => Some("run `mynah-prepare text` again".to_owned()),
            _ => None,
        }
    }

    /// A closure for `map_err` on I/O at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// A dataset file that is not what it should be.
    pub(crate) fn dataset(path: &Path, why: &dyn std::fmt::Display) -> Self {
        Self::Dataset { path: path.to_owned(), why: why.to_string() }
    }
}
