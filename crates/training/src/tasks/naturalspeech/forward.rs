//! Forward pass of the generator up to the decoder.

use candle_core::{DType, Tensor};
use mynah_ops::{Noise, monotonic_alignment};
use mynah_voice::blocks::{Dropout, Posterior, sequence_mask};
use mynah_voice::naturalspeech::{DURATION_BOUNDS, Prior};

use super::config::DurationSource;
use super::divergence::scalar;
use super::example::Batch;
use super::phase::{Plan, Spacing};
use super::trainer::Trainer;
use crate::Error;
use crate::loss::{Divergence, Gaussians, pairwise_kl};

/// Maximum length of the prior in training, relative to the longest utterance of the batch. Durations of a longer prior are
/// scaled down to it, which bounds the memory.
const LONGEST_PRIOR: f64 = 1.2;

/// Results of the generator for a batch.
pub(super) struct Forward {
    pub(super) hidden: Tensor,
    pub(super) log_durations: Tensor,
    /// Targets of the duration predictor, [B, n].
    pub(super) durations: Tensor,
    pub(super) posterior: Posterior,
    /// Sample z ~ q.
    pub(super) latent: Tensor,
    /// Noise σ ε in z.
    pub(super) noise: Tensor,
    /// Sample at the prior, f⁻¹(z).
    pub(super) latent_at_prior: Tensor,
    /// Prior of both divergences. In the fine-tuning phase its durations are constants.
    pub(super) prior: Prior,
    pub(super) prior_lengths: Vec<usize>,
    /// Predicted frames of each item, `[B]`, before rounding and limiting; `None` without predictions.
    pub(super) predicted_lengths: Option<Tensor>,
    /// Sample f(z') with z' ~ p from that prior, and the noise in z'; `None` in the warm-up.
    pub(super) prior_at_posterior: Option<(Tensor, Tensor)>,
    /// Same values with a gradient to the durations in every phase, decoded by `L_e2e`.
    pub(super) spoken: Option<Tensor>,
}

/// Frames of the prior: durations [B, n], their rounded sums, the mask of the frames, and the sums of the predictions.
struct Frames {
    durations: Tensor,
    lengths: Vec<usize>,
    mask: Tensor,
    predicted_lengths: Option<Tensor>,
}

impl Trainer {
    /// Computes everything up to the decoder according to `plan`.
    pub(super) fn forward(
        &self,
        batch: &Batch,
        plan: &Plan,
        noise: &mut Noise,
        training: bool,
    ) -> Result<Forward, Error> {
        let mut dropout = if training { Dropout::on(noise) } else { Dropout::off() };
        let (hidden, log_durations) = self.read(batch, plan, &mut dropout)?;
        let posterior = self.listen(batch, plan)?;
        let epsilon = noise.normal(posterior.mean.shape(), self.dtype, &self.device)?;
        let latent = posterior.sample(&epsilon, &batch.frame_mask)?;
        let own_noise = (&epsilon * posterior.log_deviation.exp()?)?;
        let latent_at_prior = self.model.flow.to_prior(&latent, &batch.frame_mask)?;

        let durations = match self.config.durations {
            DurationSource::Labels => batch.durations.clone(),
            DurationSource::Search => self.search(batch, &hidden, &latent_at_prior)?,
        };
        let frames = match plan.spacing {
            Spacing::Given => given(batch, &durations),
            Spacing::Predicted { .. } => self.predicted(batch, &log_durations)?,
        };
        let prior = self.prior(batch, &hidden, &frames.durations, &frames)?;
        let epsilon = if plan.sample_prior {
            Some(noise.normal(prior.mean.shape(), self.dtype, &self.device)?)
        } else {
            None
        };
        let sample = self.sample(&prior, &frames, epsilon.as_ref())?;
        let spoken = sample.as_ref().map(|(latent, _)| latent.clone());
        let (prior, prior_at_posterior) = if plan.spacing == (Spacing::Predicted { constant: true }) {
            let prior = self.prior(batch, &hidden, &frames.durations.detach(), &frames)?;
            let sample = self.sample(&prior, &frames, epsilon.as_ref())?;
            (prior, sample)
        } else {
            (prior, sample)
        };
        Ok(Forward {
            hidden,
            log_durations,
            durations,
            posterior,
            latent,
            noise: own_noise,
            latent_at_prior,
            prior,
            prior_lengths: frames.lengths,
            predicted_lengths: frames.predicted_lengths,
            prior_at_posterior,
            spoken,
        })
    }

    /// Computes the hidden states of the symbols, and the predicted log-durations.
    fn read(&self, batch: &Batch, plan: &Plan, dropout: &mut Dropout<'_>) -> Result<(Tensor, Tensor), Error> {
        let (model, mask) = (&self.model, &batch.symbol_mask);
        let hidden = model.encoder.forward(&batch.symbols, &batch.sup_phones, mask, dropout)?;
        let seen = if plan.detach_predictor { hidden.detach() } else { hidden.clone() };
        let log_durations = model.durator.log_durations(&seen, mask, dropout)?;
        Ok((hidden, log_durations))
    }

    /// Computes the posterior of the recordings.
    fn listen(&self, batch: &Batch, plan: &Plan) -> Result<Posterior, Error> {
        let posterior = self.posterior.forward(&batch.spectrogram, &batch.frame_mask)?;
        if !plan.freeze_posterior {
            return Ok(posterior);
        }
        Ok(Posterior { mean: posterior.mean.detach(), log_deviation: posterior.log_deviation.detach() })
    }

