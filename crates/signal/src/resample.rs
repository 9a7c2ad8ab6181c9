//! Sample rate conversion.

use std::f64::consts::PI;
use std::iter;

use pulp::{Arch, Simd, WithSimd};

use crate::{Error, Waveform};

/// Ends of the filter's pass band and start of its stop band, as fractions of half the lower rate.
const PASS_EDGE: f64 = 0.95;
const STOP_EDGE: f64 = 1.0;
/// Attenuation of the stop band; the ripple of the pass band is then 1e-5.
const ATTENUATION_DB: f64 = 100.0;
/// Number of partial sums per output sample, in an order independent of the machine.
const PARTS: usize = 4;
/// Upper bound on the numbers in a register of any machine.
const MOST_LANES: usize = 64;
/// Largest table of filters; rates whose ratio needs more are rejected.
const LONGEST_TABLE: usize = 1 << 24;

/// Planned sample rate conversion by a rational factor, built once and shared by all threads.
///
/// Every output sample is the sum of input samples weighted by a Kaiser-windowed sinc centered at the output
/// sample. The tests measure the following:
///
/// - a pass band up to 95 % of half the lower rate, with a ripple below 0.001 dB;
/// - a rejection of aliases and images of at least 95 dB, including single-precision errors;
/// - no delay: output sample `m` is at time `m / to`, and sample 0 is at time 0 on both sides;
/// - `ceil(samples · to / from)` output samples, those within the duration of the signal;
/// - zeros outside the signal.
///
/// Sums and filter table are in single precision.
///
/// # Examples
///
/// ```
/// use mynah_signal::{Resampler, Waveform};
///
/// # fn main() -> Result<(), mynah_signal::Error> {
/// let resampler = Resampler::new(48_000, 22_050)?;
/// let tone = (0..48_000).map(|n| (n as f32 * 0.05).sin()).collect();
/// let waveform = resampler.resample(&Waveform::new(tone, 48_000));
/// assert_eq!((waveform.len(), waveform.sample_rate()), (22_050, 22_050));
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// J. F. Kaiser, R. W. Schafer: On the use of the I0-sinh window for spectrum analysis. IEEE Trans. ASSP
/// 28(1), 1980 (length and shape of the window for a given attenuation).
#[derive(Debug, Clone)]
pub struct Resampler {
    from: u32,
    to: u32,
    /// Output samples per period of the two rates; input samples per period follow.
    n_phases: usize,
    step: usize,
    /// Number of input samples per output sample; a multiple of [`PARTS`].
    n_taps: usize,
    /// Number of those before the last one at or before the output sample.
    before: usize,
    /// Filter table, `[n_phases, n_taps]`.
    filters: Vec<f32>,
}

impl Resampler {
    /// Plans the filters that convert one rate to another, both in hertz.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if a rate is 0, or if the ratio in lowest terms is so large that the
    /// filters would take more than 64 MB.
    pub fn new(from: u32, to: u32) -> Result<Self, Error> {
        if from == 0 || to == 0 {
            return Err(Error::setting("sample_rate", "0 is not a sample rate"));
        }
        let shared = greatest_common_divisor(from, to);
        let (n_phases, step) = ((to / shared) as usize, (from / shared) as usize);
        // In cycles per input sample.
        let nyquist = 0.5 * f64::from(from.min(to)) / f64::from(from);
        let cutoff = nyquist * f64::midpoint(PASS_EDGE, STOP_EDGE);
        let transition = nyquist * (STOP_EDGE - PASS_EDGE);
        // Kaiser's estimate of the filter order.
        let order = (ATTENUATION_DB - 7.95) / (2.285 * 2.0 * PI * transition);
        let half = (order / 2.0).ceil();
        let before = half as usize;
        let n_taps = (2 * before + 2).next_multiple_of(PARTS);
        if n_phases.saturating_mul(n_taps) > LONGEST_TABLE {
            let why = format!("the ratio of {from} Hz to {to} Hz has too large a numerator or denominator");
            return Err(Error::setting("sample_rate", why));
        }
        let beta = 0.1102 * (ATTENUATION_DB - 8.7);
        let weight = |distance: f64| {
            let place = distance / (half + 1.0);
            if place.abs() >= 1.0 {
                return 0.0;
            }
            let window = bessel_i0(beta * (1.0 - place * place).sqrt()) / bessel_i0(beta);
            2.0 * cutoff * sinc(2.0 * cutoff * distance) * window
        };
        let mut filters = Vec::with_capacity(n_phases * n_taps);
        for phase in 0..n_phases {
            // Delay of the output sample after the input sample `before`.
            let behind = ((phase * step) % n_phases) as f64 / n_phases as f64;
            let taps: Vec<f64> = (0..n_taps).map(|tap| weight(tap as f64 - before as f64 - behind)).collect();
            // Normalization keeps a constant unchanged in every phase.
            let sum: f64 = taps.iter().sum();
            filters.extend(taps.iter().map(|tap| (tap / sum) as f32));
        }
        Ok(Self { from, to, n_phases, step, n_taps, before, filters })
    }

