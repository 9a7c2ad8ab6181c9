//! Mel-cepstra: the spectral envelope on a mel-like frequency scale.
//!
//! ```text
//! power spectrum ─ln─► log spectrum ─inverse transform─► cepstrum ─freqt(alpha)─► mel-cepstrum c0..cD
//! ```
//!
//! The definition is that of `sp2mc` in SPTK's Python interface, in double precision throughout.
//!
//! # References
//!
//! `pysptk.conversion.sp2mc`, `pysptk.freqt` and `pysptk.util.mcepalpha` 1.0.1; A. V. Oppenheim, D. H. Johnson: Discrete
//! representation of signals. Proc. IEEE 60(6), 1972 (the recursion of freqt).

use std::f64::consts::PI;

use mynah_fourier::{Complex, Real as _};

use crate::Error;
use crate::framing::Framing;

/// Number of points at which [`alpha_for_rate`] compares the two frequency scales.
const ALPHA_POINTS: usize = 1000;
/// Number of partial sums computed side by side, so that the compiler can keep them in vector registers.
const LANES: usize = 8;

/// Number of powers up to which those of all frames are kept: 32 MB.
const MOST_POWERS: usize = 1 << 22;

/// Settings of a mel-cepstral analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct MelCepstrumConfig {
    /// Length in samples of the transform and of its Hann window; even.
    pub n_fft: usize,
    /// Hop between frames in samples; even.
    pub hop_length: usize,
    /// Index of the last coefficient.
    pub order: usize,
    /// Warping of the frequency scale, in (-1, 1); see [`alpha_for_rate`].
    pub alpha: f64,
    /// Power added to every bin, in dB relative to the mean power of all bins of all frames of the signal.
    pub floor_db: f64,
}

/// Mel-cepstra of a signal, frame by frame.
#[derive(Debug, Clone, PartialEq)]
pub struct MelCepstra {
    coefficients: Vec<f64>,
    n_coefficients: usize,
}

impl MelCepstra {
    /// Returns the number of frames.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        self.coefficients.len() / self.n_coefficients
    }

    /// Returns c0..cD of each frame, in order.
    #[must_use]
    pub fn frames(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.coefficients.chunks_exact(self.n_coefficients)
    }
}

/// Planned mel-cepstral analysis, built once and shared by all threads.
///
/// Frames are those of [`Stft`](crate::Stft): padded by reflection and centered at `t * hop + hop / 2`.
pub struct MelCepstrum {
    framing: Framing,
    /// Map from logarithms of the one-sided power spectrum to coefficients, `[order + 1, n_fft / 2 + 1]`.
    matrix: Vec<f64>,
    n_coefficients: usize,
    floor: f64,
}

impl MelCepstrum {
    /// Plans the transform and the matrix from log power spectra to mel-cepstra.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if the frames cannot be planned, `order` is more than half of `n_fft`,
    /// `alpha` is outside (-1, 1), or `floor_db` is not finite.
    pub fn new(config: &MelCepstrumConfig) -> Result<Self, Error> {
        if !(config.alpha > -1.0 && config.alpha < 1.0) {
            return Err(Error::setting(
                "alpha",
                format!("expected a value between -1 and 1, exclusive, got {}", config.alpha),
            ));
        }
        if !config.floor_db.is_finite() {
            return Err(Error::setting("floor_db", format!("{} is not a finite number", config.floor_db)));
        }
        let framing = Framing::new(config.n_fft, config.n_fft, config.hop_length)?;
        if config.order > config.n_fft / 2 {
            let why = format!("{} is more than half of `n_fft`, {}", config.order, config.n_fft / 2);
            return Err(Error::setting("order", why));
        }
        Ok(Self {
            framing,
            matrix: matrix(config.n_fft, config.order, config.alpha),
            n_coefficients: config.order + 1,
            floor: 10_f64.powf(config.floor_db / 10.0),
        })
    }

