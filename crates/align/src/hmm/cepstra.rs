//! Mel-cepstra with their first and second time differences.

use std::f64::consts::PI;

use mynah_signal::Spectrogram;

use super::frames::{DIMENSIONS, Frames};
use super::ordered::sum_in_order;

/// Number of cepstral coefficients, including the zeroth (level).
pub(super) const COEFFICIENTS: usize = DIMENSIONS / 3;

/// One stored frame; slopes are recomputed when needed, which saves two thirds of the memory.
pub(super) type Cepstrum = [f32; COEFFICIENTS];

/// Computes the cepstra of an utterance, the orthonormal DCT-II over the bands of its log-mel spectrogram.
pub(super) fn of_utterance(mel: &Spectrogram) -> Vec<Cepstrum> {
    let (bands, n) = (mel.n_bins(), mel.n_frames());
    let mut cepstra = vec![[0.0; COEFFICIENTS]; n];
    let mut sums = vec![0.0_f64; n];
    for k in 0..COEFFICIENTS {
        let scale = (if k == 0 { 1.0 } else { 2.0 } / bands as f64).sqrt();
        sums.fill(0.0);
        for band in 0..bands {
            let weight = scale * (PI * k as f64 * (band as f64 + 0.5) / bands as f64).cos();
            for (sum, value) in sums.iter_mut().zip(mel.row(band)) {
                *sum += weight * f64::from(*value);
            }
        }
        for (cepstrum, sum) in cepstra.iter_mut().zip(&sums) {
            cepstrum[k] = *sum as f32;
        }
    }
    cepstra
}

/// Scaling of each dimension to mean 0 and variance 1 over a corpus.
#[derive(Debug, Clone)]
pub(super) struct Scaling {
    mean: [f32; DIMENSIONS],
    scale: [f32; DIMENSIONS],
}

impl Scaling {
    /// Estimates the scaling of these utterances; a constant dimension is only centered.
    pub(super) fn of_corpus<U: AsRef<[Cepstrum]> + Sync>(utterances: &[U]) -> Self {
        type Sums = (f64, [f64; DIMENSIONS], [f64; DIMENSIONS]);
        let empty: Sums = (0.0, [0.0; DIMENSIONS], [0.0; DIMENSIONS]);
        let add = |mut sums: Sums, cepstra: &U| {
            for frame in with_slopes(cepstra.as_ref()) {
                sums.0 += 1.0;
                for (d, value) in frame.iter().enumerate() {
                    sums.1[d] += f64::from(*value);
                    sums.2[d] += f64::from(*value).powi(2);
                }
            }
            sums
        };
        let plus = |mut a: Sums, b: Sums| {
            a.0 += b.0;
            for d in 0..DIMENSIONS {
                a.1[d] += b.1[d];
                a.2[d] += b.2[d];
            }
            a
        };
        let (count, sum, squares) = sum_in_order(utterances, || empty, add, plus).unwrap_or(empty);
        let count = count.max(1.0);
        let mean = sum.map(|sum| sum / count);
        let mut scale = [1.0_f32; DIMENSIONS];
        for d in 0..DIMENSIONS {
            let variance = squares[d] / count - mean[d].powi(2);
            if variance > 0.0 {
                scale[d] = variance.sqrt().recip() as f32;
            }
        }
        Self { mean: mean.map(|mean| mean as f32), scale }
    }

    /// Returns all dimensions of an utterance, scaled.
    pub(super) fn frames(&self, cepstra: &[Cepstrum]) -> Frames {
        Frames::new(
            cepstra.len(),
            with_slopes(cepstra).into_iter().map(|mut frame| {
                for (d, value) in frame.iter_mut().enumerate() {
                    *value = (*value - self.mean[d]) * self.scale[d];
                }
                frame
            }),
        )
    }
}

/// Appends to the coefficients their slopes and the slopes of these, by regression over two frames on either side, with
/// the first and last frames repeated beyond the ends.
fn with_slopes(cepstra: &[Cepstrum]) -> Vec<[f32; DIMENSIONS]> {
    let mut frames = vec![[0.0; DIMENSIONS]; cepstra.len()];
    for (frame, cepstrum) in frames.iter_mut().zip(cepstra) {
        frame[..COEFFICIENTS].copy_from_slice(cepstrum);
    }
    let last = frames.len().saturating_sub(1);
    for from in [0, COEFFICIENTS] {
        for t in 0..frames.len() {
            for k in from..from + COEFFICIENTS {
                let at = |t: usize| frames[t.min(last)][k];
                let near = at(t + 1) - at(t.saturating_sub(1));
                let far = at(t + 2) - at(t.saturating_sub(2));
                frames[t][k + COEFFICIENTS] = (near + 2.0 * far) / 10.0;
            }
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use mynah_signal::Spectrogram;

    use super::super::frames::DIMENSIONS;
    use super::{COEFFICIENTS, Scaling, of_utterance, with_slopes};

    #[test]
    fn a_linear_level_has_a_constant_slope() {
        let frames = 12;
        let mel = Spectrogram::new((0..4 * frames).map(|index| (index % frames) as f32).collect(), 4, frames)
            .unwrap();
        let frames = with_slopes(&of_utterance(&mel));
        // c0 of a flat spectrum of height t over 4 bands is 2 t.
        assert!((frames[5][0] - 10.0).abs() < 1e-5 && frames[5][1].abs() < 1e-5);
        assert!((frames[5][COEFFICIENTS] - 2.0).abs() < 1e-5);
        assert!(frames[5][2 * COEFFICIENTS].abs() < 1e-5);
    }

    #[test]
    fn scales_the_corpus_to_unit_variance() {
        let mel = |seed: u32| {
            Spectrogram::new((0..80_u32).map(|index| (index * (seed + 7) % 13) as f32).collect(), 4, 20)
                .unwrap()
        };
        let utterances: Vec<_> = (1..4).map(|seed| of_utterance(&mel(seed))).collect();
        let scaling = Scaling::of_corpus(&utterances);
        for d in [0, 3, COEFFICIENTS + 1, DIMENSIONS - 10] {
            let values: Vec<f64> = utterances
                .iter()
                .flat_map(|cepstra| {
                    let frames = scaling.frames(cepstra);
                    (0..frames.len()).map(|t| f64::from(frames.frame(t)[d])).collect::<Vec<_>>()
                })
                .collect();
            let mean = values.iter().sum::<f64>() / 60.0;
            let variance = values.iter().map(|value| value * value).sum::<f64>() / 60.0;
            assert!(mean.abs() < 1e-5, "{d}: {mean}");
            assert!((variance - 1.0).abs() < 1e-4 || variance.abs() < 1e-9, "{d}: {variance}");
        }
    }
}
