//! Modules of NaturalSpeech for inference, and the posterior encoder.
//!
//! ```text
//! symbols ─PhonemeEncoder─► H [h, n] ─Durator─► prior N(μp, σp) [h, m] ─z'─► Flow ─z─► Memory ─► Decoder ─► wave
//! spectrogram ─PosteriorEncoder─► q N(μq, σq) [h, T] ─z─► Flow⁻¹ ─z'                    (training only)
//! ```
//!
//! Tensors are [batch, channels, time]. Every module takes a mask [batch, 1, time] that is 1 inside an utterance and 0 in
//! its padding. It leaves the padding zero, so the result for an utterance does not depend on its batch.
//!
//! **Invariant:** nothing in this module depends on training.

mod durator;
mod speaker;
#[cfg(test)]
pub(crate) mod tests;

use candle_core::Result;

use crate::blocks::{Decoder, Flow, Memory, PhonemeEncoder, PosteriorEncoder, VocabularySizes};
use crate::builder::Builder;
use crate::config::{AudioConfig, ModelConfig};

pub use durator::{DURATION_BOUNDS, Durator, Prior};

pub(crate) use speaker::Speaker;

/// Modules of figure 1 of the paper that inference runs.
#[derive(Debug)]
pub struct NaturalSpeech {
    /// Phoneme encoder `θ_pho`, from symbols to hidden states.
    pub encoder: PhonemeEncoder,
    /// Durator `θ_dur`, from hidden states to durations and the frames of the prior.
    pub durator: Durator,
    /// Flow `θ_bpp` between prior and posterior.
    pub flow: Flow,
    /// Memory bank M with its attention, part of `θ_dec`; `None` for a model without memory.
    pub memory: Option<Memory>,
    /// Decoder `θ_dec`, from latent frames to samples.
    pub decoder: Decoder,
}

impl NaturalSpeech {
    /// Builds the model from the parameters in `vb`.
    pub fn new(config: &ModelConfig, sizes: VocabularySizes, vb: &Builder<'_>) -> Result<Self> {
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

/// Builds the posterior encoder φ of the model, which inference does not need.
pub fn posterior_encoder(
    config: &ModelConfig,
    audio: &AudioConfig,
    vb: &Builder<'_>,
) -> Result<PosteriorEncoder> {
    PosteriorEncoder::new(&config.posterior, audio.n_bins(), config.hidden, &vb.pp("posterior"))
}
