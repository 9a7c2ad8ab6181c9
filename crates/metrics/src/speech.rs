//! The speech in a signal: without offset, hum, and leading or trailing silence.

use std::ops::Range;

use mynah_signal::{Waveform, high_pass};

/// Level that a block must exceed, or else the signal is silent: the absolute gate of ITU-R BS.1770, 28 dB above the
/// noise of 16-bit coding and far below any speech.
const SILENCE_DBFS: f64 = -70.0;
/// Level relative to the largest sample below which samples at the ends are silence. The background of clean recordings
/// is lower, and the softest fricative in twelve clips of `LJSpeech` is higher.
const BELOW_PEAK_DB: f64 = -40.0;
/// Blocks per second in which loudness is measured.
const BLOCKS_PER_SECOND: u32 = 100;
/// Share of the recording's speech below which a rendering is truncated. Speaking rates of readers differ by a factor
/// of at most 1.5; nobody reads the same sentence in half the time. Smaller losses show in `duration_ratio`.
const LEAST_SHARE: f64 = 0.5;

/// The speech in a signal.
///
/// ```text
/// signal ─► remove the mean and everything below 62 Hz ─► first to last sample above −40 dB of the largest
/// ```
///
/// The ends are located to the sample, so a copy preceded by silence is the same speech.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    waveform: Waveform,
    leading_seconds: f64,
    trailing_seconds: f64,
}

impl Speech {
    /// Finds the speech in a signal, or the reason why there is none.
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

    /// Returns the samples.
    #[must_use]
    pub fn waveform(&self) -> &Waveform {
        &self.waveform
    }

    /// Returns the removed leading silence in seconds.
    #[must_use]
    pub fn leading_seconds(&self) -> f64 {
        self.leading_seconds
    }

    /// Returns the removed trailing silence in seconds.
    #[must_use]
    pub fn trailing_seconds(&self) -> f64 {
        self.trailing_seconds
    }

    /// Returns true if so much of the other's speech is missing that this cannot be the same sentence.
    pub(crate) fn is_truncated_against(&self, other: &Self) -> bool {
        self.waveform.seconds() < LEAST_SHARE * other.waveform.seconds()
    }
}

/// Returns the range from the first to the last sample not far below the largest, which must not be 0.
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
    fn silence_at_the_ends_is_removed_and_reported() {
        let around = [vec![0.0; 2205], tone(0.5, 22_050), vec![0.0; 4410]].concat();
        let speech = speech(around).unwrap();
        // The filter rings slightly at the edges of a tone that starts abruptly.
        assert!((speech.leading_seconds() - 0.1).abs() < 0.03, "{}", speech.leading_seconds());
        assert!((speech.trailing_seconds() - 0.2).abs() < 0.03, "{}", speech.trailing_seconds());
        let sum = speech.leading_seconds() + speech.waveform().seconds() + speech.trailing_seconds();
        assert!((sum - 1.3).abs() < 1e-9);
    }

    #[test]
    fn distinguishes_silence_from_soft_speech() {
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
    fn less_than_half_of_the_speech_is_truncated() {
        let whole = speech(tone(0.5, 22_050)).unwrap();
        assert!(speech(tone(0.5, 10_900)).unwrap().is_truncated_against(&whole));
        assert!(!speech(tone(0.5, 11_200)).unwrap().is_truncated_against(&whole));
        // Padding with silence does not compensate.
        let padded = [tone(0.5, 9000), vec![0.0; 13_050]].concat();
        assert!(speech(padded).unwrap().is_truncated_against(&whole));
        assert!(!whole.is_truncated_against(&whole));
    }
}
