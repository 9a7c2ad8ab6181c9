//! The global norm of the gradients, and clipping to it.

use candle_core::backprop::GradStore;
#[cfg(feature = "cuda")]
use candle_core::{CudaStorage, Layout, cuda_backend::WrapErr as _};
use candle_core::{Result, Storage, Tensor, Var, bail};

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, Kernel, POINTWISE, allocate, contiguous as device_view, for_device_float};
use crate::element::{Element, contiguous, for_float};

/// Elements summed per chunk; the chunk sums are added in order.
const PIECE: usize = 4096;

/// Computes the Euclidean norm of the gradients of all variables together, accumulated in f64.
///
/// Variables without a gradient count as zero. The result is independent of the thread count, but its last
/// bits depend on the order of `variables`. NaN and infinite gradients give a non-finite norm.
pub fn gradient_norm<'a>(gradients: &GradStore, variables: impl IntoIterator<Item = &'a Var>) -> Result<f64> {
    let mut total = 0.0;
    for variable in variables {
        if let Some(gradient) = gradients.get(variable) {
            total += sum_of_squares(&gradient.contiguous()?)?;
        }
    }
    Ok(total.sqrt())
}

/// Scales the variables' gradients so that their norm is at most `limit`, and returns the norm before
/// scaling.
///
/// ```text
/// g ← g · min(1, limit / norm)
/// ```
///
/// If the norm is not finite, the gradients are left unchanged, so that the caller can detect it and skip the
/// step.
///
/// # References
///
/// Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks (arXiv 1211.5063),
/// section 3.2.
pub fn clip_gradients<'a>(
    gradients: &mut GradStore,
    variables: impl IntoIterator<Item = &'a Var> + Clone,
    limit: f64,
) -> Result<f64> {
    let norm = gradient_norm(gradients, variables.clone())?;
    if norm.is_finite() && norm > limit {
        for variable in variables {
            if let Some(gradient) = gradients.remove(variable) {
                gradients.insert(variable, (gradient * (limit / norm))?);
            }
        }
    }
    Ok(norm)
}

fn sum_of_squares(gradient: &Tensor) -> Result<f64> {
    let (storage, layout) = gradient.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => for_float!(storage, "gradient_norm", T => {
            Ok(contiguous::<T>("gradient_norm", storage, layout)?.chunks(PIECE).map(piece).sum())
        }),
        #[cfg(feature = "cuda")]
        Storage::Cuda(storage) => sum_of_squares_on_device(storage, layout),
        _ => bail!("gradient_norm: unsupported device {:?}", gradient.device()),
    }
}

/// Computes block sums on the device and adds them in order.
#[cfg(feature = "cuda")]
fn sum_of_squares_on_device(storage: &CudaStorage, layout: &Layout) -> Result<f64> {
    use candle_core::cuda_backend::cudarc::driver::PushKernelArg as _;

    let (device, count) = (&storage.device, layout.shape().elem_count() as i64);
    for_device_float!(storage, "gradient_norm", T => {
        let values = device_view::<T>("gradient_norm", (storage, layout))?;
        let grid = Grid::Elements(values.len()).config()?;
        let mut sums = allocate::<f64>(device, grid.grid_dim.0 as usize)?;
        let function = Kernel { device, module: POINTWISE, name: "sum_squares" }.load::<T>()?;
        let stream = device.cuda_stream();
        let mut arguments = stream.launch_builder(&function);
        arguments.arg(&values).arg(&mut sums).arg(&count);
        // SAFETY: the arguments match the kernel, and there is one sum per block.
        #[expect(unsafe_code, reason = "nothing checks a kernel's arguments against its parameters")]
        unsafe {
            arguments.launch(grid).w()?;
        }
        Ok(device.clone_dtoh(&sums)?.iter().sum())
    })
}

fn piece<T: Element>(values: &[T]) -> f64 {
    values.iter().map(|value| value.to_f64() * value.to_f64()).sum()
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor, Var};
    use mynah_testkit::{assert_all_close, assert_close};

    use super::{clip_gradients, gradient_norm};
    use crate::testing::device;

    /// Returns two variables with gradients 2x and 3, and one without, with their gradients.
    fn example(dtype: DType) -> (Vec<Var>, candle_core::backprop::GradStore) {
        let new = |values: &[f64]| {
            Var::from_tensor(&Tensor::new(values, &device()).unwrap().to_dtype(dtype).unwrap()).unwrap()
        };
        let (x, y, unused) = (new(&[1.0, -2.0]), new(&[5.0, 6.0, 7.0]), new(&[1.0]));
        let squares = x.sqr().unwrap().sum_all().unwrap();
        let loss = (squares + (y.sum_all().unwrap() * 3.0).unwrap()).unwrap();
        (vec![x, y, unused], loss.backward().unwrap())
    }

    #[test]
    fn norm_covers_all_variables() {
        for dtype in [DType::F32, DType::F64] {
            let (variables, gradients) = example(dtype);
            let expected = (4.0 + 16.0 + 3.0 * 9.0_f64).sqrt();
            assert_close(gradient_norm(&gradients, &variables).unwrap(), expected, 1e-12, "norm");
            assert_close(gradient_norm(&gradients, &variables[2..]).unwrap(), 0.0, 0.0, "norm of nothing");
        }
    }

    #[test]
    fn clipping_bounds_the_norm_and_keeps_the_direction() {
        let (variables, mut gradients) = example(DType::F64);
        let norm = clip_gradients(&mut gradients, &variables, 1.0).unwrap();
        assert_close(norm, 47.0_f64.sqrt(), 1e-12, "norm before");
        assert_close(gradient_norm(&gradients, &variables).unwrap(), 1.0, 1e-12, "norm after");
        let x = gradients.get(&variables[0]).unwrap().to_vec1::<f64>().unwrap();
        assert_all_close(&x, &[2.0 / norm, -4.0 / norm], 1e-12, "direction");
    }

    #[test]
    fn leaves_small_and_non_finite_gradients_unchanged() {
        let (variables, mut gradients) = example(DType::F64);
        clip_gradients(&mut gradients, &variables, 100.0).unwrap();
        assert_eq!(gradients.get(&variables[0]).unwrap().to_vec1::<f64>().unwrap(), [2.0, -4.0]);
        gradients.insert(&variables[1], Tensor::new(&[f64::NAN, 1.0, 2.0], &device()).unwrap());
        assert!(clip_gradients(&mut gradients, &variables, 1.0).unwrap().is_nan());
        assert_eq!(gradients.get(&variables[0]).unwrap().to_vec1::<f64>().unwrap(), [2.0, -4.0]);
    }
}
