//! Training step: forward, losses, backward, clipping, optimizer step.

#[cfg(test)]
mod tests;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor};
use mynah_ops::{AdamW, AdamWConfig, Noise, clip_gradients};
use mynah_signal::MelConfig;
use mynah_voice::blocks::{PosteriorEncoder, VocabularySizes};
use mynah_voice::naturalspeech::{NaturalSpeech, posterior_encoder};
use mynah_voice::{AudioConfig, Expansion, ModelConfig, Parameters};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::config::{DurationSource, OptimizerConfig, TrainConfig};
use super::divergence::{finite, gradient_origin, scalar, with_origin};
use super::example::{Batch, Batcher, Example, Examples};
use super::forward::{Forward, predicted_frames};
use super::losses::{Losses, columns};
use super::phase::{Phase, Plan};
use super::start::Part;
use super::window;
use crate::Error;
use crate::averages::Averages;
use crate::discriminator::{DiscriminatorConfig, Discriminators};
use crate::loss::{
    MelLoss, PhaseLoss, RESOLUTIONS, StftLoss, discriminator_loss, duration_loss, feature_loss,
    generator_loss, length_loss,
};
use crate::precision::check_precision;
use crate::task::{Position, Report};
use crate::values::Values;

/// Seed of the noise of validation, distinct from those of steps.
const VALIDATION_STREAM: u64 = u64::MAX - 1;

/// Settings of a trainer: the sizes of both networks, and the schedule.
#[derive(Debug, Clone, Copy)]
pub struct TrainerConfig<'a> {
    /// Sizes of the model.
    pub model: &'a ModelConfig,
    /// Sizes of the discriminators.
    pub discriminator: &'a DiscriminatorConfig,
    /// Schedule of the training.
    pub train: &'a TrainConfig,
    /// Spectrogram of the reconstruction loss, which also determines the audio.
    pub mel: &'a MelConfig,
    /// Numbers of symbols and sup-phonemes.
    pub sizes: VocabularySizes,
}

/// Trainer of NaturalSpeech, with everything that training changes.
#[derive(Debug)]
pub struct Trainer {
    pub(super) config: TrainConfig,
    pub(super) audio: AudioConfig,
    pub(super) parameters: Parameters,
    pub(super) discriminator_parameters: Parameters,
    pub(super) optimizer: AdamW,
    pub(super) discriminator_optimizer: AdamW,
    /// Moving averages of the parameters, if the settings ask for them.
    pub(super) averages: Option<Averages>,
    /// Parts that the source of the parameters lacked.
    pub(super) fresh: Vec<Part>,
    /// True if the decoder reads from the memory bank.
    pub(super) memory_attached: bool,
    pub(super) memory_slots: usize,
    /// True if hidden states are repeated, so that durations have no gradient and are never predicted in training.
    pub(super) hard: bool,
    pub(super) model: NaturalSpeech,
    pub(super) posterior: PosteriorEncoder,
    pub(super) discriminators: Discriminators,
    pub(super) mel_loss: MelLoss,
    pub(super) stft_loss: StftLoss,
    pub(super) phase_loss: PhaseLoss,
    pub(super) batcher: Batcher,
    pub(super) dtype: DType,
    pub(super) device: Device,
}

impl Trainer {
    /// Builds a trainer with parameters drawn from the seed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] for settings that contradict each other.
    pub fn new(config: &TrainerConfig<'_>, device: &Device) -> Result<Self, Error> {
        let TrainerConfig { model, discriminator, train: config, mel, sizes } = *config;
        let audio =
            AudioConfig { sample_rate: mel.sample_rate, hop_length: mel.hop_length, n_fft: mel.n_fft };
        model.validate(&audio)?;
        discriminator.validate()?;
        config.validate()?;
        check_precision(config.precision, device)?;
        let hard = model.durator.expansion == Expansion::Hard;
        if config.durations == DurationSource::Search && !hard {
            let why = "an alignment search needs `model.durator.expansion = \"hard\"`".to_owned();
            return Err(Error::Config { key: "train.durations", why });
        }
        if config.window_frames * audio.hop_length <= audio.n_fft {
            let why = format!(
                "{} frames do not exceed a transform of {} samples",
                config.window_frames, audio.n_fft
            );
            return Err(Error::Config { key: "train.window_frames", why });
        }
        let dtype = DType::F32;
        let parameters = Parameters::new(config.seed, dtype, device).with_precision(config.precision);
        let discriminator_parameters =
            Parameters::new(config.seed, dtype, device).with_precision(config.precision);
        let vb = parameters.builder();
        let (network, posterior) =
            (NaturalSpeech::new(model, sizes, &vb)?, posterior_encoder(model, &audio, &vb)?);
        let averages = match config.average {
            0.0 => None,
            decay => Some(Averages::new(decay, &parameters)?),
        };
        Ok(Self {
            config: config.clone(),
            averages,
            fresh: Vec::new(),
            memory_attached: false,
            memory_slots: model.memory.slots,
            hard,
            model: network,
            posterior,
            discriminators: Discriminators::new(discriminator, &discriminator_parameters.builder())?,
            optimizer: optimizer(&parameters, &config.optimizer)?,
            discriminator_optimizer: optimizer(&discriminator_parameters, &config.optimizer)?,
            parameters,
            discriminator_parameters,
            mel_loss: MelLoss::new(mel, dtype, device)?,
            stft_loss: StftLoss::new(&RESOLUTIONS, dtype, device)?,
            phase_loss: PhaseLoss::new(&RESOLUTIONS, dtype, device)?,
            batcher: Batcher::new(&audio, dtype, device)?,
            audio,
            dtype,
            device: device.clone(),
        })
    }

