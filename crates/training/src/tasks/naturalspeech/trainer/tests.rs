//! Tests of the modules that the gradients reach in each phase.

use candle_core::Var;
use mynah_ops::testing::device;
use mynah_signal::MelProfile;
use mynah_voice::blocks::sequence_mask;
use mynah_voice::{DuratorConfig, EncoderConfig, FlowConfig, HifiGanConfig, MemoryConfig, WaveNetConfig};

use super::super::config::{DetachPredictor, LossWeights};
use super::super::example::Batch;
use super::super::forward::{Forward, bounded_durations, prior_lengths};
use super::super::phase::Plan;
use super::*;
use crate::loss::{Divergence, SoftDtwConfig};

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
    let discriminator = DiscriminatorConfig {
        periods: vec![1],
        period_channels: vec![4],
        scale_channels: [4, 4, 4, 4, 4, 4],
    };
    let sizes = VocabularySizes { symbols: 6, sup_phones: 6 };
    let mel = MelProfile::Vits.config(22_050);
    let config =
        TrainerConfig { model: &model, discriminator: &discriminator, train: config, mel: &mel, sizes };
    let trainer = Trainer::new(&config, &device()).unwrap();
    // Parameters that start at zero would hide the modules before them.
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

fn tones() -> [Example; 2] {
    let example = |symbols: Vec<u32>| Example {
        id: "tone".to_owned(),
        sup_phones: symbols.clone(),
        durations: vec![3; symbols.len()],
        wave: (0..symbols.len() * 3 * HOP).map(|t| (t as f32 * 0.1).sin() * 0.3).collect(),
        symbols,
    };
    [example(vec![3, 1, 4]), example(vec![5, 2])]
}

fn batch(trainer: &Trainer) -> Batch {
    trainer.batcher.batch(&tones(), 5).unwrap()
}

/// Returns the modules for whose parameters `loss` has a nonzero gradient.
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

fn plan(trainer: &Trainer, phase: Phase) -> Plan {
    trainer.config.plan(phase, 5, trainer.hard)
}

fn forward(trainer: &Trainer, phase: Phase) -> (Batch, Forward) {
    let batch = batch(trainer);
    let forward = trainer.forward(&batch, &plan(trainer, phase), &mut Noise::for_step(1, 1), true).unwrap();
    (batch, forward)
}

#[test]
fn fine_tuning_divergences_move_neither_durations_nor_the_posterior() {
    let trainer = trainer(&config());
    let divergences = |phase: Phase| {
        let (batch, forward) = forward(&trainer, phase);
        let backward = trainer.backward_kl(&batch, &forward, &plan(&trainer, phase)).unwrap();
        let forwards = trainer.forward_kl(&batch, &forward, &plan(&trainer, phase)).unwrap();
        [reached(&trainer, &backward), reached(&trainer, &forwards.unwrap())]
    };
    let prior = ["encoder.", "durator.upsampling.", "flow."];
    assert_eq!(divergences(Phase::Tuning), [prior, prior].map(|modules| modules.map(str::to_owned).to_vec()));
    let all = ["encoder.", "durator.predictor.", "durator.upsampling.", "flow.", "posterior."];
    assert_eq!(divergences(Phase::Main), [all, all].map(|modules| modules.map(str::to_owned).to_vec()));
}

#[test]
fn fine_tuning_speech_moves_the_durations_and_recordings_the_decoder() {
    let mut trainer = trainer(&config());
    trainer.memory_attached = true;
    let (_, tuning) = forward(&trainer, Phase::Tuning);
    let of_prior = trainer.decode(tuning.spoken.as_ref().unwrap()).unwrap().sqr().unwrap().sum_all().unwrap();
    let expected = ["encoder.", "durator.predictor.", "durator.upsampling.", "flow.", "memory.", "decoder."];
    assert_eq!(reached(&trainer, &of_prior), expected);
    let of_recording = trainer.decode(&tuning.latent).unwrap().sqr().unwrap().sum_all().unwrap();
    assert_eq!(reached(&trainer, &of_recording), ["memory.", "decoder."]);

    // Both branches have the same values.
    let difference = (tuning.spoken.unwrap() - tuning.prior_at_posterior.unwrap().0)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap();
    assert!(difference.to_scalar::<f32>().unwrap() == 0.0);
}

