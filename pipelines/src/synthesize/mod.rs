//! `mynah-synthesize`: a voice speaks.

mod args;
mod batch;
mod text;

pub use args::Args;
