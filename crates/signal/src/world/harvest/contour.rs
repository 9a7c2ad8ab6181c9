//! One F0 a frame out of the candidates.

use std::f64::consts::{PI, SQRT_2};

use super::candidates::Candidates;

/// Largest relative change from frame to frame, and from the continuation of two frames.
const LARGEST_CHANGE: f64 = 0.008;
/// Sections are dropped if their last frame is less than this many after their first.
const SHORTEST: usize = 6;
/// Sections are extended by candidates within this relative distance, by this many frames or until so many are missing.
const EXTENSION_RANGE: f64 = 0.18;
const LONGEST_EXTENSION: usize = 100;
const MOST_MISSING: usize = 4;
/// Number of periods, about, that an extended section must have: with its mean F0 in hertz, in milliseconds.
const FEWEST_PERIODS: f64 = 2200.0;
/// Gaps of fewer frames are bridged.
const LONGEST_GAP: usize = 9;
/// End of the pass band of the smoothing, as a share of half the frame rate: 30 Hz.
const SMOOTHING_EDGE: f64 = 0.06;
/// Frames around a section in which the smoothing settles.
const SETTLING: usize = 300;

/// Chooses, connects and smooths a contour.
pub(super) fn of(candidates: &Candidates) -> Vec<f64> {
    let mut contour = best(candidates);
    contour = without_jumps(&contour);
    for (begin, end) in sections(&contour) {
        if end - begin < SHORTEST {
            contour[begin..=end].fill(0.0);
        }
    }
    contour = extended(contour, candidates);
    bridge(&mut contour);
    smoothed(&contour)
}

/// Returns the F0 with the highest score of each frame.
fn best(candidates: &Candidates) -> Vec<f64> {
    let of_frame = |frame| {
        let (mut best, mut highest) = (0.0, 0.0);
        for candidate in candidates.at(frame) {
            if candidate.score > highest {
                (best, highest) = (candidate.f0, candidate.score);
            }
        }
        best
    };
    (0..candidates.n_frames()).map(of_frame).collect()
}

/// Drops frames that neither follow the frame before nor continue the two before; the first two are dropped.
fn without_jumps(contour: &[f64]) -> Vec<f64> {
    let kept = |frame: usize| {
        if frame < 2 || contour[frame] == 0.0 {
            return 0.0;
        }
        let (here, before) = (contour[frame], contour[frame - 1]);
        let expected = before * 2.0 - contour[frame - 2];
        let jumps = ((here - expected) / expected).abs() > LARGEST_CHANGE
            && (here - before).abs() / before > LARGEST_CHANGE;
        if jumps { 0.0 } else { here }
    };
    (0..contour.len()).map(kept).collect()
}

/// Returns the first and last frame of each voiced section; the ends of the contour count as unvoiced.
fn sections(contour: &[f64]) -> Vec<(usize, usize)> {
    let mut sections = Vec::new();
    let mut begin = None;
    for (frame, &f0) in contour.iter().enumerate() {
        let is_voiced = f0 > 0.0 && frame > 0 && frame + 1 < contour.len();
        match (begin, is_voiced) {
            (None, true) => begin = Some(frame),
            (Some(first), false) => {
                sections.push((first, frame - 1));
                begin = None;
            }
            _ => {}
        }
    }
    sections
}

/// A section with room around it.
struct Section {
    offset: usize,
    values: Vec<f64>,
    begin: usize,
    end: usize,
}

impl Section {
    fn of(contour: &[f64], begin: usize, end: usize) -> Self {
        let room = LONGEST_EXTENSION + 1;
        let offset = begin.saturating_sub(room);
        let mut values = vec![0.0; (end + room + 1).min(contour.len()) - offset];
        values[begin - offset..=end - offset].copy_from_slice(&contour[begin..=end]);
        Self { offset, values, begin, end }
    }

    fn at(&self, frame: usize) -> f64 {
        frame.checked_sub(self.offset).and_then(|index| self.values.get(index)).copied().unwrap_or(0.0)
    }

    /// Extends the section over frames by the candidates nearest to the F0 before; returns the last with one.
    fn extend(
        &mut self,
        origin: usize,
        frames: impl Iterator<Item = usize>,
        candidates: &Candidates,
    ) -> usize {
        let mut f0 = self.at(origin);
        let mut last = origin;
        let mut missing = 0;
        for frame in frames {
            let nearest = candidates.nearest(frame, f0, EXTENSION_RANGE);
            self.values[frame - self.offset] = nearest.unwrap_or(0.0);
            if let Some(nearest) = nearest {
                (f0, last, missing) = (nearest, frame, 0);
            } else {
                missing += 1;
                if missing == MOST_MISSING {
                    break;
                }
            }
        }
        last
    }
}

