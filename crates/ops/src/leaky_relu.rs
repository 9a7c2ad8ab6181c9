//! The leaky rectified linear unit.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, POINTWISE, Scalars, compute};
use crate::element::{Element, TASK_ELEMENTS, contiguous, for_float, into_storage, number, vectorized};

/// Returns x where x > 0 and `slope`·x elsewhere.
///
/// At zero the derivative is `slope`, as in PyTorch. NaN propagates.
///
/// # Shapes
///
/// Any shape; the output has the same shape.
pub fn leaky_relu(x: &Tensor, slope: f64) -> Result<Tensor> {
    x.contiguous()?.apply_op1(LeakyRelu { slope })
}

struct LeakyRelu {
    slope: f64,
}

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            Ok((forward(x, self.slope), layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let count = layout.shape().elem_count();
        let scalars = Scalars { integers: &[count], doubles: &[self.slope] };
        let inputs = [(storage, layout)];
        let y =
            compute(self.name(), (POINTWISE, "leaky_relu"), &inputs, count, Grid::Elements(count), scalars)?;
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let backward = LeakyReluBackward { slope: self.slope };
        Ok(Some(x.apply_op2_no_bwd(&gradient.contiguous()?, &backward)?))
    }
}

struct LeakyReluBackward {
    slope: f64,
}

impl CustomOp2 for LeakyReluBackward {
    fn name(&self) -> &'static str {
        "leaky_relu_backward"
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
            Ok((backward(x, gradient, self.slope), x_layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let count = x_layout.shape().elem_count();
        let scalars = Scalars { integers: &[count], doubles: &[self.slope] };
        let inputs = [(x, x_layout), (gradient, gradient_layout)];
        let kernel = (POINTWISE, "leaky_relu_backward");
        let dx = compute(self.name(), kernel, &inputs, count, Grid::Elements(count), scalars)?;
        Ok((dx, x_layout.shape().clone()))
    }
}

fn forward<T: Element>(x: &[T], slope: f64) -> CpuStorage {
    let slope = number::<T>(slope);
    let mut y = vec![T::ZERO; x.len()];
    y.par_chunks_mut(TASK_ELEMENTS)
        .zip(x.par_chunks(TASK_ELEMENTS))
        .for_each(|(y, x)| scale_negative(y, x, x, slope));
    into_storage(y)
}

fn backward<T: Element>(x: &[T], gradient: &[T], slope: f64) -> CpuStorage {
    let slope = number::<T>(slope);
    let mut dx = vec![T::ZERO; x.len()];
    dx.par_chunks_mut(TASK_ELEMENTS)
        .zip(x.par_chunks(TASK_ELEMENTS).zip(gradient.par_chunks(TASK_ELEMENTS)))
        .for_each(|(dx, (x, gradient))| scale_negative(dx, x, gradient, slope));
    into_storage(dx)
}

vectorized! {
    /// Copies `values` where x is positive and scales them by `slope` elsewhere.
    fn scale_negative<'a, T>(output: &'a mut [T], x: &'a [T], values: &'a [T], slope: T) {
        for (output, (&x, &value)) in output.iter_mut().zip(x.iter().zip(values)) {
            *output = if x > T::ZERO { value } else { slope * value };
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;

    use super::leaky_relu;
    use crate::testing::{check_gradients, device, normal};

    #[test]
    fn scales_non_positive_values() {
        let x = Tensor::new(&[-2.0_f32, -0.0, 0.0, 3.0, f32::NAN], &device()).unwrap();
        let y = leaky_relu(&x, 0.1).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y[..4], [-0.2, -0.0, 0.0, 3.0]);
        assert!(y[4].is_nan());
    }

    #[test]
    fn gradients_match_finite_differences() {
        // Enough for two tasks, and a strided view.
        let x = normal(1, (130, 140)).t().unwrap();
        check_gradients(&[x], |v| leaky_relu(&v[0], 0.1)).unwrap();
    }

    #[test]
    fn rejects_other_types() {
        let x = Tensor::new(&[1_u32], &device()).unwrap();
        assert!(leaky_relu(&x, 0.1).unwrap_err().to_string().contains("f32 or f64, got U32"));
    }
}
