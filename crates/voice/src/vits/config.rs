//! Sizes of an imported model.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::{AudioConfig, EncoderConfig, FlowConfig, HifiGanConfig, MemoryConfig, ModelConfig};

/// Sizes of a model of the VITS family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitsConfig {
    /// Identifiers that the encoder distinguishes: 178 for the characters of VITS.
    pub symbols: usize,
    /// True if a blank (identifier 0) comes before, between and after the characters.
    pub blanks: bool,
    /// Channels between all modules (192).
    pub hidden: usize,
    /// Text encoder.
    pub encoder: EncoderConfig,
    /// Duration predictor.
    pub durations: DurationsConfig,
    /// Expansion of hidden states into the frames of the prior.
    pub prior: PriorConfig,
    /// Flow.
    pub flow: FlowConfig,
    /// Memory bank between flow and decoder, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryConfig>,
    /// Waveform decoder.
    pub decoder: HifiGanConfig,
}

/// Duration predictor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum DurationsConfig {
    /// Two convolutions; durations of a text are always the same.
    Deterministic {
        /// Channels of the convolutions (256).
        filter: usize,
        /// Kernel of the convolutions (3).
        kernel: usize,
    },
    /// Flow from noise to durations.
    Stochastic {
        /// Spline couplings of inference, one less than in training (3).
        couplings: usize,
        /// Depthwise convolutions of each network (3), dilated by 1, `kernel`, `kernel`², ….
        layers: usize,
        /// Kernel of the convolutions (3).
        kernel: usize,
        /// Bins of each spline (10).
        bins: usize,
    },
}

/// Expansion of hidden states into the frames of the prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum PriorConfig {
    /// Repetition of each identifier for a whole number of frames (VITS).
    Expansion,
    /// Attention of every frame to all identifiers (`heatz123/naturalspeech`).
    Upsampling {
        /// Channels of the convolutions that feed the two networks (8).
        features: usize,
        /// Kernel of the convolutions (3).
        kernel: usize,
        /// Attention maps, q (4).
        queries: usize,
        /// Context values, p (2).
        contexts: usize,
    },
}

impl VitsConfig {
    /// Checks the settings against each other and against the audio.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with the name of the setting.
    pub fn validate(&self, audio: &AudioConfig) -> Result<(), Error> {
        // Settings shared with our own model are checked by its validation.
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
        check(
            self.memory.as_ref().is_none_or(|memory| memory.slots > 0),
            "vits.memory.slots",
            "it must be positive",
        )?;
        check(self.symbols > 1, "vits.symbols", "it must be at least 2")?;
        check(durations.iter().all(|size| *size > 0), "vits.durations", "all sizes must be positive")?;
        check(layers <= 8, "vits.durations.layers", "it must be at most 8, as dilations grow exponentially")?;
        check(kernels.iter().all(|kernel| kernel % 2 == 1), "vits.durations.kernel", "it must be odd")?;
        check(prior.iter().all(|size| *size > 0), "vits.prior", "all sizes must be positive")?;
        check(kernel % 2 == 1, "vits.prior.kernel", "it must be odd")
    }
}
