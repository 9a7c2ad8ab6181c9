//! Systems and checkpoints side by side: ratings, scores, pictures and sound.
//!
//! ```text
//! Score rows ──summarize──► means, paired differences ──┐
//! Verdict ──────────────────────────────────────────────┼─► Comparison ──► index.html report.md report.json
//! spectrograms and clips ───────────────────────────────┘                  tables/* figures/*
//! ```

mod documents;
mod methods;
mod ratings;
mod samples;
mod scores;
mod summary;

pub use documents::{Comparison, MetricNote, Sample, SampleVersion};
pub use summary::{MetricSummary, PairSummary, SystemSummary, summarize};
