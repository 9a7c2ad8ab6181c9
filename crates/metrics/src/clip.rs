//! One signal and what the metrics need to know of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use mynah_signal::f0::{F0Track, Pyin, PyinConfig};
use mynah_signal::mel_cepstrum::{MelCepstra, MelCepstrum, MelCepstrumConfig, alpha_for_rate};
use mynah_signal::{Resampler, Waveform, loudness};

use crate::speech::Speech;

/// The index of the last mel-cepstral coefficient.
pub(crate) const ORDER: usize = 24;
/// What is added to every power before the logarithm, relative to the signal's mean: what lies lower is not heard beside
/// speech. At -80 dB the noise of 16-bit coding alone moves a copy 20 dB quieter by 1.1 dB of MCD, here by 0.4 dB.
const FLOOR_DB: f64 = -60.0;
/// The range in which a fundamental frequency is looked for.
const F0_RANGE_HZ: (f64, f64) = (65.0, 600.0);
/// At this rate frames have the length below; at others, the nearest power of two to the same duration.
const NOMINAL_RATE: f64 = 22_050.0;
const NOMINAL_FRAME: f64 = 1024.0;
/// Hops in a frame.
const OVERLAP: usize = 4;
/// The lowest sample rate at which there is an analysis: it holds F0 and what makes a voice a voice.
const LOWEST_RATE: u32 = 4000;
/// Plans of resamplers that are kept.
const MOST_RESAMPLERS: usize = 4;

/// One signal with its analysis, each part of which is computed when it is first asked for, once.
///
/// Mel-cepstra and F0 are those of the [`Speech`] in the signal: without offset, hum, and silence at the ends. Their
/// frames are the same: 1024 samples every 256 from 15.6 to 31.2 kHz (46 ms every 12 ms at 22.05 kHz), twice as many in
/// the octave above, half in the one below; frame `t` is centred at `t * hop + hop / 2`. That is the grid on which voices
/// are trained, and five times cheaper to align than 5 ms.
///
/// A clip can be shared by threads and by pairs: a reference is analysed once for all systems.
pub struct Clip<'a> {
    waveform: Cow<'a, Waveform>,
    speech: OnceLock<Result<Speech, String>>,
    cepstra: OnceLock<Result<MelCepstra, String>>,
    f0: OnceLock<Result<F0Track, String>>,
    loudness: OnceLock<Option<f64>>,
}

impl<'a> Clip<'a> {
    /// Takes a signal; nothing is computed yet.
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
        }
    }

    /// The signal at another sample rate, as a clip of its own.
    pub(crate) fn resampled(&self, sample_rate: u32) -> Result<Clip<'static>, String> {
        let resampler = resampler(self.waveform.sample_rate(), sample_rate)?;
        Ok(Clip::of(Cow::Owned(resampler.resample(&self.waveform))))
    }

    /// The signal.
    #[must_use]
    pub fn waveform(&self) -> &Waveform {
        &self.waveform
    }

    /// The speech in the signal.
    ///
    /// # Errors
    ///
    /// Why there is none, as a phrase that follows the name of the clip: "is silent".
    pub fn speech(&self) -> Result<&Speech, &str> {
        self.speech.get_or_init(|| Speech::of(&self.waveform)).as_ref().map_err(String::as_str)
    }

    /// The mel-cepstra c0..c24 of each frame, or why there are none.
    pub fn cepstra(&self) -> Result<&MelCepstra, &str> {
        let compute = || {
            let analysis = analysis(self.waveform.sample_rate())?;
            let cepstra = analysis.cepstra.analyze(self.speech()?.waveform().samples());
            cepstra.ok_or_else(|| "has no frame with any power".to_owned())
        };
        self.cepstra.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// The fundamental frequency of each frame, or why there is none.
    pub fn f0(&self) -> Result<&F0Track, &str> {
        let compute = || {
            let analysis = analysis(self.waveform.sample_rate())?;
            Ok(analysis.f0.track(self.speech()?.waveform().samples()))
        };
        self.f0.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// The integrated loudness in LUFS, where it is defined.
    pub fn loudness_lufs(&self) -> Option<f64> {
        *self.loudness.get_or_init(|| loudness::integrated_lufs(&self.waveform))
    }
}

/// The plan from one rate to another, made once in the life of the program for the rates of most corpora.
fn resampler(from: u32, to: u32) -> Result<Arc<Resampler>, String> {
    static PLANS: Mutex<BTreeMap<(u32, u32), Arc<Resampler>>> = Mutex::new(BTreeMap::new());
    // A thread that panicked while it held the lock left whole plans behind.
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans.get(&(from, to)) {
        return Ok(Arc::clone(plan));
    }
    let plan = Resampler::new(from, to);
    let plan = Arc::new(plan.map_err(|error| format!("cannot be resampled: failed to {error}"))?);
    // A plan may take 64 MB.
    if plans.len() >= MOST_RESAMPLERS {
        plans.clear();
    }
    plans.insert((from, to), Arc::clone(&plan));
    Ok(plan)
}

/// The plans for one sample rate.
struct Analysis {
    cepstra: MelCepstrum,
    f0: Pyin,
}

/// The plans for a rate, made once in the life of the program.
fn analysis(sample_rate: u32) -> Result<Arc<Analysis>, String> {
    static PLANS: Mutex<BTreeMap<u32, Arc<Analysis>>> = Mutex::new(BTreeMap::new());
    if sample_rate < LOWEST_RATE {
        return Err(format!("has a sample rate of {sample_rate} Hz, and speech needs {LOWEST_RATE} Hz"));
    }
    // A thread that panicked while it held the lock left whole plans behind.
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans.get(&sample_rate) {
        return Ok(Arc::clone(plan));
    }
    let plan = Arc::new(plan(sample_rate).map_err(|error| format!("cannot be analysed: failed to {error}"))?);
    plans.insert(sample_rate, Arc::clone(&plan));
    Ok(plan)
}

fn plan(sample_rate: u32) -> Result<Analysis, mynah_signal::Error> {
    let frame = (f64::from(sample_rate) * NOMINAL_FRAME / NOMINAL_RATE).log2().round().exp2() as usize;
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
    Ok(Analysis { cepstra, f0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cepstra_and_f0_have_the_same_frames_at_every_rate() {
        let check = |rate, hop| {
            // A cosine, so that the first and the last sample are sound.
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
    fn what_cannot_be_analysed_says_why() {
        let check = |samples: Vec<f32>, rate| {
            let waveform = Waveform::new(samples, rate);
            Clip::new(&waveform).cepstra().map(MelCepstra::n_frames).map_err(str::to_owned)
        };
        let tone = |n_samples: usize| (0..n_samples).map(|n| (n as f32 * 0.5).sin()).collect::<Vec<f32>>();
        assert_eq!(check(vec![0.0; 4000], 22_050), Err("is silent".to_owned()));
        // An offset is no sound.
        assert_eq!(check(vec![0.5; 4000], 22_050), Err("is silent".to_owned()));
        assert_eq!(check(tone(100), 22_050), Err("has no frame with any power".to_owned()));
        assert!(check(tone(4000), 0).unwrap_err().contains("a sample rate of 0 Hz"));
        assert!(check(tone(4000), 3999).is_err());
        assert!(check(tone(4000), 4000).is_ok());
    }
}
