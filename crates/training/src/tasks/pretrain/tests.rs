//! The whole of pre-training on sentences that can be learnt, against padding, division into batches and interruption.

use std::path::Path;

use candle_core::{DType, Tensor};
use mynah_ops::testing::{device, normal};
use mynah_testkit::assert_close;
use mynah_text::{SupPhones, Symbol, Vocabulary, parse_phones};
use mynah_voice::EncoderConfig;

use super::inventory::Sentence;
use super::{
    InMemoryShards, Inventory, MaskConfig, PretrainConfig, PretrainModelConfig, PretrainOptimizerConfig,
    PretrainReport, Pretrainer, run,
};
use crate::Error;
use crate::tasks::naturalspeech::Observer;

/// Two ways of computing the same sums in f64.
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

/// Sentences of words in a fixed cycle, so that what stands around a word tells which it is.
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
    reports: Vec<PretrainReport>,
    validation: Vec<PretrainReport>,
    stop_after: Option<u64>,
}

impl Observer<PretrainReport> for Notebook {
    fn step(&mut self, report: &PretrainReport, _: bool) -> Result<(), Error> {
        self.reports.push(PretrainReport { seconds: 0.0, ..report.clone() });
        Ok(())
    }

    fn checkpoint(&mut self, _: &Path, validation: Option<&PretrainReport>) -> Result<(), Error> {
        self.validation.extend(validation.map(|report| PretrainReport { seconds: 0.0, ..report.clone() }));
        Ok(())
    }

    fn stop(&self) -> bool {
        self.stop_after.is_some() && self.stop_after == self.reports.last().map(|report| report.step)
    }
}

fn pretrain(directory: &Path, stop_after: Option<u64>) -> (Pretrainer, Notebook) {
    // With dropout: what is dropped has to be the same after an interruption, too.
    let mut model = model();
    model.encoder.dropout = 0.1;
    let config = config();
    let sup_phones = sup_phones();
    let mut trainer =
        Pretrainer::new(&model, &config, &Vocabulary::arpabet(), &sup_phones, &device()).unwrap();
    trainer.resume(directory).unwrap();
    let mut notebook = Notebook { stop_after, ..Notebook::default() };
    run(&mut trainer, &config, &shards(), directory, &mut notebook).unwrap();
    (trainer, notebook)
}

#[test]
fn an_interrupted_run_ends_as_an_undisturbed_one_bit_for_bit() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (undisturbed, expected) = pretrain(whole.path(), None);
    let mut reports = Vec::new();
    // In the middle of a group of shards, at a checkpoint, and to the end.
    for stop in [Some(13), Some(40), None] {
        reports.extend(pretrain(parts.path(), stop).1.reports);
    }
    assert_eq!(reports, expected.reports);
    assert_eq!(reports.iter().map(|report| report.step).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
    for file in ["model.safetensors", "optimizer.safetensors", "state.toml"] {
        let of = |run: &Path| std::fs::read(run.join("checkpoints/step-60").join(file)).unwrap();
        assert!(of(whole.path()) == of(parts.path()), "{file}");
    }
    assert!(undisturbed.state().epoch > 1);
    assert_eq!(reports.last().unwrap().sentences, undisturbed.state().sentences);
}

#[test]
fn it_learns_more_than_the_best_fixed_guess() {
    let directory = tempfile::tempdir().unwrap();
    let validation = pretrain(directory.path(), None).1.validation;
    assert_eq!(validation.iter().map(|report| report.step).collect::<Vec<_>>(), [20, 40, 60]);
    let last = validation.last().unwrap();
    assert!(last.hidden_symbols >= 10 && last.hidden_symbols > last.hidden_sup_phones, "{last:?}");
    // The words follow each other in a cycle: what is hidden can be known.
    assert!(last.accuracy_symbols > last.baseline_accuracy_symbols + 0.3, "{last:?}");
    assert!(last.accuracy_sup_phones > last.baseline_accuracy_sup_phones + 0.3, "{last:?}");
    assert!(last.loss_symbols < 0.5 * last.baseline_loss_symbols, "{last:?}");
    assert!(last.loss_sup_phones < 0.5 * last.baseline_loss_sup_phones, "{last:?}");
    assert_close(last.loss_total, last.loss_symbols + last.loss_sup_phones, 1e-12, "total");
}

#[test]
fn a_sentence_has_the_same_loss_alone_and_padded() {
    let trainer = in_double_precision(&config());
    let all = sentences(8, 0);
    let everything = MaskConfig { masked: 1.0, replaced: 0.0, ..MaskConfig::default() };
    let mut generator = trainer.hiding(3);
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
    assert!(lengths.len() > 2, "sentences of other lengths are padded");
    assert_close(together[0], alone[0], ROUNDING * together[0], "symbols");
    assert_close(together[1], alone[1], ROUNDING * together[1], "sup-phones");
}

#[test]
fn batches_that_make_one_step_are_one_batch() {
    let all = sentences(12, 0);
    let step = |batches: &[Vec<Sentence>]| {
        let mut trainer = in_double_precision(&config());
        let report = trainer.step(batches).unwrap();
        let tensors: Vec<Tensor> = trainer.parameters.tensors().into_values().collect();
        (report, tensors)
    };
    let (one, of_one) = step(std::slice::from_ref(&all));
    let (three, of_three) = step(&[all[..3].to_vec(), all[3..4].to_vec(), all[4..].to_vec()]);
    assert_close(one.loss_total, three.loss_total, ROUNDING, "loss");
    assert_close(one.gradient_norm.unwrap(), three.gradient_norm.unwrap(), ROUNDING, "gradient");
    assert_eq!((one.hidden_symbols, one.symbols), (three.hidden_symbols, three.symbols));
    for (a, b) in of_one.iter().zip(&of_three) {
        let largest: f64 = (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap();
        // Adam divides a gradient by its size, so that one near 0 moves as far as any.
        assert!(largest < 1e-6, "{largest}");
    }
}

#[test]
fn too_many_symbols_are_counted_and_said() {
    let directory = tempfile::tempdir().unwrap();
    let config = PretrainConfig { max_symbols: 15, steps: 8, ..config() };
    let mut trainer = trainer(&config);
    let mut notebook = Notebook::default();
    run(&mut trainer, &config, &shards(), directory.path(), &mut notebook).unwrap();
    let last = notebook.reports.last().unwrap();
    assert!(last.too_long > 0 && last.too_long == trainer.state().too_long);
    assert!(trainer.validate(&[]).unwrap().is_none());
}
