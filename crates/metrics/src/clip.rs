//! A signal with the analysis that the metrics need.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use mynah_signal::f0::{F0Track, Pyin, PyinConfig};
use mynah_signal::mel_cepstrum::{MelCepstra, MelCepstrum, MelCepstrumConfig, alpha_for_rate};
use mynah_signal::{Analyzer, MelConfig, MelExtractor, Resampler, Spectrogram, Waveform, loudness};

use crate::compatibility::ClipFeatures;
use crate::levels::Levels;
use crate::speech::Speech;
use crate::text::Text;

/// Index of the last mel-cepstral coefficient.
pub(crate) const ORDER: usize = 24;
/// Floor added to every power before the logarithm, relative to the mean of the signal; anything lower is inaudible
/// next to speech. At -80 dB, the quantization noise of 16-bit coding alone changes the MCD of a copy 20 dB quieter by
/// 1.1 dB; at this level, by 0.4 dB.
const FLOOR_DB: f64 = -60.0;
/// Root mean square of the speech in log-mel spectrograms, in dB relative to full scale.
const COMMON_LEVEL_DB: f64 = -26.0;
/// Search range of the fundamental frequency.
const F0_RANGE_HZ: (f64, f64) = (65.0, 600.0);
/// Sample rate at which frames have the length below; at others, they have the nearest power of two to the same
/// duration.
const NOMINAL_RATE: f64 = 22_050.0;
const NOMINAL_FRAME: f64 = 1024.0;
/// Hops per frame.
const OVERLAP: usize = 4;
/// Lowest sample rate that is analyzed: it preserves F0 and the identity of a voice.
const LOWEST_RATE: u32 = 4000;
/// Largest number of cached resampler plans.
const MOST_RESAMPLERS: usize = 4;

/// A signal with its analysis, each part of which is computed once, on first use.
///
/// Mel-cepstra and F0 are those of the [`Speech`] in the signal: without offset, hum and leading or trailing silence.
/// They share frames: 1024 samples every 256 from 15.6 to 31.2 kHz (46 ms every 12 ms at 22.05 kHz), twice as many in
/// the octave above, half in the one below; frame `t` is centered at `t * hop + hop / 2`. Voices are trained on this
/// grid, and aligning it is five times cheaper than 5 ms frames.
///
/// A clip can be shared by threads and by pairs: a reference is analyzed once for all systems.
pub struct Clip<'a> {
    waveform: Cow<'a, Waveform>,
    speech: OnceLock<Result<Speech, String>>,
    cepstra: OnceLock<Result<MelCepstra, String>>,
    f0: OnceLock<Result<F0Track, String>>,
    loudness: OnceLock<Option<f64>>,
    levels: OnceLock<Result<Levels, String>>,
    log_mel: OnceLock<Result<Spectrogram, String>>,
    recording: OnceLock<Result<mynah_signal::Analysis, String>>,
    compatibility: ClipFeatures,
    text: Option<Text>,
}

impl<'a> Clip<'a> {
    /// Wraps a signal without computing anything yet.
    #[must_use]
    pub fn new(waveform: &'a Waveform) -> Self {
        Self::of(Cow::Borrowed(waveform))
    }

    fn of(waveform: Cow<'a, Waveform>) -> Self {
        Self {
            waveform,
            speech: OnceLock::new(),
            cepstra: OnceLock::new(),
            f0: OnceLock::new(),
            loudness: OnceLock::new(),
            levels: OnceLock::new(),
            log_mel: OnceLock::new(),
            recording: OnceLock::new(),
            compatibility: ClipFeatures::default(),
            text: None,
        }
    }

    /// Adds the length of the sentence's text, for the metrics that need it.
    #[must_use]
    pub fn with_text(self, text: Text) -> Self {
        Self { text: Some(text), ..self }
    }

