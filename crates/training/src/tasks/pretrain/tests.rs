//! Pre-training on learnable sentences, and its independence of padding and of the division into batches.

use std::path::Path;

use candle_core::{DType, Tensor};
use mynah_ops::testing::{device, normal};
use mynah_testkit::assert_close;
use mynah_text::{SupPhones, Symbol, Vocabulary, parse_phones};
use mynah_voice::EncoderConfig;

use super::inventory::Sentence;
use super::{
    InMemoryShards, Inventory, MaskConfig, PretrainConfig, PretrainModelConfig, PretrainOptimizerConfig,
    PretrainState, PretrainTask, Pretrainer,
};
use crate::{Error, Observer, Row, Run};

/// Tolerance between two ways to compute the same sums in f64.
const ROUNDING: f64 = 1e-10;

const WORDS: [&str; 5] = ["M AE1 P", "S IH1 T ER0", "DH AH0", "K AE1 T", "R AH1 N"];

fn model() -> PretrainModelConfig {
    let encoder = EncoderConfig { blocks: 1, filter: 32, dropout: 0.0, ..EncoderConfig::default() };
    PretrainModelConfig { hidden: 16, encoder }
}

fn config() -> PretrainConfig {
    PretrainConfig {
        seed: 7,
        steps: 60,
        warm_up_steps: 6,
        batch_symbols: 120,
        accumulate: 2,
        mix_shards: 2,
        validation_fraction: 0.2,
        log_every: 1,
        checkpoint_every: 20,
        optimizer: PretrainOptimizerConfig { learning_rate: 1e-2, ..Default::default() },
        ..PretrainConfig::default()
    }
}

fn sup_phones() -> SupPhones {
    SupPhones::train(WORDS.map(|word| (parse_phones(word).unwrap(), 9)), 4)
}

/// Sentences of words in a fixed cycle, so that the words around it determine a word.
fn sentences(count: usize, from: usize) -> Vec<Sentence> {
    let (vocabulary, sup_phones) = (Vocabulary::arpabet(), sup_phones());
    let inventory = Inventory::new(&vocabulary, &sup_phones).unwrap();
    (from..from + count)
        .map(|index| {
            let (mut symbols, mut word) = (vec![Symbol::Begin], vec![None]);
            for place in 0..3 + index % 4 {
                if place > 0 {
                    symbols.push(Symbol::Boundary);
                    word.push(None);
                }
                for phone in parse_phones(WORDS[(index / 4 + place) % 5]).unwrap() {
                    symbols.push(Symbol::Phone(phone));
                    word.push(Some(place as u32));
                }
            }
            symbols.push(Symbol::End);
            word.push(None);
            let sup_phones = sup_phones.encode(&symbols, &word);
            Sentence::new("test", vocabulary.ids(&symbols), &sup_phones, &inventory).unwrap()
        })
        .collect()
}

fn shards() -> InMemoryShards {
    InMemoryShards((0..5).map(|shard| sentences(16, shard * 16)).collect())
}

fn trainer(config: &PretrainConfig) -> Pretrainer {
    Pretrainer::new(&model(), config, &Vocabulary::arpabet(), &sup_phones(), &device()).unwrap()
}

fn in_double_precision(config: &PretrainConfig) -> Pretrainer {
    let inventory = Inventory::new(&Vocabulary::arpabet(), &sup_phones()).unwrap();
    let trainer = Pretrainer::of(DType::F64, &model(), config, inventory, &device()).unwrap();
    for (index, (_, variable)) in trainer.parameters.named().iter().enumerate() {
        let drawn = (normal(index as u64, variable.shape()) * 0.2).unwrap();
        variable.set(&(variable.as_tensor() + drawn).unwrap()).unwrap();
    }
    trainer
}

#[derive(Default)]
struct Notebook {
    rows: Vec<Row>,
    validation: Vec<Row>,
}

impl Observer for Notebook {
    fn step(&mut self, row: &Row, _: bool) -> Result<(), Error> {
        self.rows.push(row.clone());
        Ok(())
    }

    fn checkpoint(&mut self, _: &Path, validation: Option<&Row>) -> Result<(), Error> {
        self.validation.extend(validation.cloned());
        Ok(())
    }
}

fn pretrain(directory: &Path, config: &PretrainConfig) -> (PretrainState, Notebook) {
    let shards = shards();
    let task = PretrainTask::new(trainer(config), &shards).unwrap();
    let mut run = Run::new(task, config.run(), directory);
    let mut notebook = Notebook::default();
    run.train(&mut notebook).unwrap();
    (run.task().progress(), notebook)
}

