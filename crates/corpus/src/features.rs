//! Features computed from a recording.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use mynah_signal::f0::{Pyin, PyinConfig};
use mynah_signal::{
    Analysis, Analyzer, Error as SignalError, MelConfig, MelExtractor, Recording, Resampler, Spectrogram,
    Waveform, loudness, median, silence,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::problem::{Code, Problem, Stage};
use crate::recipe::AudioRecipe;
use crate::source::Span;

/// Version of the computation; changing any resulting number invalidates earlier features.
pub const FEATURES_VERSION: u32 = 3;

/// Full scale of the stored wave.
pub(crate) const FULL_SCALE: f32 = 32_768.0;

/// Features of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Signal, full scale 32768.
    pub wave: Vec<i16>,
    /// Natural logarithm of the mel spectrogram, \[mels, frames\].
    pub mel: Spectrogram,
    /// Fundamental frequency in hertz, 0 where unvoiced, \[frames\].
    pub f0: Vec<f32>,
    /// RMS of each hop in dBFS, \[frames\].
    pub level: Vec<f32>,
    /// Numbers for the manifest.
    pub summary: AudioSummary,
}

/// Numbers of a recording that are listed in the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioSummary {
    /// Number of samples.
    pub samples: u64,
    /// Samples / sample rate.
    pub seconds: f64,
    /// Frames of the mel spectrogram, floor(samples / hop).
    pub frames: u32,
    /// Integrated loudness; `None` if undefined.
    pub loudness_lufs: Option<f64>,
    /// Sample peak; `None` for digital silence.
    pub peak_dbfs: Option<f64>,
    /// Median fundamental frequency of the voiced frames.
    pub f0_median_hz: Option<f64>,
    /// Voiced frames / frames.
    pub voiced_fraction: f64,
    /// Seconds trimmed from the start of the recording.
    pub trim_start_seconds: f64,
    /// Gain applied to the recording, in dB.
    pub gain_db: f64,
    /// Analysis of the recording before any processing except the choice of a channel.
    pub recording: Analysis,
}

/// Computes [`Features`] by one recipe; can be shared by threads.
pub struct FeatureExtractor {
    recipe: AudioRecipe,
    mel: MelExtractor,
    pyin: Pyin,
    analyzer: Analyzer,
    /// Resamplers by the sample rate of the recordings.
    resamplers: Mutex<HashMap<u32, Arc<Resampler>>>,
    settings: String,
}

/// A recording as stored, with the processing applied to it.
struct Conditioned {
    wave: Vec<i16>,
    trim_start_seconds: f64,
    gain_db: f64,
    recording: Analysis,
}

/// A processed recording.
struct Processed {
    wave: Vec<i16>,
    trim_start_seconds: f64,
    gain_db: f64,
}

impl fmt::Debug for FeatureExtractor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FeatureExtractor").field("recipe", &self.recipe).finish_non_exhaustive()
    }
}

