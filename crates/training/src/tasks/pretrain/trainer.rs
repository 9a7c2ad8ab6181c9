//! One step: mask, encode, predict, backward, clip, step.

use std::collections::BTreeMap;

use candle_core::{D, DType, Device, Tensor};
use mynah_ops::{AdamW, AdamWConfig, Noise, clip_gradients};
use mynah_text::{SupPhones, Vocabulary};
use mynah_voice::Parameters;
use mynah_voice::blocks::Dropout;
use mynah_voice::blocks::{PhonemeEncoder, sequence_mask};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::baseline::baseline;
use super::config::{MaskConfig, PretrainConfig, PretrainModelConfig};
use super::heads::Heads;
use super::inventory::{Inventory, Sentence};
use super::masking::{Masked, mask};
use crate::Error;
use crate::loss::{Hidden, cross_entropy};
use crate::precision::check_precision;
use crate::values::Values;

/// Constant that is combined with the seed for the masks, so that they are independent of dropout.
const MASKING: u64 = 0x6869_6465_0000;

/// Step number that seeds the masks of held-out sentences, so that they are the same at every validation.
const VALIDATION: u64 = u64::MAX;

/// Maximum number of symbols per batch of held-out sentences.
const VALIDATION_SYMBOLS: usize = 8_000;

/// Trainer of the encoder: its parameters, those of the heads, and the optimizer.
#[derive(Debug)]
pub struct Pretrainer {
    pub(super) config: PretrainConfig,
    pub(super) parameters: Parameters,
    pub(super) optimizer: AdamW,
    encoder: PhonemeEncoder,
    heads: Heads,
    inventory: Inventory,
    dtype: DType,
    device: Device,
}

/// A masked batch as tensors.
pub(super) struct Batch {
    symbols: Tensor,
    sup_phones: Tensor,
    mask: Tensor,
    hidden: Hidden,
    /// The targets of `hidden` as numbers, for counting.
    symbol_targets: Vec<u32>,
    sup_phone_targets: Vec<u32>,
    /// Number of symbols without padding.
    size: usize,
}

/// Sums over the batches of one report.
#[derive(Default)]
pub(super) struct Tally {
    loss_symbols: f64,
    loss_sup_phones: f64,
    right_symbols: u64,
    right_sup_phones: u64,
    symbols: BTreeMap<u32, u64>,
    sup_phones: BTreeMap<u32, u64>,
    size: u64,
}

impl Pretrainer {
    /// Builds a trainer with parameters drawn from the seed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] if settings contradict each other, and [`Error::Empty`] if the vocabulary has nothing to mask.
    pub fn new(
        model: &PretrainModelConfig,
        config: &PretrainConfig,
        vocabulary: &Vocabulary,
        sup_phones: &SupPhones,
        device: &Device,
    ) -> Result<Self, Error> {
        Self::of(DType::F32, model, config, Inventory::new(vocabulary, sup_phones)?, device)
    }

    pub(super) fn of(
        dtype: DType,
        model: &PretrainModelConfig,
        config: &PretrainConfig,
        inventory: Inventory,
        device: &Device,
    ) -> Result<Self, Error> {
        model.encoder.validate(model.hidden)?;
        config.validate()?;
        check_precision(config.precision, device)?;
        let parameters = Parameters::new(config.seed, dtype, device).with_precision(config.precision);
        let vb = parameters.builder();
        let sizes = inventory.sizes();
        let encoder = PhonemeEncoder::new(&model.encoder, model.hidden, sizes, &vb.pp("encoder"))?;
        let heads = Heads::new(model.hidden, sizes.symbols, sizes.sup_phones, &vb.pp("heads"))?;
        let optimizer = AdamWConfig {
            learning_rate: config.optimizer.learning_rate,
            beta1: config.optimizer.beta1,
            beta2: config.optimizer.beta2,
            epsilon: config.optimizer.epsilon,
            weight_decay: config.optimizer.weight_decay,
        };
        Ok(Self {
            config: config.clone(),
            optimizer: AdamW::new(parameters.named(), optimizer)?,
            parameters,
            encoder,
            heads,
            inventory,
            dtype,
            device: device.clone(),
        })
    }

    /// Returns the inventory of the text.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Returns the parameter counts of the encoder and of the heads.
    #[must_use]
    pub fn parameter_counts(&self) -> (usize, usize) {
        let of = |prefix: &str| {
            let named = self.parameters.named().into_iter();
            named
                .filter(|(name, _)| name.starts_with(prefix))
                .map(|(_, variable)| variable.elem_count())
                .sum()
        };
        (of("encoder."), of("heads."))
    }

