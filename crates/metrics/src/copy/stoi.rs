//! Short-time objective intelligibility, as pystoi computes it.

use std::f64::consts::PI;
use std::sync::LazyLock;

use mynah_signal::{Stft, StftConfig};

use super::signals::Signals;
use crate::metric::{Definition, Formula};
use crate::statistics::mean;
use crate::{Declaration, Needs};

/// Sample rate of the definition.
const RATE: u32 = 10_000;
const FRAME: usize = 256;
const HOP: usize = 128;
const N_FFT: usize = 512;
const N_BANDS: usize = 15;
/// Center of the lowest third-octave band.
const LOWEST_HZ: f64 = 150.0;
/// Frames per segment: 384 ms.
const SEGMENT: usize = 30;
/// Level below the loudest frame of the reference at which a frame is silent.
const DYNAMIC_RANGE_DB: f64 = 40.0;
/// Lowest ratio of signal to distortion of a band, in dB.
const LEAST_RATIO_DB: f64 = -15.0;
/// Rejection of the anti-aliasing filter.
const REJECTION_DB: f64 = 60.0;

/// Correlation of the envelopes of third-octave bands.
pub(crate) const STOI: Definition = Definition {
    name: "stoi",
    profile: "stoi/pystoi-0.4.1",
    unit: "r",
    declaration: Declaration::CORRELATION.needs(Needs::AlignedRecording),
    formula: Formula::Pair(|pair| score(pair.aligned()?, plain)),
    explanation: "stoi/pystoi-0.4.1: short-time objective intelligibility of a copy

Formula
  mean over bands and segments of 30 frames of the correlation of the reference's band envelope with the system's,
  after scaling the latter to equal energy and limiting it to (1 + 10^(15/20)) times the former

Unit
  r, -1 to 1; 1 is identical, larger is better. Not symmetric. Invariant to gain of either signal.

Parameters
  Both signals from their first sample, at the lower rate, cut to the shorter. Resampled to 10 kHz as Octave does; Hann
  frames of 256 samples every 128; frames of the reference more than 40 dB below its loudest are removed from both;
  transform of 512 points; 15 third-octave bands from 150 Hz, edges at the nearest bins. Undefined below 30 frames.
  Only for copies whose samples are at the same times: undefined if the durations differ by more than 50 ms or the
  envelopes correlate by less than 0.9, unless the caller says that the signals are aligned.

Oracle
  pystoi 0.4.1, to 1e-5, on a bundled clip and altered copies of it.

Known faults
  It sees nothing above 4.3 kHz. A copy that is 5 ms late has 0.96; at 20 ms it would have 0.66, at 40 ms 0.36, and is
  refused. Another rendering of the sentence would have 0.33, however intelligible. As in pystoi, the last frame is
  left out.",
};

/// Correlation of the spectro-temporal envelopes.
pub(crate) const ESTOI: Definition = Definition {
    name: "estoi",
    profile: "estoi/pystoi-0.4.1",
    unit: "r",
    declaration: Declaration::CORRELATION.needs(Needs::AlignedRecording),
    formula: Formula::Pair(|pair| score(pair.aligned()?, extended)),
    explanation: "estoi/pystoi-0.4.1: extended short-time objective intelligibility of a copy

Formula
  mean over segments of 30 frames of the correlation of the frames' spectra, after removing mean and scale from each
  band and then from each frame

Unit
  r, -1 to 1; 1 is identical, larger is better. Symmetric but for the choice of silent frames. Invariant to gain of
  either signal.

Parameters
  Those of stoi/pystoi-0.4.1.

Oracle
  pystoi 0.4.1 (extended), to 1e-5, on a bundled clip and altered copies of it.

Known faults
  Those of stoi. pystoi adds noise of 1e-16 before dividing, so its value for bands that are constant is random; here
  they count as uncorrelated.",
};

/// Magnitudes of the bands in a frame.
pub(super) type Envelopes = [f64; N_BANDS];

/// Envelopes of a segment, `[N_BANDS, SEGMENT]`.
type Segment = Vec<f64>;