    /// Returns the properties of the audio that the model depends on.
    #[must_use]
    pub fn audio(&self) -> &AudioConfig {
        &self.audio
    }

    /// Returns the parameter counts of the generator and of the discriminators.
    #[must_use]
    pub fn parameter_counts(&self) -> (usize, usize) {
        (self.parameters.count(), self.discriminator_parameters.count())
    }

    /// Loads the phoneme encoder of a pre-training, including the embeddings of symbols and sup-phonemes, from the parameters
    /// of a checkpoint. The caller must ensure that vocabulary and sup-phonemes are the same.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or the encoder has other sizes.
    pub fn load_encoder(&mut self, path: &std::path::Path) -> Result<(), Error> {
        Ok(self.parameters.load_below(ENCODER, path)?)
    }

    /// Trains on a batch.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Diverged`] if a loss or the gradient is not finite; all parameters except those of the discriminators
    /// are then unchanged.
    pub fn step(&mut self, examples: &[Example], position: Position) -> Result<Report, Error> {
        self.step_over(&[examples], position)
    }

    /// Trains on the mean of the losses of several batches, one after another in the memory of one. Reports the means of
    /// their measurements.
    ///
    /// With more than one batch, the forward pass is computed twice: for the step of the discriminators, and after it for
    /// that of the generator.
    ///
    /// # Errors
    ///
    /// As [`Trainer::step`].
    pub fn step_over(&mut self, batches: &[&[Example]], position: Position) -> Result<Report, Error> {
        let step = position.step;
        let phase = self.config.phase(step);
        let plan = self.config.plan(phase, step, self.hard);
        let rate = self.config.optimizer.learning_rate_at(position);
        self.optimizer.set_learning_rate(rate);
        self.discriminator_optimizer.set_learning_rate(rate);
        let share = 1.0 / batches.len().max(1) as f64;

        let mut kept = None;
        let mut discriminator = 0.0;
        let mut gradients = GradientSum::default();
        for (index, examples) in batches.iter().enumerate() {
            let drawn = self.draw_windows(examples, &plan, step, index)?;
            let loss = self.discriminator_loss(&drawn.real, &drawn.generated, drawn.from_prior.as_ref())?;
            discriminator +=
                share * finite(&loss, "discriminator", step).map_err(|error| drawn.located(error))?;
            gradients.add((loss * share)?.backward()?, &self.discriminator_parameters)?;
            kept = (batches.len() == 1).then_some(drawn);
        }
        if let Some(gradients) = gradients.take() {
            self.discriminator_optimizer.step(&gradients)?;
        }

        let discriminators = self.discriminators.detached();
        let mut measured = Vec::new();
        for (index, examples) in batches.iter().enumerate() {
            let drawn = match kept.take() {
                Some(drawn) => drawn,
                None => self.draw_windows(examples, &plan, step, index)?,
            };
            let losses = self.losses(&drawn, &discriminators, &plan)?;
            let (total, mut values) =
                self.total(&losses, &plan, step).map_err(|error| drawn.located(error))?;
            let Drawn { batch, forward, .. } = &drawn;
            let asked = predicted_frames(&forward.log_durations, &batch.symbol_mask)?;
            values.set("duration_ratio", asked / batch.frames.iter().sum::<usize>() as f64);
            values.set("path_ratio", self.path_ratio(batch, forward, &plan)?);
            measured.push(values);
            gradients.add((total * share)?.backward()?, &self.parameters)?;
        }
        let norm = match gradients.take() {
            Some(gradients) => self.descend(gradients, step)?,
            None => 0.0,
        };
        let mut values = Values::mean(&measured);
        values.set("loss_discriminator", discriminator);
        values.set("gradient_norm", norm);
        values.set("learning_rate", rate);
        Ok(Report { phase: Some(phase.word()), values })
    }