    /// Returns the input rate.
    #[must_use]
    pub fn from(&self) -> u32 {
        self.from
    }

    /// Returns the output rate.
    #[must_use]
    pub fn to(&self) -> u32 {
        self.to
    }

    /// Returns the number of output samples for `n_samples` input samples: those before the end of the last
    /// one.
    #[must_use]
    pub fn n_samples(&self, n_samples: usize) -> usize {
        let exact = (n_samples as u128 * self.n_phases as u128).div_ceil(self.step as u128);
        usize::try_from(exact).unwrap_or(usize::MAX)
    }

    /// Resamples a signal, ignoring the waveform's own rate in favor of [`from`](Self::from).
    ///
    /// Between equal rates, samples stay unchanged.
    #[must_use]
    pub fn resample(&self, waveform: &Waveform) -> Waveform {
        if self.from == self.to {
            return waveform.clone();
        }
        let n_output = self.n_samples(waveform.len());
        let mut padded = vec![0.0; self.before];
        padded.extend(waveform.samples());
        padded.resize(waveform.len() + self.before + self.n_taps, 0.0);
        let mut output = vec![0.0; n_output];
        Arch::new().dispatch(Convolve { plan: self, padded: &padded, output: &mut output });
        Waveform::new(output, self.to)
    }
}

/// Convolution of output samples of equal phase side by side, one period of the two rates per lane.
struct Convolve<'a> {
    plan: &'a Resampler,
    /// Signal padded with zeros.
    padded: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, padded, output } = self;
        let &Resampler { n_phases, step, n_taps, ref filters, .. } = plan;
        let lanes = S::F32_LANES;
        // Each row holds one sample position in all periods that the outputs reach.
        let n_periods = lanes + (step + n_taps) / step;
        let mut periods = vec![0.0; step * n_periods];
        for (first, output) in (0..).step_by(lanes).zip(output.chunks_mut(lanes * n_phases)) {
            for (index, column) in (first..first + n_periods).enumerate() {
                let from = padded.get(column * step..).unwrap_or_default();
                let from = from.iter().copied().chain(iter::repeat(0.0));
                for (value, sample) in periods.iter_mut().skip(index).step_by(n_periods).zip(from) {
                    *value = sample;
                }
            }
            for (phase, filter) in filters.chunks_exact(n_taps).enumerate() {
                let mut row = phase * step / n_phases;
                let mut at = row * n_periods;
                let mut sums = [simd.splat_f32s(0.0); PARTS];
                for weights in filter.as_chunks::<PARTS>().0 {
                    for part in 0..PARTS {
                        let samples = S::as_simd_f32s(&periods[at..at + lanes]).0[0];
                        let product = simd.mul_f32s(samples, simd.splat_f32s(weights[part]));
                        sums[part] = simd.add_f32s(sums[part], product);
                        (row, at) = (row + 1, at + n_periods);
                        if row == step {
                            // First sample of the next period.
                            (row, at) = (0, at - step * n_periods + 1);
                        }
                    }
                }
                let [a, b, c, d] = sums;
                let sum = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
                let places = output.iter_mut().skip(phase).step_by(n_phases);
                let mut each = [0.0; MOST_LANES];
                simd.partial_store_f32s(&mut each[..lanes], sum);
                places.zip(each).for_each(|(place, value)| *place = value);
            }
        }
    }
}

