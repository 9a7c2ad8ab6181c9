//! Products in reduced precision: only on a GPU, only on request, and as accurate as their bits allow.
//!
//! The precision is an argument, unaffected by others in use in the same process.

#![expect(clippy::unwrap_used, reason = "a test that cannot compute has failed")]

use candle_core::{DType, Tensor, Var};
use mynah_ops::testing::{device, normal};
use mynah_ops::{Conv1dConfig, MatrixProduct as _, Precision, conv1d};

/// Rounding of a factor, a product and a result to 8 bits, in sums of about ten products near 1.
const BF16_TOLERANCE: f64 = 0.1;
/// The same with 11 bits.
const TF32_TOLERANCE: f64 = 0.02;

/// Returns a convolution, its gradients and a product, flattened.
fn results(dtype: DType, precision: Precision) -> Vec<f64> {
    let single = |seed, shape: (usize, usize, usize)| normal(seed, shape).to_dtype(DType::F32).unwrap();
    let of = |x: Tensor| x.to_dtype(dtype).unwrap();
    let x = Var::from_tensor(&of(single(1, (2, 4, 9)))).unwrap();
    let weight = Var::from_tensor(&of(single(2, (6, 4, 3)))).unwrap();
    let config = Conv1dConfig { padding: 1, precision, ..Conv1dConfig::default() };
    let y = conv1d(&x, &weight, None, &config).unwrap();
    let gradients = (&y * &of(single(3, (2, 6, 9)))).unwrap().sum_all().unwrap().backward().unwrap();
    let product = of(single(4, (2, 5, 7))).product(&of(single(5, (2, 7, 3))), precision).unwrap();
    let parts = [&y, gradients.get(&x).unwrap(), gradients.get(&weight).unwrap(), &product];
    parts
        .iter()
        .flat_map(|part| part.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap())
        .collect()
}

/// Returns a full-precision product and its gradient, flattened.
fn exact() -> Vec<f32> {
    let (left, right) = (normal(6, (3, 4)).to_dtype(DType::F32), normal(7, (4, 5)).to_dtype(DType::F32));
    let left = Var::from_tensor(&left.unwrap()).unwrap();
    let y = left.exact_product(&right.unwrap()).unwrap();
    let gradient = y.sqr().unwrap().sum_all().unwrap().backward().unwrap().remove(&left).unwrap();
    [y, gradient].iter().flat_map(|part| part.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn reduces_precision_only_on_a_gpu() {
    let full = Precision::F32;
    let (single, double, whole) = (results(DType::F32, full), results(DType::F64, full), exact());
    for (chosen, tolerance) in [(Precision::Bf16, BF16_TOLERANCE), (Precision::Tf32, TF32_TOLERANCE)] {
        let shortened = results(DType::F32, chosen);
        let difference = largest_difference(&shortened, &single);
        if device().is_cuda() {
            assert!(difference < tolerance, "{chosen:?}: {difference}");
            // The library decides whether to use TF32.
            assert!(chosen != Precision::Bf16 || difference > 1e-4, "{chosen:?} changed nothing");
        } else {
            assert_eq!(shortened, single, "{chosen:?}");
        }
        // Gradients are checked in f64, whatever the precision in use.
        assert_eq!(results(DType::F64, chosen), double, "{chosen:?}");
        assert_eq!(exact(), whole, "{chosen:?}");
        // Precisions in one process do not affect each other, nor do threads that use both at once.
        assert_eq!(results(DType::F32, full), single, "next to {chosen:?}");
        let (beside, again) = std::thread::scope(|scope| {
            let other = scope.spawn(|| results(DType::F32, chosen));
            (results(DType::F32, full), other.join().unwrap())
        });
        assert_eq!((beside, again), (single.clone(), shortened), "{chosen:?}");
    }
}
