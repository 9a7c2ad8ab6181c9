//! The training.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use mynah_ops::{AdamW, AdamWConfig, Noise, clip_gradients};
use mynah_text::{G2pTensors, Phone, StressState};
use mynah_voice::Parameters;
use mynah_voice::blocks::Dropout;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::checkpoint;
use super::config::G2pConfig;
use super::lesson::{Batch, Lesson};
use super::model::{G2pModel, Question};
use crate::Error;

/// What the forget gates begin with: at first, little is forgotten.
const REMEMBER: f32 = 1.0;
/// Where a divergence comes from.
const ORIGIN: &str = "this network has a single module";
/// Distinguishes the seed of the history's dropout from that of the order, which numbers its streams by epochs.
const HISTORY_SEED: u64 = 0x6869_7374_6F72_7921;

/// A network in training.
#[derive(Debug)]
pub struct G2pTrainer<'a> {
    config: G2pConfig,
    lesson: &'a Lesson,
    pub(super) parameters: Parameters,
    pub(super) model: G2pModel,
    optimizer: AdamW,
    batches: Vec<Batch>,
    step: u64,
}

/// What a step says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct G2pStep {
    /// Steps done.
    pub step: u64,
    /// Cross entropy with the smoothed labels, a letter.
    pub loss: f64,
    /// Of the gradient, before it was clipped.
    pub gradient_norm: f64,
}

impl<'a> G2pTrainer<'a> {
    /// A network that has learnt nothing yet.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] when there are no words, [`Error::Config`] when a setting is out of range.
    pub fn new(config: &G2pConfig, lesson: &'a Lesson) -> Result<Self, Error> {
        if lesson.words() == 0 {
            return Err(Error::Empty { why: "there are no words to learn letters and phones from" });
        }
        for (key, value) in
            [("hidden", config.hidden), ("features", config.features), ("history", config.history)]
        {
            if !(1..=1000).contains(&value) {
                return Err(Error::Config { key, why: format!("{value} is not between 1 and 1000") });
            }
        }
        let parameters = Parameters::new(config.seed, DType::F32, &Device::Cpu);
        let model = G2pModel::new(config.shape(), lesson.chunks().len(), &parameters.builder())?;
        for (name, variable) in parameters.named() {
            if name == "letters" || name == "second.bias" {
                variable.set(&variable.broadcast_add(&forget_gates(config.hidden)?)?)?;
            }
        }
        let optimizer = AdamWConfig {
            learning_rate: config.learning_rate,
            beta2: 0.99,
            weight_decay: config.weight_decay,
            ..AdamWConfig::default()
        };
        let optimizer = AdamW::new(parameters.named(), optimizer)?;
        let batches = lesson.batches(config.batch_letters, config.seed, 0);
        Ok(Self { config: config.clone(), lesson, parameters, model, optimizer, batches, step: 0 })
    }

    /// Parameters of the network.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.count()
    }

    /// Steps done, steps of an epoch, and steps in all.
    #[must_use]
    pub fn progress(&self) -> (u64, u64, u64) {
        let epoch = self.batches.len() as u64;
        (self.step, epoch, epoch * self.config.epochs)
    }

    /// Learns from the next batch.
    ///
    /// # Errors
    ///
    /// [`Error::Diverged`] when the loss is not finite.
    pub fn step(&mut self) -> Result<G2pStep, Error> {
        let (step, epoch_steps, _) = self.progress();
        let place = (step % epoch_steps) as usize;
        if place == 0 && step > 0 {
            self.batches =
                self.lesson.batches(self.config.batch_letters, self.config.seed, step / epoch_steps);
        }
        self.optimizer.set_learning_rate(self.config.learning_rate_at(step, epoch_steps));
        let (question, targets) = self.question(&self.batches[place])?;
        let mut noise = Noise::for_step(self.config.seed, step);
        let logits = self.model.forward(&question, &mut Dropout::on(&mut noise), self.config.dropout)?;
        let loss = cross_entropy(&logits, &targets, self.config.label_smoothing)?;
        let letters = question.length * question.words;
        // A batch counts by its letters, so that the words of rare lengths do not count more than others.
        let share = letters as f64 / self.config.batch_letters as f64;
        let mut gradients = (&loss * share)?.backward()?;
        let loss = f64::from(loss.to_scalar::<f32>()?);
        if !loss.is_finite() {
            return Err(Error::Diverged {
                step,
                loss: "cross entropy",
                value: loss,
                origin: ORIGIN.to_owned(),
            });
        }
        let named = self.parameters.named();
        let gradient_norm = clip_gradients(
            &mut gradients,
            named.iter().map(|(_, variable)| variable),
            self.config.clip_norm,
        )?;
        if !gradient_norm.is_finite() {
            return Err(Error::Diverged {
                step,
                loss: "gradient",
                value: gradient_norm,
                origin: ORIGIN.to_owned(),
            });
        }
        self.optimizer.step(&gradients)?;
        self.step += 1;
        Ok(G2pStep { step: self.step, loss, gradient_norm })
    }

    /// The weights as they are, with the chunks that they are about.
    ///
    /// # Errors
    ///
    /// When a tensor cannot be read.
    pub fn tensors(&self) -> Result<G2pTensors, Error> {
        let values = self.parameters.tensors().into_iter();
        let values = values.map(|(name, tensor)| Ok((name, tensor.flatten_all()?.to_vec1::<f32>()?)));
        Ok(G2pTensors {
            shape: self.config.shape(),
            chunks: self.lesson.chunks().to_vec(),
            allowed: self.lesson.allowed().to_vec(),
            values: values.collect::<Result<_, Error>>()?,
        })
    }

    /// Writes where the training stands into a file, beside its place and then into it.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        checkpoint::write(path, &self.config, self.step, &self.parameters, &self.optimizer)
    }

    /// Goes on from where [`G2pTrainer::save`] was; from there on everything is as if it had not been interrupted.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is of a training with other settings.
    pub fn resume(&mut self, path: &Path) -> Result<(), Error> {
        self.step = checkpoint::read(path, &self.config, &self.parameters, &mut self.optimizer)?;
        let epoch = self.step / self.batches.len() as u64;
        self.batches = self.lesson.batches(self.config.batch_letters, self.config.seed, epoch);
        Ok(())
    }

    /// A batch as tensors, with the right chunks.
    fn question(&self, batch: &Batch) -> Result<(Question, Tensor), Error> {
        let mut generator = ChaCha8Rng::seed_from_u64(self.config.seed ^ HISTORY_SEED);
        generator.set_stream(self.step);
        let untold = self.config.history_dropout as f32;
        question(batch, self.lesson.chunks(), self.config.history, || generator.random::<f32>() < untold)
    }
}