    /// Computes the mel-cepstra of a signal, or `None` if it has no frames, no power, or samples that are not
    /// finite.
    ///
    /// Since the floor scales with the signal, a gain changes c0 and, except for rounding, nothing else.
    #[must_use]
    pub fn analyze(&self, samples: &[f32]) -> Option<MelCepstra> {
        let n_bins = self.framing.n_bins();
        let n_frames = self.framing.n_frames(samples.len());
        // The powers of a long signal are computed twice rather than kept.
        let keeps = n_frames * n_bins <= MOST_POWERS;
        let mut powers = Vec::with_capacity(if keeps { n_frames * n_bins } else { 0 });
        let mut sum = 0.0;
        self.framing.for_each(samples, |_, spectrum| {
            let frame = spectrum.iter().map(|bin| bin.re * bin.re + bin.im * bin.im);
            frame.clone().for_each(|power| sum += power);
            if keeps {
                powers.extend(frame);
            }
        });
        let mean = sum / (n_frames * n_bins) as f64;
        if !(mean.is_finite() && mean > 0.0) {
            return None;
        }
        let floor = mean * self.floor;
        let mut coefficients = Vec::with_capacity(n_frames * self.n_coefficients);
        let mut add = |power: &mut [f64]| {
            for value in &mut *power {
                *value = (*value + floor).ln();
            }
            coefficients.extend(self.matrix.chunks_exact(n_bins).map(|row| dot(row, power)));
        };
        if keeps {
            powers.chunks_exact_mut(n_bins).for_each(add);
        } else {
            let mut power = vec![0.0; n_bins];
            self.framing.for_each(samples, |_, spectrum| {
                for (power, bin) in power.iter_mut().zip(spectrum) {
                    *power = bin.re * bin.re + bin.im * bin.im;
                }
                add(&mut power);
            });
        }
        Some(MelCepstra { coefficients, n_coefficients: self.n_coefficients })
    }
}

/// Computes the mel-cepstrum c0..c`order` of a one-sided power spectrum of `n_fft / 2 + 1` values.
///
/// ```text
/// c(m)   = inverse real transform of ln P,  c(0) halved
/// c_a(m) = freqt(c, order, alpha)
/// ```
///
/// Powers must be positive: a power of 0 has no logarithm and gives coefficients that are not finite. Fewer
/// than two powers do not form a spectrum and give zeros.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "the plan makes buffers of the lengths that it wants")]
pub fn sp2mc(power: &[f64], order: usize, alpha: f64) -> Vec<f64> {
    if power.len() < 2 {
        return vec![0.0; order + 1];
    }
    let transform = f64::inverse(2 * (power.len() - 1));
    let mut spectrum: Vec<_> = power.iter().map(|&power| power.ln().into()).collect();
    let mut cepstrum = transform.make_output_vec();
    transform.process(&mut spectrum, &mut cepstrum).expect("the lengths match and the logarithms are real");
    let scale = 1.0 / cepstrum.len() as f64;
    for value in &mut cepstrum {
        *value *= scale;
    }
    cepstrum[0] /= 2.0;

    let mut warped = vec![0.0; order + 1];
    for &value in cepstrum.iter().rev() {
        warp(&mut warped, alpha);
        warped[0] += value;
    }
    warped
}

/// Planned [`sp2mc`] for spectra of one length.
pub struct Sp2mc {
    matrix: Vec<f64>,
    n_bins: usize,
}

impl Sp2mc {
    /// Plans the map from spectra of transforms of `n_fft` samples.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if `n_fft` is not even or too long, `order` is more than half of it, or `alpha` is outside
    /// (-1, 1).
    pub fn new(n_fft: usize, order: usize, alpha: f64) -> Result<Self, Error> {
        // Only the checks of the settings that both share.
        let config = MelCepstrumConfig { n_fft, hop_length: 2, order, alpha, floor_db: 0.0 };
        let MelCepstrum { matrix, .. } = MelCepstrum::new(&config)?;
        Ok(Self { matrix, n_bins: n_fft / 2 + 1 })
    }

    /// Computes c0..c`order` of a one-sided power spectrum; of one with another number of bins, none.
    #[must_use]
    pub fn of(&self, power: &[f64]) -> Vec<f64> {
        if power.len() != self.n_bins {
            return Vec::new();
        }
        let logarithms: Vec<f64> = power.iter().map(|power| power.ln()).collect();
        self.matrix.chunks_exact(self.n_bins).map(|row| dot(row, &logarithms)).collect()
    }
}

