//! `mynah-summarize`: verdicts and reports.

mod args;
mod baselines;
mod found;
mod item_names;
mod notes;
mod ratings;
mod report;
mod samples;
mod verdict;
mod write;

pub use args::Args;
