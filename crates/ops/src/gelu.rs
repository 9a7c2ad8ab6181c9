//! The Gaussian error linear unit.

use std::f64::consts::FRAC_1_SQRT_2;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use crate::element::{Element, TASK_ELEMENTS, contiguous, for_float, into_storage, vectorized};

/// Returns x·Φ(x) elementwise, where Φ is the standard normal distribution function.
///
/// This is the exact form, not the tanh approximation; in f32 it is accurate to 4e-7·|x|. NaN propagates. On
/// a GPU it is composed of candle's operations around an error function with its own gradient, because the
/// gradient of candle's GELU uses a constant with six digits.
///
/// # Shapes
///
/// Any shape; the output has the same shape.
///
/// # References
///
/// D. Hendrycks and K. Gimpel, arXiv 1606.08415.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.contiguous()?.apply_op1(Gelu)
    } else {
        x * ((x * FRAC_1_SQRT_2)?.erf()?.affine(0.5, 0.5)?)
    }
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            let mut y = vec![T::ZERO; x.len()];
            y.par_chunks_mut(TASK_ELEMENTS)
                .zip(x.par_chunks(TASK_ELEMENTS))
                .for_each(|(y, x)| weigh(y, x));
            Ok((into_storage(y), layout.shape().clone()))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(x.apply_op2_no_bwd(&gradient.contiguous()?, &GeluBackward)?))
    }
}

struct GeluBackward;

impl CustomOp2 for GeluBackward {
    fn name(&self) -> &'static str {
        "gelu_backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        for_float!(x, self.name(), T => {
            let x = contiguous::<T>(self.name(), x, x_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let mut dx = vec![T::ZERO; x.len()];
            dx.par_chunks_mut(TASK_ELEMENTS)
                .zip(x.par_chunks(TASK_ELEMENTS).zip(gradient.par_chunks(TASK_ELEMENTS)))
                .for_each(|(dx, (x, gradient))| derive(dx, x, gradient));
            Ok((into_storage(dx), x_layout.shape().clone()))
        })
    }
}

vectorized! {
    fn weigh<'a, T>(y: &'a mut [T], x: &'a [T]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = x * x.normal().0;
        }
    }
}

vectorized! {
    /// d(x·Φ) / dx = Φ + x·φ.
    fn derive<'a, T>(dx: &'a mut [T], x: &'a [T], gradient: &'a [T]) {
        for (dx, (&x, &gradient)) in dx.iter_mut().zip(x.iter().zip(gradient)) {
            let (distribution, density) = x.normal();
            *dx = gradient * (distribution + x * density);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::assert_close;

    use super::gelu;
    use crate::testing::{check_gradients, device, normal};

    #[test]
    fn matches_the_definition() {
        let x = Tensor::new(&[-1.0, 0.0, 2.0, f64::NAN], &device()).unwrap();
        let y: Vec<f64> = gelu(&x).unwrap().to_vec1().unwrap();
        // Φ(1) = 0.841344746068543, Φ(2) = 0.977249868051821.
        assert_close(y[0], -(1.0 - 0.841_344_746_068_543), 1e-14, "at -1");
        assert_close(y[1], 0.0, 0.0, "at 0");
        assert_close(y[2], 2.0 * 0.977_249_868_051_821, 1e-14, "at 2");
        assert!(y[3].is_nan());
    }

    #[test]
    fn single_precision_is_close_to_double() {
        let x = Tensor::arange(-40_000.0, 40_000.0, &device()).unwrap().affine(2.5e-4, 0.0).unwrap();
        let single = gelu(&x.to_dtype(DType::F32).unwrap()).unwrap().to_dtype(DType::F64).unwrap();
        let numbers = |x: &Tensor| x.to_vec1::<f64>().unwrap();
        for ((single, exact), x) in
            numbers(&single).into_iter().zip(numbers(&gelu(&x).unwrap())).zip(numbers(&x))
        {
            // The approximation contributes 7.5e-8, plus the roundings of its polynomial and of the product:
            // 3.1e-7 at most over these points.
            assert_close(single, exact, 4e-7 * x.abs(), "gelu");
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let x = (normal(1, (130, 140)).t().unwrap() * 2.0).unwrap();
        check_gradients(&[x], |v| gelu(&v[0])).unwrap();
    }
}
