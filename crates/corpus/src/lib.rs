//! Corpora and datasets: LJSpeech in, manifest, splits, alignments, features and tables out.

pub mod align;
mod error;
mod ljspeech;
mod problem;
mod split;
pub mod table;
mod textgrid;

pub use error::Error;
pub use ljspeech::{Corpus, Entry, Listing};
pub use problem::{Code, Problem, Stage};
pub use split::{Split, SplitConfig, assign};
pub use textgrid::{Interval, Tier, write_text_grid};
