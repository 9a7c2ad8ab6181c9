//! A unidirectional or bidirectional LSTM layer.

use std::any::Any;
use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Storage, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use crate::element::{Element, contiguous, ensure_not_empty, for_float, into_storage, vectorized};
use crate::product::{Matrix, add_product};

/// Sequences that one task takes through all steps: enough to make packing for the matrix products pay off.
const ROWS: usize = 128;
/// Number of gates: input, forget, cell and output.
const GATES: usize = 4;

/// Runs an LSTM layer on precomputed gate inputs and returns its hidden states.
///
/// ```text
/// [i f g o] = gates_t + h_{t−1} · recurrent
/// c_t = σ(f) · c_{t−1} + σ(i) · tanh(g)
/// h_t = σ(o) · tanh(c_t)
/// ```
///
/// `gates` is the input times its weights plus the bias, a single matrix product over all steps, outside the
/// loop. h and c start at zero. With two directions, the second runs from the last step to the first; its
/// gates and states are the second halves of the channels. All sequences of a batch have the same length.
///
/// In f32, tanh and σ are accurate to 4 ULP; f64 uses the standard library. Gate activations, cells and
/// states of all steps are kept for the backward pass.
///
/// # Shapes
///
/// `gates` is `[T, B, D·4H]` and `recurrent` is `[D, H, 4H]`, with D = 1 or 2 directions; the result is
/// `[T, B, D·H]`.
///
/// # Errors
///
/// Fails if the shapes do not match or a tensor is empty.
///
/// # References
///
/// Gers, Schmidhuber, Cummins, Learning to Forget, Neural Computation 12 (2000), as formulated in PyTorch's
/// `LSTM`.
pub fn lstm(gates: &Tensor, recurrent: &Tensor) -> Result<Tensor> {
    ensure_not_empty("lstm", gates)?;
    ensure_not_empty("lstm", recurrent)?;
    let (_, _, channels) = gates.dims3()?;
    let (directions, hidden, width) = recurrent.dims3()?;
    if directions > 2 || width != GATES * hidden || channels != directions * width {
        bail!("lstm: the gates {:?} do not match the recurrent weights {:?}", gates.dims(), recurrent.dims());
    }
    gates.contiguous()?.apply_op2(&recurrent.contiguous()?, Lstm { kept: OnceLock::new() })
}

/// The work of one task: a range of sequences in one direction.
#[derive(Clone, Copy)]
struct Part {
    direction: usize,
    /// Index of the first sequence.
    start: usize,
    rows: usize,
}

/// Dimensions of a layer.
#[derive(Clone, Copy)]
struct Sizes {
    time: usize,
    batch: usize,
    directions: usize,
    hidden: usize,
}

/// Intermediate values of a part, by step, in the direction's order of processing.
struct Kept<T> {
    part: Part,
    /// Gate activations, `[steps, rows, 4H]`.
    gates: Vec<T>,
    /// Cells c, `[steps, rows, H]`.
    cells: Vec<T>,
    /// Hidden states h, `[steps, rows, H]`.
    states: Vec<T>,
}

struct Lstm {
    kept: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl CustomOp2 for Lstm {
    fn name(&self) -> &'static str {
        "lstm"
    }

    fn cpu_fwd(
        &self,
        gates: &CpuStorage,
        gates_layout: &Layout,
        recurrent: &CpuStorage,
        recurrent_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = Sizes::new(gates_layout.dims(), recurrent_layout.dims());
        for_float!(gates, self.name(), T => {
            let gates = contiguous::<T>(self.name(), gates, gates_layout)?;
            let recurrent = contiguous::<T>(self.name(), recurrent, recurrent_layout)?;
            let kept: Vec<Kept<T>> =
                sizes.parts().into_par_iter().map(|part| forward(gates, recurrent, sizes, part)).collect();
            let mut y = vec![T::ZERO; sizes.time * sizes.batch * sizes.directions * sizes.hidden];
            for kept in &kept {
                sizes.put(&mut y, &kept.states, sizes.hidden, kept.part);
            }
            let _ = self.kept.set(Box::new(kept));
            Ok((into_storage(y), (sizes.time, sizes.batch, sizes.directions * sizes.hidden).into()))
        })
    }

