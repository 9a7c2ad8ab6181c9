//! One step: forward, losses, backward, clip, step.

#[cfg(test)]
mod tests;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use mynah_ops::{AdamW, AdamWConfig, Noise, clip_gradients, monotonic_alignment};
use mynah_signal::MelConfig;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::centroids::centroids;
use super::checkpoint::State;
use super::config::{DetachPredictor, DurationSource, OptimizerConfig, TrainConfig};
use super::report::{Phase, StepReport};
use super::window;
use crate::Error;
use crate::config::{AudioConfig, Expansion, ModelConfig};
use crate::discriminator::{DiscriminatorConfig, Discriminators};
use crate::dropout::Dropout;
use crate::example::{Batch, Batcher, Example, Examples};
use crate::loss::{
    Gaussians, MelLoss, RESOLUTIONS, StftLoss, aligned_kl, discriminator_loss, duration_loss, feature_loss,
    frame_kl, generator_loss, pairwise_kl,
};
use crate::model::{
    NaturalSpeech, Posterior, PosteriorEncoder, Prior, VocabularySizes, posterior_encoder, sequence_mask,
};
use crate::parameters::Parameters;

/// The shortest and the longest duration in frames that a prediction may have; outside, its gradient stops.
pub(crate) const DURATION_BOUNDS: (f64, f64) = (0.1, 100.0);

/// In training the prior may be so much longer than the longest utterance of the batch: a predictor that runs away
/// costs memory, and its frames are cut off here.
const LONGEST_PRIOR: f64 = 1.2;

/// Latent frames from which the memory's centroids are computed, at most.
const CENTROID_FRAMES: usize = 500_000;

/// The seeds of what is drawn apart from the noise of a step.
const CENTROID_STREAM: u64 = u64::MAX;
const VALIDATION_STREAM: u64 = u64::MAX - 1;

/// Everything that training changes.
#[derive(Debug)]
pub struct Trainer {
    pub(super) config: TrainConfig,
    pub(super) audio: AudioConfig,
    pub(super) parameters: Parameters,
    pub(super) judge_parameters: Parameters,
    pub(super) optimizer: AdamW,
    pub(super) judge_optimizer: AdamW,
    pub(super) state: State,
    memory_slots: usize,
    /// Hidden states are repeated: durations have no gradient and are never predicted in training.
    hard: bool,
    model: NaturalSpeech,
    posterior: PosteriorEncoder,
    discriminators: Discriminators,
    mel_loss: MelLoss,
    stft_loss: StftLoss,
    batcher: Batcher,
    dtype: DType,
    device: Device,
}

/// What the generator computed for a batch.
struct Forward {
    hidden: Tensor,
    log_durations: Tensor,
    /// What the predictor learns, [B, n].
    durations: Tensor,
    posterior: Posterior,
    /// z ~ q.
    latent: Tensor,
    /// f⁻¹(z).
    latent_at_prior: Tensor,
    /// What both divergences compare with. In the tuning its durations are constants.
    prior: Prior,
    prior_lengths: Vec<usize>,
    /// f(z') of a z' ~ p of that prior; not in the warm-up.
    prior_at_posterior: Option<Tensor>,
    /// The same numbers, through which the durations always have their gradient: what `L_e2e` decodes.
    spoken: Option<Tensor>,
}

/// The losses of a batch as tensors, before weighting.
struct Losses {
    mel: Tensor,
    stft: Option<Tensor>,
    adversarial: Tensor,
    feature: Tensor,
    backward_kl: Tensor,
    duration: Tensor,
    forward_kl: Option<Tensor>,
    end_to_end: Option<Tensor>,
}

