//! `mynah-prepare`: prepares a corpus or a text for training.

mod args;
mod program;

mod align;
mod bpe;
mod check;
mod export;
mod import_alignment;
mod mel;
mod merge;
mod phonemize;
mod run;
mod segment;
mod text;

mod agreement;
mod clips;
mod durations;
mod finalize;
mod keep;
mod language;
mod listing;
mod normalize;
mod page;
mod realign;
mod summary;
mod sup_phones;
mod transcripts;

pub use args::Args;
