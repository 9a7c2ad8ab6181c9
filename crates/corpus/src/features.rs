//! What is computed from a recording.

use std::fmt;
use std::path::Path;

use mynah_signal::f0::{Pyin, PyinConfig};
use mynah_signal::{Error as SignalError, MelConfig, MelExtractor, Spectrogram, Waveform, loudness, wav};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::problem::{Code, Problem, Stage};
use crate::recipe::AudioRecipe;

/// The version of the computation: a change of any number it yields makes earlier features stale.
pub const FEATURES_VERSION: u32 = 1;

/// Full scale of the stored wave.
const FULL_SCALE: f32 = 32_768.0;

/// What is computed from a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// The signal, full scale 32768.
    pub wave: Vec<i16>,
    /// Natural logarithm of the mel spectrogram, \[mels, frames\].
    pub mel: Spectrogram,
    /// Fundamental frequency in hertz, 0 where unvoiced, \[frames\].
    pub f0: Vec<f32>,
    /// RMS of each hop in dBFS, \[frames\].
    pub level: Vec<f32>,
    /// The numbers that the manifest has.
    pub summary: AudioSummary,
}

/// The numbers of a recording that the manifest has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioSummary {
    /// Samples.
    pub samples: u64,
    /// Samples / sample rate.
    pub seconds: f64,
    /// Frames of the mel, floor(samples / hop).
    pub frames: u32,
    /// Integrated loudness; `None` where it is undefined.
    pub loudness_lufs: Option<f64>,
    /// Sample peak; `None` for digital silence.
    pub peak_dbfs: Option<f64>,
    /// Median fundamental frequency of the voiced frames.
    pub f0_median_hz: Option<f64>,
    /// Voiced frames / frames.
    pub voiced_fraction: f64,
}

/// Computes [`Features`] by one recipe; shared by threads.
pub struct FeatureExtractor {
    recipe: AudioRecipe,
    mel: MelExtractor,
    pyin: Pyin,
    settings: String,
}

impl fmt::Debug for FeatureExtractor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FeatureExtractor").field("recipe", &self.recipe).finish_non_exhaustive()
    }
}

impl FeatureExtractor {
    /// Prepares the transforms.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`] when a setting of the recipe cannot be used.
    pub fn new(recipe: &AudioRecipe) -> Result<Self, Error> {
        if recipe.min_seconds.partial_cmp(&recipe.max_seconds) != Some(std::cmp::Ordering::Less) {
            let why = format!(
                "`min_seconds` ({}) is not below `max_seconds` ({})",
                recipe.min_seconds, recipe.max_seconds
            );
            return Err(Error::Recipe { section: "audio", why });
        }
        let recipe_error = |error: SignalError| Error::Recipe { section: "audio", why: error.to_string() };
        let mel = recipe.mel.config(recipe.sample_rate);
        let pyin = PyinConfig {
            f_min_hz: recipe.f0_min_hz,
            f_max_hz: recipe.f0_max_hz,
            hop_length: mel.hop_length,
            first_center: mel.hop_length / 2,
            ..PyinConfig::default()
        };
        let settings = serde_json::to_string(&(FEATURES_VERSION, recipe))
            .map_err(|why| Error::Recipe { section: "audio", why: why.to_string() })?;
        Ok(Self {
            recipe: recipe.clone(),
            mel: MelExtractor::new(&mel).map_err(recipe_error)?,
            pyin: Pyin::new(&pyin, recipe.sample_rate).map_err(recipe_error)?,
            settings,
        })
    }

    /// The definition of the mel spectrogram.
    #[must_use]
    pub fn mel_config(&self) -> MelConfig {
        self.recipe.mel.config(self.recipe.sample_rate)
    }

