//! `mynah-score`: objective scores of wavs against recordings.

mod args;
mod expected;
mod explain;
mod folder;
mod list;
mod partial;
mod protocol;
pub(crate) mod real_time;
mod remarks;
mod run;
mod summary;
pub(crate) mod synthesis;

pub use args::Args;
