//! Waveform decoder `θ_dec`, from latent frames to samples.

mod hifigan;
mod istft;

use candle_core::{Result, Tensor};

use crate::builder::Builder;
use crate::config::DecoderConfig;

pub use hifigan::HifiGan;
pub use istft::Istft;

/// Waveform decoder of either kind.
#[derive(Debug)]
pub enum Decoder {
    /// HiFi-GAN generator, as in the paper.
    HifiGan(HifiGan),
    /// Vocos generator: spectra at the frame rate and an inverse transform.
    Istft(Box<Istft>),
}

impl Decoder {
    /// Builds the decoder from the parameters in `vb`.
    pub fn new(config: &DecoderConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(match config {
            DecoderConfig::HifiGan(config) => Self::HifiGan(HifiGan::new(config, hidden, vb)?),
            DecoderConfig::Istft(config) => Self::Istft(Box::new(Istft::new(config, hidden, vb)?)),
        })
    }

    /// Computes the samples of a batch of frames.
    ///
    /// # Shapes
    ///
    /// [B, h, T] → [B, 1, T · hop].
    pub fn forward(&self, z: &Tensor) -> Result<Tensor> {
        match self {
            Self::HifiGan(decoder) => decoder.forward(z),
            Self::Istft(decoder) => decoder.forward(z),
        }
    }
}