fn score(signals: &Signals, compare: fn(Segment, Segment) -> f64) -> crate::metric::Measured {
    let (reference, system) = signals.envelopes.get_or_init(|| {
        let at_rate = |samples: &[f32]| resample(samples, signals.sample_rate);
        let (reference, system) = without_silence(&at_rate(&signals.reference), &at_rate(&signals.system));
        (envelopes(&reference), envelopes(&system))
    });
    if reference.len() < SEGMENT {
        return Err(format!(
            "{} frames of the reference are not silent, expected at least {SEGMENT}",
            reference.len()
        ));
    }
    let segment = |frames: &[Envelopes]| -> Segment {
        (0..N_BANDS).flat_map(|band| frames.iter().map(move |frame| frame[band])).collect()
    };
    let values: Vec<f64> = reference
        .windows(SEGMENT)
        .zip(system.windows(SEGMENT))
        .map(|(reference, system)| compare(segment(reference), segment(system)))
        .collect();
    Ok((mean(&values).unwrap_or(f64::NAN), Some(reference.len() as u64)))
}

/// Returns the mean correlation of the bands, the system's being scaled and limited.
fn plain(mut reference: Segment, mut system: Segment) -> f64 {
    let most = 1.0 + 10_f64.powf(-LEAST_RATIO_DB / 20.0);
    let mut sum = 0.0;
    for (x, y) in reference.chunks_exact_mut(SEGMENT).zip(system.chunks_exact_mut(SEGMENT)) {
        let scale = norm(x.iter()) / (norm(y.iter()) + f64::EPSILON);
        for (x, y) in x.iter().zip(y.iter_mut()) {
            *y = (*y * scale).min(x * most);
        }
        center(x);
        center(y);
        let product: f64 = x.iter().zip(y.iter()).map(|(x, y)| x * y).sum();
        sum += product / ((norm(x.iter()) + f64::EPSILON) * (norm(y.iter()) + f64::EPSILON));
    }
    sum / N_BANDS as f64
}

/// Returns the mean correlation of the frames after normalizing bands and frames.
fn extended(mut reference: Segment, mut system: Segment) -> f64 {
    for segment in [&mut reference, &mut system] {
        for band in segment.chunks_exact_mut(SEGMENT) {
            center(band);
            let scale = norm(band.iter());
            if scale > 0.0 {
                for value in band {
                    *value /= scale;
                }
            }
        }
        for frame in 0..SEGMENT {
            let of_frame = || (0..N_BANDS).map(move |band| band * SEGMENT + frame);
            let average = of_frame().map(|at| segment[at]).sum::<f64>() / N_BANDS as f64;
            for at in of_frame() {
                segment[at] -= average;
            }
            let scale = of_frame().map(|at| segment[at].powi(2)).sum::<f64>().sqrt();
            if scale > 0.0 {
                for at in of_frame() {
                    segment[at] /= scale;
                }
            }
        }
    }
    reference.iter().zip(&system).map(|(x, y)| x * y).sum::<f64>() / SEGMENT as f64
}

fn norm<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// Removes the mean.
fn center(values: &mut [f64]) {
    let average = values.iter().sum::<f64>() / values.len() as f64;
    for value in values {
        *value -= average;
    }
}

/// Returns the starts of the frames, of which pystoi leaves out the last.
fn starts(n_samples: usize) -> impl Iterator<Item = usize> {
    (0..n_samples.saturating_sub(FRAME)).step_by(HOP)
}

/// Removes the frames in which the reference is silent, and adds the others up again.
fn without_silence(reference: &[f64], system: &[f64]) -> (Vec<f32>, Vec<f32>) {
    // Hann without the zeros at its ends.
    let window: Vec<f64> =
        (1..=FRAME).map(|n| 0.5 - 0.5 * (2.0 * PI * n as f64 / (FRAME + 1) as f64).cos()).collect();
    let frame = |samples: &[f64], start: usize| -> Vec<f64> {
        samples[start..start + FRAME].iter().zip(&window).map(|(sample, weight)| sample * weight).collect()
    };
    let levels: Vec<f64> = starts(reference.len())
        .map(|start| 20.0 * (norm(frame(reference, start).iter()) + f64::EPSILON).log10())
        .collect();
    let loudest = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let kept: Vec<usize> = starts(reference.len())
        .zip(&levels)
        .filter(|(_, level)| loudest - DYNAMIC_RANGE_DB - **level < 0.0)
        .map(|(start, _)| start)
        .collect();
    let joined = |samples: &[f64]| -> Vec<f32> {
        let mut sum = vec![0.0; if kept.is_empty() { 0 } else { (kept.len() - 1) * HOP + FRAME }];
        for (index, &start) in kept.iter().enumerate() {
            for (sum, value) in sum[index * HOP..].iter_mut().zip(frame(samples, start)) {
                *sum += value;
            }
        }
        sum.into_iter().map(|value| value as f32).collect()
    };
    (joined(reference), joined(system))
}

