//! `mynah-prepare`: a corpus in, a dataset out.

mod align;
mod args;
mod bpe;
mod check;
mod finalize;
mod durations;
mod clips;
mod import_alignment;
mod mel;
mod page;
mod phonemize;
mod realign;
mod run;
mod summary;
mod text;

pub use args::Args;

#[cfg(feature = "voice")]
pub(crate) use args::Backend;
#[cfg(feature = "voice")]
pub(crate) use crate::espeak::Espeak;
#[cfg(feature = "voice")]
pub(crate) use phonemize::phonemizer;
#[cfg(feature = "voice")]
pub(crate) use text::{FORMAT as TEXT_FORMAT, Summary as TextSummary};
