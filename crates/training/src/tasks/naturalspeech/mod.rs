//! NaturalSpeech (arXiv 2205.04421): batches, phases and steps.
//!
//! ```text
//! warm-up   labeled durations, frame-wise L_bwd, L_rec, L_dur; the decoder reads z
//!    │      the memory bank is filled with centroids of z and attached
//!    ▼
//! main      predicted durations, soft-DTW L_bwd and L_fwd, L_rec, L_e2e; the decoder reads Attention(z, M, M)
//!    │
//!    ▼
//! tuning    optional fine-tuning phase: the same with a frozen posterior encoder, and only L_e2e moves the durations
//! ```
//!
//! The random numbers of a step depend only on the seed and the number of the step, and the order of the examples on the
//! seed and the number of the epoch, so that a resumed run continues exactly like an uninterrupted one.

mod centroids;
mod config;
mod divergence;
mod example;
mod export;
mod forward;
mod losses;
mod memory;
mod phase;
mod start;
mod task;
mod trainer;
mod training_file;
mod window;

pub use config::{DetachPredictor, DurationSource, LossWeights, OptimizerConfig, TrainConfig};
pub use example::{Batch, Batcher, Example, Examples, InMemory};
pub use export::{ExportConfig, WeightFormat, export_voice};
pub use phase::Phase;
pub use start::{Part, Start, Started, Symbols};
pub use task::{NaturalSpeechState, NaturalSpeechTask};
pub use trainer::{Trainer, TrainerConfig};
