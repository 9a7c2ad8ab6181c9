//! All that inference needs, and the posterior encoder.
//!
//! ```text
//! symbols ─PhonemeEncoder─► H [h, n] ─Durator─► prior N(μp, σp) [h, m] ─z'─► Flow ─z─► Memory ─► Decoder ─► wave
//! spectrogram ─PosteriorEncoder─► q N(μq, σq) [h, T] ─z─► Flow⁻¹ ─z'                    (training only)
//! ```
//!
//! Tensors are [batch, channels, time]. Every module takes a mask [batch, 1, time] that is 1 inside an utterance and 0
//! behind its end, and leaves zeros there, so that an utterance gives the same alone and padded in a batch.
//!
//! **Invariant:** nothing in here knows how it is trained.

mod attention;
mod decoder;
mod durator;
mod encoder;
mod flow;
pub(crate) mod layers;
mod limits;
mod mask;
mod memory;
mod posterior;
#[cfg(test)]
pub(crate) mod tests;
mod wavenet;

use candle_core::Result;
use candle_nn::VarBuilder;

use crate::config::{AudioConfig, ModelConfig};

pub use decoder::{Decoder, HifiGan, Istft};
pub use durator::{Durator, Prior};
pub use encoder::PhonemeEncoder;
pub use flow::Flow;
pub use mask::sequence_mask;
pub use memory::Memory;
pub use posterior::{Posterior, PosteriorEncoder};

pub(crate) use layers::NormConv1d;

/// How many symbols and sup-phones the encoder tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VocabularySizes {
    /// Phones, punctuation, boundaries and special symbols.
    pub symbols: usize,
    /// Sup-phones.
    pub sup_phones: usize,
}

/// The modules of the paper's figure 1 that speak.
#[derive(Debug)]
pub struct NaturalSpeech {
    /// `θ_pho`: symbols to hidden states.
    pub encoder: PhonemeEncoder,
    /// `θ_dur`: durations, and hidden states to the frames of the prior.
    pub durator: Durator,
    /// `θ_bpp`: between prior and posterior.
    pub flow: Flow,
    /// M and its attention, part of `θ_dec`; `None` for a model without.
    pub memory: Option<Memory>,
    /// `θ_dec`: latent frames to samples.
    pub decoder: Decoder,
}

impl NaturalSpeech {
    /// The model whose parameters `vb` has.
    pub fn new(config: &ModelConfig, sizes: VocabularySizes, vb: &VarBuilder) -> Result<Self> {
        Ok(Self {
            encoder: PhonemeEncoder::new(&config.encoder, config.hidden, sizes, &vb.pp("encoder"))?,
            durator: Durator::new(&config.durator, config.hidden, &vb.pp("durator"))?,
            flow: Flow::new(&config.flow, config.hidden, &vb.pp("flow"))?,
            memory: match config.memory.slots {
                0 => None,
                _ => Some(Memory::new(&config.memory, config.hidden, &vb.pp("memory"))?),
            },
            decoder: Decoder::new(&config.decoder, config.hidden, &vb.pp("decoder"))?,
        })
    }
}

/// The posterior encoder φ of this model, which inference does not need.
pub fn posterior_encoder(
    config: &ModelConfig,
    audio: &AudioConfig,
    vb: &VarBuilder,
) -> Result<PosteriorEncoder> {
    PosteriorEncoder::new(&config.posterior, audio.n_bins(), config.hidden, &vb.pp("posterior"))
}
