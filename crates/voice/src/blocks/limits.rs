//! Bounds against overflow.

use candle_core::{Result, Tensor};

/// Bound of the natural logarithm of a deviation: deviations from 4.5e-5 to 2.2e4, whose inverse squares fit into single
/// precision. Trained models stay far from both ends.
const LOG_DEVIATION: f64 = 10.0;

/// Clamps a log-deviation to its bounds; the gradient is zero beyond them.
pub(crate) fn bounded_log_deviation(log_deviation: &Tensor) -> Result<Tensor> {
    log_deviation.clamp(-LOG_DEVIATION, LOG_DEVIATION)
}

#[cfg(test)]
mod tests {
    use candle_core::{Tensor, Var};
    use mynah_ops::testing::device;

    use super::bounded_log_deviation;

    #[test]
    fn gradient_is_zero_beyond_the_bounds() {
        let x = Var::new(&[-300.0, -9.0, 0.5, 300.0], &device()).unwrap();
        let bounded = bounded_log_deviation(&x).unwrap();
        assert_eq!(bounded.to_vec1::<f64>().unwrap(), [-10.0, -9.0, 0.5, 10.0]);
        let weights = Tensor::new(&[1.0, 2.0, 3.0, 4.0], &device()).unwrap();
        let gradients = (bounded * weights).unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(gradients.get(&x).unwrap().to_vec1::<f64>().unwrap(), [0.0, 2.0, 3.0, 0.0]);
    }
}
