//! Pre-training of the phoneme encoder on text alone, as Mixed-Phoneme BERT does it.
//!
//! ```text
//! Shards ─► Sentence: symbols, spans of sup-phones ─mask─► 15 % of the spans hidden, with all their symbols
//!                                                             │ PhonemeEncoder
//!             L = CE of the hidden symbols + CE of the hidden sup-phones (mean of their hidden states)
//! ```
//!
//! The encoder is that of [`NaturalSpeech`](mynah_voice::naturalspeech::NaturalSpeech), under the same names, so that a checkpoint of this
//! begins a training of that ([`Trainer::load_encoder`](crate::tasks::naturalspeech::Trainer::load_encoder)).
//!
//! The shards are read in an order that is drawn from the seed and the number of the pass, a few at a time, so that the text
//! may be larger than memory. What is hidden depends only on the seed and the number of the step, so a resumed run continues exactly
//! like an uninterrupted one.

mod baseline;
mod config;
pub(crate) mod heads;
mod inventory;
mod masking;
mod stream;
mod task;
#[cfg(test)]
mod tests;
mod trainer;

pub use config::{MaskConfig, PretrainConfig, PretrainModelConfig, PretrainOptimizerConfig};
pub use inventory::{Inventory, Sentence, Span};
pub use stream::{InMemoryShards, Reading, Shards};
pub use task::{PretrainState, PretrainTask};
pub use trainer::Pretrainer;
