//! Sizes of the model. The defaults are the paper's (NaturalSpeech, arXiv 2205.04421).

mod decoder;

use serde::{Deserialize, Serialize};

use crate::Error;

pub use decoder::{DecoderConfig, HifiGanConfig, IstftConfig};

/// Sizes of every module that inference needs, and of the posterior encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Channels between all modules; even.
    pub hidden: usize,
    /// Phoneme encoder.
    pub encoder: EncoderConfig,
    /// Duration predictor and upsampling.
    pub durator: DuratorConfig,
    /// Flow of the bidirectional prior/posterior.
    pub flow: FlowConfig,
    /// Posterior encoder. If the table is present, both keys are required.
    pub posterior: WaveNetConfig,
    /// Memory bank.
    pub memory: MemoryConfig,
    /// Waveform decoder.
    pub decoder: DecoderConfig,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            hidden: 192,
            encoder: EncoderConfig::default(),
            durator: DuratorConfig::default(),
            flow: FlowConfig::default(),
            posterior: WaveNetConfig { layers: 16, kernel: 5 },
            memory: MemoryConfig::default(),
            decoder: DecoderConfig::default(),
        }
    }
}

/// Phoneme encoder: blocks of self-attention and convolution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// Transformer blocks (6).
    pub blocks: usize,
    /// Attention heads (2).
    pub heads: usize,
    /// Channels between the two convolutions of a block (768).
    pub filter: usize,
    /// Kernel of these convolutions (3).
    pub kernel: usize,
    /// Symbols to either side whose distance the attention distinguishes, as in VITS (4).
    pub window: usize,
    /// Dropout probability (0.1).
    pub dropout: f64,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self { blocks: 6, heads: 2, filter: 768, kernel: 3, window: 4, dropout: 0.1 }
    }
}

impl EncoderConfig {
    /// Checks the settings of the encoder alone.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with the name of the setting.
    pub fn validate(&self, hidden: usize) -> Result<(), Error> {
        let Self { blocks, heads, filter, kernel, dropout, .. } = *self;
        let check = |good: bool, key: &'static str, why: String| {
            if good { Ok(()) } else { Err(Error::Config { key, why }) }
        };
        for (key, value) in [
            ("model.hidden", hidden),
            ("model.encoder.blocks", blocks),
            ("model.encoder.heads", heads),
            ("model.encoder.filter", filter),
        ] {
            check(value > 0, key, "it must be positive".to_owned())?;
        }
        check(
            hidden.is_multiple_of(heads),
            "model.encoder.heads",
            format!("{hidden} channels are not divisible by {heads} heads"),
        )?;
        check(kernel % 2 == 1, "model.encoder.kernel", format!("{kernel} is even, and kernels must be odd"))?;
        check((0.0..1.0).contains(&dropout), "model.encoder.dropout", format!("{dropout} is not in [0, 1)"))
    }
}

/// Differentiable durator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DuratorConfig {
    /// Convolutions of the duration predictor (3).
    pub layers: usize,
    /// Kernel of these convolutions (3).
    pub kernel: usize,
    /// Dropout probability of the duration predictor (0.5).
    pub dropout: f64,
    /// Attention maps W of the upsampling, q in equation 7 (4).
    pub queries: usize,
    /// Context values C of the upsampling, p in equation 8 (2).
    pub contexts: usize,
    /// Channels of the convolution that feeds W and C (8).
    pub features: usize,
    /// Expansion of hidden states into frames.
    pub expansion: Expansion,
    /// Layer norm after the upsampling, which equation 9 does not have (false).
    pub norm: bool,
}

/// Expansion of the symbols' hidden states into the frames of the prior.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expansion {
    /// The learnable upsampling of the paper, through which durations have a gradient.
    #[default]
    Learned,
    /// Each hidden state repeated for as many frames as its duration, rounded: the ablation "differentiable durator" of
    /// table 5. Durations then come from labels or from an alignment search in both phases of training.
    Hard,
}

impl Default for DuratorConfig {
    fn default() -> Self {
        Self {
            layers: 3,
            kernel: 3,
            dropout: 0.5,
            queries: 4,
            contexts: 2,
            features: 8,
            expansion: Expansion::Learned,
            norm: false,
        }
    }
}

