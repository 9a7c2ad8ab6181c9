//! Gated convolutions with residual and skip connections, as in VITS: no dilation, no conditioning.

use candle_core::{Result, Tensor};
use mynah_ops::gated_activation;

use super::layers::{NormConv1d, same};
use crate::builder::Builder;
use crate::config::WaveNetConfig;

/// Stack of gated convolutions.
#[derive(Debug)]
pub(super) struct WaveNet {
    layers: Vec<(NormConv1d, NormConv1d)>,
    channels: usize,
}

impl WaveNet {
    pub(super) fn new(config: &WaveNetConfig, channels: usize, vb: &Builder<'_>) -> Result<Self> {
        let layers = (0..config.layers)
            .map(|index| {
                let vb = vb.pp("layers").pp(index);
                let gated = NormConv1d::new(
                    channels,
                    2 * channels,
                    config.kernel,
                    same(config.kernel, 1),
                    &vb.pp("gated"),
                )?;
                // No layer reads the residual of the last one.
                let outputs = if index + 1 < config.layers { 2 * channels } else { channels };
                Ok((gated, NormConv1d::new(channels, outputs, 1, same(1, 1), &vb.pp("output"))?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { layers, channels })
    }

    /// Returns the sum of the skip connections: [B, C, T] with its mask → [B, C, T].
    pub(super) fn forward(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        let mut skips: Option<Tensor> = None;
        for (gated, output) in &self.layers {
            let y = output.forward(&gated_activation(&gated.forward(&x)?)?)?;
            let skip = if y.dim(1)? > self.channels {
                x = (x + y.narrow(1, 0, self.channels)?)?.broadcast_mul(mask)?;
                y.narrow(1, self.channels, self.channels)?
            } else {
                y
            };
            skips = Some(match skips {
                Some(sum) => (sum + skip)?,
                None => skip,
            });
        }
        match skips {
            Some(sum) => sum.broadcast_mul(mask),
            None => x.zeros_like(),
        }
    }
}
