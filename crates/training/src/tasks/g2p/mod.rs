//! Training of the network from letters to phones that [`mynah_text::G2p`] says unknown words with.
//!
//! ```text
//! CMUdict ─► Lesson: words without the held-out ones, a chunk of phones for each letter (expectation maximisation)
//!               │ batches of words of one length
//!               ▼
//!            G2pTrainer ─► G2pTensors ─pack─► the file in mynah-text
//! ```

mod align;
mod checkpoint;
mod config;
mod lesson;
mod model;
mod trainer;

#[cfg(test)]
mod tests;

pub use config::G2pConfig;
pub use lesson::Lesson;
pub use model::G2pModel;
pub use trainer::{G2pStep, G2pTrainer};
