//! Training of the grapheme-to-phoneme network as a task.

use candle_core::{DType, Device, Tensor};
use mynah_ops::{AdamW, AdamWConfig, Noise, clip_gradients};
use mynah_text::{G2p, G2pAccuracy, G2pTensors, Phone, StressState};
use mynah_voice::Parameters;
use mynah_voice::blocks::Dropout;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::G2pConfig;
use super::lesson::{Batch, Lesson, Words};
use super::model::{G2pModel, Question};
use crate::Error;
use crate::run::{Keep, RunConfig};
use crate::task::{Drawn, Place, Position, Report, Task, TaskState};
use crate::values::Values;

/// Initial bias of the forget gates, so that little is forgotten at first.
const REMEMBER: f32 = 1.0;
/// Origin of a divergence, for the error.
const ORIGIN: &str = "this network has a single module";
/// Constant that is combined with the seed for the dropout of the history, since the order of the batches uses the seed itself.
const HISTORY_SEED: u64 = 0x6869_7374_6F72_7921;
/// Section of the optimizer's moments in a checkpoint.
const OPTIMIZER: &str = "optimizer";

/// Training of a grapheme-to-phoneme network on the words of a lesson.
#[derive(Debug)]
pub struct G2pTask<'a> {
    config: G2pConfig,
    lesson: &'a Lesson,
    pub(super) parameters: Parameters,
    pub(super) model: G2pModel,
    optimizer: AdamW,
    /// The current epoch and its batches.
    order: (u64, Vec<Batch>),
}

/// Numbers in a checkpoint of this task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct G2pState {
    /// Settings of the training, which must be the same when it resumes.
    config: G2pConfig,
}

impl<'a> G2pTask<'a> {
    /// Builds an untrained network.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if there are no words, and [`Error::Config`] if a setting is out of range.
    pub fn new(config: &G2pConfig, lesson: &'a Lesson) -> Result<Self, Error> {
        if lesson.words() == 0 {
            return Err(Error::Empty { why: "there are no words to train on" });
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
        let order = (0, lesson.batches(config.batch_letters, config.seed, 0));
        Ok(Self { config: config.clone(), lesson, parameters, model, optimizer, order })
    }

    /// Returns the parameter count of the network.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.count()
    }

    /// Returns the number of steps per epoch.
    #[must_use]
    pub fn epoch_steps(&self) -> u64 {
        self.order.1.len() as u64
    }

    /// Returns the length of the run, which logs and writes a checkpoint after every epoch and keeps the last checkpoint.
    #[must_use]
    pub fn run(&self) -> RunConfig {
        let epoch = self.epoch_steps();
        RunConfig {
            steps: epoch * self.config.epochs,
            log_every: epoch,
            checkpoint_every: epoch,
            keep: Keep::last(1),
            patience: 0,
        }
    }

    /// Returns the current weights with the inventory of chunks.
    ///
    /// # Errors
    ///
    /// Fails if a tensor cannot be copied to memory.
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

    /// Returns the packed network and the same network opened for inference.
    ///
    /// # Errors
    ///
    /// Fails if a weight cannot be packed.
    pub fn network(&self) -> Result<(Vec<u8>, G2p), Error> {
        let bytes = self.tensors()?.pack().map_err(Error::Text)?;
        let g2p = G2p::open(&bytes).map_err(Error::Text)?;
        Ok((bytes, g2p))
    }

    /// Converts a batch to tensors: the network's input and the target chunks.
    fn question(&self, batch: &Batch, step: u64) -> Result<(Question, Tensor), Error> {
        let mut generator = ChaCha8Rng::seed_from_u64(self.config.seed ^ HISTORY_SEED);
        generator.set_stream(step);
        let dropout = self.config.history_dropout as f32;
        question(batch, self.lesson.chunks(), self.config.history, || generator.random::<f32>() < dropout)
    }
}

