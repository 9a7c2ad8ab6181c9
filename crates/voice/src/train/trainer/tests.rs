//! Which gradients reach what in each phase.

use mynah_ops::testing::device;
use mynah_signal::MelProfile;

use super::*;
use crate::config::{DuratorConfig, EncoderConfig, FlowConfig, HifiGanConfig, MemoryConfig, WaveNetConfig};

const HOP: usize = 256;

fn trainer(config: &TrainConfig) -> Trainer {
    let model = ModelConfig {
        hidden: 8,
        encoder: EncoderConfig { blocks: 1, filter: 16, ..EncoderConfig::default() },
        durator: DuratorConfig { layers: 1, ..DuratorConfig::default() },
        flow: FlowConfig { couplings: 2, wavenet: WaveNetConfig { layers: 1, kernel: 3 } },
        posterior: WaveNetConfig { layers: 1, kernel: 3 },
        memory: MemoryConfig { slots: 4, heads: 2 },
        decoder: HifiGanConfig {
            channels: 16,
            kernels: vec![3],
            dilations: vec![1],
            ..HifiGanConfig::default()
        }
        .into(),
    };
    let judges = DiscriminatorConfig {
        periods: vec![1],
        period_channels: vec![4],
        scale_channels: [4, 4, 4, 4, 4, 4],
    };
    let sizes = VocabularySizes { symbols: 6, sup_phones: 6 };
    let mel = MelProfile::Vits.config(22_050);
    let trainer = Trainer::new(&model, &judges, config, &mel, sizes, &device()).unwrap();
    // What begins as zero hides what is behind it.
    let mut noise = Noise::new(3);
    for (_, variable) in trainer.parameters.named() {
        let drawn = (noise.normal(variable.shape(), DType::F32, &device()).unwrap() * 0.2).unwrap();
        variable.set(&(variable.as_tensor() + drawn).unwrap()).unwrap();
    }
    trainer
}

fn config() -> TrainConfig {
    TrainConfig { steps: 10, warm_up_steps: 2, tuning_steps: 3, window_frames: 5, ..TrainConfig::default() }
}

fn batch(trainer: &Trainer) -> Batch {
    let example = |symbols: Vec<u32>| Example {
        id: "tone".to_owned(),
        sup_phones: symbols.clone(),
        durations: vec![3; symbols.len()],
        wave: (0..symbols.len() * 3 * HOP).map(|t| (t as f32 * 0.1).sin() * 0.3).collect(),
        symbols,
    };
    trainer.batcher.batch(&[example(vec![3, 1, 4]), example(vec![5, 2])], 5).unwrap()
}

/// The modules whose parameters `loss` has a gradient for that is not zero.
fn reached(trainer: &Trainer, loss: &Tensor) -> Vec<String> {
    let gradients = loss.backward().unwrap();
    let modules = [
        "encoder.",
        "durator.predictor.",
        "durator.upsampling.",
        "flow.",
        "posterior.",
        "memory.",
        "decoder.",
    ];
    let named = trainer.parameters.named();
    let moves = |module: &str| {
        named.iter().filter(|(name, _)| name.starts_with(module)).any(|(_, variable)| {
            gradients.get(variable).is_some_and(|gradient| {
                gradient.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap() > 0.0
            })
        })
    };
    modules.iter().filter(|module| moves(module)).map(|module| (*module).to_owned()).collect()
}

fn forward(trainer: &Trainer, phase: Phase) -> (Batch, Forward) {
    let batch = batch(trainer);
    let forward = trainer.forward(&batch, phase, &mut Noise::for_step(1, 1), true).unwrap();
    (batch, forward)
}

#[test]
fn the_phases_follow_each_other() {
    let mut trainer = trainer(&config());
    let mut phases = Vec::new();
    for step in 0..10 {
        trainer.state.step = step;
        phases.push(trainer.phase());
    }
    let (w, m, t) = (Phase::WarmUp, Phase::Main, Phase::Tuning);
    assert_eq!(phases, [w, w, m, m, m, m, m, t, t, t]);
    trainer.config.tuning_steps = 0;
    assert_eq!(trainer.phase(), m);
}

