//! Monophone hidden-Markov forced aligner: durations without Python and without a pretrained model.
//!
//! ```text
//! log-mel ──cepstra──► 39 dimensions a frame ─┐
//! symbols ──Graph────► states, pauses optional ┴─Viterbi─► path ──► counts ──► mixtures ──┐
//!                                                  ▲                                       │
//!                                                  └───────────── next pass ◄──────────────┘
//! ```
//!
//!
//! Every phone has three states in a row, the middle one optional; a pause also has three states and is optional as a
//! whole. Training is Viterbi EM from a flat start, in steps that each begin with the Gaussians of the previous one:
//! phones of a broad class share a Gaussian; the states of a phone share one; every state has its own, first estimated
//! from an even third of each phone; finally, every state with enough frames has a mixture of 2, then of 4, and so on,
//! as far as [`AlignConfig::max_gaussians`] allows. Each Gaussian is smoothed towards the one it came from (MAP), so
//! that a phone seen only twice still has a model. Stress is ignored.
//!
//! The durations count frames of the log-mel, at least one per symbol, and sum to all of them. If no pause is heard at
//! a boundary or a punctuation mark, its single frame is taken from the longer neighbor.
//!
//! The result depends only on the input: sums are taken in the order of the utterances, whatever the number of threads
//! and the vector width of the machine.
//!
//! **Memory:** 52 bytes per training frame, of which there are at most about [`AlignConfig::training_frames`]; 64 sets
//! of counts, 620 bytes per Gaussian; and one utterance per thread, with a byte for each of its frames and states.
//! LJSpeech, 24 hours, takes about 0.5 GB.

mod aligner;
mod cepstra;
mod config;
mod counts;
mod frames;
mod graph;
mod mixture;
mod model;
mod narration;
mod ordered;
mod spread;
mod tying;
mod viterbi;

pub use aligner::{ALIGN_VERSION, Alignment, Target, TooFewFrames, align, frames_needed, mel_config};
pub use config::{AlignConfig, AlignmentSource};
pub use narration::{Narration, NarrationError, Placement, narrate};

pub(crate) use graph::{Graph, Unit};
pub(crate) use spread::{at_least_one, durations as spread_durations};
