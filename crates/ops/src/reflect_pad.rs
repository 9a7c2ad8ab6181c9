//! Reflection padding.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, SIGNAL, Scalars, compute};
use crate::element::{Element, contiguous, ensure_not_empty, for_float, into_storage};

/// Extends the last dimension at both ends by reflection, without repeating the edge element.
///
/// ```text
/// left = 2, right = 1:   a b c d   →   c b a b c d c
/// ```
///
/// # Shapes
///
/// `[…, N]` → `[…, left + N + right]`.
///
/// # Errors
///
/// Fails if `left` or `right` is not smaller than N, because the reflection would run past the other end.
pub fn reflect_pad(x: &Tensor, left: usize, right: usize) -> Result<Tensor> {
    ensure_not_empty("reflect_pad", x)?;
    let length = x.dims().last().copied().unwrap_or(0);
    if left >= length || right >= length {
        bail!("reflect_pad: paddings of {left} and {right} need more than {length} elements");
    }
    x.contiguous()?.apply_op1(ReflectPad { left, right })
}

struct ReflectPad {
    left: usize,
    right: usize,
}

impl CustomOp1 for ReflectPad {
    fn name(&self) -> &'static str {
        "reflect_pad"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let last = dims.len() - 1;
        let length = dims[last];
        dims[last] += self.left + self.right;
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            Ok((into_storage(forward(x, length, self.left, self.right)), dims.into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let last = dims.len() - 1;
        let length = dims[last];
        dims[last] += self.left + self.right;
        let total: usize = dims.iter().product();
        let scalars = Scalars { integers: &[total, length, self.left, self.right], doubles: &[] };
        let inputs = [(storage, layout)];
        let y =
            compute(self.name(), (SIGNAL, "reflect_pad"), &inputs, total, Grid::Elements(total), scalars)?;
        Ok((y, dims.into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let backward = ReflectPadBackward { left: self.left, length: x.dim(candle_core::D::Minus1)? };
        Ok(Some(gradient.contiguous()?.apply_op1_no_bwd(&backward)?))
    }
}

struct ReflectPadBackward {
    left: usize,
    length: usize,
}

impl CustomOp1 for ReflectPadBackward {
    fn name(&self) -> &'static str {
        "reflect_pad_backward"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let last = dims.len() - 1;
        let padded = dims[last];
        dims[last] = self.length;
        for_float!(storage, self.name(), T => {
            let gradient = contiguous::<T>(self.name(), storage, layout)?;
            Ok((into_storage(backward(gradient, padded, self.length, self.left)), dims.into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let last = dims.len() - 1;
        let right = dims[last] - self.length - self.left;
        dims[last] = self.length;
        let total: usize = dims.iter().product();
        let scalars = Scalars { integers: &[total, self.length, self.left, right], doubles: &[] };
        let inputs = [(storage, layout)];
        let kernel = (SIGNAL, "reflect_pad_backward");
        let dx = compute(self.name(), kernel, &inputs, total, Grid::Elements(total), scalars)?;
        Ok((dx, dims.into()))
    }
}

fn forward<T: Element>(x: &[T], length: usize, left: usize, right: usize) -> Vec<T> {
    let width = left + length + right;
    let mut y = vec![T::ZERO; x.len() / length * width];
    y.par_chunks_mut(width).zip(x.par_chunks(length)).for_each(|(y, x)| {
        for (i, y) in y[..left].iter_mut().enumerate() {
            *y = x[left - i];
        }
        y[left..left + length].copy_from_slice(x);
        for (i, y) in y[left + length..].iter_mut().enumerate() {
            *y = x[length - 2 - i];
        }
    });
    y
}

/// Sums the gradients of all copies of each element.
fn backward<T: Element>(gradient: &[T], padded: usize, length: usize, left: usize) -> Vec<T> {
    let mut dx = vec![T::ZERO; gradient.len() / padded * length];
    dx.par_chunks_mut(length).zip(gradient.par_chunks(padded)).for_each(|(dx, gradient)| {
        dx.copy_from_slice(&gradient[left..left + length]);
        for (i, &gradient) in gradient[..left].iter().enumerate() {
            dx[left - i] += gradient;
        }
        for (i, &gradient) in gradient[left + length..].iter().enumerate() {
            dx[length - 2 - i] += gradient;
        }
    });
    dx
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;

    use super::reflect_pad;
    use crate::testing::{check_gradients, device, normal};

    #[test]
    fn reflects_without_repeating_the_edge() {
        let x = Tensor::new(&[[1.0_f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], &device()).unwrap();
        let rows = reflect_pad(&x, 2, 1).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(rows, [[3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0], [7.0, 6.0, 5.0, 6.0, 7.0, 8.0, 7.0]]);
        let one = Tensor::new(&[9.0_f32], &device()).unwrap();
        assert_eq!(reflect_pad(&one, 0, 0).unwrap().to_vec1::<f32>().unwrap(), [9.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        for (left, right) in [(0, 0), (4, 0), (0, 4), (3, 4)] {
            check_gradients(&[normal(1, (2, 3, 5))], |v| reflect_pad(&v[0], left, right)).unwrap();
        }
        check_gradients(&[normal(2, (5, 3)).t().unwrap()], |v| reflect_pad(&v[0], 1, 2)).unwrap();
    }

    #[test]
    fn rejects_padding_beyond_the_other_end() {
        for (left, right) in [(3, 0), (0, 3)] {
            let message = reflect_pad(&normal(1, (2, 3)), left, right).unwrap_err().to_string();
            assert!(message.contains("need more than 3 elements"), "{message}");
        }
    }
}
