//! The sizes of an imported model.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::{AudioConfig, EncoderConfig, FlowConfig, HifiGanConfig, MemoryConfig, ModelConfig};

/// The sizes of a model of the family of VITS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitsConfig {
    /// Identifiers that the encoder tells apart: 178 for the characters of VITS.
    pub symbols: usize,
    /// Whether a blank (identifier 0) stands before, between and behind the characters.
    pub blanks: bool,
    /// Channels between all modules (192).
    pub hidden: usize,
    /// Text encoder.
    pub encoder: EncoderConfig,
    /// What predicts how long each identifier lasts.
    pub durations: DurationsConfig,
    /// How the frames of the prior are made of the hidden states.
    pub prior: PriorConfig,
    /// Flow.
    pub flow: FlowConfig,
    /// The bank between flow and decoder, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryConfig>,
    /// Waveform decoder.
    pub decoder: HifiGanConfig,
}

/// The predictor of durations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum DurationsConfig {
    /// Two convolutions; the same text lasts the same every time.
    Deterministic {
        /// Channels of the convolutions (256).
        filter: usize,
        /// Their kernel (3).
        kernel: usize,
    },
    /// A flow from noise to durations.
    Stochastic {
        /// Spline couplings that speaking needs: one less than were trained (3).
        couplings: usize,
        /// Depthwise convolutions of each network (3), dilated by 1, `kernel`, `kernel`², ….
        layers: usize,
        /// Their kernel (3).
        kernel: usize,
        /// Bins of each spline (10).
        bins: usize,
    },
}

/// How the frames of the prior are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum PriorConfig {
    /// Each identifier is repeated for its frames, a whole number (VITS).
    Expansion,
    /// Every frame attends to all identifiers (`heatz123/naturalspeech`).
    Upsampling {
        /// Channels of the convolutions that feed the two networks (8).
        features: usize,
        /// Their kernel (3).
        kernel: usize,
        /// Attention maps, q (4).
        queries: usize,
        /// Context values, p (2).
        contexts: usize,
    },
}

impl VitsConfig {
    /// Checks what the modules rely on.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] that names the setting.
    pub fn validate(&self, audio: &AudioConfig) -> Result<(), Error> {
        // What the model of this library has too is checked where that is.
        let model = ModelConfig {
            hidden: self.hidden,
            encoder: self.encoder.clone(),
            flow: self.flow.clone(),
            memory: self.memory.clone().unwrap_or(MemoryConfig { slots: 1, heads: 1 }),
            decoder: self.decoder.clone().into(),
            ..ModelConfig::default()
        };
        model.validate(audio)?;
        let (durations, kernels): (Vec<usize>, Vec<usize>) = match self.durations {
            DurationsConfig::Deterministic { filter, kernel } => (vec![filter], vec![kernel]),
            DurationsConfig::Stochastic { couplings, layers, kernel, bins } => {
                (vec![couplings, layers, bins], vec![kernel])
            }
        };
        let (prior, kernel) = match self.prior {
            PriorConfig::Expansion => (vec![], 1),
            PriorConfig::Upsampling { features, kernel, queries, contexts } => {
                (vec![features, queries, contexts], kernel)
            }
        };
        let layers = match self.durations {
            DurationsConfig::Deterministic { .. } => 2,
            DurationsConfig::Stochastic { layers, .. } => layers,
        };
        let check = |good: bool, key: &'static str, why: &str| {
            if good { Ok(()) } else { Err(Error::Config { key, why: why.to_owned() }) }
        };
        check(self.memory.as_ref().is_none_or(|memory| memory.slots > 0), "vits.memory.slots", "it is 0")?;
        check(self.symbols > 1, "vits.symbols", "it is less than 2")?;
        check(durations.iter().all(|size| *size > 0), "vits.durations", "a size is 0")?;
        check(layers <= 8, "vits.durations.layers", "it is more than 8, and each dilates by a factor more")?;
        check(kernels.iter().all(|kernel| kernel % 2 == 1), "vits.durations.kernel", "it is even")?;
        check(prior.iter().all(|size| *size > 0), "vits.prior", "a size is 0")?;
        check(kernel % 2 == 1, "vits.prior.kernel", "it is even")
    }
}
