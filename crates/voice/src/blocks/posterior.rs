//! Posterior encoder φ, from the linear spectrogram to the posterior of the latent frames.

use candle_core::{Result, Tensor};

use super::layers::Conv1d;
use super::limits::bounded_log_deviation;
use super::wavenet::WaveNet;
use crate::builder::Builder;
use crate::config::WaveNetConfig;

/// Posterior of the latent frames, q = N(μ, σ).
#[derive(Debug, Clone)]
pub struct Posterior {
    /// Mean μ, [B, h, T].
    pub mean: Tensor,
    /// Log-deviation ln σ, [B, h, T].
    pub log_deviation: Tensor,
}

impl Posterior {
    /// Draws the sample z = μ + σ ε.
    ///
    /// # Shapes
    ///
    /// `noise` [B, h, T], `mask` [B, 1, T] → [B, h, T].
    pub fn sample(&self, noise: &Tensor, mask: &Tensor) -> Result<Tensor> {
        (&self.mean + (noise * self.log_deviation.exp()?)?)?.broadcast_mul(mask)
    }
}

/// Posterior encoder.
///
/// # References
///
/// NaturalSpeech section 3.1; VITS (arXiv 2106.06103).
#[derive(Debug)]
pub struct PosteriorEncoder {
    input: Conv1d,
    wavenet: WaveNet,
    mean: Conv1d,
    log_deviation: Conv1d,
}

impl PosteriorEncoder {
    /// Builds the encoder from the parameters in `vb`.
    pub fn new(config: &WaveNetConfig, bins: usize, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        Ok(Self {
            input: Conv1d::linear(bins, hidden, 1.0, &vb.pp("input"))?,
            wavenet: WaveNet::new(config, hidden, &vb.pp("wavenet"))?,
            mean: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("mean"))?,
            log_deviation: Conv1d::linear(hidden, hidden, 1.0, &vb.pp("log_deviation"))?,
        })
    }

    /// Computes the posterior of a batch.
    ///
    /// # Shapes
    ///
    /// `spectrogram` [B, F, T] (magnitudes), `mask` [B, 1, T] → [B, h, T] each.
    pub fn forward(&self, spectrogram: &Tensor, mask: &Tensor) -> Result<Posterior> {
        let x = self.input.forward(spectrogram)?.broadcast_mul(mask)?;
        let x = self.wavenet.forward(&x, mask)?;
        Ok(Posterior {
            mean: self.mean.forward(&x)?.broadcast_mul(mask)?,
            log_deviation: bounded_log_deviation(&self.log_deviation.forward(&x)?)?.broadcast_mul(mask)?,
        })
    }
}
