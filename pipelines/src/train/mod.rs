//! `mynah-train`: a dataset in, a voice out.

mod args;
mod events;
mod examples;
mod export;
mod g2p;
mod import;
mod interruption;
mod observer;
mod run;
mod settings;

pub use args::Args;
