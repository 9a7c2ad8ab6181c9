//! The part of a signal that is speech: without offset, hum, and silence at the ends.

use std::ops::Range;

use mynah_signal::{Waveform, high_pass};

/// A signal none of whose blocks is louder than this is silent. It is the level below which ITU-R BS.1770 counts nothing
/// as programme, 28 dB above the noise of 16-bit coding and far below any speech.
const SILENCE_DBFS: f64 = -70.0;
/// Samples that lie this far below the largest are no sound at the ends of a signal. The background of clean recordings
/// is lower, and the softest fricative of twelve clips of `LJSpeech` is not.
const BELOW_PEAK_DB: f64 = -40.0;
/// Blocks a second in which loudness is looked for.
const BLOCKS_PER_SECOND: u32 = 100;
/// A rendering with less speech than this share of the recording's is truncated. Readers differ in their rate by a factor
/// of 1.5 at most, nobody reads the same sentence in half of the time; what is lost above it shows in `duration_ratio`.
const LEAST_SHARE: f64 = 0.5;

/// The speech in a signal.
///
/// ```text
/// signal ─► without mean and all below 62 Hz ─► from the first to the last sample above −40 dB of the largest
/// ```
///
/// The ends are found to the sample, so that a copy with silence before it is the same speech.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    waveform: Waveform,
    leading_seconds: f64,
    trailing_seconds: f64,
}

impl Speech {
    /// The speech in a signal, or why there is none.
    pub(crate) fn of(signal: &Waveform) -> Result<Self, String> {
        if signal.is_empty() {
            return Err("is empty".to_owned());
        }
        let rate = signal.sample_rate();
        if rate == 0 {
            return Err("has a sample rate of 0 Hz".to_owned());
        }
        let filtered = high_pass(signal);
        let samples = filtered.samples();
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err("has samples that are not finite numbers".to_owned());
        }
        let length = (rate / BLOCKS_PER_SECOND).max(1) as usize;
        let power = |block: &[f32]| {
            block.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / block.len() as f64
        };
        let loudest = samples.chunks(length).map(power).fold(0.0, f64::max);
        if loudest <= 10_f64.powf(SILENCE_DBFS / 10.0) {
            return Err("is silent".to_owned());
        }
        let sounding = sounding(samples);
        let seconds = |n_samples: usize| n_samples as f64 / f64::from(rate);
        Ok(Self {
            leading_seconds: seconds(sounding.start),
            trailing_seconds: seconds(samples.len() - sounding.end),
            waveform: Waveform::new(samples[sounding].to_vec(), rate),
        })
    }

    /// The samples.
    #[must_use]
    pub fn waveform(&self) -> &Waveform {
        &self.waveform
    }

    /// The silence before it in seconds, which is left out.
    #[must_use]
    pub fn leading_seconds(&self) -> f64 {
        self.leading_seconds
    }

    /// The silence after it in seconds, which is left out.
    #[must_use]
    pub fn trailing_seconds(&self) -> f64 {
        self.trailing_seconds
    }

    /// Whether so much of the other's speech is missing that this is no rendering of the same sentence.
    pub(crate) fn is_truncated_against(&self, other: &Self) -> bool {
        self.waveform.seconds() < LEAST_SHARE * other.waveform.seconds()
    }
}

/// From the first to the last sample that is not far below the largest; there is one that is not 0.
fn sounding(samples: &[f32]) -> Range<usize> {
    let largest = samples.iter().fold(0.0_f64, |most, &sample| most.max(f64::from(sample).abs()));
    let threshold = largest * 10_f64.powf(BELOW_PEAK_DB / 20.0);
    let is_sound = |sample: &f32| f64::from(*sample).abs() > threshold;
    let first = samples.iter().position(is_sound).unwrap_or(0);
    let last = samples.iter().rposition(is_sound).unwrap_or(samples.len() - 1);
    first..last + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_050;

    fn tone(amplitude: f32, n_samples: usize) -> Vec<f32> {
        (0..n_samples).map(|n| amplitude * (n as f32 * 0.125).cos()).collect()
    }

    fn speech(samples: Vec<f32>) -> Result<Speech, String> {
        Speech::of(&Waveform::new(samples, RATE))
    }

    #[test]
    fn silence_at_the_ends_is_left_out_and_told() {
        let around = [vec![0.0; 2205], tone(0.5, 22_050), vec![0.0; 4410]].concat();
        let speech = speech(around).unwrap();
        // The filter rings a little at the edges of a tone that begins at once.
        assert!((speech.leading_seconds() - 0.1).abs() < 0.03, "{}", speech.leading_seconds());
        assert!((speech.trailing_seconds() - 0.2).abs() < 0.03, "{}", speech.trailing_seconds());
        let sum = speech.leading_seconds() + speech.waveform().seconds() + speech.trailing_seconds();
        assert!((sum - 1.3).abs() < 1e-9);
    }

    #[test]
    fn silence_is_told_from_soft_speech() {
        let reason = |samples: Vec<f32>| speech(samples).unwrap_err();
        assert_eq!(reason(Vec::new()), "is empty");
        assert_eq!(reason(vec![0.0; 22_050]), "is silent");
        assert_eq!(reason(vec![0.25; 22_050]), "is silent");
        // The dither of 16-bit coding, and hum.
        let dither = (0..22_050).map(|n| f32::from(i8::try_from(n % 3 - 1).unwrap()) / 32_768.0).collect();
        assert_eq!(reason(dither), "is silent");
        let hum = (0..22_050).map(|n| 0.02 * (n as f32 * 0.014_247_6).sin()).collect();
        assert_eq!(reason(hum), "is silent");
        assert_eq!(reason(vec![f32::NAN; 100]), "has samples that are not finite numbers");
        assert!(speech(tone(0.001, 22_050)).is_ok());
    }

    #[test]
    fn less_than_half_is_truncated() {
        let whole = speech(tone(0.5, 22_050)).unwrap();
        assert!(speech(tone(0.5, 10_900)).unwrap().is_truncated_against(&whole));
        assert!(!speech(tone(0.5, 11_200)).unwrap().is_truncated_against(&whole));
        // Padding with silence does not make up for it.
        let padded = [tone(0.5, 9000), vec![0.0; 13_050]].concat();
        assert!(speech(padded).unwrap().is_truncated_against(&whole));
        assert!(!whole.is_truncated_against(&whole));
    }
}