impl FeatureExtractor {
    /// Plans the transforms.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`] if a setting of the recipe is invalid.
    pub fn new(recipe: &AudioRecipe) -> Result<Self, Error> {
        recipe.validate()?;
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
            analyzer: Analyzer::new().map_err(recipe_error)?,
            resamplers: Mutex::default(),
            settings,
        })
    }

    /// Returns the definition of the mel spectrogram.
    #[must_use]
    pub fn mel_config(&self) -> MelConfig {
        self.recipe.mel.config(self.recipe.sample_rate)
    }

    /// Returns the cache key of the features of a clip: the bytes of its file, its part of it, the settings and
    /// [`FEATURES_VERSION`].
    #[must_use]
    pub fn key(&self, file: &[u8], span: Option<Span>) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.settings.as_bytes()).update(b"\0").update(file);
        if let Some(span) = span {
            hasher.update(&span.start_seconds.to_le_bytes()).update(&span.end_seconds.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Computes the features of a clip from the bytes of its file; `path` is used in problems.
    ///
    /// # Errors
    ///
    /// A [`Problem`] if the recording violates the recipe.
    pub fn extract(
        &self,
        id: &str,
        file: &[u8],
        path: &str,
        span: Option<Span>,
    ) -> Result<Features, Box<Problem>> {
        Ok(self.of_wave(self.condition(id, file, path, span)?))
    }

    /// Analyzes a recording before any processing except the choice of a channel, and returns the frames of its features
    /// too; rejects the same recordings as [`Self::extract`].
    ///
    /// # Errors
    ///
    /// A [`Problem`] if the recording violates the recipe.
    pub fn analyze(
        &self,
        id: &str,
        file: &[u8],
        path: &str,
        span: Option<Span>,
    ) -> Result<(Analysis, usize), Box<Problem>> {
        let conditioned = self.condition(id, file, path, span)?;
        let frames = conditioned.wave.len() / self.mel_config().hop_length;
        Ok((conditioned.recording, frames))
    }

    /// Returns the signal of the features alone.
    ///
    /// # Errors
    ///
    /// A [`Problem`] if the recording violates the recipe.
    pub fn wave(
        &self,
        id: &str,
        file: &[u8],
        path: &str,
        span: Option<Span>,
    ) -> Result<Vec<i16>, Box<Problem>> {
        Ok(self.process(id, self.decode(id, file, path, span)?, path)?.wave)
    }

    /// Analyzes and processes a recording.
    fn condition(
        &self,
        id: &str,
        file: &[u8],
        path: &str,
        span: Option<Span>,
    ) -> Result<Conditioned, Box<Problem>> {
        let waveform = self.decode(id, file, path, span)?;
        let recording = self.analyzer.analyze(&waveform);
        let Processed { wave, trim_start_seconds, gain_db } = self.process(id, waveform, path)?;
        Ok(Conditioned { wave, trim_start_seconds, gain_db, recording })
    }

    /// Decodes a recording, chooses a channel, and cuts the part of the clip out of it.
    fn decode(
        &self,
        id: &str,
        file: &[u8],
        path: &str,
        span: Option<Span>,
    ) -> Result<Waveform, Box<Problem>> {
        let waveform = Recording::decode(file, Path::new(path))
            .and_then(|recording| recording.into_mono(self.recipe.channels, Path::new(path)))
            .map_err(|error| Box::new(wav_problem(id, path, &error)))?;
        let waveform = match span {
            None => waveform,
            Some(span) => cut(&waveform, span).map_err(|message| {
                let remedy = "correct the times of the clip, or delete its line";
                Box::new(problem(id, path, Code::BadSpan, message, remedy))
            })?,
        };
        let wanted = self.recipe.sample_rate;
        if waveform.sample_rate() != wanted && !self.recipe.resample {
            return Err(Box::new(problem(
                id,
                path,
                Code::WrongSampleRate,
                format!("its sample rate is {} Hz, but the recipe's is {wanted}", waveform.sample_rate()),
                "set `audio.resample = true` in the recipe, or `audio.sample_rate` if all clips have another rate",
            )));
        }
        Ok(waveform)
    }

    /// Processes a recording as the recipe says, in this order: resample, trim, amplify, round.
    fn process(&self, id: &str, mut waveform: Waveform, path: &str) -> Result<Processed, Box<Problem>> {
        let problem = |code, message, remedy: &str| Box::new(problem(id, path, code, message, remedy));
        let wanted = self.recipe.sample_rate;
        if waveform.sample_rate() != wanted {
            waveform = match self.resampler(waveform.sample_rate()) {
                Ok(resampler) => resampler.resample(&waveform),
                Err(error) => {
                    let remedy = "resample the clip with another tool to a common rate";
                    return Err(problem(Code::WrongSampleRate, error.to_string(), remedy));
                }
            };
        }
        let mut trim_start_seconds = 0.0;
        if let Some(trim) = &self.recipe.trim
            && let Some(range) =
                silence::active_range(&waveform, trim.below_loudest_db, trim.margin_ms / 1000.0)
        {
            trim_start_seconds = range.start as f64 / f64::from(wanted);
            waveform = Waveform::new(waveform.samples()[range].to_vec(), wanted);
        }
        let seconds = waveform.seconds();
        if seconds < self.recipe.min_seconds {
            return Err(problem(
                Code::TooShort,
                format!(
                    "it is {seconds:.2} s long, but the recipe requires at least {} s",
                    self.recipe.min_seconds
                ),
                "delete the line, or lower `audio.min_seconds` in the recipe",
            ));
        }
        if seconds > self.recipe.max_seconds {
            return Err(problem(
                Code::TooLong,
                format!(
                    "it is {seconds:.2} s long, but the recipe allows at most {} s",
                    self.recipe.max_seconds
                ),
                "cut the clip, or raise `audio.max_seconds` in the recipe",
            ));
        }
        if is_silent(waveform.samples()) {
            return Err(problem(
                Code::SilentWav,
                format!("its {seconds:.2} s are digital silence"),
                "record or export the clip again, or delete the line",
            ));
        }
        let gain_db = self.gain_db(&waveform);
        let factor = FULL_SCALE * 10_f64.powf(gain_db / 20.0) as f32;
        let wave = waveform
            .samples()
            .iter()
            .map(|x| (x * factor).round().clamp(-FULL_SCALE, FULL_SCALE - 1.0) as i16)
            .collect();
        Ok(Processed { wave, trim_start_seconds, gain_db })
    }

    /// Returns the gain of a clip: up to the desired loudness, or as far as its true peak allows.
    ///
    /// A clip without a loudness (too short, or silent) is not amplified.
    fn gain_db(&self, waveform: &Waveform) -> f64 {
        let Some(wanted) = self.recipe.loudness_lufs else { return 0.0 };
        let (Some(lufs), Some(peak)) =
            (loudness::integrated_lufs(waveform), loudness::true_peak_dbtp(waveform))
        else {
            return 0.0;
        };
        (wanted - lufs).min(self.recipe.true_peak_dbtp - peak)
    }

    /// Returns the resampler from a rate, planned once.
    fn resampler(&self, from: u32) -> Result<Arc<Resampler>, SignalError> {
        let mut resamplers = self.resamplers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resampler) = resamplers.get(&from) {
            return Ok(Arc::clone(resampler));
        }
        let resampler = Arc::new(Resampler::new(from, self.recipe.sample_rate)?);
        resamplers.insert(from, Arc::clone(&resampler));
        Ok(resampler)
    }

    /// Computes everything from the wave as stored, so that all parts agree whatever the bit depth of the source.
    fn of_wave(&self, conditioned: Conditioned) -> Features {
        let Conditioned { wave, trim_start_seconds, gain_db, recording } = conditioned;
        let samples: Vec<f32> = wave.iter().map(|x| f32::from(*x) / FULL_SCALE).collect();
        let waveform = Waveform::new(samples, self.recipe.sample_rate);
        let mel = self.mel.log_mel(waveform.samples());
        let f0 = self.pyin.track(waveform.samples()).f0_hz;
        let level = loudness::frame_level_db(waveform.samples(), self.mel_config().hop_length);
        let mut voiced: Vec<f64> = f0.iter().copied().filter(|f0| *f0 > 0.0).map(f64::from).collect();
        let summary = AudioSummary {
            samples: wave.len() as u64,
            seconds: waveform.seconds(),
            frames: mel.n_frames() as u32,
            loudness_lufs: loudness::integrated_lufs(&waveform),
            peak_dbfs: loudness::peak_dbfs(&waveform),
            f0_median_hz: median(&mut voiced),
            voiced_fraction: voiced.len() as f64 / f0.len().max(1) as f64,
            trim_start_seconds,
            gain_db,
            recording,
        };
        Features { wave, mel, f0, level, summary }
    }
}

