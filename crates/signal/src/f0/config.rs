//! Settings of pYIN.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::framing::LONGEST_FRAME;

/// Settings of pYIN.
///
/// Missing keys take their defaults: frames of 1024 samples aligned with those of the mel spectrogram and a
/// range of 65 to 600 Hz, which suits the read speech of one speaker at 16 to 24 kHz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PyinConfig {
    /// Lowest fundamental frequency considered.
    pub f_min_hz: f64,
    /// Highest fundamental frequency considered; at most half the sample rate.
    pub f_max_hz: f64,
    /// Frame length in samples: more than one period of `f_min_hz`, preferably two.
    pub frame_length: usize,
    /// Hop between frames in samples; at most `frame_length`.
    pub hop_length: usize,
    /// Sample at the center of the first frame.
    ///
    /// 0 gives librosa's centering, half of `hop_length` that of this crate's spectrograms. Frames continue
    /// as long as their center is at least as far from the end as the first center is from the start. This
    /// gives `samples / hop + 1` frames for 0 and `samples / hop` for half an even hop, both rounded down.
    /// Samples outside the signal are zero.
    pub first_center: usize,
}

impl PyinConfig {
    /// Returns the number of frames of a signal of `n_samples`; 0 for an empty signal.
    #[must_use]
    pub fn n_frames(&self, n_samples: usize) -> usize {
        match n_samples.checked_sub(self.first_center.saturating_mul(2)) {
            Some(span) if n_samples > 0 && self.hop_length > 0 => span / self.hop_length + 1,
            _ => 0,
        }
    }

    pub(super) fn validate(&self, sample_rate: u32) -> Result<(), Error> {
        let rate = f64::from(sample_rate);
        let (low, high) = (self.f_min_hz, self.f_max_hz);
        if !(high > 0.0 && high <= rate / 2.0) {
            let why = format!(
                "expected a value above 0 and at most half the sample rate ({}), got {high}",
                rate / 2.0
            );
            return Err(Error::setting("f_max_hz", why));
        }
        if !(low > 0.0 && low < high) {
            return Err(Error::setting(
                "f_min_hz",
                format!("expected a value above 0 and below `f_max_hz` ({high}), got {low}"),
            ));
        }
        if rate / low >= self.frame_length as f64 - 1.0 {
            let why =
                format!("{} samples do not contain a full period of `f_min_hz`, {low}", self.frame_length);
            return Err(Error::setting("frame_length", why));
        }
        if self.frame_length > LONGEST_FRAME {
            let why = format!("{} samples exceed the maximum of {LONGEST_FRAME}", self.frame_length);
            return Err(Error::setting("frame_length", why));
        }
        if self.hop_length == 0 || self.hop_length > self.frame_length {
            let why =
                format!("{} is not between 1 and `frame_length`, {}", self.hop_length, self.frame_length);
            return Err(Error::setting("hop_length", why));
        }
        Ok(())
    }
}

impl Default for PyinConfig {
    fn default() -> Self {
        Self { f_min_hz: 65.0, f_max_hz: 600.0, frame_length: 1024, hop_length: 256, first_center: 128 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_frames_like_librosa_or_like_a_spectrogram() {
        let librosa = PyinConfig { first_center: 0, ..PyinConfig::default() };
        let aligned = PyinConfig::default();
        let check = |n_samples, by_librosa, by_spectrogram| {
            assert_eq!(librosa.n_frames(n_samples), by_librosa, "{n_samples}");
            assert_eq!(aligned.n_frames(n_samples), by_spectrogram, "{n_samples}");
        };
        check(0, 0, 0);
        check(1, 1, 0);
        check(255, 1, 0);
        check(256, 2, 1);
        check(511, 2, 1);
        check(512, 3, 2);
    }

    #[test]
    fn rejects_unusable_settings() {
        let check = |config: PyinConfig, expected| match config.validate(22_050) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, expected),
            other => panic!("{other:?}"),
        };
        let good = PyinConfig::default();
        check(PyinConfig { f_max_hz: 11_026.0, ..good.clone() }, "f_max_hz");
        check(PyinConfig { f_max_hz: f64::NAN, ..good.clone() }, "f_max_hz");
        check(PyinConfig { f_min_hz: 0.0, ..good.clone() }, "f_min_hz");
        check(PyinConfig { f_min_hz: 600.0, ..good.clone() }, "f_min_hz");
        check(PyinConfig { frame_length: 340, ..good.clone() }, "frame_length");
        check(PyinConfig { frame_length: 0, ..good.clone() }, "frame_length");
        check(PyinConfig { frame_length: usize::MAX, ..good.clone() }, "frame_length");
        check(PyinConfig { hop_length: 0, ..good.clone() }, "hop_length");
        check(PyinConfig { hop_length: 1025, ..good.clone() }, "hop_length");
        assert!(good.validate(0).is_err());
        assert!(good.validate(16_000).is_ok());
    }
}
