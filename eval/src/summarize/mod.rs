//! `mynah-summarize`: verdicts, reports and quality gates.

mod args;
mod baselines;
mod columns;
mod follow;
mod foreign;
mod found;
mod gate;
mod item_names;
mod ratings;
mod report;
mod samples;
mod tools;
mod verdict;
mod votes;
mod write;

pub use args::Args;
