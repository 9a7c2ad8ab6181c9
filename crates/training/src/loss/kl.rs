//! The divergence between prior and posterior, frame by frame or along a soft alignment.

use candle_core::{Result, Tensor};
use mynah_ops::{MatrixProduct as _, soft_dtw};
use serde::{Deserialize, Serialize};

/// A Gaussian for every frame of a batch, with how many frames of each item count.
#[derive(Debug, Clone, Copy)]
pub struct Gaussians<'a> {
    /// μ, [B, h, frames].
    pub mean: &'a Tensor,
    /// ln σ, [B, h, frames].
    pub log_deviation: &'a Tensor,
    /// Frames of each item.
    pub lengths: &'a [usize],
}

/// How divergences of frames are added up along an alignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SoftDtwConfig {
    /// γ of the soft minimum, in the unit of a divergence averaged over channels (0.01).
    pub gamma: f64,
    /// What a step that is not diagonal costs, in the same unit (0.07).
    pub warp: f64,
}

impl Default for SoftDtwConfig {
    fn default() -> Self {
        Self { gamma: 0.01, warp: 0.07 }
    }
}

/// The divergence of one sampled side from the other, frame by frame.
///
/// ```text
/// KL_t = Σ_c ln σ₂ − ln σ₁ − ½ + ½ (z − μ₂)² e^(−2 ln σ₂)
/// ```
///
/// where `z` was drawn with deviation σ₁ and the second Gaussian is (μ₂, σ₂); the entropy of the first is exact, its
/// cross-entropy is by the one sample, so that a frame's value may be negative. The sum over channels, averaged over the
/// frames of the batch.
///
/// # Shapes
///
/// `sample`, `log_deviation` [B, h, T], `other` with the same T, `mask` [B, 1, T] → a scalar.
///
/// # References
///
/// NaturalSpeech equations 1 and 2 with a determinant of 1; VITS' `kl_loss`.
pub fn frame_kl(
    sample: &Tensor,
    log_deviation: &Tensor,
    other: &Gaussians<'_>,
    mask: &Tensor,
) -> Result<Tensor> {
    let distance = ((sample - other.mean)?.sqr()? * (other.log_deviation * -2.0)?.exp()?)?;
    let terms = (((other.log_deviation - log_deviation)? - 0.5)? + (distance * 0.5)?)?;
    terms.broadcast_mul(mask)?.sum_all()? / mask.sum_all()?
}

/// The divergence of one sampled side from the other along the soft alignment of their frames (soft-DTW), for sides of
/// different lengths.
///
/// Inside the alignment a divergence is averaged over channels, the scale that γ and the warp cost are meant for; the
/// result is multiplied by the channels and divided by the frames of `frames_of`, so that it has the size of
/// [`frame_kl`].
///
/// # Shapes
///
/// `sample`, `log_deviation` [B, h, N] with `lengths` of B items, `other` [B, h, M] → a scalar.
///
/// # References
///
/// NaturalSpeech appendix, equations 12 and 13; for the scale, `docs/naturalspeech.md`.
pub fn aligned_kl(
    sample: &Tensor,
    log_deviation: &Tensor,
    lengths: &[usize],
    other: &Gaussians<'_>,
    frames_of: &[usize],
    config: &SoftDtwConfig,
) -> Result<Tensor> {
    let channels = sample.dim(1)? as f64;
    let cost = (pairwise_kl(sample, log_deviation, other)? / channels)?;
    let losses = soft_dtw(&cost, lengths, other.lengths, config.gamma, config.warp)?;
    losses.sum_all()? * (channels / frames_of.iter().sum::<usize>() as f64)
}

