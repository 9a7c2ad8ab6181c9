//! A place with a prepared dataset and a model small enough to train in a second.

use crate::support::{Outcome, Place};

pub(crate) const TRAIN: &str = env!("CARGO_BIN_EXE_mynah-train");
pub(crate) const SYNTHESIZE: &str = env!("CARGO_BIN_EXE_mynah-synthesize");

/// All parts of the model and both phases, at the smallest sizes.
pub(crate) const CONFIG: &str = "\
[model]
hidden = 8
encoder = { blocks = 1, filter = 16 }
durator = { layers = 1 }
flow = { couplings = 2, wavenet = { layers = 1, kernel = 3 } }
posterior = { layers = 1, kernel = 3 }
memory = { slots = 4 }
decoder = { channels = 16, kernels = [3], dilations = [1] }

[discriminator]
periods = [1, 3]
period_channels = [4, 8]
scale_channels = [4, 4, 4, 4, 4, 4]

[train]
seed = 3
steps = 20
warm_up_steps = 10
batch_frames = 100
window_frames = 5
log_every = 1
checkpoint_every = 10
";

/// The files of a checkpoint.
pub(crate) const CHECKPOINT: [&str; 3] = ["model.safetensors", "optimizer.safetensors", "state.toml"];

/// A place with a dataset and a training configuration.
pub(crate) struct Studio {
    pub(crate) place: Place,
}

impl Studio {
    /// Makes a studio with `dataset` and `train.toml`.
    pub(crate) fn new() -> Studio {
        let place = Place::with_corpus();
        place.prepare_corpus("dataset").exits_with(0);
        place.write("train.toml", CONFIG);
        Studio { place }
    }

    /// Makes a studio with a finished `run`, which has checkpoints of steps 10 and 20.
    pub(crate) fn with_run() -> Studio {
        let studio = Studio::new();
        studio.train("run", "").exits_with(0);
        studio
    }

    /// Makes a studio with `voice`, of step 20.
    pub(crate) fn with_voice() -> Studio {
        let studio = Studio::with_run();
        studio.export("run --out voice").exits_with(0);
        studio
    }

    /// Trains into a directory.
    pub(crate) fn train(&self, out: &str, options: &str) -> Outcome {
        self.place.run(TRAIN, &train_arguments(out, options))
    }

    /// Runs `mynah-train export`.
    pub(crate) fn export(&self, arguments: &str) -> Outcome {
        self.place.run(TRAIN, &format!("export {arguments}"))
    }

    /// Speaks the test split into a directory.
    pub(crate) fn speak(&self, out: &str, options: &str) -> Outcome {
        self.place.run(SYNTHESIZE, &format!("batch --voice voice --data dataset --out {out} {options}"))
    }

    /// Speaks a text of one word.
    pub(crate) fn say(&self, voice: &str, text: &str, options: &str) -> Outcome {
        self.place.run(SYNTHESIZE, &format!("text --voice {voice} --out spoken.wav {options} {text}"))
    }

    /// Reads the rows of `metrics.jsonl`.
    pub(crate) fn metrics(&self, run: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
        let text = self.place.read(&format!("{run}/metrics.jsonl"));
        text.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect()
    }

    /// Asserts that two runs have the same bytes in the checkpoint of a step.
    #[track_caller]
    pub(crate) fn assert_same_checkpoint(&self, a: &str, b: &str, step: u64) {
        let of = |run: &str| self.place.files(&format!("{run}/checkpoints/step-{step}"));
        assert_eq!(of(a).keys().collect::<Vec<_>>(), CHECKPOINT);
        self.place
            .assert_same(&format!("{a}/checkpoints/step-{step}"), &format!("{b}/checkpoints/step-{step}"));
    }
}

/// Returns the arguments that train a run.
pub(crate) fn train_arguments(out: &str, options: &str) -> String {
    format!("run --config train.toml --data dataset --out {out} {options}")
}
