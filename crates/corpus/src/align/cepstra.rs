//! Mel-cepstra with their first and second differences over time.

use std::f64::consts::PI;

use mynah_signal::Spectrogram;
use rayon::prelude::*;

/// Cepstral coefficients kept, the zeroth (level) included.
const COEFFICIENTS: usize = 13;

/// Values per frame: the coefficients, their slopes, and the slopes of these.
pub(super) const DIMENSIONS: usize = 3 * COEFFICIENTS;

/// One frame.
pub(super) type Frame = [f32; DIMENSIONS];

/// The frames of `n` utterances, each dimension scaled to mean 0 and variance 1 over the whole corpus.
pub(super) fn of_corpus<E: Send>(
    n: usize,
    mel: impl Fn(usize) -> Result<Spectrogram, E> + Sync,
) -> Result<Vec<Vec<Frame>>, E> {
    let frames: Result<Vec<Vec<Frame>>, E> =
        (0..n).into_par_iter().map(|index| mel(index).map(|mel| of_utterance(&mel))).collect();
    let mut frames = frames?;
    let count: usize = frames.iter().map(Vec::len).sum();
    for dimension in 0..DIMENSIONS {
        let values = || frames.iter().flatten().map(|frame| f64::from(frame[dimension]));
        let mean = values().sum::<f64>() / count.max(1) as f64;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count.max(1) as f64;
        let scale = if variance > 0.0 { variance.sqrt().recip() } else { 1.0 };
        for frame in frames.iter_mut().flatten() {
            frame[dimension] = ((f64::from(frame[dimension]) - mean) * scale) as f32;
        }
    }
    Ok(frames)
}

fn of_utterance(mel: &Spectrogram) -> Vec<Frame> {
    let (bands, n) = (mel.n_bins(), mel.n_frames());
    // DCT-II, orthonormal.
    let basis: Vec<Vec<f64>> = (0..COEFFICIENTS)
        .map(|k| {
            let scale = (if k == 0 { 1.0 } else { 2.0 } / bands as f64).sqrt();
            (0..bands)
                .map(|band| scale * (PI * k as f64 * (band as f64 + 0.5) / bands as f64).cos())
                .collect()
        })
        .collect();
    let mut frames = vec![[0.0; DIMENSIONS]; n];
    for (k, weights) in basis.iter().enumerate() {
        let mut sums = vec![0.0_f64; n];
        for (band, weight) in weights.iter().enumerate() {
            for (sum, value) in sums.iter_mut().zip(mel.row(band)) {
                *sum += weight * f64::from(*value);
            }
        }
        for (frame, sum) in frames.iter_mut().zip(sums) {
            frame[k] = sum as f32;
        }
    }
    add_slopes(&mut frames, 0);
    add_slopes(&mut frames, COEFFICIENTS);
    frames
}

/// Writes the slopes of the coefficients from `from` behind them: the regression over two frames to either side, the
/// first and last frame repeated beyond the ends.
fn add_slopes(frames: &mut [Frame], from: usize) {
    let last = frames.len().saturating_sub(1);
    for t in 0..frames.len() {
        for k in from..from + COEFFICIENTS {
            let at = |t: usize| frames[t.min(last)][k];
            let slope = (at(t + 1) - at(t.saturating_sub(1))) + 2.0 * (at(t + 2) - at(t.saturating_sub(2)));
            frames[t][k + COEFFICIENTS] = slope / 10.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use mynah_signal::Spectrogram;

    use super::{COEFFICIENTS, of_corpus, of_utterance};

    #[test]
    fn a_rising_level_has_a_constant_slope() {
        let frames = 12;
        let mel = Spectrogram::new((0..4 * frames).map(|index| (index % frames) as f32).collect(), 4, frames)
            .unwrap();
        let cepstra = of_utterance(&mel);
        // c0 of a flat spectrum of height t over 4 bands is 2 t.
        assert!((cepstra[5][0] - 10.0).abs() < 1e-5 && cepstra[5][1].abs() < 1e-5);
        assert!((cepstra[5][COEFFICIENTS] - 2.0).abs() < 1e-5);
        assert!(cepstra[5][2 * COEFFICIENTS].abs() < 1e-5);
    }

    #[test]
    fn the_corpus_is_scaled_to_unit_variance() {
        let mel = |seed: u32| {
            Spectrogram::new((0..80_u32).map(|index| (index * (seed + 7) % 13) as f32).collect(), 4, 20)
                .unwrap()
        };
        let frames = of_corpus(2, |index| Ok::<_, Infallible>(mel(index as u32 + 1))).unwrap();
        let values: Vec<f64> = frames.iter().flatten().map(|frame| f64::from(frame[3])).collect();
        let mean = values.iter().sum::<f64>() / 40.0;
        let variance = values.iter().map(|value| value * value).sum::<f64>() / 40.0;
        assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    }
}
