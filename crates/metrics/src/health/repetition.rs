//! Words that are said twice.

use crate::metric::{Definition, Formula};
use crate::{Clip, Declaration};

/// Shortest repetition.
const WINDOW_SECONDS: f64 = 0.3;
/// Least and greatest time between the beginnings of a word and its repetition.
const LEAST_LAG_SECONDS: f64 = 0.2;
const MOST_LAG_SECONDS: f64 = 2.0;
/// Shift at which speech must not resemble itself, so that a sustained vowel is no repetition.
const SHIFT_SECONDS: f64 = 0.09;
/// Greatest ratio of the distance at the lag to that at shifted lags.
const MOST_RATIO: f64 = 0.35;
/// Inverse of the share of the lag that a repetition covers: words that recur after other words are none.
const LEAST_COVERED: usize = 2;
/// Level relative to the speech below which a frame is silent.
const SILENT_DB: f64 = -30.0;
/// Greatest share of silent frames in a repetition.
const MOST_SILENCE: f64 = 0.3;

/// Longest stretch that is said twice.
pub(crate) const LONGEST: Definition = Definition {
    name: "repetition",
    profile: "repetition/sp2mc-1",
    unit: "s",
    declaration: Declaration::FAULT,
    formula: Formula::Clip(|clip| {
        let seconds_per_frame = clip.hop_length() as f64 / f64::from(clip.waveform().sample_rate());
        Ok((longest(clip, seconds_per_frame)? as f64 * seconds_per_frame, None))
    }),
    explanation: "repetition/sp2mc-1: the longest stretch that a wav says twice in close succession

Formula
  the longest run of frames covered by windows (t, lag) of 0.3 s at one lag with
  mean of d(t, t + lag) <= 0.35 * mean of (d(t, t + lag - s) + d(t, t + lag + s)) / 2; 0 without such a window
  d is the Euclidean distance of c1..c24, the means are over the frames t of a window, s is 90 ms; only runs of at least
  half of the lag count

Unit
  s; 0 is no repetition, larger is worse. Needs no recording. Invariant to gain, offset, polarity, and digital silence
  at the ends.

Parameters
  Cepstra of mcd/sp2mc-2; lags of 0.2 to 2 s. Windows with more than 30 % of frames softer than -30 dB relative to the
  whole speech do not count.

Oracle
  numpy and pysptk.sp2mc, to a frame, on a bundled clip and altered copies of it.

Known faults
  Words that the text itself repeats count. A repetition that is spoken differently, faster or slower by more than a
  twentieth, or that comes after more than 2 s, is missed: see alignment_run. Hit and false-alarm rates are in
  docs/health.md.",
};

/// Returns the number of frames of the longest repetition.
fn longest(clip: &Clip<'_>, seconds_per_frame: f64) -> Result<usize, String> {
    let frames = |seconds: f64| (seconds / seconds_per_frame).round().max(1.0) as usize;
    let (window, shift) = (frames(WINDOW_SECONDS), frames(SHIFT_SECONDS));
    let (least_lag, most_lag) = (frames(LEAST_LAG_SECONDS), frames(MOST_LAG_SECONDS));
    let cepstra: Vec<&[f64]> = clip.cepstra()?.frames().map(|frame| &frame[1..]).collect();
    let n_frames = cepstra.len();
    let silent = silent(clip)?;
    // Distances at one lag, and their sums from the first frame on.
    let sums = |lag: usize| -> Vec<f64> {
        let distances = (0..n_frames.saturating_sub(lag)).map(|t| distance(cepstra[t], cepstra[t + lag]));
        std::iter::once(0.0)
            .chain(distances.scan(0.0, |sum, distance| {
                *sum += distance;
                Some(*sum)
            }))
            .collect()
    };
    let silence: Vec<usize> = std::iter::once(0)
        .chain(silent.iter().scan(0, |sum, &silent| {
            *sum += usize::from(silent);
            Some(*sum)
        }))
        .collect();
    let first_lag = least_lag.max(shift + 1);
    let by_lag: Vec<Vec<f64>> = (first_lag - shift..=most_lag + shift).map(sums).collect();
    let mut longest = 0;
    for lag in first_lag..=most_lag {
        let at = |lag: usize| &by_lag[lag + shift - first_lag];
        let (here, nearer, farther) = (at(lag), at(lag - shift), at(lag + shift));
        let mut run = 0;
        for t in 0..(n_frames + 1).saturating_sub(window + lag + shift) {
            let mean = |sums: &[f64]| (sums[t + window] - sums[t]) / window as f64;
            let around = f64::midpoint(mean(nearer), mean(farther));
            let n_silent = silence[t + window] - silence[t];
            let is_repeated = mean(here) <= MOST_RATIO * around
                && around > 0.0
                && n_silent as f64 <= MOST_SILENCE * window as f64;
            run = if is_repeated { run + 1 } else { 0 };
            let covered = if run > 0 { run - 1 + window } else { 0 };
            if covered * LEAST_COVERED >= lag {
                longest = longest.max(covered);
            }
        }
    }
    Ok(longest)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// Returns the frames that are silent.
fn silent(clip: &Clip<'_>) -> Result<Vec<bool>, String> {
    Ok(clip.frame_levels()?.into_iter().map(|level| level < SILENT_DB).collect())
}
