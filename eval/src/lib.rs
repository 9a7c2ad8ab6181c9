//! The evaluation programs: `mynah-score`, `mynah-listen` and `mynah-summarize`.
//!
//! ```text
//! wavs ──mynah-score run──► scores ──────────────────────────────────┐
//!   └──mynah-listen plan, build──► BUNDLE ──raters──► collect ──►    ├──mynah-summarize──► REPORT
//!                              └──simulate──► ratings ───────────────┘
//! ```
//!
//! This library implements them: a folder per program, with its arguments and a file per subcommand. They link no model
//! and evaluate any voice; all they need are wavs named by sentence.
//!
//! `mynah-summarize gate` judges the scores of any tool for continuous integration.
//!
//! Data goes to stdout, messages to stderr. The exit status is 0 on success, 1 for a bad result, 2 for an error and 3 for a
//! gate that cannot tell.

pub mod listen;
pub mod score;
pub mod summarize;

mod files;
mod foreign_table;
mod item_columns;
mod named;
mod python_json;
mod remedies;
mod score_tables;
mod sounds;
mod wavs;

pub use named::NamedDirectory;
pub use remedies::remedy;
