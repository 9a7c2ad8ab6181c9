//! The Gaussians and transition probabilities, and the counts from which they are estimated.

use std::f64::consts::TAU;

use super::AlignConfig;
use super::cepstra::{DIMENSIONS, Frame};
use super::graph::{CLASSES, Graph, PHONES, STATES, State, Unit};
use super::viterbi::Path;

/// A pause's Gaussian is the first of all.
const PAUSE: usize = 0;

/// The chance of staying in a state, before any is counted; each counts as so many visits.
const PRIOR_VISITS: f64 = 4.0;

/// Frames below this point between the quiet and the loud of an utterance count as silence in the flat start.
const QUIET: f32 = 0.25;

/// Which states share a Gaussian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tying {
    Class,
    Phone,
    State,
}

impl Tying {
    /// The Gaussian of a state.
    fn gaussian(self, unit: Unit, position: u8) -> usize {
        match (unit, self) {
            (Unit::Pause, _) => PAUSE,
            (Unit::Phone(phone), Self::Class) => 1 + PHONES[usize::from(phone)].1 as usize,
            (Unit::Phone(phone), Self::Phone) => 1 + usize::from(phone),
            (Unit::Phone(phone), Self::State) => 1 + STATES * usize::from(phone) + usize::from(position),
        }
    }

    fn count(self) -> usize {
        1 + match self {
            Self::Class => CLASSES,
            Self::Phone => PHONES.len(),
            Self::State => STATES * PHONES.len(),
        }
    }

    /// For each Gaussian of this tying, the one of `coarser` from which it begins.
    fn parents(self, coarser: Self) -> Vec<usize> {
        let mut parents = vec![PAUSE; self.count()];
        for phone in 0..PHONES.len() as u8 {
            for position in 0..STATES as u8 {
                let unit = Unit::Phone(phone);
                parents[self.gaussian(unit, position)] = coarser.gaussian(unit, position);
            }
        }
        parents
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Gaussian {
    mean: [f64; DIMENSIONS],
    variance: [f64; DIMENSIONS],
    /// The logarithm of the normalising constant.
    constant: f64,
}

impl Gaussian {
    fn new(mean: &[f64; DIMENSIONS], variance: &[f64; DIMENSIONS]) -> Self {
        let constant = -0.5 * variance.iter().map(|v| (TAU * v).ln()).sum::<f64>();
        Self { mean: *mean, variance: *variance, constant }
    }
}

/// The Gaussians, what each came from, and the chances of staying and of pausing.
#[derive(Debug, Clone)]
pub(super) struct Model {
    tying: Tying,
    gaussians: Vec<Gaussian>,
    parents: Vec<Gaussian>,
    stay: Vec<f64>,
    /// The chance that a pause is heard where one may be.
    pause: f64,
}

impl Model {
    /// The first model, from counts of a flat segmentation; without any, all Gaussians are standard.
    pub(super) fn flat(counts: Option<&Counts>, config: &AlignConfig) -> Self {
        let n = Tying::Class.count();
        let standard = Gaussian::new(&[0.0; DIMENSIONS], &[1.0; DIMENSIONS]);
        let mut model = Self {
            tying: Tying::Class,
            gaussians: vec![standard.clone(); n],
            parents: vec![standard; n],
            stay: vec![0.5; n],
            pause: 0.5,
        };
        if let Some(counts) = counts {
            model.update(counts, config);
        }
        model
    }

    /// The same model with states tied by `tying`, each Gaussian a copy of the coarser one, which stays its parent.
    pub(super) fn untie(&self, tying: Tying) -> Self {
        if tying == self.tying {
            return self.clone();
        }
        let parents = tying.parents(self.tying);
        let gaussians: Vec<Gaussian> = parents.iter().map(|parent| self.gaussians[*parent].clone()).collect();
        Self {
            tying,
            parents: gaussians.clone(),
            gaussians,
            stay: parents.iter().map(|parent| self.stay[*parent]).collect(),
            pause: self.pause,
        }
    }

    /// Estimates everything anew: maximum likelihood, each Gaussian smoothed with `prior_frames` of its parent.
    pub(super) fn update(&mut self, counts: &Counts, config: &AlignConfig) {
        for (index, statistic) in counts.statistics.iter().enumerate() {
            let parent = &self.parents[index];
            let weight = statistic.frames + config.prior_frames;
            let mut mean = [0.0; DIMENSIONS];
            let mut variance = [0.0; DIMENSIONS];
            for d in 0..DIMENSIONS {
                let prior = config.prior_frames * (parent.variance[d] + parent.mean[d].powi(2));
                mean[d] = (statistic.sum[d] + config.prior_frames * parent.mean[d]) / weight;
                variance[d] =
                    ((statistic.squares[d] + prior) / weight - mean[d].powi(2)).max(config.variance_floor);
            }
            self.gaussians[index] = Gaussian::new(&mean, &variance);
            self.stay[index] = (statistic.stays + 0.5 * PRIOR_VISITS) / (statistic.frames + PRIOR_VISITS);
        }
        self.pause = (counts.pauses + 0.5 * PRIOR_VISITS) / (counts.chances + PRIOR_VISITS);
    }

    /// The Gaussian of a state.
    pub(super) fn gaussian(&self, unit: Unit, position: u8) -> usize {
        self.tying.gaussian(unit, position)
    }

    /// The logarithm of the density of `frame`.
    pub(super) fn log_density(&self, gaussian: usize, frame: &Frame) -> f64 {
        let Gaussian { mean, variance, constant } = &self.gaussians[gaussian];
        let distance: f64 = frame
            .iter()
            .zip(mean.iter().zip(variance))
            .map(|(value, (mean, variance))| (f64::from(*value) - mean).powi(2) / variance)
            .sum();
        constant - 0.5 * distance
    }

    /// The logarithm of the chance of staying in `state`.
    pub(super) fn stay(&self, state: State) -> f64 {
        self.stay[self.gaussian(state.unit, state.position)].ln()
    }

    /// The logarithm of the chance of leaving `from` for `to`.
    ///
    /// The middle of a phone is skipped half the time. Where a pause may be, the path goes into it or over it.
    pub(super) fn leave(&self, from: State, to: State) -> f64 {
        let leave = 1.0 - self.stay[self.gaussian(from.unit, from.position)];
        let way = match (from.unit, from.position) {
            (Unit::Phone(_), 0) => 0.5,
            (Unit::Phone(_), 2) if to.unit == Unit::Pause => self.pause,
            (Unit::Phone(_), 2) if to.slot == from.slot + 2 => 1.0 - self.pause,
            _ => 1.0,
        };
        (leave * way).ln()
    }
}

#[derive(Debug, Clone)]
struct Statistic {
    frames: f64,
    stays: f64,
    sum: [f64; DIMENSIONS],
    squares: [f64; DIMENSIONS],
}

/// Sums over paths from which a [`Model`] is estimated.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    tying: Tying,
    statistics: Vec<Statistic>,
    pauses: f64,
    chances: f64,
    frames: f64,
    log_likelihood: f64,
}

impl Counts {
    pub(super) fn new(tying: Tying) -> Self {
        let empty = Statistic { frames: 0.0, stays: 0.0, sum: [0.0; DIMENSIONS], squares: [0.0; DIMENSIONS] };
        Self {
            tying,
            statistics: vec![empty; tying.count()],
            pauses: 0.0,
            chances: 0.0,
            frames: 0.0,
            log_likelihood: 0.0,
        }
    }

