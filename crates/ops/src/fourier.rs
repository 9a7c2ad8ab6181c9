//! The real Fourier transform of windowed frames and its adjoint, the basis of all spectral operations.

#[cfg(any(test, feature = "cuda"))]
use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, bail};
use mynah_fourier::{Complex, ComplexToReal, Real, RealToComplex};
use rayon::prelude::*;

use crate::element::{Element, contiguous, into_storage, number};

/// Frames per parallel task.
const TASK_FRAMES: usize = 16;

/// A planned transform of frames of N samples, with a window w and a scale s for each of the F = N / 2 + 1
/// bins.
///
/// ```text
/// analysis   X[k] =  s[k] Σ_n w[n] x[n] e^(−2πikn / N)
/// synthesis  x[n] =  w[n] Σ_k s[k] (Re X[k] cos(2πkn / N) − Im X[k] sin(2πkn / N))
/// ```
///
/// As real linear maps, analysis and synthesis are each other's transpose, and hence each other's gradient. A
/// spectrum stores F real parts, then F imaginary parts. The CPU uses fast transforms, a GPU products with a
/// table.
#[derive(Clone)]
pub(crate) struct Fourier {
    n_fft: usize,
    window: Arc<[f64]>,
    scales: Arc<[f64]>,
    single: Plans<f32>,
    double: Plans<f64>,
    /// Analysis coefficients, `[N, 2F]`; only on a GPU.
    #[cfg(feature = "cuda")]
    table: Option<Tensor>,
    dtype: DType,
}

/// The forward and inverse fast transforms in one precision.
#[derive(Clone)]
struct Plans<T> {
    forward: Arc<dyn RealToComplex<T>>,
    inverse: Arc<dyn ComplexToReal<T>>,
}

impl<T: Real> Plans<T> {
    fn new(n_fft: usize) -> Self {
        Self { forward: T::forward(n_fft), inverse: T::inverse(n_fft) }
    }
}

/// A number type with planned transforms.
trait Planned: Element + Real {
    fn plans(fourier: &Fourier) -> &Plans<Self>;
}

impl Planned for f32 {
    fn plans(fourier: &Fourier) -> &Plans<Self> {
        &fourier.single
    }
}

impl Planned for f64 {
    fn plans(fourier: &Fourier) -> &Plans<Self> {
        &fourier.double
    }
}

impl fmt::Debug for Fourier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fourier")
            .field("n_fft", &self.n_fft)
            .field("dtype", &self.dtype)
            .finish_non_exhaustive()
    }
}

impl Fourier {
    /// Plans a transform with as many points as the window and one scale per bin.
    pub(crate) fn new(window: Vec<f64>, scales: Vec<f64>, device: &Device, dtype: DType) -> Result<Self> {
        let n_fft = window.len();
        if !device.is_cpu() && cfg!(not(feature = "cuda")) {
            bail!("fourier: unsupported device");
        }
        Ok(Self {
            n_fft,
            #[cfg(feature = "cuda")]
            table: if device.is_cpu() { None } else { Some(table(&window, &scales, device, dtype)?) },
            window: window.into(),
            scales: scales.into(),
            single: Plans::new(n_fft),
            double: Plans::new(n_fft),
            dtype,
        })
    }

    /// Transforms `[B, T, N]` to `[B, T, 2F]`.
    pub(crate) fn analyze(&self, frames: &Tensor) -> Result<Tensor> {
        self.check(frames, self.n_fft)?;
        frames.contiguous()?.apply_op1(Transform { fourier: self.clone(), synthesis: false })
    }

    /// Transforms `[B, T, 2F]` to `[B, T, N]`.
    pub(crate) fn synthesize(&self, spectrum: &Tensor) -> Result<Tensor> {
        self.check(spectrum, 2 * self.scales.len())?;
        spectrum.contiguous()?.apply_op1(Transform { fourier: self.clone(), synthesis: true })
    }

    fn check(&self, x: &Tensor, width: usize) -> Result<()> {
        if x.rank() != 3 || x.dim(2)? != width || x.dtype() != self.dtype {
            let (n_fft, dtype) = (self.n_fft, self.dtype);
            bail!(
                "fourier: a transform of {n_fft} points in {dtype:?} cannot be applied to {:?} {:?}",
                x.dtype(),
                x.dims()
            );
        }
        Ok(())
    }
}

