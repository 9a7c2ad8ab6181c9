//! `mynah-synthesize`: a voice speaks.

mod args;
mod batch;
mod text;
mod words;

pub use args::Args;