    /// Trains on the batches of one step, whose gradient equals that of one batch with all their sentences.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Diverged`] if a loss or the gradient is not finite; the parameters are then unchanged.
    pub fn step(&mut self, batches: &[Vec<Sentence>], step: u64) -> Result<Values, Error> {
        let mut noise = Noise::for_step(self.config.seed, step);
        let mut generator = self.masking(step);
        let batches: Vec<Batch> = batches
            .iter()
            .map(|sentences| {
                let masked = mask(sentences, &self.inventory, &self.config.mask, &mut generator);
                self.batch(&masked)
            })
            .collect::<Result<_, Error>>()?;
        let count = |of: fn(&Batch) -> usize| batches.iter().map(of).sum::<usize>() as f64;
        let n_symbols = count(|batch| batch.symbol_targets.len());
        let n_sup_phones = count(|batch| batch.sup_phone_targets.len());

        let mut tally = Tally::default();
        let named = self.parameters.named();
        let mut sums: Vec<Option<Tensor>> = vec![None; named.len()];
        let mut gradients = None;
        for batch in &batches {
            let [of_symbols, of_sup_phones] = self.losses(batch, &mut Dropout::on(&mut noise), &mut tally)?;
            let total = ((of_symbols / n_symbols)? + (of_sup_phones / n_sup_phones)?)?;
            let found = total.backward()?;
            for (sum, (_, variable)) in sums.iter_mut().zip(&named) {
                *sum = match (sum.take(), found.get(variable)) {
                    (Some(sum), Some(gradient)) => Some((sum + gradient)?),
                    (sum, gradient) => sum.or_else(|| gradient.cloned()),
                };
            }
            gradients = Some(found);
        }
        let Some(mut gradients) = gradients else {
            return Err(Error::Empty { why: "the step has no sentences" });
        };
        for (sum, (_, variable)) in sums.into_iter().zip(&named) {
            if let Some(sum) = sum {
                gradients.insert(variable, sum);
            }
        }
        let mut values = report(&tally, step)?;
        let variables = named.iter().map(|(_, variable)| variable);
        let norm = clip_gradients(&mut gradients, variables, self.config.optimizer.clip_norm)?;
        if !norm.is_finite() {
            let origin = "the losses are finite".to_owned();
            return Err(Error::Diverged { step, loss: "gradient".to_owned(), value: norm, origin });
        }
        let rate = self.config.learning_rate(step);
        self.optimizer.set_learning_rate(rate);
        self.optimizer.step(&gradients)?;

        values.set("gradient_norm", norm);
        values.set("learning_rate", rate);
        Ok(values)
    }

    /// Evaluates held-out sentences without dropout; returns `None` if there are none.
    ///
    /// The same sup-phonemes are masked every time, and all chosen ones become `<mask>`, so that no target is visible.
    ///
    /// # Errors
    ///
    /// Fails if a tensor operation fails.
    pub fn validate(&self, sentences: &[Sentence], step: u64) -> Result<Option<Values>, Error> {
        let everything = MaskConfig { masked: 1.0, replaced: 0.0, ..self.config.mask.clone() };
        let mut generator = self.masking(VALIDATION);
        let mut tally = Tally::default();
        let mut rest = sentences;
        while !rest.is_empty() {
            let mut size = 0;
            let fitting = rest.iter().take_while(|sentence| {
                size += sentence.symbols().len();
                size <= VALIDATION_SYMBOLS
            });
            let (some, remaining) = rest.split_at(fitting.count().max(1));
            let batch = self.batch(&mask(some, &self.inventory, &everything, &mut generator))?;
            self.losses(&batch, &mut Dropout::off(), &mut tally)?;
            rest = remaining;
        }
        if sentences.is_empty() { Ok(None) } else { report(&tally, step).map(Some) }
    }

