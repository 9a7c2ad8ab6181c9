//! The convolutions against plain loops, their gradients against finite differences, and as each other's
//! adjoint.

#![expect(clippy::unwrap_used, reason = "a test that cannot compute has failed")]

use candle_core::{DType, Tensor, Var};
use mynah_ops::testing::{check_gradients, device, normal};
use mynah_ops::{Conv1dConfig, ConvTranspose1dConfig, conv_transpose1d, conv1d};
use mynah_testkit::{assert_all_close, assert_close};
use proptest::prelude::*;

/// Sums of up to a few thousand products near 1 in f64.
const F64_TOLERANCE: f64 = 1e-11;
/// The same in f32, with a unit roundoff of 6e-8: the sums are near 30.
const F32_TOLERANCE: f64 = 2e-4;

/// Shapes and settings of one convolution, in the direction from input to output.
#[derive(Debug, Clone, Copy)]
struct Case {
    batch: usize,
    /// Channels per group.
    inputs: usize,
    outputs: usize,
    length: usize,
    taps: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    groups: usize,
    output_padding: usize,
}

const PLAIN: Case = Case {
    batch: 2,
    inputs: 3,
    outputs: 4,
    length: 23,
    taps: 3,
    stride: 1,
    padding: 1,
    dilation: 1,
    groups: 1,
    output_padding: 0,
};

impl Case {
    fn conv(&self) -> Conv1dConfig {
        let &Case { stride, padding, dilation, groups, .. } = self;
        Conv1dConfig { stride, padding, dilation, groups, ..Conv1dConfig::default() }
    }

    fn conv_transpose(&self) -> ConvTranspose1dConfig {
        let &Case { stride, padding, dilation, groups, output_padding, .. } = self;
        ConvTranspose1dConfig {
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            ..ConvTranspose1dConfig::default()
        }
    }

    fn x(&self, seed: u64) -> Tensor {
        normal(seed, (self.batch, self.groups * self.inputs, self.length))
    }

    fn conv_weight(&self, seed: u64) -> Tensor {
        normal(seed, (self.groups * self.outputs, self.inputs, self.taps))
    }

    fn conv_transpose_weight(&self, seed: u64) -> Tensor {
        normal(seed, (self.groups * self.inputs, self.outputs, self.taps))
    }

    fn bias(&self, seed: u64) -> Tensor {
        normal(seed, self.groups * self.outputs)
    }

