//! Flow of the bidirectional prior/posterior, `θ_bpp`.

use candle_core::{Result, Tensor};

use super::layers::Conv1d;
use super::wavenet::WaveNet;
use crate::builder::Builder;
use crate::config::FlowConfig;

/// Couplings that shift one half of the channels by a function of the other; the halves are swapped in between.
///
/// Without a scale the determinant is 1 in both directions, and no log-determinant enters the losses.
///
/// # References
///
/// NaturalSpeech section 3.4, equations 1 and 2.
#[derive(Debug)]
pub struct Flow {
    couplings: Vec<Coupling>,
}

impl Flow {
    /// Builds the flow from the parameters in `vb`.
    pub fn new(config: &FlowConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let couplings = (0..config.couplings)
            .map(|index| Coupling::new(config, hidden, &vb.pp("couplings").pp(index)))
            .collect::<Result<_>>()?;
        Ok(Self { couplings })
    }

    /// Computes f: z' → z, from the prior to the posterior, the direction of inference.
    ///
    /// # Shapes
    ///
    /// [B, h, T] with its mask [B, 1, T] → [B, h, T].
    pub fn to_posterior(&self, z: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let mut x = z.clone();
        for coupling in self.couplings.iter().rev() {
            x = coupling.shift(&swap(&x)?, mask, -1.0)?;
        }
        Ok(x)
    }

    /// Computes f⁻¹: z → z', from the posterior to the prior.
    ///
    /// # Shapes
    ///
    /// [B, h, T] with its mask [B, 1, T] → [B, h, T].
    pub fn to_prior(&self, z: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let mut x = z.clone();
        for coupling in &self.couplings {
            x = swap(&coupling.shift(&x, mask, 1.0)?)?;
        }
        Ok(x)
    }
}

/// Reverses the channels, so that the next coupling shifts the other half (as in VITS).
fn swap(x: &Tensor) -> Result<Tensor> {
    let channels = x.dim(1)? as u32;
    let reversed = Tensor::from_vec((0..channels).rev().collect(), channels as usize, x.device())?;
    x.index_select(&reversed, 1)
}

#[derive(Debug)]
struct Coupling {
    input: Conv1d,
    wavenet: WaveNet,
    output: Conv1d,
    half: usize,
}

impl Coupling {
    fn new(config: &FlowConfig, hidden: usize, vb: &Builder<'_>) -> Result<Self> {
        let half = hidden / 2;
        Ok(Self {
            input: Conv1d::linear(half, hidden, 1.0, &vb.pp("input"))?,
            wavenet: WaveNet::new(&config.wavenet, hidden, &vb.pp("wavenet"))?,
            output: Conv1d::zero(hidden, half, &vb.pp("output"))?,
            half,
        })
    }

    fn shift(&self, x: &Tensor, mask: &Tensor, sign: f64) -> Result<Tensor> {
        let kept = x.narrow(1, 0, self.half)?.contiguous()?;
        let moved = x.narrow(1, self.half, self.half)?;
        let inner = self.wavenet.forward(&self.input.forward(&kept)?.broadcast_mul(mask)?, mask)?;
        let shift = (self.output.forward(&inner)?.broadcast_mul(mask)? * sign)?;
        Tensor::cat(&[&kept, &(moved + shift)?], 1)
    }
}