/// The divergence of every frame of one side from every frame of the other, with the square expanded into products of
/// matrices so that no tensor has batch × channels × N × M values.
///
/// [B, h, N] and [B, h, M] → [B, N, M].
pub(crate) fn pairwise_kl(sample: &Tensor, log_deviation: &Tensor, other: &Gaussians<'_>) -> Result<Tensor> {
    let channels = sample.dim(1)? as f64;
    let precision = (other.log_deviation * -2.0)?.exp()?;
    let weighted = (other.mean * &precision)?;
    let rows = |x: &Tensor| x.transpose(1, 2)?.contiguous();
    let squares = (rows(&sample.sqr()?)?.exact_product(&precision)? * 0.5)?;
    let products = rows(sample)?.exact_product(&weighted)?;
    // [B, 1, M]
    let of_other = (((other.mean * &weighted)? * 0.5)? + other.log_deviation)?.sum_keepdim(1)?;
    // [B, N, 1]
    let of_sample = log_deviation.sum_keepdim(1)?.transpose(1, 2)?;
    (squares - products)?.broadcast_add(&of_other)?.broadcast_sub(&of_sample)? - 0.5 * channels
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;
    use mynah_ops::testing::{check_gradients, device, normal};

    use super::{Gaussians, SoftDtwConfig, aligned_kl, frame_kl, pairwise_kl};

    /// Two ways of computing the same sums in f64.
    const ROUNDING: f64 = 1e-10;

    fn scalar(x: &Tensor) -> f64 {
        x.to_scalar().unwrap()
    }

    fn small(seed: u64, frames: usize) -> Tensor {
        (normal(seed, (2, 3, frames)) * 0.5).unwrap()
    }

    #[test]
    fn the_expanded_square_is_the_square() {
        let (z, s, mean, deviation) = (small(1, 4), small(2, 4), small(3, 5), small(4, 5));
        let other = Gaussians { mean: &mean, log_deviation: &deviation, lengths: &[5, 5] };
        let got: Vec<Vec<Vec<f64>>> = pairwise_kl(&z, &s, &other).unwrap().to_vec3().unwrap();
        let values = |x: &Tensor| x.to_vec3::<f64>().unwrap();
        let (z, s, mean, deviation) = (values(&z), values(&s), values(&mean), values(&deviation));
        for b in 0..2 {
            for i in 0..4 {
                for j in 0..5 {
                    let term = |c: usize| {
                        let distance =
                            (z[b][c][i] - mean[b][c][j]).powi(2) * (-2.0 * deviation[b][c][j]).exp();
                        deviation[b][c][j] - s[b][c][i] - 0.5 + 0.5 * distance
                    };
                    let expected: f64 = (0..3).map(term).sum();
                    assert!((got[b][i][j] - expected).abs() < ROUNDING);
                }
            }
        }
    }

    #[test]
    fn a_dear_warp_makes_the_alignment_the_diagonal() {
        let (z, s, mean, deviation) = (small(1, 6), small(2, 6), small(3, 6), small(4, 6));
        let lengths = [6, 6];
        let other = Gaussians { mean: &mean, log_deviation: &deviation, lengths: &lengths };
        let config = SoftDtwConfig { gamma: 1e-3, warp: 1e4 };
        let aligned = scalar(&aligned_kl(&z, &s, &lengths, &other, &lengths, &config).unwrap());
        let mask = Tensor::ones((2, 1, 6), z.dtype(), &device()).unwrap();
        let framed = scalar(&frame_kl(&z, &s, &other, &mask).unwrap());
        assert!((aligned - framed).abs() < ROUNDING, "{aligned} {framed}");
    }

    #[test]
    fn the_divergence_of_a_side_from_itself_is_half_its_noise() {
        // z = μ + σ ε against its own Gaussian: Σ_c ½ (ε² − 1).
        let (mean, deviation, noise) = (small(1, 5), small(2, 5), normal(9, (2, 3, 5)));
        let z = (&mean + (&noise * deviation.exp().unwrap()).unwrap()).unwrap();
        let other = Gaussians { mean: &mean, log_deviation: &deviation, lengths: &[5, 5] };
        let mask = Tensor::ones((2, 1, 5), z.dtype(), &device()).unwrap();
        let expected = scalar(&noise.sqr().unwrap().sum_all().unwrap()) / 10.0 * 0.5 - 1.5;
        assert!((scalar(&frame_kl(&z, &deviation, &other, &mask).unwrap()) - expected).abs() < ROUNDING);
    }

    #[test]
    fn gradients_are_those_of_the_forward() {
        let arguments = [small(1, 4), small(2, 4), small(3, 5), small(4, 5)];
        check_gradients(&arguments, |x| {
            let other = Gaussians { mean: &x[2], log_deviation: &x[3], lengths: &[5, 3] };
            aligned_kl(&x[0], &x[1], &[4, 2], &other, &[4, 2], &SoftDtwConfig { gamma: 0.1, warp: 0.07 })
        })
        .unwrap();
        let arguments = [small(1, 4), small(2, 4), small(3, 4), small(4, 4)];
        let mask = mynah_voice::blocks::sequence_mask(&[4, 2], 4, arguments[0].dtype(), &device()).unwrap();
        check_gradients(&arguments, |x| {
            frame_kl(&x[0], &x[1], &Gaussians { mean: &x[2], log_deviation: &x[3], lengths: &[4, 2] }, &mask)
        })
        .unwrap();
    }
}