    fn bwd(
        &self,
        gates: &Tensor,
        recurrent: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = Sizes::new(gates.dims(), recurrent.dims());
        let gradient = gradient.contiguous()?;
        let (storage, layout) = gradient.storage_and_layout();
        let (weights, weights_layout) = recurrent.storage_and_layout();
        let (Storage::Cpu(storage), Storage::Cpu(weights)) = (&*storage, &*weights) else {
            bail!("lstm: the tensors must be on the CPU")
        };
        for_float!(storage, self.name(), T => {
            let gradient = contiguous::<T>(self.name(), storage, layout)?;
            let weights = contiguous::<T>(self.name(), weights, weights_layout)?;
            let Some(kept) = self.kept.get().and_then(|kept| kept.downcast_ref::<Vec<Kept<T>>>()) else {
                bail!("lstm: the forward pass has not run")
            };
            let parts: Vec<(Vec<T>, Vec<T>)> =
                kept.par_iter().map(|kept| backward(gradient, weights, sizes, kept)).collect();
            let mut dgates = vec![T::ZERO; gates.elem_count()];
            let mut dweights = vec![T::ZERO; recurrent.elem_count()];
            let size = GATES * sizes.hidden * sizes.hidden;
            for (kept, (dpart, dweight)) in kept.iter().zip(&parts) {
                sizes.put(&mut dgates, dpart, GATES * sizes.hidden, kept.part);
                let start = kept.part.direction * size;
                for (sum, &value) in dweights[start..start + size].iter_mut().zip(dweight) {
                    *sum += value;
                }
            }
            Ok((
                Some(Tensor::from_vec(dgates, gates.shape(), gates.device())?),
                Some(Tensor::from_vec(dweights, recurrent.shape(), recurrent.device())?),
            ))
        })
    }
}

impl Sizes {
    fn new(gates: &[usize], recurrent: &[usize]) -> Self {
        Self { time: gates[0], batch: gates[1], directions: recurrent[0], hidden: recurrent[1] }
    }

    /// Splits the layer into tasks; their number does not depend on the thread count.
    fn parts(self) -> Vec<Part> {
        let starts = (0..self.directions).flat_map(|d| (0..self.batch).step_by(ROWS).map(move |s| (d, s)));
        starts
            .map(|(direction, start)| Part { direction, start, rows: ROWS.min(self.batch - start) })
            .collect()
    }

    /// Returns the offsets of a part's rows at a step, in a tensor with `width` channels per direction.
    fn rows(self, part: Part, step: usize, width: usize) -> impl Iterator<Item = usize> {
        let time = if part.direction == 0 { step } else { self.time - 1 - step };
        let first = (time * self.batch + part.start) * self.directions * width + part.direction * width;
        (0..part.rows).map(move |row| first + row * self.directions * width)
    }

    /// Copies a part's rows at one step out of a tensor.
    fn take<T: Copy>(self, to: &mut [T], from: &[T], width: usize, part: Part, step: usize) {
        for (to, start) in to.chunks_exact_mut(width).zip(self.rows(part, step, width)) {
            to.copy_from_slice(&from[start..start + width]);
        }
    }

    /// Copies all steps of a part into a tensor.
    fn put<T: Copy>(self, to: &mut [T], from: &[T], width: usize, part: Part) {
        for (step, from) in from.chunks_exact(part.rows * width).enumerate() {
            for (from, start) in from.chunks_exact(width).zip(self.rows(part, step, width)) {
                to[start..start + width].copy_from_slice(from);
            }
        }
    }
}

fn forward<T: Element>(gates: &[T], recurrent: &[T], sizes: Sizes, part: Part) -> Kept<T> {
    let Sizes { time, hidden, .. } = sizes;
    let (width, state) = (part.rows * GATES * hidden, part.rows * hidden);
    let weights = &recurrent[part.direction * GATES * hidden * hidden..][..GATES * hidden * hidden];
    let weights = Matrix::of_rows(weights, GATES * hidden);
    let zeros = |count: usize| vec![T::ZERO; count];
    let mut kept =
        Kept { part, gates: zeros(time * width), cells: zeros(time * state), states: zeros(time * state) };
    let nothing = vec![T::ZERO; state];
    for step in 0..time {
        let z = &mut kept.gates[step * width..(step + 1) * width];
        sizes.take(z, gates, GATES * hidden, part, step);
        let (before, cells) = kept.cells.split_at_mut(step * state);
        let cells_before = before.rchunks_exact(state).next().unwrap_or(&nothing[..]);
        let (before, states) = kept.states.split_at_mut(step * state);
        if let Some(states_before) = before.rchunks_exact(state).next() {
            let sizes = (part.rows, GATES * hidden, hidden);
            let states_before = Matrix::of_rows(states_before, hidden);
            add_product(z, states_before, weights, sizes, Parallelism::None);
        }
        advance(z, cells_before, &mut cells[..state], &mut states[..state], hidden);
    }
    kept
}

