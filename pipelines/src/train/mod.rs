//! `mynah-train`: trains models and makes voices.

mod args;

mod export;
mod g2p;
mod import;
mod pretrain;
mod report;
mod run;

mod curves;
mod examples;
mod files;
mod interruption;
mod observer;
mod origin;
mod pretrained;
mod reports;
mod resumption;
mod same_config;
mod tensorboard;
mod text_shards;
mod voice_directory;

pub use args::Args;
