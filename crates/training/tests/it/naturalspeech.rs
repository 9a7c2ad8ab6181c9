//! NaturalSpeech on a tiny model: losses fall, the phases do what they should, and what goes wrong is named.

use std::fs;

use mynah_training::tasks::naturalspeech::{
    DurationSource, Example, Examples as _, LossWeights, NaturalSpeechTask, TrainConfig,
};
use mynah_training::{Error, Position, Row, Run, Split};
use mynah_voice::blocks::VocabularySizes;
use mynah_voice::{DuratorConfig, Expansion, MemoryConfig, ModelConfig};

use crate::support::{
    HOP, Notebook, RATE, SYMBOLS, config, examples, model, train, trainer, trainer_of, trainer_with,
};

fn mean(rows: &[Row], name: &str) -> f64 {
    rows.iter().map(|row| row.values.get(name).unwrap()).sum::<f64>() / rows.len() as f64
}

fn at(step: u64) -> Position {
    Position { step, ..Position::default() }
}

#[test]
fn losses_fall_in_both_phases_and_every_part_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let (config, examples) = (config(), examples());
    let (_, notebook) = train(trainer(&config), &config, &examples, directory.path());
    let Notebook { rows, validation, .. } = notebook;
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>());

    for name in ["loss_mel", "loss_duration", "loss_backward_kl"] {
        assert!(mean(&rows[14..18], name) < mean(&rows[..4], name), "{name}");
    }
    for row in &rows {
        let main = row.phase.as_deref() == Some("main");
        assert_eq!(main, row.step > 18);
        let get = |name| row.values.get(name);
        assert_eq!(main, get("loss_forward_kl").is_some() && get("loss_end_to_end").is_some());
        assert!(get("loss_discriminator").is_some() && get("gradient_norm") > Some(0.0));
        assert_eq!(row.split, Split::Train);
    }
    assert_eq!(validation.iter().map(|row| row.step).collect::<Vec<_>>(), [12, 24]);
    assert!(
        validation[0].split == Split::Validation && validation[0].values.get("loss_forward_kl").is_none()
    );
}

#[test]
fn every_ablation_of_table_5_trains() {
    let hard = DuratorConfig { expansion: Expansion::Hard, ..model().durator };
    let of_labels = ModelConfig { durator: hard, ..model() };
    let no_memory = ModelConfig { memory: MemoryConfig { slots: 0, heads: 2 }, ..model() };
    let one_direction = LossWeights { forward_kl: 0.0, ..LossWeights::default() };
    let config = || TrainConfig { tuning_steps: 3, ..config() };
    let search = TrainConfig { durations: DurationSource::Search, ..config() };
    let cases = [
        ("hard expansion", of_labels.clone(), config()),
        ("hard expansion, alignment search", of_labels, search.clone()),
        ("L_bwd only", model(), TrainConfig { weights: one_direction, ..config() }),
        ("no memory", no_memory, config()),
    ];
    for (name, model, config) in cases {
        let directory = tempfile::tempdir().unwrap();
        let (trainer, examples) = (trainer_of(&model, &config).unwrap(), examples());
        let (run, Notebook { rows, .. }) = train(trainer, &config, &examples, directory.path());
        assert_eq!(rows.len(), 24, "{name}");
        for loss in ["loss_mel", "loss_backward_kl"] {
            assert!(mean(&rows[14..18], loss) < mean(&rows[..4], loss), "{name}");
        }
        let last = rows.last().unwrap();
        let phase = |row: &Row| row.phase.clone().unwrap();
        assert_eq!((phase(&rows[20]), phase(last)), ("main".to_owned(), "tuning".to_owned()), "{name}");
        assert_eq!(last.values.get("loss_forward_kl").is_some(), name != "L_bwd only", "{name}");
        assert!(last.values.get("loss_end_to_end").is_some(), "{name}");
        assert_eq!(run.task().trainer().memory_is_attached(), name != "no memory", "{name}");
    }
    let error = trainer_of(&model(), &search).unwrap_err().to_string();
    assert!(error.contains("train.durations") && error.contains("hard"), "{error}");
}

