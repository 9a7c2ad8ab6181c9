//! The `AdamW` optimizer, with serializable state and exact resumption.

use std::collections::BTreeMap;

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, DType, Device, InplaceOp2, Layout, Result, Tensor, Var, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, Kernel, POINTWISE, Scalars, contiguous as device_view, for_device_float};
use crate::element::{Element, TASK_ELEMENTS, contiguous, for_float, number, vectorized};

/// Hyperparameters of [`AdamW`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay rate of the running mean of the gradients.
    pub beta1: f64,
    /// Decay rate of the running mean of the squared gradients.
    pub beta2: f64,
    /// Term added to the square root of the second moment.
    pub epsilon: f64,
    /// Fraction of each parameter removed per step, scaled by the learning rate.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    /// Returns PyTorch's defaults.
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-2 }
    }
}

/// Adam with decoupled weight decay.
///
/// ```text
/// p ← p − lr·wd·p
/// m ← β1 m + (1 − β1) g        v ← β2 v + (1 − β2) g²
/// p ← p − lr / (1 − β1^k) · m / (√v / √(1 − β2^k) + ε)
/// ```
///
/// The step count k is tracked per parameter. As in PyTorch, a parameter without a gradient in a step is
/// skipped entirely (no decay, no count). Parameters are updated in place in two passes over memory, without
/// allocation.
///
/// [`AdamW::state`] and [`AdamW::load_state`] cover the full state, so a resumed run is bit-identical.
///
/// # References
///
/// Loshchilov and Hutter, Decoupled Weight Decay Regularization (arXiv 1711.05101), algorithm 2, with the
/// scaling of PyTorch's `torch.optim.AdamW`.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device, Var};
/// use mynah_ops::{AdamW, AdamWConfig};
///
/// let x = Var::ones(3, DType::F32, &Device::Cpu)?;
/// let mut optimizer = AdamW::new(vec![("x".to_owned(), x.clone())], AdamWConfig::default())?;
/// for _ in 0..10 {
///     let loss = x.sqr()?.sum_all()?;
///     optimizer.step(&loss.backward()?)?;
/// }
/// assert!(x.to_vec1::<f32>()?.iter().all(|&x| x < 1.0));
/// # Ok::<(), mynah_ops::Error>(())
/// ```
#[derive(Debug)]
pub struct AdamW {
    parameters: Vec<Parameter>,
    config: AdamWConfig,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    variable: Var,
    /// Both moments, `[2, elements]`: the first, then the second.
    moments: Tensor,
    steps: u32,
}

