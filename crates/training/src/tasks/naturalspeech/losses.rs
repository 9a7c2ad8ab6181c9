//! Losses of the generator, and their weighted sum.

use candle_core::Tensor;

use super::divergence::finite;
use super::example::Batch;
use super::forward::Forward;
use super::phase::{Plan, Spacing};
use super::trainer::Trainer;
use crate::Error;
use crate::loss::{Divergence, Gaussians, aligned_kl, frame_kl, path_ratio};
use crate::values::Values;

/// Losses of a batch as tensors, before weighting.
pub(super) struct Losses {
    pub(super) mel: Tensor,
    pub(super) stft: Option<Tensor>,
    pub(super) phase: Option<Tensor>,
    pub(super) adversarial: Tensor,
    pub(super) feature: Tensor,
    pub(super) backward_kl: Tensor,
    pub(super) duration: Tensor,
    pub(super) length: Option<Tensor>,
    pub(super) forward_kl: Option<Tensor>,
    pub(super) end_to_end: Option<Tensor>,
}

impl Trainer {
    /// Computes `L_bwd`, the divergence of the posterior from the prior.
    pub(super) fn backward_kl(&self, batch: &Batch, forward: &Forward, plan: &Plan) -> Result<Tensor, Error> {
        let prior = forward.prior_gaussians();
        match plan.spacing {
            Spacing::Given => {
                let (sample, deviation) = (&forward.latent_at_prior, &forward.posterior.log_deviation);
                Ok(frame_kl(sample, deviation, &prior, &batch.frame_mask)?)
            }
            Spacing::Predicted { .. } => {
                let mean = self.compared(&forward.latent_at_prior, &forward.noise)?;
                let posterior = forward.posterior_gaussians(&mean, batch);
                Ok(aligned_kl(&posterior, &prior, &batch.frames, &self.config.soft_dtw)?)
            }
        }
    }

    /// Computes `L_fwd`, the divergence of the prior from the posterior; `None` if the prior is not sampled or the weight is 0.
    pub(super) fn forward_kl(
        &self,
        batch: &Batch,
        forward: &Forward,
        plan: &Plan,
    ) -> Result<Option<Tensor>, Error> {
        let sample = forward.prior_at_posterior.as_ref().filter(|_| self.config.weights.forward_kl > 0.0);
        let Some((sample, noise)) = sample else { return Ok(None) };
        let posterior = forward.posterior_gaussians(&forward.posterior.mean, batch);
        Ok(Some(match plan.spacing {
            Spacing::Given => frame_kl(sample, &forward.prior.log_deviation, &posterior, &batch.frame_mask)?,
            Spacing::Predicted { .. } => {
                let mean = self.compared(sample, noise)?;
                let side = Gaussians { mean: &mean, ..forward.prior_gaussians() };
                aligned_kl(&side, &posterior, &batch.frames, &self.config.soft_dtw)?
            }
        }))
    }

    /// Computes the relative length of the path of `L_bwd`; `None` if it is compared frame by frame.
    pub(super) fn path_ratio(
        &self,
        batch: &Batch,
        forward: &Forward,
        plan: &Plan,
    ) -> Result<Option<f64>, Error> {
        if plan.spacing == Spacing::Given {
            return Ok(None);
        }
        let mean = self.compared(&forward.latent_at_prior, &forward.noise)?;
        let side = forward.posterior_gaussians(&mean, batch);
        Ok(Some(path_ratio(&side, &forward.prior_gaussians(), &self.config.soft_dtw)?))
    }

    /// Returns the side of an alignment: the sample itself, or the sample without its noise.
    fn compared(&self, sample: &Tensor, noise: &Tensor) -> Result<Tensor, Error> {
        Ok(match self.config.soft_dtw.divergence {
            Divergence::Sampled => sample.clone(),
            Divergence::Expected => (sample - noise)?,
        })
    }

    /// Computes the weighted sum of the losses, and returns it with the named losses.
    pub(super) fn total(&self, losses: &Losses, plan: &Plan, step: u64) -> Result<(Tensor, Values), Error> {
        let weights = &self.config.weights;
        let mut total = (&losses.mel * weights.mel)?;
        let mut values = columns();
        values.set("loss_mel", finite(&losses.mel, "mel", step)?);
        for (name, loss, weight) in [
            ("stft", losses.stft.as_ref(), weights.stft),
            ("phase", losses.phase.as_ref(), weights.phase),
            ("adversarial", Some(&losses.adversarial), weights.adversarial),
            ("feature", Some(&losses.feature), weights.feature),
            ("backward_kl", Some(&losses.backward_kl), weights.backward_kl),
            ("duration", Some(&losses.duration), plan.duration_weight),
            ("length", losses.length.as_ref(), weights.length),
            ("forward_kl", losses.forward_kl.as_ref(), plan.forward_kl_weight),
            ("end_to_end", losses.end_to_end.as_ref(), weights.end_to_end),
        ] {
            let Some(loss) = loss else { continue };
            total = (&total + (loss * weight)?)?;
            values.set(&format!("loss_{name}"), finite(loss, name, step)?);
        }
        values.set("loss_total", finite(&total, "total", step)?);
        Ok((total, values))
    }
}

/// Returns the columns of this task in `metrics.jsonl` (`docs/formats/training-run.md`), all unmeasured.
///
/// Losses are recorded before weighting; those that a phase does not have stay missing.
pub(super) fn columns() -> Values {
    let names = [
        "loss_total",
        "loss_mel",
        "loss_stft",
        "loss_phase",
        "loss_adversarial",
        "loss_feature",
        "loss_backward_kl",
        "loss_forward_kl",
        "loss_end_to_end",
        "loss_duration",
        "loss_length",
        "duration_ratio",
        "path_ratio",
        "loss_discriminator",
        "gradient_norm",
        "learning_rate",
    ];
    names.into_iter().fold(Values::new(), |values, name| values.with(name, None::<f64>))
}
