//! Best path through the states of an utterance.

use super::frames::{Frames, LANES};
use super::graph::{Graph, STATES};
use super::model::Model;

/// A path: the state of each frame.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) states: Vec<u32>,
    /// Log-density of each frame in its state.
    pub(super) emitted: Vec<f32>,
    /// Log-likelihood of the whole path, including transitions.
    pub(super) log_likelihood: f64,
}

impl Path {
    /// Returns the frames spent in each slot.
    pub(super) fn slot_frames(&self, graph: &Graph) -> Vec<u32> {
        let mut frames = vec![0; graph.slots.len()];
        for state in &self.states {
            frames[graph.states[*state as usize].slot as usize] += 1;
        }
        frames
    }

    /// Returns the path with the frames of each phone and each pause divided evenly among its states.
    ///
    /// While the states of a phone share a model, all paths through them are equally likely, and the best path is an
    /// arbitrary one: states estimated from it would model the first frame of the phone and the remainder, and pull
    /// every boundary too early.
    pub(super) fn dealt_evenly(mut self, graph: &Graph) -> Self {
        let mut start = 0;
        for n in self.slot_frames(graph) {
            let frames = start..start + n as usize;
            start = frames.end;
            if frames.is_empty() {
                continue;
            }
            let first = self.states[frames.start]
                - u32::from(graph.states[self.states[frames.start] as usize].position);
            for (i, state) in (0..n).zip(&mut self.states[frames]) {
                // Two frames belong to the first and the last state.
                *state = first + if n == 2 { 2 * i } else { i * STATES as u32 / n };
            }
        }
        self
    }
}

/// Returns the most likely path of `frames` through `graph`; there must be at least [`Graph::shortest`] of them.
///
/// Of equally likely transitions into a state, staying is preferred, then the nearer state.
pub(super) fn best_path(graph: &Graph, model: &Model, frames: &Frames) -> Path {
    let n_states = graph.states.len();
    let emissions = Emissions::new(graph, model, frames);
    let ways = ways(graph, model);
    let mut scores = vec![f64::NEG_INFINITY; n_states];
    let mut next = scores.clone();
    // Distance back to the previous state, for every frame and state.
    let mut back = vec![0_u8; n_states * frames.len()];
    for (index, score) in scores.iter_mut().enumerate() {
        if graph.may_begin(index) {
            *score = emissions.at(0, index);
        }
    }
    for (t, back) in back.chunks_exact_mut(n_states).enumerate().skip(1) {
        let emitted = emissions.row(t);
        let of_state = emissions.of_state.iter();
        for (index, (((next, back), ways), of_state)) in
            next.iter_mut().zip(back).zip(&ways).zip(of_state).enumerate()
        {
            let (mut best, mut distance) = (scores[index] + ways.stay, 0);
            for (before, way) in ways.enter {
                // A missing transition has probability 0.
                let score = scores[index.saturating_sub(usize::from(before))] + way;
                if score > best {
                    (best, distance) = (score, before);
                }
            }
            *next = best + f64::from(emitted[*of_state]);
            *back = distance;
        }
        std::mem::swap(&mut scores, &mut next);
    }
    let mut state = (0..n_states)
        .filter(|index| graph.may_end(*index))
        .fold(n_states - 1, |best, index| if scores[index] > scores[best] { index } else { best });
    let log_likelihood = scores[state];
    let mut states = vec![0; frames.len()];
    let mut emitted = vec![0.0; frames.len()];
    for t in (0..frames.len()).rev() {
        states[t] = state as u32;
        emitted[t] = emissions.row(t)[emissions.of_state[state]];
        state -= usize::from(back[t * n_states + state]);
    }
    Path { states, emitted, log_likelihood }
}

/// Transitions into a state: distances back, and log-probabilities.
struct Ways {
    stay: f64,
    enter: [(u8, f64); 2],
}

fn ways(graph: &Graph, model: &Model) -> Vec<Ways> {
    let states = &graph.states;
    (0..states.len())
        .map(|index| {
            let mut enter = [(0, f64::NEG_INFINITY); 2];
            for (way, before) in enter.iter_mut().zip(graph.before(index)) {
                *way = ((index - before) as u8, model.leave(states[before], states[index]));
            }
            Ways { stay: model.stay(states[index]), enter }
        })
        .collect()
}

/// Densities of every frame in every mixture of the utterance, each computed once however many states share it.
struct Emissions {
    values: Vec<f32>,
    n_mixtures: usize,
    of_state: Vec<usize>,
}

