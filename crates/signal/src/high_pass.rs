//! Removal of offset and mains hum.

use std::f64::consts::PI;

use mynah_fourier::{Complex, Real as _};

use crate::Waveform;

/// Frequency up to which everything is removed: mains hum has 50 or 60 Hz.
const STOP_HZ: f64 = 62.0;
/// Frequency from which everything is kept. The gain rises between the two as a raised cosine.
const PASS_HZ: f64 = 80.0;
/// Length of the reflection at either end, several times the ringing of the filter.
const MARGIN_SECONDS: f64 = 0.25;

/// Longest transform, in samples: memory is bounded, and shorter signals are transformed as a whole.
const LONGEST_TRANSFORM: usize = 1 << 20;
/// Stretch of the signal on either side of a block that is transformed with it: the rest of the filter's ringing is less
/// than a hundred-thousandth of what it removes.
const CONTEXT_SECONDS: f64 = 4.0;

/// Removes the mean and everything below 62 Hz, and keeps everything above 80 Hz.
///
/// ```text
/// x − mean(x) ─odd reflection by 0.25 s on either side─► transform of 2ⁿ points · H ─► inverse transform
/// H(f) = 0 up to 62 Hz,  (1 − cos(π (f − 62) / 18)) / 2 up to 80 Hz,  1 above
/// ```
///
/// The phase is kept, and so is the length. Reflection about the values at the ends keeps a hum from turning into a click
/// there; within some periods of an end, up to a quarter of it remains. Computed in double precision. Signals of more than
/// a million samples are filtered in blocks of that length, which overlap by 8 s; at most 50 MB are needed beside the
/// signals. A signal that has no samples, no rate, or samples that are not finite comes back as it is.
#[must_use]
pub fn high_pass(waveform: &Waveform) -> Waveform {
    let (samples, rate) = (waveform.samples(), waveform.sample_rate());
    if samples.is_empty() || rate == 0 || samples.iter().any(|sample| !sample.is_finite()) {
        return waveform.clone();
    }
    let margin = ((MARGIN_SECONDS * f64::from(rate)).round() as usize).min(samples.len() - 1);
    // With a stretch of zeros, so that the ends do not ring into each other.
    let whole = (samples.len() + 3 * margin).next_power_of_two().max(2);
    let context = (CONTEXT_SECONDS * f64::from(rate)).round() as usize;
    let kept = if whole <= LONGEST_TRANSFORM || 4 * context > LONGEST_TRANSFORM {
        filtered(samples, f64::from(rate), margin, whole, 0)
    } else {
        filtered(samples, f64::from(rate), margin, LONGEST_TRANSFORM, context)
    };
    Waveform::new(kept, rate)
}

/// Filters a signal that is continued by `margin` reflected samples and then zeros, in blocks of `n_points` of which the
/// first and last `context` serve only to settle.
fn filtered(samples: &[f32], rate: f64, margin: usize, n_points: usize, context: usize) -> Vec<f32> {
    let mean = samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / samples.len() as f64;
    let last = samples.len() - 1;
    let centered = |index: usize| f64::from(samples[index]) - mean;
    // Counted from the first sample of the signal.
    let at = |place: isize| match usize::try_from(place) {
        Err(_) if place.unsigned_abs() > margin => 0.0,
        Err(_) => 2.0 * centered(0) - centered(place.unsigned_abs()),
        Ok(place) if place <= last => centered(place),
        Ok(place) if place - last <= margin => 2.0 * centered(last) - centered(2 * last - place),
        Ok(_) => 0.0,
    };
    let (forward, inverse) = (f64::forward(n_points), f64::inverse(n_points));
    let mut block = forward.make_input_vec();
    let mut spectrum = forward.make_output_vec();
    let mut scratch = vec![Complex::ZERO; forward.get_scratch_len().max(inverse.get_scratch_len())];
    // Without context, one block holds everything from the reflected samples on.
    let lead = if context == 0 { margin } else { context };
    let n_kept = n_points - lead - context;
    let mut kept = Vec::with_capacity(samples.len());
    while kept.len() < samples.len() {
        let begin = kept.len() as isize - lead as isize;
        for (offset, value) in block.iter_mut().enumerate() {
            *value = at(begin + offset as isize);
        }
        forward
            .process_with_scratch(&mut block, &mut spectrum, &mut scratch)
            .expect("the plan makes buffers of the lengths that it wants");
        let hertz_per_bin = rate / n_points as f64;
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
        inverse
            .process_with_scratch(&mut spectrum, &mut block, &mut scratch)
            .expect("a spectrum that began real");
        let scale = 1.0 / n_points as f64;
        let wanted = n_kept.min(samples.len() - kept.len());
        kept.extend(block[lead..lead + wanted].iter().map(|sample| (sample * scale) as f32));
    }
    kept
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

    fn passed(samples: Vec<f32>) -> Vec<f32> {
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
            let left = passed(tone(hertz, 0.5, 30_000));
            assert!(largest(&left[5000..25_000]) < 0.5e-3, "{hertz} Hz: {}", largest(&left[5000..25_000]));
            assert!(largest(&left) < 0.15, "{hertz} Hz: {}", largest(&left));
        }
        for hertz in [100.0, 441.0, 5000.0] {
            let whole = tone(hertz, 0.5, 30_000);
            let left = passed(whole.clone());
            let off: Vec<f32> = whole.iter().zip(&left).map(|(a, b)| a - b).collect();
            assert!(largest(&off[5000..25_000]) < 0.5e-3, "{hertz} Hz: {}", largest(&off[5000..25_000]));
        }
    }

    #[test]
    fn an_offset_goes_without_a_trace() {
        let whole = tone(441.0, 0.25, 10_000);
        let offset: Vec<f32> = whole.iter().map(|sample| sample + 0.125).collect();
        let off: Vec<f32> = passed(whole).iter().zip(passed(offset)).map(|(a, b)| a - b).collect();
        assert!(largest(&off) < 1e-7, "{}", largest(&off));
        assert!(largest(&passed(vec![0.5; 5000])) < 1e-12);
    }

    #[test]
    fn what_cannot_be_filtered_comes_back() {
        for (samples, rate) in [(vec![], RATE), (vec![0.5], 0), (vec![f32::INFINITY, 0.0], RATE)] {
            let waveform = Waveform::new(samples, rate);
            assert_eq!(high_pass(&waveform), waveform);
        }
        assert_eq!(passed(vec![0.25]), [0.0]);
        assert_eq!(passed(vec![0.25, -0.25]).len(), 2);
    }
    #[test]
    fn blocks_change_nothing() {
        // A voice-like sum of tones whose level changes, with hum.
        let at = |n: usize| {
            let t = n as f32 / RATE as f32;
            let voice: f32 = (1..20).map(|h| (t * 6.3 * 113.0 * h as f32).sin() / h as f32).sum();
            0.2 * voice * (t * 3.0).sin().max(0.0) + 0.01 * (t * 314.159).sin()
        };
        let samples: Vec<f32> = (0..60 * RATE as usize).map(at).collect();
        let margin = RATE as usize / 4;
        let whole = filtered(&samples, f64::from(RATE), margin, 1 << 21, 0);
        let in_blocks = filtered(&samples, f64::from(RATE), margin, 1 << 19, 4 * RATE as usize);
        assert_eq!(in_blocks.len(), samples.len());
        let off: Vec<f32> = whole.iter().zip(&in_blocks).map(|(a, b)| a - b).collect();
        assert!(largest(&off) < 2e-7, "{}", largest(&off));
    }
}