impl AdamW {
    /// Creates an optimizer over named variables, before its first step. The names become the keys of its
    /// state.
    ///
    /// # Errors
    ///
    /// Fails if two variables share a name or one is neither f32 nor f64.
    pub fn new(variables: Vec<(String, Var)>, config: AdamWConfig) -> Result<Self> {
        let mut parameters = Vec::with_capacity(variables.len());
        for (name, variable) in variables {
            if !matches!(variable.dtype(), DType::F32 | DType::F64) || !variable.is_contiguous() {
                bail!("adamw: `{name}` must be contiguous and f32 or f64, got {:?}", variable.dtype());
            }
            let moments = Tensor::zeros((2, variable.elem_count()), variable.dtype(), variable.device())?;
            parameters.push(Parameter { name, variable, moments, steps: 0 });
        }
        let mut names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!("adamw: two variables are called `{name}`");
        }
        Ok(Self { parameters, config })
    }

    /// Updates every parameter that has a gradient.
    pub fn step(&mut self, gradients: &GradStore) -> Result<()> {
        for parameter in &mut self.parameters {
            let Some(gradient) = gradients.get(&parameter.variable) else { continue };
            parameter.steps += 1;
            let config = self.config;
            let k = f64::from(parameter.steps);
            parameter.moments.inplace_op2(
                &gradient.contiguous()?,
                &UpdateMoments { beta1: config.beta1, beta2: config.beta2 },
            )?;
            let update = UpdateParameter {
                kept: 1.0 - config.learning_rate * config.weight_decay,
                step_size: config.learning_rate / (1.0 - config.beta1.powf(k)),
                second_scale: 1.0 / (1.0 - config.beta2.powf(k)).sqrt(),
                epsilon: config.epsilon,
            };
            parameter.variable.inplace_op2(&parameter.moments, &update)?;
        }
        Ok(())
    }

    /// Returns the current hyperparameters.
    #[must_use]
    pub fn config(&self) -> &AdamWConfig {
        &self.config
    }

    /// Sets the learning rate for all following steps.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }

    /// Returns a copy of the moments and step counts, ready for safetensors. Each parameter has
    /// `<name>.first_moment` and `<name>.second_moment`, in its shape, and `<name>.steps`, a single i64.
    ///
    /// The parameters themselves and the hyperparameters are not included.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = BTreeMap::new();
        for Parameter { name, variable, moments, steps } in &self.parameters {
            for (index, moment) in MOMENTS.into_iter().enumerate() {
                // Copied because the next step changes the moments in place.
                let values = moments.get(index)?.copy()?.reshape(variable.shape())?;
                state.insert(format!("{name}.{moment}"), values);
            }
            state.insert(format!("{name}.{STEPS}"), Tensor::new(&[i64::from(*steps)], &Device::Cpu)?);
        }
        Ok(state)
    }

    /// Restores the state returned by [`AdamW::state`] for the same parameters.
    ///
    /// # Errors
    ///
    /// Fails if a tensor is missing, unexpected, or has the wrong shape or type; the optimizer is then
    /// unchanged.
    pub fn load_state(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let mut loaded = Vec::with_capacity(self.parameters.len());
        for Parameter { name, variable, .. } in &self.parameters {
            let get = |kind: &str| {
                let key = format!("{name}.{kind}");
                state
                    .get(&key)
                    .ok_or_else(|| candle_core::Error::Msg(format!("adamw: the state has no `{key}`")).bt())
            };
            let mut moments = Vec::with_capacity(MOMENTS.len());
            for moment in MOMENTS {
                let values = get(moment)?;
                if values.shape() != variable.shape() || values.dtype() != variable.dtype() {
                    bail!(
                        "adamw: `{name}` is {:?} {:?}, but its {moment} in the state is {:?} {:?}",
                        variable.dtype(),
                        variable.dims(),
                        values.dtype(),
                        values.dims()
                    );
                }
                moments.push(values.to_device(variable.device())?.flatten_all()?);
            }
            let steps = get(STEPS)?.to_dtype(DType::I64)?.flatten_all()?.to_vec1::<i64>()?;
            let &[steps] = steps.as_slice() else {
                bail!("adamw: `{name}.{STEPS}` has {} elements, expected 1", steps.len())
            };
            let Ok(steps) = u32::try_from(steps) else {
                bail!("adamw: `{name}` has an invalid step count of {steps}")
            };
            loaded.push((Tensor::stack(&moments, 0)?, steps));
        }
        let expected = self.parameters.len() * (MOMENTS.len() + 1);
        if state.len() != expected {
            bail!("adamw: the state has {} tensors, {expected} belong to the parameters", state.len());
        }
        for (parameter, (moments, steps)) in self.parameters.iter_mut().zip(loaded) {
            parameter.moments = moments;
            parameter.steps = steps;
        }
        Ok(())
    }
}

const MOMENTS: [&str; 2] = ["first_moment", "second_moment"];
const STEPS: &str = "steps";

struct UpdateMoments {
    beta1: f64,
    beta2: f64,
}

