//! One signal and what the metrics need to know of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use mynah_signal::f0::{F0Track, Pyin, PyinConfig};
use mynah_signal::mel_cepstrum::{MelCepstra, MelCepstrum, MelCepstrumConfig, alpha_for_rate};
use mynah_signal::{Waveform, loudness};

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

/// One signal with its analysis, each part of which is computed when it is first asked for, once.
///
/// The frames of mel-cepstra and F0 are the same: 1024 samples every 256 from 15.6 to 31.2 kHz (46 ms every 12 ms at
/// 22.05 kHz), twice as many in the octave above, half in the one below; frame `t` is centred at
/// `t * hop + hop / 2`. That is the grid on which voices are trained, and five times cheaper to align than 5 ms.
///
/// A clip can be shared by threads and by pairs: a reference is analysed once for all systems.
pub struct Clip<'a> {
    waveform: &'a Waveform,
    cepstra: OnceLock<Result<MelCepstra, String>>,
    f0: OnceLock<Result<F0Track, String>>,
    loudness: OnceLock<Option<f64>>,
}

impl<'a> Clip<'a> {
    /// Takes a signal; nothing is computed yet.
    #[must_use]
    pub fn new(waveform: &'a Waveform) -> Self {
        Self { waveform, cepstra: OnceLock::new(), f0: OnceLock::new(), loudness: OnceLock::new() }
    }

    /// The signal.
    #[must_use]
    pub fn waveform(&self) -> &'a Waveform {
        self.waveform
    }

    /// The mel-cepstra c0..c24 of each frame, or why there are none.
    pub fn cepstra(&self) -> Result<&MelCepstra, &str> {
        let compute = || {
            let analysis = analysis(self.waveform.sample_rate())?;
            let cepstra = analysis.cepstra.analyze(self.waveform.samples());
            cepstra.ok_or_else(|| "has no frame with any power".to_owned())
        };
        self.cepstra.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// The fundamental frequency of each frame, or why there is none.
    pub fn f0(&self) -> Result<&F0Track, &str> {
        let compute = || Ok(analysis(self.waveform.sample_rate())?.f0.track(self.waveform.samples()));
        self.f0.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// The integrated loudness in LUFS, where it is defined.
    pub fn loudness_lufs(&self) -> Option<f64> {
        *self.loudness.get_or_init(|| loudness::integrated_lufs(self.waveform))
    }
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
    let plan = Arc::new(plan(sample_rate).map_err(|error| format!("cannot be analyzed: {error}"))?);
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
            let samples = (0..rate).map(|n| (n as f32 * 0.05).sin() * 0.5).collect();
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
        assert_eq!(check(vec![0.0; 4000], 22_050), Err("has no frame with any power".to_owned()));
        assert_eq!(check(vec![0.5; 100], 22_050), Err("has no frame with any power".to_owned()));
        assert!(check(vec![0.5; 4000], 0).unwrap_err().contains("a sample rate of 0 Hz"));
        assert!(check(vec![0.5; 4000], 3999).is_err());
        assert!(check(vec![0.5; 4000], 4000).is_ok());
    }
}
