//! Mel-cepstra of frames by SPTK's `mcep`: the unbiased estimate of the log spectrum.
//!
//! ```text
//! periodogram ─ln─► mel-cepstrum ─► residual periodogram ─► its mel-autocorrelation ─► Newton step ─┐
//!                        ▲─────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! For programs that must give the numbers of others; new measurements use [`mel_cepstrum`](crate::mel_cepstrum).
//!
//! # References
//!
//! T. Fukada, K. Tokuda, T. Kobayashi, S. Imai: An adaptive algorithm for mel-cepstral analysis of speech. ICASSP
//! 1992. K. Tokuda, T. Kobayashi, T. Masuko, S. Imai: Mel-generalized cepstral analysis, ICSLP 1994. Defaults and the
//! order of steps are those of `pysptk.mcep` 1.0.1.

use std::sync::Arc;

use mynah_fourier::{Real as _, RealToComplex};

use crate::Error;
use crate::framing::LONGEST_FRAME;
use crate::mel_cepstrum::{dot, on_log_spectra, warp};

/// Fewest and most Newton steps, and the relative change of the residual power at which they end.
const FEWEST_STEPS: usize = 2;
const MOST_STEPS: usize = 30;
const SMALLEST_CHANGE: f64 = 0.001;

/// Settings of the analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct McepConfig {
    /// Length of frames in samples; even.
    pub n_fft: usize,
    /// Index of the last coefficient.
    pub order: usize,
    /// Warping of the frequency scale, in (-1, 1).
    pub alpha: f64,
    /// Power added to every bin of a periodogram.
    pub floor: f64,
}

/// Planned analysis, built once and shared by all threads.
pub struct Mcep {
    n_coefficients: usize,
    alpha: f64,
    floor: f64,
    transform: Arc<dyn RealToComplex<f64>>,
    /// Map from log powers to the coefficients, `[order + 1, bins]`.
    first: Vec<f64>,
    /// Map from coefficients to log amplitudes, `[order + 1, bins]`.
    spectra: Vec<f64>,
    /// Map from powers to the autocorrelation on the warped scale, `[2 order + 1, bins]`.
    autocorrelation: Vec<f64>,
}

impl Mcep {
    /// Plans the analysis.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if `n_fft` is not even or too long, `order` is more than a quarter of it, `alpha` is
    /// outside (-1, 1), or `floor` is negative or not finite.
    #[expect(clippy::missing_panics_doc, reason = "the plan makes buffers of the lengths that it wants")]
    pub fn new(config: &McepConfig) -> Result<Self, Error> {
        let &McepConfig { n_fft, order, alpha, floor } = config;
        if n_fft < 4 || n_fft % 2 == 1 || n_fft > LONGEST_FRAME {
            let why = format!("{n_fft} is not an even number between 4 and {LONGEST_FRAME}");
            return Err(Error::setting("n_fft", why));
        }
        if order > n_fft / 4 {
            let why = format!("{order} is more than a quarter of `n_fft`, {n_fft}");
            return Err(Error::setting("order", why));
        }
        if !(alpha > -1.0 && alpha < 1.0) {
            let why = format!("expected a value between -1 and 1, exclusive, got {alpha}");
            return Err(Error::setting("alpha", why));
        }
        if !(floor >= 0.0 && floor.is_finite()) {
            return Err(Error::setting("floor", format!("{floor} is not a finite power")));
        }
        let half = n_fft / 2;
        let n_coefficients = order + 1;

        let mut first = vec![vec![0.0; half + 1]; n_coefficients];
        let mut image = vec![0.0; n_coefficients];
        image[0] = 1.0;
        for place in 0..=half {
            let share = if place == 0 || place == half { 0.5 } else { 1.0 };
            first.iter_mut().zip(&image).for_each(|(row, value)| row[place] = share * value);
            warp(&mut image, alpha);
        }

        let transform = f64::forward(n_fft);
        let mut image = vec![0.0; half + 1];
        image[0] = 1.0;
        let mut spectra = Vec::with_capacity(n_coefficients * (half + 1));
        let mut spectrum = transform.make_output_vec();
        for _ in 0..n_coefficients {
            let mut padded = image.clone();
            padded.resize(n_fft, 0.0);
            transform.process(&mut padded, &mut spectrum).expect("the plan defines the lengths");
            spectra.extend(spectrum.iter().map(|bin| bin.re));
            warp(&mut image, -alpha);
        }

        let mut rows = vec![vec![0.0; half + 1]; 2 * order + 1];
        let mut image: Vec<f64> = (0..=2 * order).map(|power| (-alpha).powi(power as i32)).collect();
        for place in 0..=half {
            rows.iter_mut().zip(&image).for_each(|(row, value)| row[place] = *value);
            warp_sequence(&mut image, alpha);
        }
        Ok(Self {
            n_coefficients,
            alpha,
            floor,
            transform,
            first: on_log_spectra(first, n_fft),
            spectra,
            autocorrelation: on_log_spectra(rows, n_fft),
        })
    }

