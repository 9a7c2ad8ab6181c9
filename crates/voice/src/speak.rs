//! Settings and limits of speech for every architecture.

use crate::Error;

/// Upper limit of the frames of an utterance, 25 minutes at 86 per second. More indicate faulty durations, and each costs
/// memory.
const MOST_FRAMES: f64 = 131_072.0;

/// Upper limit of the standard deviation of noise, beyond which it masks the model.
const MOST_NOISE: f64 = 10.0;

/// Bounds of the factor of the durations.
const LENGTH_SCALES: (f64, f64) = (0.01, 100.0);

/// Settings of speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeakConfig {
    /// Standard deviation of the sample from the prior (1 in the paper, 0.667 in VITS; 0 is the mean), at most 10.
    pub noise_scale: f64,
    /// Standard deviation of sampled durations, for VITS with its stochastic predictor (0.8).
    pub duration_noise_scale: f64,
    /// Factor of every duration, from 0.01 to 100.
    pub length_scale: f64,
    /// Seed of the sample.
    pub seed: u64,
}

impl Default for SpeakConfig {
    fn default() -> Self {
        Self { noise_scale: 0.667, duration_noise_scale: 0.8, length_scale: 1.0, seed: 0 }
    }
}

impl SpeakConfig {
    /// Checks that the settings can produce speech. Every voice checks them before it speaks.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with the name of the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let check = |key: &'static str, value: f64, (least, most): (f64, f64)| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::Config { key, why: format!("{value} is not between {least} and {most}") })
        };
        check("noise_scale", self.noise_scale, (0.0, MOST_NOISE))?;
        check("duration_noise_scale", self.duration_noise_scale, (0.0, MOST_NOISE))?;
        check("length_scale", self.length_scale, LENGTH_SCALES)
    }
}

/// Rejects a total of frames that is too long for speech.
pub(crate) fn check_frames(total: f64) -> Result<(), Error> {
    if total.is_nan() || total > MOST_FRAMES {
        return Err(Error::Durations { frames: total, most: MOST_FRAMES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{SpeakConfig, check_frames};

    #[test]
    fn rejects_settings_out_of_range() {
        let plain = SpeakConfig::default();
        plain.validate().unwrap();
        for bad in [-1.0, 10.1, 1e30, f64::INFINITY, f64::NAN] {
            for (config, key) in [
                (SpeakConfig { noise_scale: bad, ..plain }, "`noise_scale`"),
                (SpeakConfig { duration_noise_scale: bad, ..plain }, "`duration_noise_scale`"),
            ] {
                let error = config.validate().unwrap_err().to_string();
                assert!(error.contains(key) && error.contains("between 0 and 10"), "{error}");
            }
        }
        for length_scale in [0.0, -1.0, 1e-9, 20_000.0, 1e300, f64::INFINITY, f64::NAN] {
            let error = SpeakConfig { length_scale, ..plain }.validate().unwrap_err().to_string();
            assert!(error.contains("`length_scale`") && error.contains("between 0.01 and 100"), "{error}");
        }
        let edges =
            SpeakConfig { noise_scale: 0.0, duration_noise_scale: 10.0, length_scale: 100.0, seed: 1 };
        edges.validate().unwrap();
    }

    #[test]
    fn rejects_excessive_durations() {
        check_frames(0.0).unwrap();
        check_frames(131_072.0).unwrap();
        for frames in [131_073.0, f64::INFINITY, f64::NAN] {
            assert!(check_frames(frames).unwrap_err().to_string().contains("length_scale"));
        }
    }
}
