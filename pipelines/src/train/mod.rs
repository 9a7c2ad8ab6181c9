//! `mynah-train`: a dataset in, a voice out.

mod args;
mod events;
mod examples;
mod export;
mod g2p;
mod import;
mod interruption;
mod observer;
mod pretrain;
mod pretrained;
mod reports;
mod run;
mod same;
mod settings;
mod texts;

pub use args::Args;