impl G2pConfig {
    /// The learning rate of a step: it rises, stays, and falls to zero along straight lines, so that how long it stays
    /// can be decided while it does.
    fn learning_rate_at(&self, step: u64, epoch_steps: u64) -> f64 {
        let rise = (step + 1) as f64 / self.warm_up_steps.max(1) as f64;
        let left = (self.epochs * epoch_steps).saturating_sub(step) as f64;
        let fall = left / (self.cool_down_epochs * epoch_steps).max(1) as f64;
        self.learning_rate * rise.min(fall).min(1.0)
    }
}

/// Words of one length with the chunks of their letters, as tensors; `untold` says for each letter whether the chunks
/// before it are not told.
pub(super) fn question(
    batch: &[(Vec<usize>, Vec<u16>)],
    chunks: &[Vec<Phone>],
    history: usize,
    mut untold: impl FnMut() -> bool,
) -> Result<(Question, Tensor), Error> {
    let (words, length) = (batch.len(), batch.first().map_or(0, |(letters, _)| letters.len()));
    let count = words * length;
    let nothing = chunks.len() as u32;
    let mut letters = Vec::with_capacity(count);
    let mut targets = Vec::with_capacity(count);
    let mut before = vec![Vec::with_capacity(count); history];
    let mut stress = Vec::with_capacity(count);
    let mut states = vec![StressState::default(); words];
    for time in 0..length {
        for ((word_letters, word_chunks), state) in batch.iter().zip(&mut states) {
            letters.push(word_letters[time] as u32);
            targets.push(u32::from(word_chunks[time]));
            let untold = untold();
            for (back, before) in before.iter_mut().enumerate() {
                let told = time.checked_sub(back + 1).map_or(nothing, |at| u32::from(word_chunks[at]));
                before.push(if untold { nothing + 1 } else { told });
            }
            stress.push(state.index() as u32);
            *state = state.after(&chunks[usize::from(word_chunks[time])]);
        }
    }
    let tensor = |values: Vec<u32>| Tensor::from_vec(values, count, &Device::Cpu);
    let question = Question {
        letters: tensor(letters)?,
        history: before.into_iter().map(tensor).collect::<Result<_, _>>()?,
        stress: tensor(stress)?,
        length,
        words,
    };
    Ok((question, tensor(targets)?))
}

/// The mean over the letters of the cross entropy with a target that gives 1 − ε to the right chunk and ε to all alike.
///
/// ```text
/// L = ln Σ_c e^{z_c} − (1 − ε) z_right − ε mean_c z_c
/// ```
///
/// # References
///
/// Szegedy et al., Rethinking the Inception Architecture for Computer Vision (arXiv 1512.00567), section 7.
fn cross_entropy(logits: &Tensor, targets: &Tensor, smoothing: f64) -> Result<Tensor, Error> {
    let right = logits.gather(&targets.unsqueeze(1)?, 1)?.squeeze(1)?;
    let all = logits.mean(1)?;
    let total = logits.log_sum_exp(1)?;
    Ok(((total - (right * (1.0 - smoothing))?)? - (all * smoothing)?)?.mean_all()?)
}

/// What is added to the gates of a layer at first, `[8H]`: the second quarter in either direction forgets.
fn forget_gates(hidden: usize) -> Result<Tensor, Error> {
    let gates = (0..8 * hidden).map(|gate| if gate / hidden % 4 == 1 { REMEMBER } else { 0.0 });
    Ok(Tensor::from_iter(gates, &Device::Cpu)?)
}
