//! Dropout with seeded noise.

use candle_core::{Result, Tensor};
use mynah_ops::Noise;

/// Dropout, on or off, with the noise that it draws from.
#[derive(Debug)]
pub struct Dropout<'a>(Option<&'a mut Noise>);

impl<'a> Dropout<'a> {
    /// Returns dropout that drops nothing, for inference and validation.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Returns dropout that draws from `noise`, for training.
    pub fn on(noise: &'a mut Noise) -> Self {
        Self(Some(noise))
    }

    /// Zeroes each value of `x` with this probability and scales the others up to compensate.
    pub fn apply(&mut self, x: &Tensor, probability: f64) -> Result<Tensor> {
        match &mut self.0 {
            Some(noise) if probability > 0.0 => {
                x * noise.dropout_mask(x.shape(), probability, x.dtype(), x.device())?
            }
            _ => Ok(x.clone()),
        }
    }
}