impl Trainer {
    /// A trainer whose parameters are drawn from the seed.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for settings that contradict each other.
    pub fn new(
        model: &ModelConfig,
        discriminator: &DiscriminatorConfig,
        config: &TrainConfig,
        mel: &MelConfig,
        sizes: VocabularySizes,
        device: &Device,
    ) -> Result<Self, Error> {
        let audio =
            AudioConfig { sample_rate: mel.sample_rate, hop_length: mel.hop_length, n_fft: mel.n_fft };
        model.validate(&audio)?;
        discriminator.validate()?;
        config.validate()?;
        config.precision.check(device)?;
        let hard = model.durator.expansion == Expansion::Hard;
        if config.durations == DurationSource::Search && !hard {
            let why = "an alignment search needs `model.durator.expansion = \"hard\"`".to_owned();
            return Err(Error::Config { key: "train.durations", why });
        }
        if config.window_frames * audio.hop_length <= audio.n_fft {
            let why =
                format!("{} frames are not longer than a transform of {}", config.window_frames, audio.n_fft);
            return Err(Error::Config { key: "train.window_frames", why });
        }
        let dtype = DType::F32;
        let parameters = Parameters::new(config.seed, dtype, device);
        let judge_parameters = Parameters::new(config.seed, dtype, device);
        let vb = parameters.builder();
        Ok(Self {
            config: config.clone(),
            memory_slots: model.memory.slots,
            hard,
            model: NaturalSpeech::new(model, sizes, &vb)?,
            posterior: posterior_encoder(model, &audio, &vb)?,
            discriminators: Discriminators::new(discriminator, &judge_parameters.builder())?,
            optimizer: optimizer(&parameters, &config.optimizer)?,
            judge_optimizer: optimizer(&judge_parameters, &config.optimizer)?,
            parameters,
            judge_parameters,
            state: State::default(),
            mel_loss: MelLoss::new(mel, dtype, device)?,
            stft_loss: StftLoss::new(&RESOLUTIONS, dtype, device)?,
            batcher: Batcher::new(&audio, dtype, device)?,
            audio,
            dtype,
            device: device.clone(),
        })
    }

    /// Where the run stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the model needs to know of the audio.
    #[must_use]
    pub fn audio(&self) -> &AudioConfig {
        &self.audio
    }

    /// Values in the generator's parameters, and in the discriminators'.
    #[must_use]
    pub fn parameter_counts(&self) -> (usize, usize) {
        (self.parameters.count(), self.judge_parameters.count())
    }

