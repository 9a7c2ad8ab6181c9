//! `mynah-synthesize`: a voice speaks.

mod args;
mod batch;
mod text;
mod pronounce;

pub use args::Args;
