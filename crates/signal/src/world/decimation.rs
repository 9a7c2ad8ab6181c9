//! Signals at a fraction of their sample rate.

use std::f64::consts::PI;

/// Ripple of the filter in dB, and the end of its pass band as a share of half the new rate.
const RIPPLE_DB: f64 = 0.05;
const PASS_EDGE: f64 = 0.8;
/// Samples by which a signal is continued, odd about its ends.
const MARGIN: usize = 9;
/// Samples of the first and last value that are put before and after the signal, so that the ends are quiet.
const LEAD: usize = 140;

/// Low-pass filters a signal forward and backward by a Chebyshev filter of order 3 and keeps every `factor`-th
/// sample.
///
/// Kept are the last sample and those before it by multiples of `factor`, and one beyond the end if that makes the
/// length divided by the factor, rounded up.
pub(super) fn decimated(samples: &[f64], factor: usize) -> Vec<f64> {
    if factor == 1 || samples.is_empty() {
        return samples.to_vec();
    }
    let lead = LEAD.div_ceil(factor) * factor;
    let (first, last) = (samples[0], samples[samples.len() - 1]);
    let n_padded = samples.len() + 2 * lead;
    let at = |index: usize| {
        if index < lead { first } else { samples.get(index - lead).copied().unwrap_or(last) }
    };
    // The lead is longer than the margin, so the odd continuation is constant.
    let mut signal: Vec<f64> = std::iter::repeat_n(first, MARGIN)
        .chain((0..n_padded).map(at))
        .chain(std::iter::repeat_n(last, MARGIN))
        .collect();
    let filter = Filter::new(PASS_EDGE / factor as f64);
    for _ in 0..2 {
        filter.run(&mut signal);
        signal.reverse();
    }
    let begin = MARGIN + lead + (samples.len() - 1) % factor;
    signal[begin..].iter().step_by(factor).copied().take(samples.len().div_ceil(factor)).collect()
}

/// Recursive filter of order 3 with a zero of order 3 at half the sample rate.
struct Filter {
    gain: f64,
    /// Coefficients of the feedback.
    feedback: [f64; 3],
}

impl Filter {
    /// Designs a Chebyshev filter of the first kind by the bilinear transform; `edge` is a share of half the sample
    /// rate.
    fn new(edge: f64) -> Self {
        let epsilon = (10_f64.powf(RIPPLE_DB / 10.0) - 1.0).sqrt();
        let spread = (1.0 / epsilon).asinh() / 3.0;
        let warped = (PI * edge / 2.0).tan();
        // Poles of the analog filter: one real, one pair with the given sum and product.
        let real = -spread.sinh() * warped;
        let (angle_sin, angle_cos) = (PI / 6.0).sin_cos();
        let (re, im) = (-spread.sinh() * angle_sin * warped, spread.cosh() * angle_cos * warped);
        let single = (1.0 + real) / (1.0 - real);
        // (1 + p) / (1 - p) for the pair.
        let norm = (1.0 - re).powi(2) + im * im;
        let (pair_re, pair_im) = (((1.0 + re) * (1.0 - re) - im * im) / norm, 2.0 * im / norm);
        let (sum, product) = (2.0 * pair_re, pair_re * pair_re + pair_im * pair_im);
        let feedback = [single + sum, -(single * sum + product), single * product];
        // Unit gain at 0 Hz, as every filter of odd order has.
        let gain = (1.0 - feedback.iter().sum::<f64>()) / 8.0;
        Self { gain, feedback }
    }

    fn run(&self, signal: &mut [f64]) {
        let [a, b, c] = self.feedback;
        let mut state = [0.0; 3];
        for value in signal {
            let next = *value + a * state[0] + b * state[1] + c * state[2];
            *value = self.gain * next
                + 3.0 * self.gain * state[0]
                + 3.0 * self.gain * state[1]
                + self.gain * state[2];
            state = [next, state[0], state[1]];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_that_of_scipy() {
        // scipy 1.17.1: scipy.signal.cheby1(3, 0.05, 0.8 / 3)
        let filter = Filter::new(0.8 / 3.0);
        let expected = [0.950_393_789_832_373_3, -0.674_291_467_415_267_3, 0.154_122_116_213_464_5];
        for (got, expected) in filter.feedback.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-13, "{got} {expected}");
        }
        assert!((filter.gain - 0.071_221_945_171_178_7).abs() < 1e-13, "{}", filter.gain);
    }

    #[test]
    fn keeps_slow_signals_and_their_times() {
        let slow = |index: usize| (index as f64 * 0.01).sin();
        let samples: Vec<f64> = (0..1000).map(slow).collect();
        for factor in 1..=12 {
            let kept = decimated(&samples, factor);
            assert_eq!(kept.len(), 1000_usize.div_ceil(factor));
            for (index, value) in kept.iter().enumerate().skip(40).take(kept.len().saturating_sub(80)) {
                assert!((value - slow(index * factor + 999 % factor)).abs() < 0.01, "{factor} {index}");
            }
        }
    }
}
