//! `mynah-train`: a dataset in, a voice out.

mod args;
mod tensorboard;
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
mod same_config;
mod files;
mod text_shards;

pub use args::Args;
