//! A tiny model on synthetic speech: losses fall, a resumed run is the undisturbed one, and the voice speaks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use mynah_ops::testing::device;
use std::f32::consts::TAU;
use std::fs;
use std::path::Path;

use mynah_signal::MelProfile;
use mynah_voice::model::VocabularySizes;
use mynah_voice::train::{
    DurationSource, LossWeights, Observer, Phase, StepReport, TrainConfig, Trainer, run,
};
use mynah_voice::{
    DiscriminatorConfig, DuratorConfig, EncoderConfig, Error, Example, Examples as _, Expansion, FlowConfig,
    HifiGanConfig, InMemory, MemoryConfig, ModelConfig, WaveNetConfig,
};

const RATE: u32 = 22_050;
const HOP: usize = 256;
const SYMBOLS: usize = 6;

fn model() -> ModelConfig {
    ModelConfig {
        hidden: 16,
        encoder: EncoderConfig { blocks: 1, heads: 2, filter: 32, ..EncoderConfig::default() },
        durator: DuratorConfig { layers: 1, ..DuratorConfig::default() },
        flow: FlowConfig { couplings: 2, wavenet: WaveNetConfig { layers: 1, kernel: 3 } },
        posterior: WaveNetConfig { layers: 2, kernel: 3 },
        memory: MemoryConfig { slots: 8, heads: 2 },
        decoder: HifiGanConfig {
            channels: 16,
            kernels: vec![3],
            dilations: vec![1],
            ..HifiGanConfig::default()
        }
        .into(),
    }
}

fn discriminator() -> DiscriminatorConfig {
    DiscriminatorConfig {
        periods: vec![1, 3],
        period_channels: vec![4, 8],
        scale_channels: [4, 4, 8, 8, 8, 8],
    }
}

fn config() -> TrainConfig {
    TrainConfig {
        seed: 3,
        steps: 24,
        warm_up_steps: 18,
        batch_frames: 60,
        window_frames: 8,
        log_every: 1,
        checkpoint_every: 12,
        optimizer: mynah_voice::train::OptimizerConfig { learning_rate: 2e-3, ..Default::default() },
        ..TrainConfig::default()
    }
}

/// Utterances in which every symbol is a tone of its own.
fn examples() -> InMemory {
    let examples = (0..4_usize)
        .map(|index| {
            let symbols: Vec<u32> = (0..5).map(|place| ((place * 2 + index) % SYMBOLS) as u32).collect();
            let durations: Vec<u32> = (0..5).map(|place| 4 + ((place + index) % 3) as u32).collect();
            let mut wave = Vec::new();
            for (symbol, duration) in symbols.iter().zip(&durations) {
                for _ in 0..*duration as usize * HOP {
                    let t = wave.len() as f32 / RATE as f32;
                    wave.push((t * TAU * (200.0 + 150.0 * *symbol as f32)).sin() * 0.3);
                }
            }
            Example { id: format!("tone-{index}"), sup_phones: symbols.clone(), symbols, durations, wave }
        })
        .collect();
    InMemory { examples, hop_length: HOP }
}

fn trainer(config: &TrainConfig) -> Trainer {
    trainer_of(&model(), config).unwrap()
}

fn trainer_of(model: &ModelConfig, config: &TrainConfig) -> Result<Trainer, Error> {
    let sizes = VocabularySizes { symbols: SYMBOLS, sup_phones: SYMBOLS };
    let mel = MelProfile::Vits.config(RATE);
    Trainer::new(model, &discriminator(), config, &mel, sizes, &device())
}

/// Remembers what it is told, and stops the run after a step.
#[derive(Default)]
struct Notebook {
    reports: Vec<StepReport>,
    validation: Vec<StepReport>,
    stop_after: Option<u64>,
}

impl Observer for Notebook {
    fn step(&mut self, report: &StepReport, logged: bool) -> Result<(), Error> {
        assert!(logged);
        self.reports.push(report.clone());
        Ok(())
    }

