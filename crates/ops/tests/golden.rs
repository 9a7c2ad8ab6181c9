//! Every operation against PyTorch: results and the gradients of all arguments, in both precisions and both
//! memory orders.

#![expect(clippy::unwrap_used, reason = "a test that cannot compute has failed")]

use candle_core::{DType, Result, Tensor, Var};
use mynah_ops::testing::{device, numbers};
use mynah_ops::{
    AdamW, AdamWConfig, Conv1dConfig, ConvTranspose1dConfig, InverseStft, StftMagnitude, clip_gradients,
    conv_transpose1d, conv1d, frames, gated_activation, layer_norm, leaky_relu, monotonic_alignment,
    reflect_pad, soft_dtw, softmax, tanh, weight_norm,
};
use mynah_testkit::{assert_all_close, assert_close, golden};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Both sides sum up to a few hundred products near 1 in f64; the file has 14 digits of numbers up to 100.
const F64_TOLERANCE: f64 = 1e-11;
/// f32 has a unit roundoff of 6e-8; values reach 50 after a few hundred roundings. Relative to the largest
/// value of a result.
const F32_TOLERANCE: f64 = 2e-6;
/// Probabilities and smoothed minima with γ = 0.01, which magnifies the rounding of an f32 cost a
/// hundredfold.
const SOFT_DTW_F32_TOLERANCE: f64 = 2e-5;
/// Both sides divide small numbers by their square root in f64.
const ADAMW_TOLERANCE: f64 = 1e-12;
/// PyTorch adds 1e-6 to the norm before clipping; AdamW largely cancels that.
const CLIPPED_TOLERANCE: f64 = 1e-8;

/// Seed of the factors that results are multiplied by before they are summed.
const RESULT_SEED: u64 = 100;

#[derive(Deserialize)]
struct Golden<C> {
    cases: Vec<C>,
}