/// Returns the magnitudes of the bands in each frame.
fn envelopes(samples: &[f32]) -> Vec<Envelopes> {
    /// Lowest bin of each band, and the bin behind the last.
    static BANDS: LazyLock<Vec<(usize, usize)>> = LazyLock::new(bands);
    static TRANSFORM: LazyLock<Option<Stft>> = LazyLock::new(|| {
        // A periodic window of 257 samples is Hann without the zeros at its ends, preceded by a zero.
        let config = StftConfig { n_fft: N_FFT, window_length: FRAME + 1, hop_length: HOP, epsilon: 0.0 };
        Stft::new(&config).ok()
    });
    let n_frames = starts(samples.len()).count();
    let Some(transform) = TRANSFORM.as_ref().filter(|_| n_frames > 0) else { return Vec::new() };
    // The transform centers frame t at t * hop + hop / 2. Preceded by half a hop, its frame 1 begins at the first sample.
    let shifted = [&[0.0; HOP / 2][..], samples].concat();
    let magnitudes = transform.magnitude(&shifted);
    let mut envelopes = vec![[0.0; N_BANDS]; n_frames];
    for (band, &(first, end)) in BANDS.iter().enumerate() {
        for bin in first..end {
            for (envelope, &magnitude) in envelopes.iter_mut().zip(&magnitudes.row(bin)[1..]) {
                envelope[band] += f64::from(magnitude).powi(2);
            }
        }
    }
    for value in envelopes.iter_mut().flatten() {
        *value = value.sqrt();
    }
    envelopes
}

fn bands() -> Vec<(usize, usize)> {
    let hertz_per_bin = f64::from(RATE) / N_FFT as f64;
    let nearest = |hertz: f64| (hertz / hertz_per_bin).round() as usize;
    let edge = |sixths: f64| nearest(LOWEST_HZ * (sixths / 6.0).exp2());
    (0..N_BANDS).map(|band| (edge(2.0 * band as f64 - 1.0), edge(2.0 * band as f64 + 1.0))).collect()
}

/// Resamples to 10 kHz with Octave's filter.
fn resample(samples: &[f32], from: u32) -> Vec<f64> {
    if from == RATE {
        return samples.iter().map(|&sample| f64::from(sample)).collect();
    }
    let divisor = greatest_common_divisor(from, RATE);
    let (up, down) = ((RATE / divisor) as usize, (from / divisor) as usize);
    let cutoff = 1.0 / (2.0 * up.max(down) as f64);
    let half = ((REJECTION_DB - 8.0) / (28.714 * cutoff / 10.0)).ceil() as usize;
    let beta = 0.1102 * (REJECTION_DB - 8.7);
    let taps: Vec<f64> = (0..=2 * half)
        .map(|tap| {
            let place = tap as f64 - half as f64;
            let window = bessel_i0(beta * (1.0 - (place / half as f64).powi(2)).sqrt()) / bessel_i0(beta);
            window * sinc(2.0 * cutoff * place)
        })
        .collect();
    let scale = up as f64 / taps.iter().sum::<f64>();
    // Sample m is the sum over n of x[n] * h[m * down + half - n * up].
    let n_samples = (samples.len() * up).div_ceil(down);
    let sample = |m: usize| {
        let center = m * down + half;
        let first = (m * down).saturating_sub(half).div_ceil(up);
        let last = (center / up).min(samples.len() - 1);
        let products = (first..=last).map(|n| f64::from(samples[n]) * taps[center - n * up]);
        products.sum::<f64>() * scale
    };
    (0..n_samples).map(sample).collect()
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Returns the modified Bessel function of order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= (x / (2.0 * n)).powi(2);
        sum += term;
        n += 1.0;
    }
    sum
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_adjacent_third_octaves() {
        let bands = bands();
        assert_eq!((bands[0], bands[14]), ((7, 9), (174, 219)));
        assert!(bands.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }

    #[test]
    fn resampling_keeps_a_tone() {
        let tone: Vec<f32> =
            (0..22_050).map(|n| (2.0 * PI * 440.0 * f64::from(n) / 22_050.0).sin() as f32).collect();
        let resampled = resample(&tone, 22_050);
        assert_eq!(resampled.len(), 10_000);
        for (n, value) in resampled.iter().enumerate().skip(200).take(9600) {
            let expected = (2.0 * PI * 440.0 * n as f64 / 10_000.0).sin();
            assert!((value - expected).abs() < 2e-3, "{n}: {value} {expected}");
        }
    }
}
