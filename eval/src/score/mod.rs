//! `mynah-score`: objective scores of wavs against recordings, and a page on them.

mod args;
mod command;
mod embeddings;
mod expected;
mod explain;
mod folder;
mod list;
pub(crate) mod notes;
mod onnx;
mod outside;
mod page;
mod page_args;
mod partial;
mod protocol;
pub(crate) mod real_time;
mod remarks;
mod run;
mod summary;
pub(crate) mod synthesis;
mod transcripts;
mod whisper;
pub(crate) mod words;

pub use args::Args;
