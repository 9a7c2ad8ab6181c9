//! Distances of magnitude spectra, frame by frame.

use std::sync::LazyLock;

use mynah_signal::{Spectrogram, Stft, StftConfig};

use super::signals::Signals;
use crate::metric::{Definition, Formula};
use crate::{Declaration, Needs, Pair};

/// Transform, hop and window of each resolution, in samples.
const RESOLUTIONS: [(usize, usize, usize); 3] = [(1024, 120, 600), (2048, 240, 1200), (512, 50, 240)];
/// Smallest magnitude before the logarithm.
const LEAST_MAGNITUDE: f64 = 1e-7;
/// Frames of the log-spectral distance.
const LSD_FRAMES: (usize, usize, usize) = (2048, 512, 2048);
/// Smallest power before the logarithm of the log-spectral distance.
const LEAST_POWER: f64 = 1e-8;

/// Spectral convergence at three resolutions.
pub(crate) const CONVERGENCE: Definition = Definition {
    name: "mr_stft_convergence",
    profile: "mr_stft_convergence/1",
    unit: "ratio",
    declaration: Declaration::DISTANCE.needs(Needs::AlignedRecording),
    formula: Formula::Pair(|pair| {
        let distances = over_resolutions(pair)?;
        Ok((distances.convergence, Some(distances.n_frames)))
    }),
    explanation: "mr_stft_convergence/1: the spectral convergence of a copy at three resolutions

Formula
  mean over resolutions of ||S - S'|| / ||S||, Frobenius norms; S the magnitudes of the reference, S' those of the
  system

Unit
  ratio; 0 is identical, larger is worse, 1 is silence. Not symmetric. Invariant to polarity.

Parameters
  Both signals from their first sample, at the lower rate, cut to the shorter; neither level nor offset is removed.
  (transform, hop, window) of (1024, 120, 600), (2048, 240, 1200), (512, 50, 240) samples whatever the rate; periodic
  Hann window in the middle of the transform; reflection padding, frame t centered at t * hop + hop / 2. Magnitudes at
  least 1e-7. Only for copies whose samples are at the same times, as in stoi/pystoi-0.4.1.

Oracle
  numpy, to 1e-6, on a bundled clip and altered copies of it.

Known faults
  Loud low frequencies decide. A gain of 0.5 gives 0.5. Losses of vocoders center frames at t * hop and use other
  resolutions, so their values differ slightly.",
};

/// Mean difference of log-magnitudes at three resolutions.
pub(crate) const LOG_MAGNITUDE: Definition = Definition {
    name: "mr_stft_log_magnitude",
    profile: "mr_stft_log_magnitude/1",
    unit: "nepers",
    declaration: Declaration::DISTANCE.needs(Needs::AlignedRecording),
    formula: Formula::Pair(|pair| {
        let distances = over_resolutions(pair)?;
        Ok((distances.log_magnitude, Some(distances.n_frames)))
    }),
    explanation: "mr_stft_log_magnitude/1: the mean error of log-magnitudes of a copy at three resolutions

Formula
  mean over resolutions of mean over frames and bins of |ln S - ln S'|

Unit
  nepers, of 8.69 dB; 0 is identical, larger is worse. Symmetric. Invariant to polarity.

Parameters
  Those of mr_stft_convergence/1.

Oracle
  numpy, to 1e-5, on a bundled clip and altered copies of it.

Known faults
  All bins count alike, so inaudible noise in pauses and above 8 kHz decides. A gain of 0.5 gives 0.69.",
};

