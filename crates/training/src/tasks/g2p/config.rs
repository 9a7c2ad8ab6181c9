//! Sizes and schedule.

use mynah_text::G2pShape;
use serde::{Deserialize, Serialize};

/// Sizes of the network and schedule of its training. The defaults produced the bundled weights. `--seed` takes precedence over
/// `seed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct G2pConfig {
    /// Seed of the initial values, the order of the data and the dropout.
    pub seed: u64,
    /// Passes over the words; may change when training is resumed before the last [`cool_down_epochs`](Self::cool_down_epochs).
    pub epochs: u64,
    /// Passes at the end over which the learning rate falls to zero.
    pub cool_down_epochs: u64,
    /// States per direction of each recurrent layer.
    pub hidden: usize,
    /// Features per letter.
    pub features: usize,
    /// Preceding letters whose chunks of phones the network sees.
    pub history: usize,
    /// Maximum number of letters per batch.
    pub batch_letters: usize,
    /// Peak of the learning rate of AdamW.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to its peak.
    pub warm_up_steps: u64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Largest gradient norm; larger gradients are scaled down.
    pub clip_norm: f64,
    /// Dropout probability between the layers.
    pub dropout: f64,
    /// Probability that a letter's preceding chunks are hidden.
    pub history_dropout: f64,
    /// Label smoothing: probability mass that the targets spread evenly over all chunks.
    pub label_smoothing: f64,
}

impl Default for G2pConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: 20,
            cool_down_epochs: 10,
            hidden: 256,
            features: 256,
            history: 4,
            batch_letters: 2048,
            learning_rate: 2.5e-3,
            warm_up_steps: 300,
            weight_decay: 0.01,
            clip_norm: 1.0,
            dropout: 0.25,
            history_dropout: 0.1,
            label_smoothing: 0.05,
        }
    }
}

impl G2pConfig {
    /// Returns the sizes alone.
    #[must_use]
    pub fn shape(&self) -> G2pShape {
        G2pShape { hidden: self.hidden, features: self.features, history: self.history }
    }
}
