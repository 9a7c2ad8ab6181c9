//! GELU with its own gradient.

use std::f64::consts::FRAC_1_SQRT_2;

use candle_core::{Result, Tensor};

/// x · Φ(x), Φ the distribution of the standard normal.
///
/// From the error function, since the gradient of candle 0.11's own has a constant of six digits.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    x * ((x * FRAC_1_SQRT_2)?.erf()?.affine(0.5, 0.5)?)
}

#[cfg(test)]
mod tests {
    use mynah_ops::testing::{check_gradients, normal};
    use mynah_testkit::assert_close;

    use super::gelu;

    #[test]
    fn gelu_is_its_definition_with_its_gradient() {
        let x = candle_core::Tensor::new(&[-1.0, 0.0, 2.0], &candle_core::Device::Cpu).unwrap();
        let y: Vec<f64> = gelu(&x).unwrap().to_vec1().unwrap();
        // Φ(1) = 0.841344746068543, Φ(2) = 0.977249868051821.
        assert_close(y[0], -(1.0 - 0.841_344_746_068_543), 1e-14, "at -1");
        assert_close(y[1], 0.0, 0.0, "at 0");
        assert_close(y[2], 2.0 * 0.977_249_868_051_821, 1e-14, "at 2");
        check_gradients(&[(normal(1, 30) * 2.0).unwrap()], |x| gelu(&x[0])).unwrap();
    }
}