/// Finds the `alpha` whose frequency scale is closest to the mel scale for signals at `sample_rate` hertz.
///
/// ```text
/// mel(f)  = 1000 / ln 2 · ln(1 + f / 1000)                                        for f up to half the rate
/// bend(w) = atan((1 - a²) sin w / ((1 + a²) cos w - 2a))                          for w up to π, mapped to [0, π)
/// ```
///
/// Both scales are normalized by their last value. Of 0, 0.001, …, 0.999, the result is the first value with
/// the smallest mean squared difference at 1000 frequencies: 0.410 at 16 kHz, 0.455 at 22.05 kHz, 0.466 at 24
/// kHz, 0.544 at 44.1 kHz.
#[must_use]
pub fn alpha_for_rate(sample_rate: u32) -> f64 {
    let step_hz = f64::from(sample_rate) / 2.0 / ALPHA_POINTS as f64;
    let mel: Vec<f64> = (0..ALPHA_POINTS).map(|point| (1.0 + step_hz * point as f64 / 1000.0).ln()).collect();
    let bend = |alpha: f64, point: usize| {
        let omega = PI / ALPHA_POINTS as f64 * point as f64;
        let ratio = (1.0 - alpha * alpha) * omega.sin() / ((1.0 + alpha * alpha) * omega.cos() - 2.0 * alpha);
        let bent = ratio.atan();
        if bent < 0.0 { bent + PI } else { bent }
    };
    let last = ALPHA_POINTS - 1;
    let difference = |alpha: f64| {
        let bent_last = bend(alpha, last);
        mel.iter()
            .enumerate()
            .map(|(point, value)| (value / mel[last] - bend(alpha, point) / bent_last).powi(2))
            .sum::<f64>()
    };
    let mut best = (0.0, f64::INFINITY);
    for thousandth in 0..1000_i32 {
        let alpha = f64::from(thousandth) * 0.001;
        let distance = difference(alpha);
        if distance < best.1 {
            best = (alpha, distance);
        }
    }
    best.0
}

/// Performs one step of the recursion: multiplies a cepstrum by `z⁻¹` on the warped scale.
pub(crate) fn warp(cepstrum: &mut [f64], alpha: f64) {
    let mut before = cepstrum[0];
    cepstrum[0] = alpha * before;
    for index in 1..cepstrum.len() {
        let here = cepstrum[index];
        cepstrum[index] = if index == 1 {
            (1.0 - alpha * alpha) * before + alpha * here
        } else {
            before + alpha * (here - cepstrum[index - 1])
        };
        before = here;
    }
}

/// Computes the matrix of [`sp2mc`], which is linear in the logarithms.
fn matrix(n_fft: usize, order: usize, alpha: f64) -> Vec<f64> {
    // Column m of freqt is the image of a single cepstral coefficient m; c(0) counts half.
    let mut rows = vec![vec![0.0; n_fft]; order + 1];
    let mut column = vec![0.0; order + 1];
    column[0] = 1.0;
    for place in 0..n_fft {
        for (row, &value) in rows.iter_mut().zip(&column) {
            row[place] = if place == 0 { value / 2.0 } else { value };
        }
        warp(&mut column, alpha);
    }
    on_log_spectra(rows, n_fft)
}

/// Turns rows that multiply cepstra into rows that multiply one-sided spectra, `[rows, n_fft / 2 + 1]`.
///
/// The cepstrum of a spectrum is its inverse real transform; rows are filled with zeros up to `n_fft` values.
pub(crate) fn on_log_spectra(mut rows: Vec<Vec<f64>>, n_fft: usize) -> Vec<f64> {
    // The inverse real transform is symmetric except for the doubled inner bins, so it is applied from the
    // left.
    let transform = f64::forward(n_fft);
    let mut spectrum = transform.make_output_vec();
    let last = spectrum.len() - 1;
    rows.iter_mut()
        .flat_map(|row| {
            row.resize(n_fft, 0.0);
            transform.process(row, &mut spectrum).expect("the plan defines the lengths");
            let scaled = |(bin, value): (usize, &Complex<f64>)| {
                value.re * if bin == 0 || bin == last { 1.0 } else { 2.0 } / n_fft as f64
            };
            spectrum.iter().enumerate().map(scaled).collect::<Vec<_>>()
        })
        .collect()
}

