//! Losses of durations: of labels, and of the length of an utterance.

use candle_core::{Result, Tensor};

/// Computes the mean squared error of log-durations over the symbols of a batch.
///
/// ```text
/// L_dur = mean_j (ln d̂_j − ln d_j)²
/// ```
///
/// # Shapes
///
/// `predicted` [B, n] (ln d̂), `labels` [B, n] (frames, at least 1 inside an utterance), `mask` [B, 1, n] → a scalar.
pub fn duration_loss(predicted: &Tensor, labels: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let mask = mask.squeeze(1)?;
    // In the padding the label is 0 and its logarithm is masked; adding 1 keeps it finite.
    let target = labels.maximum(&labels.ones_like()?)?.log()?;
    let squares = ((predicted - target)?.sqr()? * &mask)?;
    squares.sum_all()? / mask.sum_all()?
}

/// Computes the relative difference between predicted and recorded lengths, over a batch.
///
/// ```text
/// L_len = Σ_b |Σ_j d̂_bj − T_b| / Σ_b T_b
/// ```
///
/// Nothing else holds the length of the prior once durations are predicted: the number of its frames is a rounded sum without a
/// gradient, so the warp cost of a difference in length reaches no duration.
///
/// # Shapes
///
/// `predicted` `[B]` (Σ d̂ in frames), B numbers of recorded frames → a scalar.
///
/// # References
///
/// Parallel Tacotron 2 (arXiv 2103.14574), which divides by the symbols instead.
pub fn length_loss(predicted: &Tensor, frames: &[usize]) -> Result<Tensor> {
    let total: usize = frames.iter().sum();
    let recorded = Tensor::from_iter(frames.iter().map(|t| *t as f64), predicted.device())?;
    (predicted - recorded.to_dtype(predicted.dtype())?)?.abs()?.sum_all()? / total as f64
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::{check_gradients, device};
    use mynah_voice::blocks::sequence_mask;

    use super::{duration_loss, length_loss};

    #[test]
    fn ignores_padding() {
        let mask = sequence_mask(&[2, 1], 2, DType::F64, &device()).unwrap();
        let labels = Tensor::new(&[[1.0, 4.0], [2.0, 0.0]], &device()).unwrap();
        let predicted = Tensor::new(&[[1.0, 4.0_f64.ln()], [2.0_f64.ln() - 2.0, 99.0]], &device()).unwrap();
        let loss: f64 = duration_loss(&predicted, &labels, &mask).unwrap().to_scalar().unwrap();
        // (1² + 0² + 2²) / 3
        assert!((loss - 5.0 / 3.0).abs() < 1e-12, "{loss}");
        check_gradients(&[predicted], |x| duration_loss(&x[0], &labels, &mask)).unwrap();
    }

    #[test]
    fn length_is_relative_to_the_recordings() {
        let predicted = Tensor::new(&[90.0, 45.0], &device()).unwrap();
        let loss: f64 = length_loss(&predicted, &[100, 40]).unwrap().to_scalar().unwrap();
        assert!((loss - 15.0 / 140.0).abs() < 1e-12, "{loss}");
        check_gradients(&[predicted], |x| length_loss(&x[0], &[100, 40])).unwrap();
    }
}
