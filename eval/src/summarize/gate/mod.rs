//! `mynah-summarize gate`: a quality gate over anybody's scores.
//!
//! ```text
//! tables ──read──► Sheet for each run ──pairing──► Pairs for each metric ──judge──► Outcome ──► words, report
//! gate.toml ──config──► Gate ─────────────────────────┘
//! ```

mod args;
mod check;
mod config;
mod history;
mod init;
mod judge;
mod keep;
mod known;
mod pairing;
mod plan;
mod read;
mod report;
mod sheet;
mod words;

pub(crate) use args::GateArgs;
pub(crate) use config::{Better, Kind, Metric, read as read_config};
pub(crate) use pairing::utterance_value;
pub(crate) use read::{Reading, RunFiles, system};
pub(crate) use sheet::Sheet;
