//! Weight normalization: a direction and a length per output channel.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, POINTWISE, Scalars, compute};
use crate::element::{
    Element, TASK_ELEMENTS, contiguous, ensure_not_empty, for_float, into_storage, sum_map, vectorized,
};

/// Scales each slice of `direction` along the first dimension to the norm in `length`.
///
/// ```text
/// w[i, …] = length[i] · direction[i, …] / ‖direction[i, …]‖₂
/// ```
///
/// There is no ε: a zero slice has no direction and gives NaN, as in PyTorch's `weight_norm` with `dim = 0`,
/// to which this is equivalent (`direction` is its `weight_v`, `length` its `weight_g`).
///
/// # Shapes
///
/// `direction` is `[N, …]`, `length` is `[N]` or `[N, 1, …, 1]`; the result has the shape of `direction`.
///
/// # References
///
/// Salimans and Kingma, Weight Normalization (arXiv 1602.07868), equations 2 and 3.
pub fn weight_norm(direction: &Tensor, length: &Tensor) -> Result<Tensor> {
    ensure_not_empty("weight_norm", direction)?;
    let rows = direction.dims().first().copied().unwrap_or(1);
    if length.elem_count() != rows || length.dims().first() != Some(&rows) {
        bail!(
            "weight_norm: the direction {:?} needs one length for each of its {rows} slices, got {:?}",
            direction.dims(),
            length.dims()
        );
    }
    direction.contiguous()?.apply_op2(&length.contiguous()?, WeightNorm)
}

struct WeightNorm;

