//! `mynah-score`: objective scores of wavs against recordings.

mod args;
mod explain;
mod list;
mod protocol;
pub(crate) mod real_time;
mod run;
mod summary;
pub(crate) mod synthesis;

pub use args::Args;
