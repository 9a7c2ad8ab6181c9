//! The modulated noise reference unit, which degrades recordings by a known amount.

use mynah_signal::Waveform;
use rand::distr::Distribution as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_distr::StandardNormal;

use crate::error::Error;

/// Adds noise that follows the signal at a fixed distance in dB, to make an anchor for a listening test.
///
/// ```text
/// y[n] = x[n] (1 + 10^(-Q/20) N[n])      N standard normal, independent for each sample
/// ```
///
/// Q is the ratio of the powers of speech and noise in dB, at every moment: silence stays silent. This is the unit of ITU-T
/// P.810 over the whole band, without the filters of its narrow-band form. If the result exceeds full scale, all of it is
/// scaled down by one factor, since clipping would be another degradation; clips are brought to one loudness when the test
/// is built. The same seed gives the same noise.
///
/// The effect of a Q in points of the scale must be found by listening: try it on a few people before the test.
///
/// # Errors
///
/// [`Error::Anchor`] when `q_db` is not between 0 and 60.
///
/// # Examples
///
/// ```
/// use mynah_listening::mnru;
/// use mynah_signal::Waveform;
///
/// let speech = Waveform::new((0..22_050).map(|n| 0.5 * (n as f32 * 0.06).sin()).collect(), 22_050);
/// let noisy = mnru(&speech, 20.0, 1)?;
/// let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|x| f64::from(x).powi(2)).sum::<f64>();
/// let noise = power(&mut noisy.samples().iter().zip(speech.samples()).map(|(y, x)| y - x));
/// let q = 10.0 * (power(&mut speech.samples().iter().copied()) / noise).log10();
/// assert!((q - 20.0).abs() < 0.2);
/// # Ok::<(), mynah_listening::Error>(())
/// ```
///
/// # References
///
/// ITU-T P.810 (2023), "Modulated noise reference unit (MNRU)".
pub fn mnru(waveform: &Waveform, q_db: f64, seed: u64) -> Result<Waveform, Error> {
    if !(0.0..=60.0).contains(&q_db) {
        return Err(Error::Anchor { q_db });
    }
    let depth = 10.0_f64.powf(-q_db / 20.0);
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let noisy: Vec<f64> = waveform
        .samples()
        .iter()
        .map(|&sample| {
            let noise: f64 = StandardNormal.sample(&mut generator);
            f64::from(sample) * (1.0 + depth * noise)
        })
        .collect();
    let peak = noisy.iter().fold(0.0_f64, |peak, sample| peak.max(sample.abs()));
    let gain = if peak > 1.0 { 1.0 / peak } else { 1.0 };
    let samples = noisy.into_iter().map(|sample| (gain * sample) as f32).collect();
    Ok(Waveform::new(samples, waveform.sample_rate()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(amplitude: f32) -> Waveform {
        Waveform::new((0..8000).map(|n| amplitude * (n as f32 * 0.1).sin()).collect(), 8000)
    }

    #[test]
    fn noise_depends_on_the_seed_and_silence_stays_silent() {
        let [first, again, other] = [1, 1, 2].map(|seed| mnru(&tone(0.1), 15.0, seed).unwrap());
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(mnru(&tone(0.0), 15.0, 1).unwrap(), tone(0.0));
        assert_eq!(mnru(&Waveform::new(vec![], 8000), 15.0, 1).unwrap().len(), 0);
    }

    #[test]
    fn scales_down_clips_that_would_exceed_full_scale() {
        let (quiet, loud) = (mnru(&tone(0.1), 6.0, 1).unwrap(), mnru(&tone(1.0), 6.0, 1).unwrap());
        let peak = |waveform: &Waveform| waveform.samples().iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!((peak(&loud) - 1.0).abs() < 1e-6);
        let ratio = peak(&loud) / peak(&quiet);
        for (loud, quiet) in loud.samples().iter().zip(quiet.samples()) {
            assert!((loud - ratio * quiet).abs() < 1e-5);
        }
    }

    #[test]
    fn rejects_ratios_out_of_range() {
        for q in [-1.0, 61.0, f64::NAN] {
            let error = mnru(&tone(0.1), q, 1).unwrap_err().to_string();
            assert!(error.contains("0 to 60"), "{error}");
        }
    }
}
