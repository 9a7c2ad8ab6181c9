//! A planned test in the form of another tool.

/// The files of another tool for a planned test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedTest {
    /// The files, each with its path in the output directory.
    pub files: Vec<ExportedFile>,
    /// The clips of the bundle that belong to them.
    pub clips: Vec<ExportedClip>,
    /// Sentences on what the other tool does otherwise, or cannot do.
    pub losses: Vec<String>,
}

/// A file of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// Its content.
    pub content: String,
}

/// A clip of the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedClip {
    /// Its name in the bundle, without extension.
    pub name: String,
    /// The other clips of its page, if they must have equal lengths.
    pub with: Vec<String>,
}
