//! The errors of a running study.

use std::path::PathBuf;

use thiserror::Error;

/// A reason why a study could not be opened, or a request not be met.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The store cannot be read or written: no file of this kind, no space, no permission.
    #[error("the store `{path}` cannot be used")]
    Storage {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is a database of something else.
    #[error("`{path}` is a database, but not a store of answers")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The store has a format that this version does not read.
    #[error("the store `{path}` has format {found}, this version reads format {supported}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The supported format.
        supported: i64,
    },
    /// The store holds the answers to another bundle.
    #[error("the store `{path}` is of bundle `{stored}` of study `{study}`, but this is bundle `{bundle}`")]
    OtherBundle {
        /// The file.
        path: PathBuf,
        /// The bundle of the store.
        stored: String,
        /// The study of the store.
        study: String,
        /// The bundle at hand.
        bundle: String,
    },
    /// All places are taken.
    #[error("all places are taken")]
    Full,
    /// The participant has left the study.
    #[error("this participant has left the study")]
    Left,
    /// No participant has this token.
    #[error("the token is unknown")]
    UnknownToken,
    /// The session has no such page.
    #[error("the session has no page `{page}`")]
    UnknownPage {
        /// The page.
        page: String,
    },
    /// The answer is malformed, or does not belong to the page.
    #[error("the answer is refused: {what}")]
    Answer {
        /// The fault.
        what: String,
    },
    /// Pages are not answered yet.
    #[error("{missing} pages are not answered yet")]
    Unfinished {
        /// The number of pages.
        missing: usize,
    },
    /// The operations of a transaction were given up, since one of them failed.
    #[error("the operations were given up")]
    Abandoned,
    /// No participant goes by this name.
    #[error("there is no rater `{rater}`")]
    UnknownRater {
        /// The rater.
        rater: String,
    },
}

impl Error {
    /// Returns the remedy as an imperative phrase, where one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::OtherBundle { .. } => Some("name another store, or the bundle that this one belongs to"),
            Self::NotAStore { .. } => Some("name another file"),
            Self::Format { .. } => Some("use the version that made the store"),
            _ => None,
        }
    }
}
