//! Durations found by other tools: their files in, frames of our symbols out.
//!
//! ```text
//! DIR ──LabelDirectory──► labels in seconds ──fit──► frames of each symbol
//!          (by format)    or frames of an array        │
//!                                                      └──► Misfit: kind, line, difference
//! ```
//!
//! Times become frames by rounding boundaries rather than durations, so that rounding errors do not accumulate; the
//! last boundary is that of the last frame. A label of silence is assigned to the pause symbol at its position. Labels
//! may be ARPAbet with or without stress in either case, IPA as written by the Montreal Forced Aligner or our own
//! `phonemize`, or names of Festival and TIMIT; a label that names a phone other than the dataset's is a [`Misfit`],
//! unless [`Variants`] asks for the times of its words or for its phones.

mod ctm;
mod directory;
mod divide;
mod fit;
mod lab;
mod label;
mod mfa;
mod phone_name;
mod variants;

pub use directory::{LabelDirectory, LabelFile, LabelFormat, Lookup};
pub use divide::divide_among_words;
pub use fit::{FitTarget, Misfit, MisfitKind, fit};
pub use label::{Content, FormatError, Label};
pub use variants::{Fitted, Variants, fit_variants};

pub(crate) use label::decode_text;
