//! Mel spectrograms: configuration, filters, extraction.

mod config;
mod extractor;
mod filterbank;
mod logarithm;

pub use config::{MelConfig, MelProfile};
pub use extractor::MelExtractor;