    /// Resamples the signal to another rate, as a new clip.
    pub(crate) fn resampled(&self, sample_rate: u32) -> Result<Clip<'static>, String> {
        let resampler = resampler(self.waveform.sample_rate(), sample_rate)?;
        Ok(Clip::of(Cow::Owned(resampler.resample(&self.waveform))))
    }

    /// Returns the signal.
    #[must_use]
    pub fn waveform(&self) -> &Waveform {
        &self.waveform
    }

    /// Returns the speech in the signal.
    ///
    /// # Errors
    ///
    /// The reason why there is none, as a phrase that follows the name of the clip: "is silent".
    pub fn speech(&self) -> Result<&Speech, &str> {
        self.speech.get_or_init(|| Speech::of(&self.waveform)).as_ref().map_err(String::as_str)
    }

    /// Returns the mel-cepstra c0..c24 of each frame, or the reason why there are none.
    pub fn cepstra(&self) -> Result<&MelCepstra, &str> {
        let compute = || {
            let analysis = analysis(self.waveform.sample_rate())?;
            let cepstra = analysis.cepstra.analyze(self.speech()?.waveform().samples());
            cepstra.ok_or_else(|| "has no frame with nonzero power".to_owned())
        };
        self.cepstra.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// Returns the fundamental frequency of each frame, or the reason why there is none.
    pub fn f0(&self) -> Result<&F0Track, &str> {
        let compute = || {
            let analysis = analysis(self.waveform.sample_rate())?;
            Ok(analysis.f0.track(self.speech()?.waveform().samples()))
        };
        self.f0.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// Returns the levels of the speech, or the reason why there are none.
    pub(crate) fn levels(&self) -> Result<&Levels, &str> {
        let compute = || Ok(Levels::of(self.speech()?.waveform()));
        self.levels.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// Returns the seconds of the speech without its pauses of 150 ms and more, from which a [`Pace`](crate::Pace) follows.
    ///
    /// # Errors
    ///
    /// The reason why there is no speech, as [`Self::speech`] gives it.
    pub fn spoken_seconds(&self) -> Result<f64, &str> {
        Ok(self.speech()?.waveform().seconds() - self.levels()?.pause_seconds())
    }

    /// Returns the log-mel spectrogram of the speech at a common level, with the frames of the cepstra, or the reason why
    /// there is none.
    pub(crate) fn log_mel(&self) -> Result<&Spectrogram, &str> {
        let compute = || {
            let analysis = analysis(self.waveform.sample_rate())?;
            let samples = self.speech()?.waveform().samples();
            let power =
                samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64;
            // A speech is not silent.
            let gain = 10_f64.powf(COMMON_LEVEL_DB / 20.0) / power.sqrt();
            let scaled: Vec<f32> = samples.iter().map(|&sample| (f64::from(sample) * gain) as f32).collect();
            Ok(analysis.log_mel.log_mel(&scaled))
        };
        self.log_mel.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// Returns the level of each frame relative to that of the whole speech, in dB.
    pub(crate) fn frame_levels(&self) -> Result<Vec<f64>, &str> {
        let samples = self.speech()?.waveform().samples();
        let power = |samples: &[f32]| {
            samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64
        };
        let whole = power(samples);
        Ok(samples
            .chunks_exact(self.hop_length())
            .map(|frame| 10.0 * (power(frame) / whole).log10())
            .collect())
    }

    /// Returns the measurements that reveal faults of a recording, or the reason why there is no speech.
    pub(crate) fn analysis(&self) -> Result<&mynah_signal::Analysis, &str> {
        static ANALYZER: LazyLock<Option<Analyzer>> = LazyLock::new(|| Analyzer::new().ok());
        let compute = || {
            self.speech()?;
            let analyzer = ANALYZER.as_ref().ok_or("cannot be analyzed")?;
            Ok(analyzer.analyze(&self.waveform))
        };
        self.recording.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// Returns the features that other programs compute.
    pub(crate) fn compatibility(&self) -> &ClipFeatures {
        &self.compatibility
    }

    /// Returns the length of the text, if it was given.
    pub(crate) fn text(&self) -> Option<&Text> {
        self.text.as_ref()
    }

    /// Returns the samples between frames of cepstra and F0.
    pub(crate) fn hop_length(&self) -> usize {
        frame_length(self.waveform.sample_rate()) / OVERLAP
    }

    /// Returns the integrated loudness in LUFS, if it is defined.
    pub fn loudness_lufs(&self) -> Option<f64> {
        *self.loudness.get_or_init(|| loudness::integrated_lufs(&self.waveform))
    }
}

/// Returns the plan for resampling from one rate to another, cached for the rates of most corpora.
pub(crate) fn resampler(from: u32, to: u32) -> Result<Arc<Resampler>, String> {
    static PLANS: Mutex<BTreeMap<(u32, u32), Arc<Resampler>>> = Mutex::new(BTreeMap::new());
    // A thread that panicked while holding the lock left only complete plans.
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans.get(&(from, to)) {
        return Ok(Arc::clone(plan));
    }
    let plan = Resampler::new(from, to);
    let plan = Arc::new(plan.map_err(|error| format!("cannot be resampled: {error}"))?);
    // A plan may take 64 MB.
    if plans.len() >= MOST_RESAMPLERS {
        plans.clear();
    }
    plans.insert((from, to), Arc::clone(&plan));
    Ok(plan)
}

/// Analysis plans for one sample rate.
struct Analysis {
    cepstra: MelCepstrum,
    f0: Pyin,
    log_mel: MelExtractor,
}

/// Returns the plans for a sample rate, cached for the lifetime of the program.
fn analysis(sample_rate: u32) -> Result<Arc<Analysis>, String> {
    static PLANS: Mutex<BTreeMap<u32, Arc<Analysis>>> = Mutex::new(BTreeMap::new());
    if sample_rate < LOWEST_RATE {
        return Err(format!("has a sample rate of {sample_rate} Hz, expected at least {LOWEST_RATE} Hz"));
    }
    // A thread that panicked while holding the lock left only complete plans.
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans.get(&sample_rate) {
        return Ok(Arc::clone(plan));
    }
    let plan = Arc::new(plan(sample_rate).map_err(|error| format!("cannot be analyzed: {error}"))?);
    plans.insert(sample_rate, Arc::clone(&plan));
    Ok(plan)
}

/// Returns the length of frames at a sample rate.
fn frame_length(sample_rate: u32) -> usize {
    (f64::from(sample_rate) * NOMINAL_FRAME / NOMINAL_RATE).log2().round().exp2() as usize
}

fn plan(sample_rate: u32) -> Result<Analysis, mynah_signal::Error> {
    let frame = frame_length(sample_rate);
    let hop_length = frame / OVERLAP;
    let cepstra = MelCepstrum::new(&MelCepstrumConfig {
        n_fft: frame,
        hop_length,
        order: ORDER,
        alpha: alpha_for_rate(sample_rate),
        floor_db: FLOOR_DB,
    })?;
    let f0 = Pyin::new(
        &PyinConfig {
            f_min_hz: F0_RANGE_HZ.0,
            f_max_hz: F0_RANGE_HZ.1,
            frame_length: frame,
            hop_length,
            first_center: hop_length / 2,
        },
        sample_rate,
    )?;
    let log_mel = MelExtractor::new(&MelConfig {
        sample_rate,
        n_fft: frame,
        window_length: frame,
        hop_length,
        ..MelConfig::default()
    })?;
    Ok(Analysis { cepstra, f0, log_mel })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cepstra_and_f0_have_the_same_frames_at_every_rate() {
        let check = |rate, hop| {
            // A cosine, so that the first and last samples are sounding.
            let samples = (0..rate).map(|n| (n as f32 * 0.125).cos() * 0.5).collect();
            let waveform = Waveform::new(samples, rate);
            let clip = Clip::new(&waveform);
            assert_eq!(clip.cepstra().unwrap().n_frames(), rate as usize / hop, "{rate}");
            assert_eq!(clip.f0().unwrap().len(), rate as usize / hop, "{rate}");
        };
        check(8000, 128);
        check(16_000, 256);
        check(22_050, 256);
        check(24_000, 256);
        check(44_100, 512);
        check(48_000, 512);
    }

    #[test]
    fn reports_why_a_signal_cannot_be_analyzed() {
        let check = |samples: Vec<f32>, rate| {
            let waveform = Waveform::new(samples, rate);
            Clip::new(&waveform).cepstra().map(MelCepstra::n_frames).map_err(str::to_owned)
        };
        let tone = |n_samples: usize| (0..n_samples).map(|n| (n as f32 * 0.5).sin()).collect::<Vec<f32>>();
        assert_eq!(check(vec![0.0; 4000], 22_050), Err("is silent".to_owned()));
        // A constant offset is not sound.
        assert_eq!(check(vec![0.5; 4000], 22_050), Err("is silent".to_owned()));
        assert_eq!(check(tone(100), 22_050), Err("has no frame with nonzero power".to_owned()));
        assert!(check(tone(4000), 0).unwrap_err().contains("a sample rate of 0 Hz"));
        assert!(check(tone(4000), 3999).is_err());
        assert!(check(tone(4000), 4000).is_ok());
    }
}
