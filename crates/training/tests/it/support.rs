//! A tiny model on synthetic speech, and an observer that remembers.

use std::f32::consts::TAU;
use std::path::Path;

use mynah_ops::testing::device;
use mynah_signal::MelProfile;
use mynah_training::tasks::naturalspeech::{
    Example, InMemory, NaturalSpeechTask, OptimizerConfig, TrainConfig, Trainer, TrainerConfig,
};
use mynah_training::{DiscriminatorConfig, Error, Observer, Row, Run};
use mynah_voice::blocks::VocabularySizes;
use mynah_voice::{
    DuratorConfig, EncoderConfig, FlowConfig, HifiGanConfig, MemoryConfig, ModelConfig, WaveNetConfig,
};

pub(crate) const RATE: u32 = 22_050;
pub(crate) const HOP: usize = 256;
pub(crate) const SYMBOLS: usize = 6;

pub(crate) fn model() -> ModelConfig {
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

pub(crate) fn discriminator() -> DiscriminatorConfig {
    DiscriminatorConfig {
        periods: vec![1, 3],
        period_channels: vec![4, 8],
        scale_channels: [4, 4, 8, 8, 8, 8],
    }
}

pub(crate) fn config() -> TrainConfig {
    TrainConfig {
        seed: 3,
        steps: 24,
        warm_up_steps: 18,
        batch_frames: 60,
        window_frames: 8,
        log_every: 1,
        checkpoint_every: 12,
        optimizer: OptimizerConfig { learning_rate: 2e-3, ..Default::default() },
        ..TrainConfig::default()
    }
}

/// Utterances in which every symbol is a tone of its own.
pub(crate) fn examples() -> InMemory {
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

pub(crate) fn trainer(config: &TrainConfig) -> Trainer {
    trainer_of(&model(), config).unwrap()
}

pub(crate) fn trainer_of(model: &ModelConfig, config: &TrainConfig) -> Result<Trainer, Error> {
    let sizes = VocabularySizes { symbols: SYMBOLS, sup_phones: SYMBOLS };
    trainer_with(model, config, sizes)
}

pub(crate) fn trainer_with(
    model: &ModelConfig,
    train: &TrainConfig,
    sizes: VocabularySizes,
) -> Result<Trainer, Error> {
    let (discriminator, mel) = (discriminator(), MelProfile::Vits.config(RATE));
    let config = TrainerConfig { model, discriminator: &discriminator, train, mel: &mel, sizes };
    Trainer::new(&config, &device())
}

/// Remembers what it is told, and stops the run after a step.
#[derive(Default)]
pub(crate) struct Notebook {
    /// The rows of the steps, of which all but the times are the same for the same run.
    pub(crate) rows: Vec<Row>,
    pub(crate) validation: Vec<Row>,
    pub(crate) stop_after: Option<u64>,
}

impl Observer for Notebook {
    fn step(&mut self, row: &Row, logged: bool) -> Result<(), Error> {
        assert!(logged);
        self.rows.push(Row { seconds: 0.0, ..row.clone() });
        Ok(())
    }

    fn checkpoint(&mut self, directory: &Path, validation: Option<&Row>) -> Result<(), Error> {
        assert!(directory.join("model.safetensors").is_file());
        self.validation.extend(validation.map(|row| Row { seconds: 0.0, ..row.clone() }));
        Ok(())
    }

    fn stop(&self) -> bool {
        self.stop_after.is_some() && self.stop_after == self.rows.last().map(|row| row.step)
    }
}

/// Trains to the end, and returns the run and what was noted.
pub(crate) fn train<'a>(
    trainer: Trainer,
    config: &TrainConfig,
    examples: &'a InMemory,
    directory: &Path,
) -> (Run<NaturalSpeechTask<'a>>, Notebook) {
    let mut run = Run::new(NaturalSpeechTask::new(trainer, examples, examples), config.run(), directory);
    let mut notebook = Notebook::default();
    run.train(&mut notebook).unwrap();
    (run, notebook)
}