/// Returns the gradients of a part's gates, `[steps, rows, 4H]`, and recurrent weights, `[H, 4H]`.
fn backward<T: Element>(gradient: &[T], weights: &[T], sizes: Sizes, kept: &Kept<T>) -> (Vec<T>, Vec<T>) {
    let (Sizes { time, hidden, .. }, part) = (sizes, kept.part);
    let (width, state) = (part.rows * GATES * hidden, part.rows * hidden);
    let weights = &weights[part.direction * GATES * hidden * hidden..][..GATES * hidden * hidden];
    let weights = Matrix::of_rows(weights, GATES * hidden);
    let nothing = vec![T::ZERO; state];
    let mut dgates = vec![T::ZERO; time * width];
    let (mut dstate, mut dcell) = (vec![T::ZERO; state], vec![T::ZERO; state]);
    for step in (0..time).rev() {
        let (dz, behind) = dgates[step * width..].split_at_mut(width);
        sizes.take(&mut dstate, gradient, hidden, part, step);
        if let Some(dz_next) = behind.chunks_exact(width).next() {
            let sizes = (part.rows, hidden, GATES * hidden);
            let dz_next = Matrix::of_rows(dz_next, GATES * hidden);
            add_product(&mut dstate, dz_next, weights.transposed(), sizes, Parallelism::None);
        }
        let cells_before =
            if step == 0 { &nothing[..] } else { &kept.cells[(step - 1) * state..step * state] };
        let cells = &kept.cells[step * state..(step + 1) * state];
        let z = &kept.gates[step * width..(step + 1) * width];
        retreat(dz, &mut dcell, &dstate, z, cells_before, cells, hidden);
    }
    let mut dweights = vec![T::ZERO; GATES * hidden * hidden];
    if time > 1 {
        let sizes = (hidden, GATES * hidden, (time - 1) * part.rows);
        let states = Matrix::of_rows(&kept.states, hidden);
        let dgates = Matrix::of_rows(&dgates[width..], GATES * hidden);
        add_product(&mut dweights, states.transposed(), dgates, sizes, Parallelism::None);
    }
    (dgates, dweights)
}

vectorized! {
    /// Advances all rows by one step, activating the gates in place.
    fn advance<'a, T>(z: &'a mut [T], before: &'a [T], cells: &'a mut [T], states: &'a mut [T], hidden: usize) {
        let rows = cells.chunks_exact_mut(hidden).zip(states.chunks_exact_mut(hidden));
        let rows = rows.zip(before.chunks_exact(hidden)).zip(z.chunks_exact_mut(GATES * hidden));
        for (((cells, states), before), z) in rows {
            let (i, rest) = z.split_at_mut(hidden);
            let (f, rest) = rest.split_at_mut(hidden);
            let (g, o) = rest.split_at_mut(hidden);
            let gates = i.iter_mut().zip(f).zip(g.iter_mut().zip(o));
            let values = cells.iter_mut().zip(states).zip(before);
            for (((i, f), (g, o)), ((cell, state), &before)) in gates.zip(values) {
                *i = Element::sigmoid(*i);
                *f = Element::sigmoid(*f);
                *g = Element::tanh(*g);
                *o = Element::sigmoid(*o);
                *cell = *f * before + *i * *g;
                *state = *o * Element::tanh(*cell);
            }
        }
    }
}

vectorized! {
    /// Backpropagates one step of all rows. `dcell` enters from the next step and leaves for the previous
    /// one.
    fn retreat<'a, T>(
        dz: &'a mut [T],
        dcell: &'a mut [T],
        dstate: &'a [T],
        z: &'a [T],
        before: &'a [T],
        cells: &'a [T],
        hidden: usize,
    ) {
        let inputs = before.chunks_exact(hidden).zip(cells.chunks_exact(hidden));
        let rows = dz.chunks_exact_mut(GATES * hidden).zip(dcell.chunks_exact_mut(hidden));
        let rows = rows.zip(dstate.chunks_exact(hidden)).zip(z.chunks_exact(GATES * hidden).zip(inputs));
        for (((dz, dcell), dstate), (z, (before, cells))) in rows {
            let (di, rest) = dz.split_at_mut(hidden);
            let (df, rest) = rest.split_at_mut(hidden);
            let (dg, d_o) = rest.split_at_mut(hidden);
            let (i, rest) = z.split_at(hidden);
            let (f, rest) = rest.split_at(hidden);
            let (g, o) = rest.split_at(hidden);
            // All slices have the same length; restated so that the loop has no bounds checks and vectorizes.
            let (d_o, o) = (&mut d_o[..hidden], &o[..hidden]);
            let (dcell, dstate) = (&mut dcell[..hidden], &dstate[..hidden]);
            let (before, cells) = (&before[..hidden], &cells[..hidden]);
            for index in 0..hidden {
                let (i, f, g, o) = (i[index], f[index], g[index], o[index]);
                let tanh = Element::tanh(cells[index]);
                let dh = dstate[index];
                let dc = dcell[index] + dh * o * (T::ONE - tanh * tanh);
                di[index] = dc * g * i * (T::ONE - i);
                df[index] = dc * before[index] * f * (T::ONE - f);
                dg[index] = dc * i * (T::ONE - g * g);
                d_o[index] = dh * tanh * o * (T::ONE - o);
                dcell[index] = dc * f;
            }
        }
    }
}