    /// Computes the forward pass of a batch and decodes windows of it. The random numbers depend on the seed, the step and
    /// the number of the batch in the step.
    fn draw_windows(
        &self,
        examples: &[Example],
        plan: &Plan,
        step: u64,
        index: usize,
    ) -> Result<Drawn, Error> {
        let (frames, count) = (self.config.window_frames, self.config.windows);
        let batch = self.batcher.batch(examples, frames)?;
        let seed = self.config.seed.wrapping_add((index as u64).wrapping_mul(BATCH_SEED));
        let mut noise = Noise::for_step(seed, step);
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(step);
        let forward = self.forward(&batch, plan, &mut noise, true)?;
        let windows = window::draw(&batch.frames, frames, count, &mut generator);
        let real = window::cut(&batch.wave, &windows, frames, self.audio.hop_length)?;
        let generated = self.decode(&window::cut(&forward.latent, &windows, frames, 1)?)?;
        let from_prior = match &forward.spoken {
            Some(latent) if self.config.weights.end_to_end > 0.0 => {
                let windows = window::draw(&forward.prior_lengths, frames, count, &mut generator);
                Some(self.decode(&window::cut(latent, &windows, frames, 1)?)?)
            }
            _ => None,
        };
        Ok(Drawn { batch, forward, real, generated, from_prior })
    }

    /// Computes the losses of the generator.
    fn losses(&self, drawn: &Drawn, discriminators: &Discriminators, plan: &Plan) -> Result<Losses, Error> {
        let Drawn { batch, forward, real, generated, from_prior } = drawn;
        let weights = &self.config.weights;
        let (of_real, of_generated) = (discriminators.forward(real)?, discriminators.forward(generated)?);
        Ok(Losses {
            mel: self.mel_loss.forward(real, generated)?,
            stft: match weights.stft {
                0.0 => None,
                _ => Some(self.stft_loss.forward(real, generated)?),
            },
            phase: match weights.phase {
                0.0 => None,
                _ => Some(self.phase_loss.forward(real, generated)?),
            },
            adversarial: generator_loss(&of_generated)?,
            feature: feature_loss(&of_real, &of_generated)?,
            backward_kl: self.backward_kl(batch, forward, plan)?,
            duration: duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask)?,
            length: match &forward.predicted_lengths {
                Some(predicted) => Some(length_loss(predicted, &batch.frames)?),
                None => None,
            },
            forward_kl: self.forward_kl(batch, forward, plan)?,
            end_to_end: match from_prior {
                Some(wave) => Some(generator_loss(&discriminators.forward(wave)?)?),
                None => None,
            },
        })
    }

    /// Computes the mean losses of held-out examples with labeled durations, the middle window of each, no dropout, and the
    /// same noise every time. The weights are their averages if there are any. `None` without examples.
    ///
    /// # Errors
    ///
    /// Fails if an example cannot be loaded.
    pub fn validate(&self, examples: &dyn Examples, position: Position) -> Result<Option<Report>, Error> {
        match &self.averages {
            Some(averages) => averages.applied(&self.parameters, || self.measure(examples, position)),
            None => self.measure(examples, position),
        }
    }

    /// Computes the losses of [`Trainer::validate`] with the parameters as they are.
    fn measure(&self, examples: &dyn Examples, position: Position) -> Result<Option<Report>, Error> {
        let frames = self.config.window_frames;
        let plan = self.config.plan(Phase::WarmUp, position.step, self.hard);
        let mut sums = [0.0; 4];
        let (mut asked, mut there) = (0.0, 0);
        for index in 0..examples.len() {
            let batch = self.batcher.batch(&[examples.load(index)?], frames)?;
            let mut noise = Noise::for_step(self.config.seed, VALIDATION_STREAM - 1 - index as u64);
            let forward = self.forward(&batch, &plan, &mut noise, false)?;
            let windows = window::middle(&batch.frames, frames);
            let real = window::cut(&batch.wave, &windows, frames, self.audio.hop_length)?;
            let generated = self.decode(&window::cut(&forward.latent, &windows, frames, 1)?)?;
            let losses = [
                self.mel_loss.forward(&real, &generated)?,
                self.backward_kl(&batch, &forward, &plan)?,
                duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask)?,
                self.phase_loss.forward(&real, &generated)?,
            ];
            for (sum, loss) in sums.iter_mut().zip(losses) {
                *sum += scalar(&loss)?;
            }
            asked += predicted_frames(&forward.log_durations, &batch.symbol_mask)?;
            there += batch.frames.iter().sum::<usize>();
        }
        if examples.is_empty() {
            return Ok(None);
        }
        let [mel, backward_kl, duration, phase] = sums.map(|sum| sum / examples.len() as f64);
        let weights = &self.config.weights;
        let mut values = columns();
        let total = weights.mel * mel + weights.backward_kl * backward_kl + weights.duration * duration;
        values.set("loss_total", total);
        values.set("loss_mel", mel);
        values.set("loss_backward_kl", backward_kl);
        values.set("loss_duration", duration);
        values.set("loss_phase", phase);
        values.set("duration_ratio", asked / there as f64);
        Ok(Some(Report { phase: Some(self.config.phase(position.step).word()), values }))
    }

    pub(super) fn decode(&self, latent: &Tensor) -> Result<Tensor, Error> {
        let seen = match &self.model.memory {
            Some(memory) if self.memory_attached => memory.forward(latent)?,
            _ => latent.clone(),
        };
        Ok(self.model.decoder.forward(&seen)?)
    }

    /// Computes the loss of the discriminators, with the generator as a constant.
    fn discriminator_loss(
        &self,
        real: &Tensor,
        generated: &Tensor,
        from_prior: Option<&Tensor>,
    ) -> Result<Tensor, Error> {
        let of_real = self.discriminators.forward(real)?;
        let loss = discriminator_loss(&of_real, &self.discriminators.forward(&generated.detach())?)?;
        let Some(from_prior) = from_prior else { return Ok(loss) };
        let of_prior = self.discriminators.forward(&from_prior.detach())?;
        let extra = discriminator_loss(&of_real, &of_prior)?;
        Ok((loss + (extra * self.config.weights.end_to_end)?)?)
    }

    /// Clips the gradients and performs the step of the generator; returns the gradient norm before clipping.
    fn descend(&mut self, mut gradients: GradStore, step: u64) -> Result<f64, Error> {
        let named = self.parameters.named();
        let variables = named.iter().map(|(_, variable)| variable);
        let norm = clip_gradients(&mut gradients, variables, self.config.optimizer.clip_norm)?;
        if !norm.is_finite() {
            let origin = gradient_origin(&named, &gradients);
            return Err(Error::Diverged { step, loss: "gradient".to_owned(), value: norm, origin });
        }
        if self.is_frozen(step) {
            for (name, variable) in &named {
                if !self.is_fresh(name) {
                    gradients.remove(variable);
                }
            }
        }
        self.optimizer.step(&gradients)?;
        if let Some(averages) = &mut self.averages {
            averages.update(&self.parameters)?;
        }
        Ok(norm)
    }
}

