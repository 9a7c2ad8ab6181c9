//! The best path through an utterance's states.

use super::cepstra::Frame;
use super::graph::{Graph, State};
use super::model::Model;

/// A path: the state of each frame.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) states: Vec<u32>,
    pub(super) log_likelihood: f64,
}

impl Path {
    /// The frames spent in each slot.
    pub(super) fn slot_frames(&self, graph: &Graph) -> Vec<u32> {
        let mut frames = vec![0; graph.slots.len()];
        for state in &self.states {
            frames[graph.states[*state as usize].slot as usize] += 1;
        }
        frames
    }
}

/// The most likely path of `frames` through `graph`; there must be at least [`Graph::shortest`] of them.
///
/// Of equally likely ways into a state, staying wins, then the nearer state.
pub(super) fn best_path(graph: &Graph, model: &Model, frames: &[Frame]) -> Path {
    let n_states = graph.states.len();
    let emissions = Emissions::new(graph, model);
    let mut scores = vec![f64::NEG_INFINITY; n_states];
    let mut next = scores.clone();
    // How far back the state before lies, for every frame and state.
    let mut back = vec![0_u8; n_states * frames.len()];
    let mut emitted = vec![0.0; n_states];
    for (t, frame) in frames.iter().enumerate() {
        emissions.of_frame(frame, &mut emitted);
        for index in 0..n_states {
            let (mut best, mut distance) = if t == 0 {
                (if graph.may_begin(index) { 0.0 } else { f64::NEG_INFINITY }, 0)
            } else {
                (scores[index] + model.stay(graph.states[index]), 0)
            };
            if t > 0 {
                for before in graph.before(index) {
                    let score = scores[before] + model.leave(graph.states[before], graph.states[index]);
                    if score > best {
                        (best, distance) = (score, index - before);
                    }
                }
            }
            next[index] = best + emitted[index];
            back[t * n_states + index] = distance as u8;
        }
        std::mem::swap(&mut scores, &mut next);
    }
    let mut state = (0..n_states)
        .filter(|index| graph.may_end(*index))
        .fold(n_states - 1, |best, index| if scores[index] > scores[best] { index } else { best });
    let log_likelihood = scores[state];
    let mut states = vec![0; frames.len()];
    for t in (0..frames.len()).rev() {
        states[t] = state as u32;
        state -= back[t * n_states + state] as usize;
    }
    Path { states, log_likelihood }
}

/// Which Gaussian each state has, so that each is evaluated once a frame however many states share it.
struct Emissions<'a> {
    model: &'a Model,
    gaussians: Vec<usize>,
    of_state: Vec<usize>,
}

impl<'a> Emissions<'a> {
    fn new(graph: &Graph, model: &'a Model) -> Self {
        let index = |state: &State| model.gaussian(state.unit, state.position);
        let mut gaussians: Vec<usize> = graph.states.iter().map(index).collect();
        gaussians.sort_unstable();
        gaussians.dedup();
        let of_state = graph
            .states
            .iter()
            .map(|state| gaussians.partition_point(|other| *other < index(state)))
            .collect();
        Self { model, gaussians, of_state }
    }

    fn of_frame(&self, frame: &Frame, out: &mut [f64]) {
        let values: Vec<f64> =
            self.gaussians.iter().map(|gaussian| self.model.log_density(*gaussian, frame)).collect();
        for (out, index) in out.iter_mut().zip(&self.of_state) {
            *out = values[*index];
        }
    }
}
