//! Perceptron over every pair of a frame and a symbol, which reads the distances of the frame from the borders of the
//! symbol.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::MatrixProduct as _;
use crate::element::{
    Element, contiguous, ensure_not_empty, for_float, into_storage, number, sum_map, vectorized,
};

/// Frames per parallel task.
const BLOCK: usize = 32;

/// Parameters of [`border_perceptron`], with P hidden units and Q outputs.
#[derive(Debug, Clone, Copy)]
pub struct BorderPerceptron<'a> {
    /// Weights of the distances from start and end, `[2, P]`.
    pub borders: &'a Tensor,
    /// Weights of the outputs, `[P, Q]`.
    pub output: &'a Tensor,
    /// Bias of the outputs, `[Q]`.
    pub bias: &'a Tensor,
}

/// Applies a perceptron with one hidden layer to every frame i = 1..m and symbol j.
///
/// ```text
/// a[k] = silu(features[b, k, j] + (i − starts[b, j]) · borders[0, k] + (ends[b, j] − i) · borders[1, k])
/// y[b, i, q, j] = bias[q] + Σ_k a[k] · output[k, q]
/// ```
///
/// The hidden layer of m × n × P values is recomputed in the backward pass rather than stored. On a GPU the operation is
/// composed of candle's.
///
/// # Shapes
///
/// `features` is `[B, P, n]`, `starts` and `ends` are `[B, n]`; the result is `[B, m, Q, n]`.
///
/// # References
///
/// The networks of W and C in Parallel Tacotron 2 (arXiv 2103.14574) and NaturalSpeech (arXiv 2205.04421), equations 6 to 8.
pub fn border_perceptron(
    features: &Tensor,
    starts: &Tensor,
    ends: &Tensor,
    parameters: &BorderPerceptron<'_>,
    frames: usize,
) -> Result<Tensor> {
    let (batch, hidden, n) = features.dims3()?;
    ensure_not_empty("border_perceptron", features)?;
    let BorderPerceptron { borders, output, bias } = *parameters;
    let outputs = bias.elem_count();
    let fitting = borders.dims() == [2, hidden]
        && output.dims() == [hidden, outputs]
        && [starts, ends].iter().all(|x| x.dims() == [batch, n]);
    if !fitting || frames == 0 || outputs == 0 {
        bail!(
            "border_perceptron: {frames} frames, features {:?}, borders {:?} and {:?}, weights {:?} and {:?} and bias {:?} do \
             not fit together",
            features.dims(),
            starts.dims(),
            ends.dims(),
            borders.dims(),
            output.dims(),
            bias.dims()
        );
    }
    if !features.device().is_cpu() {
        return composed(features, starts, ends, parameters, frames);
    }
    let places = Tensor::stack(&[starts, ends], 1)?;
    let packed = Tensor::cat(&[&borders.flatten_all()?, &output.flatten_all()?, &bias.flatten_all()?], 0)?;
    let operation = Perceptron { frames, outputs };
    features.contiguous()?.apply_op3(&places.contiguous()?, &packed.contiguous()?, operation)
}

/// Computes the same from candle's operations.
fn composed(
    features: &Tensor,
    starts: &Tensor,
    ends: &Tensor,
    parameters: &BorderPerceptron<'_>,
    frames: usize,
) -> Result<Tensor> {
    let (batch, hidden, n) = features.dims3()?;
    let BorderPerceptron { borders, output, bias } = *parameters;
    let outputs = bias.elem_count();
    let places = Tensor::arange(1_u32, frames as u32 + 1, features.device())?
        .to_dtype(features.dtype())?
        .reshape((1, frames, 1))?;
    let since_start = places.broadcast_sub(&starts.unsqueeze(1)?)?.unsqueeze(3)?;
    let until_end = ends.unsqueeze(1)?.broadcast_sub(&places)?.unsqueeze(3)?;
    let weight = |row: usize| borders.get(row)?.reshape((1, 1, 1, hidden));
    let distances = (since_start.broadcast_mul(&weight(0)?)? + until_end.broadcast_mul(&weight(1)?)?)?;
    let inner = distances.broadcast_add(&features.transpose(1, 2)?.unsqueeze(1)?)?.silu()?;
    inner
        .reshape((batch * frames * n, hidden))?
        .exact_product(output)?
        .broadcast_add(bias)?
        .reshape((batch, frames, n, outputs))?
        .transpose(2, 3)?
        .contiguous()
}

#[derive(Clone, Copy)]
struct Perceptron {
    frames: usize,
    outputs: usize,
}

/// Sizes of the operation: hidden units, outputs, symbols and frames.
#[derive(Clone, Copy)]
struct Sizes {
    hidden: usize,
    outputs: usize,
    symbols: usize,
    frames: usize,
}

