//! Trainings that start from the parameters of a checkpoint or of a voice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mynah_signal::MelProfile;
use mynah_text::{SupPhones, Vocabulary, parse_phones};
use mynah_training::tasks::naturalspeech::{
    Example, ExportConfig, InMemory, NaturalSpeechTask, Part, Start, Symbols, TrainConfig, Trainer,
    TrainerConfig, WeightFormat, export_voice,
};
use mynah_training::{DiscriminatorConfig, Error, Run, Task as _, checkpoints};
use mynah_voice::blocks::VocabularySizes;
use mynah_voice::{AudioConfig, Device, ModelConfig, Voice};

use crate::support::{HOP, Notebook, RATE, config, discriminator, examples, model, train, trainer_with};

type Values = BTreeMap<String, Vec<f32>>;

/// Symbols of a training, of which the tones of [`examples`] are the first ones.
fn symbols(words: &str) -> Symbols {
    let words = words.split(", ").map(|word| (parse_phones(word).unwrap(), 9));
    Symbols { vocabulary: Vocabulary::arpabet(), sup_phones: SupPhones::train(words, 2) }
}

fn new_trainer(config: &TrainConfig, symbols: &Symbols) -> Trainer {
    let sizes = VocabularySizes { symbols: symbols.vocabulary.len(), sup_phones: symbols.sup_phones.len() };
    trainer_with(&model(), config, sizes).unwrap()
}

fn values(trainer: Trainer, examples: &InMemory) -> Values {
    let state = NaturalSpeechTask::new(trainer, examples, examples).state().unwrap();
    of_state(&state)
}

fn of_state(state: &mynah_training::TaskState) -> Values {
    let discriminators = state.section("discriminator_parameters").into_iter();
    let named = discriminators.map(|(name, tensor)| (format!("discriminators.{name}"), tensor));
    let flat = |tensor: candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1().unwrap();
    state.model.clone().into_iter().chain(named).map(|(name, tensor)| (name, flat(tensor))).collect()
}

/// Trains a source to its end; returns its last checkpoint and the values of its parameters.
fn source(directory: &Path, symbols: &Symbols) -> (PathBuf, Values) {
    let (config, examples) = (config(), examples());
    let (run, _) = train(new_trainer(&config, symbols), &config, &examples, directory);
    let (_, last) = checkpoints(directory).unwrap().pop().unwrap();
    (last, of_state(&run.task().state().unwrap()))
}

fn export(checkpoint: &Path, symbols: &Symbols, trainable: bool, out: &Path) {
    let audio = AudioConfig { sample_rate: RATE, hop_length: HOP, n_fft: 1024 };
    let config = ExportConfig {
        checkpoint,
        model: &model(),
        audio: &audio,
        pronunciation: "dictionary",
        vocabulary: &symbols.vocabulary.to_json(),
        sup_phones: &symbols.sup_phones.to_json(),
        weights: WeightFormat::F32,
        trainable,
    };
    export_voice(&config, out).unwrap();
    Voice::open(out, &Device::Cpu).unwrap();
}

