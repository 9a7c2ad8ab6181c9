//! Removal of high frequencies, as anchors of listening tests have it.

use std::f64::consts::PI;

use crate::resample::{bessel_i0, sinc};
use crate::{Error, Waveform};

/// The frequency from which everything is removed, relative to that up to which everything is kept: 4 kHz for 3.5 kHz.
const STOP_RATIO: f64 = 8.0 / 7.0;
/// The attenuation that the filter is designed for; the ripple below the other frequency is then 1e-4.
const ATTENUATION_DB: f64 = 80.0;

/// Keeps everything up to a frequency and removes everything from 8/7 of it on.
///
/// ```text
/// y[n] = Σ h[k] x[n - k],  k = -K..K       h: a sinc at 15/14 of the frequency, with a Kaiser window
/// ```
///
/// Up to `pass_hz` the gain is 1 within 0.002 dB, and from 8/7 of it on the attenuation is 75 dB and more. That is within the
/// bounds of the low-pass anchors of ITU-R BS.1534-3, which has them at 3.5 and 7 kHz: a ripple of 0.1 dB, 25 dB from 4 kHz and
/// 50 dB from 4.5 kHz on. The filter is symmetric, so there is no delay, and the length is kept; beyond the ends the signal
/// counts as silent.
///
/// # Errors
///
/// [`Error::Setting`] for a frequency that is not between 0 and half the sample rate.
///
/// # References
///
/// ITU-R BS.1534-3 (2015), section 5.1. J. F. Kaiser (1974), "Nonrecursive digital filter design using the I₀-sinh window
/// function".
pub fn low_pass(waveform: &Waveform, pass_hz: f64) -> Result<Waveform, Error> {
    let rate = f64::from(waveform.sample_rate());
    if !(pass_hz > 0.0 && 2.0 * pass_hz < rate) {
        let why =
            format!("it is {pass_hz} Hz, but must be above 0 and below half of the {rate} Hz of the clip");
        return Err(Error::setting("low_pass", why));
    }
    let taps = half_of_taps(pass_hz / rate);
    let samples = waveform.samples();
    let at = |index: usize| f64::from(samples.get(index).copied().unwrap_or(0.0));
    let filtered = (0..samples.len()).map(|n| {
        let sides = taps.iter().enumerate().skip(1).map(|(k, tap)| {
            let before = n.checked_sub(k).map_or(0.0, at);
            tap * (before + at(n + k))
        });
        (taps[0] * at(n) + sides.sum::<f64>()) as f32
    });
    Ok(Waveform::new(filtered.collect(), waveform.sample_rate()))
}

/// Returns the tap in the middle and those on either side, for a frequency in cycles per sample.
fn half_of_taps(pass: f64) -> Vec<f64> {
    let transition = pass * (STOP_RATIO - 1.0);
    let cutoff = pass + transition / 2.0;
    // Kaiser's estimate of the filter order.
    let order = (ATTENUATION_DB - 7.95) / (2.285 * 2.0 * PI * transition);
    let half = (order / 2.0).ceil();
    let beta = 0.1102 * (ATTENUATION_DB - 8.7);
    let tap = |k: usize| {
        let place = k as f64 / (half + 1.0);
        let window = bessel_i0(beta * (1.0 - place * place).sqrt()) / bessel_i0(beta);
        2.0 * cutoff * sinc(2.0 * cutoff * k as f64) * window
    };
    let taps: Vec<f64> = (0..=half as usize).map(tap).collect();
    let sum = taps[0] + 2.0 * taps[1..].iter().sum::<f64>();
    taps.into_iter().map(|tap| tap / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stated ripple and attenuation.
    const RIPPLE_DB: f64 = 0.002;
    const STOP_DB: f64 = -75.0;

    /// The gain at a frequency in cycles per sample, in dB.
    fn gain_db(taps: &[f64], frequency: f64) -> f64 {
        let sides = taps.iter().enumerate().skip(1);
        let gain: f64 =
            taps[0] + sides.map(|(k, tap)| 2.0 * tap * (2.0 * PI * frequency * k as f64).cos()).sum::<f64>();
        20.0 * gain.abs().max(1e-12).log10()
    }

    #[test]
    fn keeps_the_pass_band_and_removes_the_stop_band() {
        for rate in [16_000.0, 22_050.0, 44_100.0, 48_000.0] {
            for pass_hz in [3500.0, 7000.0] {
                let taps = half_of_taps(pass_hz / rate);
                let at = |hertz: f64| gain_db(&taps, hertz / rate);
                for step in 0..=1000 {
                    let share = f64::from(step) / 1000.0;
                    let kept = at(share * pass_hz);
                    assert!(kept.abs() < RIPPLE_DB, "{rate} {pass_hz}: {kept} dB at {}", share * pass_hz);
                    let stop = STOP_RATIO * pass_hz;
                    let hertz = stop + share * (rate / 2.0 - stop);
                    assert!(at(hertz) < STOP_DB, "{rate} {pass_hz}: {} dB at {hertz}", at(hertz));
                }
            }
        }
    }

    #[test]
    fn tones_stay_in_place_or_vanish() {
        let rate = 22_050;
        let tone = |hertz: f64| -> Vec<f32> {
            (0..8000)
                .map(|n| (0.5 * (2.0 * PI * hertz * f64::from(n) / f64::from(rate)).sin()) as f32)
                .collect()
        };
        let filtered = |samples: Vec<f32>| {
            low_pass(&Waveform::new(samples, rate), 3500.0).expect("it is below half the rate").into_samples()
        };
        // Away from the ends, beyond which there is silence.
        let inner = 1000..7000;
        for (low, kept) in tone(3000.0)[inner.clone()].iter().zip(&filtered(tone(3000.0))[inner.clone()]) {
            assert!((low - kept).abs() < 1e-4, "{low} became {kept}");
        }
        let left = filtered(tone(4000.0));
        assert!(left[inner].iter().all(|sample| sample.abs() < 1e-4));
        assert_eq!(left.len(), 8000);
        assert_eq!(filtered(vec![]), Vec::<f32>::new());
    }

    #[test]
    fn rejects_frequencies_that_no_clip_has() {
        let clip = Waveform::new(vec![0.1; 100], 16_000);
        for pass_hz in [0.0, -1.0, 8000.0, f64::NAN, f64::INFINITY] {
            let error = low_pass(&clip, pass_hz).expect_err("it is out of range").to_string();
            assert!(error.contains("below half of the 16000 Hz"), "{error}");
        }
        assert!(low_pass(&clip, 7999.0).is_ok());
    }
}