impl Task for G2pTask<'_> {
    type Batch = Batch;

    fn name(&self) -> &'static str {
        "g2p"
    }

    fn draw(&mut self, place: Place) -> Result<Drawn<Batch>, Error> {
        if self.order.0 != place.epoch {
            let order = self.lesson.batches(self.config.batch_letters, self.config.seed, place.epoch);
            self.order = (place.epoch, order);
        }
        let batch = usize::try_from(place.batch).ok().and_then(|batch| self.order.1.get(batch)).cloned();
        let Some(batch) = batch else {
            return Err(Error::Empty { why: "the epoch has no such batch, so the words have changed" });
        };
        Ok(Drawn { batch, next: place.next(self.epoch_steps()) })
    }

    fn step(&mut self, batch: Batch, position: Position) -> Result<Report, Error> {
        let step = position.step;
        let rate = self.config.learning_rate_at(step, self.epoch_steps());
        self.optimizer.set_learning_rate(rate);
        let (question, targets) = self.question(&batch, step)?;
        let mut noise = Noise::for_step(self.config.seed, step);
        let logits = self.model.forward(&question, &mut Dropout::on(&mut noise), self.config.dropout)?;
        let loss = cross_entropy(&logits, &targets, self.config.label_smoothing)?;
        let letters = question.length * question.words;
        // Weighted by its letters, so that words of rare lengths, whose batches are small, do not count more than others.
        let share = letters as f64 / self.config.batch_letters as f64;
        let mut gradients = (&loss * share)?.backward()?;
        let loss = finite(f64::from(loss.to_scalar::<f32>()?), "cross entropy", step)?;
        let named = self.parameters.named();
        let variables = named.iter().map(|(_, variable)| variable);
        let norm = clip_gradients(&mut gradients, variables, self.config.clip_norm)?;
        let norm = finite(norm, "gradient", step)?;
        self.optimizer.step(&gradients)?;
        let values =
            Values::new().with("loss_total", loss).with("gradient_norm", norm).with("learning_rate", rate);
        Ok(Report { phase: None, values })
    }

    /// Pronounces the words for validation and reports the percentage of wrong ones.
    fn validate(&mut self, _: Position) -> Result<Option<Report>, Error> {
        if self.lesson.watched().is_empty() {
            return Ok(None);
        }
        let (without_stress, with_stress) =
            accuracy(&self.network()?.1, self.lesson.watched()).word_error_rates();
        let values = Values::new()
            .with("word_error_rate", without_stress)
            .with("word_error_rate_with_stress", with_stress);
        Ok(Some(Report { phase: None, values }))
    }

    fn state(&self) -> Result<TaskState, Error> {
        let numbers = G2pState { config: self.config.clone() };
        let state = TaskState::new(self.parameters.tensors(), &numbers)?;
        Ok(state.with(OPTIMIZER, self.optimizer.state()?))
    }

    fn restore(&mut self, state: &TaskState) -> Result<(), Error> {
        let path = &state.origin;
        let G2pState { config } = state.numbers()?;
        // Only the length of the training may change.
        if (G2pConfig { epochs: self.config.epochs, ..config }) != self.config {
            let why = "it belongs to a training with other settings".to_owned();
            return Err(Error::File { path: path.clone(), why });
        }
        self.parameters.assign(&state.model, path)?;
        self.optimizer.load_state(&state.section(OPTIMIZER)).map_err(Error::file(path))
    }
}

/// Computes the accuracy of a network on words.
#[must_use]
pub fn accuracy(g2p: &G2p, words: &Words) -> G2pAccuracy {
    let one = |(word, variants): &(String, Vec<Vec<Phone>>)| G2pAccuracy::of(g2p, word, variants);
    words.par_iter().map(one).reduce(G2pAccuracy::default, |mut sum, other| {
        sum += other;
        sum
    })
}

fn finite(value: f64, loss: &str, step: u64) -> Result<f64, Error> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::Diverged { step, loss: loss.to_owned(), value, origin: ORIGIN.to_owned() })
}

impl G2pConfig {
    /// Returns the learning rate of a step: a linear rise, a plateau and a linear fall to zero, so that the length of the
    /// training can be changed during the plateau.
    fn learning_rate_at(&self, step: u64, epoch_steps: u64) -> f64 {
        let rise = (step + 1) as f64 / self.warm_up_steps.max(1) as f64;
        let left = (self.epochs * epoch_steps).saturating_sub(step) as f64;
        let fall = left / (self.cool_down_epochs * epoch_steps).max(1) as f64;
        self.learning_rate * rise.min(fall).min(1.0)
    }
}

/// Converts words of equal length to tensors: the network's input and the target chunks. `hides_history` decides for each
/// letter whether the chunks before it are hidden.
pub(super) fn question(
    batch: &[(Vec<usize>, Vec<u16>)],
    chunks: &[Vec<Phone>],
    history: usize,
    mut hides_history: impl FnMut() -> bool,
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
            let hidden = hides_history();
            for (back, before) in before.iter_mut().enumerate() {
                let chunk = time.checked_sub(back + 1).map_or(nothing, |at| u32::from(word_chunks[at]));
                before.push(if hidden { nothing + 1 } else { chunk });
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

/// Computes the cross entropy with label smoothing, averaged over the letters: the target has 1 − ε on the right chunk and
/// distributes ε evenly over all chunks.
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

/// Returns the initial bias of a layer's gates, `[8H]`: [`REMEMBER`] for the forget gates, which are the second quarter of
/// each direction, and 0 for the others.
fn forget_gates(hidden: usize) -> Result<Tensor, Error> {
    let gates = (0..8 * hidden).map(|gate| if gate / hidden % 4 == 1 { REMEMBER } else { 0.0 });
    Ok(Tensor::from_iter(gates, &Device::Cpu)?)
}
