//! The NaturalSpeech model (arXiv 2205.04421): modules, losses, training, checkpoints and synthesis.
//!
//! ```text
//! Example ─Batcher─► Batch ─Trainer─► checkpoints/step-N ─export_voice─► VOICE ─Voice::speak─► Waveform
//!                            ▲ │
//! Sentence ─Pretrainer─► encoder └─ StepReport (metrics)
//! ```
//!
//! Tensors are [batch, channels, time] throughout. Convolutions, norms, activations, soft-DTW and the optimiser are
//! those of `mynah-ops`: candle's own have no gradient, or a wrong one.
//!
//! It does not know where examples come from (see [`Examples`]), prints nothing, and reads no manifest.

pub mod g2p;
pub mod import;
pub mod loss;
pub mod model;
pub mod pretrain;
pub mod train;
pub mod vits;

mod config;
mod device;
mod discriminator;
mod dropout;
mod error;
mod example;
mod gelu;
#[cfg(test)]
mod golden;
mod parameters;
mod sampler;
mod synthesis;

pub use config::{
    AudioConfig, DecoderConfig, DuratorConfig, EncoderConfig, Expansion, FlowConfig, HifiGanConfig,
    IstftConfig, MemoryConfig, ModelConfig, WaveNetConfig,
};
pub use device::{Precision, cuda_device};
pub use discriminator::{DiscriminatorConfig, Discriminators, Judgement};
pub use dropout::Dropout;
pub use error::Error;
pub use example::{Batch, Batcher, Example, Examples, InMemory};
pub use parameters::Parameters;
pub use synthesis::{Architecture, SpeakConfig, Voice, VoiceInfo, export_voice};

/// The device that tensors live on.
pub use candle_core::Device;
