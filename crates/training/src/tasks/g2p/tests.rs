//! Agreement of the trained network with the packed one, learning, and checkpoints.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use mynah_text::{Dictionary, G2p, Lexicon, pack_dictionary};
use mynah_voice::blocks::Dropout;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::task::question;
use super::{G2pConfig, G2pTask, Lesson};
use crate::run::Run;
use crate::task::{Drawn, Position, Task as _};
use crate::values::Values;

/// The packed network rounds states and features to 14 fractional bits, which changes a product of 24 of them by some
/// 1e-4. Both networks have the rounded weights.
const TOLERANCE: f32 = 2e-3;

fn lesson() -> Lesson {
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
    Lesson::new(&Dictionary::open(Cow::Owned(packed.words), Cow::Owned(packed.phones)).unwrap())
}

fn config() -> G2pConfig {
    G2pConfig {
        seed: 5,
        epochs: 40,
        hidden: 12,
        features: 16,
        history: 2,
        batch_letters: 96,
        learning_rate: 2e-2,
        warm_up_steps: 5,
        dropout: 0.05,
        ..G2pConfig::default()
    }
}

/// Takes `count` training steps and returns their losses.
fn steps(task: &mut G2pTask<'_>, count: u64) -> Vec<f64> {
    let mut position = Position::default();
    let step = |_| {
        let Drawn { batch, next } = task.draw(position.place).unwrap();
        let report = task.step(batch, position).unwrap();
        position = Position { step: position.step + 1, place: next };
        report.values.get("loss_total").unwrap()
    };
    (0..count).map(step).collect()
}

#[test]
fn the_packed_network_agrees_with_the_trained_one() {
    let lesson = lesson();
    let mut trainer = G2pTask::new(&config(), &lesson).unwrap();
    steps(&mut trainer, 30);
    let packed = trainer.tensors().unwrap().pack().unwrap();
    let g2p = G2p::open(&packed).unwrap();
    // Give the trained network the rounded weights.
    let rounded = g2p.tensors();
    assert_eq!(rounded.pack().unwrap(), packed);
    let shapes: BTreeMap<String, Tensor> = trainer.parameters.tensors();
    let tensors = shapes.into_iter().map(|(name, tensor)| {
        let values = Tensor::from_vec(rounded.values[&name].clone(), tensor.shape(), &Device::Cpu).unwrap();
        (name, values)
    });
    trainer.parameters.assign(&tensors.collect(), Path::new("rounded")).unwrap();

    let mut generator = ChaCha8Rng::seed_from_u64(9);
    for length in 1..12 {
        let mut words = Vec::new();
        for _ in 0..4 {
            let letters: Vec<usize> = (0..length).map(|_| generator.random_range(0..27)).collect();
            let chunks: Vec<u16> =
                (0..length).map(|_| generator.random_range(0..lesson.chunks().len() as u16)).collect();
            words.push((letters, chunks));
        }
        let (asked, _) = question(&words, lesson.chunks(), config().history, || false).unwrap();
        let trained = trainer.model.forward(&asked, &mut Dropout::off(), 0.0).unwrap();
        let trained = trained.to_vec2::<f32>().unwrap();
        for (w, (letters, chunks)) in words.iter().enumerate() {
            let chunks: Vec<usize> = chunks.iter().map(|chunk| usize::from(*chunk)).collect();
            for (t, said) in g2p.logits(letters, &chunks).iter().enumerate() {
                for (said, trained) in said.iter().zip(&trained[t * words.len() + w]) {
                    assert!((said - trained).abs() < TOLERANCE, "{said}, trained {trained}");
                }
            }
        }
    }
}

#[test]
fn learns_a_language_of_syllables() {
    let lesson = lesson();
    let mut trainer = G2pTask::new(&config(), &lesson).unwrap();
    let all = trainer.run().steps;
    let first = steps(&mut trainer, all)[0];
    let g2p = G2p::open(&trainer.tensors().unwrap().pack().unwrap()).unwrap();
    let said = |word: &str| {
        g2p.pronounce(word).iter().map(|phone| phone.without_stress()).collect::<Vec<_>>().join(" ")
    };
    assert!(first > 1.5, "{first}");
    for (word, phones) in lesson.held_out() {
        let expected: Vec<&str> = phones[0].iter().map(|phone| phone.without_stress()).collect();
        assert_eq!(said(word), expected.join(" "), "{word}");
    }
}

#[test]
fn rejects_a_checkpoint_with_other_settings_except_epochs() {
    let lesson = lesson();
    let directory = tempfile::tempdir().unwrap();
    let run = |config: &G2pConfig| {
        let task = G2pTask::new(config, &lesson).unwrap();
        let config = task.run();
        Run::new(task, config, directory.path())
    };
    run(&config()).save(Values::new()).unwrap();
    assert!(run(&G2pConfig { epochs: 41, ..config() }).resume().unwrap().is_some());
    for other in [
        G2pConfig { seed: 6, ..config() },
        G2pConfig { learning_rate: 2.000_000_000_000_001e-2, ..config() },
        G2pConfig { hidden: 13, ..config() },
    ] {
        let refusal = run(&other).resume().unwrap_err();
        assert!(refusal.to_string().contains("other settings"), "{refusal}");
    }
    let state = std::fs::read_to_string(directory.path().join("checkpoints/step-0/state.toml")).unwrap();
    assert!(state.contains("format = 3") && state.contains("[state.config]"), "{state}");
}