    fn checkpoint(&mut self, directory: &Path, validation: Option<&StepReport>) -> Result<(), Error> {
        assert!(directory.join("model.safetensors").is_file());
        self.validation.extend(validation.cloned());
        Ok(())
    }

    fn stop(&self) -> bool {
        self.stop_after.is_some() && self.stop_after == self.reports.last().map(|report| report.step)
    }
}

fn train(directory: &Path, stop_after: Option<u64>) -> Notebook {
    let (config, examples) = (config(), examples());
    let mut trainer = trainer(&config);
    trainer.resume(directory).unwrap();
    let mut notebook = Notebook { stop_after, ..Notebook::default() };
    run(&mut trainer, &config, &examples, &examples, directory, &mut notebook).unwrap();
    notebook
}

#[test]
fn losses_fall_in_both_phases_and_every_part_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let Notebook { reports, validation, .. } = train(directory.path(), None);
    assert_eq!(reports.iter().map(|report| report.step).collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>());

    let mean = |from: usize, to: usize, of: fn(&StepReport) -> Option<f64>| {
        let values: Vec<f64> = reports[from..to].iter().map(|report| of(report).unwrap()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    for of in
        [|r: &StepReport| r.loss_mel, |r: &StepReport| r.loss_duration, |r: &StepReport| r.loss_backward_kl]
    {
        assert!(mean(14, 18, of) < mean(0, 4, of));
    }
    for report in &reports {
        let main = report.phase == Phase::Main;
        assert_eq!(main, report.step > 18);
        assert_eq!(main, report.loss_forward_kl.is_some() && report.loss_end_to_end.is_some());
        assert!(report.loss_discriminator.is_some() && report.gradient_norm > Some(0.0));
    }
    assert_eq!(validation.iter().map(|report| report.step).collect::<Vec<_>>(), [12, 24]);
    assert!(validation[0].split == "validation" && validation[0].loss_forward_kl.is_none());
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
        let mut trainer = trainer_of(&model, &config).unwrap();
        let mut notebook = Notebook::default();
        run(&mut trainer, &config, &examples(), &examples(), directory.path(), &mut notebook).unwrap();
        let reports = &notebook.reports;
        assert_eq!(reports.len(), 24, "{name}");
        let mean = |from: usize, to: usize, of: fn(&StepReport) -> Option<f64>| {
            let values: Vec<f64> = reports[from..to].iter().map(|report| of(report).unwrap()).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        for of in [|r: &StepReport| r.loss_mel, |r: &StepReport| r.loss_backward_kl] {
            assert!(mean(14, 18, of) < mean(0, 4, of), "{name}");
        }
        let last = reports.last().unwrap();
        assert_eq!((reports[20].phase, last.phase), (Phase::Main, Phase::Tuning), "{name}");
        assert_eq!(last.loss_forward_kl.is_some(), name != "L_bwd only", "{name}");
        assert!(last.loss_end_to_end.is_some(), "{name}");
        assert_eq!(trainer.state().memory_attached, name != "no memory", "{name}");
    }
    let error = trainer_of(&model(), &search).unwrap_err().to_string();
    assert!(error.contains("train.durations") && error.contains("hard"), "{error}");
}

#[test]
fn the_tuning_leaves_the_posterior_encoder_as_it_is_and_moves_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        steps: 20,
        warm_up_steps: 8,
        tuning_steps: 8,
        forward_kl_ramp_steps: 3,
        checkpoint_every: 12,
        ..config()
    };
    let mut trainer = trainer(&config);
    let mut notebook = Notebook::default();
    run(&mut trainer, &config, &examples(), &examples(), directory.path(), &mut notebook).unwrap();
    let phases = notebook.reports.iter().map(|report| match report.phase {
        Phase::WarmUp => 'w',
        Phase::Main => 'm',
        Phase::Tuning => 't',
    });
    assert_eq!(phases.collect::<String>(), "wwwwwwwwmmmmtttttttt");
    let last = notebook.reports.last().unwrap();
    assert!(last.loss_forward_kl.is_some() && last.loss_end_to_end.is_some() && last.loss_duration.is_some());

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
fn a_divergence_names_the_module_that_it_comes_from() {
    // A recording that is no number makes everything that sees it none.
    let mut broken = examples();
    broken.examples[0].wave[5_000] = f32::NAN;
    let error = trainer(&config()).step(&broken.examples).unwrap_err();
    let Error::Diverged { step: 0, origin, .. } = &error else { panic!("{error}") };
    assert!(origin.contains("`posterior` is the first"), "{error}");

    // A learning rate beyond all reason: the discriminators take their step first.
    let mut config = config();
    config.optimizer.learning_rate = 1e30;
    let (mut trainer, examples) = (trainer(&config), examples());
    let error = (0..4).find_map(|_| trainer.step(&examples.examples).err()).unwrap();
    let Error::Diverged { origin, .. } = &error else { panic!("{error}") };
    assert!(origin.contains("`discriminators` are the first"), "{error}");
}

