//! Removal of offset and mains hum.

use std::f64::consts::PI;

use mynah_fourier::Real as _;

use crate::Waveform;

/// Frequency up to which everything is removed: mains hum has 50 or 60 Hz.
const STOP_HZ: f64 = 62.0;
/// Frequency from which everything is kept. The gain rises between the two as a raised cosine.
const PASS_HZ: f64 = 80.0;
/// Length of the reflection at either end, several times the ringing of the filter.
const MARGIN_SECONDS: f64 = 0.25;

/// Removes the mean and everything below 62 Hz, and keeps everything above 80 Hz.
///
/// ```text
/// x − mean(x) ─odd reflection by 0.25 s on either side─► transform of 2ⁿ points · H ─► inverse transform
/// H(f) = 0 up to 62 Hz,  (1 − cos(π (f − 62) / 18)) / 2 up to 80 Hz,  1 above
/// ```
///
/// The phase is kept, and so is the length. Reflection about the values at the ends keeps a hum from turning into a click
/// there; within some periods of an end, up to a quarter of it remains. Computed in double precision. A signal that has no samples, no rate, or samples that are not finite comes
/// back as it is.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "the plans make buffers of the lengths that they want")]
pub fn high_pass(waveform: &Waveform) -> Waveform {
    let (samples, rate) = (waveform.samples(), waveform.sample_rate());
    if samples.is_empty() || rate == 0 || samples.iter().any(|sample| !sample.is_finite()) {
        return waveform.clone();
    }
    let mean = samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / samples.len() as f64;
    let centered: Vec<f64> = samples.iter().map(|&sample| f64::from(sample) - mean).collect();
    let margin = ((MARGIN_SECONDS * f64::from(rate)).round() as usize).min(samples.len() - 1);
    let (first, last) = (centered[0], centered[samples.len() - 1]);
    let before = centered[1..=margin].iter().rev().map(|sample| 2.0 * first - sample);
    let after = centered[samples.len() - 1 - margin..samples.len() - 1].iter().rev();
    let after = after.map(|sample| 2.0 * last - sample);
    // With a stretch of zeros, so that the ends do not ring into each other.
    let n_points = (samples.len() + 3 * margin).next_power_of_two().max(2);
    let mut signal: Vec<f64> = Vec::with_capacity(n_points);
    signal.extend(before);
    signal.extend(&centered);
    signal.extend(after);
    signal.resize(n_points, 0.0);

    let (forward, inverse) = (f64::forward(n_points), f64::inverse(n_points));
    let mut spectrum = forward.make_output_vec();
    forward.process(&mut signal, &mut spectrum).expect("the plan makes buffers of the lengths that it wants");
    let hertz_per_bin = f64::from(rate) / n_points as f64;
    for (bin, value) in spectrum.iter_mut().enumerate() {
        let hertz = bin as f64 * hertz_per_bin;
        if hertz >= PASS_HZ {
            break;
        }
        *value *= gain(hertz);
    }
    if let Some(last) = spectrum.last_mut() {
        last.im = 0.0;
    }
    inverse.process(&mut spectrum, &mut signal).expect("a spectrum that began real");
    let scale = 1.0 / n_points as f64;
    let kept = signal[margin..margin + samples.len()].iter().map(|sample| (sample * scale) as f32);
    Waveform::new(kept.collect(), rate)
}

fn gain(hertz: f64) -> f64 {
    let place = ((hertz - STOP_HZ) / (PASS_HZ - STOP_HZ)).clamp(0.0, 1.0);
    0.5 - 0.5 * (PI * place).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_050;

    fn tone(hertz: f64, amplitude: f64, n_samples: usize) -> Vec<f32> {
        let at = |n: usize| (amplitude * (2.0 * PI * hertz * n as f64 / f64::from(RATE)).sin()) as f32;
        (0..n_samples).map(at).collect()
    }

    fn filtered(samples: Vec<f32>) -> Vec<f32> {
        high_pass(&Waveform::new(samples, RATE)).into_samples()
    }

    fn largest(samples: &[f32]) -> f32 {
        samples.iter().fold(0.0, |most, sample| most.max(sample.abs()))
    }

    #[test]
    fn removes_hum_and_keeps_speech() {
        for hertz in [50.0, 60.0] {
            // 60 dB below the hum where the ends are far; at the ends, where the
            // reflection does not continue the hum, 10 dB.
            let left = filtered(tone(hertz, 0.5, 30_000));
            assert!(largest(&left[5000..25_000]) < 0.5e-3, "{hertz} Hz: {}", largest(&left[5000..25_000]));
            assert!(largest(&left) < 0.15, "{hertz} Hz: {}", largest(&left));
        }
        for hertz in [100.0, 441.0, 5000.0] {
            let whole = tone(hertz, 0.5, 30_000);
            let left = filtered(whole.clone());
            let off: Vec<f32> = whole.iter().zip(&left).map(|(a, b)| a - b).collect();
            assert!(largest(&off[5000..25_000]) < 0.5e-3, "{hertz} Hz: {}", largest(&off[5000..25_000]));
        }
    }

    #[test]
    fn an_offset_goes_without_a_trace() {
        let whole = tone(441.0, 0.25, 10_000);
        let offset: Vec<f32> = whole.iter().map(|sample| sample + 0.125).collect();
        let off: Vec<f32> = filtered(whole).iter().zip(filtered(offset)).map(|(a, b)| a - b).collect();
        assert!(largest(&off) < 1e-7, "{}", largest(&off));
        assert!(largest(&filtered(vec![0.5; 5000])) < 1e-12);
    }

    #[test]
    fn what_cannot_be_filtered_comes_back() {
        for (samples, rate) in [(vec![], RATE), (vec![0.5], 0), (vec![f32::INFINITY, 0.0], RATE)] {
            let waveform = Waveform::new(samples, rate);
            assert_eq!(high_pass(&waveform), waveform);
        }
        assert_eq!(filtered(vec![0.25]), [0.0]);
        assert_eq!(filtered(vec![0.25, -0.25]).len(), 2);
    }
}
