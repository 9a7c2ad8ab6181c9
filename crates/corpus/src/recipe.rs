//! How a corpus is prepared: every setting of every stage.

use std::path::PathBuf;

use mynah_align::AlignConfig;
use mynah_signal::f0::PyinConfig;
use mynah_signal::{ChannelChoice, MelProfile};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::split::SplitConfig;

/// A preparation recipe: a TOML file, every key of which may be left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// What is spoken.
    pub text: TextRecipe,
    /// What the recordings must be, and what is computed from them.
    pub audio: AudioRecipe,
    /// The sub-phoneme BPE.
    pub sup_phones: SupPhoneRecipe,
    /// The forced aligner.
    pub alignment: AlignConfig,
    /// What is held out.
    pub split: SplitConfig,
}

/// Which column of `metadata.csv` is spoken, and what is known of its words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextRecipe {
    /// `normalized`, the third column, or `text`, the second. Both go through the normaliser.
    pub column: TextColumn,
    /// What pronounces the words that the lexicon lacks (`dictionary`).
    pub backend: TextBackend,
    /// A lexicon of the user's own pronunciations, which win over the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lexicon: Option<PathBuf>,
}

/// What pronounces words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextBackend {
    /// CMUdict, and what stands behind it for words that it lacks.
    #[default]
    Dictionary,
    /// espeak-ng, which must be installed; it runs as a process of its own.
    Espeak,
}

impl TextBackend {
    /// Its name in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dictionary => "dictionary",
            Self::Espeak => "espeak",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Dictionary, Self::Espeak].into_iter().find(|backend| backend.word() == word)
    }
}

/// A column of `metadata.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextColumn {
    /// The second: as printed.
    Text,
    /// The third: numbers and abbreviations written out.
    #[default]
    Normalized,
}

/// What the recordings must be, and what is computed from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AudioRecipe {
    /// The sample rate of the dataset, in hertz (22,050).
    pub sample_rate: u32,
    /// The definition of the mel spectrogram (`vits`).
    pub mel: MelProfile,
    /// Shorter clips are left out, in seconds.
    pub min_seconds: f64,
    /// Longer clips are left out, in seconds.
    pub max_seconds: f64,
    /// The lowest fundamental frequency that is looked for, in hertz.
    pub f0_min_hz: f64,
    /// The highest, in hertz.
    pub f0_max_hz: f64,
    /// Whether recordings at another rate are resampled; if not, each is a problem.
    pub resample: bool,
    /// What becomes of recordings of several channels; `mono`: each is a problem.
    pub channels: ChannelChoice,
    /// The loudness to which every clip is brought by one gain, in LUFS; none: they stay as loud as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loudness_lufs: Option<f64>,
    /// The true peak that the gain may lead to, in dB relative to full scale; a clip that would pass it stays quieter.
    pub true_peak_dbtp: f64,
    /// Cuts off leading and trailing silence; none: they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<TrimRecipe>,
}

impl AudioRecipe {
    /// Checks the settings that do not depend on a recording, under the names that they have in the recipe.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`] for the first setting out of range.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let Self { min_seconds, max_seconds, f0_min_hz, f0_max_hz, .. } = *self;
        let nyquist_hz = f64::from(self.sample_rate) / 2.0;
        let period = f64::from(self.sample_rate) / f0_min_hz;
        let longest_period = PyinConfig::default().frame_length - 2;
        let trim = self.trim.clone().unwrap_or_default();
        let lufs = self.loudness_lufs.unwrap_or_default();
        let in_range = |value: f64, low: f64, high: f64| value >= low && value <= high;
        let checks = [
            (
                min_seconds < max_seconds,
                format!("`min_seconds` ({min_seconds}) is not below `max_seconds` ({max_seconds})"),
            ),
            (
                f0_max_hz > 0.0 && f0_max_hz <= nyquist_hz,
                format!(
                    "`f0_max_hz` ({f0_max_hz}) is not above 0 and at most half of `sample_rate` ({nyquist_hz})"
                ),
            ),
            (
                f0_min_hz > 0.0 && f0_min_hz < f0_max_hz,
                format!("`f0_min_hz` ({f0_min_hz}) is not above 0 and below `f0_max_hz` ({f0_max_hz})"),
            ),
            (
                period <= longest_period as f64,
                format!(
                    "`f0_min_hz` ({f0_min_hz}) has periods of {period:.0} samples at {} Hz, and at most \
                     {longest_period} can be tracked",
                    self.sample_rate
                ),
            ),
            (in_range(lufs, -70.0, 0.0), format!("`loudness_lufs` ({lufs}) is not from -70 to 0")),
            (
                in_range(self.true_peak_dbtp, -70.0, 0.0),
                format!("`true_peak_dbtp` ({}) is not from -70 to 0", self.true_peak_dbtp),
            ),
            (
                in_range(trim.below_loudest_db, 1.0, 200.0),
                format!("`trim.below_loudest_db` ({}) is not from 1 to 200", trim.below_loudest_db),
            ),
            (
                in_range(trim.margin_ms, 0.0, 60_000.0),
                format!("`trim.margin_ms` ({}) is not from 0 to 60000", trim.margin_ms),
            ),
        ];
        match checks.into_iter().find(|(good, _)| !good) {
            Some((_, why)) => Err(Error::Recipe { section: "audio", why }),
            None => Ok(()),
        }
    }
}

