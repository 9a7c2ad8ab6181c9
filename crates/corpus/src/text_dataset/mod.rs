//! The TEXT format: plain text encoded for pre-training, in shards.
//!
//! ```text
//! INPUT… ──plan──► pieces of a few MB ──count──► words by pronunciation ──BPE──► supphones.json
//!                     └──────────────────────encode──────────────────────────────────┴──► shards/*.parquet
//! ```
//!
//! A piece is the lines that begin in a range of bytes, so every thread finds its lines without reading the rest. A shard
//! is the encoding of a piece: a function of its bytes and the settings, whoever computes it and when. The key of every
//! shard is stored next to it, and `text.toml` is written last.
//!
//! [`TextEncoder`] writes a text, [`TextDataset`] reads one. `docs/formats/text.md` lists every file and column.

mod dataset;
mod encoder;
mod encoding;
mod info;
mod pieces;
#[cfg(test)]
mod tests;

pub use dataset::{TextDataset, TextSentence};
pub use encoder::{EncodedShards, TextConfig, TextEncoder, WordCounts};
pub use info::{TEXT_FORMAT, TextCounts, TextInfo, TextUnit};
