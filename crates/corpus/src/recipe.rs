//! Recipes: every setting of every stage of the preparation.

use std::path::PathBuf;

use mynah_align::AlignConfig;
use mynah_signal::f0::PyinConfig;
use mynah_signal::{ChannelChoice, MelProfile};
use mynah_text::Style;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::keep::KeepRecipe;
use crate::source::SourceRecipe;
use crate::split::SplitConfig;

/// Preparation recipe: a TOML file in which every key is optional. `pipelines/ljspeech/prepare.toml` spells out all of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Layout of the corpus.
    pub source: SourceRecipe,
    /// Text and pronunciation.
    pub text: TextRecipe,
    /// Requirements on the recordings, and what is computed from them.
    pub audio: AudioRecipe,
    /// Sub-phoneme BPE.
    pub sup_phones: SupPhoneRecipe,
    /// Forced aligner.
    pub alignment: AlignConfig,
    /// Clips that are left out although they can be prepared.
    pub keep: KeepRecipe,
    /// Held-out utterances.
    pub split: SplitConfig,
}

/// Text and pronunciation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextRecipe {
    /// Column that is spoken, of corpora that have both. Either one is normalized.
    pub column: TextColumn,
    /// Source of the pronunciations that the lexicon lacks.
    pub backend: TextBackend,
    /// File with pronunciations of the user's own, `word PH PH …` per line in ARPAbet with stress; they take precedence over the
    /// dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lexicon: Option<PathBuf>,
    /// Manner of reading what can be read in two ways.
    pub style: TextStyle,
    /// File with rules of the user's own for texts, a regular expression, a tab and the words that are spoken in its place per line;
    /// they take precedence over all other rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<PathBuf>,
}

/// Manner of reading what can be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextStyle {
    /// That of most American readers: `May 3` is read as "May third".
    #[default]
    Standard,
    /// That of the reader of LJSpeech: `May 3` is read as "May three".
    LjSpeech,
}

impl From<TextStyle> for Style {
    fn from(style: TextStyle) -> Self {
        match style {
            TextStyle::Standard => Self::Standard,
            TextStyle::LjSpeech => Self::LjSpeech,
        }
    }
}

/// Source of pronunciations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextBackend {
    /// CMUdict; for words that it lacks morphology, compounds, letter names and a network.
    #[default]
    Dictionary,
    /// espeak-ng, which must be installed and runs as a separate process.
    Espeak,
}

impl TextBackend {
    /// Returns the name used in recipes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dictionary => "dictionary",
            Self::Espeak => "espeak",
        }
    }

    /// Returns the backend with this name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Dictionary, Self::Espeak].into_iter().find(|backend| backend.word() == word)
    }
}

/// Text of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextColumn {
    /// As printed: the second column of LJSpeech's `metadata.csv`.
    Text,
    /// Numbers and abbreviations written out: the third column of LJSpeech's; the printed text where there is no other.
    #[default]
    Normalized,
}

/// Requirements on the recordings, and what is computed from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AudioRecipe {
    /// Sample rate of the dataset, in hertz.
    pub sample_rate: u32,
    /// Definition of the mel spectrogram.
    pub mel: MelProfile,
    /// Minimum length in seconds; shorter clips are reported as problems.
    pub min_seconds: f64,
    /// Maximum length in seconds; longer clips are reported as problems.
    pub max_seconds: f64,
    /// Lowest fundamental frequency that pYIN searches, in hertz.
    pub f0_min_hz: f64,
    /// Highest fundamental frequency that pYIN searches, in hertz.
    pub f0_max_hz: f64,
    /// True to resample recordings at another rate (polyphase windowed sinc); otherwise each is reported as a problem.
    pub resample: bool,
    /// Treatment of recordings with several channels. Where that is an error, each is reported as a problem.
    pub channels: ChannelChoice,
    /// Integrated loudness (BS.1770) to which a single gain brings every clip, in LUFS. By default the level is unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loudness_lufs: Option<f64>,
    /// Highest true peak that this gain may produce, in dB relative to full scale; clips that would exceed it stay quieter.
    pub true_peak_dbtp: f64,
    /// Trimming of leading and trailing silence. By default nothing is trimmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<TrimRecipe>,
}

impl AudioRecipe {
    /// Checks the settings that do not depend on a recording, naming them as in the recipe.
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
                    "`f0_min_hz` ({f0_min_hz}) has periods of {period:.0} samples at {} Hz, but at most \
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

/// Trimming of leading and trailing silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrimRecipe {
    /// Level below that of the loudest 10 ms interval, in dB, under which an interval is silence.
    pub below_loudest_db: f64,
    /// Silence kept on either side, in milliseconds.
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

/// Sub-phoneme BPE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SupPhoneRecipe {
    /// Maximum number of BPE merges to learn from the training split. The paper has 30,000 from 200 million sentences.
    pub merges: usize,
    /// A `supphones.json` to use instead of learning sup-phonemes. A dataset for a pre-trained encoder needs those of the
    /// pre-training. `mynah-prepare run --sup-phones` sets this key.
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
    fn names_settings_as_in_the_recipe() {
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
        // The lowest trackable pitch at this rate: 1,022 samples per period.
        assert!(AudioRecipe { f0_min_hz: 22_050.0 / 1_022.0, ..good.clone() }.validate().is_ok());
    }

    #[test]
    fn valid_pitch_ranges_can_be_tracked() {
        let lowest = AudioRecipe { f0_min_hz: 22_050.0 / 1_022.0, ..AudioRecipe::default() };
        assert!(crate::FeatureExtractor::new(&lowest).is_ok());
    }
}
