//! The programs that judge: `mynah-score`, `mynah-listen`, `mynah-summarize`.
//!
//! ```text
//! wavs ──mynah-score run──► scores ──────────────────────────────────┐
//!   └──mynah-listen plan, build──► BUNDLE ──raters──► collect ──►    ├──mynah-summarize──► REPORT
//!                              └──simulate──► ratings ───────────────┘
//! ```
//!
//! This library is their inside: one folder per program with its arguments and a file per subcommand. They link no
//! model and judge anybody's voice: all they need are wavs named by sentence.
//!
//! stdout is data, stderr is talk. Exit 0 is good, 1 a bad result, 2 an error.

pub mod listen;
pub mod score;
pub mod summarize;

mod files;
mod named;
mod program;
mod progress;
mod wavs;

pub use named::NamedDirectory;
pub use program::finish;
