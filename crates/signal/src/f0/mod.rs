//! Fundamental frequency by probabilistic YIN.
//!
//! ```text
//! frame ──yin──► normalised difference ──candidates──► (pitch bin, probability) ──viterbi──► F0 in Hz, 0 unvoiced
//! ```
//!
//! The definition is that of `librosa.pyin` 0.11.0 with its default prior (thresholds by Beta(2, 18), Boltzmann
//! parameter 2, ten bins a semitone, at most 35.92 octaves a second, a change of voicing with probability 0.01), and
//! the results are the same, frame by frame, when both compute in double precision. Two differences: the frames may be
//! centred elsewhere ([`PyinConfig::first_center`]), and the empty signal has no frames instead of being an error.
//!
//! # References
//!
//! M. Mauch, S. Dixon: pYIN: a fundamental frequency estimator using probabilistic threshold distributions. ICASSP
//! 2014. A. de Cheveigné, H. Kawahara: YIN, a fundamental frequency estimator for speech and music. JASA 111(4), 2002.

mod candidates;
mod config;
mod tracker;
mod viterbi;
mod yin;

pub use config::PyinConfig;
pub use tracker::{F0Track, Pyin, pyin};