    /// Returns the predicted frames, limited to the maximum length.
    fn predicted(&self, batch: &Batch, log_durations: &Tensor) -> Result<Frames, Error> {
        let limit = batch.frames.iter().max().copied().unwrap_or(1) as f64 * LONGEST_PRIOR;
        let (durations, sums) = bounded_durations(log_durations, &batch.symbol_mask, limit)?;
        let lengths = prior_lengths(&durations, limit)?;
        // Long enough for one window.
        let longest = lengths.iter().copied().max().unwrap_or(1).max(self.config.window_frames);
        let mask = sequence_mask(&lengths, longest, self.dtype, &self.device)?;
        Ok(Frames { durations, lengths, mask, predicted_lengths: Some(sums) })
    }

    /// Computes the prior of `frames` from `durations`, which are the same numbers with or without a gradient.
    fn prior(
        &self,
        batch: &Batch,
        hidden: &Tensor,
        durations: &Tensor,
        frames: &Frames,
    ) -> Result<Prior, Error> {
        Ok(self.model.durator.prior(hidden, durations, &batch.symbol_mask, &frames.mask)?)
    }

    /// Draws a sample of the prior through the flow, and returns it with its noise; `None` without noise.
    fn sample(
        &self,
        prior: &Prior,
        frames: &Frames,
        epsilon: Option<&Tensor>,
    ) -> Result<Option<(Tensor, Tensor)>, Error> {
        let Some(epsilon) = epsilon else { return Ok(None) };
        let noise = (epsilon * prior.log_deviation.exp()?)?;
        let sample = (&prior.mean + &noise)?.broadcast_mul(&frames.mask)?;
        Ok(Some((self.model.flow.to_posterior(&sample, &frames.mask)?, noise)))
    }

    /// Finds the durations [B, n] under which the latent frames are most likely given the priors of the symbols.
    fn search(&self, batch: &Batch, hidden: &Tensor, latent_at_prior: &Tensor) -> Result<Tensor, Error> {
        let mask = &batch.symbol_mask;
        let prior = self.model.durator.of_states(&hidden.detach(), mask)?;
        let z = latent_at_prior.detach();
        let symbols: Vec<f64> = mask.sum((1, 2))?.to_dtype(DType::F64)?.to_vec1()?;
        let symbols: Vec<usize> = symbols.into_iter().map(|n| n as usize).collect();
        let of_symbols = Gaussians {
            mean: &prior.mean.detach(),
            log_deviation: &prior.log_deviation.detach(),
            lengths: &symbols,
        };
        // The entropy of the sampled side is the same for every path, so a deviation of 1 suffices.
        let divergence = pairwise_kl(&z, &z.zeros_like()?, &of_symbols, Divergence::Sampled)?;
        let score = divergence.neg()?.transpose(1, 2)?.contiguous()?;
        Ok(monotonic_alignment(&score, &symbols, &batch.frames)?.to_dtype(self.dtype)?)
    }
}

impl Forward {
    /// Returns the prior of the frames.
    pub(super) fn prior_gaussians(&self) -> Gaussians<'_> {
        let Prior { mean, log_deviation } = &self.prior;
        Gaussians { mean, log_deviation, lengths: &self.prior_lengths }
    }

    /// Returns Gaussians with the deviation of the posterior.
    pub(super) fn posterior_gaussians<'a>(&'a self, mean: &'a Tensor, batch: &'a Batch) -> Gaussians<'a> {
        Gaussians { mean, log_deviation: &self.posterior.log_deviation, lengths: &batch.frames }
    }
}

/// Returns the frames of the recordings.
fn given(batch: &Batch, durations: &Tensor) -> Frames {
    Frames {
        durations: durations.clone(),
        lengths: batch.frames.clone(),
        mask: batch.frame_mask.clone(),
        predicted_lengths: None,
    }
}

/// Computes the predicted durations [B, n], limited to `limit` frames per item, and their sums `[B]` before that limit.
///
/// Each is clamped to [`DURATION_BOUNDS`], and those of an item that is too long are scaled down to the limit. Neither makes
/// the gradient vanish: it is the gradient of the durations times the scale, so that losses of the prior still move
/// durations that are too long.
pub(super) fn bounded_durations(
    log_durations: &Tensor,
    mask: &Tensor,
    limit: f64,
) -> Result<(Tensor, Tensor), Error> {
    let (shortest, longest) = DURATION_BOUNDS;
    let moved = (log_durations.clamp(shortest.ln(), longest.ln())? - log_durations)?.detach();
    let durations = ((log_durations + moved)?.exp()? * mask.squeeze(1)?)?;
    let sums = durations.sum_keepdim(1)?;
    let scale = (sums.detach().recip()? * limit)?.minimum(1.0)?;
    Ok((durations.broadcast_mul(&scale)?, sums.squeeze(1)?))
}

/// Returns the number of predicted frames of a batch.
pub(super) fn predicted_frames(log_durations: &Tensor, mask: &Tensor) -> Result<f64, Error> {
    let (shortest, longest) = DURATION_BOUNDS;
    let durations = (log_durations.exp()?.clamp(shortest, longest)? * mask.squeeze(1)?)?;
    scalar(&durations.sum_all()?)
}

/// Returns the frames of each item: the rounded sum of its durations, at least 1 and at most `limit`.
pub(super) fn prior_lengths(durations: &Tensor, limit: f64) -> Result<Vec<usize>, Error> {
    let sums: Vec<f64> = durations.sum(1)?.to_dtype(DType::F64)?.to_vec1()?;
    Ok(sums.into_iter().map(|sum| sum.round().clamp(1.0, limit.max(1.0)) as usize).collect())
}
