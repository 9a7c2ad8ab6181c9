//! The pYIN pipeline from samples to a pitch track.

use super::PyinConfig;
use super::candidates::Candidates;
use super::viterbi::Viterbi;
use super::yin::Yin;
use crate::Error;

const BINS_PER_SEMITONE: usize = 10;
const SEMITONES_PER_OCTAVE: usize = 12;
/// Maximum rate of pitch change.
const MAX_OCTAVES_PER_SECOND: f64 = 35.92;

/// Fundamental frequency of each frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct F0Track {
    /// F0 in hertz; 0 in unvoiced frames.
    pub f0_hz: Vec<f32>,
    /// Probability that the frame alone is voiced; the decoded path may decide otherwise.
    pub voiced_probability: Vec<f32>,
}

impl F0Track {
    /// Returns the number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.f0_hz.len()
    }

    /// Returns true if there are no frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.f0_hz.is_empty()
    }
}

/// Planned pYIN for one configuration and sample rate, built once and shared by all threads.
///
/// # Examples
///
/// ```
/// use mynah_signal::f0::{Pyin, PyinConfig};
///
/// # fn main() -> Result<(), mynah_signal::Error> {
/// let tracker = Pyin::new(&PyinConfig::default(), 22_050)?;
/// let tone: Vec<f32> = (0..22_050).map(|n| (n as f32 * 200.0 / 22_050.0 * 6.2831855).sin()).collect();
/// let track = tracker.track(&tone);
/// assert_eq!(track.len(), 22_050 / 256);
/// assert!((track.f0_hz[40] - 200.0).abs() < 0.6); // half a bin
/// # Ok(())
/// # }
/// ```
pub struct Pyin {
    config: PyinConfig,
    yin: Yin,
    candidates: Candidates,
    viterbi: Viterbi,
    pitches_hz: Vec<f32>,
}

impl Pyin {
    /// Plans the transforms and the tables.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] unless 0 < `f_min_hz` < `f_max_hz` ≤ half the sample rate, a frame contains
    /// a full period of `f_min_hz` and at most 2^20 samples, and the hop is between 1 and the frame length.
    pub fn new(config: &PyinConfig, sample_rate: u32) -> Result<Self, Error> {
        config.validate(sample_rate)?;
        let rate = f64::from(sample_rate);
        let min_period = (rate / config.f_max_hz).floor() as usize;
        let max_period = ((rate / config.f_min_hz).ceil() as usize).min(config.frame_length - 1);
        let bins_per_octave = SEMITONES_PER_OCTAVE * BINS_PER_SEMITONE;
        let octaves = (config.f_max_hz / config.f_min_hz).log2();
        let n_pitch_bins = (bins_per_octave as f64 * octaves).floor() as usize + 1;
        let semitones_per_frame =
            MAX_OCTAVES_PER_SECOND * SEMITONES_PER_OCTAVE as f64 * config.hop_length as f64 / rate;
        // Half the width of a triangle of `2 * half_width + 1` bins.
        let half_width = semitones_per_frame.round_ties_even() as usize * BINS_PER_SEMITONE / 2;
        Ok(Self {
            config: config.clone(),
            yin: Yin::new(
                config.frame_length,
                config.hop_length,
                config.first_center,
                min_period,
                max_period,
            )?,
            candidates: Candidates::new(
                sample_rate,
                config.f_min_hz,
                min_period,
                max_period - min_period + 1,
                n_pitch_bins,
                bins_per_octave,
            ),
            viterbi: Viterbi::new(n_pitch_bins, half_width),
            pitches_hz: (0..n_pitch_bins)
                .map(|bin| (config.f_min_hz * (bin as f64 / bins_per_octave as f64).exp2()) as f32)
                .collect(),
        })
    }

    /// Estimates the fundamental frequency of each frame of a signal.
    ///
    /// Pitch is quantized to tenths of a semitone above `f_min_hz`. Tracking uses 16 bytes of memory per
    /// frame and pitch bin.
    #[must_use]
    pub fn track(&self, samples: &[f32]) -> F0Track {
        let n_frames = self.config.n_frames(samples.len());
        let mut work = self.yin.workspace();
        let mut lattice = self.viterbi.lattice(n_frames);
        let (mut difference, mut candidates) = (Vec::new(), Vec::new());
        let mut voiced_probability = Vec::with_capacity(n_frames);
        for first in (0..n_frames).step_by(work.width()) {
            work.run(samples, first);
            for lane in 0..work.width().min(n_frames - first) {
                work.difference(lane, &mut difference);
                let voiced = self.candidates.find(&difference, &mut candidates);
                lattice.push(&candidates, voiced);
                voiced_probability.push(voiced as f32);
            }
        }
        let f0_hz =
            lattice.path().into_iter().map(|bin| bin.map_or(0.0, |bin| self.pitches_hz[bin])).collect();
        F0Track { f0_hz, voiced_probability }
    }
}

/// Estimates the fundamental frequency of each frame of one signal; for many signals, plan a [`Pyin`] once.
///
/// # Errors
///
/// Same as [`Pyin::new`].
pub fn pyin(samples: &[f32], sample_rate: u32, config: &PyinConfig) -> Result<F0Track, Error> {
    Ok(Pyin::new(config, sample_rate)?.track(samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tone moves by up to 60 cents within a frame, and the estimate favors the first half of the frame.
    const TONE_TOLERANCE_CENTS: f64 = 20.0;

    #[test]
    fn silence_and_empty_signals_are_unvoiced() {
        let tracker = Pyin::new(&PyinConfig::default(), 22_050).unwrap();
        assert!(tracker.track(&[]).is_empty());
        let track = tracker.track(&[0.0; 4000]);
        assert_eq!(track.len(), 15);
        assert!(track.f0_hz.iter().chain(&track.voiced_probability).all(|value| value.to_bits() == 0));
        // NaN is not a pitch either.
        assert!(tracker.track(&[f32::NAN; 4000]).f0_hz.iter().all(|value| value.to_bits() == 0));
    }

    #[test]
    fn follows_a_rising_tone() {
        let rate = 22_050;
        let mut phase = 0.0_f64;
        let samples: Vec<f32> = (0..rate)
            .map(|n| {
                phase += (120.0 + 200.0 * f64::from(n) / f64::from(rate)) / f64::from(rate);
                // A few harmonics, as in a voice.
                (1..5)
                    .map(|h| (std::f64::consts::TAU * phase * f64::from(h)).sin() / f64::from(h))
                    .sum::<f64>() as f32
                    * 0.3
            })
            .collect();
        let track = pyin(&samples, rate as u32, &PyinConfig::default()).unwrap();
        for (index, &f0) in track.f0_hz.iter().enumerate().skip(3).take(79) {
            let expected = 120.0 + 200.0 * (index as f64 * 256.0 + 128.0) / f64::from(rate);
            let cents = 1200.0 * (f64::from(f0) / expected).log2();
            assert!(cents.abs() < TONE_TOLERANCE_CENTS, "frame {index}: {f0}, expected {expected}");
        }
    }
}