    /// Returns the number of coefficients, `order + 1`.
    #[must_use]
    pub fn n_coefficients(&self) -> usize {
        self.n_coefficients
    }

    /// Computes the coefficients of a frame of samples that have been multiplied by a window, as `itype=0` does;
    /// `None` if it has not `n_fft` samples, a power of 0, or if a step has no solution.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the plan makes buffers of the lengths that it wants")]
    pub fn of_windowed(&self, frame: &[f64]) -> Option<Vec<f64>> {
        if frame.len() != self.transform.len() {
            return None;
        }
        let mut spectrum = self.transform.make_output_vec();
        self.transform.process(&mut frame.to_vec(), &mut spectrum).expect("the lengths match");
        let powers: Vec<f64> =
            spectrum.iter().map(|bin| bin.re * bin.re + bin.im * bin.im + self.floor).collect();
        let mut coefficients = self.first_estimate(&powers)?;
        self.refine(&powers, &mut coefficients)?;
        Some(coefficients)
    }

    /// Computes the coefficients of a spectrum of `n_fft / 2 + 1` amplitudes without Newton steps, as `itype=3` and
    /// `maxiter=0` do; `None` if there are more or fewer, or the power of one is 0.
    #[must_use]
    pub fn of_amplitudes(&self, amplitudes: &[f64]) -> Option<Vec<f64>> {
        let powers: Vec<f64> = amplitudes.iter().map(|value| value * value + self.floor).collect();
        self.first_estimate(&powers)
    }

    fn n_bins(&self) -> usize {
        self.transform.len() / 2 + 1
    }

    fn first_estimate(&self, powers: &[f64]) -> Option<Vec<f64>> {
        if powers.len() != self.n_bins() || !powers.iter().all(|&power| power > 0.0 && power.is_finite()) {
            return None;
        }
        let logarithms: Vec<f64> = powers.iter().map(|power| power.ln()).collect();
        Some(self.first.chunks_exact(self.n_bins()).map(|row| dot(row, &logarithms)).collect())
    }

    /// Moves the coefficients to where the residual has no correlation left.
    fn refine(&self, powers: &[f64], coefficients: &mut [f64]) -> Option<()> {
        let n_bins = self.n_bins();
        // The first comparison is with half of the mean log power, in the reference program too.
        let inner: f64 = powers[1..n_bins - 1].iter().map(|power| power.ln()).sum();
        let mut before =
            (powers[0].ln() + powers[n_bins - 1].ln() + 2.0 * inner) / (4.0 * (n_bins - 1) as f64);
        let mut residual = vec![0.0; n_bins];
        for step in 1..=MOST_STEPS {
            residual.fill(0.0);
            for (value, row) in coefficients.iter().zip(self.spectra.chunks_exact(n_bins)) {
                residual.iter_mut().zip(row).for_each(|(log, weight)| *log += value * weight);
            }
            for (log, power) in residual.iter_mut().zip(powers) {
                *log = power / (*log + *log).exp();
            }
            let lags: Vec<f64> =
                self.autocorrelation.chunks_exact(n_bins).map(|row| dot(row, &residual)).collect();
            if step >= FEWEST_STEPS {
                if ((lags[0] - before) / lags[0]).abs() < SMALLEST_CHANGE {
                    break;
                }
                before = lags[0];
            }
            let mut change: Vec<f64> =
                (0..coefficients.len()).map(|index| lags[index] - (-self.alpha).powi(index as i32)).collect();
            solve(&lags, &mut change)?;
            coefficients.iter_mut().zip(&change).for_each(|(value, change)| *value += change);
        }
        coefficients.iter().all(|value| value.is_finite()).then_some(())
    }
}

