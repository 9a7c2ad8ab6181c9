//! Loudness of a signal: as perceived (BS.1770), at its peaks, and frame by frame.

use ebur128::{EbuR128, Mode};

use crate::Waveform;

/// Level of digital silence in [`frame_level_db`], and the lowest level it returns.
pub const LEVEL_FLOOR_DB: f32 = -100.0;

/// Computes the integrated loudness according to ITU-R BS.1770-4, in LUFS.
///
/// The measurement uses K-weighting, 400 ms blocks every 100 ms, an absolute gate at -70 LUFS and a relative
/// gate 10 LU below the mean. Returns `None` if the signal is shorter than one block, if no block passes the
/// absolute gate, if a sample is not finite, or if the sample rate is outside 16 Hz to 2,822,400 Hz.
///
/// Only whole blocks count, as the recommendation says. pyloudnorm 0.2.0 also counts an incomplete last
/// block, which moves a clip of a few seconds by up to 0.25 LU, and its default filters approximate the
/// recommendation differently (0.09 LU on speech). With its `DeMan` filters and whole blocks, the two agree
/// to the last digits.
#[must_use]
pub fn integrated_lufs(waveform: &Waveform) -> Option<f64> {
    let meter = measure(waveform, Mode::I)?;
    meter.loudness_global().ok().filter(|loudness| loudness.is_finite())
}

/// Computes the true peak, that of the signal oversampled four times, in dB relative to full scale.
///
/// Returns `None` for digital silence, empty signals, samples that are not finite, and rates that
/// [`integrated_lufs`] does not support. Never below [`peak_dbfs`].
#[must_use]
pub fn true_peak_dbtp(waveform: &Waveform) -> Option<f64> {
    let meter = measure(waveform, Mode::TRUE_PEAK)?;
    decibels(meter.true_peak(0).ok()?)
}

/// Computes the largest sample magnitude in dB relative to full scale.
///
/// Returns `None` for digital silence, empty signals, and samples that are not finite.
#[must_use]
pub fn peak_dbfs(waveform: &Waveform) -> Option<f64> {
    let samples = waveform.samples();
    if samples.iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    decibels(samples.iter().fold(0.0, |peak, sample| f64::from(sample.abs()).max(peak)))
}

/// Computes the root mean square of every hop in dB relative to full scale, clamped below at
/// [`LEVEL_FLOOR_DB`].
///
/// Hop `t` spans the samples from `t * hop_length` to `(t + 1) * hop_length`. A partial hop at the end is
/// dropped, so the number of values equals the number of frames in a spectrogram. A full-scale square wave
/// has 0 dB, a full-scale sine -3 dB. A hop length of 0 gives no frames.
#[must_use]
pub fn frame_level_db(samples: &[f32], hop_length: usize) -> Vec<f32> {
    if hop_length == 0 {
        return Vec::new();
    }
    samples
        .chunks_exact(hop_length)
        .map(|hop| {
            let power = hop.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum::<f64>();
            let level = 10.0 * (power / hop_length as f64).log10();
            (level as f32).max(LEVEL_FLOOR_DB)
        })
        .collect()
}

fn measure(waveform: &Waveform, mode: Mode) -> Option<EbuR128> {
    if waveform.samples().iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    let mut meter = EbuR128::new(1, waveform.sample_rate(), mode).ok()?;
    meter.add_frames_f32(waveform.samples()).ok()?;
    Some(meter)
}

fn decibels(amplitude: f64) -> Option<f64> {
    (amplitude > 0.0).then(|| 20.0 * amplitude.log10())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// Accuracy that EBU Tech 3341 requires of a meter.
    const TECH_3341_LU: f64 = 0.1;
    /// Larger of the tolerances, -0.4 and +0.2 dB, that EBU Tech 3341 allows a true-peak meter.
    const TRUE_PEAK_DB: f64 = 0.4;

    fn sine(level_dbfs: f64, hz: f64, seconds: f64, phase: f64) -> Vec<f32> {
        let amplitude = 10_f64.powf(level_dbfs / 20.0);
        let n_samples = (48_000.0 * seconds) as usize;
        (0..n_samples).map(|n| (amplitude * (TAU * hz * n as f64 / 48_000.0 + phase).sin()) as f32).collect()
    }

    /// Signals of EBU Tech 3341, tables 1 and 2, in one channel, which is 3.01 LU less than their two.
    #[test]
    fn meets_the_minimum_requirements_of_the_ebu() {
        let check = |parts: &[(f64, f64)], stereo_lufs: f64| {
            let samples =
                parts.iter().flat_map(|&(level, seconds)| sine(level, 1000.0, seconds, 0.0)).collect();
            let lufs = integrated_lufs(&Waveform::new(samples, 48_000)).unwrap();
            assert!((lufs - (stereo_lufs - 10.0 * 2_f64.log10())).abs() < TECH_3341_LU, "{parts:?}: {lufs}");
        };
        check(&[(-23.0, 20.0)], -23.0);
        check(&[(-33.0, 20.0)], -33.0);
        check(&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0);
        check(&[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0);
    }

    #[test]
    fn a_quarter_rate_sine_peaks_between_its_samples() {
        let waveform = Waveform::new(sine(-6.0, 12_000.0, 0.5, TAU / 8.0), 48_000);
        assert!((true_peak_dbtp(&waveform).unwrap() + 6.0).abs() < TRUE_PEAK_DB);
        assert!((peak_dbfs(&waveform).unwrap() + 9.01).abs() < 0.01);
    }

    #[test]
    fn unmeasurable_signals_have_no_loudness() {
        let check = |samples: Vec<f32>, rate| {
            let waveform = Waveform::new(samples, rate);
            assert_eq!(integrated_lufs(&waveform), None);
            (true_peak_dbtp(&waveform), peak_dbfs(&waveform))
        };
        assert_eq!(check(Vec::new(), 22_050), (None, None));
        assert_eq!(check(vec![0.0; 22_050], 22_050), (None, None));
        assert_eq!(check(vec![0.5, f32::NAN], 22_050), (None, None));
        // 399 ms, a whole second below the gate, and no sample rate.
        assert_eq!(check(vec![0.5; 8797], 22_050).1, Some(20.0 * 0.5_f64.log10()));
        assert!(check(vec![1e-6; 22_050], 22_050).1.is_some());
        assert_eq!(check(vec![0.5; 100], 0).0, None);
    }

    #[test]
    fn measures_the_level_of_whole_hops() {
        let mut samples = vec![1.0; 4];
        samples.extend([0.1, -0.1, 0.1, -0.1, 0.0, 0.0, 0.0, 0.0, 0.9]);
        let levels = frame_level_db(&samples, 4);
        assert_eq!(levels.len(), 3);
        for (level, expected) in levels.iter().zip([0.0, -20.0, LEVEL_FLOOR_DB]) {
            assert!((level - expected).abs() < 1e-5, "{level} {expected}");
        }
        assert!(frame_level_db(&samples, 0).is_empty());
    }
}
