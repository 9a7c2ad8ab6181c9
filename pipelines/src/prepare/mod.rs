//! `mynah-prepare`: a corpus in, a dataset out.

mod args;
mod bpe;
mod complete;
mod each;
mod espeak;
mod mel;
mod page;
mod phonemize;
mod run;
mod summary;
mod text;

pub use args::Args;

#[cfg(feature = "voice")]
pub(crate) use phonemize::phonemizer;
