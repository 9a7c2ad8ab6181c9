//! Loss of labeled durations.

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

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::{check_gradients, device};
    use mynah_voice::blocks::sequence_mask;

    use super::duration_loss;

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
}