    /// Adds a flat segmentation: quiet frames are pauses, and all that lies between the first and the last loud frame
    /// is shared out evenly among the phones.
    pub(super) fn add_flat(&mut self, graph: &Graph, frames: &[Frame]) {
        // The zeroth coefficient is the sum of the log-mels, scaled.
        let level: Vec<f32> = frames.iter().map(|frame| frame[0]).collect();
        let mut sorted = level.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |part: usize| sorted[(sorted.len() - 1) * part / 20];
        let threshold = at(1) + QUIET * (at(19) - at(1));
        let loud: Vec<usize> = (0..frames.len()).filter(|t| level[*t] > threshold).collect();
        let phones: Vec<Unit> =
            graph.slots.iter().map(|slot| slot.unit).filter(|unit| *unit != Unit::Pause).collect();
        for (t, frame) in frames.iter().enumerate() {
            let rank = loud.partition_point(|other| *other < t);
            let unit = if level[t] > threshold && !phones.is_empty() {
                phones[rank * phones.len() / loud.len()]
            } else {
                Unit::Pause
            };
            self.add_frame(self.tying.gaussian(unit, 1), frame, true);
        }
        self.chances += 1.0;
        self.pauses += 0.5;
    }

    /// Adds a path.
    pub(super) fn add_path(&mut self, graph: &Graph, path: &Path, frames: &[Frame]) {
        for (t, frame) in frames.iter().enumerate() {
            let state = graph.states[path.states[t] as usize];
            let stays = path.states.get(t + 1) == Some(&path.states[t]);
            self.add_frame(self.tying.gaussian(state.unit, state.position), frame, stays);
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

    /// The sum of two.
    pub(super) fn plus(mut self, other: &Self) -> Self {
        for (sum, other) in self.statistics.iter_mut().zip(&other.statistics) {
            sum.frames += other.frames;
            sum.stays += other.stays;
            for d in 0..DIMENSIONS {
                sum.sum[d] += other.sum[d];
                sum.squares[d] += other.squares[d];
            }
        }
        self.pauses += other.pauses;
        self.chances += other.chances;
        self.frames += other.frames;
        self.log_likelihood += other.log_likelihood;
        self
    }

    /// The mean log-likelihood of a frame on the counted paths.
    pub(super) fn log_likelihood_per_frame(&self) -> f64 {
        self.log_likelihood / self.frames.max(1.0)
    }

    fn add_frame(&mut self, gaussian: usize, frame: &Frame, stays: bool) {
        let statistic = &mut self.statistics[gaussian];
        statistic.frames += 1.0;
        statistic.stays += f64::from(u8::from(stays));
        for (d, value) in frame.iter().enumerate() {
            let value = f64::from(*value);
            statistic.sum[d] += value;
            statistic.squares[d] += value * value;
        }
    }
}
