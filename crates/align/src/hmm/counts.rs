//! Sums over paths, from which a model is estimated.

use super::frames::{DIMENSIONS, Frames};
use super::graph::{Graph, Unit};
use super::model::Model;
use super::viterbi::Path;

/// Position between the quietest and the loudest level of an utterance below which frames count as silence in the flat
/// start.
const QUIET: f32 = 0.25;

/// Sufficient statistics of one Gaussian.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    pub(super) frames: f64,
    pub(super) values: [f64; DIMENSIONS],
    pub(super) squares: [f64; DIMENSIONS],
}

/// Sufficient statistics of one mixture.
#[derive(Debug, Clone)]
struct Visits {
    frames: f64,
    stays: f64,
    sums: Vec<Sums>,
}

/// Sums over paths.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    visits: Vec<Visits>,
    pauses: f64,
    chances: f64,
    frames: f64,
    log_likelihood: f64,
    shares: Vec<f64>,
}

impl Counts {
    /// Returns zero counts for the mixtures of `model`.
    pub(super) fn new(model: &Model) -> Self {
        let empty = Sums { frames: 0.0, values: [0.0; DIMENSIONS], squares: [0.0; DIMENSIONS] };
        let visits = model
            .mixtures()
            .iter()
            .map(|mixture| Visits { frames: 0.0, stays: 0.0, sums: vec![empty.clone(); mixture.len()] })
            .collect();
        Self { visits, pauses: 0.0, chances: 0.0, frames: 0.0, log_likelihood: 0.0, shares: Vec::new() }
    }

    /// Adds a flat segmentation: quiet frames are pauses, and the frames between the first and the last loud one are
    /// divided evenly among the phones.
    pub(super) fn add_flat(&mut self, model: &Model, graph: &Graph, frames: &Frames) {
        // The zeroth coefficient is the sum of the log-mels, scaled.
        let level = frames.levels();
        let mut sorted = level.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |part: usize| sorted[(sorted.len() - 1) * part / 20];
        let threshold = at(1) + QUIET * (at(19) - at(1));
        let loud: Vec<usize> = (0..frames.len()).filter(|t| level[*t] > threshold).collect();
        let phones: Vec<Unit> =
            graph.slots.iter().map(|slot| slot.unit).filter(|unit| *unit != Unit::Pause).collect();
        for (t, level) in level.iter().enumerate() {
            let rank = loud.partition_point(|other| *other < t);
            let unit = if *level > threshold && !phones.is_empty() {
                phones[rank * phones.len() / loud.len()]
            } else {
                Unit::Pause
            };
            self.add_frame(model, model.tying().mixture(unit, 1), &frames.frame(t), true);
        }
        self.chances += 1.0;
        self.pauses += 0.5;
    }

    /// Adds a path.
    pub(super) fn add_path(&mut self, model: &Model, graph: &Graph, path: &Path, frames: &Frames) {
        for (t, state) in path.states.iter().enumerate() {
            let stays = path.states.get(t + 1) == Some(state);
            let mixture = model.mixture(graph.states[*state as usize]);
            self.add_frame(model, mixture, &frames.frame(t), stays);
        }
        for (slot, frames) in graph.slots.iter().zip(path.slot_frames(graph)) {
            if slot.unit == Unit::Pause {
                self.chances += 1.0;
                self.pauses += f64::from(u8::from(frames > 0));
            }
        }
        self.log_likelihood += path.log_likelihood;
        self.frames += frames.len() as f64;
    }

    /// Returns the sum of two counts for the same model.
    pub(super) fn plus(mut self, other: Self) -> Self {
        for (own, other) in self.visits.iter_mut().zip(other.visits) {
            own.frames += other.frames;
            own.stays += other.stays;
            for (own, other) in own.sums.iter_mut().zip(other.sums) {
                own.frames += other.frames;
                for d in 0..DIMENSIONS {
                    own.values[d] += other.values[d];
                    own.squares[d] += other.squares[d];
                }
            }
        }
        self.pauses += other.pauses;
        self.chances += other.chances;
        self.frames += other.frames;
        self.log_likelihood += other.log_likelihood;
        self
    }

    /// Returns the mean log-likelihood per frame on the counted paths.
    pub(super) fn log_likelihood_per_frame(&self) -> f64 {
        self.log_likelihood / self.frames.max(1.0)
    }

    /// Returns the number of frames of a mixture.
    pub(super) fn frames(&self, mixture: usize) -> f64 {
        self.visits[mixture].frames
    }

    /// Returns the number of frames of a mixture followed by another frame of the same state.
    pub(super) fn stays(&self, mixture: usize) -> f64 {
        self.visits[mixture].stays
    }

    /// Returns the statistics of each Gaussian of a mixture.
    pub(super) fn sums(&self, mixture: usize) -> &[Sums] {
        &self.visits[mixture].sums
    }

    /// Returns the numbers of observed and of possible pauses.
    pub(super) fn pauses(&self) -> (f64, f64) {
        (self.pauses, self.chances)
    }

    /// Distributes a frame over the Gaussians by their shares.
    fn add_frame(&mut self, model: &Model, mixture: usize, frame: &[f32; DIMENSIONS], stays: bool) {
        model.mixtures()[mixture].shares(frame, &mut self.shares);
        let visits = &mut self.visits[mixture];
        visits.frames += 1.0;
        visits.stays += f64::from(u8::from(stays));
        for (sums, share) in visits.sums.iter_mut().zip(&self.shares) {
            sums.frames += share;
            for (d, value) in frame.iter().enumerate() {
                let value = f64::from(*value);
                sums.values[d] += share * value;
                sums.squares[d] += share * value * value;
            }
        }
    }
}
