//! Side-by-side comparison of systems and checkpoints: ratings, scores, pictures and sound.
//!
//! ```text
//! Score rows ──summarize──► means, paired differences ──┐
//! Verdict ──────────────────────────────────────────────┼─► Comparison ──► index.html report.md report.json
//! spectrograms and clips ───────────────────────────────┘                  tables/* figures/*
//! ```

mod answer;
mod baselines;
mod best;
mod better;
mod cells;
mod checklist;
mod checkpoints;
mod coverage;
mod distribution;
mod documents;
mod doubt;
mod failures;
mod file_name;
mod follow;
mod grid;
mod methods;
mod preference;
mod preferred;
mod ranking;
mod ratings;
mod regression;
mod samples;
mod scores;
mod sentences;
mod steps;
mod summary;
mod validity;
mod worst;

pub(crate) use documents::plural;
pub(crate) use grid::{Grid, grids};
pub(crate) use scores::{decimals, interval_cell, label_of, percent};
pub(crate) use summary::summarize_grid;

pub use baselines::{BaselineColumn, BaselineKind, BaselineRow, BaselineTable, BaselineValue, Baselines};
pub use better::Better;
pub use checkpoints::{Checkpoints, compare_checkpoints};
pub use coverage::{Coverage, CoveragePair};
pub use documents::{Comparison, MetricNote, Sample, SampleVersion};
pub use follow::{FollowSettings, Followed, Following, Improvement, Look, follow};
pub use ranking::{LossPair, NotRanked, Outcome, RankedSystem, Ranking};
pub use regression::{LostItem, MoreFailures, NewlyWithoutValue, Regression};
pub use summary::{MetricSummary, PairSummary, SystemSummary, summarize};
pub use validity::Validity;
pub use worst::{WorstItem, worst_items};
