//! `mynah-synthesize`: speaks with a voice.

mod args;

mod batch;
mod text;

mod pronounce;

pub use args::Args;
