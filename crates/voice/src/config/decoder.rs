//! Sizes of the waveform decoder, of either kind.

use serde::{Deserialize, Serialize};

use super::AudioConfig;
use crate::Error;

/// Waveform decoder. Without `kind` it is HiFi-GAN's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", try_from = "WrittenDecoder")]
pub enum DecoderConfig {
    /// HiFi-GAN's generator, as in the paper.
    HifiGan(HifiGanConfig),
    /// Vocos' generator, whose network runs at the frame rate and costs a small fraction of HiFi-GAN's. Settings of the other
    /// kind are errors.
    Istft(IstftConfig),
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self::HifiGan(HifiGanConfig::default())
    }
}

impl From<HifiGanConfig> for DecoderConfig {
    fn from(config: HifiGanConfig) -> Self {
        Self::HifiGan(config)
    }
}

/// HiFi-GAN's generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HifiGanConfig {
    /// Channels before the first upsampling; halved by each (512).
    pub channels: usize,
    /// Factors of the upsamplings; their product is the hop ([8, 8, 2, 2]).
    pub upsampling: Vec<usize>,
    /// Kernels of the residual blocks ([3, 7, 11]).
    pub kernels: Vec<usize>,
    /// Dilations inside each residual block ([1, 3, 5]).
    pub dilations: Vec<usize>,
}

impl Default for HifiGanConfig {
    fn default() -> Self {
        Self {
            channels: 512,
            upsampling: vec![8, 8, 2, 2],
            kernels: vec![3, 7, 11],
            dilations: vec![1, 3, 5],
        }
    }
}

/// Vocos' generator. The defaults are Vocos' own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IstftConfig {
    /// Points of the inverse Fourier transform, at most the dataset's (1024).
    pub n_fft: usize,
    /// Samples per frame: the dataset's hop (256).
    pub hop_length: usize,
    /// Channels of the ConvNeXt blocks (512).
    pub channels: usize,
    /// Channels inside each block (1536).
    pub filter: usize,
    /// Kernel of the depthwise convolutions (7).
    pub kernel: usize,
    /// Blocks (8).
    pub blocks: usize,
}

impl Default for IstftConfig {
    fn default() -> Self {
        Self { n_fft: 1024, hop_length: 256, channels: 512, filter: 1536, kernel: 7, blocks: 8 }
    }
}

impl DecoderConfig {
    /// Checks the settings against each other and against the audio.
    pub(super) fn validate(&self, audio: &AudioConfig) -> Result<(), Error> {
        match self {
            Self::HifiGan(config) => config.validate(audio),
            Self::Istft(config) => config.validate(audio),
        }
    }
}

impl HifiGanConfig {
    fn validate(&self, audio: &AudioConfig) -> Result<(), Error> {
        let product: usize = self.upsampling.iter().product();
        check(
            product == audio.hop_length,
            "model.decoder.upsampling",
            format!(
                "the product of {:?} is not {}, the hop of the dataset",
                self.upsampling, audio.hop_length
            ),
        )?;
        check(
            self.upsampling.iter().all(|factor| factor.is_multiple_of(2)),
            "model.decoder.upsampling",
            format!("{:?} has an odd factor", self.upsampling),
        )?;
        check(
            !self.kernels.is_empty() && self.kernels.iter().all(|kernel| kernel % 2 == 1),
            "model.decoder.kernels",
            format!("{:?} is not a non-empty list of odd numbers", self.kernels),
        )?;
        check(
            !self.dilations.is_empty() && self.dilations.iter().all(|dilation| *dilation > 0),
            "model.decoder.dilations",
            format!("{:?} is not a non-empty list of positive numbers", self.dilations),
        )?;
        check(
            self.channels.is_multiple_of(1 << self.upsampling.len()) && self.channels > 0,
            "model.decoder.channels",
            format!("{} cannot be halved {} times", self.channels, self.upsampling.len()),
        )
    }
}

impl IstftConfig {
    fn validate(&self, audio: &AudioConfig) -> Result<(), Error> {
        let Self { n_fft, hop_length, channels, filter, kernel, blocks } = *self;
        check(
            hop_length == audio.hop_length,
            "model.decoder.hop_length",
            format!("{hop_length} is not {}, the hop of the dataset", audio.hop_length),
        )?;
        // With less overlap all Hann windows are nearly zero at some samples.
        check(
            n_fft >= 2 * hop_length && (n_fft - hop_length).is_multiple_of(2),
            "model.decoder.n_fft",
            format!(
                "{n_fft} is less than two hops of {hop_length}, or differs from the hop by an odd number"
            ),
        )?;
        for (key, value) in [
            ("model.decoder.channels", channels),
            ("model.decoder.filter", filter),
            ("model.decoder.blocks", blocks),
        ] {
            check(value > 0, key, "it must be positive".to_owned())?;
        }
        check(kernel % 2 == 1, "model.decoder.kernel", format!("{kernel} is even, and kernels must be odd"))
    }
}

