//! Dropout that is drawn from a seed.

use candle_core::{Result, Tensor};
use mynah_ops::Noise;

/// Whether values are dropped, and from what the choice is drawn.
#[derive(Debug)]
pub struct Dropout<'a>(Option<&'a mut Noise>);

impl<'a> Dropout<'a> {
    /// Drops nothing: inference and validation.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Drops by `noise`: training.
    pub fn on(noise: &'a mut Noise) -> Self {
        Self(Some(noise))
    }

    /// `x` with each value zeroed with this probability and the others scaled up by as much.
    pub fn apply(&mut self, x: &Tensor, probability: f64) -> Result<Tensor> {
        match &mut self.0 {
            Some(noise) if probability > 0.0 => {
                x * noise.dropout_mask(x.shape(), probability, x.dtype(), x.device())?
            }
            _ => Ok(x.clone()),
        }
    }
}
