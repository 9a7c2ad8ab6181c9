//! The memory bank: filled with centroids of the posterior's frames when the warm-up is over.

use candle_core::Tensor;
use mynah_ops::Noise;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::centroids::centroids;
use super::example::Examples;
use super::trainer::Trainer;
use crate::Error;

/// Latent frames from which the memory's centroids are computed, at most.
const CENTROID_FRAMES: usize = 500_000;

/// The seed of what is drawn apart from the noise of a step.
const CENTROID_STREAM: u64 = u64::MAX;

impl Trainer {
    /// Whether the main phase needs a memory that is not attached yet.
    #[must_use]
    pub fn memory_is_missing(&self) -> bool {
        self.model.memory.is_some() && !self.memory_attached
    }

    /// Whether the decoder reads from the memory bank.
    #[must_use]
    pub fn memory_is_attached(&self) -> bool {
        self.memory_attached
    }

    /// Fills the memory bank with centroids of the posterior's frames and lets the decoder read from it.
    ///
    /// The projections begin as the identity. A model without memory stays as it is.
    ///
    /// # Errors
    ///
    /// When an example cannot be loaded.
    pub fn attach_memory(&mut self, examples: &dyn Examples) -> Result<(), Error> {
        if self.model.memory.is_none() {
            return Ok(());
        }
        let mut noise = Noise::for_step(self.config.seed, CENTROID_STREAM);
        let mut frames = Vec::new();
        let mut count = 0;
        let mut order: Vec<usize> = (0..examples.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(self.config.seed));
        for index in order {
            if count >= CENTROID_FRAMES {
                break;
            }
            let batch = self.batcher.batch(&[examples.load(index)?], 1)?;
            let posterior = self.posterior.forward(&batch.spectrogram, &batch.frame_mask)?;
            let epsilon = noise.normal(posterior.mean.shape(), self.dtype, &self.device)?;
            let latent = posterior.sample(&epsilon, &batch.frame_mask)?;
            count += latent.dim(2)?;
            frames.push(latent.squeeze(0)?.t()?.contiguous()?.detach());
        }
        if frames.is_empty() {
            return Err(Error::Empty { why: "no example to compute the memory's centroids from" });
        }
        let bank = centroids(&Tensor::cat(&frames, 0)?, self.memory_slots, self.config.seed)?;
        let identity = Tensor::eye(bank.dim(1)?, self.dtype, &self.device)?;
        for (name, variable) in self.parameters.named() {
            match name.strip_prefix("memory.") {
                Some("bank") => variable.set(&bank)?,
                Some(_) => variable.set(&identity)?,
                None => {}
            }
        }
        self.memory_attached = true;
        Ok(())
    }
}
