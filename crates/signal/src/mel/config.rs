//! Settings of mel spectrograms, and the two profiles in common use by vocoders.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, StftConfig};

/// Settings of a log-mel spectrogram.
///
/// The bands are triangles on Slaney's mel scale, normalized to equal area; values are `ln(max(Σ weight ·
/// magnitude, floor))`. Missing keys take the value of the profile `vits` at 22,050 Hz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MelConfig {
    /// Sample rate of the signals in hertz.
    pub sample_rate: u32,
    /// Transform length in samples; even.
    pub n_fft: usize,
    /// Length of the periodic Hann window in samples.
    pub window_length: usize,
    /// Hop between frames in samples; even.
    pub hop_length: usize,
    /// Number of bands.
    pub n_mels: usize,
    /// Lower edge of the first band.
    pub f_min_hz: f64,
    /// Upper edge of the last band; half the sample rate if missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f_max_hz: Option<f64>,
    /// Constant added to the power before taking the square root.
    pub epsilon: f64,
    /// Smallest value of a band before taking the logarithm.
    pub floor: f64,
}

impl MelConfig {
    /// Returns the settings of the transform that feeds the bands.
    #[must_use]
    pub fn stft(&self) -> StftConfig {
        StftConfig {
            n_fft: self.n_fft,
            window_length: self.window_length,
            hop_length: self.hop_length,
            epsilon: self.epsilon,
        }
    }
}

impl Default for MelConfig {
    fn default() -> Self {
        MelProfile::Vits.config(22_050)
    }
}

/// Named settings for mel spectrograms.
///
/// Both have 80 bands, a transform and window of 1024 samples, a hop of 256 and a floor of 1e-5:
///
/// | | bands | epsilon |
/// |---|---|---|
/// | `vits` | 0 Hz to half the sample rate | 1e-6 |
/// | `hifigan` | 0 Hz to 8000 Hz | 1e-9 |
///
/// # References
///
/// `mel_processing.py` of jaywalnut310/vits; `meldataset.py` and `config_v1.json` of jik876/hifi-gan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelProfile {
    /// As in VITS and NaturalSpeech.
    Vits,
    /// As HiFi-GAN's published vocoders expect; requires a sample rate of at least 16 kHz.
    Hifigan,
}

impl MelProfile {
    /// All profiles, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Vits, Self::Hifigan];

    /// Returns the name used in recipes and on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vits => "vits",
            Self::Hifigan => "hifigan",
        }
    }

    /// Returns the settings of this profile for signals at `sample_rate` hertz.
    #[must_use]
    pub fn config(self, sample_rate: u32) -> MelConfig {
        let (f_max_hz, epsilon) = match self {
            Self::Vits => (None, 1e-6),
            Self::Hifigan => (Some(8000.0), 1e-9),
        };
        MelConfig {
            sample_rate,
            n_fft: 1024,
            window_length: 1024,
            hop_length: 256,
            n_mels: 80,
            f_min_hz: 0.0,
            f_max_hz,
            epsilon,
            floor: 1e-5,
        }
    }
}

impl fmt::Display for MelProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for MelProfile {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| Error::setting("profile", format!("expected `vits` or `hifigan`, got `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_profiles_by_name() {
        for profile in MelProfile::ALL {
            assert_eq!(profile.to_string().parse::<MelProfile>().unwrap(), profile);
        }
        assert!("VITS".parse::<MelProfile>().is_err());
    }
}
