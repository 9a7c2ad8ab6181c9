//! A file of a report, before it is written.

/// A file with its path inside the report's directory and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Path relative to the report's directory, with `/` between folders.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl Document {
    /// Builds a text file.
    pub(crate) fn text(path: impl Into<String>, text: impl Into<String>) -> Document {
        Document { path: path.into(), bytes: text.into().into_bytes() }
    }
}
