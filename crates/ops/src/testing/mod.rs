//! Test helpers for this crate and its users: gradient checks against finite differences, and golden modules.

mod golden;

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};

use crate::noise::Noise;

pub use golden::{GoldenModule, fill_parameters};

/// Number of elements compared per argument.
const SAMPLES: usize = 24;
/// Half the step of the central difference. The truncation error (h²) and the rounding error (ε/h) in f64 are
/// then both near 1e-10 for values near 1.
const STEP: f64 = 1e-5;
/// Largest allowed difference, relative to the larger of the gradient and the argument's typical gradient.
const TOLERANCE: f64 = 2e-6;

/// Returns the test device: the first CUDA device with the feature `cuda`, otherwise the CPU.
///
/// Each thread has its own device, with its own stream.
///
/// # Panics
///
/// Panics if the feature is enabled but no device is available, because tests meant for it would not have
/// run.
#[must_use]
pub fn device() -> Device {
    #[cfg(feature = "cuda")]
    {
        thread_local! {
            static DEVICE: Device = crate::cuda_device(0).unwrap_or_else(|error| panic!("{error}"));
        }
        DEVICE.with(Device::clone)
    }
    #[cfg(not(feature = "cuda"))]
    Device::Cpu
}

/// Draws standard normal numbers in f64 on the [`device`], reproducibly from the seed.
///
/// # Panics
///
/// Panics if the device fails.
#[must_use]
pub fn normal(seed: u64, shape: impl Into<Shape>) -> Tensor {
    Noise::new(seed).normal(shape, DType::F64, &device()).expect("every device supports f64")
}

/// Returns numbers from -1 to 1 with 24 bits, exact in f32, as f64 on the [`device`]. They hash the position
/// and the seed, exactly as the golden scripts do.
///
/// # Panics
///
/// Panics if the device fails.
#[must_use]
pub fn numbers(seed: u64, shape: &[usize]) -> Tensor {
    const LOW: u64 = 0xffff_ffff;
    let number = |place: u64| {
        let mut x = (place * 2_654_435_761 + seed * 40_503) & LOW;
        x ^= x >> 15;
        x = (x * 2_246_822_519) & LOW;
        x ^= x >> 13;
        (x >> 8) as f64 / f64::from(1 << 23) - 1.0
    };
    let count: usize = shape.iter().product();
    Tensor::from_iter((1..=count as u64).map(number), &device())
        .and_then(|numbers| numbers.reshape(shape))
        .expect("the count matches the shape")
}

/// Compares the gradients of `function` with central differences, in f64, at sampled elements of every
/// argument.
///
/// The result of `function` is reduced to a scalar by fixed random weights, so that each output contributes
/// differently. The arguments keep their layout: a transposed view is differentiated as one.
///
/// # Errors
///
/// Returns an error naming the argument, the element and both values if they differ, or the argument if it
/// has no gradient.
pub fn check_gradients(arguments: &[Tensor], function: impl Fn(&[Tensor]) -> Result<Tensor>) -> Result<()> {
    let variables: Vec<Var> =
        arguments.iter().map(|argument| Var::from_tensor(&argument.contiguous()?)).collect::<Result<_>>()?;
    let permutations: Vec<Vec<usize>> = arguments.iter().map(layout_order).collect();
    let evaluate = || -> Result<Tensor> {
        let views = variables
            .iter()
            .zip(&permutations)
            .map(|(variable, order)| with_layout(variable, order))
            .collect::<Result<Vec<_>>>()?;
        let output = function(&views)?;
        (&output * normal(0x0b5e_55ed, output.shape()))?.sum_all()
    };

    let gradients = evaluate()?.backward()?;
    for (index, variable) in variables.iter().enumerate() {
        let Some(gradient) = gradients.get(variable) else { bail!("argument {index} has no gradient") };
        if gradient.shape() != variable.shape() {
            bail!("argument {index}: shape {:?}, gradient {:?}", variable.dims(), gradient.dims());
        }
        let gradient = gradient.flatten_all()?.to_vec1::<f64>()?;
        let values = variable.flatten_all()?.to_vec1::<f64>()?;
        let scale = (gradient.iter().map(|g| g * g).sum::<f64>() / gradient.len() as f64).sqrt();

        // A stride coprime to most lengths samples all parts of the argument.
        let samples = SAMPLES.min(values.len());
        for sample in 0..samples {
            let element = if samples == values.len() { sample } else { (sample * 7919 + 13) % values.len() };
            let difference = |offset: f64| -> Result<f64> {
                let mut moved = values.clone();
                moved[element] += offset;
                variable.set(&Tensor::from_vec(moved, variable.shape(), variable.device())?)?;
                evaluate()?.to_scalar::<f64>()
            };
            let expected = (difference(STEP)? - difference(-STEP)?) / (2.0 * STEP);
            let actual = gradient[element];
            let allowed = TOLERANCE * (1.0 + scale.max(expected.abs()));
            // Written so that NaN fails.
            let agrees = (actual - expected).abs() <= allowed;
            if !agrees {
                bail!(
                    "argument {index}, element {element} of {:?}: gradient {actual}, finite difference {expected}",
                    variable.dims()
                );
            }
        }
        variable.set(&Tensor::from_vec(values, variable.shape(), variable.device())?)?;
    }
    Ok(())
}

/// Returns the dimensions from slowest to fastest in memory.
fn layout_order(tensor: &Tensor) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tensor.rank()).collect();
    order.sort_by_key(|&dim| std::cmp::Reverse(tensor.stride()[dim]));
    order
}

/// Copies a tensor into the given memory order of dimensions, with the same values and shape.
fn with_layout(tensor: &Tensor, order: &[usize]) -> Result<Tensor> {
    let mut inverse = vec![0; order.len()];
    for (position, &dim) in order.iter().enumerate() {
        inverse[dim] = position;
    }
    tensor.permute(order)?.contiguous()?.permute(inverse)
}