impl InplaceOp2 for UpdateMoments {
    fn name(&self) -> &'static str {
        "adamw_moments"
    }

    fn cpu_fwd(
        &self,
        moments: &mut CpuStorage,
        layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        for_float!(gradient, self.name(), T => {
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let moments = contiguous_mut::<T>(self.name(), moments, layout)?;
            update_moments(moments, gradient, number(self.beta1), number(self.beta2));
            Ok(())
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        moments: &mut CudaStorage,
        layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        let scalars =
            Scalars { integers: &[gradient_layout.shape().elem_count()], doubles: &[self.beta1, self.beta2] };
        update_on_device("adamw_moments", (moments, layout), (gradient, gradient_layout), scalars)
    }
}

struct UpdateParameter {
    kept: f64,
    step_size: f64,
    second_scale: f64,
    epsilon: f64,
}

impl InplaceOp2 for UpdateParameter {
    fn name(&self) -> &'static str {
        "adamw_parameter"
    }

    fn cpu_fwd(
        &self,
        parameter: &mut CpuStorage,
        layout: &Layout,
        moments: &CpuStorage,
        moments_layout: &Layout,
    ) -> Result<()> {
        for_float!(moments, self.name(), T => {
            let moments = contiguous::<T>(self.name(), moments, moments_layout)?;
            let parameter = contiguous_mut::<T>(self.name(), parameter, layout)?;
            update_parameter(parameter, moments, self);
            Ok(())
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        parameter: &mut CudaStorage,
        layout: &Layout,
        moments: &CudaStorage,
        moments_layout: &Layout,
    ) -> Result<()> {
        let scalars = Scalars {
            integers: &[layout.shape().elem_count()],
            doubles: &[self.kept, self.step_size, self.second_scale, self.epsilon],
        };
        update_on_device("adamw_parameter", (parameter, layout), (moments, moments_layout), scalars)
    }
}

/// Runs the kernel with its inputs and its mutable tensors.
#[cfg(feature = "cuda")]
fn update_on_device(
    name: &'static str,
    (changed, layout): (&mut CudaStorage, &Layout),
    read: (&CudaStorage, &Layout),
    scalars: Scalars<'_>,
) -> Result<()> {
    let device = changed.device.clone();
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{name}: the kernel updates contiguous tensors, got strides {:?}", layout.stride())
    };
    for_device_float!(read.0, name, T => {
        let input = device_view::<T>(name, read)?;
        let output = changed.as_cuda_slice_mut::<T>()?.slice_mut(start..end);
        let kernel = Kernel { device: &device, module: POINTWISE, name };
        kernel.launch(Grid::Elements(scalars.integers[0]), &[&input], &mut [output], scalars)
    })
}

fn update_moments<T: Element>(moments: &mut [T], gradient: &[T], beta1: T, beta2: T) {
    let (first, second) = moments.split_at_mut(gradient.len());
    first
        .par_chunks_mut(TASK_ELEMENTS)
        .zip(second.par_chunks_mut(TASK_ELEMENTS))
        .zip(gradient.par_chunks(TASK_ELEMENTS))
        .for_each(|((first, second), gradient)| mix_in(first, second, gradient, beta1, beta2));
}

vectorized! {
    fn mix_in<'a, T>(first: &'a mut [T], second: &'a mut [T], gradient: &'a [T], beta1: T, beta2: T) {
        for ((m, v), &g) in first.iter_mut().zip(second).zip(gradient) {
            *m = beta1 * *m + (T::ONE - beta1) * g;
            *v = beta2 * *v + (T::ONE - beta2) * g * g;
        }
    }
}

fn update_parameter<T: Element>(parameter: &mut [T], moments: &[T], update: &UpdateParameter) {
    let (first, second) = moments.split_at(parameter.len());
    parameter
        .par_chunks_mut(TASK_ELEMENTS)
        .zip(first.par_chunks(TASK_ELEMENTS).zip(second.par_chunks(TASK_ELEMENTS)))
        .for_each(|(parameter, (first, second))| walk(parameter, first, second, update));
}

vectorized! {
    fn walk<'a, T>(parameter: &'a mut [T], first: &'a [T], second: &'a [T], update: &'a UpdateParameter) {
        let (kept, step_size): (T, T) = (number(update.kept), number(update.step_size));
        let (second_scale, epsilon): (T, T) = (number(update.second_scale), number(update.epsilon));
        for (p, (&m, &v)) in parameter.iter_mut().zip(first.iter().zip(second)) {
            *p = kept * *p - step_size * m / (Element::sqrt(v) * second_scale + epsilon);
        }
    }
}