#[test]
fn learns_more_than_the_best_fixed_guess() {
    let directory = tempfile::tempdir().unwrap();
    let validation = pretrain(directory.path(), &config()).1.validation;
    assert_eq!(validation.iter().map(|row| row.step).collect::<Vec<_>>(), [20, 40, 60]);
    let last = validation.last().unwrap();
    let value = |name| last.values.get(name).unwrap();
    assert!(value("hidden_symbols") >= 10.0, "{last:?}");
    assert!(value("hidden_symbols") > value("hidden_sup_phones"), "{last:?}");
    // The words follow each other in a cycle, so masked ones can be inferred.
    assert!(value("accuracy_symbols") > value("baseline_accuracy_symbols") + 0.3, "{last:?}");
    assert!(value("accuracy_sup_phones") > value("baseline_accuracy_sup_phones") + 0.3, "{last:?}");
    assert!(value("loss_symbols") < 0.5 * value("baseline_loss_symbols"), "{last:?}");
    assert!(value("loss_sup_phones") < 0.5 * value("baseline_loss_sup_phones"), "{last:?}");
    let sum = value("loss_symbols") + value("loss_sup_phones");
    assert_close(value("loss_total"), sum, 1e-12, "total");
}

#[test]
fn losses_do_not_depend_on_padding() {
    let trainer = in_double_precision(&config());
    let all = sentences(8, 0);
    let everything = MaskConfig { masked: 1.0, replaced: 0.0, ..MaskConfig::default() };
    let mut generator = trainer.masking(3);
    let masked = super::masking::mask(&all, trainer.inventory(), &everything, &mut generator);
    let losses = |masked: &[super::masking::Masked]| -> [f64; 2] {
        let batch = trainer.batch(masked).unwrap();
        let found = trainer.losses(
            &batch,
            &mut mynah_voice::blocks::Dropout::off(),
            &mut super::trainer::Tally::default(),
        );
        found.unwrap().map(|loss| loss.to_scalar::<f64>().unwrap())
    };
    let together = losses(&masked);
    let mut alone = [0.0; 2];
    let mut lengths = std::collections::BTreeSet::new();
    for one in masked.iter().filter(|masked| !masked.chosen.is_empty()) {
        lengths.insert(one.symbols.len());
        let loss = losses(std::slice::from_ref(one));
        alone = [alone[0] + loss[0], alone[1] + loss[1]];
    }
    assert!(lengths.len() > 2, "the lengths must differ for padding");
    assert_close(together[0], alone[0], ROUNDING * together[0], "symbols");
    assert_close(together[1], alone[1], ROUNDING * together[1], "sup-phonemes");
}

#[test]
fn accumulated_batches_equal_one_batch() {
    let all = sentences(12, 0);
    let step = |batches: &[Vec<Sentence>]| {
        let mut trainer = in_double_precision(&config());
        let report = trainer.step(batches, 0).unwrap();
        let tensors: Vec<Tensor> = trainer.parameters.tensors().into_values().collect();
        (report, tensors)
    };
    let (one, of_one) = step(std::slice::from_ref(&all));
    let (three, of_three) = step(&[all[..3].to_vec(), all[3..4].to_vec(), all[4..].to_vec()]);
    for name in ["loss_total", "gradient_norm"] {
        assert_close(one.get(name).unwrap(), three.get(name).unwrap(), ROUNDING, name);
    }
    for name in ["hidden_symbols", "symbols"] {
        assert_close(one.get(name).unwrap(), three.get(name).unwrap(), 0.0, name);
    }
    for (a, b) in of_one.iter().zip(&of_three) {
        let largest: f64 = (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap();
        // Adam normalizes gradients, so that rounding errors of one near 0 are amplified.
        assert!(largest < 1e-6, "{largest}");
    }
}

#[test]
fn counts_sentences_that_are_too_long() {
    let directory = tempfile::tempdir().unwrap();
    let config = PretrainConfig { max_symbols: 15, steps: 8, ..config() };
    let (progress, notebook) = pretrain(directory.path(), &config);
    let last = notebook.rows.last().unwrap();
    assert!(progress.too_long > 0 && last.values.get("too_long") == Some(progress.too_long as f64));
    assert!(trainer(&config).validate(&[], 0).unwrap().is_none());
}