    /// The phase of the next step.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let TrainConfig { steps, warm_up_steps, tuning_steps, .. } = self.config;
        if self.state.step < warm_up_steps {
            Phase::WarmUp
        } else if tuning_steps > 0 && self.state.step >= steps.saturating_sub(tuning_steps) {
            Phase::Tuning
        } else {
            Phase::Main
        }
    }

    /// Learns from a batch.
    ///
    /// # Errors
    ///
    /// [`Error::Diverged`] when a loss or the gradient is not finite; the parameters are then those before the step,
    /// but for the discriminators.
    pub fn step(&mut self, examples: &[Example]) -> Result<StepReport, Error> {
        let (step, phase) = (self.state.step, self.phase());
        let frames = self.config.window_frames;
        let batch = self.batcher.batch(examples, frames)?;
        let mut noise = Noise::for_step(self.config.seed, step);
        let mut generator = ChaCha8Rng::seed_from_u64(self.config.seed);
        generator.set_stream(step);
        let rate = self.config.optimizer.learning_rate
            * self.config.optimizer.decay.powi(i32::try_from(self.state.epoch).unwrap_or(i32::MAX));
        self.optimizer.set_learning_rate(rate);
        self.judge_optimizer.set_learning_rate(rate);

        let forward = self.forward(&batch, phase, &mut noise, true)?;
        let count = self.config.windows;
        let windows = window::draw(&batch.frames, frames, count, &mut generator);
        let real = window::cut(&batch.wave, &windows, frames, self.audio.hop_length)?;
        let made = self.decode(&window::cut(&forward.latent, &windows, frames, 1)?)?;
        let from_prior = match &forward.spoken {
            Some(latent) if self.config.weights.end_to_end > 0.0 => {
                let windows = window::draw(&forward.prior_lengths, frames, count, &mut generator);
                Some(self.decode(&window::cut(latent, &windows, frames, 1)?)?)
            }
            _ => None,
        };

        let judged = self.discriminators.forward(&real)?;
        let mut judge_loss = discriminator_loss(&judged, &self.discriminators.forward(&made.detach())?)?;
        if let Some(from_prior) = &from_prior {
            let judged_prior = self.discriminators.forward(&from_prior.detach())?;
            let extra = discriminator_loss(&judged, &judged_prior)?;
            judge_loss = (judge_loss + (extra * self.config.weights.end_to_end)?)?;
        }
        let discriminator = finite(&judge_loss, "discriminator", step)
            .map_err(|error| with_origin(error, &forward, &[("decoder", &made), ("recordings", &real)]))?;
        self.judge_optimizer.step(&judge_loss.backward()?)?;

        let judge = self.discriminators.detached();
        let (real_judged, made_judged) = (judge.forward(&real)?, judge.forward(&made)?);
        let losses = Losses {
            mel: self.mel_loss.forward(&real, &made)?,
            stft: match self.config.weights.stft {
                0.0 => None,
                _ => Some(self.stft_loss.forward(&real, &made)?),
            },
            adversarial: generator_loss(&made_judged)?,
            feature: feature_loss(&real_judged, &made_judged)?,
            backward_kl: self.backward_kl(&batch, &forward, phase)?,
            duration: duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask)?,
            forward_kl: self.forward_kl(&batch, &forward)?,
            end_to_end: from_prior.map(|wave| generator_loss(&judge.forward(&wave)?)).transpose()?,
        };
        let (total, mut report) = self
            .total(&losses, phase)
            .map_err(|error| with_origin(error, &forward, &[("decoder", &made), ("recordings", &real)]))?;
        let mut gradients = total.backward()?;
        let named = self.parameters.named();
        let norm = clip_gradients(
            &mut gradients,
            named.iter().map(|(_, var)| var),
            self.config.optimizer.clip_norm,
        )?;
        if !norm.is_finite() {
            let origin = gradient_origin(&named, &gradients);
            return Err(Error::Diverged { step, loss: "gradient", value: norm, origin });
        }
        self.optimizer.step(&gradients)?;

        self.state.step += 1;
        report.step = self.state.step;
        report.loss_discriminator = Some(discriminator);
        report.gradient_norm = Some(norm);
        report.learning_rate = Some(rate);
        Ok(report)
    }

    /// The mean losses of held-out examples: labelled durations, the middle window of each, no dropout, and the same
    /// noise every time.
    ///
    /// # Errors
    ///
    /// When an example cannot be loaded.
    pub fn validate(&self, examples: &dyn Examples) -> Result<Option<StepReport>, Error> {
        let frames = self.config.window_frames;
        let mut sums = [0.0; 3];
        for index in 0..examples.len() {
            let batch = self.batcher.batch(&[examples.load(index)?], frames)?;
            let mut noise = Noise::for_step(self.config.seed, VALIDATION_STREAM - 1 - index as u64);
            let forward = self.forward(&batch, Phase::WarmUp, &mut noise, false)?;
            let windows = window::middle(&batch.frames, frames);
            let real = window::cut(&batch.wave, &windows, frames, self.audio.hop_length)?;
            let made = self.decode(&window::cut(&forward.latent, &windows, frames, 1)?)?;
            let losses = [
                self.mel_loss.forward(&real, &made)?,
                self.backward_kl(&batch, &forward, Phase::WarmUp)?,
                duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask)?,
            ];
            for (sum, loss) in sums.iter_mut().zip(losses) {
                *sum += scalar(&loss)?;
            }
        }
        if examples.is_empty() {
            return Ok(None);
        }
        let [mel, backward_kl, duration] = sums.map(|sum| sum / examples.len() as f64);
        let weights = &self.config.weights;
        let mut report = self.empty_report("validation");
        report.loss_total =
            weights.mel * mel + weights.backward_kl * backward_kl + weights.duration * duration;
        report.loss_mel = Some(mel);
        report.loss_backward_kl = Some(backward_kl);
        report.loss_duration = Some(duration);
        Ok(Some(report))
    }

    /// Whether the main phase needs a memory that is not attached yet.
    #[must_use]
    pub fn memory_is_missing(&self) -> bool {
        self.model.memory.is_some() && !self.state.memory_attached
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
        self.state.memory_attached = true;
        Ok(())
    }

    /// Everything up to the decoder.
    fn forward(
        &self,
        batch: &Batch,
        phase: Phase,
        noise: &mut Noise,
        training: bool,
    ) -> Result<Forward, Error> {
        let model = &self.model;
        let mask = &batch.symbol_mask;
        let (hidden, log_durations) = {
            let mut dropout = if training { Dropout::on(noise) } else { Dropout::off() };
            let hidden = model.encoder.forward(&batch.symbols, &batch.sup_phones, mask, &mut dropout)?;
            // The labels teach the predictor, not the encoder; later the durations' gradient reaches it as in figure 3.
            let detach = match self.config.detach_predictor {
                DetachPredictor::WarmUp => phase == Phase::WarmUp || self.hard,
                DetachPredictor::Always => true,
                DetachPredictor::Never => false,
            };
            let seen = if detach { hidden.detach() } else { hidden.clone() };
            let log_durations = model.durator.log_durations(&seen, mask, &mut dropout)?;
            (hidden, log_durations)
        };
        let mut posterior = self.posterior.forward(&batch.spectrogram, &batch.frame_mask)?;
        if phase == Phase::Tuning {
            // Frozen: without a gradient the optimiser leaves its parameters as they are.
            posterior =
                Posterior { mean: posterior.mean.detach(), log_deviation: posterior.log_deviation.detach() };
        }
        let epsilon = noise.normal(posterior.mean.shape(), self.dtype, &self.device)?;
        let latent = posterior.sample(&epsilon, &batch.frame_mask)?;
        let latent_at_prior = model.flow.to_prior(&latent, &batch.frame_mask)?;

        let labels = match self.config.durations {
            DurationSource::Labels => batch.durations.clone(),
            DurationSource::Search => self.search(batch, &hidden, &latent_at_prior)?,
        };
        let predicted = phase != Phase::WarmUp && !self.hard;
        let (durations, prior_lengths) = if predicted {
            let (shortest, longest) = DURATION_BOUNDS;
            let durations = (log_durations.exp()?.clamp(shortest, longest)? * mask.squeeze(1)?)?;
            let limit = batch.frames.iter().max().copied().unwrap_or(1) as f64 * LONGEST_PRIOR;
            let lengths = prior_lengths(&durations, limit)?;
            (durations, lengths)
        } else {
            (labels.clone(), batch.frames.clone())
        };
        let longest = prior_lengths.iter().copied().max().unwrap_or(1).max(self.config.window_frames);
        let longest = if predicted { longest } else { batch.frame_mask.dim(2)? };
        let prior_mask = sequence_mask(&prior_lengths, longest, self.dtype, &self.device)?;
        let mut prior = model.durator.prior(&hidden, &durations, mask, &prior_mask)?;
        let weights = &self.config.weights;
        let sampled = phase != Phase::WarmUp && (weights.forward_kl > 0.0 || weights.end_to_end > 0.0);
        let epsilon =
            if sampled { Some(noise.normal(prior.mean.shape(), self.dtype, &self.device)?) } else { None };
        let at_posterior = |prior: &Prior| -> Result<Option<Tensor>, Error> {
            let Some(epsilon) = &epsilon else { return Ok(None) };
            let sample = (&prior.mean + (epsilon * prior.log_deviation.exp()?)?)?;
            Ok(Some(model.flow.to_posterior(&sample.broadcast_mul(&prior_mask)?, &prior_mask)?))
        };
        let spoken = at_posterior(&prior)?;
        let mut prior_at_posterior = spoken.clone();
        if phase == Phase::Tuning && predicted {
            prior = model.durator.prior(&hidden, &durations.detach(), mask, &prior_mask)?;
            prior_at_posterior = at_posterior(&prior)?;
        }
        Ok(Forward {
            hidden,
            log_durations,
            durations: labels,
            posterior,
            latent,
            latent_at_prior,
            prior,
            prior_lengths,
            prior_at_posterior,
            spoken,
        })
    }

    /// The frames of each symbol by which the latent frames are most likely under the symbols' priors, [B, n].
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
        // The entropy of the sampled side is the same for every path, so that of a deviation of 1 will do.
        let divergence = pairwise_kl(&z, &z.zeros_like()?, &of_symbols)?;
        let score = divergence.neg()?.transpose(1, 2)?.contiguous()?;
        Ok(monotonic_alignment(&score, &symbols, &batch.frames)?.to_dtype(self.dtype)?)
    }

    fn decode(&self, latent: &Tensor) -> Result<Tensor, Error> {
        let seen = match &self.model.memory {
            Some(memory) if self.state.memory_attached => memory.forward(latent)?,
            _ => latent.clone(),
        };
        Ok(self.model.decoder.forward(&seen)?)
    }

    fn backward_kl(&self, batch: &Batch, forward: &Forward, phase: Phase) -> Result<Tensor, Error> {
        let prior = Gaussians {
            mean: &forward.prior.mean,
            log_deviation: &forward.prior.log_deviation,
            lengths: &forward.prior_lengths,
        };
        let (sample, deviation) = (&forward.latent_at_prior, &forward.posterior.log_deviation);
        Ok(match phase {
            Phase::WarmUp => frame_kl(sample, deviation, &prior, &batch.frame_mask)?,
            // Of the same length by construction, frame by frame.
            _ if self.hard => frame_kl(sample, deviation, &prior, &batch.frame_mask)?,
            Phase::Main | Phase::Tuning => {
                aligned_kl(sample, deviation, &batch.frames, &prior, &batch.frames, &self.config.soft_dtw)?
            }
        })
    }

    fn forward_kl(&self, batch: &Batch, forward: &Forward) -> Result<Option<Tensor>, Error> {
        let sample = forward.prior_at_posterior.as_ref().filter(|_| self.config.weights.forward_kl > 0.0);
        let Some(sample) = sample else { return Ok(None) };
        let posterior = Gaussians {
            mean: &forward.posterior.mean,
            log_deviation: &forward.posterior.log_deviation,
            lengths: &batch.frames,
        };
        let deviation = &forward.prior.log_deviation;
        let lengths = &forward.prior_lengths;
        if self.hard {
            return Ok(Some(frame_kl(sample, deviation, &posterior, &batch.frame_mask)?));
        }
        Ok(Some(aligned_kl(sample, deviation, lengths, &posterior, &batch.frames, &self.config.soft_dtw)?))
    }

    /// The weighted sum of the losses, and the report that names them.
    fn total(&self, losses: &Losses, phase: Phase) -> Result<(Tensor, StepReport), Error> {
        let (step, weights) = (self.state.step, &self.config.weights);
        // Where durations have no other gradient, labels are as important in the main phase.
        let duration = match phase {
            Phase::WarmUp => weights.duration,
            _ if self.hard => weights.duration,
            Phase::Main => weights.duration_main,
            Phase::Tuning => weights.duration_tuning,
        };
        let mut total = (&losses.mel * weights.mel)?;
        let mut add = |name, loss: &Tensor, weight: f64| -> Result<Option<f64>, Error> {
            total = (&total + (loss * weight)?)?;
            finite(loss, name, step).map(Some)
        };
        let mut report = self.empty_report("train");
        report.phase = phase;
        report.loss_mel = Some(finite(&losses.mel, "mel", step)?);
        if let Some(loss) = &losses.stft {
            report.loss_stft = add("stft", loss, weights.stft)?;
        }
        report.loss_adversarial = add("adversarial", &losses.adversarial, weights.adversarial)?;
        report.loss_feature = add("feature", &losses.feature, weights.feature)?;
        report.loss_backward_kl = add("backward_kl", &losses.backward_kl, weights.backward_kl)?;
        report.loss_duration = add("duration", &losses.duration, duration)?;
        if let Some(loss) = &losses.forward_kl {
            let weight = weights.forward_kl * self.config.forward_kl_ramp(step);
            report.loss_forward_kl = add("forward_kl", loss, weight)?;
        }
        if let Some(loss) = &losses.end_to_end {
            report.loss_end_to_end = add("end_to_end", loss, weights.end_to_end)?;
        }
        report.loss_total = finite(&total, "total", step)?;
        Ok((total, report))
    }

    fn empty_report(&self, split: &str) -> StepReport {
        StepReport {
            step: self.state.step,
            epoch: self.state.epoch,
            phase: self.phase(),
            split: split.to_owned(),
            loss_total: 0.0,
            loss_mel: None,
            loss_stft: None,
            loss_adversarial: None,
            loss_feature: None,
            loss_backward_kl: None,
            loss_forward_kl: None,
            loss_end_to_end: None,
            loss_duration: None,
            loss_discriminator: None,
            gradient_norm: None,
            learning_rate: None,
            seconds: 0.0,
        }
    }
}

