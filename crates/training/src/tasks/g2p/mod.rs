//! Training of the network from letters to phones that [`mynah_text::G2p`] says unknown words with.
//!
//! ```text
//! CMUdict ─► Lesson: words without the held-out ones, a chunk of phones for each letter (expectation maximization)
//!               │ batches of words of one length
//!               ▼
//!            G2pTask ─► G2pTensors ─pack─► the file in mynah-text
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