#[test]
fn a_resumed_run_is_the_undisturbed_one_to_the_bit() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let undisturbed = train(whole.path(), None);
    // Once in the warm-up, once in the main phase.
    let mut reports = train(parts.path(), Some(7)).reports;
    reports.extend(train(parts.path(), Some(20)).reports);
    reports.extend(train(parts.path(), None).reports);
    for (mut a, mut b) in undisturbed.reports.into_iter().zip(reports) {
        (a.seconds, b.seconds) = (0.0, 0.0);
        assert_eq!(a, b);
    }
    for file in ["model.safetensors", "optimizer.safetensors", "state.toml"] {
        let read = |run: &Path| fs::read(run.join("checkpoints/step-24").join(file)).unwrap();
        assert_eq!(read(whole.path()), read(parts.path()), "{file}");
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    train(directory.path(), Some(1));
    let config = config();
    let sizes = VocabularySizes { symbols: SYMBOLS + 1, sup_phones: SYMBOLS };
    let mel = MelProfile::Vits.config(RATE);
    let mut other = Trainer::new(&model(), &discriminator(), &config, &mel, sizes, &device()).unwrap();
    match other.resume(directory.path()).unwrap_err() {
        Error::Parameters { reshaped, .. } => assert_eq!(reshaped, ["encoder.symbols.weight"]),
        error => panic!("{error}"),
    }
}

#[test]
fn settings_and_examples_that_do_not_fit_are_named() {
    let sizes = VocabularySizes { symbols: SYMBOLS, sup_phones: SYMBOLS };
    let mel = MelProfile::Vits.config(RATE);
    let config = TrainConfig { window_frames: 3, ..config() };
    let error = Trainer::new(&model(), &discriminator(), &config, &mel, sizes, &device()).unwrap_err();
    assert!(error.to_string().contains("train.window_frames"), "{error}");

    let audio = mynah_voice::AudioConfig { sample_rate: RATE, hop_length: HOP, n_fft: 1024 };
    let good = examples().load(0).unwrap();
    good.validate(&audio, SYMBOLS, SYMBOLS).unwrap();
    for (bad, why) in [
        (Example { symbols: vec![9; 5], ..good.clone() }, "symbol 9"),
        (Example { sup_phones: vec![0; 4], ..good.clone() }, "4 sup-phones"),
        (Example { durations: vec![5; 5], ..good.clone() }, "sum to 25"),
        (Example { durations: vec![0; 5], ..good.clone() }, "no frame"),
        (Example { symbols: vec![], ..good.clone() }, "no symbols"),
    ] {
        let error = bad.validate(&audio, SYMBOLS, SYMBOLS).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("tone-0"), "{error}");
    }
}
