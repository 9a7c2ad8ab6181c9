//! Initialization of the memory bank with centroids of posterior frames after the warm-up.

use candle_core::Tensor;
use mynah_ops::Noise;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::centroids::centroids;
use super::example::Examples;
use super::trainer::Trainer;
use crate::Error;

/// Maximum number of latent frames for the centroids of the memory.
const CENTROID_FRAMES: usize = 500_000;

/// Prefix of the parameters of the memory.
const MEMORY: &str = "memory.";

/// Seed of draws outside of steps.
const CENTROID_STREAM: u64 = u64::MAX;

impl Trainer {
    /// Returns true if the main phase needs a memory that is not attached yet.
    #[must_use]
    pub fn memory_is_missing(&self) -> bool {
        self.model.memory.is_some() && !self.memory_attached
    }

    /// Returns true if the decoder reads from the memory bank.
    #[must_use]
    pub fn memory_is_attached(&self) -> bool {
        self.memory_attached
    }

    /// Fills the memory bank with centroids of posterior frames and attaches it to the decoder.
    ///
    /// The projections start as the identity. A model without memory stays unchanged.
    ///
    /// # Errors
    ///
    /// Fails if an example cannot be loaded.
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
            return Err(Error::Empty { why: "there are no examples to compute the memory centroids from" });
        }
        let bank = centroids(&Tensor::cat(&frames, 0)?, self.memory_slots, self.config.seed)?;
        let identity = Tensor::eye(bank.dim(1)?, self.dtype, &self.device)?;
        for (name, variable) in self.parameters.named() {
            match name.strip_prefix(MEMORY) {
                Some("bank") => variable.set(&bank)?,
                Some(_) => variable.set(&identity)?,
                None => {}
            }
        }
        if let Some(averages) = &mut self.averages {
            averages.reset_below(MEMORY, &self.parameters)?;
        }
        self.memory_attached = true;
        Ok(())
    }
}