/// Cuts a part out of a recording; an end at most 50 ms after that of the recording is its end.
fn cut(waveform: &Waveform, span: Span) -> Result<Waveform, String> {
    let rate = waveform.sample_rate();
    let sample = |seconds: f64| (seconds * f64::from(rate)).round() as usize;
    let (start, end) = (sample(span.start_seconds), sample(span.end_seconds));
    if start >= end || end > waveform.len() + sample(0.05) {
        return Err(format!(
            "it is from {:.3} s to {:.3} s of a recording of {:.3} s",
            span.start_seconds,
            span.end_seconds,
            waveform.seconds()
        ));
    }
    let end = end.min(waveform.len());
    Ok(Waveform::new(waveform.samples()[start.min(end)..end].to_vec(), rate))
}

/// Returns true if no two samples differ by more than the step of a 16-bit file: there is nothing to hear, whatever the
/// offset.
fn is_silent(samples: &[f32]) -> bool {
    let (low, high) = samples.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), sample| {
        (low.min(*sample), high.max(*sample))
    });
    high - low <= 1.0 / FULL_SCALE
}

fn wav_problem(id: &str, path: &str, error: &SignalError) -> Problem {
    let (code, message, remedy) = match error {
        SignalError::Empty { .. } => {
            (Code::EmptyWav, "it contains no samples".to_owned(), "record or export the clip again")
        }
        SignalError::Truncated { promised, found, .. } => (
            Code::TruncatedWav,
            format!("its header promises {promised} samples, but the file holds {found}"),
            "copy the file from its origin again",
        ),
        SignalError::NotMono { channels, .. } => (
            Code::NotMono,
            format!("it has {channels} channels"),
            "set `audio.channels` in the recipe to `mix`, or to `left` or `right` if only that one holds the voice",
        ),
        other => (
            Code::UnreadableWav,
            match other {
                SignalError::Unreadable { why, .. } => why.clone(),
                SignalError::UnsupportedFormat { format, .. } => format!("{format} is not supported"),
                SignalError::NotFinite { index, .. } => format!("its sample {index} is not a finite number"),
                other => other.to_string(),
            },
            "export the clip again as mono 16-bit PCM in a RIFF/WAVE file, or as FLAC",
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

    use mynah_signal::{ChannelChoice, Waveform, wav};
    use mynah_testkit::mini_corpus;

    use super::FeatureExtractor;
    use crate::Error;
    use crate::recipe::{AudioRecipe, TrimRecipe};
    use crate::source::Span;

    fn extractor() -> FeatureExtractor {
        FeatureExtractor::new(&AudioRecipe::default()).unwrap()
    }

    #[test]
    fn digital_silence_is_a_problem_whatever_its_offset() {
        let trim = AudioRecipe { trim: Some(TrimRecipe::default()), ..AudioRecipe::default() };
        for extractor in [extractor(), FeatureExtractor::new(&trim).unwrap()] {
            for offset in [0.0, 0.25] {
                let bytes = wav::encode_pcm16(&Waveform::new(vec![offset; 22_050], 22_050));
                let problem = extractor.extract("a", &bytes, "wavs/a.wav", None).unwrap_err();
                assert_eq!(problem.code.word(), "silent-wav");
                assert!(extractor.analyze("a", &bytes, "wavs/a.wav", None).is_err());
                assert!(extractor.wave("a", &bytes, "wavs/a.wav", None).is_err());
            }
            let mut quiet = vec![0.0; 22_050];
            quiet[9_000] = 3.0 / 32_768.0;
            let bytes = wav::encode_pcm16(&Waveform::new(quiet, 22_050));
            // A click is a sound; where silence is trimmed, it is too short a clip.
            assert_eq!(
                extractor.wave("a", &bytes, "wavs/a.wav", None).is_ok(),
                extractor.recipe.trim.is_none()
            );
        }
    }

    #[test]
    fn the_parts_of_a_real_clip_agree() {
        let bytes = fs::read(mini_corpus().join("wavs/LJ002-0151.wav")).unwrap();
        let features = extractor().extract("LJ002-0151", &bytes, "wavs/LJ002-0151.wav", None).unwrap();
        let frames = features.wave.len() / 256;
        assert_eq!(features.mel.n_frames(), frames);
        assert_eq!((features.mel.n_bins(), features.f0.len(), features.level.len()), (80, frames, frames));
        assert_eq!(features.summary.frames as usize, frames);
        // A female reader: the median is between 150 and 280 Hz, and about half of the frames are voiced.
        let median = features.summary.f0_median_hz.unwrap();
        assert!((150.0..280.0).contains(&median), "{median}");
        assert!((0.3..0.9).contains(&features.summary.voiced_fraction));
        // The samples are those of the file after its 44-byte header.
        let first = i16::from_le_bytes([bytes[44], bytes[45]]);
        assert_eq!(features.wave[0], first);
    }

    #[test]
    fn reports_wavs_that_violate_the_recipe() {
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
            let problem = extractor().extract("x", &bytes, "wavs/x.wav", None).unwrap_err();
            assert_eq!(problem.code.word(), code, "{}", problem.message);
            assert_eq!((problem.id.as_deref(), problem.file.as_str()), (Some("x"), "wavs/x.wav"));
            assert!(!problem.remedy.is_empty());
        }
        assert!(extractor().extract("x", &good, "wavs/x.wav", None).is_ok());
    }

    /// Returns a tone surrounded by silence: 0.3 s, 1 s and 0.5 s.
    fn spoken(rate: u32, amplitude: f32) -> Vec<f32> {
        let tenth = rate as usize / 10;
        (0..18 * tenth)
            .map(|t| {
                let sounds = (3 * tenth..13 * tenth).contains(&t);
                let angle = std::f64::consts::TAU * 220.5 * t as f64 / f64::from(rate);
                if sounds { amplitude * angle.sin() as f32 } else { 0.0 }
            })
            .collect()
    }

    fn extract(recipe: &AudioRecipe, file: &[u8]) -> super::Features {
        FeatureExtractor::new(recipe).unwrap().extract("x", file, "wavs/x.wav", None).unwrap()
    }

    #[test]
    fn recordings_are_unchanged_by_default() {
        let features =
            extract(&AudioRecipe::default(), &wav::encode_pcm16(&Waveform::new(spoken(22_050, 0.5), 22_050)));
        let summary = &features.summary;
        assert_eq!((summary.trim_start_seconds.to_bits(), summary.gain_db.to_bits()), (0, 0));
        assert_eq!(summary.seconds.to_bits(), summary.recording.seconds.to_bits());
        assert_eq!(summary.peak_dbfs, summary.recording.peak_dbfs);
        assert!((summary.recording.leading_silence_seconds - 0.3).abs() < 0.011);
    }

    #[test]
    fn resamples_if_the_recipe_says_so() {
        let recipe = AudioRecipe { resample: true, ..AudioRecipe::default() };
        let high = extract(&recipe, &wav::encode_pcm16(&Waveform::new(spoken(48_000, 0.5), 48_000)));
        let low =
            extract(&AudioRecipe::default(), &wav::encode_pcm16(&Waveform::new(spoken(22_050, 0.5), 22_050)));
        assert_eq!(high.wave.len(), low.wave.len());
        assert_eq!((high.summary.recording.sample_rate, low.summary.recording.sample_rate), (48_000, 22_050));
        // Within the tone, away from its ends where the filter rings.
        for (high, low) in high.wave.iter().zip(&low.wave).take(26_000).skip(10_000) {
            assert!((high - low).abs() <= 2, "{high} {low}");
        }
    }

    #[test]
    fn channels_follow_the_recipe() {
        let mut stereo = wav::encode_pcm16(&Waveform::new(
            spoken(22_050, 0.5).iter().flat_map(|&x| [x, 0.0]).collect(),
            22_050,
        ));
        stereo[22] = 2;
        stereo[28..32].copy_from_slice(&(22_050_u32 * 4).to_le_bytes());
        stereo[32] = 4;
        for (choice, peak_dbfs) in [(ChannelChoice::Mix, -12.04), (ChannelChoice::Left, -6.02)] {
            let summary =
                extract(&AudioRecipe { channels: choice, ..AudioRecipe::default() }, &stereo).summary;
            let got = summary.peak_dbfs.unwrap();
            assert!((got - peak_dbfs).abs() < 0.01, "{choice:?}: {got}");
        }
        let right = AudioRecipe { channels: ChannelChoice::Right, ..AudioRecipe::default() };
        let problem =
            FeatureExtractor::new(&right).unwrap().extract("x", &stereo, "x.wav", None).unwrap_err();
        assert_eq!(problem.code.word(), "silent-wav");
    }

    #[test]
    fn trims_silence_and_records_where() {
        let file = wav::encode_pcm16(&Waveform::new(spoken(22_050, 0.5), 22_050));
        let whole = extract(&AudioRecipe::default(), &file);
        let recipe = AudioRecipe { trim: Some(TrimRecipe::default()), ..AudioRecipe::default() };
        let trimmed = extract(&recipe, &file);
        let start = (trimmed.summary.trim_start_seconds * 22_050.0).round() as usize;
        assert_eq!(trimmed.wave, whole.wave[start..start + trimmed.wave.len()]);
        // 50 ms of silence on either side, to a hundredth of a second.
        assert!((trimmed.summary.trim_start_seconds - 0.25).abs() < 0.011);
        assert!((trimmed.summary.seconds - 1.1).abs() < 0.021, "{}", trimmed.summary.seconds);
        assert_eq!(trimmed.summary.recording, whole.summary.recording);
    }

    #[test]
    fn equalizes_loudness_within_the_true_peak() {
        let loud = |lufs| AudioRecipe { loudness_lufs: Some(lufs), ..AudioRecipe::default() };
        let file = fs::read(mini_corpus().join("wavs/LJ002-0151.wav")).unwrap();
        let before = extract(&AudioRecipe::default(), &file).summary;
        let summary = extract(&loud(-27.0), &file).summary;
        // Rounding to 16 bits, and levels close to the gate.
        assert!((summary.loudness_lufs.unwrap() + 27.0).abs() < 0.01, "{:?}", summary.loudness_lufs);
        assert!((summary.gain_db + 27.0 + before.loudness_lufs.unwrap()).abs() < 1e-9);
        assert_eq!(summary.recording, before.recording);

        let summary = extract(&loud(-1.0), &file).summary;
        assert!((summary.gain_db + 1.0 + before.recording.true_peak_dbtp.unwrap()).abs() < 0.01);
        assert!(summary.peak_dbfs.unwrap() <= -1.0 + 0.001);
        // Without a loudness there is no gain.
        let mut click = vec![0.0; 22_050];
        click[9_000] = 3.0 / 32_768.0;
        let click = wav::encode_pcm16(&Waveform::new(click, 22_050));
        assert_eq!(extract(&loud(-20.0), &click).summary.gain_db.to_bits(), 0);
    }

    #[test]
    fn a_part_of_a_recording_is_a_clip() {
        let samples: Vec<f32> = (0..66_150).map(|t| (t as f32 * 0.03).sin() * 0.4).collect();
        let file = wav::encode_pcm16(&Waveform::new(samples, 22_050));
        let of = |start_seconds, end_seconds| {
            extractor().extract("x", &file, "x.wav", Some(Span { start_seconds, end_seconds }))
        };
        let whole = extract(&AudioRecipe::default(), &file);
        let part = of(1.0, 2.5).unwrap();
        assert_eq!(part.wave, whole.wave[22_050..55_125]);
        assert_eq!(part.summary.recording.seconds.to_bits(), 1.5_f64.to_bits());
        assert_eq!(of(1.0, 3.04).unwrap().wave.len(), 44_100);
        assert_eq!(of(1.0, 3.1).unwrap_err().code.word(), "bad-span");
        assert_eq!(of(2.0, 2.0).unwrap_err().code.word(), "bad-span");
        let key = |end_seconds| extractor().key(&file, Some(Span { start_seconds: 1.0, end_seconds }));
        assert_ne!(key(2.0), key(2.5));
    }

    #[test]
    fn rejects_invalid_settings() {
        let good = AudioRecipe::default();
        let trim = |below_loudest_db, margin_ms| Some(TrimRecipe { below_loudest_db, margin_ms });
        for recipe in [
            AudioRecipe { loudness_lufs: Some(3.0), ..good.clone() },
            AudioRecipe { loudness_lufs: Some(f64::NAN), ..good.clone() },
            AudioRecipe { true_peak_dbtp: 0.5, ..good.clone() },
            AudioRecipe { trim: trim(0.0, 50.0), ..good.clone() },
            AudioRecipe { trim: trim(40.0, -1.0), ..good.clone() },
            AudioRecipe { min_seconds: 9.0, max_seconds: 8.0, ..good },
        ] {
            assert!(matches!(FeatureExtractor::new(&recipe), Err(Error::Recipe { section: "audio", .. })));
        }
    }

    #[test]
    fn the_key_depends_on_bytes_and_settings() {
        let key = extractor().key(b"wav", None);
        assert_eq!(key, extractor().key(b"wav", None));
        assert_ne!(key, extractor().key(b"waw", None));
        let other = AudioRecipe { f0_max_hz: 500.0, ..AudioRecipe::default() };
        assert_ne!(key, FeatureExtractor::new(&other).unwrap().key(b"wav", None));
    }
}
