//! Harvest: F0 from many narrow bands, refined and connected.

mod candidates;
mod contour;

use super::{n_frames, round, seconds};
use candidates::{Candidates, Search};

/// Frames of the estimation itself, a thousand a second.
const PERIOD_MS: f64 = 1.0;
/// Fewest samples that are analyzed.
const FEWEST_SAMPLES: usize = 2;

/// Estimates F0 from `floor_hz` to `ceiling_hz` as WORLD's Harvest does, in hertz, 0 where a frame is unvoiced.
#[must_use]
pub fn harvest(
    samples: &[f64],
    sample_rate: u32,
    floor_hz: f64,
    ceiling_hz: f64,
    period_ms: f64,
) -> Vec<f64> {
    let n_wanted = n_frames(samples.len(), sample_rate, period_ms);
    if samples.len() < FEWEST_SAMPLES {
        return vec![0.0; n_wanted];
    }
    let n_all = n_frames(samples.len(), sample_rate, PERIOD_MS);
    let search = Search { floor_hz, ceiling_hz };
    let candidates = Candidates::of(samples, sample_rate, n_all, search);
    let contour = contour::of(&candidates);
    let nearest = |frame| round(seconds(frame, period_ms) * 1000.0) as usize;
    (0..n_wanted).map(|frame| contour[nearest(frame).min(n_all - 1)]).collect()
}