#[test]
fn fine_tuning_ignores_labels_without_a_weight() {
    let trainer = trainer(&config());
    let one = Tensor::new(1.0_f32, &device()).unwrap();
    let zero = Tensor::new(0.0_f32, &device()).unwrap();
    let losses = Losses {
        mel: zero.clone(),
        stft: None,
        phase: None,
        adversarial: zero.clone(),
        feature: zero.clone(),
        backward_kl: zero,
        duration: one,
        length: None,
        forward_kl: None,
        end_to_end: None,
    };
    let values = |phase| trainer.total(&losses, &plan(&trainer, phase), 0).unwrap().1;
    let total = |phase| values(phase).get("loss_total").unwrap();
    assert!((total(Phase::WarmUp) - 1.0).abs() < 1e-6);
    assert!((total(Phase::Main) - 0.1).abs() < 1e-6);
    assert!(
        total(Phase::Tuning).abs() < 1e-9 && values(Phase::Tuning).get("loss_duration") == Some(1.0),
        "it is measured nevertheless"
    );
}

#[test]
fn the_predictor_reaches_the_encoder_as_configured() {
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

#[test]
fn scales_excessive_predictions_and_keeps_their_gradients() {
    let mask = sequence_mask(&[3, 2], 3, DType::F32, &device()).unwrap();
    // 20 + 30 + 50 frames and 10 + 10, where 60 are allowed; 1000 frames of one symbol are clamped to 100.
    let log = |rows: [[f64; 3]; 2]| {
        let rows = rows.map(|row| row.map(|frames: f64| frames.ln() as f32));
        Var::from_tensor(&Tensor::new(&rows, &device()).unwrap()).unwrap()
    };
    let long = log([[20.0, 30.0, 50.0], [10.0, 10.0, 7.0]]);
    let (durations, sums) = bounded_durations(&long, &mask, 60.0).unwrap();
    let rows = durations.to_vec2::<f32>().unwrap();
    for (got, expected) in rows.concat().iter().zip([12.0, 18.0, 30.0, 10.0, 10.0, 0.0]) {
        assert!((got - expected).abs() < 1e-4, "{rows:?}");
    }
    assert_eq!(prior_lengths(&durations, 60.0).unwrap(), [60, 20]);
    let totals = sums.to_vec1::<f32>().unwrap();
    assert!((totals[0] - 100.0).abs() < 1e-3 && (totals[1] - 20.0).abs() < 1e-4, "{totals:?}");
    let of = |loss: &Tensor, variable: &Var| {
        loss.backward().unwrap().get(variable).unwrap().to_vec2::<f32>().unwrap().concat()
    };
    // The limit leaves the pull of the whole length: the first is 60 frames too long, the second 5 too short.
    let length = length_loss(&sums, &[40, 25]).unwrap();
    assert!((scalar(&length).unwrap() - 1.0).abs() < 1e-5);
    let pull = of(&length, &long);
    for (got, expected) in pull.iter().zip([20.0, 30.0, 50.0, -10.0, -10.0, 0.0]) {
        assert!((got - expected / 65.0).abs() < 1e-4, "{pull:?}");
    }
    let told = of(&durations.sum_all().unwrap(), &long);
    assert!(told[..5].iter().all(|g| *g > 9.0) && told[5].abs() < 1e-6, "{told:?}");

    let beyond = log([[1000.0, 1.0, 1e-3], [1.0, 1.0, 1.0]]);
    let (durations, sums) = bounded_durations(&beyond, &mask, 600.0).unwrap();
    let rows = durations.to_vec2::<f32>().unwrap();
    assert!((rows[0][0] - 100.0).abs() < 1e-3 && (rows[0][2] - 0.1).abs() < 1e-6, "{rows:?}");
    assert!((sums.to_vec1::<f32>().unwrap()[0] - 101.1).abs() < 1e-3);
    let told = of(&durations.sum_all().unwrap(), &beyond);
    assert!((told[0] - 100.0).abs() < 1e-2 && (told[2] - 0.1).abs() < 1e-5, "{told:?}");
}

/// Named losses, each with only its own weight.
const LOSSES: [&str; 10] = [
    "mel",
    "stft",
    "phase",
    "adversarial",
    "feature",
    "backward_kl",
    "forward_kl",
    "end_to_end",
    "duration",
    "length",
];

/// Configures a run with this loss alone.
fn alone(loss: &str) -> TrainConfig {
    let on = |name: &str| if name == loss { 1.0 } else { 0.0 };
    TrainConfig {
        weights: LossWeights {
            mel: on("mel"),
            stft: on("stft"),
            phase: on("phase"),
            adversarial: on("adversarial"),
            feature: on("feature"),
            backward_kl: on("backward_kl"),
            forward_kl: on("forward_kl"),
            end_to_end: on("end_to_end"),
            duration: on("duration"),
            length: on("length"),
            duration_main: on("duration"),
            duration_tuning: on("duration"),
        },
        // Parameters without a gradient then stay unchanged.
        optimizer: OptimizerConfig { weight_decay: 0.0, learning_rate: 1e-3, ..OptimizerConfig::default() },
        ..config()
    }
}

/// Returns the modules that one step of a phase changes.
fn moved(loss: &str, phase: Phase) -> String {
    let mut trainer = trainer(&alone(loss));
    let step = match phase {
        Phase::WarmUp => 0,
        Phase::Main => 2,
        Phase::Tuning => 7,
    };
    trainer.memory_attached = phase != Phase::WarmUp;
    let values = |trainer: &Trainer| -> Vec<(String, Vec<f32>)> {
        let value = |variable: &Var| variable.flatten_all().unwrap().to_vec1().unwrap();
        trainer.parameters.named().iter().map(|(name, variable)| (name.clone(), value(variable))).collect()
    };
    let before = values(&trainer);
    let report = trainer.step(&tones(), Position { step, ..Position::default() }).unwrap();
    assert_eq!(report.phase, Some(phase.word()));
    let mut modules: Vec<String> = Vec::new();
    for ((name, before), (_, after)) in before.iter().zip(&values(&trainer)) {
        let module = match name.strip_prefix("durator.") {
            Some(rest) => rest.split('.').next().unwrap().replace("log_deviation", "mean"),
            None => name.split('.').next().unwrap().to_owned(),
        };
        if before != after && !modules.contains(&module) {
            modules.push(module);
        }
    }
    modules.sort();
    modules.join(" ")
}

#[test]
fn each_loss_moves_its_modules() {
    let (w, m, t) = (Phase::WarmUp, Phase::Main, Phase::Tuning);
    // Parts of the durator: `mean` is the Gaussian of the prior.
    let prior = "encoder flow mean posterior upsampling";
    let all = "encoder flow mean posterior predictor upsampling";
    let spoken = "decoder encoder flow mean memory predictor upsampling";
    for (losses, phase, modules) in [
        (&["mel", "stft", "phase", "adversarial", "feature"][..], w, "decoder posterior"),
        (&["mel", "stft", "phase", "adversarial", "feature"], m, "decoder memory posterior"),
        (&["mel", "stft", "phase", "adversarial", "feature"], t, "decoder memory"),
        (&["backward_kl"], w, prior),
        (&["backward_kl", "forward_kl"], m, all),
        (&["backward_kl", "forward_kl"], t, "encoder flow mean upsampling"),
        (&["forward_kl", "end_to_end"], w, ""),
        (&["end_to_end"], m, spoken),
        (&["end_to_end"], t, spoken),
        (&["duration"], w, "predictor"),
        (&["duration"], m, "encoder predictor"),
        (&["duration"], t, "encoder predictor"),
        (&["length"], w, ""),
        (&["length"], m, "encoder predictor"),
        (&["length"], t, "encoder predictor"),
    ] {
        for loss in losses {
            assert_eq!(moved(loss, phase), modules, "{loss} in {phase:?}");
        }
    }
}

#[test]
fn each_loss_falls_when_trained_alone() {
    for loss in LOSSES {
        for phase in [Phase::WarmUp, Phase::Main] {
            let mut trainer = trainer(&alone(loss));
            trainer.memory_attached = phase == Phase::Main;
            let batch = trainer.batcher.batch(&tones(), 5).unwrap();
            let plan = plan(&trainer, phase);
            // Fixed discriminators, noise and windows.
            let mut value = || -> Option<f64> {
                let forward = trainer.forward(&batch, &plan, &mut Noise::for_step(1, 1), false).unwrap();
                let windows = window::middle(&batch.frames, 5);
                let real = window::cut(&batch.wave, &windows, 5, HOP).unwrap();
                let of = |latent: &Tensor, lengths: &[usize]| {
                    let windows = window::middle(lengths, 5);
                    trainer.decode(&window::cut(latent, &windows, 5, 1).unwrap()).unwrap()
                };
                let score = |wave: &Tensor| trainer.discriminators.detached().forward(wave).unwrap();
                let generated = of(&forward.latent, &batch.frames);
                let loss = match loss {
                    "mel" => trainer.mel_loss.forward(&real, &generated).unwrap(),
                    "stft" => trainer.stft_loss.forward(&real, &generated).unwrap(),
                    "phase" => trainer.phase_loss.forward(&real, &generated).unwrap(),
                    "adversarial" => generator_loss(&score(&generated)).unwrap(),
                    "feature" => feature_loss(&score(&real), &score(&generated)).unwrap(),
                    "backward_kl" => trainer.backward_kl(&batch, &forward, &plan).unwrap(),
                    "forward_kl" => trainer.forward_kl(&batch, &forward, &plan).unwrap()?,
                    "end_to_end" => {
                        let generated = of(forward.spoken.as_ref()?, &forward.prior_lengths);
                        generator_loss(&score(&generated)).unwrap()
                    }
                    "length" => length_loss(forward.predicted_lengths.as_ref()?, &batch.frames).unwrap(),
                    _ => {
                        duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask).unwrap()
                    }
                };
                trainer.optimizer.step(&loss.backward().unwrap()).unwrap();
                Some(scalar(&loss).unwrap())
            };
            let Some(first) = value() else {
                assert!(phase == Phase::WarmUp && ["forward_kl", "end_to_end", "length"].contains(&loss));
                continue;
            };
            let last = (0..30).filter_map(|_| value()).last().unwrap();
            // Tiny untrained discriminators see little of a waveform.
            let adversarial = ["adversarial", "feature", "end_to_end"].contains(&loss);
            assert!(
                last < if adversarial { first } else { 0.9 * first },
                "{loss} in {phase:?}: {first} to {last}"
            );
        }
    }
}