/// How leading and trailing silence is cut off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrimRecipe {
    /// A hundredth of a second is silence when its level lies so far below that of the loudest one, in dB (40).
    pub below_loudest_db: f64,
    /// What is left of the silence on either side, in milliseconds (50).
    pub margin_ms: f64,
}

impl Default for TrimRecipe {
    fn default() -> Self {
        Self { below_loudest_db: 40.0, margin_ms: 50.0 }
    }
}

impl Default for AudioRecipe {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            mel: MelProfile::Vits,
            min_seconds: 0.5,
            max_seconds: 20.0,
            f0_min_hz: 65.0,
            f0_max_hz: 600.0,
            resample: false,
            channels: ChannelChoice::Mono,
            loudness_lufs: None,
            true_peak_dbtp: -1.0,
            trim: None,
        }
    }
}

/// The sub-phoneme BPE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SupPhoneRecipe {
    /// Merges to learn from the training split, at most (the paper has 30,000 from 200 million sentences).
    pub merges: usize,
    /// A `supphones.json` whose sup-phones are taken in the place of learning any: those of a pre-training, whose encoder is
    /// then to be trained on the dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
}

impl Default for SupPhoneRecipe {
    fn default() -> Self {
        Self { merges: 2_000, model: None }
    }
}

#[cfg(test)]
mod tests {
    use super::{AudioRecipe, TrimRecipe};

    #[test]
    fn names_the_setting_as_it_stands_in_the_recipe() {
        let good = AudioRecipe::default();
        let trim = |below_loudest_db, margin_ms| Some(TrimRecipe { below_loudest_db, margin_ms });
        let cases = [
            (AudioRecipe { min_seconds: 3.0, max_seconds: 2.0, ..good.clone() }, "`min_seconds` (3)"),
            (AudioRecipe { min_seconds: f64::NAN, ..good.clone() }, "`min_seconds` (NaN)"),
            (AudioRecipe { f0_min_hz: 900.0, ..good.clone() }, "`f0_min_hz` (900)"),
            (AudioRecipe { f0_min_hz: f64::NAN, ..good.clone() }, "`f0_min_hz` (NaN)"),
            (AudioRecipe { f0_min_hz: 20.0, ..good.clone() }, "`f0_min_hz` (20)"),
            (AudioRecipe { f0_max_hz: 12_000.0, ..good.clone() }, "`f0_max_hz` (12000)"),
            (AudioRecipe { loudness_lufs: Some(3.0), ..good.clone() }, "`loudness_lufs` (3)"),
            (AudioRecipe { true_peak_dbtp: 1.0, ..good.clone() }, "`true_peak_dbtp` (1)"),
            (AudioRecipe { trim: trim(0.0, 50.0), ..good.clone() }, "`trim.below_loudest_db` (0)"),
            (AudioRecipe { trim: trim(40.0, -1.0), ..good.clone() }, "`trim.margin_ms` (-1)"),
        ];
        for (recipe, expected) in cases {
            let error = recipe.validate().unwrap_err().to_string();
            assert!(error.contains("`[audio]`") && error.contains(expected), "{error}");
        }
        assert!(good.validate().is_ok());
        // The shortest trackable pitch at this rate: 1,022 samples a period.
        assert!(AudioRecipe { f0_min_hz: 22_050.0 / 1_022.0, ..good.clone() }.validate().is_ok());
    }

    #[test]
    fn what_passes_can_be_tracked() {
        let lowest = AudioRecipe { f0_min_hz: 22_050.0 / 1_022.0, ..AudioRecipe::default() };
        assert!(crate::FeatureExtractor::new(&lowest).is_ok());
    }
}