/// Returns the analysis coefficients: cosines, then negative sines.
#[cfg(any(test, feature = "cuda"))]
fn table(window: &[f64], scales: &[f64], device: &Device, dtype: DType) -> Result<Tensor> {
    let (n_fft, bins) = (window.len(), scales.len());
    let mut table = vec![0.0_f64; n_fft * 2 * bins];
    for ((n, &weight), row) in window.iter().enumerate().zip(table.chunks_exact_mut(2 * bins)) {
        for (k, &scale) in scales.iter().enumerate() {
            // The product is reduced first: the sine of a large angle loses precision.
            let place = (k * n) % n_fft;
            let angle = TAU * place as f64 / n_fft as f64;
            row[k] = scale * weight * angle.cos();
            row[bins + k] = if 2 * place == n_fft { 0.0 } else { -scale * weight * angle.sin() };
        }
    }
    Tensor::from_vec(table, (n_fft, 2 * bins), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
}

/// One direction of a transform, as an operation.
struct Transform {
    fourier: Fourier,
    synthesis: bool,
}

impl CustomOp1 for Transform {
    fn name(&self) -> &'static str {
        if self.synthesis { "fourier_synthesis" } else { "fourier_analysis" }
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        match storage {
            CpuStorage::F32(_) => self.run::<f32>(storage, layout),
            CpuStorage::F64(_) => self.run::<f64>(storage, layout),
            _ => bail!("{}: tensors must be f32 or f64", self.name()),
        }
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        use candle_core::Storage;
        use candle_core::backend::BackendStorage as _;

        let (batch, time, depth) = layout.shape().dims3()?;
        let Some(table) = &self.fourier.table else { bail!("{}: planned for the CPU", self.name()) };
        let (guard, table_layout) = table.storage_and_layout();
        let Storage::Cuda(table) = &*guard else { bail!("{}: planned for another device", self.name()) };
        let (rows, columns) = table_layout.shape().dims2()?;
        let (columns, table_layout) = if self.synthesis {
            (rows, table_layout.transpose(0, 1)?)
        } else {
            (columns, table_layout.clone())
        };
        let layout = Layout::contiguous_with_offset((batch * time, depth), layout.start_offset());
        let y = storage.matmul(table, (1, batch * time, columns, depth), &layout, &table_layout)?;
        Ok((y, (batch, time, columns).into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let transposed = Self { fourier: self.fourier.clone(), synthesis: !self.synthesis };
        Ok(Some(gradient.contiguous()?.apply_op1_no_bwd(&transposed)?))
    }
}

impl Transform {
    fn run<T: Planned>(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, time, width) = layout.shape().dims3()?;
        let x = contiguous::<T>(self.name(), storage, layout)?;
        let Fourier { n_fft, window, scales, .. } = &self.fourier;
        let plans = T::plans(&self.fourier);
        let window: Vec<T> = window.iter().map(|&weight| number(weight)).collect();
        let scales: Vec<T> = scales.iter().map(|&scale| number(scale)).collect();
        let out = if self.synthesis { *n_fft } else { 2 * scales.len() };
        let mut y = vec![T::ZERO; batch * time * out];
        y.par_chunks_mut(TASK_FRAMES * out).zip(x.par_chunks(TASK_FRAMES * width)).for_each(|(y, x)| {
            let frames = y.chunks_exact_mut(out).zip(x.chunks_exact(width));
            if self.synthesis {
                synthesize(frames, plans, &window, &scales);
            } else {
                analyze(frames, plans, &window, &scales);
            }
        });
        Ok((into_storage(y), (batch, time, out).into()))
    }
}

fn analyze<'a, T: Planned>(
    frames: impl Iterator<Item = (&'a mut [T], &'a [T])>,
    plans: &Plans<T>,
    window: &[T],
    scales: &[T],
) {
    let mut input = plans.forward.make_input_vec();
    let mut output = plans.forward.make_output_vec();
    let mut scratch = plans.forward.make_scratch_vec();
    for (spectrum, frame) in frames {
        for (input, (&x, &weight)) in input.iter_mut().zip(frame.iter().zip(window)) {
            *input = x * weight;
        }
        plans
            .forward
            .process_with_scratch(&mut input, &mut output, &mut scratch)
            .expect("the plan allocated the buffers");
        let (real, imaginary) = spectrum.split_at_mut(scales.len());
        let parts = real.iter_mut().zip(imaginary).zip(output.iter().zip(scales));
        for ((re, im), (&value, &scale)) in parts {
            *re = value.re * scale;
            *im = value.im * scale;
        }
    }
}

