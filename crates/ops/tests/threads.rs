//! Every operation is bit-identical, forward and backward, on one thread and on many.

#![expect(clippy::unwrap_used, reason = "a test that cannot compute has failed")]

use candle_core::{DType, Device, Result, Tensor, Var};
use mynah_ops::{
    BorderPerceptron, Conv1dConfig, ConvTranspose1dConfig, InverseStft, Noise, StftMagnitude,
    border_perceptron, conv_transpose1d, conv1d, gated_activation, gelu, gradient_norm, layer_norm,
    leaky_relu, row_products, soft_dtw, softmax, weight_norm,
};

/// Returns the bits of the result and of all gradients, computed on this number of threads.
fn bits(threads: usize, arguments: &[Tensor], run: &(dyn Fn(&[Var]) -> Result<Tensor> + Sync)) -> Vec<u64> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let variables: Vec<Var> = arguments.iter().map(|x| Var::from_tensor(x).unwrap()).collect();
        let y = run(&variables).unwrap();
        let weights = Noise::new(9).normal(y.shape(), y.dtype(), &Device::Cpu).unwrap();
        let gradients = (&y * weights).unwrap().backward().unwrap();
        let mut bits = vec![gradient_norm(&gradients, &variables).unwrap().to_bits()];
        for tensor in std::iter::once(&y).chain(variables.iter().filter_map(|v| gradients.get(v))) {
            let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            bits.extend(values.iter().map(|v| u64::from(v.to_bits())));
        }
        bits
    })
}

#[track_caller]
fn check(shapes: &[&[usize]], run: &(dyn Fn(&[Var]) -> Result<Tensor> + Sync)) {
    let arguments: Vec<Tensor> = shapes
        .iter()
        .enumerate()
        .map(|(i, &shape)| Noise::new(i as u64).normal(shape, DType::F32, &Device::Cpu).unwrap())
        .collect();
    let one = bits(1, &arguments, run);
    assert!(one == bits(2, &arguments, run), "two threads");
    assert!(one == bits(7, &arguments, run), "seven threads");
}

#[test]
fn convolutions_do_not_depend_on_the_thread_count() {
    let config = Conv1dConfig { padding: 2, ..Conv1dConfig::default() };
    check(&[&[3, 24, 300], &[40, 24, 5], &[40]], &|v| conv1d(&v[0], &v[1], Some(&v[2]), &config));
    // One long item with few channels; many short items with many channels.
    check(&[&[1, 2, 9000], &[2, 2, 5]], &|v| conv1d(&v[0], &v[1], None, &config));
    check(&[&[20, 64, 7], &[96, 64, 5]], &|v| conv1d(&v[0], &v[1], None, &config));
    let grouped = Conv1dConfig { stride: 4, padding: 20, groups: 8, ..Conv1dConfig::default() };
    check(&[&[2, 32, 500], &[32, 4, 41]], &|v| conv1d(&v[0], &v[1], None, &grouped));
    let up = ConvTranspose1dConfig { stride: 8, padding: 4, ..ConvTranspose1dConfig::default() };
    check(&[&[2, 48, 60], &[48, 24, 16], &[24]], &|v| conv_transpose1d(&v[0], &v[1], Some(&v[2]), &up));
}

#[test]
fn norms_and_activations_do_not_depend_on_the_thread_count() {
    check(&[&[3, 64, 400], &[64], &[64]], &|v| layer_norm(&v[0], &v[1], &v[2], 1e-5));
    check(&[&[3, 64, 400]], &|v| gated_activation(&v[0]));
    check(&[&[3, 64, 400]], &|v| leaky_relu(&v[0], 0.1));
    check(&[&[3, 64, 400]], &|v| gelu(&v[0]));
    check(&[&[300, 200]], &|v| softmax(&v[0]));
    check(&[&[300, 40, 5], &[300, 1, 1]], &|v| weight_norm(&v[0], &v[1]));
}

#[test]
fn upsampling_does_not_depend_on_the_thread_count() {
    check(&[&[3, 10, 60], &[3, 60], &[3, 60], &[2, 10], &[10, 4], &[4]], &|v| {
        let parameters = BorderPerceptron { borders: &v[3], output: &v[4], bias: &v[5] };
        border_perceptron(&v[0], &v[1], &v[2], &parameters, 200)
    });
    check(&[&[300, 4, 60], &[300, 2, 60]], &|v| row_products(&v[0], &v[1]));
}

#[test]
fn spectra_and_alignments_do_not_depend_on_the_thread_count() {
    let stft = StftMagnitude::new(256, 64, &[1.0; 256], 1e-6, &Device::Cpu, DType::F32).unwrap();
    check(&[&[5, 4000]], &|v| stft.forward(&v[0]));
    let inverse = InverseStft::new(256, 64, 96, &[1.0; 256], &Device::Cpu, DType::F32).unwrap();
    check(&[&[5, 258, 50]], &|v| inverse.forward(&v[0]));
    check(&[&[5, 60, 50]], &|v| soft_dtw(&v[0], &[60, 50, 40, 30, 20], &[50; 5], 0.01, 0.07));
}