/// Performs one step of the recursion for sequences that are not cepstra, with nothing coming in.
fn warp_sequence(values: &mut [f64], alpha: f64) {
    let mut before = values[0];
    values[0] = 0.0;
    for index in 1..values.len() {
        let here = values[index];
        values[index] = before + alpha * (here - values[index - 1]);
        before = here;
    }
}

/// Solves for the Newton step by Cholesky's method; the matrix has `r(|i - j|) + r(i + j)` at row i and column j.
fn solve(r: &[f64], known: &mut [f64]) -> Option<()> {
    let n = known.len();
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let (done, here) = lower.split_at(i * n);
            let row_j = if i == j { &here[..j] } else { &done[j * n..][..j] };
            let sum: f64 = here[..j].iter().zip(row_j).map(|(a, b)| a * b).sum();
            let rest = r[i - j] + r[i + j] - sum;
            if i == j {
                if !(rest > 0.0 && rest.is_finite()) {
                    return None;
                }
                lower[i * n + i] = rest.sqrt();
            } else {
                lower[i * n + j] = rest / lower[j * n + j];
            }
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|j| lower[i * n + j] * known[j]).sum();
        known[i] = (known[i] - sum) / lower[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| lower[j * n + i] * known[j]).sum();
        known[i] = (known[i] - sum) / lower[i * n + i];
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> McepConfig {
        McepConfig { n_fft: 256, order: 12, alpha: 0.42, floor: 1e-6 }
    }

    #[test]
    fn an_envelope_of_that_order_is_found_exactly() {
        // ln |H| = 0.5 + 0.3 cos w - 0.2 cos 2w without warping; a periodogram equal to the envelope leaves nothing to do.
        let plan = Mcep::new(&McepConfig { alpha: 0.0, floor: 0.0, ..config() }).unwrap();
        let amplitudes: Vec<f64> = (0..=128)
            .map(|bin| std::f64::consts::PI * f64::from(bin) / 128.0)
            .map(|w| (0.5 + 0.3 * w.cos() - 0.2 * (2.0 * w).cos()).exp())
            .collect();
        let coefficients = plan.of_amplitudes(&amplitudes).unwrap();
        for (index, value) in coefficients.iter().enumerate() {
            let expected = [0.5, 0.3, -0.2].get(index).copied().unwrap_or(0.0);
            assert!((value - expected).abs() < 1e-12, "{index}: {value}");
        }
        let powers: Vec<f64> = amplitudes.iter().map(|value| value * value).collect();
        let mut refined = coefficients.clone();
        plan.refine(&powers, &mut refined).unwrap();
        for (a, b) in refined.iter().zip(&coefficients) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn frames_without_power_or_of_another_length_have_none() {
        let plan = Mcep::new(&McepConfig { floor: 0.0, ..config() }).unwrap();
        assert_eq!(plan.of_windowed(&[0.0; 256]), None);
        assert_eq!(plan.of_windowed(&[1.0; 255]), None);
        assert_eq!(plan.of_windowed(&[f64::NAN; 256]), None);
        assert_eq!(plan.of_amplitudes(&[1.0; 128]), None);
        let silent = Mcep::new(&config()).unwrap().of_windowed(&[0.0; 256]).unwrap();
        assert!((silent[0] - 1e-6_f64.ln() / 2.0).abs() < 1e-9, "{silent:?}");
    }

    #[test]
    fn rejects_unusable_settings() {
        let check = |config: McepConfig, expected| match Mcep::new(&config) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, expected),
            _ => panic!("{config:?} was accepted"),
        };
        check(McepConfig { n_fft: 255, ..config() }, "n_fft");
        check(McepConfig { order: 65, ..config() }, "order");
        check(McepConfig { alpha: -1.0, ..config() }, "alpha");
        check(McepConfig { floor: -1.0, ..config() }, "floor");
        check(McepConfig { floor: f64::INFINITY, ..config() }, "floor");
    }
}