#[derive(Deserialize)]
struct Case<S> {
    name: String,
    shapes: Vec<Vec<usize>>,
    settings: S,
    result_shape: Vec<usize>,
    result: Vec<f64>,
    gradients: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct NoSettings {}

/// Copies a tensor so that its first dimension varies fastest in memory.
fn reversed_in_memory(tensor: &Tensor) -> Result<Tensor> {
    let order: Vec<usize> = (0..tensor.rank()).rev().collect();
    tensor.permute(order.clone())?.contiguous()?.permute(order)
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Checks `function` against every case of a golden file.
fn check<S: DeserializeOwned>(
    file: &str,
    f32_tolerance: f64,
    function: impl Fn(&S, &[Tensor]) -> Result<Tensor>,
) {
    let cases = golden::<Golden<Case<S>>>(&format!("ops/{file}.json")).cases;
    assert!(!cases.is_empty());
    for case in &cases {
        for dtype in [DType::F64, DType::F32] {
            for reversed in [false, true] {
                check_case(case, dtype, reversed, f32_tolerance, |arguments| {
                    function(&case.settings, arguments)
                });
            }
        }
    }
}

fn check_case<S>(
    case: &Case<S>,
    dtype: DType,
    reversed: bool,
    f32_tolerance: f64,
    function: impl Fn(&[Tensor]) -> Result<Tensor>,
) {
    let variables: Vec<Var> = (0_u64..)
        .zip(&case.shapes)
        .map(|(seed, shape)| Var::from_tensor(&numbers(seed, shape).to_dtype(dtype).unwrap()).unwrap())
        .collect();
    let arguments: Vec<Tensor> = variables
        .iter()
        .map(|v| if reversed { reversed_in_memory(v).unwrap() } else { v.as_tensor().clone() })
        .collect();
    let result = function(&arguments).unwrap();
    let weights = numbers(RESULT_SEED, result.dims()).to_dtype(dtype).unwrap();
    let weights = if reversed { reversed_in_memory(&weights).unwrap() } else { weights };
    let gradients = (&result * weights).unwrap().sum_all().unwrap().backward().unwrap();

    let order = if reversed { ", reversed in memory" } else { "" };
    assert_eq!(result.dims(), case.result_shape, "{}", case.name);
    let same = |actual: &Tensor, expected: &[f64], what: &str| {
        let largest = expected.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
        let tolerance = if dtype == DType::F64 { F64_TOLERANCE } else { f32_tolerance * largest };
        assert_all_close(
            &flat(actual),
            expected,
            tolerance,
            &format!("{what}, {}, {dtype:?}{order}", case.name),
        );
    };
    same(&result, &case.result, "result");
    assert_eq!(variables.len(), case.gradients.len());
    for (index, (variable, expected)) in variables.iter().zip(&case.gradients).enumerate() {
        let gradient =
            gradients.get(variable).unwrap_or_else(|| panic!("{}: no gradient {index}", case.name));
        same(gradient, expected, &format!("gradient {index}"));
    }
}

#[derive(Deserialize)]
struct Conv {
    stride: usize,
    padding: usize,
    dilation: usize,
    groups: usize,
}

#[test]
fn conv1d_matches_pytorch() {
    check("conv1d", F32_TOLERANCE, |&Conv { stride, padding, dilation, groups }, v| {
        conv1d(
            &v[0],
            &v[1],
            v.get(2),
            &Conv1dConfig { stride, padding, dilation, groups, ..Conv1dConfig::default() },
        )
    });
}

#[derive(Deserialize)]
struct ConvTranspose {
    stride: usize,
    padding: usize,
    output_padding: usize,
    dilation: usize,
    groups: usize,
}

#[test]
fn conv_transpose1d_matches_pytorch() {
    check(
        "conv_transpose1d",
        F32_TOLERANCE,
        |&ConvTranspose { stride, padding, output_padding, dilation, groups }, v| {
            let config = ConvTranspose1dConfig {
                stride,
                padding,
                output_padding,
                dilation,
                groups,
                ..ConvTranspose1dConfig::default()
            };
            conv_transpose1d(&v[0], &v[1], v.get(2), &config)
        },
    );
}

#[derive(Deserialize)]
struct Fold {
    period: usize,
    stride: usize,
    padding: usize,
}

/// PyTorch computes conv2d with a kernel of width 1 on [batch, channels, rows, period].
#[test]
fn convolution_folded_by_a_period_matches_pytorch_conv2d() {
    check("periods", F32_TOLERANCE, |&Fold { period, stride, padding }, v| {
        let (batch, channels, length) = v[0].dims3()?;
        let rows = length.div_ceil(period);
        let x = reflect_pad(&v[0], 0, rows * period - length)?;
        let x = x.reshape((batch, channels, rows, period))?.permute((0, 3, 1, 2))?;
        let x = x.reshape((batch * period, channels, rows))?;
        let y = conv1d(&x, &v[1], Some(&v[2]), &Conv1dConfig { stride, padding, ..Conv1dConfig::default() })?;
        let (_, outputs, rows) = y.dims3()?;
        y.reshape((batch, period, outputs, rows))?.permute((0, 2, 3, 1))
    });
}

#[derive(Deserialize)]
struct Epsilon {
    epsilon: f64,
}

#[test]
fn layer_norm_matches_pytorch() {
    check("layer_norm", F32_TOLERANCE, |&Epsilon { epsilon }, v| layer_norm(&v[0], &v[1], &v[2], epsilon));
}

#[derive(Deserialize)]
struct Scale {
    scale: f64,
}

#[test]
fn gated_activation_matches_pytorch() {
    check("gated_activation", F32_TOLERANCE, |&Scale { scale }, v| gated_activation(&(&v[0] * scale)?));
}

#[test]
fn tanh_matches_pytorch() {
    check("tanh", F32_TOLERANCE, |&Scale { scale }, v| tanh(&(&v[0] * scale)?));
}

#[test]
fn softmax_matches_pytorch() {
    check("softmax", F32_TOLERANCE, |&Scale { scale }, v| softmax(&(&v[0] * scale)?));
}

#[derive(Deserialize)]
struct Slope {
    slope: f64,
    /// Index of an element that is set to zero.
    zero: Option<usize>,
}

#[test]
fn leaky_relu_matches_pytorch() {
    check("leaky_relu", F32_TOLERANCE, |&Slope { slope, zero }, v| match zero {
        Some(zero) => leaky_relu(&(&v[0] - flat(&v[0])[zero])?, slope),
        None => leaky_relu(&v[0], slope),
    });
}

#[test]
fn weight_norm_matches_pytorch() {
    check("weight_norm", F32_TOLERANCE, |_: &NoSettings, v| weight_norm(&v[0], &v[1]));
}

#[derive(Deserialize)]
struct Ends {
    left: usize,
    right: usize,
}

#[test]
fn reflect_pad_matches_pytorch() {
    check("reflect_pad", F32_TOLERANCE, |&Ends { left, right }, v| reflect_pad(&v[0], left, right));
}

#[derive(Deserialize)]
struct Framing {
    length: usize,
    hop: usize,
}

#[test]
fn frames_match_pytorch_unfold() {
    check("frames", F32_TOLERANCE, |&Framing { length, hop }, v| frames(&v[0], length, hop));
}

#[derive(Deserialize)]
struct Stft {
    n_fft: usize,
    hop: usize,
    window: Vec<f32>,
    epsilon: f64,
}

#[test]
fn stft_magnitude_matches_pytorch() {
    check("stft", F32_TOLERANCE, |Stft { n_fft, hop, window, epsilon }, v| {
        StftMagnitude::new(*n_fft, *hop, window, *epsilon, &device(), v[0].dtype())?.forward(&v[0])
    });
}

#[derive(Deserialize)]
struct Inversion {
    n_fft: usize,
    hop: usize,
    window: Vec<f32>,
    trim: usize,
}

#[test]
fn inverse_stft_matches_pytorch() {
    check("inverse_stft", F32_TOLERANCE, |Inversion { n_fft, hop, window, trim }, v| {
        InverseStft::new(*n_fft, *hop, *trim, window, &device(), v[0].dtype())?.forward(&v[0])
    });
}

// The LSTM has no GPU kernel.
#[cfg(not(feature = "cuda"))]
#[test]
fn lstm_matches_pytorch() {
    check("lstm", F32_TOLERANCE, |_: &NoSettings, v| mynah_ops::lstm(&v[0], &v[1]));
}

#[derive(Deserialize)]
struct Warping {
    n_lengths: Vec<usize>,
    m_lengths: Vec<usize>,
    gamma: f64,
    warp: f64,
}

#[test]
fn soft_dtw_matches_the_recursion_in_pytorch() {
    check("soft_dtw", SOFT_DTW_F32_TOLERANCE, |Warping { n_lengths, m_lengths, gamma, warp }, v| {
        soft_dtw(&v[0], n_lengths, m_lengths, *gamma, *warp)
    });
}

#[derive(Deserialize)]
struct Training {
    name: String,
    weight_decay: f64,
    limit: Option<f64>,
    norms: Vec<f64>,
    parameters: Vec<Vec<f64>>,
}

#[test]
fn adamw_and_clipping_match_pytorch() {
    for case in golden::<Golden<Training>>("ops/adamw.json").cases {
        let shapes: [&[usize]; 2] = [&[2, 3], &[5]];
        let variables: Vec<Var> = (0_u64..)
            .zip(shapes)
            .map(|(seed, shape)| Var::from_tensor(&numbers(seed, shape)).unwrap())
            .collect();
        let config = AdamWConfig {
            learning_rate: 2e-3,
            beta1: 0.8,
            beta2: 0.99,
            epsilon: 1e-9,
            weight_decay: case.weight_decay,
        };
        let named = variables.iter().enumerate().map(|(i, v)| (i.to_string(), v.clone())).collect();
        let mut optimizer = AdamW::new(named, config).unwrap();
        for (step, &norm) in (0_u64..).zip(&case.norms) {
            // The gradient of a sum of products is the other factor.
            let losses: Vec<Tensor> = (0_u64..)
                .zip(&variables)
                .map(|(seed, v)| (v.as_tensor() * numbers(10 + 2 * step + seed, v.dims())).unwrap())
                .collect();
            let loss = (losses[0].sum_all().unwrap() + losses[1].sum_all().unwrap()).unwrap();
            let mut gradients = loss.backward().unwrap();
            let limit = case.limit.unwrap_or(f64::INFINITY);
            let found = clip_gradients(&mut gradients, &variables, limit).unwrap();
            assert_close(found, norm, ADAMW_TOLERANCE, &format!("norm, {}", case.name));
            optimizer.step(&gradients).unwrap();
        }
        let tolerance = if case.limit.is_some() { CLIPPED_TOLERANCE } else { ADAMW_TOLERANCE };
        for (variable, expected) in variables.iter().zip(&case.parameters) {
            assert_all_close(&flat(variable), expected, tolerance, &format!("parameters, {}", case.name));
        }
    }
}

#[derive(Deserialize)]
struct Alignment {
    seed: u64,
    shape: Vec<usize>,
    n_lengths: Vec<usize>,
    t_lengths: Vec<usize>,
    durations: Vec<Vec<u32>>,
}

#[test]
fn monotonic_alignment_matches_the_plain_recursion() {
    for case in golden::<Golden<Alignment>>("ops/alignment.json").cases {
        for dtype in [DType::F32, DType::F64] {
            let score = numbers(case.seed, &case.shape).to_dtype(dtype).unwrap();
            let found = monotonic_alignment(&score, &case.n_lengths, &case.t_lengths).unwrap();
            let (found, expected) = (found.to_vec2::<u32>().unwrap(), &case.durations);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                // Frame counts are exact.
                assert_all_close(found, expected, 0.0, &format!("frames of each symbol, {:?}", case.shape));
            }
        }
    }
}