impl Emissions {
    fn new(graph: &Graph, model: &Model, frames: &Frames) -> Self {
        let mut mixtures: Vec<usize> = graph.states.iter().map(|state| model.mixture(*state)).collect();
        mixtures.sort_unstable();
        mixtures.dedup();
        let of_state = graph
            .states
            .iter()
            .map(|state| mixtures.partition_point(|other| *other < model.mixture(*state)))
            .collect();
        let n_mixtures = mixtures.len();
        let mut values = vec![0.0; n_mixtures * frames.blocks().len() * LANES];
        for (block, rows) in frames.blocks().iter().zip(values.chunks_exact_mut(n_mixtures * LANES)) {
            for (index, mixture) in mixtures.iter().enumerate() {
                let densities = model.mixtures()[*mixture].log_densities(block);
                for (row, density) in rows.chunks_exact_mut(n_mixtures).zip(densities) {
                    row[index] = density;
                }
            }
        }
        Self { values, n_mixtures, of_state }
    }

    /// Returns the densities of a frame, by mixture.
    fn row(&self, t: usize) -> &[f32] {
        &self.values[t * self.n_mixtures..(t + 1) * self.n_mixtures]
    }

    fn at(&self, t: usize, state: usize) -> f64 {
        f64::from(self.row(t)[self.of_state[state]])
    }
}

#[cfg(test)]
mod tests {
    use mynah_testkit::assert_close;
    use mynah_text::Symbol;
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::super::frames::Frames;
    use super::super::graph::Graph;
    use super::super::mixture::{Gaussian, Mixture};
    use super::super::model::Model;
    use super::super::tying::Tying;
    use super::{Path, best_path};

    /// Rounding of sums of a few hundred terms in a different order.
    const SCORE_TOLERANCE: f64 = 1e-9;

    /// Returns the best score of all paths from `state` at `t` to the end, by trying every one.
    fn best_by_trying(
        graph: &Graph,
        emitted: &dyn Fn(usize, usize) -> f64,
        model: &Model,
        frames: usize,
        t: usize,
        state: usize,
    ) -> f64 {
        let here = emitted(t, state);
        if t + 1 == frames {
            return if graph.may_end(state) { here } else { f64::NEG_INFINITY };
        }
        let mut best = f64::NEG_INFINITY;
        for next in state..graph.states.len() {
            let way = if next == state {
                model.stay(graph.states[state])
            } else if graph.before(next).any(|before| before == state) {
                model.leave(graph.states[state], graph.states[next])
            } else {
                continue;
            };
            best = best.max(way + best_by_trying(graph, emitted, model, frames, t + 1, next));
        }
        here + best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_path_is_optimal(seed in any::<u64>(), n in 4_usize..9) {
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            let symbols: Vec<Symbol> =
                "<bos> B / AA1 <eos>".split(' ').map(|symbol| symbol.parse().unwrap()).collect();
            let graph = Graph::new(&symbols);
            let mut model = Model::standard().untie(Tying::State);
            model.replace(|_| {
                let mut gaussian = Gaussian::standard();
                gaussian.mean.fill_with(|| generator.random_range(-0.5..0.5));
                Mixture::new([(1.0, gaussian)])
            });
            let frames = Frames::new(n, (0..n).map(|_| std::array::from_fn(|_| generator.random_range(-1.0..1.0))));
            let path = best_path(&graph, &model, &frames);
            let densities: Vec<Vec<f64>> = graph.states.iter().map(|state| {
                let mixture = &model.mixtures()[model.mixture(*state)];
                frames.blocks().iter().flat_map(|block| mixture.log_densities(block)).map(f64::from).collect()
            }).collect();
            let emitted = |t: usize, state: usize| densities[state][t];
            let best = (0..graph.states.len())
                .filter(|state| graph.may_begin(*state))
                .map(|state| best_by_trying(&graph, &emitted, &model, n, 0, state))
                .fold(f64::NEG_INFINITY, f64::max);
            assert_close(path.log_likelihood, best, SCORE_TOLERANCE, "score");

            // The path must also have that score.
            let mut score = 0.0;
            for (t, state) in path.states.iter().enumerate() {
                let state = *state as usize;
                assert_close(f64::from(path.emitted[t]), emitted(t, state), 0.0, "emitted");
                score += emitted(t, state);
                if t > 0 {
                    let before = path.states[t - 1] as usize;
                    score += if before == state {
                        model.stay(graph.states[state])
                    } else {
                        model.leave(graph.states[before], graph.states[state])
                    };
                }
            }
            assert_close(score, best, SCORE_TOLERANCE, "score of the path");
        }
    }

    #[test]
    fn frames_are_divided_evenly() {
        let symbols: Vec<Symbol> =
            "<bos> HH AY1 D <eos>".split(' ').map(|symbol| symbol.parse().unwrap()).collect();
        let graph = Graph::new(&symbols);
        // No pause, phones of two, four and seven frames, and a pause of three.
        let states = [3, 5, 6, 8, 8, 8, 9, 11, 11, 11, 11, 11, 11, 12, 13, 14];
        let path = Path { states: states.to_vec(), emitted: vec![0.0; states.len()], log_likelihood: 0.0 };
        assert_eq!(path.dealt_evenly(&graph).states, [3, 5, 6, 6, 7, 8, 9, 9, 9, 10, 10, 11, 11, 12, 13, 14]);
    }
}