#[test]
fn a_checkpoint_or_a_trainable_voice_gives_every_parameter() {
    let place = tempfile::tempdir().unwrap();
    let symbols = symbols("HH AH0, L OW1");
    let (checkpoint, expected) = source(&place.path().join("run"), &symbols);
    let voice = place.path().join("voice");
    export(&checkpoint, &symbols, true, &voice);
    let (of_voice, sizes, audio) = Start::of_voice(&voice).unwrap();
    assert_eq!((*sizes, audio.sample_rate), (model(), RATE));
    for start in [Start::of_checkpoint(&checkpoint, symbols.clone()).unwrap(), of_voice] {
        let mut trainer = new_trainer(&TrainConfig { seed: 8, ..config() }, &symbols);
        let started = trainer.start_from(&start, &symbols).unwrap();
        assert!(started.fresh.is_empty() && started.new_symbols + started.new_sup_phones == 0);
        assert!(trainer.memory_is_attached());
        let got = values(trainer, &examples());
        assert!(got == expected);
    }

    // A changed byte of the parts that only training needs is noticed.
    let path = voice.join("training.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Start::of_voice(&voice), Err(Error::Damaged { .. })));
}

#[test]
fn embeddings_are_found_by_symbol() {
    let place = tempfile::tempdir().unwrap();
    let before = symbols("HH AH0, L OW1");
    let (checkpoint, source) = source(place.path(), &before);
    // The same symbols in reverse order, without one of them; one sup-phoneme in common and one that is new.
    let mut names: Vec<String> = (0..before.vocabulary.len() as u32)
        .map(|id| before.vocabulary.symbol(id).unwrap().to_string())
        .collect();
    names.retain(|name| name != "ZH");
    names.reverse();
    let json = serde_json::json!({ "symbols": names }).to_string();
    let vocabulary = Vocabulary::from_json(&json).unwrap();
    let after = Symbols { vocabulary, ..symbols("HH AH0, S T") };
    let common = |id: u32| before.sup_phones.phones(id).unwrap();

    let config = TrainConfig { seed: 8, ..config() };
    let start = Start::of_checkpoint(&checkpoint, before.clone()).unwrap();
    let initial = values(new_trainer(&config, &after), &examples());
    let mut trainer = new_trainer(&config, &after);
    let started = trainer.start_from(&start, &after).unwrap();
    let got = values(trainer, &examples());

    let row = |values: &Values, table: &str, id: u32| {
        values[&format!("encoder.{table}.weight")].chunks(16).nth(id as usize).unwrap().to_vec()
    };
    assert_eq!(started.new_symbols, 0);
    for id in 0..after.vocabulary.len() as u32 {
        let there = before.vocabulary.id(after.vocabulary.symbol(id).unwrap());
        assert_eq!(row(&got, "symbols", id), row(&source, "symbols", there));
    }
    let mut new = 0;
    for id in 0..after.sup_phones.len() as u32 {
        let phones = after.sup_phones.phones(id).unwrap();
        let there = (0..before.sup_phones.len() as u32)
            .find(|other| if phones.is_empty() { *other == id } else { common(*other) == phones });
        let expected = if let Some(there) = there {
            row(&source, "sup_phones", there)
        } else {
            new += 1;
            row(&initial, "sup_phones", id)
        };
        assert_eq!(row(&got, "sup_phones", id), expected);
    }
    assert_eq!((started.new_sup_phones, new), (1, 1), "one of two merges is the same");
}

#[test]
fn parts_that_a_voice_lacks_are_trained_alone_at_first() {
    let place = tempfile::tempdir().unwrap();
    let symbols = symbols("HH AH0, L OW1");
    let (checkpoint, expected) = source(&place.path().join("run"), &symbols);
    let voice = place.path().join("voice");
    export(&checkpoint, &symbols, false, &voice);
    let (start, ..) = Start::of_voice(&voice).unwrap();

    let config = TrainConfig { steps: 6, freeze_steps: 3, warm_up_steps: 0, checkpoint_every: 3, ..config() };
    let (examples, out) = (examples(), place.path().join("tuned"));
    let new = || {
        let mut trainer = new_trainer(&config, &symbols);
        let started = trainer.start_from(&start, &symbols).unwrap();
        assert_eq!(started.fresh, [Part::Posterior, Part::Discriminators]);
        Run::new(NaturalSpeechTask::new(trainer, &examples, &examples), config.run(), &out)
    };
    let mut run = new();
    run.train(&mut Notebook { stop_after: Some(2), ..Notebook::default() }).unwrap();
    // The run knows after its resumption which parts are new.
    let mut run = Run::new(
        NaturalSpeechTask::new(new_trainer(&config, &symbols), &examples, &examples),
        config.run(),
        &out,
    );
    run.resume().unwrap().unwrap();
    run.train(&mut Notebook { stop_after: Some(3), ..Notebook::default() }).unwrap();
    let frozen = of_state(&run.task().state().unwrap());
    run.train(&mut Notebook::default()).unwrap();
    let last = of_state(&run.task().state().unwrap());
    for (name, value) in &expected {
        let fresh = name.starts_with("posterior.") || name.starts_with("discriminators.");
        assert_eq!(frozen[name] == *value, !fresh, "{name} after three steps");
    }
    let moved = |part: &str| {
        last.iter().filter(|(name, _)| name.starts_with(part)).any(|(name, value)| *value != expected[name])
    };
    assert!(["encoder.", "durator.", "flow.", "decoder."].into_iter().all(moved));
}

#[test]
fn discriminators_of_other_sizes_start_anew() {
    let place = tempfile::tempdir().unwrap();
    let symbols = symbols("HH AH0, L OW1");
    let (checkpoint, expected) = source(place.path(), &symbols);
    let start = Start::of_checkpoint(&checkpoint, symbols.clone()).unwrap();
    let larger = DiscriminatorConfig { period_channels: vec![4, 12], ..discriminator() };
    let (model, mel) = (model(), MelProfile::Vits.config(RATE));
    let sizes = VocabularySizes { symbols: symbols.vocabulary.len(), sup_phones: symbols.sup_phones.len() };
    let config = TrainerConfig { model: &model, discriminator: &larger, train: &config(), mel: &mel, sizes };
    let mut trainer = Trainer::new(&config, &Device::Cpu).unwrap();
    let started = trainer.start_from(&start, &symbols).unwrap();
    assert_eq!(started.fresh, [Part::Discriminators]);
    let got = values_of_model(trainer, &examples());
    assert!(got.iter().all(|(name, value)| expected[name] == *value));
}

#[test]
fn rejects_parameters_of_other_sizes_and_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let symbols = symbols("HH AH0, L OW1");
    let (checkpoint, _) = source(place.path(), &symbols);
    let start = Start::of_checkpoint(&checkpoint, symbols.clone()).unwrap();
    let larger = ModelConfig { hidden: 20, ..model() };
    let sizes = VocabularySizes { symbols: symbols.vocabulary.len(), sup_phones: symbols.sup_phones.len() };
    let build = || trainer_with(&larger, &config(), sizes).unwrap();
    let mut trainer = build();
    let error = trainer.start_from(&start, &symbols).unwrap_err();
    assert!(matches!(error, Error::Voice(mynah_voice::Error::Parameters { .. })), "{error}");
    assert!(values(trainer, &examples()) == values(build(), &examples()));
}

