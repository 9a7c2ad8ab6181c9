//! Liveliness of the melody, whatever the rhythm.

use super::LEAST_CELLS;
use crate::metric::{Definition, Formula, Measured};
use crate::statistics::quantile;
use crate::{Clip, Declaration, Pair};

/// Difference of the interquartile ranges of the pitch, in semitones.
pub(crate) const SPREAD_DIFFERENCE: Definition = Definition {
    name: "f0_spread_difference",
    profile: "f0_spread_difference/pyin-1",
    unit: "semitones",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| difference(pair, 0.25, 0.75)),
    explanation: "f0_spread_difference/pyin-1: how much livelier the melody is

Formula
  (q75 - q25 of the system) - (q75 - q25 of the reference), q the quantiles of 12 * log2(f) over the voiced frames

Unit
  semitones; 0 is equal, negative is flatter, positive is livelier; swapping the signals changes the sign. `frames`
  counts the voiced frames of the system; undefined if either signal has fewer than 10.

Parameters
  The frames of log_f0_rmse/pyin-2, without its path: the rhythm has no influence. Quantiles by linear interpolation.

Oracle
  numpy's quantile of the frames of log_f0_rmse's oracle, to 1e-4 semitones, on bundled clips and altered copies.

Known faults
  The spread of one sentence is noisy: of nine in ten sentences of a small voice it differs by -2.5 to 2 from the
  recording. Frames in a creaky end of a sentence count if the tracker finds a pitch there. A livelier melody may be
  the better one.",
};

/// Difference of the ranges of the pitch from the 5th to the 95th percentile, in semitones.
pub(crate) const RANGE_DIFFERENCE: Definition = Definition {
    name: "f0_range_difference",
    profile: "f0_range_difference/pyin-1",
    unit: "semitones",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| difference(pair, 0.05, 0.95)),
    explanation: "f0_range_difference/pyin-1: how much wider the range of the pitch is

Formula
  (q95 - q5 of the system) - (q95 - q5 of the reference), q the quantiles of 12 * log2(f) over the voiced frames

Unit
  semitones; 0 is equal, negative is narrower, positive is wider; swapping the signals changes the sign. `frames`
  counts the voiced frames of the system; undefined if either signal has fewer than 10.

Parameters
  Those of f0_spread_difference/pyin-1.

Oracle
  numpy's quantile of the frames of log_f0_rmse's oracle, to 1e-4 semitones, on bundled clips and altered copies.

Known faults
  Octave errors in a twentieth of the frames change it by 12 semitones: read it together with f0_spread_difference.",
};

fn difference(pair: &Pair<'_>, low: f64, high: f64) -> Measured {
    let (reference, system) = pair.at_one_rate()?;
    let (reference, _) = distance(reference, low, high).map_err(|why| format!("the reference {why}"))?;
    let (system, n_voiced) = distance(system, low, high).map_err(|why| format!("the system {why}"))?;
    Ok((system - reference, Some(n_voiced)))
}

/// Returns the distance of two quantiles of the pitch in semitones, and the number of voiced frames.
fn distance(clip: &Clip<'_>, low: f64, high: f64) -> Result<(f64, u64), String> {
    let f0 = &clip.f0()?.f0_hz;
    let mut semitones: Vec<f64> =
        f0.iter().filter(|&&hertz| hertz > 0.0).map(|&hertz| 12.0 * f64::from(hertz).log2()).collect();
    semitones.sort_unstable_by(f64::total_cmp);
    let few = || format!("has {} voiced frames, expected at least {LEAST_CELLS}", semitones.len());
    if semitones.len() < LEAST_CELLS {
        return Err(few());
    }
    let at = |share| quantile(&semitones, share).ok_or_else(few);
    Ok((at(high)? - at(low)?, semitones.len() as u64))
}
