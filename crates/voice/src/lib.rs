//! Voices that speak: NaturalSpeech (arXiv 2205.04421), the VITS family, and the blocks that both are built from.
//!
//! ```text
//! checkpoint of another program ─import_voice─┐
//! model, sizes and symbols ─write_voice───────┴─► VOICE ─Voice::open─► Voice ─speak─► Waveform
//! ```
//!
//! Tensors are [batch, channels, time] throughout. Convolutions, norms, activations and products are those of `mynah-ops`:
//! those of candle have no gradient, or a wrong one.
//!
//! The crate knows nothing of training, prints nothing, and reads no manifest.

pub mod blocks;
pub mod import;
pub mod naturalspeech;
pub mod vits;

mod builder;
mod config;
mod device;
mod error;
#[cfg(test)]
mod golden;
mod parameters;
mod speak;
mod tensors;
mod voice;
mod voice_file;

pub use builder::Builder;
pub use config::{
    AudioConfig, DecoderConfig, DuratorConfig, EncoderConfig, Expansion, FlowConfig, HifiGanConfig,
    IstftConfig, MemoryConfig, ModelConfig, WaveNetConfig,
};
pub use device::cuda_device;
pub use error::Error;
pub use parameters::Parameters;
pub use speak::SpeakConfig;
pub use tensors::{MODEL_FILE, write_tensors};
pub use voice::Voice;
pub use voice_file::{
    Architecture, SUP_PHONES_FILE, VOCABULARY_FILE, VoiceInfo, read_symbols, read_voice, write_voice,
};

/// Precision of matrix products on a GPU.
pub use mynah_ops::Precision;

/// Device that holds tensors.
pub use candle_core::Device;