#[test]
fn averages_of_the_weights_are_validated_and_exported() {
    let place = tempfile::tempdir().unwrap();
    let symbols = symbols("HH AH0, L OW1");
    let examples = examples();
    let with = TrainConfig { average: 0.9, ..config() };
    let (plain, averaged) = (place.path().join("plain"), place.path().join("averaged"));
    let (of_plain, _) = train(new_trainer(&config(), &symbols), &config(), &examples, &plain);
    let (of_averaged, notebook) = train(new_trainer(&with, &symbols), &with, &examples, &averaged);
    // The training itself is the same.
    let (of_plain, state) = (of_plain.task().state().unwrap(), of_averaged.task().state().unwrap());
    assert!(of_state(&of_plain) == of_state(&state));

    let (_, checkpoint) = checkpoints(&averaged).unwrap().pop().unwrap();
    let voice = place.path().join("voice");
    export(&checkpoint, &symbols, false, &voice);
    let (start, ..) = Start::of_voice(&voice).unwrap();
    let mut trainer = new_trainer(&config(), &symbols);
    trainer.start_from(&start, &symbols).unwrap();
    let average = state.section("average");
    for (name, values) in values_of_model(trainer, &examples) {
        if !name.starts_with("posterior.") {
            let expected: Vec<f32> = average[&name].flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(values, expected, "{name}");
        }
    }
    // The rows of the validation belong to the average: they differ from those of the weights.
    let mel = notebook.validation.last().unwrap().values.get("loss_mel").unwrap();
    let mut of_weights = new_trainer(&config(), &symbols);
    of_weights.start_from(&Start::of_checkpoint(&checkpoint, symbols.clone()).unwrap(), &symbols).unwrap();
    let report = of_weights.validate(&examples, of_averaged.position()).unwrap().unwrap();
    assert!((report.values.get("loss_mel").unwrap() - mel).abs() > 1e-6);
}

fn values_of_model(trainer: Trainer, examples: &InMemory) -> Values {
    let mut all = values(trainer, examples);
    all.retain(|name, _| !name.starts_with("discriminators."));
    all
}

#[test]
fn the_learning_rate_rises_at_first() {
    let mut config = config();
    config.optimizer.ramp_steps = 4;
    let mut trainer = crate::support::trainer(&config);
    let examples: Vec<Example> = examples().examples;
    let mut rates = Vec::new();
    for step in 0..6 {
        let position = mynah_training::Position { step, ..Default::default() };
        let report = trainer.step(&examples, position).unwrap();
        rates.push(
            (report.values.get("learning_rate").unwrap() / config.optimizer.learning_rate * 4.0).round()
                as u32,
        );
    }
    assert_eq!(rates, [1, 2, 3, 4, 4, 4]);
}
