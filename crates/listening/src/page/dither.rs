//! Dithered quantization to 16 bits, which gives every copy of a recording bytes of its own.

use mynah_signal::Waveform;
use rand::{Rng, RngExt};

/// Steps of 16-bit samples in full scale.
const STEPS: f64 = 32_768.0;

/// Rounds samples to 16 bits with triangular dither of one step.
///
/// ```text
/// y[n] = round(x[n] + u[n] + v[n] - 1)      in steps of 1/32768; u, v uniform in [0, 1)
/// ```
///
/// The error has no bias and a constant power of a quarter of a squared step (-96 dBFS), whatever the signal: it is noise
/// far below that of any room, never distortion. Results stay multiples of a step in [-1, 1), so that
/// [`encode_pcm16`](mynah_signal::wav::encode_pcm16) writes them unchanged. A sample that is not finite is left to it.
///
/// Two dithered copies of one sample differ with a probability of 0.41 to 0.5, so copies of a clip share neither bytes nor
/// hash. Digital silence becomes noise in the same way, and no longer tells synthesized speech from recorded speech.
///
/// # References
///
/// S. P. Lipshitz, R. A. Wannamaker and J. Vanderkooy (1992), "Quantization and dither: a theoretical survey", JAES 40(5).
pub(crate) fn dithered(waveform: &Waveform, generator: &mut impl Rng) -> Waveform {
    let mut dither = || generator.random::<f64>() + generator.random::<f64>() - 1.0;
    let samples = waveform.samples().iter().map(|&sample| {
        let steps = (f64::from(sample) * STEPS + dither()).round();
        (steps.clamp(-STEPS, STEPS - 1.0) / STEPS) as f32
    });
    Waveform::new(samples.collect(), waveform.sample_rate())
}

#[cfg(test)]
mod tests {
    use mynah_signal::wav::encode_pcm16;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// Three standard errors of the mean of the squared errors of 20,000 samples.
    const POWER_TOLERANCE: f64 = 0.01;

    fn copy(samples: &[f32], seed: u64) -> Vec<f64> {
        let waveform = Waveform::new(samples.to_vec(), 8000);
        let copy = dithered(&waveform, &mut ChaCha8Rng::seed_from_u64(seed));
        copy.samples().iter().map(|&sample| f64::from(sample) * STEPS).collect()
    }

    #[test]
    fn the_error_is_white_noise_of_half_a_step() {
        // On a step, between two steps, and anywhere.
        for sample in [0.0, 100.5 / STEPS, 0.1234] {
            let errors: Vec<f64> = copy(&vec![sample as f32; 20_000], 1)
                .iter()
                .map(|y| y - f64::from(sample as f32) * STEPS)
                .collect();
            let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / 20_000.0;
            assert!(mean(&mut errors.iter().copied()).abs() < POWER_TOLERANCE, "{sample}: bias");
            let power = mean(&mut errors.iter().map(|error| error * error));
            assert!((power - 0.25).abs() < POWER_TOLERANCE, "{sample}: power {power}");
            assert!(errors.iter().all(|error| error.abs() <= 1.5));
        }
    }

    #[test]
    fn copies_differ_and_can_be_made_again() {
        let samples: Vec<f32> = (0..20_000).map(|n| 0.3 * (n as f32 * 0.01).sin()).collect();
        let (first, again, other) = (copy(&samples, 1), copy(&samples, 1), copy(&samples, 2));
        assert_eq!(first, again);
        let n_different = first.iter().zip(&other).filter(|(a, b)| (*a - *b).abs() > 0.5).count();
        assert!(n_different > 20_000 * 2 / 5, "{n_different}");
    }

    #[test]
    fn full_scale_is_clipped_and_written_as_it_is() {
        let samples: Vec<f32> = vec![1.0, -1.0, 2.0, -2.0, 0.999_99];
        let waveform = Waveform::new(samples, 8000);
        let copy = dithered(&waveform, &mut ChaCha8Rng::seed_from_u64(1));
        let bytes = encode_pcm16(&copy);
        let written: Vec<i16> =
            bytes[44..].as_chunks::<2>().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect();
        let expected: Vec<f64> = copy.samples().iter().map(|&sample| f64::from(sample) * STEPS).collect();
        assert_eq!(written.iter().map(|&step| f64::from(step)).collect::<Vec<_>>(), expected);
        assert!(written[2] == 32_767 && written[3] == -32_768, "{written:?}");
    }
}