/// Log-spectral distance.
pub(crate) const LSD: Definition = Definition {
    name: "lsd",
    profile: "lsd/2048-1",
    unit: "dB",
    declaration: Declaration::DISTANCE.needs(Needs::AlignedRecording),
    formula: Formula::Pair(|pair| {
        static TRANSFORM: LazyLock<Option<Stft>> = LazyLock::new(|| transform(LSD_FRAMES));
        let (reference, system) = magnitudes(TRANSFORM.as_ref(), pair.aligned()?)?;
        let decibels = |magnitude: &f32| 10.0 * f64::from(*magnitude).powi(2).max(LEAST_POWER).log10();
        let mut squares = vec![0.0; reference.n_frames()];
        for bin in 0..reference.n_bins() {
            let rows = reference.row(bin).iter().zip(system.row(bin));
            for (sum, (x, y)) in squares.iter_mut().zip(rows) {
                *sum += (decibels(x) - decibels(y)).powi(2);
            }
        }
        let n_bins = reference.n_bins() as f64;
        let sum: f64 = squares.iter().map(|sum| (sum / n_bins).sqrt()).sum();
        Ok((sum / squares.len() as f64, Some(squares.len() as u64)))
    }),
    explanation: "lsd/2048-1: the log-spectral distance of a copy

Formula
  mean over frames of sqrt(mean over bins of (10 log10 P - 10 log10 P')^2); P the power of the reference, P' the
  system's

Unit
  dB; 0 is identical, larger is worse. Symmetric. Invariant to polarity.

Parameters
  Both signals from their first sample, at the lower rate, cut to the shorter; neither level nor offset is removed.
  Frames of 2048 samples every 512 whatever the rate, periodic Hann window, reflection padding, no normalization of the
  transform; powers at least 1e-8. Only for copies whose samples are at the same times, as in stoi/pystoi-0.4.1.

Oracle
  numpy, to 1e-4 dB, on a bundled clip and altered copies of it.

Known faults
  All bins count alike, so inaudible noise in pauses and missing bandwidth decide. A gain of 0.5 gives 6.0. Papers on
  super-resolution leave out the factor 10.",
};

fn transform((n_fft, hop_length, window_length): (usize, usize, usize)) -> Option<Stft> {
    Stft::new(&StftConfig { n_fft, window_length, hop_length, epsilon: 0.0 }).ok()
}

/// Returns the magnitudes of reference and system, which have as many frames, at least one.
fn magnitudes(transform: Option<&Stft>, signals: &Signals) -> Result<(Spectrogram, Spectrogram), String> {
    let transform = transform.ok_or("the transform cannot be planned")?;
    let magnitudes = (transform.magnitude(&signals.reference), transform.magnitude(&signals.system));
    if magnitudes.0.n_frames() == 0 {
        return Err("the signals are shorter than a hop".to_owned());
    }
    Ok(magnitudes)
}

/// Means over the resolutions, and the number of frames.
pub(super) struct Distances {
    convergence: f64,
    log_magnitude: f64,
    n_frames: u64,
}

/// Returns the distances at all resolutions, computed once for both metrics.
fn over_resolutions<'a>(pair: &'a Pair<'_>) -> Result<&'a Distances, &'a str> {
    static TRANSFORMS: LazyLock<[Option<Stft>; 3]> = LazyLock::new(|| RESOLUTIONS.map(transform));
    let signals = pair.aligned()?;
    let compute = || {
        let mut distances = Distances { convergence: 0.0, log_magnitude: 0.0, n_frames: 0 };
        for transform in TRANSFORMS.iter() {
            let (reference, system) = magnitudes(transform.as_ref(), signals)?;
            distances.convergence += convergence(&reference, &system) / RESOLUTIONS.len() as f64;
            distances.log_magnitude += log_magnitude(&reference, &system) / RESOLUTIONS.len() as f64;
            distances.n_frames += reference.n_frames() as u64;
        }
        Ok(distances)
    };
    signals.resolutions.get_or_init(compute).as_ref().map_err(String::as_str)
}

fn floored(magnitude: f32) -> f64 {
    f64::from(magnitude).max(LEAST_MAGNITUDE)
}

fn convergence(reference: &Spectrogram, system: &Spectrogram) -> f64 {
    let (mut error, mut power) = (0.0, 0.0);
    for (&x, &y) in reference.data().iter().zip(system.data()) {
        error += (floored(x) - floored(y)).powi(2);
        power += floored(x).powi(2);
    }
    (error / power).sqrt()
}

fn log_magnitude(reference: &Spectrogram, system: &Spectrogram) -> f64 {
    let differences =
        reference.data().iter().zip(system.data()).map(|(&x, &y)| (floored(x) / floored(y)).ln().abs());
    differences.sum::<f64>() / reference.data().len() as f64
}