    /// Returns the generator of the masks of a step.
    pub(super) fn masking(&self, step: u64) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(self.config.seed ^ MASKING);
        generator.set_stream(step);
        generator
    }

    /// Builds the tensors of sentences, padded to the longest.
    pub(super) fn batch(&self, sentences: &[Masked]) -> Result<Batch, Error> {
        let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.symbols.len()).collect();
        let n = lengths.iter().copied().max().ok_or(Error::Empty { why: "the batch has no sentences" })?;
        let (mut places, mut span_of_place, mut span_lengths) = (Vec::new(), Vec::new(), Vec::new());
        let (mut symbol_targets, mut sup_phone_targets) = (Vec::new(), Vec::new());
        for (item, sentence) in sentences.iter().enumerate() {
            for (span, truth) in &sentence.chosen {
                for (place, symbol) in (span.start..).zip(truth) {
                    places.push((item * n + place) as u32);
                    span_of_place.push(sup_phone_targets.len() as u32);
                    symbol_targets.push(*symbol);
                }
                span_lengths.push(span.length as f32);
                sup_phone_targets.push(span.sup_phone);
            }
        }
        let (b, p, s) = (sentences.len(), symbol_targets.len(), sup_phone_targets.len());
        let device = &self.device;
        let padded = |of: fn(&Masked) -> &[u32]| -> Result<Tensor, Error> {
            let row = |sentence| of(sentence).iter().copied().chain(std::iter::repeat(0)).take(n);
            let ids: Vec<u32> = sentences.iter().flat_map(row).collect();
            Ok(Tensor::from_vec(ids, (b, n), device)?)
        };
        let ids = |values: &[u32]| Tensor::from_slice(values, values.len(), device);
        debug_assert_eq!(places.len(), p);
        Ok(Batch {
            symbols: padded(|sentence| &sentence.symbols)?,
            sup_phones: padded(|sentence| &sentence.sup_phones)?,
            mask: sequence_mask(&lengths, n, self.dtype, device)?,
            hidden: Hidden {
                places: ids(&places)?,
                span_of_place: ids(&span_of_place)?,
                span_lengths: Tensor::from_vec(span_lengths, (s, 1), device)?.to_dtype(self.dtype)?,
                symbols: ids(&symbol_targets)?,
                sup_phones: ids(&sup_phone_targets)?,
            },
            symbol_targets,
            sup_phone_targets,
            size: lengths.iter().sum(),
        })
    }

    /// Returns the summed losses of the symbols and of the sup-phonemes of a batch, and adds them to the tally.
    pub(super) fn losses(
        &self,
        batch: &Batch,
        dropout: &mut Dropout<'_>,
        tally: &mut Tally,
    ) -> Result<[Tensor; 2], Error> {
        let states = self.encoder.forward(&batch.symbols, &batch.sup_phones, &batch.mask, dropout)?;
        let (of_symbols, of_spans) = batch.hidden.states(&states)?;
        let (symbols, sup_phones) = self.encoder.tables();
        let scores = self.heads.symbols.forward(&of_symbols, symbols)?;
        let loss_symbols = cross_entropy(&scores, &batch.hidden.symbols)?;
        tally.right_symbols += right(&scores, &batch.symbol_targets)?;
        let scores = self.heads.sup_phones.forward(&of_spans, sup_phones)?;
        let loss_sup_phones = cross_entropy(&scores, &batch.hidden.sup_phones)?;
        tally.right_sup_phones += right(&scores, &batch.sup_phone_targets)?;
        tally.loss_symbols += loss_symbols.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        tally.loss_sup_phones += loss_sup_phones.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        for (counts, targets) in
            [(&mut tally.symbols, &batch.symbol_targets), (&mut tally.sup_phones, &batch.sup_phone_targets)]
        {
            for target in targets {
                *counts.entry(*target).or_default() += 1;
            }
        }
        tally.size += batch.size as u64;
        Ok([loss_symbols, loss_sup_phones])
    }
}

/// Computes the reported values of a tally (`docs/formats/training-run.md`).
///
/// In a training step some targets are visible (`mask.masked`), in validation none, so their values cannot be compared.
fn report(tally: &Tally, step: u64) -> Result<Values, Error> {
    let (Some(of_symbols), Some(of_sup_phones)) = (baseline(&tally.symbols), baseline(&tally.sup_phones))
    else {
        return Err(Error::Empty { why: "these sentences have no masked symbols" });
    };
    let hidden_symbols = tally.symbols.values().sum::<u64>();
    let hidden_sup_phones = tally.sup_phones.values().sum::<u64>();
    let (p, s) = (hidden_symbols as f64, hidden_sup_phones as f64);
    let (loss_symbols, loss_sup_phones) = (tally.loss_symbols / p, tally.loss_sup_phones / s);
    for (loss, value) in [("symbols", loss_symbols), ("sup_phones", loss_sup_phones)] {
        if !value.is_finite() {
            let origin = "the scores of the encoder and the head are not all finite".to_owned();
            return Err(Error::Diverged { step, loss: loss.to_owned(), value, origin });
        }
    }
    Ok(Values::new()
        .with("loss_total", loss_symbols + loss_sup_phones)
        .with("loss_symbols", loss_symbols)
        .with("loss_sup_phones", loss_sup_phones)
        .with("accuracy_symbols", tally.right_symbols as f64 / p)
        .with("accuracy_sup_phones", tally.right_sup_phones as f64 / s)
        .with("baseline_loss_symbols", of_symbols.loss)
        .with("baseline_loss_sup_phones", of_sup_phones.loss)
        .with("baseline_accuracy_symbols", of_symbols.accuracy)
        .with("baseline_accuracy_sup_phones", of_sup_phones.accuracy)
        .with("hidden_symbols", hidden_symbols)
        .with("hidden_sup_phones", hidden_sup_phones)
        .with("symbols", tally.size)
        .with("sentences", None::<u64>)
        .with("too_long", None::<u64>)
        .with("gradient_norm", None::<f64>)
        .with("learning_rate", None::<f64>))
}

/// Counts the rows whose largest logit is that of the target.
fn right(scores: &Tensor, targets: &[u32]) -> Result<u64, Error> {
    let best: Vec<u32> = scores.detach().argmax(D::Minus1)?.to_vec1()?;
    Ok(best.iter().zip(targets).filter(|(best, target)| best == target).count() as u64)
}
