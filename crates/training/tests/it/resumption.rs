//! A run that is interrupted ends as an undisturbed one, bit for bit: one test body for every task.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mynah_ops::testing::device;
use mynah_text::{Dictionary, Lexicon, SupPhones, Symbol, Vocabulary, pack_dictionary, parse_phones};
use mynah_training::tasks::g2p::{G2pConfig, G2pTask, Lesson};
use mynah_training::tasks::naturalspeech::{NaturalSpeechTask, TrainConfig};
use mynah_training::tasks::pretrain::{
    InMemoryShards, Inventory, PretrainConfig, PretrainModelConfig, PretrainOptimizerConfig, PretrainTask,
    Pretrainer, Sentence,
};
use mynah_training::{Checkpoint, Position, Run, RunConfig, Task, checkpoints};
use mynah_voice::EncoderConfig;

use crate::support::{Notebook, config, examples, trainer};

/// The bits of every tensor of a state, by name.
type Bits = BTreeMap<String, Vec<u32>>;

fn bits(state: &mynah_training::TaskState) -> Bits {
    let all = state.model.iter().map(|(name, tensor)| (format!("model {name}"), tensor));
    let all = all.chain(state.training.iter().map(|(name, tensor)| (format!("training {name}"), tensor)));
    let values = |tensor: &candle_core::Tensor| {
        let values = tensor.flatten_all().unwrap().to_dtype(candle_core::DType::F32).unwrap();
        values.to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
    };
    all.map(|(name, tensor)| (name, values(tensor))).collect()
}

/// The three files of the last checkpoint.
fn files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let (_, last) = checkpoints(run).unwrap().pop().unwrap();
    let entries = fs::read_dir(last).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// Trains to the end at once, and by stops, each in a new task; compares rows, position, every tensor and every file.
fn check<T: Task>(new: impl Fn() -> T, config: RunConfig, stops: &[u64]) -> Run<T> {
    let config = RunConfig { log_every: 1, ..config };
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut undisturbed = Run::new(new(), config.clone(), whole.path());
    assert!(undisturbed.resume().unwrap().is_none(), "there is nothing to go on from");
    let mut expected = Notebook::default();
    undisturbed.train(&mut expected).unwrap();
    assert_eq!(
        expected.rows.iter().map(|row| row.step).collect::<Vec<_>>(),
        (1..=config.steps).collect::<Vec<_>>()
    );

    let mut rows = Vec::new();
    let mut last = Position::default();
    for stop in stops.iter().copied().map(Some).chain([None]) {
        let mut run = Run::new(new(), config.clone(), parts.path());
        assert_eq!(run.resume().unwrap().is_some(), last.step > 0);
        assert_eq!(run.position(), last);
        let mut notebook = Notebook { stop_after: stop, ..Notebook::default() };
        run.train(&mut notebook).unwrap();
        rows.extend(notebook.rows);
        last = run.position();
        assert_eq!(last.step, stop.unwrap_or(config.steps));
        if stop.is_none() {
            let (a, b) = (run.task().state().unwrap(), undisturbed.task().state().unwrap());
            assert!(!bits(&a).is_empty());
            assert!(bits(&a) == bits(&b), "a tensor differs");
            assert_eq!(a.numbers, b.numbers);
        }
    }
    assert_eq!(rows, expected.rows);
    assert_eq!(last, undisturbed.position());
    let (a, b) = (files(whole.path()), files(parts.path()));
    assert_eq!(a.keys().collect::<Vec<_>>(), ["model.safetensors", "optimizer.safetensors", "state.toml"]);
    for (name, bytes) in &a {
        assert!(*bytes == b[name], "{name}");
    }

    // Another task's run is not gone on with.
    let (_, place) = checkpoints(whole.path()).unwrap().pop().unwrap();
    let refused = Checkpoint::read(&place).unwrap().check_task("another").unwrap_err().to_string();
    assert!(refused.contains("`another`") && refused.contains(undisturbed.task().name()), "{refused}");
    undisturbed
}

#[test]
fn naturalspeech_resumes_bit_for_bit() {
    let (config, examples) = (config(), examples());
    // Once in the warm-up, once in the main phase.
    check(|| NaturalSpeechTask::new(trainer(&config), &examples, &examples), config.run(), &[7, 20]);
}