    /// The cache key of the features of a wav: its bytes, the settings and [`FEATURES_VERSION`].
    #[must_use]
    pub fn key(&self, wav: &[u8]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.settings.as_bytes()).update(b"\0").update(wav);
        hasher.finalize().to_hex().to_string()
    }

    /// The features of the wav whose bytes are given; `path` is what problems name.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the wav is not what the recipe asks for.
    pub fn extract(&self, id: &str, wav: &[u8], path: &str) -> Result<Features, Box<Problem>> {
        let waveform =
            wav::decode(wav, Path::new(path)).map_err(|error| Box::new(wav_problem(id, path, &error)))?;
        let problem = |code, message, remedy: &str| Box::new(problem(id, path, code, message, remedy));
        if waveform.sample_rate() != self.recipe.sample_rate {
            return Err(problem(
                Code::WrongSampleRate,
                format!(
                    "its sample rate is {} Hz, and the recipe's {}",
                    waveform.sample_rate(),
                    self.recipe.sample_rate
                ),
                "resample the wav, or set `audio.sample_rate` in the recipe when all wavs have another rate",
            ));
        }
        let seconds = waveform.seconds();
        if seconds < self.recipe.min_seconds {
            return Err(problem(
                Code::TooShort,
                format!(
                    "it is {seconds:.2} s long, and the recipe asks for at least {} s",
                    self.recipe.min_seconds
                ),
                "delete the line, or lower `audio.min_seconds` in the recipe",
            ));
        }
        if seconds > self.recipe.max_seconds {
            return Err(problem(
                Code::TooLong,
                format!("it is {seconds:.2} s long, and the recipe allows {} s", self.recipe.max_seconds),
                "cut the clip, or raise `audio.max_seconds` in the recipe",
            ));
        }
        let wave: Vec<i16> = waveform
            .samples()
            .iter()
            .map(|x| (x * FULL_SCALE).round().clamp(-FULL_SCALE, FULL_SCALE - 1.0) as i16)
            .collect();
        Ok(self.of_wave(wave))
    }

    /// Everything is computed from the wave as it is stored, so that the parts agree whatever the source's bits were.
    fn of_wave(&self, wave: Vec<i16>) -> Features {
        let samples: Vec<f32> = wave.iter().map(|x| f32::from(*x) / FULL_SCALE).collect();
        let waveform = Waveform::new(samples, self.recipe.sample_rate);
        let mel = self.mel.log_mel(waveform.samples());
        let f0 = self.pyin.track(waveform.samples()).f0_hz;
        let level = loudness::frame_level_db(waveform.samples(), self.mel_config().hop_length);
        let mut voiced: Vec<f32> = f0.iter().copied().filter(|f0| *f0 > 0.0).collect();
        voiced.sort_by(f32::total_cmp);
        let summary = AudioSummary {
            samples: wave.len() as u64,
            seconds: waveform.seconds(),
            frames: mel.n_frames() as u32,
            loudness_lufs: loudness::integrated_lufs(&waveform),
            peak_dbfs: loudness::peak_dbfs(&waveform),
            f0_median_hz: voiced.get(voiced.len() / 2).map(|f0| f64::from(*f0)),
            voiced_fraction: voiced.len() as f64 / f0.len().max(1) as f64,
        };
        Features { wave, mel, f0, level, summary }
    }
}

fn wav_problem(id: &str, path: &str, error: &SignalError) -> Problem {
    let (code, message, remedy) = match error {
        SignalError::Empty { .. } => {
            (Code::EmptyWav, "it holds no samples".to_owned(), "record or export the clip again")
        }
        SignalError::Truncated { promised, found, .. } => (
            Code::TruncatedWav,
            format!("its header promises {promised} samples and the file holds {found}"),
            "copy the file again from where it came from",
        ),
        SignalError::NotMono { channels, .. } => (
            Code::NotMono,
            format!("it has {channels} channels"),
            "mix it down to one channel, or keep the channel that holds the voice",
        ),
        other => (
            Code::UnreadableWav,
            match other {
                SignalError::Unreadable { why, .. } => why.clone(),
                SignalError::UnsupportedFormat { format, .. } => format!("{format} is not supported"),
                SignalError::NotFinite { index, .. } => format!("its sample {index} is not a finite number"),
                other => other.to_string(),
            },
            "export the clip again as mono 16-bit PCM in a RIFF/WAVE file",
        ),
    };
    problem(id, path, code, message, remedy)
}