/// Forward pass of a batch with its decoded windows.
struct Drawn {
    batch: Batch,
    forward: Forward,
    /// Windows of the recordings.
    real: Tensor,
    /// The same windows, decoded from the posterior.
    generated: Tensor,
    /// Windows decoded from the prior.
    from_prior: Option<Tensor>,
}

impl Drawn {
    /// Names the origin of a value that is not finite.
    fn located(&self, error: Error) -> Error {
        with_origin(error, &self.forward, &[("decoder", &self.generated), ("recordings", &self.real)])
    }
}

/// Sum of the gradients of several losses.
#[derive(Default)]
struct GradientSum(Option<GradStore>);

impl GradientSum {
    /// Adds the gradients of `parameters`.
    fn add(&mut self, gradients: GradStore, parameters: &Parameters) -> Result<(), Error> {
        let Some(sum) = &mut self.0 else {
            self.0 = Some(gradients);
            return Ok(());
        };
        for (_, variable) in parameters.named() {
            let Some(gradient) = gradients.get(&variable) else { continue };
            let gradient = match sum.get(&variable) {
                Some(before) => (before + gradient)?,
                None => gradient.clone(),
            };
            sum.insert(&variable, gradient);
        }
        Ok(())
    }

    /// Returns the sum, and starts a new one.
    fn take(&mut self) -> Option<GradStore> {
        self.0.take()
    }
}

/// Distance of the seeds of batches in a step, arbitrary and odd.
const BATCH_SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Prefix of the parameters of the phoneme encoder.
const ENCODER: &str = "encoder.";

impl OptimizerConfig {
    /// Returns the learning rate of a step.
    fn learning_rate_at(&self, position: Position) -> f64 {
        let rise = match self.ramp_steps {
            0 => 1.0,
            steps => ((position.step as f64 + 1.0) / steps as f64).min(1.0),
        };
        rise * self.learning_rate * self.decay.powi(i32::try_from(position.place.epoch).unwrap_or(i32::MAX))
    }
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
