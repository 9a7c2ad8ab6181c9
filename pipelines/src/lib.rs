//! The programs that make: `mynah-prepare`, `mynah-train`, `mynah-synthesize`.
//!
//! ```text
//! CORPUS ──mynah-prepare run──► DATASET ──mynah-train run──► RUN ──mynah-train export──► VOICE
//!                                  └──────────── mynah-synthesize batch ◄──────────────────┘  ──► wavs
//! ```
//!
//! This library is their inside: one folder per program with its arguments and a file per subcommand. Without the
//! feature `voice` there is only `mynah-prepare`, and no candle.
//!
//! stdout is data, stderr is talk. Exit 0 is good, 1 a bad result, 2 an error.

pub mod prepare;
#[cfg(feature = "voice")]
pub mod synthesize;
#[cfg(feature = "voice")]
pub mod train;

#[cfg(feature = "voice")]
mod device;
mod espeak;
mod lock;
mod program;
mod progress;

pub use program::finish;