/// Frames of each item: its durations' sum, rounded, at least 1 and at most `limit`.
fn prior_lengths(durations: &Tensor, limit: f64) -> Result<Vec<usize>, Error> {
    let sums: Vec<f64> = durations.sum(1)?.to_dtype(DType::F64)?.to_vec1()?;
    Ok(sums.into_iter().map(|sum| sum.round().clamp(1.0, limit.max(1.0)) as usize).collect())
}

fn optimizer(parameters: &Parameters, config: &OptimizerConfig) -> Result<AdamW, Error> {
    let config = AdamWConfig {
        learning_rate: config.learning_rate,
        beta1: config.beta1,
        beta2: config.beta2,
        epsilon: config.epsilon,
        weight_decay: config.weight_decay,
    };
    Ok(AdamW::new(parameters.named(), config)?)
}

fn scalar(loss: &Tensor) -> Result<f64, Error> {
    Ok(loss.to_dtype(DType::F64)?.to_scalar()?)
}

fn finite(loss: &Tensor, name: &'static str, step: u64) -> Result<f64, Error> {
    let value = scalar(loss)?;
    let origin = "the outputs of all modules are finite".to_owned();
    if value.is_finite() { Ok(value) } else { Err(Error::Diverged { step, loss: name, value, origin }) }
}

