//! A file of a report, before anybody has written it.

/// One file: where it belongs inside the report's directory, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Path relative to the report's directory, with `/` between folders.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Document {
    /// A text file.
    pub(crate) fn text(path: impl Into<String>, text: impl Into<String>) -> Document {
        Document { path: path.into(), bytes: text.into().into_bytes() }
    }
}
