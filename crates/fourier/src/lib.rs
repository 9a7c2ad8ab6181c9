//! Plans of real fast Fourier transforms in single and double precision.
//!
//! The transforms are those of `rustfft`, through `realfft`. Their kernels are generic, so that every crate that plans a
//! transform compiles them for all instruction sets once more: some fifteen seconds of processor time for each precision.
//! This crate compiles them; the others use its plans.
//!
//! ```
//! use mynah_fourier::Real as _;
//!
//! let transform = f64::forward(4);
//! let mut spectrum = transform.make_output_vec();
//! transform.process(&mut [1.0, 0.0, -1.0, 0.0], &mut spectrum).expect("the lengths are those of the plan");
//! assert_eq!(spectrum.len(), 3);
//! assert_eq!(spectrum[1].re, 2.0);
//! ```

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use realfft::RealFftPlanner;
pub use realfft::num_complex::Complex;
pub use realfft::{ComplexToReal, RealToComplex};
use rustfft::FftNum;

/// A precision in which transforms are planned: `f32` or `f64`.
///
/// Plans are kept for the life of the process, and are the same for equal lengths. Transforms are not scaled: an inverse
/// transform of a forward one multiplies by the length.
pub trait Real: FftNum {
    /// Plans the transform of `length` real samples to `length / 2 + 1` bins.
    #[must_use]
    fn forward(length: usize) -> Arc<dyn RealToComplex<Self>>;

    /// Plans the transform of `length / 2 + 1` bins to `length` real samples.
    #[must_use]
    fn inverse(length: usize) -> Arc<dyn ComplexToReal<Self>>;
}

impl Real for f32 {
    fn forward(length: usize) -> Arc<dyn RealToComplex<Self>> {
        with(&SINGLE, |planner| planner.plan_fft_forward(length))
    }

    fn inverse(length: usize) -> Arc<dyn ComplexToReal<Self>> {
        with(&SINGLE, |planner| planner.plan_fft_inverse(length))
    }
}

impl Real for f64 {
    fn forward(length: usize) -> Arc<dyn RealToComplex<Self>> {
        with(&DOUBLE, |planner| planner.plan_fft_forward(length))
    }

    fn inverse(length: usize) -> Arc<dyn ComplexToReal<Self>> {
        with(&DOUBLE, |planner| planner.plan_fft_inverse(length))
    }
}

type Planner<T> = OnceLock<Mutex<RealFftPlanner<T>>>;

static SINGLE: Planner<f32> = OnceLock::new();
static DOUBLE: Planner<f64> = OnceLock::new();

fn with<T: FftNum, P>(planner: &Planner<T>, plan: impl FnOnce(&mut RealFftPlanner<T>) -> P) -> P {
    let planner = planner.get_or_init(|| Mutex::new(RealFftPlanner::new()));
    // A thread that panicked while it held the lock left whole plans behind.
    plan(&mut planner.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::sync::Arc;

    use super::Real;

    /// Pseudorandom samples in [-0.5, 0.5).
    fn samples(n: usize) -> Vec<f64> {
        (0..n).map(|i| (i as f64 * 12.9898).sin() * 43_758.547).map(|x| x - x.floor() - 0.5).collect()
    }

    #[test]
    fn transforms_are_the_sums_of_their_definition() {
        for n in [1, 2, 3, 8, 12, 30] {
            let signal = samples(n);
            let transform = f64::forward(n);
            let mut spectrum = transform.make_output_vec();
            transform.process(&mut signal.clone(), &mut spectrum).unwrap();
            assert_eq!(spectrum.len(), n / 2 + 1);
            for (k, bin) in spectrum.iter().enumerate() {
                let angle = |i: usize| TAU * ((i * k) % n) as f64 / n as f64;
                let re: f64 = signal.iter().enumerate().map(|(i, x)| x * angle(i).cos()).sum();
                let im: f64 = signal.iter().enumerate().map(|(i, x)| -x * angle(i).sin()).sum();
                // Rounding of at most thirty products.
                assert!((bin.re - re).abs() < 1e-12 && (bin.im - im).abs() < 1e-12, "{n} {k}: {bin}");
            }
        }
    }

    #[test]
    fn inverse_transforms_multiply_by_the_length_in_both_precisions() {
        for n in [1, 2, 7, 16, 300] {
            let signal = samples(n);
            let mut double = f64::forward(n).make_output_vec();
            f64::forward(n).process(&mut signal.clone(), &mut double).unwrap();
            let mut back = vec![0.0; n];
            f64::inverse(n).process(&mut double, &mut back).unwrap();
            let single_signal: Vec<f32> = signal.iter().map(|x| *x as f32).collect();
            let mut single = f32::forward(n).make_output_vec();
            f32::forward(n).process(&mut single_signal.clone(), &mut single).unwrap();
            let mut single_back = vec![0.0; n];
            f32::inverse(n).process(&mut single, &mut single_back).unwrap();
            for ((x, back), single) in signal.iter().zip(back).zip(single_back) {
                assert!((x - back / n as f64).abs() < 1e-14);
                // Single precision has 24 bits; the sums have up to 300 terms of one half.
                assert!((x - f64::from(single) / n as f64).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn equal_lengths_share_a_plan() {
        assert!(Arc::ptr_eq(&f64::forward(48), &f64::forward(48)));
    }
}
