//! Candidates for the F0 of each frame.

use std::f64::consts::{LN_2, TAU};

use super::PERIOD_MS;
use crate::world::bands::{Bands, nuttall};
use crate::world::decimation::decimated;
use crate::world::harmonics::Harmonics;
use crate::world::{TINY, power_of_two_above, round, seconds};

/// Rate near which the bands are analyzed, and the largest factor by which the sample rate is divided for it.
const TARGET_HZ: f64 = 8000.0;
const LARGEST_FACTOR: i64 = 12;
const BANDS_PER_OCTAVE: f64 = 40.0;
/// Relative distance of F0 from the middle of a band that has it.
const BAND_WIDTH: f64 = 0.1;
/// Fewest neighboring bands that must agree.
const FEWEST_BANDS: usize = 10;
/// Frames to which a candidate spreads, in either direction.
const SPREAD: usize = 3;
/// Harmonics that refine a candidate, and the score below which it is dropped.
const MOST_HARMONICS: usize = 6;
const LOWEST_SCORE: f64 = 2.5;
/// Largest relative distance from a candidate of a neighboring frame.
const FARTHEST_NEIGHBOR: f64 = 0.05;

/// Search range.
#[derive(Clone, Copy)]
pub(super) struct Search {
    pub(super) floor_hz: f64,
    pub(super) ceiling_hz: f64,
}

/// A possible F0, with a score that is higher if the harmonics are where they should be.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) f0: f64,
    pub(super) score: f64,
}

/// Candidates of all frames.
pub(super) struct Candidates {
    all: Vec<Candidate>,
    /// Index of the first of each frame, and the number of all.
    starts: Vec<usize>,
}

impl Candidates {
    /// Finds the candidates of frames of a millisecond.
    pub(super) fn of(samples: &[f64], sample_rate: u32, n_frames: usize, search: Search) -> Self {
        let factor = round(f64::from(sample_rate) / TARGET_HZ).clamp(1, LARGEST_FACTOR) as usize;
        let mut samples = decimated(samples, factor);
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        for sample in &mut samples {
            *sample -= mean;
        }
        let rate = f64::from(sample_rate) / factor as f64;
        let found = from_bands(samples.clone(), rate, n_frames, search);
        refined(&samples, rate, n_frames, search, &found).reliable()
    }