#[test]
fn accumulated_batches_and_averages_resume_bit_for_bit() {
    // Steps of three batches straddle the epochs.
    let config = TrainConfig { accumulate: 3, average: 0.9, ..config() };
    let examples = examples();
    check(|| NaturalSpeechTask::new(trainer(&config), &examples, &examples), config.run(), &[7, 20]);
}

const WORDS: [&str; 5] = ["M AE1 P", "S IH1 T ER0", "DH AH0", "K AE1 T", "R AH1 N"];

/// Sentences of words in a fixed cycle.
fn shards(vocabulary: &Vocabulary, sup_phones: &SupPhones) -> InMemoryShards {
    let inventory = Inventory::new(vocabulary, sup_phones).unwrap();
    let sentence = |index: usize| {
        let (mut symbols, mut word) = (vec![Symbol::Begin], vec![None]);
        for place in 0..3 + index % 4 {
            for phone in parse_phones(WORDS[(index / 4 + place) % 5]).unwrap() {
                symbols.push(Symbol::Phone(phone));
                word.push(Some(place as u32));
            }
        }
        symbols.push(Symbol::End);
        word.push(None);
        let sup_phones = sup_phones.encode(&symbols, &word);
        Sentence::new("test", vocabulary.ids(&symbols), &sup_phones, &inventory).unwrap()
    };
    InMemoryShards((0..5).map(|shard| (shard * 16..(shard + 1) * 16).map(sentence).collect()).collect())
}

#[test]
fn pretraining_resumes_bit_for_bit() {
    let vocabulary = Vocabulary::arpabet();
    let sup_phones = SupPhones::train(WORDS.map(|word| (parse_phones(word).unwrap(), 9)), 4);
    let shards = shards(&vocabulary, &sup_phones);
    // With dropout: what is dropped has to be the same after an interruption, too.
    let encoder = EncoderConfig { blocks: 1, filter: 32, dropout: 0.1, ..EncoderConfig::default() };
    let model = PretrainModelConfig { hidden: 16, encoder };
    let config = PretrainConfig {
        seed: 7,
        steps: 60,
        warm_up_steps: 6,
        batch_symbols: 120,
        accumulate: 2,
        mix_shards: 2,
        validation_fraction: 0.2,
        checkpoint_every: 20,
        optimizer: PretrainOptimizerConfig { learning_rate: 1e-2, ..Default::default() },
        ..PretrainConfig::default()
    };
    let new = || {
        let trainer = Pretrainer::new(&model, &config, &vocabulary, &sup_phones, &device()).unwrap();
        PretrainTask::new(trainer, &shards).unwrap()
    };
    // In the middle of a group of shards, and at a checkpoint.
    let run = check(new, config.run(), &[13, 40]);
    assert!(run.position().place.epoch > 1 && run.task().progress().sentences > 0);
}

#[test]
fn g2p_resumes_bit_for_bit() {
    let syllables = [("ba", "B AA0"), ("to", "T OW0"), ("shi", "SH IY0"), ("mu", "M UW0"), ("ex", "EH2 K S")];
    let mut lines = Vec::new();
    for (a, x) in syllables {
        for (b, y) in syllables {
            for (c, z) in syllables {
                lines.push(format!("{a}{b}{c} {x} {y} {z}\n{b}{c} {y} {z}"));
            }
        }
    }
    let packed = pack_dictionary(&Lexicon::parse("made", &lines.join("\n")).unwrap()).unwrap();
    let dictionary = Dictionary::open(Cow::Owned(packed.words), Cow::Owned(packed.phones)).unwrap();
    let lesson = Lesson::new(&dictionary);
    let config = G2pConfig {
        seed: 5,
        epochs: 6,
        hidden: 12,
        features: 16,
        history: 2,
        batch_letters: 96,
        learning_rate: 2e-2,
        warm_up_steps: 5,
        dropout: 0.05,
        ..G2pConfig::default()
    };
    let new = || G2pTask::new(&config, &lesson).unwrap();
    let epoch = new().epoch_steps();
    // At the end of an epoch, and inside one.
    check(new, new().run(), &[epoch, 3 * epoch + 1]);
}
