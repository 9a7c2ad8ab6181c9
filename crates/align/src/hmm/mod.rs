//! A monophone hidden-Markov forced aligner: durations without Python and without a trained model.
//!
//! ```text
//! log-mel ──cepstra──► 39 dimensions a frame ─┐
//! symbols ──Graph────► states, pauses optional ┴─Viterbi─► path ──► counts ──► mixtures ──┐
//!                                                  ▲                                       │
//!                                                  └───────────── next pass ◄──────────────┘
//! ```
//!
//! Every phone has three states in a row, the middle one may be skipped; a pause has three states too, and may be left out.
//! Training is Viterbi EM from a flat start, in steps each of which begins with the Gaussians of the one before: phones of
//! one broad class share a Gaussian; the states of one phone do; every state has its own, first estimated from an even
//! third of each phone; every state that has the frames for it has a mixture of 2, then of 4, and so on, where
//! [`AlignConfig::max_gaussians`] asks for that. A Gaussian is smoothed towards the one it came from (MAP), so that a phone
//! that was seen twice still has a model. Stress is ignored.
//!
//! The durations count frames of the log-mel, at least one for every symbol, and sum to all of them. Where no pause is
//! heard at a boundary or a punctuation mark, its one frame is taken from the longer neighbour.
//!
//! The result depends on nothing but the input: sums are taken in the order of the utterances, whatever the number of
//! threads and however wide the vectors of the machine.
//!
//! **Memory:** 52 bytes for each frame that is trained on, of which there are about [`AlignConfig::training_frames`] at
//! most; 64 sets of counts, 620 bytes for each Gaussian; and for each thread one utterance at a time, with a byte for each
//! of its frames and states. LJSpeech, 24 hours, takes some 0.5 GB.

mod aligner;
mod cepstra;
mod config;
mod counts;
mod frames;
mod graph;
mod mixture;
mod model;
mod ordered;
mod spread;
mod tying;
mod viterbi;

pub use aligner::{ALIGN_VERSION, Alignment, Target, TooFewFrames, align, frames_needed, mel_config};
pub use config::{AlignConfig, AlignmentSource};

pub(crate) use graph::{Graph, Unit};
pub(crate) use spread::{at_least_one, durations as spread_durations};
