//! The hyperbolic tangent.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, POINTWISE, Scalars, compute};
use crate::element::{Element, TASK_ELEMENTS, contiguous, for_float, into_storage, vectorized};

/// Computes the hyperbolic tangent of each element.
///
/// In f32 it is accurate to 4 ULP; f64 uses the standard library. NaN propagates.
///
/// # Shapes
///
/// Any shape; the output has the same shape.
pub fn tanh(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Tanh)
}

struct Tanh;

impl CustomOp1 for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            let mut y = vec![T::ZERO; x.len()];
            y.par_chunks_mut(TASK_ELEMENTS)
                .zip(x.par_chunks(TASK_ELEMENTS))
                .for_each(|(y, x)| squash(y, x));
            Ok((into_storage(y), layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let count = layout.shape().elem_count();
        let scalars = Scalars { integers: &[count], doubles: &[] };
        let inputs = [(storage, layout)];
        let y = compute(self.name(), (POINTWISE, "squash"), &inputs, count, Grid::Elements(count), scalars)?;
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(y.apply_op2_no_bwd(&gradient.contiguous()?, &TanhBackward)?))
    }
}

struct TanhBackward;

impl CustomOp2 for TanhBackward {
    fn name(&self) -> &'static str {
        "tanh_backward"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        y_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        for_float!(y, self.name(), T => {
            let y = contiguous::<T>(self.name(), y, y_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let mut dx = vec![T::ZERO; y.len()];
            dx.par_chunks_mut(TASK_ELEMENTS)
                .zip(y.par_chunks(TASK_ELEMENTS).zip(gradient.par_chunks(TASK_ELEMENTS)))
                .for_each(|(dx, (y, gradient))| derive(dx, y, gradient));
            Ok((into_storage(dx), y_layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        y: &CudaStorage,
        y_layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let count = y_layout.shape().elem_count();
        let scalars = Scalars { integers: &[count], doubles: &[] };
        let inputs = [(y, y_layout), (gradient, gradient_layout)];
        let kernel = (POINTWISE, "squash_backward");
        let dx = compute(self.name(), kernel, &inputs, count, Grid::Elements(count), scalars)?;
        Ok((dx, y_layout.shape().clone()))
    }
}

vectorized! {
    fn squash<'a, T>(y: &'a mut [T], x: &'a [T]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = x.tanh();
        }
    }
}

vectorized! {
    /// dx = (1 − y²) · gradient
    fn derive<'a, T>(dx: &'a mut [T], y: &'a [T], gradient: &'a [T]) {
        for (dx, (&y, &gradient)) in dx.iter_mut().zip(y.iter().zip(gradient)) {
            *dx = (T::ONE - y * y) * gradient;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::{assert_all_close, by_definition};

    use super::tanh;
    use crate::testing::{check_gradients, device, normal};

    #[test]
    fn matches_the_standard_library_in_both_precisions() {
        by_definition("the standard library");
        // Two tasks, the second partly filled.
        let x = (normal(1, 17_000) * 3.0).unwrap();
        let expected: Vec<f64> = x.to_vec1::<f64>().unwrap().iter().map(|x| x.tanh()).collect();
        assert_all_close(&tanh(&x).unwrap().to_vec1::<f64>().unwrap(), &expected, 0.0, "f64");
        let y = tanh(&x.to_dtype(DType::F32).unwrap()).unwrap().to_vec1::<f32>().unwrap();
        // Includes rounding of the argument to f32, besides 4 ULP on values below 1.
        assert_all_close(&y, &expected, 3e-7, "f32");
        let ends = Tensor::new(&[f32::INFINITY, f32::NEG_INFINITY, f32::NAN], &device()).unwrap();
        let ends = tanh(&ends).unwrap().to_vec1::<f32>().unwrap();
        assert!(ends[0] == 1.0 && ends[1] == -1.0 && ends[2].is_nan());
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_gradients(&[normal(1, (130, 140)).t().unwrap()], |v| tanh(&v[0])).unwrap();
    }
}
