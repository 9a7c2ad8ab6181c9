//! Softmax over the last dimension, with a gradient, which candle's fused version lacks.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, POINTWISE, Scalars, compute};
use crate::element::{
    Element, TASK_ELEMENTS, contiguous, ensure_not_empty, for_float, into_storage, largest, sum_map,
    vectorized,
};

/// Computes the softmax over the last dimension.
///
/// The largest element is subtracted first, so no finite input overflows. −∞ gives exactly 0; a row
/// consisting only of −∞ gives NaN, as in PyTorch. In f32 the exponential is accurate to 2 ULP, and elements
/// more than 87 below the largest give 0.
///
/// # Shapes
///
/// Any shape of rank 1 or more; the output has the same shape.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    ensure_not_empty("softmax", x)?;
    x.contiguous()?.apply_op1(Softmax)
}

struct Softmax;

impl CustomOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let width = layout.dims().last().copied().unwrap_or(1);
        for_float!(storage, self.name(), T => {
            let y = forward(contiguous::<T>(self.name(), storage, layout)?, width);
            Ok((into_storage(y), layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (count, width) = (layout.shape().elem_count(), layout.dims().last().copied().unwrap_or(1));
        let scalars = Scalars { integers: &[width], doubles: &[] };
        let inputs = [(storage, layout)];
        let y = compute(
            self.name(),
            (POINTWISE, "softmax"),
            &inputs,
            count,
            Grid::Blocks(count / width),
            scalars,
        )?;
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(y.apply_op2_no_bwd(&gradient.contiguous()?, &SoftmaxBackward)?))
    }
}

struct SoftmaxBackward;

impl CustomOp2 for SoftmaxBackward {
    fn name(&self) -> &'static str {
        "softmax_backward"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        y_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let width = y_layout.dims().last().copied().unwrap_or(1);
        for_float!(y, self.name(), T => {
            let y = contiguous::<T>(self.name(), y, y_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            Ok((into_storage(backward(y, gradient, width)), y_layout.shape().clone()))
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
        let (count, width) = (y_layout.shape().elem_count(), y_layout.dims().last().copied().unwrap_or(1));
        let scalars = Scalars { integers: &[width], doubles: &[] };
        let inputs = [(y, y_layout), (gradient, gradient_layout)];
        let kernel = (POINTWISE, "softmax_backward");
        let dx = compute(self.name(), kernel, &inputs, count, Grid::Blocks(count / width), scalars)?;
        Ok((dx, y_layout.shape().clone()))
    }
}

fn forward<T: Element>(x: &[T], width: usize) -> Vec<T> {
    let mut y = vec![T::ZERO; x.len()];
    let chunk = width * (TASK_ELEMENTS / width).max(1);
    y.par_chunks_mut(chunk).zip(x.par_chunks(chunk)).for_each(|(y, x)| normalize(y, x, width));
    y
}

fn backward<T: Element>(y: &[T], gradient: &[T], width: usize) -> Vec<T> {
    let mut dx = vec![T::ZERO; y.len()];
    let chunk = width * (TASK_ELEMENTS / width).max(1);
    dx.par_chunks_mut(chunk)
        .zip(y.par_chunks(chunk).zip(gradient.par_chunks(chunk)))
        .for_each(|(dx, (y, gradient))| derive(dx, y, gradient, width));
    dx
}

vectorized! {
    fn normalize<'a, T>(y: &'a mut [T], x: &'a [T], width: usize) {
        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            let largest = largest(x);
            for (y, &x) in y.iter_mut().zip(x) {
                *y = (x - largest).exp_nonpositive();
            }
            let scale = T::ONE / sum_map(y, |y| y);
            for y in y {
                *y *= scale;
            }
        }
    }
}

vectorized! {
    /// dx = y · (gradient − Σ gradient·y)
    fn derive<'a, T>(dx: &'a mut [T], y: &'a [T], gradient: &'a [T], width: usize) {
        let rows = y.chunks_exact(width).zip(gradient.chunks_exact(width));
        for (dx, (y, gradient)) in dx.chunks_exact_mut(width).zip(rows) {
            for (dx, (&y, &gradient)) in dx.iter_mut().zip(y.iter().zip(gradient)) {
                *dx = y * gradient;
            }
            let total = sum_map(dx, |v| v);
            for (dx, (&y, &gradient)) in dx.iter_mut().zip(y.iter().zip(gradient)) {
                *dx = y * (gradient - total);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::assert_all_close;

    use super::softmax;
    use crate::testing::{check_gradients, device, normal};

    /// Probabilities of at most 1, from exponentials accurate to 2 ULP.
    const F32_TOLERANCE: f64 = 3e-7;

    #[test]
    fn matches_the_formula_in_both_precisions() {
        // Widths around multiples of the sixteen partial sums.
        for width in [1, 5, 16, 33] {
            let x = (normal(1, (3, 2, width)) * 5.0).unwrap();
            let rows = x.reshape((6, width)).unwrap().to_vec2::<f64>().unwrap();
            let expected: Vec<f64> = rows
                .iter()
                .flat_map(|row| {
                    let total: f64 = row.iter().map(|v| v.exp()).sum();
                    row.iter().map(move |v| v.exp() / total)
                })
                .collect();
            let y = softmax(&x).unwrap().flatten_all().unwrap();
            assert_all_close(&y.to_vec1::<f64>().unwrap(), &expected, 1e-14, "f64");
            let y = softmax(&x.to_dtype(DType::F32).unwrap()).unwrap().flatten_all().unwrap();
            assert_all_close(&y.to_vec1::<f32>().unwrap(), &expected, F32_TOLERANCE, "f32");
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_gradients(&[normal(2, (3, 17))], |v| softmax(&v[0])).unwrap();
        check_gradients(&[normal(3, (17, 3)).t().unwrap()], |v| softmax(&v[0])).unwrap();
    }

    #[test]
    fn masks_to_exactly_zero_and_does_not_overflow() {
        let x = Tensor::new(&[f32::NEG_INFINITY, 1e30, 1e30, -1e30], &device()).unwrap();
        assert_eq!(softmax(&x).unwrap().to_vec1::<f32>().unwrap(), [0.0, 0.5, 0.5, 0.0]);
        let x = Tensor::new(&[f32::NEG_INFINITY; 2], &device()).unwrap();
        assert!(softmax(&x).unwrap().to_vec1::<f32>().unwrap().iter().all(|v| v.is_nan()));
    }
}
