//! `mynah-listen`: listening tests, from the plan to the table of ratings.

mod anchor;
mod args;
mod audit;
mod build;
mod clock;
mod collect;
mod discrimination;
mod export;
mod export_args;
mod language;
mod payments;
mod plan;
mod preferences;
mod progress;
mod serve;
mod served_args;
mod simulate;

pub use args::Args;
