//! WaveNet's gated activation: one half of the channels, through tanh, gated by the other half.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, POINTWISE, Scalars, compute};
use crate::element::{
    Element, TASK_ELEMENTS, contiguous, ensure_not_empty, for_float, into_storage, vectorized,
};

/// Multiplies the tanh of the first half of the channels by the sigmoid of the second half.
///
/// ```text
/// y[b, c, t] = tanh(x[b, c, t]) · σ(x[b, C + c, t])
/// ```
///
/// In f32, tanh and σ are accurate to 4 ULP; f64 uses the standard library.
///
/// # Shapes
///
/// `[B, 2C, T]` → `[B, C, T]`.
///
/// # References
///
/// van den Oord et al., WaveNet (arXiv 1609.03499), equation 2.
pub fn gated_activation(x: &Tensor) -> Result<Tensor> {
    let (_, channels, _) = x.dims3()?;
    ensure_not_empty("gated_activation", x)?;
    if channels % 2 != 0 {
        bail!("gated_activation: the input {:?} has an odd number of channels", x.dims());
    }
    x.contiguous()?.apply_op1(GatedActivation)
}

struct GatedActivation;

impl CustomOp1 for GatedActivation {
    fn name(&self) -> &'static str {
        "gated_activation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, time) = layout.shape().dims3()?;
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            let y = forward(x, channels / 2 * time);
            Ok((into_storage(y), (batch, channels / 2, time).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, channels, time) = layout.shape().dims3()?;
        let count = layout.shape().elem_count() / 2;
        let scalars = Scalars { integers: &[count, channels / 2 * time], doubles: &[] };
        let inputs = [(storage, layout)];
        let y = compute(self.name(), (POINTWISE, "gate"), &inputs, count, Grid::Elements(count), scalars)?;
        Ok((y, (batch, channels / 2, time).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(x.apply_op2_no_bwd(&gradient.contiguous()?, &GatedActivationBackward)?))
    }
}

struct GatedActivationBackward;

impl CustomOp2 for GatedActivationBackward {
    fn name(&self) -> &'static str {
        "gated_activation_backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, channels, time) = x_layout.shape().dims3()?;
        for_float!(x, self.name(), T => {
            let x = contiguous::<T>(self.name(), x, x_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let dx = backward(x, gradient, channels / 2 * time);
            Ok((into_storage(dx), x_layout.shape().clone()))
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
        let (_, channels, time) = x_layout.shape().dims3()?;
        let count = x_layout.shape().elem_count();
        let scalars = Scalars { integers: &[count / 2, channels / 2 * time], doubles: &[] };
        let inputs = [(x, x_layout), (gradient, gradient_layout)];
        let kernel = (POINTWISE, "gate_backward");
        let dx = compute(self.name(), kernel, &inputs, count, Grid::Elements(count / 2), scalars)?;
        Ok((dx, x_layout.shape().clone()))
    }
}

/// Computes the output; `half` is the number of elements in half of one batch item.
fn forward<T: Element>(x: &[T], half: usize) -> Vec<T> {
    let mut y = vec![T::ZERO; x.len() / 2];
    y.par_chunks_mut(half).zip(x.par_chunks(2 * half)).for_each(|(y, x)| {
        let (signal, gate) = x.split_at(half);
        y.par_chunks_mut(TASK_ELEMENTS)
            .zip(signal.par_chunks(TASK_ELEMENTS).zip(gate.par_chunks(TASK_ELEMENTS)))
            .for_each(|(y, (signal, gate))| let_through(y, signal, gate));
    });
    y
}

fn backward<T: Element>(x: &[T], gradient: &[T], half: usize) -> Vec<T> {
    let mut dx = vec![T::ZERO; x.len()];
    dx.par_chunks_mut(2 * half).zip(x.par_chunks(2 * half).zip(gradient.par_chunks(half))).for_each(
        |(dx, (x, gradient))| {
            let (dsignal, dgate) = dx.split_at_mut(half);
            let (signal, gate) = x.split_at(half);
            dsignal
                .par_chunks_mut(TASK_ELEMENTS)
                .zip(dgate.par_chunks_mut(TASK_ELEMENTS))
                .zip(signal.par_chunks(TASK_ELEMENTS).zip(gate.par_chunks(TASK_ELEMENTS)))
                .zip(gradient.par_chunks(TASK_ELEMENTS))
                .for_each(|(((dsignal, dgate), (signal, gate)), gradient)| {
                    derive(dsignal, dgate, signal, gate, gradient);
                });
        },
    );
    dx
}

vectorized! {
    fn let_through<'a, T>(y: &'a mut [T], signal: &'a [T], gate: &'a [T]) {
        for (y, (&signal, &gate)) in y.iter_mut().zip(signal.iter().zip(gate)) {
            *y = Element::tanh(signal) * Element::sigmoid(gate);
        }
    }
}

vectorized! {
    /// d/da tanh(a)σ(b) = (1 − tanh²)σ, d/db = tanh σ (1 − σ); recomputing both is cheaper than storing them.
    fn derive<'a, T>(
        dsignal: &'a mut [T],
        dgate: &'a mut [T],
        signal: &'a [T],
        gate: &'a [T],
        gradient: &'a [T],
    ) {
        let inputs = signal.iter().zip(gate).zip(gradient);
        for ((dsignal, dgate), ((&signal, &gate), &gradient)) in dsignal.iter_mut().zip(dgate).zip(inputs) {
            let (tanh, sigmoid) = (Element::tanh(signal), Element::sigmoid(gate));
            *dsignal = gradient * sigmoid * (T::ONE - tanh * tanh);
            *dgate = gradient * tanh * sigmoid * (T::ONE - sigmoid);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::DType;

    use super::gated_activation;
    use crate::testing::{check_gradients, normal};
    use mynah_testkit::assert_all_close;

    /// Two factors of at most 1, each accurate to 4 ULP in f32.
    const F32_TOLERANCE: f64 = 6e-7;

    #[test]
    fn matches_the_formula_in_both_precisions() {
        let x = normal(2, (2, 6, 37));
        let expected: Vec<f64> = {
            let x = x.to_vec3::<f64>().unwrap();
            let gate = |b: usize, c: usize, t: usize| x[b][c][t].tanh() / (1.0 + (-x[b][c + 3][t]).exp());
            (0..2 * 3 * 37).map(|i| gate(i / 111, i / 37 % 3, i % 37)).collect()
        };
        let flat = |y: candle_core::Tensor| y.flatten_all().unwrap();
        let y = flat(gated_activation(&x).unwrap()).to_vec1::<f64>().unwrap();
        assert_all_close(&y, &expected, 1e-15, "f64");
        let y = flat(gated_activation(&x.to_dtype(DType::F32).unwrap()).unwrap()).to_vec1::<f32>().unwrap();
        assert_all_close(&y, &expected, F32_TOLERANCE, "f32");
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_gradients(&[normal(3, (2, 6, 7))], |v| gated_activation(&v[0])).unwrap();
        check_gradients(&[normal(4, (2, 7, 6)).transpose(1, 2).unwrap()], |v| gated_activation(&v[0]))
            .unwrap();
    }

    #[test]
    fn rejects_an_odd_number_of_channels() {
        assert!(gated_activation(&normal(5, (1, 3, 4))).unwrap_err().to_string().contains("odd number"));
    }
}