fn synthesize<'a, T: Planned>(
    frames: impl Iterator<Item = (&'a mut [T], &'a [T])>,
    plans: &Plans<T>,
    window: &[T],
    scales: &[T],
) {
    let mut input = plans.inverse.make_input_vec();
    let mut output = plans.inverse.make_output_vec();
    let mut scratch = plans.inverse.make_scratch_vec();
    let (last, half) = (scales.len() - 1, number::<T>(0.5));
    let even = window.len().is_multiple_of(2);
    for (frame, spectrum) in frames {
        let (real, imaginary) = spectrum.split_at(scales.len());
        // The plan counts every bin twice, except the first and, if the length is even, the last.
        for (k, input) in input.iter_mut().enumerate() {
            *input = if k == 0 || (k == last && even) {
                Complex::new(real[k] * scales[k], T::ZERO)
            } else {
                Complex::new(real[k] * scales[k] * half, imaginary[k] * scales[k] * half)
            };
        }
        plans
            .inverse
            .process_with_scratch(&mut input, &mut output, &mut scratch)
            .expect("the ends of the spectrum are real");
        for (y, (&x, &weight)) in frame.iter_mut().zip(output.iter().zip(window)) {
            *y = x * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::assert_all_close;

    use super::{Fourier, table};
    use crate::testing::{check_gradients, device, normal};

    fn flat(x: &Tensor) -> Vec<f64> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    /// Multiplies rows [.., n] by a table [n, m], sum by sum.
    fn by_sums(rows: &Tensor, table: &Tensor) -> Tensor {
        let (mut shape, n) = (rows.dims().to_vec(), table.dim(0).unwrap());
        let (table, m) = (flat(&table.contiguous().unwrap()), table.dim(1).unwrap());
        let product = |row: &[f64], j: usize| row.iter().enumerate().map(|(i, x)| x * table[i * m + j]).sum();
        let values: Vec<f64> = flat(rows)
            .chunks(n)
            .flat_map(|row| (0..m).map(|j| product(row, j)).collect::<Vec<f64>>())
            .collect();
        shape.pop();
        shape.push(m);
        Tensor::from_vec(values, shape, &device()).unwrap()
    }

    #[test]
    fn both_directions_match_products_with_the_table() {
        for n in [1, 2, 5, 8, 12] {
            let bins = n / 2 + 1;
            let window: Vec<f64> = (0..n).map(|i| 0.3 + i as f64).collect();
            let scales: Vec<f64> = (0..bins).map(|k| 1.0 - 0.1 * k as f64).collect();
            let fourier = Fourier::new(window.clone(), scales.clone(), &device(), DType::F64).unwrap();
            let table = table(&window, &scales, &device(), DType::F64).unwrap();
            // More frames than one task processes.
            let frames = normal(1, (2, 19, n));
            let expected = by_sums(&frames, &table);
            let got = fourier.analyze(&frames).unwrap();
            assert_all_close(&flat(&got), &flat(&expected), 1e-11, &format!("analysis of {n}"));
            let spectra = normal(2, (2, 19, 2 * bins));
            let expected = by_sums(&spectra, &table.t().unwrap());
            let got = fourier.synthesize(&spectra).unwrap();
            assert_all_close(&flat(&got), &flat(&expected), 1e-11, &format!("synthesis of {n}"));
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let window: Vec<f64> = (1..=6).map(f64::from).collect();
        let fourier = Fourier::new(window, vec![1.0, 0.5, 2.0, 3.0], &device(), DType::F64).unwrap();
        check_gradients(&[normal(3, (1, 3, 6))], |v| fourier.analyze(&v[0])).unwrap();
        check_gradients(&[normal(4, (1, 3, 8))], |v| fourier.synthesize(&v[0])).unwrap();
    }

    #[test]
    fn rejects_inputs_of_the_wrong_width() {
        let fourier = Fourier::new(vec![1.0; 4], vec![1.0; 3], &device(), DType::F64).unwrap();
        assert!(fourier.analyze(&normal(5, (1, 2, 5))).is_err());
        assert!(fourier.synthesize(&normal(5, (1, 2, 4))).is_err());
    }
}
