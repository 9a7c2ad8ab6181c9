//! Sizes and schedule.

use mynah_text::G2pShape;
use serde::{Deserialize, Serialize};

/// The sizes of the network and the schedule of its training; the defaults made the bundled weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct G2pConfig {
    /// Another seed draws other initial values, another order and other dropout.
    pub seed: u64,
    /// Passes over the words; may change when a training is resumed before its last [`G2pConfig::cool_down_epochs`].
    pub epochs: u64,
    /// Passes at the end in which the learning rate falls to zero.
    pub cool_down_epochs: u64,
    /// States of each direction of each recurrent layer.
    pub hidden: usize,
    /// Features of a letter.
    pub features: usize,
    /// Letters back whose chunks the network is told.
    pub history: usize,
    /// Letters in a batch, at most.
    pub batch_letters: usize,
    /// The largest learning rate.
    pub learning_rate: f64,
    /// Steps in which the learning rate rises to it.
    pub warm_up_steps: u64,
    /// Share of each parameter that a step takes away, times the learning rate.
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm.
    pub clip_norm: f64,
    /// Share of the values between the layers that is dropped.
    pub dropout: f64,
    /// Share of the letters that are not told the chunks before them.
    pub history_dropout: f64,
    /// Share of the probability that the targets give to all chunks alike.
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
    /// The sizes alone.
    #[must_use]
    pub fn shape(&self) -> G2pShape {
        G2pShape { hidden: self.hidden, features: self.features, history: self.history }
    }
}
