//! Objective scores of speech, each under a named profile, each with a status.
//!
//! ```text
//! reference Waveform ─┐
//!                     ├─► Pair (features, alignment path) ─► metric ─► Outcome ─► Score row
//! system Waveform ────┘
//! ```
//!
//! A metric never drops an item and never turns a failure into a number.

mod score;

pub use score::{Outcome, Score, Status};
