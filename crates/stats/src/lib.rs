//! Statistics for listening tests in which raters and utterances are crossed. Pure `f64`, no I/O.
//!
//! It knows nothing of speech: it gets numbers with the rater and the utterance that each belongs to.

mod check;
mod distribution;
pub mod equivalence;
mod error;
mod result;
pub mod wilcoxon;

pub use error::Error;
pub use result::{Alternative, Interval, Method, MethodChoice, TestResult};
