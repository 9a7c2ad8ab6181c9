//! Layer normalization over the channels of `[B, C, T]`.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{
    Grid, Kernel, POINTWISE, Scalars, allocate, compute, contiguous as device_view, for_device_float,
};
use crate::element::{
    Element, contiguous, ensure_not_empty, for_float, into_storage, number, sum_map, vectorized,
};
use crate::shared_output::SharedOutput;

/// Neighboring time steps normalized together; their statistics stay in registers and the first-level cache.
const TILE: usize = 64;

/// Normalizes every time step over the channels, then scales and shifts each channel.
///
/// ```text
/// y[b, c, t] = (x[b, c, t] − mean_c) / √(variance_c + ε) · weight[c] + bias[c]
/// ```
///
/// The variance is biased (divided by C) and computed in two passes. Time stays the last dimension, so no
/// transpose is needed between convolutions.
///
/// # Shapes
///
/// `x` is `[B, C, T]`, `weight` and `bias` are `[C]`; the result is `[B, C, T]`.
///
/// # References
///
/// Ba, Kiros, Hinton, Layer Normalization (arXiv 1607.06450).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f64) -> Result<Tensor> {
    let (_, channels, _) = x.dims3()?;
    ensure_not_empty("layer_norm", x)?;
    if weight.dims() != [channels] || bias.dims() != [channels] {
        bail!(
            "layer_norm: the input {:?} needs a weight and a bias [{channels}], got {:?} and {:?}",
            x.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, LayerNorm { epsilon })
}

