//! Divergence between prior and posterior, frame by frame or along a soft alignment.

use candle_core::{DType, Result, Tensor};
use mynah_ops::{MatrixProduct as _, soft_dtw, soft_dtw_alignment};
use serde::{Deserialize, Serialize};

/// Gaussians of every frame of a batch, with the lengths of its items.
#[derive(Debug, Clone, Copy)]
pub struct Gaussians<'a> {
    /// Mean μ, [B, h, frames].
    pub mean: &'a Tensor,
    /// Log-deviation ln σ, [B, h, frames].
    pub log_deviation: &'a Tensor,
    /// Frames of each item.
    pub lengths: &'a [usize],
}

/// Sum of the frames' divergences along a soft alignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SoftDtwConfig {
    /// γ of the soft minimum, in units of a divergence averaged over channels. The paper's 0.07 has no unit
    /// (`docs/naturalspeech.md`).
    pub gamma: f64,
    /// Cost of a step that is not diagonal, in the same units. It must be small against the divergence of different sounds:
    /// a path that cannot afford to bend compares sounds with their neighbors wherever a predicted duration is off.
    pub warp: f64,
    /// Cost of a pair of frames.
    pub divergence: Divergence,
}

impl Default for SoftDtwConfig {
    fn default() -> Self {
        Self { gamma: 0.01, warp: 0.01, divergence: Divergence::default() }
    }
}

/// Cost of a pair of frames in an alignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Divergence {
    /// The expectation over the noise of the sampled frame. It is never negative, so no alignment gains by being longer.
    #[default]
    Expected,
    /// The divergence of the one sample, as in VITS and `heatz123/naturalspeech`; for comparison. A lucky sample is negative,
    /// and an alignment gains by dwelling on frames that fall below minus the warp cost.
    Sampled,
}

impl SoftDtwConfig {
    /// Returns the additional cost of every step of a path, with which the weights of the three ways into a cell sum to 1.
    ///
    /// ```text
    /// c = γ ln(1 + 2 e^(−warp / γ))
    /// ```
    ///
    /// The weights of all paths then sum to at most 1, so their soft minimum is at least the cost of the cheapest path.
    fn step(&self) -> f64 {
        match self.divergence {
            Divergence::Expected => self.gamma * (2.0 * (-self.warp / self.gamma).exp()).ln_1p(),
            Divergence::Sampled => 0.0,
        }
    }
}

/// Computes the divergence of one sampled side from the other, frame by frame.
///
/// ```text
/// KL_t = Σ_c ln σ₂ − ln σ₁ − ½ + ½ (z − μ₂)² e^(−2 ln σ₂)
/// ```
///
/// where `z` was drawn with deviation σ₁ and the second Gaussian is (μ₂, σ₂); the entropy of the first is exact, and its
/// cross-entropy is estimated from the one sample, so the value of a frame may be negative. The result is the sum over
/// channels, averaged over the frames of the batch.
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

/// Computes the divergence of one side from the other along the soft alignment of their frames (soft-DTW), for sides of
/// different lengths.
///
/// Inside the alignment a divergence is averaged over channels, the scale of γ and the warp cost. The result is multiplied
/// by the channels and divided by the frames of `frames_of`, which makes it comparable to [`frame_kl`].
///
/// The `mean` of `side` is the sample itself for [`Divergence::Sampled`], and the sample without its own noise for
/// [`Divergence::Expected`].
///
/// # Shapes
///
/// `side` [B, h, N], `other` [B, h, M] → a scalar.
///
/// # References
///
/// NaturalSpeech appendix, equations 12 and 13; for the scale and the expectation, `docs/naturalspeech.md`.
pub fn aligned_kl(
    side: &Gaussians<'_>,
    other: &Gaussians<'_>,
    frames_of: &[usize],
    config: &SoftDtwConfig,
) -> Result<Tensor> {
    let channels = side.mean.dim(1)? as f64;
    let cost = alignment_cost(side, other, config)?;
    // The first cell is not a step.
    let losses = (soft_dtw(&cost, side.lengths, other.lengths, config.gamma, config.warp)? - config.step())?;
    losses.sum_all()? * (channels / frames_of.iter().sum::<usize>() as f64)
}

/// Computes the expected length of the path of [`aligned_kl`] relative to the shortest: 1 for the most direct path, and
/// less than 2.
pub fn path_ratio(side: &Gaussians<'_>, other: &Gaussians<'_>, config: &SoftDtwConfig) -> Result<f64> {
    let cost = alignment_cost(side, other, config)?.detach();
    let alignment = soft_dtw_alignment(&cost, side.lengths, other.lengths, config.gamma, config.warp)?;
    let cells: f64 = alignment.sum_all()?.to_dtype(DType::F64)?.to_scalar()?;
    let shortest: usize = side.lengths.iter().zip(other.lengths).map(|(n, m)| *n.max(m)).sum();
    Ok(cells / shortest as f64)
}

