//! Fundamental frequency by probabilistic YIN.
//!
//! ```text
//! frame ──yin──► normalized difference ──candidates──► (pitch bin, probability) ──viterbi──► F0 in Hz, 0 unvoiced
//! ```
//!
//! The definition is that of `librosa.pyin` 0.11.0 with its default priors (Beta(2, 18) over thresholds, a
//! Boltzmann parameter of 2, ten bins per semitone, at most 35.92 octaves per second, a switching probability
//! of 0.01). When both compute in double precision, the results agree frame by frame. There are two
//! differences: frames may be centered elsewhere ([`PyinConfig::first_center`]), and an empty signal has no
//! frames instead of being an error.
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