#[test]
fn gradients_of_several_batches_are_averaged() {
    let trainer = trainer(&config());
    let example = |symbols: [u32; 3]| Example {
        symbols: symbols.to_vec(),
        sup_phones: symbols.to_vec(),
        ..tones()[0].clone()
    };
    let (one, other) = (example([3, 1, 4]), example([5, 2, 0]));
    let loss = |examples: &[Example]| {
        let batch = trainer.batcher.batch(examples, 5).unwrap();
        let mut noise = Noise::new(1);
        let forward = trainer.forward(&batch, &plan(&trainer, Phase::WarmUp), &mut noise, false).unwrap();
        duration_loss(&forward.log_durations, &forward.durations, &batch.symbol_mask).unwrap()
    };
    let joint = loss(&[one.clone(), other.clone()]).backward().unwrap();
    let mut sum = GradientSum::default();
    for part in [one, other] {
        sum.add((loss(&[part]) * 0.5).unwrap().backward().unwrap(), &trainer.parameters).unwrap();
    }
    let sum = sum.take().unwrap();
    let mut compared = 0;
    for (name, variable) in trainer.parameters.named() {
        let Some(joint) = joint.get(&variable) else { continue };
        let flat = |gradient: &Tensor| gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (a, b) in flat(joint).into_iter().zip(flat(sum.get(&variable).unwrap())) {
            // Rounding of sums in f32.
            assert!((a - b).abs() < 1e-5 * (1.0 + a.abs()), "{name}: {a} {b}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

/// Trains through all phases and returns the mean length ratio of the last steps of each.
fn length_by_phase(warp: f64, divergence: Divergence, length: f64) -> [f64; 3] {
    const PHASE: u64 = 60;
    let config = TrainConfig {
        steps: 3 * PHASE,
        warm_up_steps: PHASE,
        tuning_steps: PHASE,
        soft_dtw: SoftDtwConfig { warp, divergence, ..SoftDtwConfig::default() },
        weights: LossWeights { length, ..LossWeights::default() },
        optimizer: OptimizerConfig { learning_rate: 3e-3, ..OptimizerConfig::default() },
        ..config()
    };
    let mut trainer = trainer(&config);
    [0, 1, 2].map(|phase| {
        trainer.memory_attached = phase > 0;
        let ratios: Vec<f64> = (0..PHASE)
            .map(|step| {
                let position = Position { step: phase * PHASE + step, ..Position::default() };
                trainer.step(&tones(), position).unwrap().values.get("duration_ratio").unwrap()
            })
            .collect();
        ratios.iter().rev().take(20).sum::<f64>() / 20.0
    })
}

#[test]
fn speech_keeps_its_length_through_all_phases() {
    let kept = |ratio: &f64| (0.85..1.15).contains(ratio);
    for (divergence, warp) in
        [(Divergence::Expected, 0.7), (Divergence::Expected, 0.01), (Divergence::Sampled, 0.07)]
    {
        let ratios = length_by_phase(warp, divergence, LossWeights::default().length);
        assert!(ratios.iter().all(kept), "{ratios:?} with {divergence:?} and {warp}");
        // Without the loss of the length it is lost.
        let ratios = length_by_phase(warp, divergence, 0.0);
        assert!(!ratios[1..].iter().any(kept), "{ratios:?} with {divergence:?} and {warp}");
    }
}