struct LayerNorm {
    epsilon: f64,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let dims = x_layout.shape().dims3()?;
        for_float!(x, self.name(), T => {
            let x = contiguous::<T>(self.name(), x, x_layout)?;
            let weight = contiguous::<T>(self.name(), weight, weight_layout)?;
            let bias = contiguous::<T>(self.name(), bias, bias_layout)?;
            let y = forward(x, dims, weight, bias, number(self.epsilon));
            Ok((into_storage(y), x_layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (batch, channels, time) = x_layout.shape().dims3()?;
        let scalars = Scalars { integers: &[channels, time], doubles: &[self.epsilon] };
        let inputs = [(x, x_layout), (weight, weight_layout), (bias, bias_layout)];
        let (count, grid) = (x_layout.shape().elem_count(), Grid::Tiles(batch * time.div_ceil(32)));
        let y = compute(self.name(), (POINTWISE, "layer_norm"), &inputs, count, grid, scalars)?;
        Ok((y, x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let backward = LayerNormBackward { epsilon: self.epsilon };
        let packed = x.apply_op3_no_bwd(weight, &gradient.contiguous()?, &backward)?;
        let (count, channels) = (x.elem_count(), weight.elem_count());
        let dx = packed.narrow(0, 0, count)?.reshape(x.shape())?;
        let dweight = packed.narrow(0, count, channels)?;
        let dbias = packed.narrow(0, count + channels, channels)?;
        Ok((Some(dx), Some(dweight), Some(dbias)))
    }
}

/// The backward pass. An operation has one output, so the three gradients are concatenated into one tensor.
struct LayerNormBackward {
    epsilon: f64,
}

impl CustomOp3 for LayerNormBackward {
    fn name(&self) -> &'static str {
        "layer_norm_backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let dims = x_layout.shape().dims3()?;
        for_float!(x, self.name(), T => {
            let x = contiguous::<T>(self.name(), x, x_layout)?;
            let weight = contiguous::<T>(self.name(), weight, weight_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let packed = backward(x, dims, weight, gradient, number(self.epsilon));
            let count = packed.len();
            Ok((into_storage(packed), count.into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (batch, channels, time) = x_layout.shape().dims3()?;
        let (count, device) = (x_layout.shape().elem_count(), &x.device);
        for_device_float!(x, self.name(), T => {
            let op = self.name();
            let x = device_view::<T>(op, (x, x_layout))?;
            let weight = device_view::<T>(op, (weight, weight_layout))?;
            let gradient = device_view::<T>(op, (gradient, gradient_layout))?;
            let mut dx = allocate::<T>(device, count)?;
            let mut statistics = allocate::<T>(device, 2 * batch * time)?;
            let mut dparameters = allocate::<T>(device, 2 * channels)?;
            let integers = &[batch, channels, time];
            Kernel { device, module: POINTWISE, name: "layer_norm_input" }.launch(
                Grid::Tiles(batch * time.div_ceil(32)),
                &[&x, &weight, &gradient],
                &mut [dx.as_view_mut(), statistics.as_view_mut()],
                Scalars { integers, doubles: &[self.epsilon] },
            )?;
            Kernel { device, module: POINTWISE, name: "layer_norm_parameters" }.launch(
                Grid::Blocks(channels),
                &[&x, &gradient, &statistics.as_view()],
                &mut [dparameters.as_view_mut()],
                Scalars { integers, doubles: &[] },
            )?;
            let mut packed = allocate::<T>(device, count + 2 * channels)?;
            device.memcpy_dtod(&dx, &mut packed.slice_mut(..count))?;
            device.memcpy_dtod(&dparameters, &mut packed.slice_mut(count..))?;
            Ok((CudaStorage::wrap_cuda_slice(packed, device.clone()), (count + 2 * channels).into()))
        })
    }
}

/// A range of neighboring time steps of one batch item.
struct Tile {
    /// Index of the tile's first element, in channel 0.
    start: usize,
    width: usize,
}

fn tiles(batch: usize, channels: usize, time: usize) -> Vec<Tile> {
    let starts = (0..batch).flat_map(|b| (0..time).step_by(TILE).map(move |t| (b, t)));
    starts.map(|(b, t)| Tile { start: b * channels * time + t, width: TILE.min(time - t) }).collect()
}

fn forward<T: Element>(
    x: &[T],
    (batch, channels, time): (usize, usize, usize),
    weight: &[T],
    bias: &[T],
    epsilon: T,
) -> Vec<T> {
    let mut y = vec![T::ZERO; x.len()];
    let output = SharedOutput::new(&mut y);
    tiles(batch, channels, time)
        .par_iter()
        .for_each(|tile| normalize(&output, x, tile, time, weight, bias, epsilon));
    y
}

/// Returns the gradients of the input, the weight and the bias, concatenated.
fn backward<T: Element>(
    x: &[T],
    (batch, channels, time): (usize, usize, usize),
    weight: &[T],
    gradient: &[T],
    epsilon: T,
) -> Vec<T> {
    let mut packed = vec![T::ZERO; x.len() + 2 * channels];
    let (dx, dparameters) = packed.split_at_mut(x.len());
    let output = SharedOutput::new(dx);
    // Contributions of each tile to dweight and dbias, summed in tile order, whatever the thread count.
    let shares: Vec<Vec<T>> = tiles(batch, channels, time)
        .par_iter()
        .map(|tile| derive(&output, x, tile, time, weight, gradient, epsilon))
        .collect();
    for share in &shares {
        for (total, &part) in dparameters.iter_mut().zip(share) {
            *total += part;
        }
    }
    packed
}

vectorized! {
    fn normalize<'a, T>(
        output: &'a SharedOutput<'a, T>,
        x: &'a [T],
        tile: &'a Tile,
        time: usize,
        weight: &'a [T],
        bias: &'a [T],
        epsilon: T,
    ) {
        let (mean, scale) = statistics(x, tile, weight.len(), time, epsilon);
        for (c, (&weight, &bias)) in weight.iter().zip(bias).enumerate() {
            let start = tile.start + c * time;
            // SAFETY: tiles do not overlap.
            #[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
            let y = unsafe { output.part(start, tile.width) };
            for (((y, &x), &mean), &scale) in y.iter_mut().zip(&x[start..]).zip(&mean).zip(&scale) {
                *y = (x - mean) * scale * weight + bias;
            }
        }
    }
}

vectorized! {
    /// Writes the tile's dx and returns its contributions to dweight and dbias.
    ///
    /// With n = (x − mean)·scale, the normalized input, and h = gradient·weight:
    ///
    /// ```text
    /// dx      = scale · (h − mean_c(h) − n · mean_c(h·n))
    /// dweight = Σ gradient·n        dbias = Σ gradient
    /// ```
    fn derive<'a, T>(
        output: &'a SharedOutput<'a, T>,
        x: &'a [T],
        tile: &'a Tile,
        time: usize,
        weight: &'a [T],
        gradient: &'a [T],
        epsilon: T,
    ) -> Vec<T> {
        let channels = weight.len();
        let (mean, scale) = statistics(x, tile, channels, time, epsilon);
        let mut share = vec![T::ZERO; 2 * channels];
        let (mut mean_h, mut mean_hn) = ([T::ZERO; TILE], [T::ZERO; TILE]);
        for (c, &weight) in weight.iter().enumerate() {
            let start = tile.start + c * time;
            let (x, gradient) = (&x[start..][..tile.width], &gradient[start..][..tile.width]);
            let mut products = [T::ZERO; TILE];
            for i in 0..tile.width {
                let n = (x[i] - mean[i]) * scale[i];
                let h = gradient[i] * weight;
                mean_h[i] += h;
                mean_hn[i] += h * n;
                products[i] = gradient[i] * n;
            }
            share[c] = sum_map(&products, |v| v);
            share[channels + c] = sum_map(gradient, |v| v);
        }
        let count = T::ONE / number::<T>(channels as f64);
        for (h, hn) in mean_h.iter_mut().zip(&mut mean_hn) {
            *h *= count;
            *hn *= count;
        }
        for (c, &weight) in weight.iter().enumerate() {
            let start = tile.start + c * time;
            let (x, gradient) = (&x[start..][..tile.width], &gradient[start..][..tile.width]);
            // SAFETY: tiles do not overlap.
            #[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
            let dx = unsafe { output.part(start, tile.width) };
            for i in 0..tile.width {
                let n = (x[i] - mean[i]) * scale[i];
                dx[i] = scale[i] * (gradient[i] * weight - mean_h[i] - n * mean_hn[i]);
            }
        }
        share
    }
}

/// Returns the mean and 1/√(variance + ε) of each time step of the tile.
#[inline(always)]
fn statistics<T: Element>(
    x: &[T],
    tile: &Tile,
    channels: usize,
    time: usize,
    epsilon: T,
) -> ([T; TILE], [T; TILE]) {
    let row = |c: usize| &x[tile.start + c * time..][..tile.width];
    let count = number(channels as f64);
    let mut mean = [T::ZERO; TILE];
    for c in 0..channels {
        for (mean, &x) in mean.iter_mut().zip(row(c)) {
            *mean += x;
        }
    }
    for mean in &mut mean {
        *mean /= count;
    }
    let mut scale = [T::ZERO; TILE];
    for c in 0..channels {
        for ((square, &mean), &x) in scale.iter_mut().zip(&mean).zip(row(c)) {
            *square += (x - mean) * (x - mean);
        }
    }
    for scale in &mut scale {
        *scale = T::ONE / Element::sqrt(*scale / count + epsilon);
    }
    (mean, scale)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::assert_all_close;

    use super::layer_norm;
    use crate::testing::{check_gradients, normal};

    const EPSILON: f64 = 1e-5;
    /// Sums of about ten values near 1 in f32.
    const F32_TOLERANCE: f64 = 2e-6;

    fn plain(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Vec<f64> {
        let (batch, channels, time) = x.dims3().unwrap();
        let x = x.to_vec3::<f64>().unwrap();
        let (weight, bias) = (weight.to_vec1::<f64>().unwrap(), bias.to_vec1::<f64>().unwrap());
        let mut y = vec![0.0; batch * channels * time];
        for b in 0..batch {
            for t in 0..time {
                let column: Vec<f64> = (0..channels).map(|c| x[b][c][t]).collect();
                let mean = column.iter().sum::<f64>() / channels as f64;
                let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / channels as f64;
                for c in 0..channels {
                    y[(b * channels + c) * time + t] =
                        (column[c] - mean) / (variance + EPSILON).sqrt() * weight[c] + bias[c];
                }
            }
        }
        y
    }

    #[test]
    fn matches_the_formula_across_tiles() {
        let (x, weight, bias) = (normal(1, (2, 5, 150)), normal(2, 5), normal(3, 5));
        let expected = plain(&x, &weight, &bias);
        let y = layer_norm(&x, &weight, &bias, EPSILON).unwrap().flatten_all().unwrap();
        assert_all_close(&y.to_vec1::<f64>().unwrap(), &expected, 1e-13, "f64");
        let single = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
        let y = layer_norm(&single(&x), &single(&weight), &single(&bias), EPSILON).unwrap();
        assert_all_close(
            &y.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
            &expected,
            F32_TOLERANCE,
            "f32",
        );
    }

    #[test]
    fn gradients_match_finite_differences() {
        let arguments = |x| [x, normal(5, 6), normal(6, 6)];
        for x in [normal(4, (2, 6, 70)), normal(4, (3, 1, 6)).transpose(1, 2).unwrap()] {
            check_gradients(&arguments(x), |v| layer_norm(&v[0], &v[1], &v[2], EPSILON)).unwrap();
        }
    }

    #[test]
    fn a_single_channel_gives_the_bias() {
        let y = layer_norm(&normal(7, (1, 1, 4)), &normal(8, 1), &normal(9, 1), EPSILON).unwrap();
        let bias = normal(9, 1).to_vec1::<f64>().unwrap()[0];
        assert_eq!(y.flatten_all().unwrap().to_vec1::<f64>().unwrap(), [bias; 4]);
    }

    #[test]
    fn reports_mismatched_shapes() {
        let message =
            layer_norm(&normal(1, (1, 3, 2)), &normal(2, 2), &normal(3, 3), EPSILON).unwrap_err().to_string();
        assert!(
            message.contains("layer_norm: the input [1, 3, 2] needs a weight and a bias [3]"),
            "{message}"
        );
    }
}