    /// Evaluates the definition of the convolution, one product at a time.
    fn plain_conv(&self, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Vec<f64> {
        let (x, w) = (x.to_vec3::<f64>().unwrap(), weight.to_vec3::<f64>().unwrap());
        let bias = bias.to_vec1::<f64>().unwrap();
        let reach = self.dilation * (self.taps - 1) + 1;
        let count = (self.length + 2 * self.padding - reach) / self.stride + 1;
        let mut y = Vec::new();
        for x in x {
            for (o, w) in w.iter().enumerate() {
                let group = o / self.outputs;
                for t in 0..count {
                    let mut sum = bias[o];
                    for (c, w) in w.iter().enumerate() {
                        for (k, w) in w.iter().enumerate() {
                            let place = (self.stride * t + self.dilation * k).wrapping_sub(self.padding);
                            sum += w * x[group * self.inputs + c].get(place).unwrap_or(&0.0);
                        }
                    }
                    y.push(sum);
                }
            }
        }
        y
    }

    /// Evaluates the definition of the transposed convolution, one product at a time.
    fn plain_conv_transpose(&self, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Vec<f64> {
        let (x, w) = (x.to_vec3::<f64>().unwrap(), weight.to_vec3::<f64>().unwrap());
        let bias = bias.to_vec1::<f64>().unwrap();
        let reach = self.dilation * (self.taps - 1) + 1;
        let length = (self.length - 1) * self.stride + reach + self.output_padding - 2 * self.padding;
        let mut y = Vec::new();
        for x in x {
            for o in 0..self.groups * self.outputs {
                let group = o / self.outputs;
                let mut row = vec![bias[o]; length];
                for c in 0..self.inputs {
                    for (t, x) in x[group * self.inputs + c].iter().enumerate() {
                        for (k, w) in w[group * self.inputs + c][o % self.outputs].iter().enumerate() {
                            let place = (self.stride * t + self.dilation * k).wrapping_sub(self.padding);
                            if let Some(place) = row.get_mut(place) {
                                *place += x * w;
                            }
                        }
                    }
                }
                y.extend(row);
            }
        }
        y
    }
}

/// Shapes for every path: strides, dilations, both, groups of every size, one channel in or out, incomplete
/// blocks and tiles, items side by side, reaches longer than the input, a length of one.
const CASES: [Case; 24] = [
    PLAIN,
    Case { taps: 1, padding: 0, ..PLAIN },
    Case { dilation: 5, padding: 5, ..PLAIN },
    Case { stride: 2, ..PLAIN },
    Case { stride: 3, taps: 5, padding: 2, ..PLAIN },
    Case { stride: 3, dilation: 2, padding: 2, ..PLAIN },
    Case { stride: 4, dilation: 6, taps: 4, padding: 7, length: 31, ..PLAIN },
    Case { stride: 5, taps: 2, padding: 0, ..PLAIN },
    Case { stride: 8, taps: 16, padding: 4, length: 30, inputs: 6, ..PLAIN },
    Case { stride: 2, taps: 4, output_padding: 1, ..PLAIN },
    Case { stride: 3, taps: 3, output_padding: 2, padding: 0, ..PLAIN },
    Case { groups: 3, ..PLAIN },
    Case { groups: 4, inputs: 1, outputs: 1, taps: 5, padding: 2, ..PLAIN },
    Case { groups: 2, inputs: 4, outputs: 4, taps: 41, padding: 20, stride: 4, length: 70, ..PLAIN },
    Case { groups: 2, inputs: 4, outputs: 16, taps: 41, padding: 20, stride: 4, length: 70, ..PLAIN },
    Case { inputs: 1, outputs: 32, taps: 5, stride: 3, padding: 2, length: 50, ..PLAIN },
    Case { inputs: 20, outputs: 1, ..PLAIN },
    Case { inputs: 9, outputs: 50, length: 61, batch: 1, ..PLAIN },
    Case { inputs: 17, outputs: 19, length: 9, batch: 11, taps: 5, padding: 2, ..PLAIN },
    Case { inputs: 130, outputs: 9, length: 700, batch: 1, taps: 2, padding: 0, ..PLAIN },
    Case { length: 1, padding: 1, batch: 3, ..PLAIN },
    Case { length: 2, taps: 7, padding: 3, ..PLAIN },
    Case { length: 3, taps: 3, dilation: 4, padding: 4, ..PLAIN },
    Case { length: 3000, inputs: 1, outputs: 2, batch: 1, taps: 3, padding: 4, ..PLAIN },
];

fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn single(tensor: &Tensor) -> Tensor {
    tensor.to_dtype(DType::F32).unwrap()
}

#[test]
fn conv1d_matches_plain_loops() {
    for case in CASES {
        let (x, weight, bias) = (case.x(1), case.conv_weight(2), case.bias(3));
        let expected = case.plain_conv(&x, &weight, &bias);
        let y = conv1d(&x, &weight, Some(&bias), &case.conv()).unwrap();
        assert_all_close(&flat(&y), &expected, F64_TOLERANCE, &format!("{case:?}"));
        let y = conv1d(&single(&x), &single(&weight), Some(&single(&bias)), &case.conv()).unwrap();
        assert_all_close(&flat(&y), &expected, F32_TOLERANCE, &format!("f32 {case:?}"));
        let zero = case.bias(3).zeros_like().unwrap();
        let y = conv1d(&x, &weight, None, &case.conv()).unwrap();
        assert_all_close(
            &flat(&y),
            &case.plain_conv(&x, &weight, &zero),
            F64_TOLERANCE,
            &format!("{case:?}"),
        );
    }
}

#[test]
fn conv_transpose1d_matches_plain_loops() {
    for case in CASES {
        // Padding that leaves nothing is covered by another test.
        if case.length == 1 {
            continue;
        }
        let (x, weight, bias) = (case.x(1), case.conv_transpose_weight(2), case.bias(3));
        let expected = case.plain_conv_transpose(&x, &weight, &bias);
        let y = conv_transpose1d(&x, &weight, Some(&bias), &case.conv_transpose()).unwrap();
        assert_all_close(&flat(&y), &expected, F64_TOLERANCE, &format!("{case:?}"));
        let y = conv_transpose1d(&single(&x), &single(&weight), Some(&single(&bias)), &case.conv_transpose())
            .unwrap();
        assert_all_close(&flat(&y), &expected, F32_TOLERANCE, &format!("f32 {case:?}"));
    }
}

#[test]
fn gradients_of_conv1d_match_finite_differences() {
    for case in CASES {
        let config = case.conv();
        let arguments = [case.x(1), case.conv_weight(2), case.bias(3)];
        check_gradients(&arguments, |v| conv1d(&v[0], &v[1], Some(&v[2]), &config))
            .unwrap_or_else(|error| panic!("{case:?}: {error}"));
    }
}

#[test]
fn gradients_of_conv_transpose1d_match_finite_differences() {
    for case in CASES {
        if case.length == 1 {
            continue;
        }
        let config = case.conv_transpose();
        let arguments = [case.x(1), case.conv_transpose_weight(2), case.bias(3)];
        check_gradients(&arguments, |v| conv_transpose1d(&v[0], &v[1], Some(&v[2]), &config))
            .unwrap_or_else(|error| panic!("{case:?}: {error}"));
    }
}

#[test]
fn strided_views_match_copies() {
    let case = Case { inputs: 12, outputs: 10, stride: 2, taps: 4, ..PLAIN };
    let config = case.conv();
    let x = normal(1, (case.length, case.inputs, case.batch)).permute((2, 1, 0)).unwrap();
    let weight = normal(2, (case.taps, case.inputs, case.outputs)).permute((2, 1, 0)).unwrap();
    let bias = normal(3, 2 * case.outputs).narrow(0, case.outputs, case.outputs).unwrap();
    let y = conv1d(&x, &weight, Some(&bias), &config).unwrap();
    assert_all_close(&flat(&y), &case.plain_conv(&x, &weight, &bias), F64_TOLERANCE, "permuted");
    check_gradients(&[x, weight], |v| conv1d(&v[0], &v[1], None, &config)).unwrap();

    // One item broadcast without a copy, and a broadcast gradient.
    let one = normal(4, (1, case.inputs, 1)).broadcast_as((2, case.inputs, case.length)).unwrap();
    let copied = one.contiguous().unwrap();
    let weight = Var::from_tensor(&case.conv_weight(5)).unwrap();
    let gradient = |x: &Tensor| {
        let y = conv1d(x, &weight, None, &config).unwrap();
        let total = y.broadcast_as((3, 2, case.outputs, y.dim(2).unwrap())).unwrap().sum_all().unwrap();
        flat(total.backward().unwrap().get(&weight).unwrap())
    };
    assert_eq!(gradient(&one), gradient(&copied));
}

#[test]
fn non_variables_get_no_gradient() {
    let case = PLAIN;
    let x = Var::from_tensor(&case.x(1)).unwrap();
    let weight = Var::from_tensor(&case.conv_weight(2)).unwrap();
    let bias = case.bias(3);
    let loss = |x: &Tensor, weight: &Tensor| {
        conv1d(x, weight, Some(&bias), &case.conv()).unwrap().sum_all().unwrap().backward().unwrap()
    };
    let gradients = loss(&x, &weight.detach());
    assert!(
        gradients.get(&x).is_some() && gradients.get(&weight).is_none() && gradients.get(&bias).is_none()
    );
    let gradients = loss(&x.detach(), &weight);
    assert!(gradients.get(&x).is_none() && gradients.get(&weight).is_some());
}

#[test]
fn reports_impossible_shapes() {
    let (x, weight) = (normal(1, (1, 4, 5)), normal(2, (6, 2, 3)));
    let message = |config: &Conv1dConfig, bias: Option<&Tensor>| {
        conv1d(&x, &weight, bias, config).unwrap_err().to_string()
    };
    let pairs = Conv1dConfig { groups: 2, ..Conv1dConfig::default() };
    let told = message(&Conv1dConfig::default(), None);
    assert!(
        told.contains("conv1d: the input [1, 4, 5] and the weight [6, 2, 3] do not fit 1 groups"),
        "{told}"
    );
    assert!(message(&Conv1dConfig { dilation: 3, ..pairs }, None).contains("reach of 7"));
    assert!(message(&pairs, Some(&normal(3, 4))).contains("6 output channels need a bias [6], got [4]"));
    assert!(message(&Conv1dConfig { stride: 0, ..pairs }, None).contains("nothing to do"));
    assert!(conv1d(&x, &single(&weight), None, &pairs).is_err());

    let weight = normal(2, (4, 3, 2));
    let message =
        |config: &ConvTranspose1dConfig| conv_transpose1d(&x, &weight, None, config).unwrap_err().to_string();
    let plain = ConvTranspose1dConfig::default();
    assert!(message(&ConvTranspose1dConfig { padding: 3, ..plain }).contains("leaves nothing of 6"));
    assert!(message(&ConvTranspose1dConfig { output_padding: 1, ..plain }).contains("output padding 1"));
    assert!(message(&ConvTranspose1dConfig { groups: 3, ..plain }).contains("do not fit 3 groups"));
    let empty = Tensor::zeros((0, 4, 5), DType::F64, &device()).unwrap();
    assert!(conv_transpose1d(&empty, &weight, None, &plain).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// ⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩ with the same weight and settings. Since ⟨conv(x), y⟩ is linear in x and
    /// in the weight, the inner product of either with its own gradient gives the same number again.
    #[test]
    fn transposed_convolution_is_the_adjoint(
        (batch, inputs, outputs, groups) in (1..4_usize, 1..20_usize, 1..20_usize, 1..4_usize),
        (taps, stride, dilation) in (1..8_usize, 1..6_usize, 1..5_usize),
        (padding, length) in (0..9_usize, 1..90_usize),
        seed in 0..1000_u64,
    ) {
        let case =
            Case { batch, inputs, outputs, length, taps, stride, padding, dilation, groups, output_padding: 0 };
        let reach = dilation * (taps - 1) + 1;
        prop_assume!(length + 2 * padding >= reach);
        let x = Var::from_tensor(&case.x(seed)).unwrap();
        let weight = Var::from_tensor(&case.conv_weight(seed + 1)).unwrap();
        let y = conv1d(&x, &weight, None, &case.conv()).unwrap();
        let other = normal(seed + 2, y.shape());
        // Samples that no output reaches become the output padding of the transposed convolution.
        let output_padding = (length + 2 * padding - reach) % stride;
        let config = ConvTranspose1dConfig { output_padding, ..case.conv_transpose() };
        let back = conv_transpose1d(&other, &weight, None, &config).unwrap();
        prop_assert_eq!(back.dims(), x.dims());

        let value = (&y * &other).unwrap();
        let gradients = value.backward().unwrap();
        let product = |a: &Tensor, b: &Tensor| (a * b).unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap();
        let expected = product(&y, &other);
        // Sums of up to 1e5 products near 1.
        assert_close(product(&x, &back), expected, 1e-8, &format!("transposed, {case:?}"));
        assert_close(product(&x, gradients.get(&x).unwrap()), expected, 1e-8, &format!("input, {case:?}"));
        assert_close(product(&weight, gradients.get(&weight).unwrap()), expected, 1e-8, &format!("weight, {case:?}"));
    }
}