fn check(good: bool, key: &'static str, why: String) -> Result<(), Error> {
    if good { Ok(()) } else { Err(Error::Config { key, why }) }
}

/// Decoder table of a file with the settings of all kinds, so that an error can name a setting of the wrong kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDecoder {
    #[serde(default)]
    kind: Kind,
    channels: Option<usize>,
    upsampling: Option<Vec<usize>>,
    kernels: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    n_fft: Option<usize>,
    hop_length: Option<usize>,
    filter: Option<usize>,
    kernel: Option<usize>,
    blocks: Option<usize>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    HifiGan,
    Istft,
}

impl TryFrom<WrittenDecoder> for DecoderConfig {
    type Error = String;

    fn try_from(written: WrittenDecoder) -> Result<Self, String> {
        let WrittenDecoder {
            kind,
            channels,
            upsampling,
            kernels,
            dilations,
            n_fft,
            hop_length,
            filter,
            kernel,
            blocks,
        } = written;
        let of_hifigan = [
            ("upsampling", upsampling.is_some()),
            ("kernels", kernels.is_some()),
            ("dilations", dilations.is_some()),
        ];
        let of_istft = [
            ("n_fft", n_fft.is_some()),
            ("hop_length", hop_length.is_some()),
            ("filter", filter.is_some()),
            ("kernel", kernel.is_some()),
            ("blocks", blocks.is_some()),
        ];
        let (name, foreign): (_, &[(&str, bool)]) = match kind {
            Kind::HifiGan => ("hifigan", &of_istft),
            Kind::Istft => ("istft", &of_hifigan),
        };
        if let Some((key, _)) = foreign.iter().find(|(_, given)| *given) {
            return Err(format!("a decoder of kind `{name}` has no setting `{key}`"));
        }
        Ok(match kind {
            Kind::HifiGan => {
                let default = HifiGanConfig::default();
                Self::HifiGan(HifiGanConfig {
                    channels: channels.unwrap_or(default.channels),
                    upsampling: upsampling.unwrap_or(default.upsampling),
                    kernels: kernels.unwrap_or(default.kernels),
                    dilations: dilations.unwrap_or(default.dilations),
                })
            }
            Kind::Istft => {
                let default = IstftConfig::default();
                Self::Istft(IstftConfig {
                    n_fft: n_fft.unwrap_or(default.n_fft),
                    hop_length: hop_length.unwrap_or(default.hop_length),
                    channels: channels.unwrap_or(default.channels),
                    filter: filter.unwrap_or(default.filter),
                    kernel: kernel.unwrap_or(default.kernel),
                    blocks: blocks.unwrap_or(default.blocks),
                })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AudioConfig, DecoderConfig, HifiGanConfig, IstftConfig};

    #[test]
    fn both_kinds_round_trip_through_toml() {
        for config in [DecoderConfig::default(), DecoderConfig::Istft(IstftConfig::default())] {
            let text = toml::to_string(&config).unwrap();
            assert_eq!(toml::from_str::<DecoderConfig>(&text).unwrap(), config, "{text}");
        }
    }

    #[test]
    fn reads_a_table_without_a_kind_as_hifigan() {
        let config: DecoderConfig = toml::from_str("channels = 64\nkernels = [3]").unwrap();
        let expected = HifiGanConfig { channels: 64, kernels: vec![3], ..HifiGanConfig::default() };
        assert_eq!(config, DecoderConfig::HifiGan(expected));
    }

    #[test]
    fn names_settings_of_the_wrong_kind() {
        for (text, says) in [
            ("kind = \"istft\"\ndilations = [1]", "kind `istft` has no setting `dilations`"),
            ("blocks = 3", "kind `hifigan` has no setting `blocks`"),
            ("kind = \"wavenet\"", "unknown variant `wavenet`"),
            ("chanels = 3", "unknown field `chanels`"),
        ] {
            let error = toml::from_str::<DecoderConfig>(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn names_the_invalid_setting_of_an_istft_decoder() {
        let audio = AudioConfig { sample_rate: 22_050, hop_length: 256, n_fft: 1024 };
        for (text, key) in [
            ("hop_length = 128", "model.decoder.hop_length"),
            ("n_fft = 300", "model.decoder.n_fft"),
            ("n_fft = 1023", "model.decoder.n_fft"),
            ("blocks = 0", "model.decoder.blocks"),
            ("kernel = 4", "model.decoder.kernel"),
        ] {
            let config: DecoderConfig = toml::from_str(&format!("kind = \"istft\"\n{text}")).unwrap();
            let error = config.validate(&audio).unwrap_err().to_string();
            assert!(error.contains(key), "{text}: {error}");
        }
        DecoderConfig::Istft(IstftConfig::default()).validate(&audio).unwrap();
    }
}