/// Parameters as slices.
#[derive(Clone, Copy)]
struct Weights<'a, T> {
    since_start: &'a [T],
    until_end: &'a [T],
    output: &'a [T],
    bias: &'a [T],
}

impl<'a, T> Weights<'a, T> {
    fn of(packed: &'a [T], sizes: Sizes) -> Self {
        let (since_start, rest) = packed.split_at(sizes.hidden);
        let (until_end, rest) = rest.split_at(sizes.hidden);
        let (output, bias) = rest.split_at(sizes.hidden * sizes.outputs);
        Self { since_start, until_end, output, bias }
    }
}

/// Features and borders of one batch item.
#[derive(Clone, Copy)]
struct Item<'a, T> {
    features: &'a [T],
    starts: &'a [T],
    ends: &'a [T],
}

impl CustomOp3 for Perceptron {
    fn name(&self) -> &'static str {
        "border_perceptron"
    }

    fn cpu_fwd(
        &self,
        features: &CpuStorage,
        features_layout: &Layout,
        places: &CpuStorage,
        places_layout: &Layout,
        packed: &CpuStorage,
        packed_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, hidden, symbols) = features_layout.shape().dims3()?;
        let sizes = Sizes { hidden, outputs: self.outputs, symbols, frames: self.frames };
        for_float!(features, self.name(), T => {
            let features = contiguous::<T>(self.name(), features, features_layout)?;
            let places = contiguous::<T>(self.name(), places, places_layout)?;
            let packed = contiguous::<T>(self.name(), packed, packed_layout)?;
            let y = forward(features, places, Weights::of(packed, sizes), sizes);
            Ok((into_storage(y), (batch, self.frames, self.outputs, symbols).into()))
        })
    }

    fn bwd(
        &self,
        features: &Tensor,
        places: &Tensor,
        packed: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        // The backward pass needs four tensors, and an operation has at most three.
        let inputs = Tensor::cat(&[features.flatten_all()?, places.flatten_all()?], 0)?;
        let (batch, hidden, symbols) = features.dims3()?;
        let backward = PerceptronBackward { operation: *self, batch, hidden, symbols };
        let all = inputs.apply_op3_no_bwd(packed, &gradient.contiguous()?, &backward)?;
        let (of_features, of_places) = (features.elem_count(), places.elem_count());
        Ok((
            Some(all.narrow(0, 0, of_features)?.reshape(features.shape())?),
            Some(all.narrow(0, of_features, of_places)?.reshape(places.shape())?),
            Some(all.narrow(0, of_features + of_places, packed.elem_count())?),
        ))
    }
}

/// The backward pass; the gradients of features, borders and parameters are concatenated into one tensor.
struct PerceptronBackward {
    operation: Perceptron,
    batch: usize,
    hidden: usize,
    symbols: usize,
}

impl CustomOp3 for PerceptronBackward {
    fn name(&self) -> &'static str {
        "border_perceptron_backward"
    }

    fn cpu_fwd(
        &self,
        inputs: &CpuStorage,
        inputs_layout: &Layout,
        packed: &CpuStorage,
        packed_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let Self { operation: Perceptron { frames, outputs }, batch, hidden, symbols } = *self;
        let sizes = Sizes { hidden, outputs, symbols, frames };
        for_float!(inputs, self.name(), T => {
            let inputs = contiguous::<T>(self.name(), inputs, inputs_layout)?;
            let (features, places) = inputs.split_at(batch * hidden * symbols);
            let packed = contiguous::<T>(self.name(), packed, packed_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let all = backward(features, places, Weights::of(packed, sizes), gradient, sizes);
            let count = all.len();
            Ok((into_storage(all), count.into()))
        })
    }
}

fn item<'a, T>(features: &'a [T], places: &'a [T], index: usize, sizes: Sizes) -> Item<'a, T> {
    let Sizes { hidden, symbols, .. } = sizes;
    let places = &places[index * 2 * symbols..][..2 * symbols];
    Item {
        features: &features[index * hidden * symbols..][..hidden * symbols],
        starts: &places[..symbols],
        ends: &places[symbols..],
    }
}

fn forward<T: Element>(features: &[T], places: &[T], weights: Weights<'_, T>, sizes: Sizes) -> Vec<T> {
    let Sizes { hidden, outputs, symbols, frames } = sizes;
    let mut y = vec![T::ZERO; features.len() / (hidden * symbols) * frames * outputs * symbols];
    y.par_chunks_mut(frames * outputs * symbols).enumerate().for_each(|(b, y)| {
        let item = item(features, places, b, sizes);
        y.par_chunks_mut(BLOCK * outputs * symbols).enumerate().for_each(|(block, y)| {
            let mut active = vec![T::ZERO; symbols];
            for (offset, y) in y.chunks_mut(outputs * symbols).enumerate() {
                respond(y, &item, &weights, number((block * BLOCK + offset + 1) as f64), &mut active);
            }
        });
    });
    y
}