/// A divergence with the first module whose output is not finite.
fn with_origin(error: Error, forward: &Forward, others: &[(&str, &Tensor)]) -> Error {
    let Error::Diverged { step, loss, value, origin } = error else { return error };
    let outputs = [
        ("encoder", &forward.hidden),
        ("durator.predictor", &forward.log_durations),
        ("posterior", &forward.latent),
        ("flow", &forward.latent_at_prior),
        ("durator (mean of the prior)", &forward.prior.mean),
        ("durator (deviation of the prior)", &forward.prior.log_deviation),
    ];
    let of_prior = forward.prior_at_posterior.iter().map(|latent| ("flow, from the prior", latent));
    let mut all = outputs.into_iter().chain(of_prior).chain(others.iter().copied());
    let origin = match all.find(|(_, output)| !is_finite(output)) {
        Some((module, _)) => format!("`{module}` is the first whose output is not finite"),
        None if ["discriminator", "adversarial", "feature", "end_to_end"].contains(&loss) => {
            "`discriminators` are the first whose output is not finite".to_owned()
        }
        None => origin,
    };
    Error::Diverged { step, loss, value, origin }
}

/// Whether every value is a number; one that cannot be read is not.
fn is_finite(tensor: &Tensor) -> bool {
    // A sum of finite numbers may be infinite, a product with 0 of anything else is NaN.
    let sum = || tensor.zeros_like()?.mul(tensor)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>();
    sum().is_ok_and(|sum: f64| sum == 0.0)
}

/// The modules with gradients that are not finite.
fn gradient_origin(named: &[(String, Var)], gradients: &GradStore) -> String {
    let mut modules: Vec<&str> = Vec::new();
    for (name, variable) in named {
        let module = name.split('.').next().unwrap_or_default();
        let good = gradients.get(variable).is_none_or(is_finite);
        if !good && !modules.contains(&module) {
            modules.push(module);
        }
    }
    match modules[..] {
        [] => "every gradient by itself is finite".to_owned(),
        _ => format!("these modules have gradients that are not finite: {}", modules.join(", ")),
    }
}
