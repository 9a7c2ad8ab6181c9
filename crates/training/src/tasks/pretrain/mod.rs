//! Pre-training of the phoneme encoder on text alone, as in Mixed-Phoneme BERT.
//!
//! ```text
//! Shards ─► Sentence: symbols, spans of sup-phonemes ─mask─► 15 % of the spans masked, with all their symbols
//!                                                             │ PhonemeEncoder
//!             L = CE of the masked symbols + CE of the masked sup-phonemes (mean of their hidden states)
//! ```
//!
//! The encoder and the names of its parameters are those of [`NaturalSpeech`](mynah_voice::naturalspeech::NaturalSpeech),
//! whose training can start from a checkpoint of this one
//! ([`Trainer::load_encoder`](crate::tasks::naturalspeech::Trainer::load_encoder)).
//!
//! A few shards are in memory at a time, in a random order for each pass, so the text may be larger than memory. The order
//! depends only on the seed and the pass, and the masks only on the seed and the step, so a resumed run continues exactly like
//! an uninterrupted one.

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