/// Returns the gradients of the features, the borders and the parameters, concatenated.
fn backward<T: Element>(
    features: &[T],
    places: &[T],
    weights: Weights<'_, T>,
    gradient: &[T],
    sizes: Sizes,
) -> Vec<T> {
    let Sizes { hidden, outputs, symbols, frames } = sizes;
    let batch = features.len() / (hidden * symbols);
    let blocks: Vec<(usize, usize)> =
        (0..batch).flat_map(|b| (0..frames).step_by(BLOCK).map(move |frame| (b, frame))).collect();
    let parameters = 2 * hidden + hidden * outputs + outputs;
    // Contributions of each block to dfeatures and the parameters, summed in order, whatever the thread count.
    let shares: Vec<Vec<T>> = blocks
        .par_iter()
        .map(|&(b, start)| {
            let item = item(features, places, b, sizes);
            let mut share = vec![T::ZERO; hidden * symbols + parameters];
            let mut scratch = vec![T::ZERO; 4 * symbols];
            for frame in start..(start + BLOCK).min(frames) {
                let gradient = &gradient[(b * frames + frame) * outputs * symbols..][..outputs * symbols];
                derive(&mut share, &item, &weights, number((frame + 1) as f64), gradient, &mut scratch);
            }
            share
        })
        .collect();
    let mut all = vec![T::ZERO; features.len() + places.len() + parameters];
    let (dfeatures, rest) = all.split_at_mut(features.len());
    let (dplaces, dparameters) = rest.split_at_mut(places.len());
    for (&(b, _), share) in blocks.iter().zip(&shares) {
        let (of_features, of_parameters) = share.split_at(hidden * symbols);
        let dfeatures = &mut dfeatures[b * hidden * symbols..][..hidden * symbols];
        let totals = dfeatures.iter_mut().zip(of_features);
        totals.chain(dparameters.iter_mut().zip(of_parameters)).for_each(|(total, &part)| *total += part);
    }
    // The borders enter each hidden unit linearly, as the features do.
    for (dplaces, dfeatures) in dplaces.chunks_mut(2 * symbols).zip(dfeatures.chunks(hidden * symbols)) {
        let (dstarts, dends) = dplaces.split_at_mut(symbols);
        for (k, dfeatures) in dfeatures.chunks(symbols).enumerate() {
            for ((dstart, dend), &d) in dstarts.iter_mut().zip(dends.iter_mut()).zip(dfeatures) {
                *dstart -= d * weights.since_start[k];
                *dend += d * weights.until_end[k];
            }
        }
    }
    all
}

vectorized! {
    /// Computes the outputs [Q, n] of one frame; `active` holds one hidden unit.
    fn respond<'a, T>(y: &'a mut [T], item: &'a Item<'a, T>, weights: &'a Weights<'a, T>, frame: T, active: &'a mut [T]) {
        let (symbols, outputs) = (active.len(), weights.bias.len());
        for (y, &bias) in y.chunks_mut(symbols).zip(weights.bias) {
            y.fill(bias);
        }
        for (k, features) in item.features.chunks(symbols).enumerate() {
            let (w, v) = (weights.since_start[k], weights.until_end[k]);
            for (((active, &feature), &start), &end) in
                active.iter_mut().zip(features).zip(item.starts).zip(item.ends)
            {
                let x = feature + (frame - start) * w + (end - frame) * v;
                *active = x * Element::sigmoid(x);
            }
            for (y, &weight) in y.chunks_mut(symbols).zip(&weights.output[k * outputs..][..outputs]) {
                for (y, &active) in y.iter_mut().zip(active.iter()) {
                    *y += active * weight;
                }
            }
        }
    }
}

