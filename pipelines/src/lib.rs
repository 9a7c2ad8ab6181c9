//! Programs that prepare corpora, train models and synthesize speech: `mynah-prepare`, `mynah-train`, `mynah-synthesize`.
//!
//! ```text
//! CORPUS ──mynah-prepare run──► DATASET ──mynah-train run──► RUN ──mynah-train export──► VOICE
//!                                  └──────────── mynah-synthesize batch ◄──────────────────┘  ──► wavs
//! ```
//!
//! This library implements them: one folder per program with its arguments and a file per subcommand. Without the feature
//! `voice` it has only `mynah-prepare`, and no candle.
//!
//! Data goes to stdout and messages to stderr. The exit status is 0 for success, 1 for a bad result and 2 for an error.

pub mod prepare;
#[cfg(feature = "voice")]
pub mod synthesize;
#[cfg(feature = "voice")]
pub mod train;

#[cfg(feature = "voice")]
mod device;
mod espeak;
mod lock;
#[cfg(feature = "voice")]
mod memory;
mod pronunciation;
mod remedies;
mod threads;

pub use remedies::remedy;
