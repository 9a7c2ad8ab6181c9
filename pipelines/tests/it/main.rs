//! The programs as users run them: real binaries, real clips, files on a disk.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod alignment;
mod bpe;
mod check;
mod completions;
mod dataset;
mod espeak;
#[cfg(feature = "voice")]
mod export;
mod forms;
#[cfg(feature = "voice")]
mod from;
mod full_disk;
#[cfg(feature = "voice")]
mod g2p;
mod help;
#[cfg(feature = "voice")]
mod import;
mod interruption;
mod locks;
mod mel;
mod normalize;
#[cfg(feature = "voice")]
mod pages;
mod phonemize;
#[cfg(feature = "voice")]
mod pretrain;
mod problems;
mod refusals;
#[cfg(feature = "voice")]
mod resume;
mod segment;
mod shards;
mod sources;
mod splits;
mod stale;
#[cfg(feature = "voice")]
mod studio;
mod support;
#[cfg(feature = "voice")]
mod synthesize;
mod text;
#[cfg(feature = "voice")]
mod train;
mod transcripts;