/// Flow between prior and posterior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowConfig {
    /// Shift-only couplings (4).
    pub couplings: usize,
    /// Network that computes each shift. If the table is present, both keys are required.
    pub wavenet: WaveNetConfig,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self { couplings: 4, wavenet: WaveNetConfig { layers: 4, kernel: 5 } }
    }
}

/// Stack of gated convolutions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveNetConfig {
    /// Layers.
    pub layers: usize,
    /// Kernel of each layer.
    pub kernel: usize,
}

/// Memory bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryConfig {
    /// Vectors in the bank (1000). With 0 there is no memory and the decoder always reads the latent frames, the ablation
    /// "memory in VAE" of table 5.
    pub slots: usize,
    /// Attention heads (2).
    pub heads: usize,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { slots: 1000, heads: 2 }
    }
}

/// Properties of the audio that the model depends on, taken from the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioConfig {
    /// Samples per second.
    pub sample_rate: u32,
    /// Samples between frames.
    pub hop_length: usize,
    /// Samples in the transform of a frame.
    pub n_fft: usize,
}

impl AudioConfig {
    /// Returns the number of bins of a linear spectrum.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.n_fft / 2 + 1
    }
}

impl ModelConfig {
    /// Checks the settings against each other and against the audio.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with the name of the setting.
    pub fn validate(&self, audio: &AudioConfig) -> Result<(), Error> {
        let check = |good: bool, key: &'static str, why: String| {
            if good { Ok(()) } else { Err(Error::Config { key, why }) }
        };
        let hidden = self.hidden;
        check(hidden.is_multiple_of(2), "model.hidden", format!("{hidden} is odd, and the flow halves it"))?;
        self.encoder.validate(hidden)?;
        let positive: [(&'static str, usize); 8] = [
            ("model.durator.layers", self.durator.layers),
            ("model.durator.queries", self.durator.queries),
            ("model.durator.contexts", self.durator.contexts),
            ("model.durator.features", self.durator.features),
            ("model.flow.couplings", self.flow.couplings),
            ("model.flow.wavenet.layers", self.flow.wavenet.layers),
            ("model.posterior.layers", self.posterior.layers),
            ("model.memory.heads", self.memory.heads),
        ];
        for (key, value) in positive {
            check(value > 0, key, "it must be positive".to_owned())?;
        }
        let heads = self.memory.heads;
        check(
            hidden.is_multiple_of(heads),
            "model.memory.heads",
            format!("{hidden} channels are not divisible by {heads} heads"),
        )?;
        for (key, kernel) in [
            ("model.durator.kernel", self.durator.kernel),
            ("model.flow.wavenet.kernel", self.flow.wavenet.kernel),
            ("model.posterior.kernel", self.posterior.kernel),
        ] {
            check(kernel % 2 == 1, key, format!("{kernel} is even, and kernels must be odd"))?;
        }
        let dropout = self.durator.dropout;
        check((0.0..1.0).contains(&dropout), "model.durator.dropout", format!("{dropout} is not in [0, 1)"))?;
        self.decoder.validate(audio)
    }
}

#[cfg(test)]
mod tests {
    use super::{AudioConfig, ModelConfig};

    fn audio() -> AudioConfig {
        AudioConfig { sample_rate: 22_050, hop_length: 256, n_fft: 1024 }
    }

    #[test]
    fn defaults_are_valid_and_round_trip_through_toml() {
        let config = ModelConfig::default();
        config.validate(&audio()).unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<ModelConfig>(&text).unwrap(), config);
    }

    #[test]
    fn names_the_invalid_setting() {
        for (toml, key) in [
            ("hidden = 3", "model.hidden"),
            ("[encoder]\nheads = 5", "model.encoder.heads"),
            ("[decoder]\nupsampling = [8, 8, 2]", "model.decoder.upsampling"),
            ("[decoder]\nchannels = 100", "model.decoder.channels"),
            ("[encoder]\nkernel = 4", "model.encoder.kernel"),
            ("[durator]\ndropout = 1.5", "model.durator.dropout"),
        ] {
            let config: ModelConfig = toml::from_str(toml).unwrap();
            let error = config.validate(&audio()).unwrap_err().to_string();
            assert!(error.contains(key), "{toml}: {error}");
        }
        assert!(toml::from_str::<ModelConfig>("hiden = 3").is_err());
    }
}
