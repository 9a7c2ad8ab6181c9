//! The contents of `text.toml`, and the names of the files next to it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The version of the layout of a TEXT directory.
pub const TEXT_FORMAT: u32 = 1;

pub(super) const INFO: &str = "text.toml";
pub(super) const VOCABULARY: &str = "vocabulary.json";
pub(super) const SUP_PHONES: &str = "supphones.json";
pub(super) const PROBLEMS: &str = "problems.jsonl";
pub(super) const SHARDS: &str = "shards";
pub(super) const COUNTS: &str = "counts";

/// The unit that a line of the input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextUnit {
    /// One sentence.
    Line,
    /// A paragraph, which is split into sentences.
    Paragraph,
}

impl TextUnit {
    /// Returns the name of the unit in the keys of shards.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Line => "Line",
            Self::Paragraph => "Paragraph",
        }
    }
}

/// The contents of `text.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextInfo {
    /// The version of the layout.
    pub format: u32,
    /// The program that wrote the text, with its version.
    pub program: String,
    /// The input files, as they were named.
    pub inputs: Vec<String>,
    /// The unit of a line.
    pub unit: TextUnit,
    /// Bytes of input per shard.
    pub shard_bytes: u64,
    /// BLAKE3 of the keys of all shards and of the sup-phonemes.
    pub fingerprint: String,
    /// Sizes of the text.
    pub counts: TextCounts,
}

/// Sizes of a text: `[counts]` in `text.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextCounts {
    /// Shards.
    pub shards: usize,
    /// Lines of the input.
    pub lines: u64,
    /// Sentences that were encoded.
    pub sentences: u64,
    /// Words of these sentences.
    pub words: u64,
    /// Symbols of these sentences.
    pub symbols: u64,
    /// Rows of `problems.jsonl`.
    pub problems: usize,
}

/// Returns the path of a shard's table.
pub(super) fn shard_path(root: &Path, index: usize) -> PathBuf {
    root.join(SHARDS).join(format!("{index:05}.parquet"))
}