impl CustomOp2 for WeightNorm {
    fn name(&self) -> &'static str {
        "weight_norm"
    }

    fn cpu_fwd(
        &self,
        direction: &CpuStorage,
        direction_layout: &Layout,
        length: &CpuStorage,
        length_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        for_float!(direction, self.name(), T => {
            let direction = contiguous::<T>(self.name(), direction, direction_layout)?;
            let length = contiguous::<T>(self.name(), length, length_layout)?;
            Ok((into_storage(forward(direction, length)), direction_layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        direction: &CudaStorage,
        direction_layout: &Layout,
        length: &CudaStorage,
        length_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (count, rows) = (direction_layout.shape().elem_count(), length_layout.shape().elem_count());
        let scalars = Scalars { integers: &[count / rows], doubles: &[] };
        let inputs = [(direction, direction_layout), (length, length_layout)];
        let weight =
            compute(self.name(), (POINTWISE, "weight_norm"), &inputs, count, Grid::Blocks(rows), scalars)?;
        Ok((weight, direction_layout.shape().clone()))
    }

    fn bwd(
        &self,
        direction: &Tensor,
        length: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let packed = direction.apply_op3_no_bwd(length, &gradient.contiguous()?, &WeightNormBackward)?;
        let count = direction.elem_count();
        let ddirection = packed.narrow(0, 0, count)?.reshape(direction.shape())?;
        let dlength = packed.narrow(0, count, length.elem_count())?.reshape(length.shape())?;
        Ok((Some(ddirection), Some(dlength)))
    }
}

/// The backward pass. An operation has one output, so the two gradients are concatenated into one tensor.
struct WeightNormBackward;

impl CustomOp3 for WeightNormBackward {
    fn name(&self) -> &'static str {
        "weight_norm_backward"
    }

    fn cpu_fwd(
        &self,
        direction: &CpuStorage,
        direction_layout: &Layout,
        length: &CpuStorage,
        length_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        for_float!(direction, self.name(), T => {
            let direction = contiguous::<T>(self.name(), direction, direction_layout)?;
            let length = contiguous::<T>(self.name(), length, length_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let packed = backward(direction, length, gradient);
            let count = packed.len();
            Ok((into_storage(packed), count.into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        direction: &CudaStorage,
        direction_layout: &Layout,
        length: &CudaStorage,
        length_layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (count, rows) = (direction_layout.shape().elem_count(), length_layout.shape().elem_count());
        let scalars = Scalars { integers: &[rows, count / rows], doubles: &[] };
        let inputs = [(direction, direction_layout), (length, length_layout), (gradient, gradient_layout)];
        let kernel = (POINTWISE, "weight_norm_backward");
        let packed = compute(self.name(), kernel, &inputs, count + rows, Grid::Blocks(rows), scalars)?;
        Ok((packed, (count + rows).into()))
    }
}

fn forward<T: Element>(direction: &[T], length: &[T]) -> Vec<T> {
    let width = direction.len() / length.len();
    let rows = (TASK_ELEMENTS / width).max(1);
    let mut weight = vec![T::ZERO; direction.len()];
    weight
        .par_chunks_mut(rows * width)
        .zip(direction.par_chunks(rows * width).zip(length.par_chunks(rows)))
        .for_each(|(weight, (direction, length))| scale_slices(weight, direction, length));
    weight
}

/// Returns the gradient of the direction, then that of the length.
fn backward<T: Element>(direction: &[T], length: &[T], gradient: &[T]) -> Vec<T> {
    let width = direction.len() / length.len();
    let rows = (TASK_ELEMENTS / width).max(1);
    let mut packed = vec![T::ZERO; direction.len() + length.len()];
    let (ddirection, dlength) = packed.split_at_mut(direction.len());
    ddirection
        .par_chunks_mut(rows * width)
        .zip(dlength.par_chunks_mut(rows))
        .zip(direction.par_chunks(rows * width).zip(length.par_chunks(rows)))
        .zip(gradient.par_chunks(rows * width))
        .for_each(|(((ddirection, dlength), (direction, length)), gradient)| {
            derive(ddirection, dlength, direction, length, gradient);
        });
    packed
}

vectorized! {
    fn scale_slices<'a, T>(weight: &'a mut [T], direction: &'a [T], length: &'a [T]) {
        let width = direction.len() / length.len();
        let slices = weight.chunks_exact_mut(width).zip(direction.chunks_exact(width));
        for ((weight, direction), &length) in slices.zip(length) {
            let scale = length / Element::sqrt(sum_map(direction, |v| v * v));
            for (weight, &direction) in weight.iter_mut().zip(direction) {
                *weight = direction * scale;
            }
        }
    }
}

vectorized! {
    /// With u = direction / ‖direction‖:
    ///
    /// ```text
    /// dlength = Σ gradient·u        ddirection = length / ‖direction‖ · (gradient − u · dlength)
    /// ```
    fn derive<'a, T>(
        ddirection: &'a mut [T],
        dlength: &'a mut [T],
        direction: &'a [T],
        length: &'a [T],
        gradient: &'a [T],
    ) {
        let width = direction.len() / length.len();
        let slices = direction.chunks_exact(width).zip(gradient.chunks_exact(width));
        let slices = ddirection.chunks_exact_mut(width).zip(slices);
        for ((ddirection, (direction, gradient)), (dlength, &length)) in slices.zip(dlength.iter_mut().zip(length)) {
            let norm = Element::sqrt(sum_map(direction, |v| v * v));
            for (product, (&v, &g)) in ddirection.iter_mut().zip(direction.iter().zip(gradient)) {
                *product = v * g;
            }
            *dlength = sum_map(ddirection, |v| v) / norm;
            let (scale, projection) = (length / norm, *dlength / norm);
            for (dv, (&v, &g)) in ddirection.iter_mut().zip(direction.iter().zip(gradient)) {
                *dv = scale * (g - v * projection);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{D, DType, Tensor};
    use mynah_testkit::assert_all_close;

    use super::weight_norm;
    use crate::testing::{check_gradients, normal};

    /// Sums of 21 squares in f32.
    const F32_TOLERANCE: f64 = 2e-6;

    #[test]
    fn slices_have_the_given_direction_and_length() {
        let (v, g) = (normal(1, (5, 3, 7)), normal(2, (5, 1, 1)));
        let norms = v.flatten_from(1).unwrap().sqr().unwrap().sum_keepdim(D::Minus1).unwrap().sqrt().unwrap();
        let expected = v.broadcast_mul(&g).unwrap().broadcast_div(&norms.unsqueeze(2).unwrap()).unwrap();
        let flat =
            |t: &Tensor| t.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
        assert_all_close(&flat(&weight_norm(&v, &g).unwrap()), &flat(&expected), 1e-14, "f64");
        let single = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
        let w = weight_norm(&single(&v), &single(&g)).unwrap();
        assert_all_close(&flat(&w), &flat(&expected), F32_TOLERANCE, "f32");
    }

    #[test]
    fn gradients_match_finite_differences() {
        for g in [normal(4, 5), normal(4, (5, 1, 1))] {
            check_gradients(&[normal(3, (5, 3, 7)), g], |v| weight_norm(&v[0], &v[1])).unwrap();
        }
        let transposed = normal(5, (3, 4)).t().unwrap();
        check_gradients(&[transposed, normal(6, (4, 1))], |v| weight_norm(&v[0], &v[1])).unwrap();
    }

    #[test]
    fn rejects_a_mismatched_number_of_lengths() {
        let message = weight_norm(&normal(1, (2, 3)), &normal(2, (1, 2))).unwrap_err().to_string();
        assert!(message.contains("one length for each of its 2 slices, got [1, 2]"), "{message}");
    }
}