/// Computes the dot product, in an order of summation independent of the machine.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (left_blocks, left_rest) = left.as_chunks::<LANES>();
    let (right_blocks, right_rest) = right.as_chunks::<LANES>();
    for (a, b) in left_blocks.iter().zip(right_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rounding difference between two orders of summing a few hundred logarithms.
    const ROUNDING: f64 = 1e-10;

    fn config() -> MelCepstrumConfig {
        MelCepstrumConfig { n_fft: 256, hop_length: 64, order: 12, alpha: 0.455, floor_db: -80.0 }
    }

    fn voice(n_samples: usize) -> Vec<f32> {
        (0..n_samples).map(|n| (n as f32 * 0.2).sin() * (n as f32 * 0.003).cos() * 0.3).collect()
    }

    #[test]
    fn alpha_agrees_with_sptk() {
        // pysptk 1.0.1: pysptk.util.mcepalpha(rate)
        for (rate, alpha) in [
            (8000, 0.312),
            (16_000, 0.41),
            (22_050, 0.455),
            (24_000, 0.466),
            (44_100, 0.544),
            (48_000, 0.554),
        ] {
            assert!((alpha_for_rate(rate) - alpha).abs() < 1e-9, "{rate}");
        }
    }

    #[test]
    fn plan_agrees_with_sp2mc() {
        let samples = voice(2000);
        let plan = MelCepstrum::new(&config()).unwrap();
        let cepstra = plan.analyze(&samples).unwrap();
        assert_eq!(cepstra.n_frames(), 2000 / 64);
        let mut powers = Vec::new();
        plan.framing.for_each(&samples, |_, spectrum| {
            powers.push(spectrum.iter().map(Complex::norm_sqr).collect::<Vec<f64>>());
        });
        let mean = powers.iter().flatten().sum::<f64>() / (powers.len() * 129) as f64;
        for (power, frame) in powers.iter().zip(cepstra.frames()) {
            let floored: Vec<f64> = power.iter().map(|power| power + mean * 1e-8).collect();
            for (got, expected) in frame.iter().zip(sp2mc(&floored, 12, 0.455)) {
                assert!((got - expected).abs() < ROUNDING, "{got} {expected}");
            }
        }
    }

    #[test]
    fn long_signals_have_the_cepstra_of_short_ones() {
        let samples = voice(MOST_POWERS / 129 * 64 + 64);
        let plan = MelCepstrum::new(&config()).unwrap();
        assert!(samples.len() / 64 * 129 > MOST_POWERS);
        let long = plan.analyze(&samples).unwrap();
        let mut powers = Vec::new();
        plan.framing.for_each(&samples, |_, spectrum| powers.extend(spectrum.iter().map(Complex::norm_sqr)));
        let floor = powers.iter().sum::<f64>() / powers.len() as f64 * 1e-8;
        let frame = 20_000;
        let floored: Vec<f64> = powers[frame * 129..][..129].iter().map(|power| power + floor).collect();
        let got = long.frames().nth(frame).unwrap();
        for (got, expected) in got.iter().zip(sp2mc(&floored, 12, 0.455)) {
            assert!((got - expected).abs() < ROUNDING, "{got} {expected}");
        }
    }

    #[test]
    fn without_warping_it_is_the_cepstrum() {
        // ln P = 2 (0.3 cos w + 0.1 cos 2w) has the cepstrum 0, 0.3, 0.1, 0 in amplitude, doubled in power.
        let power: Vec<f64> = (0..=8)
            .map(|k| PI * f64::from(k) / 8.0)
            .map(|w| (2.0 * (0.3 * w.cos() + 0.1 * (2.0 * w).cos())).exp())
            .collect();
        for (got, expected) in sp2mc(&power, 3, 0.0).iter().zip([0.0, 0.3, 0.1, 0.0]) {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
        assert_eq!(sp2mc(&[1.0], 2, 0.4), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn signals_without_power_have_no_cepstrum() {
        let plan = MelCepstrum::new(&config()).unwrap();
        assert_eq!(plan.analyze(&[]), None);
        assert_eq!(plan.analyze(&[0.5; 63]), None);
        assert_eq!(plan.analyze(&[0.0; 640]), None);
        assert_eq!(plan.analyze(&[f32::NAN; 640]), None);
    }

    #[test]
    fn rejects_unusable_settings() {
        let check = |config: MelCepstrumConfig, expected| match MelCepstrum::new(&config) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, expected),
            _ => panic!("{config:?} was accepted"),
        };
        check(MelCepstrumConfig { alpha: 1.0, ..config() }, "alpha");
        check(MelCepstrumConfig { floor_db: f64::NAN, ..config() }, "floor_db");
        check(MelCepstrumConfig { order: 129, ..config() }, "order");
        check(MelCepstrumConfig { hop_length: 0, ..config() }, "hop_length");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn a_gain_of_a_power_of_two_moves_c0_only(exponent in -8_i32..4) {
            let gain = 2_f32.powi(exponent);
            let samples = voice(1000);
            let louder: Vec<f32> = samples.iter().map(|sample| sample * gain).collect();
            let plan = MelCepstrum::new(&config()).unwrap();
            let (one, other) = (plan.analyze(&samples).unwrap(), plan.analyze(&louder).unwrap());
            for (a, b) in one.frames().zip(other.frames()) {
                prop_assert!((b[0] - a[0] - f64::from(gain).ln()).abs() < ROUNDING);
                for (a, b) in a.iter().zip(b).skip(1) {
                    prop_assert!((a - b).abs() < ROUNDING);
                }
            }
        }
    }
}