/// Extends the sections in both directions, keeps those that are long enough, and merges them.
fn extended(contour: Vec<f64>, candidates: &Candidates) -> Vec<f64> {
    let n_frames = contour.len();
    let mut kept = Vec::new();
    // The reference program never resets this: each mean has a share of those before it.
    let mut mean = 0.0;
    for (begin, end) in sections(&contour) {
        let mut section = Section::of(&contour, begin, end);
        let last = (end + LONGEST_EXTENSION).min(n_frames - 2);
        section.end = section.extend(end, end + 1..=last + 1, candidates);
        let first = begin.saturating_sub(LONGEST_EXTENSION).max(1);
        section.begin = section.extend(begin, (first - 1..begin).rev(), candidates);
        let length = (section.end - section.begin) as f64;
        mean += (section.begin..section.end).map(|frame| section.at(frame)).sum::<f64>();
        mean /= length;
        if FEWEST_PERIODS / mean < length {
            kept.push(section);
        }
    }
    if kept.is_empty() { contour } else { merged(&kept, n_frames, candidates) }
}

/// Merges sections that may overlap; where they do, the one with the higher scores wins.
fn merged(sections: &[Section], n_frames: usize, candidates: &Candidates) -> Vec<f64> {
    let mut bounds: Vec<(usize, usize)> =
        sections.iter().map(|section| (section.begin, section.end)).collect();
    let mut contour: Vec<f64> = (0..n_frames).map(|frame| sections[0].at(frame)).collect();
    for index in order(&bounds).into_iter().skip(1) {
        let section = &sections[index];
        let ((first_begin, first_end), (begin, end)) = (bounds[0], bounds[index]);
        if begin > first_end {
            (begin..=end).for_each(|frame| contour[frame] = section.at(frame));
            bounds[0] = (begin, end);
            continue;
        }
        if first_begin <= begin && first_end >= end {
            continue;
        }
        let score = |f0: &dyn Fn(usize) -> f64| -> f64 {
            (begin..=first_end).map(|frame| score_of(candidates, frame, f0(frame))).sum()
        };
        let is_first_better = score(&|frame| contour[frame]) > score(&|frame| section.at(frame));
        let from = if is_first_better { first_end } else { begin };
        (from..=end).for_each(|frame| contour[frame] = section.at(frame));
        bounds[0].1 = end;
    }
    contour
}

/// Sorts by the first frame as far as the reference program does: an item moves by at most one place.
fn order(bounds: &[(usize, usize)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..bounds.len()).collect();
    for index in 1..order.len() {
        for other in (0..index).rev() {
            if bounds[order[other]].0 <= bounds[order[index]].0 {
                break;
            }
            order.swap(index, other);
        }
    }
    order
}

/// Returns the highest score of the candidates with exactly this F0.
fn score_of(candidates: &Candidates, frame: usize, f0: f64) -> f64 {
    let same = candidates.at(frame).iter().filter(|candidate| candidate.f0.to_bits() == f0.to_bits());
    same.map(|candidate| candidate.score).fold(0.0, f64::max)
}

/// Fills short gaps by lines.
fn bridge(contour: &mut [f64]) {
    for pair in sections(contour).windows(2) {
        let (end, begin) = (pair[0].1, pair[1].0);
        let gap = begin - end - 1;
        if gap < LONGEST_GAP {
            // The line of the reference program starts a hertz above and ends a hertz below.
            let (from, to) = (contour[end] + 1.0, contour[begin] - 1.0);
            let step = (to - from) / (gap as f64 + 1.0);
            for (count, frame) in (end + 1..begin).enumerate() {
                contour[frame] = from + step * (count + 1) as f64;
            }
        }
    }
}

/// Smooths each section, continued by its first and last value, forward and backward.
fn smoothed(contour: &[f64]) -> Vec<f64> {
    // Butterworth filter of order 2 by the bilinear transform.
    let warped = (PI * SMOOTHING_EDGE / 2.0).tan();
    let norm = 1.0 + SQRT_2 * warped + warped * warped;
    let gain = warped * warped / norm;
    let feedback = [2.0 * (1.0 - warped * warped) / norm, -(1.0 - SQRT_2 * warped + warped * warped) / norm];
    let filter = |values: &mut [f64]| {
        let mut state = [0.0; 2];
        for value in values {
            let next = *value + feedback[0] * state[0] + feedback[1] * state[1];
            *value = gain * next + 2.0 * gain * state[0] + gain * state[1];
            state = [next, state[0]];
        }
    };
    let mut smooth = vec![0.0; contour.len()];
    // As if there were unvoiced frames around the contour, so that sections may reach its ends.
    let padded: Vec<f64> = std::iter::once(0.0).chain(contour.iter().copied()).chain([0.0]).collect();
    for (begin, end) in sections(&padded) {
        let section = &contour[begin - 1..end];
        let (first, last) = (section[0], section[section.len() - 1]);
        let mut values = vec![first; SETTLING];
        values.extend(section);
        values.resize(section.len() + 2 * SETTLING, last);
        for _ in 0..2 {
            filter(&mut values);
            values.reverse();
        }
        smooth[begin - 1..end].copy_from_slice(&values[SETTLING..][..section.len()]);
    }
    smooth
}
