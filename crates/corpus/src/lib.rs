//! Corpora and datasets: LJSpeech in, manifest, splits, alignments, features and tables out.

mod error;
pub mod table;

pub use error::Error;
