//! DIO: F0 from the fundamental component that a low-pass filter leaves.

use std::f64::consts::{LN_2, TAU};

use super::bands::{Bands, nuttall};
use super::{F0_CEILING_HZ, F0_FLOOR_HZ, TINY, n_frames, power_of_two_above, round, seconds};

/// Number of low-pass filters an octave.
const BANDS_PER_OCTAVE: f64 = 2.0;
/// Everything below is removed first.
const LOW_CUT_HZ: f64 = 50.0;
/// Largest relative change of F0 from frame to frame.
const LARGEST_CHANGE: f64 = 0.1;
/// Deviation of a frame without a candidate.
const NONE: f64 = 100_000.0;
/// Fewest samples that are analyzed.
const FEWEST_SAMPLES: usize = 2;

/// Estimates F0 from 71 to 800 Hz as WORLD's DIO does by default, in hertz, 0 where a frame is unvoiced.
///
/// Of the low-pass filtered signals, two an octave, the one counts whose zeros, peaks and dips repeat most evenly.
/// Sections of a contour without jumps are kept, shortened at both ends, and extended by the candidates nearest to
/// their continuation.
#[must_use]
pub fn dio(samples: &[f64], sample_rate: u32, period_ms: f64) -> Vec<f64> {
    let n_frames = n_frames(samples.len(), sample_rate, period_ms);
    if samples.len() < FEWEST_SAMPLES {
        return vec![0.0; n_frames];
    }
    let rate = f64::from(sample_rate);
    let n_bands = 1 + ((F0_CEILING_HZ / F0_FLOOR_HZ).ln() / LN_2 * BANDS_PER_OCTAVE) as usize;
    let edge = |band: usize| F0_FLOOR_HZ * 2_f64.powf((band + 1) as f64 / BANDS_PER_OCTAVE);
    let half_cut = round(rate / LOW_CUT_HZ) as usize;
    // One sample more than there are, since the reference program rounds up.
    let mut padded = samples.to_vec();
    padded.push(0.0);
    let longest = 4 * (1.0 + rate / edge(0) / 2.0) as usize;
    let n_points = power_of_two_above((padded.len() + 2 * half_cut + 1 + longest) as f64);
    let mut bands = Bands::new(padded, n_points, rate);
    bands.filter(|kernel| low_cut(kernel, half_cut));

    let mut candidates = vec![vec![0.0; n_frames]; n_bands];
    let mut best = vec![0.0; n_frames];
    let mut least = vec![f64::INFINITY; n_frames];
    for (band, candidates) in candidates.iter_mut().enumerate() {
        let half = round(rate / edge(band) / 2.0) as usize;
        let mut deviations = vec![NONE; n_frames];
        let low_pass = |kernel: &mut [f64]| {
            kernel[..4 * half]
                .iter_mut()
                .enumerate()
                .for_each(|(index, value)| *value = nuttall(index, 4 * half));
        };
        let times = (0..n_frames).map(|frame| seconds(frame, period_ms));
        bands.rates(low_pass, 2 * half, times, |frame, rates| {
            let mean = rates.iter().sum::<f64>() / 4.0;
            let allowed = edge(band) / 2.0..=edge(band);
            if allowed.contains(&mean) && (F0_FLOOR_HZ..=F0_CEILING_HZ).contains(&mean) {
                candidates[frame] = mean;
                let squares: f64 = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum();
                deviations[frame] = (squares / 3.0).sqrt();
            }
        });
        for (frame, deviation) in deviations.into_iter().enumerate() {
            let relative = deviation / (candidates[frame] + TINY);
            if band == 0 || relative < least[frame] {
                (least[frame], best[frame]) = (relative, candidates[frame]);
            }
        }
    }
    let shortest = (0.5 + 1000.0 / period_ms / F0_FLOOR_HZ) as usize * 2 + 1;
    if n_frames <= shortest {
        return vec![0.0; n_frames];
    }
    let smooth = without_jumps(&best, shortest);
    let eroded = eroded(&smooth, (shortest - 1) / 2);
    extended(eroded, &candidates)
}

/// Writes a unit impulse less a Hann window of unit sum, around time 0.
fn low_cut(kernel: &mut [f64], half: usize) {
    let length = 2 * half + 1;
    let hann = |index: usize| 0.5 - 0.5 * ((index + 1) as f64 * TAU / (length + 1) as f64).cos();
    let sum: f64 = (0..length).map(hann).sum();
    let n_points = kernel.len();
    for index in 0..length {
        kernel[(index + n_points - half) % n_points] = -hann(index) / sum;
    }
    kernel[0] += 1.0;
}

/// Keeps the frames whose F0 is near that of the frame before, none at the ends.
fn without_jumps(best: &[f64], margin: usize) -> Vec<f64> {
    let n_frames = best.len();
    let inner = margin..n_frames.saturating_sub(margin);
    let base = |frame: usize| if inner.contains(&frame) { best[frame] } else { 0.0 };
    let kept = |frame: usize| {
        let change = ((base(frame) - base(frame - 1)) / (TINY + base(frame))).abs();
        if change < LARGEST_CHANGE { base(frame) } else { 0.0 }
    };
    (0..n_frames).map(|frame| if frame < margin { 0.0 } else { kept(frame) }).collect()
}

/// Keeps the frames that have only voiced frames within `half` frames.
fn eroded(contour: &[f64], half: usize) -> Vec<f64> {
    let mut kept = contour.to_vec();
    for frame in half..contour.len() - half {
        if contour[frame - half..=frame + half].contains(&0.0) {
            kept[frame] = 0.0;
        }
    }
    kept
}

/// Extends each section, first all of them forward, then backward, by the candidates that continue it.
fn extended(mut contour: Vec<f64>, candidates: &[Vec<f64>]) -> Vec<f64> {
    let n_frames = contour.len();
    let starts: Vec<usize> =
        (1..n_frames).filter(|&frame| contour[frame - 1] == 0.0 && contour[frame] != 0.0).collect();
    let ends: Vec<usize> = (1..n_frames)
        .filter(|&frame| contour[frame - 1] != 0.0 && contour[frame] == 0.0)
        .map(|frame| frame - 1)
        .collect();
    for (index, &end) in ends.iter().enumerate() {
        let limit = ends.get(index + 1).copied().unwrap_or(n_frames - 1);
        for frame in end..limit {
            contour[frame + 1] = continuation(contour[frame], contour[frame - 1], candidates, frame + 1);
            if contour[frame + 1] == 0.0 {
                break;
            }
        }
    }
    for (index, &start) in starts.iter().enumerate().rev() {
        let limit = if index == 0 { 1 } else { starts[index - 1] };
        for frame in (limit + 1..=start).rev() {
            contour[frame - 1] = continuation(contour[frame], contour[frame + 1], candidates, frame - 1);
            if contour[frame - 1] == 0.0 {
                break;
            }
        }
    }
    contour
}

/// Returns the candidate nearest to where two frames point, 0 if it is too far.
fn continuation(here: f64, before: f64, candidates: &[Vec<f64>], frame: usize) -> f64 {
    let expected = (here * 3.0 - before) / 2.0;
    let mut nearest = candidates[0][frame];
    for band in &candidates[1..] {
        if (expected - band[frame]).abs() < (expected - nearest).abs() {
            nearest = band[frame];
        }
    }
    if (1.0 - nearest / expected).abs() > LARGEST_CHANGE { 0.0 } else { nearest }
}
