//! Durations that another tool found: its files in, frames of our symbols out.
//!
//! ```text
//! DIR ──LabelDirectory──► labels in seconds ──fit──► frames of each symbol
//!          (by format)    or frames of an array        │
//!                                                      └──► Misfit: code, line, what differs
//! ```
//!
//! Times become frames by rounding the boundaries, never the durations, so that rounding does not add up; the last
//! boundary is that of the last frame. A label of silence is the pause in which our symbols have a place for one. Labels
//! may be ARPAbet with or without stress in either case, IPA as the Montreal Forced Aligner or our own `phonemize` writes
//! it, or the names of Festival and TIMIT; what names another phone than the dataset has is a [`Misfit`], and nothing is
//! guessed.

mod ctm;
mod directory;
mod fit;
mod lab;
mod label;
mod mfa;
mod npy;
mod phone_name;

pub use directory::{LabelDirectory, LabelFile, LabelFormat, Lookup};
pub use fit::{FitTarget, Misfit, MisfitKind, fit};
pub use label::{Content, FormatError, Label};

pub(crate) use label::decode_text;