/// Returns the elements of a contiguous tensor, mutably.
fn contiguous_mut<'a, T: Element>(
    op: &str,
    storage: &'a mut CpuStorage,
    layout: &Layout,
) -> Result<&'a mut [T]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{op}: the kernel requires contiguous tensors, got strides {:?}", layout.stride())
    };
    Ok(&mut T::slice_mut(storage)?[start..end])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::backprop::GradStore;
    use candle_core::{DType, Device, Tensor, Var};
    use mynah_testkit::assert_all_close;

    use super::{AdamW, AdamWConfig};
    use crate::testing::{device, normal};

    /// NaturalSpeech's settings.
    const CONFIG: AdamWConfig =
        AdamWConfig { learning_rate: 2e-4, beta1: 0.8, beta2: 0.99, epsilon: 1e-9, weight_decay: 0.01 };

    /// Returns a variable filled from `seed`.
    fn variable(seed: u64, dtype: DType) -> Var {
        Var::from_tensor(&normal(seed, (3, 7)).to_dtype(dtype).unwrap()).unwrap()
    }

    fn gradients(variable: &Var, step: u64) -> GradStore {
        let target = normal(100 + step, (3, 7)).to_dtype(variable.dtype()).unwrap();
        (variable.as_tensor() - target).unwrap().sqr().unwrap().sum_all().unwrap().backward().unwrap()
    }

    fn values(tensor: &Tensor) -> Vec<f64> {
        tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    fn optimizer(variables: &[(&str, &Var)]) -> AdamW {
        let named = variables.iter().map(|&(name, variable)| (name.to_owned(), variable.clone())).collect();
        AdamW::new(named, CONFIG).unwrap()
    }

    #[test]
    fn matches_the_formulas() {
        // Twenty steps of 2e-4 in f32 on values near 1: rounding of the parameter dominates.
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 2e-6)] {
            let x = variable(1, dtype);
            let mut adamw = optimizer(&[("x", &x)]);
            let mut p = values(&x);
            let (mut m, mut v) = (vec![0.0; p.len()], vec![0.0; p.len()]);
            for step in 1..=20_i32 {
                let gradients = gradients(&x, step as u64);
                let g = values(gradients.get(&x).unwrap());
                let rate = if step < 10 { CONFIG.learning_rate } else { 1e-3 };
                adamw.set_learning_rate(rate);
                for i in 0..p.len() {
                    p[i] -= rate * CONFIG.weight_decay * p[i];
                    m[i] = CONFIG.beta1 * m[i] + (1.0 - CONFIG.beta1) * g[i];
                    v[i] = CONFIG.beta2 * v[i] + (1.0 - CONFIG.beta2) * g[i] * g[i];
                    let first = m[i] / (1.0 - CONFIG.beta1.powi(step));
                    let second = v[i] / (1.0 - CONFIG.beta2.powi(step));
                    p[i] -= rate * first / (second.sqrt() + CONFIG.epsilon);
                }
                adamw.step(&gradients).unwrap();
                assert_all_close(&values(&x), &p, tolerance, "parameter");
            }
            assert_eq!(adamw.config().learning_rate, 1e-3);
        }
    }

    #[test]
    fn skips_parameters_without_a_gradient() {
        let (x, y) = (variable(1, DType::F32), variable(2, DType::F32));
        let mut adamw = optimizer(&[("x", &x), ("y", &y)]);
        let before = values(&y);
        adamw.step(&gradients(&x, 0)).unwrap();
        assert_eq!(values(&y), before);
        let state = adamw.state().unwrap();
        assert_eq!(state["x.steps"].to_vec1::<i64>().unwrap(), [1]);
        assert_eq!(state["y.steps"].to_vec1::<i64>().unwrap(), [0]);
    }

    #[test]
    fn resumes_bit_identically() {
        let x = variable(1, DType::F32);
        let mut adamw = optimizer(&[("x", &x)]);
        for step in 0..5 {
            adamw.step(&gradients(&x, step)).unwrap();
        }
        let state = adamw.state().unwrap();
        let saved = x.as_tensor().copy().unwrap();
        let run = |adamw: &mut AdamW, x: &Var| {
            for step in 5..12 {
                adamw.step(&gradients(x, step)).unwrap();
            }
            values(x)
        };
        let undisturbed = run(&mut adamw, &x);

        // Through a file, like a checkpoint.
        let bytes = {
            let tensors: std::collections::HashMap<String, Tensor> = state.clone().into_iter().collect();
            let path =
                std::env::temp_dir().join(format!("mynah-ops-adamw-{}.safetensors", std::process::id()));
            candle_core::safetensors::save(&tensors, &path).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            bytes
        };
        let restored: BTreeMap<String, Tensor> =
            candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap().into_iter().collect();
        let y = Var::from_tensor(&saved).unwrap();
        let mut resumed = optimizer(&[("x", &y)]);
        resumed.load_state(&restored).unwrap();
        assert_eq!(run(&mut resumed, &y), undisturbed);

        // Without the state, the result differs.
        let z = Var::from_tensor(&saved).unwrap();
        assert_ne!(run(&mut optimizer(&[("x", &z)]), &z), undisturbed);
    }

    #[test]
    fn rejects_the_state_of_other_parameters() {
        let (x, y) = (variable(1, DType::F32), variable(2, DType::F32));
        let state = optimizer(&[("x", &x)]).state().unwrap();
        let load = |state: &BTreeMap<String, Tensor>, adamw: &mut AdamW| {
            adamw.load_state(state).unwrap_err().to_string()
        };
        assert!(load(&state, &mut optimizer(&[("y", &y)])).contains("no `y.first_moment`"));
        let more = optimizer(&[("x", &x), ("y", &y)]).state().unwrap();
        assert!(load(&more, &mut optimizer(&[("x", &x)])).contains("6 tensors, 3 belong"));
        let long = variable(1, DType::F64);
        assert!(load(&state, &mut optimizer(&[("x", &long)])).contains("`x` is F64"));
    }

    #[test]
    fn rejects_duplicate_names_and_integer_parameters() {
        let x = variable(1, DType::F32);
        let twice = vec![("x".to_owned(), x.clone()), ("x".to_owned(), x)];
        assert!(AdamW::new(twice, CONFIG).unwrap_err().to_string().contains("called `x`"));
        let counts = Var::zeros(2, DType::U32, &device()).unwrap();
        assert!(AdamW::new(vec![("n".to_owned(), counts)], CONFIG).is_err());
    }
}
