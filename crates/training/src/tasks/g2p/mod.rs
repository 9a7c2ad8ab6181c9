//! Training of the grapheme-to-phoneme network with which [`mynah_text::G2p`] pronounces unknown words.
//!
//! ```text
//! CMUdict ─► Lesson: words without the held-out ones, each letter aligned with a chunk of phones
//!               │ batches of words of equal length
//!               ▼
//!            G2pTask ─► G2pTensors ─pack─► the file in `mynah-text`
//! ```

mod align;
mod config;
mod lesson;
mod model;
mod task;

#[cfg(test)]
mod tests;

pub use config::G2pConfig;
pub use lesson::{Batch, Lesson, Words};
pub use model::G2pModel;
pub use task::{G2pTask, accuracy};