    pub(super) fn n_frames(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns those of a frame.
    pub(super) fn at(&self, frame: usize) -> &[Candidate] {
        &self.all[self.starts[frame]..self.starts[frame + 1]]
    }

    /// Returns the candidate nearest to an F0 within a relative distance, the last of equally near ones.
    pub(super) fn nearest(&self, frame: usize, f0: f64, within: f64) -> Option<f64> {
        let mut least = within;
        let mut nearest = None;
        for candidate in self.at(frame) {
            let distance = (f0 - candidate.f0).abs() / f0;
            if distance <= least {
                (nearest, least) = (Some(candidate.f0), distance);
            }
        }
        nearest
    }

    /// Drops the candidates, except in the first and last frame, that are near none of either neighboring frame.
    fn reliable(self) -> Self {
        let near = |frame: usize, f0: f64| self.nearest(frame, f0, FARTHEST_NEIGHBOR).is_some();
        let mut kept = Self { all: Vec::with_capacity(self.all.len()), starts: vec![0] };
        for frame in 0..self.n_frames() {
            let is_end = frame == 0 || frame + 1 == self.n_frames();
            let keeps = |f0: f64| is_end || near(frame + 1, f0) || near(frame - 1, f0);
            kept.all.extend(self.at(frame).iter().copied().filter(|candidate| keeps(candidate.f0)));
            kept.starts.push(kept.all.len());
        }
        kept
    }
}

/// Candidates of frames before they are refined, in the order of frames.
struct Found {
    f0: Vec<f64>,
    starts: Vec<usize>,
}

/// Averages the F0 of runs of bands that agree.
fn from_bands(samples: Vec<f64>, rate: f64, n_frames: usize, search: Search) -> Found {
    let (lowest, highest) = (search.floor_hz * 0.9, search.ceiling_hz * 1.1);
    let n_bands = 1 + ((highest / lowest).ln() / LN_2 * BANDS_PER_OCTAVE) as usize;
    let middle = |band: usize| lowest * 2_f64.powf((band + 1) as f64 / BANDS_PER_OCTAVE);
    let longest = 2 * (2.0 * rate / middle(0)) as usize;
    let n_points = power_of_two_above((samples.len() + 5 + longest) as f64);
    let mut bands = Bands::new(samples, n_points, rate);

    let mut found: Vec<(usize, f64)> = Vec::new();
    let mut runs = vec![(0, 0.0); n_frames];
    let mut close = |frame: usize, run: &mut (usize, f64)| {
        if run.0 >= FEWEST_BANDS {
            found.push((frame, run.1 / run.0 as f64));
        }
        *run = (0, 0.0);
    };
    let mut here = vec![0.0; n_frames];
    // The first and last band only bound the runs.
    for band in 1..n_bands.saturating_sub(1) {
        let hertz = middle(band);
        let half = round(rate / hertz * 2.0);
        let length = 2 * half as usize + 1;
        let band_pass = |kernel: &mut [f64]| {
            for (index, value) in kernel[..length].iter_mut().enumerate() {
                let offset = index as i64 - half;
                *value = nuttall(index, length) * (TAU * hertz * offset as f64 / rate).cos();
            }
        };
        here.fill(0.0);
        let times = (0..n_frames).map(|frame| seconds(frame, PERIOD_MS));
        bands.rates(band_pass, half as usize + 1, times, |frame, rates| {
            let mean = rates.iter().sum::<f64>() / 4.0;
            let in_band = hertz * (1.0 - BAND_WIDTH)..=hertz * (1.0 + BAND_WIDTH);
            if in_band.contains(&mean) && (search.floor_hz..=search.ceiling_hz).contains(&mean) {
                here[frame] = mean;
            }
        });
        for (frame, (run, &f0)) in runs.iter_mut().zip(&here).enumerate() {
            if f0 > 0.0 {
                *run = (run.0 + 1, run.1 + f0);
            } else {
                close(frame, run);
            }
        }
    }
    runs.iter_mut().enumerate().for_each(|(frame, run)| close(frame, run));
    // A stable sort keeps the order of bands within a frame.
    found.sort_by_key(|&(frame, _)| frame);
    let starts = (0..=n_frames).map(|frame| found.partition_point(|&(of, _)| of < frame)).collect();
    Found { f0: found.into_iter().map(|(_, f0)| f0).collect(), starts }
}

/// Refines the candidates of each frame and of those around it.
fn refined(samples: &[f64], rate: f64, n_frames: usize, search: Search, found: &Found) -> Candidates {
    let mut harmonics = Harmonics::new();
    let mut candidates = Candidates { all: Vec::new(), starts: vec![0] };
    for frame in 0..n_frames {
        let time = seconds(frame, PERIOD_MS);
        let before = (1..=SPREAD).filter_map(|distance| frame.checked_sub(distance));
        let after = (frame + 1..n_frames).take(SPREAD);
        for of in std::iter::once(frame).chain(before).chain(after) {
            for &f0 in &found.f0[found.starts[of]..found.starts[of + 1]] {
                harmonics.transform(samples, rate, time, f0, |half, index| {
                    round((time + -half as f64 / rate) * rate + 0.001) + index as i64
                });
                let n_harmonics = ((rate / 2.0 / f0) as usize).min(MOST_HARMONICS);
                let refined = harmonics.refine(rate, f0, n_harmonics);
                let score = 1.0 / (refined.error + TINY);
                let in_range = (search.floor_hz..=search.ceiling_hz).contains(&refined.f0);
                if in_range && score >= LOWEST_SCORE {
                    candidates.all.push(Candidate { f0: refined.f0, score });
                }
            }
        }
        candidates.starts.push(candidates.all.len());
    }
    candidates
}
