//! The knobs of pYIN.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::framing::LONGEST_FRAME;

/// The knobs of pYIN.
///
/// A missing key takes the default: frames of 1024 samples laid like those of the mel spectrogram, 65 to 600 Hz, which
/// suits one speaker's read speech at 16 to 24 kHz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PyinConfig {
    /// The lowest fundamental frequency that is looked for.
    pub f_min_hz: f64,
    /// The highest fundamental frequency that is looked for; at most half the sample rate.
    pub f_max_hz: f64,
    /// Samples of a frame: more than one period of `f_min_hz`, and better two.
    pub frame_length: usize,
    /// Samples from one frame to the next; at most `frame_length`.
    pub hop_length: usize,
    /// The sample at which the first frame is centred.
    ///
    /// 0 is librosa's centring. Half of `hop_length` is that of the spectrograms of this crate. The frames go on as
    /// long as their centre stays as far from the end as the first centre is from the beginning, so that there are
    /// `samples / hop + 1` of them for 0 and `samples / hop` for half an even hop, both rounded down. A frame that
    /// reaches out of the signal finds zeros there.
    pub first_center: usize,
}

impl PyinConfig {
    /// The number of frames of a signal of `n_samples`: 0 for the empty signal.
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
            let why = format!("{high} is not above 0 and at most half the sample rate, {}", rate / 2.0);
            return Err(Error::setting("f_max_hz", why));
        }
        if !(low > 0.0 && low < high) {
            return Err(Error::setting(
                "f_min_hz",
                format!("{low} is not above 0 and below `f_max_hz`, {high}"),
            ));
        }
        if rate / low >= self.frame_length as f64 - 1.0 {
            let why = format!("{} samples hold no whole period of `f_min_hz`, {low}", self.frame_length);
            return Err(Error::setting("frame_length", why));
        }
        if self.frame_length > LONGEST_FRAME {
            let why = format!("{} samples are more than {LONGEST_FRAME}", self.frame_length);
            return Err(Error::setting("frame_length", why));
        }
        if self.hop_length == 0 || self.hop_length > self.frame_length {
            let why = format!("{} is not from 1 to `frame_length`, {}", self.hop_length, self.frame_length);
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
    fn frames_are_counted_like_librosa_or_like_a_spectrogram() {
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
    fn settings_without_a_result_are_refused() {
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