/// Computes the divergences [B, N, M], averaged over channels.
fn alignment_cost(side: &Gaussians<'_>, other: &Gaussians<'_>, config: &SoftDtwConfig) -> Result<Tensor> {
    let channels = side.mean.dim(1)? as f64;
    let divergence = pairwise_kl(side.mean, side.log_deviation, other, config.divergence)?;
    (divergence / channels)? + config.step()
}

/// Computes the divergence of every frame of one side from every frame of the other. The square is expanded into matrix
/// products, so that no tensor has batch × channels × N × M values.
///
/// ```text
/// D_ij = Σ_c ln σ₂ − ln σ₁ − ½ + ½ (x² + v − 2 x μ₂ + μ₂²) e^(−2 ln σ₂)      v = 0 for a sample, σ₁² for a mean
/// ```
///
/// [B, h, N] and [B, h, M] → [B, N, M].
pub(crate) fn pairwise_kl(
    side: &Tensor,
    log_deviation: &Tensor,
    other: &Gaussians<'_>,
    divergence: Divergence,
) -> Result<Tensor> {
    let channels = side.dim(1)? as f64;
    let precision = (other.log_deviation * -2.0)?.exp()?;
    let weighted = (other.mean * &precision)?;
    let rows = |x: &Tensor| x.transpose(1, 2)?.contiguous();
    let second_moment = match divergence {
        Divergence::Sampled => side.sqr()?,
        Divergence::Expected => (side.sqr()? + (log_deviation * 2.0)?.exp()?)?,
    };
    let squares = (rows(&second_moment)?.exact_product(&precision)? * 0.5)?;
    let products = rows(side)?.exact_product(&weighted)?;
    // [B, 1, M]
    let of_other = (((other.mean * &weighted)? * 0.5)? + other.log_deviation)?.sum_keepdim(1)?;
    // [B, N, 1]
    let of_side = log_deviation.sum_keepdim(1)?.transpose(1, 2)?;
    (squares - products)?.broadcast_add(&of_other)?.broadcast_sub(&of_side)? - 0.5 * channels
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::soft_dtw_alignment;
    use mynah_ops::testing::{check_gradients, device, normal};

    use super::{
        Divergence, Gaussians, SoftDtwConfig, aligned_kl, alignment_cost, frame_kl, pairwise_kl, path_ratio,
    };

    /// Tolerance of the same sums computed in two ways in f64.
    const ROUNDING: f64 = 1e-10;

    fn scalar(x: &Tensor) -> f64 {
        x.to_scalar().unwrap()
    }

    fn small(seed: u64, frames: usize) -> Tensor {
        (normal(seed, (2, 3, frames)) * 0.5).unwrap()
    }

    #[test]
    fn the_expanded_square_agrees_with_the_square() {
        let (z, s, mean, deviation) = (small(1, 4), small(2, 4), small(3, 5), small(4, 5));
        let other = Gaussians { mean: &mean, log_deviation: &deviation, lengths: &[5, 5] };
        let got: Vec<Vec<Vec<f64>>> =
            pairwise_kl(&z, &s, &other, Divergence::Sampled).unwrap().to_vec3().unwrap();
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
    fn an_expensive_warp_forces_the_diagonal() {
        let (z, s, mean, deviation) = (small(1, 6), small(2, 6), small(3, 6), small(4, 6));
        let lengths = [6, 6];
        let other = Gaussians { mean: &mean, log_deviation: &deviation, lengths: &lengths };
        let config = SoftDtwConfig { gamma: 1e-3, warp: 1e4, divergence: Divergence::Sampled };
        let side = Gaussians { mean: &z, log_deviation: &s, lengths: &lengths };
        let aligned = scalar(&aligned_kl(&side, &other, &lengths, &config).unwrap());
        let mask = Tensor::ones((2, 1, 6), z.dtype(), &device()).unwrap();
        let framed = scalar(&frame_kl(&z, &s, &other, &mask).unwrap());
        assert!((aligned - framed).abs() < ROUNDING, "{aligned} {framed}");
    }

    #[test]
    fn the_divergence_of_a_side_from_itself_depends_only_on_its_noise() {
        // z = μ + σ ε against its own Gaussian: Σ_c ½ (ε² − 1).
        let (mean, deviation, noise) = (small(1, 5), small(2, 5), normal(9, (2, 3, 5)));
        let z = (&mean + (&noise * deviation.exp().unwrap()).unwrap()).unwrap();
        let other = Gaussians { mean: &mean, log_deviation: &deviation, lengths: &[5, 5] };
        let mask = Tensor::ones((2, 1, 5), z.dtype(), &device()).unwrap();
        let expected = scalar(&noise.sqr().unwrap().sum_all().unwrap()) / 10.0 * 0.5 - 1.5;
        assert!((scalar(&frame_kl(&z, &deviation, &other, &mask).unwrap()) - expected).abs() < ROUNDING);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let arguments = [small(1, 4), small(2, 4), small(3, 5), small(4, 5)];
        for divergence in [Divergence::Sampled, Divergence::Expected] {
            check_gradients(&arguments, |x| {
                let side = Gaussians { mean: &x[0], log_deviation: &x[1], lengths: &[4, 2] };
                let other = Gaussians { mean: &x[2], log_deviation: &x[3], lengths: &[5, 3] };
                aligned_kl(&side, &other, &[4, 2], &SoftDtwConfig { gamma: 0.1, warp: 0.07, divergence })
            })
            .unwrap();
        }
        let arguments = [small(1, 4), small(2, 4), small(3, 4), small(4, 4)];
        let mask = mynah_voice::blocks::sequence_mask(&[4, 2], 4, arguments[0].dtype(), &device()).unwrap();
        check_gradients(&arguments, |x| {
            frame_kl(&x[0], &x[1], &Gaussians { mean: &x[2], log_deviation: &x[3], lengths: &[4, 2] }, &mask)
        })
        .unwrap();
    }

    /// Warp costs from zero to one that allows only the diagonal.
    const WARPS: [f64; 5] = [0.0, 0.007, 0.07, 0.7, 7.0];

    fn config(warp: f64, divergence: Divergence) -> SoftDtwConfig {
        SoftDtwConfig { warp, divergence, ..SoftDtwConfig::default() }
    }

    /// Builds equal Gaussians of 64 channels for this number of frames; a sample of the first has a divergence of 0 from the
    /// other.
    fn constant(frames: usize) -> (Tensor, Tensor) {
        let all = |seed, size: f64| {
            let column = (normal(seed, (1, 64, 1)) * size).unwrap();
            column.broadcast_as((1, 64, frames)).unwrap().contiguous().unwrap()
        };
        (all(1, 1.0), all(2, 0.3))
    }

    /// Computes the cost of a constant latent of `n` frames against one of `m`, and the length of the path.
    fn of_constants(n: usize, m: usize, seed: u64, config: &SoftDtwConfig) -> (f64, f64) {
        let ((mean, s), (other, d)) = (constant(n), constant(m));
        let noise = (normal(seed, (1, 64, n)) * s.exp().unwrap()).unwrap();
        let at = match config.divergence {
            Divergence::Expected => mean,
            Divergence::Sampled => (mean + noise).unwrap(),
        };
        let side = Gaussians { mean: &at, log_deviation: &s, lengths: &[n] };
        let other = Gaussians { mean: &other, log_deviation: &d, lengths: &[m] };
        let loss = scalar(&aligned_kl(&side, &other, &[n], config).unwrap());
        (loss, path_ratio(&side, &other, config).unwrap())
    }

    #[test]
    fn the_expected_divergence_is_the_mean_over_samples() {
        // Two Gaussians.
        const DRAWS: usize = 20_000;
        let (mean, s, other, d) = (small(1, 1), small(2, 1), small(3, 1), small(4, 1));
        let other = Gaussians { mean: &other, log_deviation: &d, lengths: &[1, 1] };
        let rows = |x: Tensor| x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let expected = rows(pairwise_kl(&mean, &s, &other, Divergence::Expected).unwrap());
        let spread = |x: &Tensor| x.broadcast_as((2, 3, DRAWS)).unwrap().contiguous().unwrap();
        let noise = (normal(9, (2, 3, DRAWS)) * spread(&s.exp().unwrap())).unwrap();
        let samples = (spread(&mean) + noise).unwrap();
        let sampled = pairwise_kl(&samples, &spread(&s), &other, Divergence::Sampled).unwrap();
        let (means, squares) =
            (rows(sampled.mean(1).unwrap()), rows(sampled.sqr().unwrap().mean(1).unwrap()));
        for ((expected, mean), square) in expected.into_iter().zip(means).zip(squares) {
            let error = ((square - mean * mean) / DRAWS as f64).sqrt();
            assert!(expected > 0.1 && (mean - expected).abs() < 4.0 * error, "{expected} {mean} ± {error}");
        }
    }

    #[test]
    fn expected_divergences_are_nonnegative_and_zero_for_equal_sides() {
        let (mean, s) = ((normal(1, (2, 5, 40)) * 2.0).unwrap(), small_of(2));
        let side = Gaussians { mean: &mean, log_deviation: &s, lengths: &[40, 40] };
        let all = pairwise_kl(&mean, &s, &side, Divergence::Expected).unwrap().to_vec3::<f64>().unwrap();
        for rows in &all {
            for (i, row) in rows.iter().enumerate() {
                assert!(row.iter().all(|value| *value > -ROUNDING) && row[i].abs() < ROUNDING);
            }
        }
    }

    fn small_of(seed: u64) -> Tensor {
        (normal(seed, (2, 5, 40)) * 0.5).unwrap()
    }

    #[test]
    fn matching_latents_do_not_score_below_zero_by_choosing_frames() {
        for warp in WARPS {
            for (n, m) in [(60, 60), (60, 45), (60, 90), (1, 30), (30, 1)] {
                let (loss, path) = of_constants(n, m, 5, &config(warp, Divergence::Expected));
                assert!(loss > -ROUNDING, "{loss} at {warp}, {n} {m}");
                assert!((1.0 - ROUNDING..2.0).contains(&path), "{path} at {warp}, {n} {m}");
            }
            // With 0 on the whole diagonal, only the choice between paths remains.
            let (loss, _) = of_constants(60, 60, 5, &config(warp, Divergence::Expected));
            assert!(warp < 0.07 || loss < 0.01, "{loss} at {warp}");
        }
        // The reason for the expectation: with one sample a longer path pays off at the paper's setting.
        let (loss, path) = of_constants(60, 60, 5, &config(0.07, Divergence::Sampled));
        assert!(loss < -2.0 && path > 1.5, "{loss} {path}");
    }

    #[test]
    fn longer_paths_never_pay_off() {
        let n = 40;
        for warp in WARPS {
            let config = config(warp, Divergence::Expected);
            let losses: Vec<f64> =
                [40, 41, 44, 60, 80, 160].map(|m| of_constants(n, m, 5, &config).0).to_vec();
            assert!(losses.windows(2).all(|pair| pair[0] < pair[1]), "{losses:?} at {warp}");
            // Without smoothing, each additional frame costs the warp.
            let hard = SoftDtwConfig { gamma: 1e-4, ..config };
            let frame = (of_constants(n, 140, 5, &hard).0 - of_constants(n, 40, 5, &hard).0) / 100.0;
            let expected = warp * 64.0 / n as f64;
            assert!((frame - expected).abs() < 1e-3, "{frame} {expected}");
        }
        let sampled = |m| of_constants(n, m, 5, &config(0.07, Divergence::Sampled)).0;
        assert!(sampled(160) < sampled(80) && sampled(80) < sampled(40));
    }

    #[test]
    fn only_an_affordable_warp_follows_durations_that_differ() {
        // Two sounds that differ by 0.3 per channel, as long together on both sides, but not each.
        let sounds = |frames: [usize; 2]| {
            let part = |mean: f64, frames: usize| {
                (Tensor::ones((1, 64, frames), DType::F64, &device()).unwrap() * mean).unwrap()
            };
            Tensor::cat(&[part(0.0, frames[0]), part(0.6_f64.sqrt(), frames[1])], 2).unwrap()
        };
        let (posterior, prior) = (sounds([20, 10]), sounds([10, 20]));
        let zeros = posterior.zeros_like().unwrap();
        let side = |mean| Gaussians { mean, log_deviation: &zeros, lengths: &[30] };
        let mismatched = |warp: f64| {
            let config = config(warp, Divergence::Expected);
            let cost = alignment_cost(&side(&posterior), &side(&prior), &config).unwrap();
            let alignment = soft_dtw_alignment(&cost, &[30], &[30], config.gamma, config.warp).unwrap();
            let alignment = alignment.squeeze(0).unwrap().to_vec2::<f64>().unwrap();
            let sound = |frame: usize, first: usize| frame < first;
            let pairs = (0..30).flat_map(|i| (0..30).map(move |j| (i, j)));
            pairs.filter(|(i, j)| sound(*i, 20) != sound(*j, 10)).map(|(i, j)| alignment[i][j]).sum::<f64>()
        };
        // The ten frames between the borders are compared with the other sound, or none is.
        let (free, rigid) = (mismatched(SoftDtwConfig::default().warp), mismatched(0.7));
        assert!(free < 0.5 && rigid > 9.0, "{free} {rigid}");
    }
}