// CPU only: it trains the small network of `g2p`, which does not use a GPU.
#[cfg(test)]
#[cfg(not(feature = "cuda"))]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use mynah_testkit::assert_all_close;

    use super::lstm;
    use crate::testing::{check_gradients, normal};

    /// Six steps in f32, on values below 1.
    const F32_TOLERANCE: f64 = 3e-6;

    /// Evaluates the formulas step by step, element by element.
    fn plain(gates: &Tensor, recurrent: &Tensor) -> Vec<f64> {
        let (time, batch, _) = gates.dims3().unwrap();
        let (directions, hidden, _) = recurrent.dims3().unwrap();
        let (x, weights) = (gates.to_vec3::<f64>().unwrap(), recurrent.to_vec3::<f64>().unwrap());
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut y = vec![0.0; time * batch * directions * hidden];
        for d in 0..directions {
            for b in 0..batch {
                let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
                for step in 0..time {
                    let t = if d == 0 { step } else { time - 1 - step };
                    let gate = |kind: usize, j: usize| {
                        let column = kind * hidden + j;
                        let recurrent: f64 = (0..hidden).map(|k| h[k] * weights[d][k][column]).sum();
                        x[t][b][d * 4 * hidden + column] + recurrent
                    };
                    let all: Vec<[f64; 4]> =
                        (0..hidden).map(|j| [gate(0, j), gate(1, j), gate(2, j), gate(3, j)]).collect();
                    for (j, [i, f, g, o]) in all.into_iter().enumerate() {
                        c[j] = sigmoid(f) * c[j] + sigmoid(i) * g.tanh();
                        h[j] = sigmoid(o) * c[j].tanh();
                        y[((t * batch + b) * directions + d) * hidden + j] = h[j];
                    }
                }
            }
        }
        y
    }

    #[test]
    fn matches_the_formulas_in_both_precisions() {
        // 150 sequences need more than one task.
        for (time, batch, directions, hidden) in [(6, 3, 1, 5), (6, 150, 2, 3), (1, 1, 2, 2)] {
            let gates = normal(1, (time, batch, directions * 4 * hidden));
            let recurrent = normal(2, (directions, hidden, 4 * hidden));
            let expected = plain(&gates, &recurrent);
            let flat = |y: Tensor| y.flatten_all().unwrap();
            let y = flat(lstm(&gates, &recurrent).unwrap()).to_vec1::<f64>().unwrap();
            assert_all_close(&y, &expected, 1e-13, "f64");
            let single = |x: &Tensor| x.to_dtype(DType::F32).unwrap();
            let y = flat(lstm(&single(&gates), &single(&recurrent)).unwrap()).to_vec1::<f32>().unwrap();
            assert_all_close(&y, &expected, F32_TOLERANCE, "f32");
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        for (time, batch, directions, hidden) in [(5, 3, 1, 4), (4, 2, 2, 3), (2, 131, 2, 2), (1, 2, 2, 3)] {
            let arguments = [
                normal(3, (time, batch, directions * 4 * hidden)),
                normal(4, (directions, hidden, 4 * hidden)),
            ];
            check_gradients(&arguments, |v| lstm(&v[0], &v[1])).unwrap();
        }
        let transposed = normal(5, (2, 4, 12)).transpose(0, 1).unwrap();
        check_gradients(&[transposed, normal(6, (1, 3, 12))], |v| lstm(&v[0], &v[1])).unwrap();
    }

    #[test]
    fn rejects_mismatched_shapes() {
        let ones = |shape: (usize, usize, usize)| Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap();
        for (gates, recurrent) in [
            ((2, 2, 12), (2, 3, 12)),
            ((2, 2, 12), (1, 3, 11)),
            ((2, 2, 36), (3, 3, 12)),
            ((2, 0, 12), (1, 3, 12)),
        ] {
            assert!(lstm(&ones(gates), &ones(recurrent)).is_err(), "{gates:?} {recurrent:?}");
        }
    }
}