#[test]
fn fine_tuning_freezes_only_the_posterior_encoder() {
    let directory = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        steps: 20,
        warm_up_steps: 8,
        tuning_steps: 8,
        forward_kl_ramp_steps: 3,
        checkpoint_every: 12,
        ..config()
    };
    let examples = examples();
    let (_, Notebook { rows, .. }) = train(trainer(&config), &config, &examples, directory.path());
    let phases = rows.iter().map(|row| row.phase.as_ref().unwrap().chars().next().unwrap());
    assert_eq!(phases.collect::<String>(), "wwwwwwwwmmmmtttttttt");
    let last = rows.last().unwrap();
    for loss in ["loss_forward_kl", "loss_end_to_end", "loss_duration"] {
        assert!(last.values.get(loss).is_some(), "{loss}");
    }

    let tensors = |step: u64| -> Vec<(String, Vec<u8>)> {
        let path = directory.path().join(format!("checkpoints/step-{step}/model.safetensors"));
        let bytes = fs::read(path).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut named: Vec<(String, Vec<u8>)> =
            tensors.iter().map(|(name, tensor)| (name.to_owned(), tensor.data().to_vec())).collect();
        named.sort();
        named
    };
    let mut moved = std::collections::BTreeMap::<String, bool>::new();
    for ((name, before), (_, after)) in tensors(12).iter().zip(&tensors(20)) {
        *moved.entry(name.split('.').next().unwrap().to_owned()).or_default() |= before != after;
    }
    let expected = ["decoder", "durator", "encoder", "flow", "memory", "posterior"]
        .map(|name| (name, name != "posterior"));
    assert_eq!(moved.iter().map(|(name, moved)| (name.as_str(), *moved)).collect::<Vec<_>>(), expected);
}

#[test]
fn names_the_module_where_a_divergence_originates() {
    // A NaN in a recording spreads to everything computed from it.
    let mut broken = examples();
    broken.examples[0].wave[5_000] = f32::NAN;
    let error = trainer(&config()).step(&broken.examples, Position::default()).unwrap_err();
    let Error::Diverged { step: 0, origin, .. } = &error else { panic!("{error}") };
    assert!(origin.contains("`posterior` is the first"), "{error}");

    // A learning rate beyond all reason: the discriminators take their step first.
    let mut config = config();
    config.optimizer.learning_rate = 1e30;
    let (mut trainer, examples) = (trainer(&config), examples());
    let error = (0..4).find_map(|step| trainer.step(&examples.examples, at(step)).err()).unwrap();
    let Error::Diverged { origin, .. } = &error else { panic!("{error}") };
    assert!(origin.contains("`discriminators` are the first"), "{error}");
}

#[test]
fn rejects_a_checkpoint_of_another_model() {
    let directory = tempfile::tempdir().unwrap();
    let (config, examples) = (TrainConfig { warm_up_steps: 1, ..config() }, examples());
    let config = TrainConfig { steps: 1, ..config };
    train(trainer(&config), &config, &examples, directory.path());
    let sizes = VocabularySizes { symbols: SYMBOLS + 1, sup_phones: SYMBOLS };
    let other = trainer_with(&model(), &config, sizes).unwrap();
    let mut run =
        Run::new(NaturalSpeechTask::new(other, &examples, &examples), config.run(), directory.path());
    match run.resume().unwrap_err() {
        Error::Voice(mynah_voice::Error::Parameters { reshaped, .. }) => {
            assert_eq!(reshaped, ["encoder.symbols.weight"]);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn names_invalid_settings_and_inconsistent_examples() {
    let error = trainer_of(&model(), &TrainConfig { window_frames: 3, ..config() }).unwrap_err();
    assert!(error.to_string().contains("train.window_frames"), "{error}");

    let audio = mynah_voice::AudioConfig { sample_rate: RATE, hop_length: HOP, n_fft: 1024 };
    let good = examples().load(0).unwrap();
    good.validate(&audio, SYMBOLS, SYMBOLS).unwrap();
    for (bad, why) in [
        (Example { symbols: vec![9; 5], ..good.clone() }, "symbol 9"),
        (Example { sup_phones: vec![0; 4], ..good.clone() }, "4 sup-phonemes"),
        (Example { durations: vec![5; 5], ..good.clone() }, "sum to 25"),
        (Example { durations: vec![0; 5], ..good.clone() }, "no frame"),
        (Example { symbols: vec![], ..good.clone() }, "no symbols"),
    ] {
        let error = bad.validate(&audio, SYMBOLS, SYMBOLS).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("tone-0"), "{error}");
    }
}
