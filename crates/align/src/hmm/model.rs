//! The acoustic model: mixtures and transition probabilities.

use super::AlignConfig;
use super::counts::Counts;
use super::frames::{DIMENSIONS, Frames, LANES};
use super::graph::{State, Unit};
use super::mixture::{Gaussian, Mixture};
use super::tying::Tying;

/// Weight, in visits, of the initial probability of staying in a state.
const PRIOR_VISITS: f64 = 4.0;

/// Weight, in frames, of the prior that the Gaussians of a mixture weigh the same.
const PRIOR_WEIGHT: f64 = 1.0;

/// Mixtures with their parents, and the probabilities of staying and pausing.
#[derive(Debug, Clone)]
pub(super) struct Model {
    tying: Tying,
    mixtures: Vec<Mixture>,
    parents: Vec<Gaussian>,
    stay: Vec<f64>,
    /// Probability that an optional pause is present.
    pause: f64,
}

impl Model {
    /// Returns the initial model, with a standard Gaussian for every class of phones.
    pub(super) fn standard() -> Self {
        let n = Tying::Class.count();
        Self {
            tying: Tying::Class,
            mixtures: vec![Mixture::new([(1.0, Gaussian::standard())]); n],
            parents: vec![Gaussian::standard(); n],
            stay: vec![0.5; n],
            pause: 0.5,
        }
    }

    /// Returns the tying of the states.
    pub(super) fn tying(&self) -> Tying {
        self.tying
    }

    /// Returns all mixtures.
    pub(super) fn mixtures(&self) -> &[Mixture] {
        &self.mixtures
    }

    /// Returns the model with states tied by `tying`; each Gaussian is a copy of the coarser one, which becomes its
    /// parent.
    pub(super) fn untie(&self, tying: Tying) -> Self {
        if tying == self.tying {
            return self.clone();
        }
        let parents = tying.parents(self.tying);
        let mixtures: Vec<Mixture> = parents.iter().map(|parent| self.mixtures[*parent].clone()).collect();
        Self {
            tying,
            parents: mixtures.iter().map(Mixture::overall).collect(),
            mixtures,
            stay: parents.iter().map(|parent| self.stay[*parent]).collect(),
            pause: self.pause,
        }
    }

    /// Returns the model with more Gaussians where `counts` has enough frames: one per `frames_per_gaussian`, at most
    /// `most`. The previous mixture becomes their parent.
    pub(super) fn grow(&self, counts: &Counts, most: usize, config: &AlignConfig) -> Self {
        let mixtures: Vec<Mixture> = self
            .mixtures
            .iter()
            .enumerate()
            .map(|(index, mixture)| {
                let affordable = (counts.frames(index) / config.frames_per_gaussian) as usize;
                mixture.split(affordable.min(most))
            })
            .collect();
        let parents = self.mixtures.iter().map(Mixture::overall).collect();
        Self { mixtures, parents, ..self.clone() }
    }

    /// Re-estimates the model by maximum likelihood, smoothing each Gaussian with `prior_frames` of its parent.
    pub(super) fn update(&mut self, counts: &Counts, config: &AlignConfig) {
        for (index, mixture) in self.mixtures.iter_mut().enumerate() {
            let parent = &self.parents[index];
            let frames = counts.frames(index);
            let all = counts.sums(index);
            let components = all.iter().map(|sums| {
                let weight = (sums.frames + PRIOR_WEIGHT) / (frames + PRIOR_WEIGHT * all.len() as f64);
                let total = sums.frames + config.prior_frames;
                let mut gaussian = parent.clone();
                for d in 0..DIMENSIONS {
                    let mean = (sums.values[d] + config.prior_frames * parent.mean[d]) / total;
                    let prior = config.prior_frames * (parent.variance[d] + parent.mean[d].powi(2));
                    let variance = (sums.squares[d] + prior) / total - mean.powi(2);
                    gaussian.mean[d] = mean;
                    gaussian.variance[d] = variance.max(config.variance_floor);
                }
                (weight, gaussian)
            });
            *mixture = Mixture::new(components);
            self.stay[index] = (counts.stays(index) + 0.5 * PRIOR_VISITS) / (frames + PRIOR_VISITS);
        }
        let (pauses, chances) = counts.pauses();
        self.pause = (pauses + 0.5 * PRIOR_VISITS) / (chances + PRIOR_VISITS);
    }

    /// Returns the largest log-density of each frame over all states.
    pub(super) fn best_densities(&self, frames: &Frames) -> Vec<f32> {
        let mut best = Vec::with_capacity(frames.len());
        for block in frames.blocks() {
            let mut row = self.mixtures[0].log_densities(block);
            for mixture in &self.mixtures[1..] {
                for (best, value) in row.iter_mut().zip(mixture.log_densities(block)) {
                    *best = best.max(value);
                }
            }
            best.extend_from_slice(&row);
        }
        best.truncate(frames.len());
        best
    }

    /// Returns the log-density of each frame in every mixture, frame by frame.
    pub(super) fn densities(&self, frames: &Frames) -> Vec<f32> {
        let n = self.mixtures.len();
        let mut values = vec![0.0; n * LANES * frames.blocks().len()];
        for (block, rows) in frames.blocks().iter().zip(values.chunks_exact_mut(n * LANES)) {
            for (index, mixture) in self.mixtures.iter().enumerate() {
                for (row, density) in rows.chunks_exact_mut(n).zip(mixture.log_densities(block)) {
                    row[index] = density;
                }
            }
        }
        values.truncate(n * frames.len());
        values
    }

    /// Replaces the mixtures, for tests.
    #[cfg(test)]
    pub(super) fn replace(&mut self, mut mixture: impl FnMut(usize) -> Mixture) {
        for (index, own) in self.mixtures.iter_mut().enumerate() {
            *own = mixture(index);
        }
    }

    /// Returns the mixture of a state.
    pub(super) fn mixture(&self, state: State) -> usize {
        self.tying.mixture(state.unit, state.position)
    }

    /// Returns the log-probability of staying in `state`.
    pub(super) fn stay(&self, state: State) -> f64 {
        self.stay[self.mixture(state)].ln()
    }

    /// Returns the log-probability of moving from `from` to `to`.
    ///
    /// The middle of a phone is skipped half the time. At an optional pause, the path enters or skips it.
    pub(super) fn leave(&self, from: State, to: State) -> f64 {
        let leave = 1.0 - self.stay[self.mixture(from)];
        let way = match (from.unit, from.position) {
            (Unit::Phone(_), 0) => 0.5,
            (Unit::Phone(_), 2) if to.unit == Unit::Pause => self.pause,
            (Unit::Phone(_), 2) if to.slot == from.slot + 2 => 1.0 - self.pause,
            _ => 1.0,
        };
        (leave * way).ln()
    }
}