/// Returns sin(πx) / (πx), 1 at 0.
pub(crate) fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Computes the modified Bessel function of the first kind and order 0 by its series.
pub(crate) fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..200 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    /// Conversions most frequent in corpora.
    const RATES: [(u32, u32); 4] = [(48_000, 22_050), (44_100, 22_050), (16_000, 22_050), (24_000, 22_050)];
    /// Documented rejection of aliases and images.
    const REJECTION_DB: f64 = 95.0;
    /// Documented ripple of the pass band; the remainder is single precision.
    const RIPPLE_DB: f64 = 0.001;
    /// Tolerance for a few hundred single-precision products.
    const F32_TOLERANCE: f64 = 1e-6;

    fn tone(hz: f64, rate: u32, n_samples: usize) -> Waveform {
        let step = hz / f64::from(rate);
        // Whole turns are removed, so that the angle keeps all its digits.
        Waveform::new((0..n_samples).map(|n| (TAU * (step * n as f64).fract()).sin() as f32).collect(), rate)
    }

    /// Returns the amplitude of a frequency in the samples, by least squares, and the RMS of the residual.
    fn measure(samples: &[f32], hz: f64, rate: u32) -> (f64, f64) {
        let angle = |n: usize| TAU * (hz / f64::from(rate) * n as f64).fract();
        let (mut ss, mut sc, mut cc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (n, &x) in samples.iter().enumerate() {
            let (s, c) = angle(n).sin_cos();
            let x = f64::from(x);
            (ss, sc, cc, xs, xc) = (ss + s * s, sc + s * c, cc + c * c, xs + x * s, xc + x * c);
        }
        let determinant = ss * cc - sc * sc;
        let (a, b) = ((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
        let rest = samples.iter().enumerate().map(|(n, &x)| {
            let (s, c) = angle(n).sin_cos();
            (f64::from(x) - a * s - b * c).powi(2)
        });
        let rest = (rest.sum::<f64>() / samples.len() as f64).sqrt();
        (a.hypot(b), rest)
    }

    /// Returns the output samples far from the ends.
    fn inside(waveform: &Waveform) -> &[f32] {
        &waveform.samples()[waveform.len() / 4..waveform.len() * 3 / 4]
    }

    fn decibels(ratio: f64) -> f64 {
        20.0 * ratio.log10()
    }

    #[test]
    fn pass_band_is_flat_and_free_of_images() {
        for (from, to) in RATES {
            let resampler = Resampler::new(from, to).unwrap();
            let edge = PASS_EDGE * f64::from(from.min(to)) / 2.0;
            for step in 0..40 {
                let hz = edge * (f64::from(step) + 0.5) / 39.5;
                let output = resampler.resample(&tone(hz, from, from as usize / 4));
                let (amplitude, rest) = measure(inside(&output), hz, to);
                assert!(decibels(amplitude).abs() < RIPPLE_DB, "{from} {to} {hz}: {}", decibels(amplitude));
                // Images of a tone in the pass band: everything but the tone.
                assert!(decibels(rest) < -REJECTION_DB, "{from} {to} {hz}: {}", decibels(rest));
            }
        }
    }

    #[test]
    fn rejects_frequencies_above_the_lower_rate() {
        for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
            let resampler = Resampler::new(from, to).unwrap();
            let (low, high) = (STOP_EDGE * f64::from(to) / 2.0, f64::from(from) / 2.0);
            for step in 0..40 {
                let hz = low + (high - low) * f64::from(step) / 40.0;
                let output = resampler.resample(&tone(hz, from, from as usize / 4));
                let loudest = inside(&output).iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
                assert!(decibels(f64::from(loudest)) < -REJECTION_DB, "{from} {to} {hz}: {loudest:e}");
            }
        }
    }

    #[test]
    fn keeps_time_and_duration() {
        for (from, to) in RATES {
            let resampler = Resampler::new(from, to).unwrap();
            for (n_samples, hz) in [(from as usize / 2, 440.0), (12_345, 3000.0)] {
                let output = resampler.resample(&tone(hz, from, n_samples));
                assert_eq!(output.sample_rate(), to);
                assert_eq!(
                    output.len(),
                    (n_samples as f64 * f64::from(to) / f64::from(from)).ceil() as usize
                );
                let expected = tone(hz, to, output.len());
                let quarter = output.len() / 4;
                for n in quarter..3 * quarter {
                    let (got, expected) = (output.samples()[n], expected.samples()[n]);
                    assert!((got - expected).abs() < 2e-5, "{from} {to} {n}: {got} {expected}");
                }
            }
        }
    }

    #[test]
    fn equal_rates_change_nothing_and_empty_signals_stay_empty() {
        let waveform = tone(100.0, 22_050, 500);
        assert_eq!(Resampler::new(22_050, 22_050).unwrap().resample(&waveform), waveform);
        assert!(
            Resampler::new(48_000, 22_050).unwrap().resample(&Waveform::new(Vec::new(), 48_000)).is_empty()
        );
        for (from, to) in [(0, 22_050), (22_050, 0), (96_001, 22_050), (u32::MAX, u32::MAX - 1)] {
            assert!(matches!(Resampler::new(from, to), Err(Error::Setting { setting: "sample_rate", .. })));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Compares with the definition, one sum per output sample at its own time.
        #[test]
        fn agrees_with_the_windowed_sinc(
            samples in prop::collection::vec(-1.0_f32..1.0, 1..300),
            from in 1_u32..40,
            to in 1_u32..40,
        ) {
            let resampler = Resampler::new(from * 100, to * 100).unwrap();
            let output = resampler.resample(&Waveform::new(samples.clone(), from * 100));
            prop_assert_eq!(output.len(), (samples.len() * to as usize).div_ceil(from as usize));
            if from == to {
                return Ok(());
            }
            let nyquist = 0.5 * f64::from(from.min(to)) / f64::from(from);
            let half = ((ATTENUATION_DB - 7.95) / (2.285 * TAU * nyquist * (STOP_EDGE - PASS_EDGE)) / 2.0).ceil();
            let cutoff = nyquist * (PASS_EDGE + STOP_EDGE) / 2.0;
            let beta = 0.1102 * (ATTENUATION_DB - 8.7);
            let kernel = |x: f64| {
                let place = x / (half + 1.0);
                if place.abs() >= 1.0 { return 0.0; }
                sinc(2.0 * cutoff * x) * bessel_i0(beta * (1.0 - place * place).sqrt())
            };
            for (m, &got) in output.samples().iter().enumerate() {
                let time = m as f64 * f64::from(from) / f64::from(to);
                let all = time.floor() as i64 - half as i64 - 2..=time.floor() as i64 + half as i64 + 2;
                let sum: f64 = all.clone().map(|n| kernel(n as f64 - time)).sum();
                let value: f64 = all
                    .filter_map(|n| Some((n, samples.get(usize::try_from(n).ok()?)?)))
                    .map(|(n, &x)| f64::from(x) * kernel(n as f64 - time))
                    .sum();
                prop_assert!((f64::from(got) - value / sum).abs() < F32_TOLERANCE * 10.0, "{} {}", got, value / sum);
            }
        }
    }
}