vectorized! {
    /// Adds the contributions of one frame to `share`: [P, n] of the features, then the parameters.
    ///
    /// With x the input of a hidden unit, s = σ(x) and g the gradient [Q, n]:
    ///
    /// ```text
    /// da = Σ_q output[q] g[q]      dx = da · (s + x s (1 − s))      doutput[q] = Σ_j x s g[q]
    /// ```
    fn derive<'a, T>(
        share: &'a mut [T],
        item: &'a Item<'a, T>,
        weights: &'a Weights<'a, T>,
        frame: T,
        gradient: &'a [T],
        scratch: &'a mut [T],
    ) {
        let (symbols, outputs, hidden) = (item.starts.len(), weights.bias.len(), weights.since_start.len());
        let (dfeatures, dparameters) = share.split_at_mut(hidden * symbols);
        let (dborders, dparameters) = dparameters.split_at_mut(2 * hidden);
        let (doutput, dbias) = dparameters.split_at_mut(hidden * outputs);
        let (active, rest) = scratch.split_at_mut(symbols);
        let (slope, rest) = rest.split_at_mut(symbols);
        let (dactive, product) = rest.split_at_mut(symbols);
        for (dbias, gradient) in dbias.iter_mut().zip(gradient.chunks(symbols)) {
            *dbias += sum_map(gradient, |g| g);
        }
        for (k, (features, dfeatures)) in
            item.features.chunks(symbols).zip(dfeatures.chunks_mut(symbols)).enumerate()
        {
            let (w, v) = (weights.since_start[k], weights.until_end[k]);
            let inputs = features.iter().zip(item.starts).zip(item.ends);
            for ((active, slope), ((&feature, &start), &end)) in
                active.iter_mut().zip(slope.iter_mut()).zip(inputs)
            {
                let x = feature + (frame - start) * w + (end - frame) * v;
                let s = Element::sigmoid(x);
                *active = x * s;
                *slope = s + x * s * (T::ONE - s);
            }
            dactive.fill(T::ZERO);
            for (q, gradient) in gradient.chunks(symbols).enumerate() {
                let weight = weights.output[k * outputs + q];
                for (((dactive, product), &gradient), &active) in
                    dactive.iter_mut().zip(product.iter_mut()).zip(gradient).zip(active.iter())
                {
                    *dactive += weight * gradient;
                    *product = active * gradient;
                }
                doutput[k * outputs + q] += sum_map(product, |v| v);
            }
            for (((dx, &slope), dfeature), (product, &start)) in dactive
                .iter_mut()
                .zip(slope.iter())
                .zip(dfeatures.iter_mut())
                .zip(product.iter_mut().zip(item.starts))
            {
                *dx *= slope;
                *dfeature += *dx;
                *product = *dx * (frame - start);
            }
            dborders[k] += sum_map(product, |v| v);
            for ((product, &dx), &end) in product.iter_mut().zip(dactive.iter()).zip(item.ends) {
                *product = dx * (end - frame);
            }
            dborders[hidden + k] += sum_map(product, |v| v);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Result, Tensor};
    use mynah_testkit::assert_all_close;

    use super::{BorderPerceptron, border_perceptron, composed};
    use crate::testing::{check_gradients, normal};

    /// Sums of three terms near 1, in units of the last place of f32.
    const F32_TOLERANCE: f64 = 4e-6;

    fn arguments() -> [Tensor; 6] {
        let starts = (normal(2, (2, 21)) * 4.0).unwrap();
        let ends = (&starts + (normal(3, (2, 21)) * 3.0).unwrap()).unwrap();
        [
            normal(1, (2, 3, 21)),
            starts,
            ends,
            (normal(4, (2, 3)) * 0.3).unwrap(),
            normal(5, (3, 2)),
            normal(6, 2),
        ]
    }

    fn apply(x: &[Tensor], frames: usize) -> Result<Tensor> {
        let parameters = BorderPerceptron { borders: &x[3], output: &x[4], bias: &x[5] };
        border_perceptron(&x[0], &x[1], &x[2], &parameters, frames)
    }

    #[test]
    fn matches_the_composition_across_blocks() {
        let x = arguments();
        let parameters = BorderPerceptron { borders: &x[3], output: &x[4], bias: &x[5] };
        let expected = composed(&x[0], &x[1], &x[2], &parameters, 70).unwrap();
        let expected: Vec<f64> = expected.flatten_all().unwrap().to_vec1().unwrap();
        let got = apply(&x, 70).unwrap();
        assert_eq!(got.dims(), [2, 70, 2, 21]);
        assert_all_close(&got.flatten_all().unwrap().to_vec1::<f64>().unwrap(), &expected, 1e-12, "f64");
        let single: Vec<Tensor> = x.iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect();
        let got = apply(&single, 70).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let typical = expected.iter().map(|y| y.abs()).fold(0.0, f64::max);
        assert_all_close(&got, &expected, F32_TOLERANCE * typical, "f32");
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_gradients(&arguments(), |x| apply(x, 37)).unwrap();
    }

    #[test]
    fn reports_mismatched_shapes() {
        let mut x = arguments();
        x[3] = normal(1, (2, 4));
        let message = apply(&x, 5).unwrap_err().to_string();
        assert!(message.contains("features [2, 3, 21]") && message.contains("weights [2, 4]"), "{message}");
        assert!(apply(&arguments(), 0).unwrap_err().to_string().contains("0 frames"));
    }
}