fn problem(id: &str, path: &str, code: Code, message: String, remedy: &str) -> Problem {
    Problem {
        stage: Stage::Audio,
        code,
        id: Some(id.to_owned()),
        file: path.to_owned(),
        line: None,
        message,
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use mynah_signal::{Waveform, wav};
    use mynah_testkit::mini_corpus;

    use super::FeatureExtractor;
    use crate::recipe::AudioRecipe;

    fn extractor() -> FeatureExtractor {
        FeatureExtractor::new(&AudioRecipe::default()).unwrap()
    }

    #[test]
    fn the_parts_of_a_real_clip_agree() {
        let bytes = fs::read(mini_corpus().join("wavs/LJ002-0151.wav")).unwrap();
        let features = extractor().extract("LJ002-0151", &bytes, "wavs/LJ002-0151.wav").unwrap();
        let frames = features.wave.len() / 256;
        assert_eq!(features.mel.n_frames(), frames);
        assert_eq!((features.mel.n_bins(), features.f0.len(), features.level.len()), (80, frames, frames));
        assert_eq!(features.summary.frames as usize, frames);
        // A female reader: the median lies between 150 and 280 Hz, and about half of the frames are voiced.
        let median = features.summary.f0_median_hz.unwrap();
        assert!((150.0..280.0).contains(&median), "{median}");
        assert!((0.3..0.9).contains(&features.summary.voiced_fraction));
        // The samples are those of the file behind its 44-byte header.
        let first = i16::from_le_bytes([bytes[44], bytes[45]]);
        assert_eq!(features.wave[0], first);
    }

    #[test]
    fn a_wav_that_the_recipe_does_not_want_is_a_problem() {
        let tone = |seconds: f64, rate: u32| {
            let n = (seconds * f64::from(rate)) as usize;
            wav::encode_pcm16(&Waveform::new((0..n).map(|t| (t as f32 * 0.05).sin() * 0.3).collect(), rate))
        };
        let good = tone(1.0, 22_050);
        let mut stereo = good.clone();
        stereo[22] = 2;
        stereo[28..32].copy_from_slice(&(22_050_u32 * 4).to_le_bytes());
        stereo[32] = 4;
        let cases = [
            (tone(1.0, 48_000), "wrong-sample-rate"),
            (tone(0.2, 22_050), "too-short"),
            (tone(21.0, 22_050), "too-long"),
            (good[..good.len() / 2].to_vec(), "truncated-wav"),
            (tone(0.0, 22_050), "empty-wav"),
            (Vec::new(), "unreadable-wav"),
            (
                b"not a wav at all, but long enough for a header of forty-four bytes".to_vec(),
                "unreadable-wav",
            ),
            (stereo, "not-mono"),
        ];
        for (bytes, code) in cases {
            let problem = extractor().extract("x", &bytes, "wavs/x.wav").unwrap_err();
            assert_eq!(problem.code.word(), code, "{}", problem.message);
            assert_eq!((problem.id.as_deref(), problem.file.as_str()), (Some("x"), "wavs/x.wav"));
            assert!(!problem.remedy.is_empty());
        }
        assert!(extractor().extract("x", &good, "wavs/x.wav").is_ok());
    }

    #[test]
    fn the_key_depends_on_bytes_and_settings() {
        let key = extractor().key(b"wav");
        assert_eq!(key, extractor().key(b"wav"));
        assert_ne!(key, extractor().key(b"waw"));
        let other = AudioRecipe { f0_max_hz: 500.0, ..AudioRecipe::default() };
        assert_ne!(key, FeatureExtractor::new(&other).unwrap().key(b"wav"));
    }
}