#[test]
fn in_the_tuning_divergences_move_neither_durations_nor_the_posterior() {
    let trainer = trainer(&config());
    let divergences = |phase: Phase| {
        let (batch, forward) = forward(&trainer, phase);
        let backward = trainer.backward_kl(&batch, &forward, phase).unwrap();
        let forwards = trainer.forward_kl(&batch, &forward).unwrap();
        [reached(&trainer, &backward), reached(&trainer, &forwards.unwrap())]
    };
    let prior = ["encoder.", "durator.upsampling.", "flow."];
    assert_eq!(divergences(Phase::Tuning), [prior, prior].map(|modules| modules.map(str::to_owned).to_vec()));
    let all = ["encoder.", "durator.predictor.", "durator.upsampling.", "flow.", "posterior."];
    assert_eq!(divergences(Phase::Main), [all, all].map(|modules| modules.map(str::to_owned).to_vec()));
}

#[test]
fn in_the_tuning_speech_moves_the_durations_and_recordings_the_decoder() {
    let mut trainer = trainer(&config());
    trainer.state.memory_attached = true;
    let (_, tuning) = forward(&trainer, Phase::Tuning);
    let of_prior = trainer.decode(tuning.spoken.as_ref().unwrap()).unwrap().sqr().unwrap().sum_all().unwrap();
    let expected = ["encoder.", "durator.predictor.", "durator.upsampling.", "flow.", "memory.", "decoder."];
    assert_eq!(reached(&trainer, &of_prior), expected);
    let of_recording = trainer.decode(&tuning.latent).unwrap().sqr().unwrap().sum_all().unwrap();
    assert_eq!(reached(&trainer, &of_recording), ["memory.", "decoder."]);

    // Both branches are the same numbers.
    let difference = (tuning.spoken.unwrap() - tuning.prior_at_posterior.unwrap())
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap();
    assert!(difference.to_scalar::<f32>().unwrap() == 0.0);
}

#[test]
fn labels_have_no_part_in_the_tuning_unless_they_are_given_one() {
    let trainer = trainer(&config());
    let one = Tensor::new(1.0_f32, &device()).unwrap();
    let zero = Tensor::new(0.0_f32, &device()).unwrap();
    let losses = Losses {
        mel: zero.clone(),
        stft: None,
        adversarial: zero.clone(),
        feature: zero.clone(),
        backward_kl: zero,
        duration: one,
        forward_kl: None,
        end_to_end: None,
    };
    let total = |phase| trainer.total(&losses, phase).unwrap().1;
    assert!((total(Phase::WarmUp).loss_total - 1.0).abs() < 1e-6);
    assert!((total(Phase::Main).loss_total - 0.1).abs() < 1e-6);
    let tuning = total(Phase::Tuning);
    assert!(
        tuning.loss_total.abs() < 1e-9 && tuning.loss_duration == Some(1.0),
        "it is measured all the same"
    );
}

#[test]
fn the_predictor_reaches_the_encoder_when_the_setting_says_so() {
    let encoder = "encoder.".to_owned();
    for (detach, in_warm_up, in_main) in [
        (DetachPredictor::WarmUp, false, true),
        (DetachPredictor::Always, false, false),
        (DetachPredictor::Never, true, true),
    ] {
        let trainer = trainer(&TrainConfig { detach_predictor: detach, ..config() });
        for (phase, reaches) in [(Phase::WarmUp, in_warm_up), (Phase::Main, in_main)] {
            let (batch, forward) = forward(&trainer, phase);
            let loss = duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask).unwrap();
            assert_eq!(reached(&trainer, &loss).contains(&encoder), reaches, "{detach:?} {phase:?}");
        }
    }
}
