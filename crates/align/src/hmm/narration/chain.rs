//! Best path through a chain of texts, any of which may be left out, with sound between them that belongs to none.

use std::ops::Range;

use super::super::cepstra::{Cepstrum, Scaling};
use super::super::graph::{Graph, STATES, State, Unit};
use super::super::model::Model;
use super::pauses::Sound;

/// Costs in nats: entering sound that belongs to no text; leaving out the first of some texts, and each of them.
const ENTER_FILLER: f64 = 150.0;
const BEGIN_LEAVING_OUT: f64 = 30.0;
const LEAVE_OUT: f64 = 5.0;

/// Distance in nats below the best state at which a whole text is given up, or below the best filler if that is worse:
/// within sound that belongs to no text, wrong texts may fit better for a while, but what follows is reached from there.
const BEAM: f64 = 2000.0;

/// Most ways into a node besides staying.
const WAYS: usize = 5;

/// A text in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visit {
    /// Index of the text.
    pub(super) unit: usize,
    /// First to last frame of its phones.
    pub(super) frames: Range<usize>,
    /// False if the path ends within it.
    pub(super) is_complete: bool,
}

/// A path through the chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parse {
    /// Texts in order.
    pub(super) visits: Vec<Visit>,
    /// Frames that belong to no text.
    pub(super) fillers: Vec<Range<usize>>,
}

/// The recording and the model by which it is read.
#[derive(Clone, Copy)]
pub(super) struct Ear<'a> {
    pub(super) cepstra: &'a [Cepstrum],
    pub(super) scaling: &'a Scaling,
    pub(super) model: &'a Model,
    pub(super) sound: &'a Sound,
    /// Cost in nats of a frame that belongs to no text, relative to the most likely state.
    pub(super) filler: f64,
}

/// A node: a state of a text, the filler before it, or a pause before it in which texts are left out.
struct Node {
    /// Mixture; `None` for a filler.
    mixture: Option<usize>,
    is_phone: bool,
    stay: f64,
    /// Earlier nodes, and log-probabilities.
    ways: [(u32, f64); WAYS],
}

/// Nodes before the states of a text: its filler, and the pause in which it can be left out.
const BEFORE: usize = 2;

/// Nodes of consecutive texts; those of a text follow its filler and its pause.
struct Chain {
    nodes: Vec<Node>,
    /// First node of each text, its filler; then the end of the last text.
    starts: Vec<usize>,
    /// Nodes in which each text may end.
    ends: Vec<[Option<usize>; 2]>,
}

impl Chain {
    fn new(graphs: &[Graph], model: &Model) -> Self {
        let mut chain = Self { nodes: Vec::new(), starts: Vec::new(), ends: Vec::new() };
        for graph in graphs {
            chain.push(graph, model);
        }
        chain.starts.push(chain.nodes.len());
        chain
    }

    fn push(&mut self, graph: &Graph, model: &Model) {
        let filler = self.nodes.len();
        let before = self.starts.last().copied();
        let ends_before: Vec<usize> = self.ends.last().into_iter().flatten().flatten().copied().collect();
        let leave = |node: usize| (-self.nodes[node].stay.exp()).ln_1p();
        let from_ends = |cost: f64| -> Vec<(usize, f64)> {
            ends_before.iter().map(|node| (*node, leave(*node) - cost)).collect()
        };
        let mut into_filler = from_ends(ENTER_FILLER);
        into_filler.extend(before.map(|before| (before, -LEAVE_OUT)));
        let mut into_pause = from_ends(BEGIN_LEAVING_OUT);
        into_pause.extend(before.map(|before| (before + 1, -LEAVE_OUT)));
        let mut into_text = from_ends(0.0);
        into_text.extend([(filler, 0.0), (filler + 1, 0.0)]);

        let base = filler + BEFORE;
        let node = |mixture, into| Node { mixture, is_phone: false, stay: 0.0, ways: ways(into) };
        let pause = model.mixture(State { slot: 0, unit: Unit::Pause, position: 1 });
        let mut nodes = vec![node(None, into_filler), node(Some(pause), into_pause)];
        for (index, state) in graph.states.iter().enumerate() {
            let mut into: Vec<(usize, f64)> = graph
                .before(index)
                .map(|before| (base + before, model.leave(graph.states[before], *state)))
                .collect();
            if graph.may_begin(index) {
                into.extend(&into_text);
            }
            nodes.push(Node {
                mixture: Some(model.mixture(*state)),
                is_phone: state.unit != Unit::Pause,
                stay: model.stay(*state),
                ways: ways(into),
            });
        }
        let last = graph.states.len() - 1;
        let sooner = last.checked_sub(STATES).filter(|index| graph.may_end(*index));
        self.ends.push([Some(base + last), sooner.map(|index| base + index)]);
        self.starts.push(filler);
        self.nodes.append(&mut nodes);
    }
}

fn ways(into: Vec<(usize, f64)>) -> [(u32, f64); WAYS] {
    let mut ways = [(0, f64::NEG_INFINITY); WAYS];
    for (way, (from, cost)) in ways.iter_mut().zip(into) {
        *way = (from as u32, cost);
    }
    ways
}

/// Returns the most likely path through some of the texts, in order, from the first frame to the last; it may begin in
/// the first text or its filler, and end anywhere.
///
/// `graphs` are those of consecutive texts, the first of which is `first_unit`.
pub(super) fn parse(ear: &Ear<'_>, frames: Range<usize>, graphs: &[Graph], first_unit: usize) -> Parse {
    let n_frames = frames.len();
    if n_frames == 0 || graphs.is_empty() {
        return Parse::default();
    }
    let chain = Chain::new(graphs, ear.model);
    let n_nodes = chain.nodes.len();
    let n_units = graphs.len();
    let own = ear.scaling.frames(&ear.cepstra[frames.clone()]);
    let n_mixtures = ear.model.mixtures().len();
    let emitted = ear.model.densities(&own);
    let best: Vec<f32> = emitted
        .chunks_exact(n_mixtures)
        .map(|row| row.iter().copied().fold(f32::NEG_INFINITY, f32::max))
        .collect();

    let mut scores = vec![f64::NEG_INFINITY; n_nodes];
    let mut next = scores.clone();
    let mut alive = vec![f64::NEG_INFINITY; n_units];
    let mut back = vec![0_u8; n_nodes * n_frames];
    let is_quiet: Vec<bool> = frames.clone().map(|t| !ear.sound.is_loud(t)).collect();
    let emission = |t: usize, node: &Node| match node.mixture {
        // A quiet frame may be a pause, even where the silence sounds unlike that of the training.
        Some(_) if is_quiet[t] && !node.is_phone => f64::from(best[t]),
        Some(mixture) => f64::from(emitted[t * n_mixtures + mixture]),
        None => f64::from(best[t]) - ear.filler,
    };
    for (index, score) in scores.iter_mut().enumerate().take(chain.starts[1]) {
        let may_begin = index < BEFORE || graphs[0].may_begin(index - BEFORE);
        if may_begin {
            let cost = if index == 0 { ENTER_FILLER } else { 0.0 };
            *score = emission(0, &chain.nodes[index]) - cost;
        }
    }
    let mut highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    alive[0] = highest;
    let mut highest_filler = scores[0];
    for t in 1..n_frames {
        let back = &mut back[t * n_nodes..(t + 1) * n_nodes];
        let floor = highest.min(highest_filler) - BEAM;
        let was_alive = alive.clone();
        (highest, highest_filler) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for unit in 0..n_units {
            let nodes = chain.starts[unit]..chain.starts[unit + 1];
            let before = if unit > 0 { was_alive[unit - 1] } else { f64::NEG_INFINITY };
            if was_alive[unit].max(before) < floor {
                alive[unit] = f64::NEG_INFINITY;
                next[nodes].fill(f64::NEG_INFINITY);
                continue;
            }
            let mut top = f64::NEG_INFINITY;
            for index in nodes {
                let node = &chain.nodes[index];
                let (mut score, mut way) = (scores[index] + node.stay, 0);
                for (number, (from, cost)) in (1..).zip(node.ways) {
                    let candidate = scores[from as usize] + cost;
                    if candidate > score {
                        (score, way) = (candidate, number);
                    }
                }
                if score > f64::NEG_INFINITY {
                    score += emission(t, node);
                }
                next[index] = score;
                back[index] = way;
                top = top.max(score);
            }
            alive[unit] = top;
            highest = highest.max(top);
            highest_filler = highest_filler.max(next[chain.starts[unit]]);
        }
        std::mem::swap(&mut scores, &mut next);
    }
    let mut node =
        (0..n_nodes).fold(0, |best, index| if scores[index] > scores[best] { index } else { best });
    let ended_in = node;
    let mut path = vec![0_u32; n_frames];
    for t in (0..n_frames).rev() {
        path[t] = node as u32;
        let way = back[t * n_nodes + node];
        if way > 0 {
            node = chain.nodes[node].ways[usize::from(way) - 1].0 as usize;
        }
    }
    describe(&chain, &path, frames.start, first_unit, ended_in)
}

/// Returns the texts and fillers on a path.
fn describe(chain: &Chain, path: &[u32], first_frame: usize, first_unit: usize, ended_in: usize) -> Parse {
    let mut parse = Parse::default();
    for (t, node) in path.iter().enumerate() {
        let (node, t) = (*node as usize, first_frame + t);
        let unit = chain.starts.partition_point(|start| *start <= node) - 1;
        if chain.nodes[node].mixture.is_none() {
            match parse.fillers.last_mut() {
                Some(last) if last.end == t => last.end = t + 1,
                _ => parse.fillers.push(t..t + 1),
            }
        } else if chain.nodes[node].is_phone {
            match parse.visits.last_mut() {
                Some(last) if last.unit == first_unit + unit => last.frames.end = t + 1,
                _ => {
                    parse.visits.push(Visit { unit: first_unit + unit, frames: t..t + 1, is_complete: true });
                }
            }
        }
    }
    if let Some(last) = parse.visits.last_mut() {
        let unit = last.unit - first_unit;
        let range = chain.starts[unit]..chain.starts[unit + 1];
        // The final pause follows the last phone.
        let end = chain.ends[unit].iter().flatten().min();
        last.is_complete = !range.contains(&ended_in) || end.is_some_and(|end| ended_in >= *end);
    }
    parse
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::super::super::aligner::tests::SENTENCES as TEXTS;
    use super::super::super::cepstra::{COEFFICIENTS, Cepstrum};
    use super::super::super::config::AlignConfig;
    use super::super::super::graph::Graph;
    use super::super::Listener;
    use super::super::pauses::Sound;
    use super::parse;

    fn symbols(text: &str) -> Vec<Symbol> {
        text.split(' ').map(|symbol| symbol.parse().unwrap()).collect()
    }

    /// Appends a text of this synthetic language, and its levels: each phone has its cepstrum, and 4 to 10 frames.
    fn read(text: &str, generator: &mut ChaCha8Rng, cepstra: &mut Vec<Cepstrum>, levels: &mut Vec<f32>) {
        for symbol in text.split(' ') {
            let seed = symbol.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte));
            let is_phone = symbol.parse::<Symbol>().is_ok_and(|symbol| symbol.phone().is_some());
            let mut own = ChaCha8Rng::seed_from_u64(if is_phone { seed } else { 0 });
            let mean: Cepstrum = std::array::from_fn(|_| own.random_range(-3.0..3.0));
            let n = if is_phone || symbol == "," { generator.random_range(4..10) } else { 0 };
            let n = if symbol.starts_with('<') { 12 } else { n };
            levels.extend(vec![if is_phone { 5.0 } else { 0.0 }; n]);
            cepstra.extend((0..n).map(|_| -> Cepstrum {
                std::array::from_fn(|k| {
                    mean[k] + generator.random_range(-0.7..0.7) * f32::from(u8::from(k < COEFFICIENTS))
                })
            }));
        }
    }

    #[test]
    fn finds_what_was_left_out_and_what_was_added() {
        let mut generator = ChaCha8Rng::seed_from_u64(11);
        let graphs: Vec<Graph> = TEXTS.map(|text| Graph::new(&symbols(text))).to_vec();
        let mut training = Vec::new();
        let pieces: Vec<_> = (0..30)
            .map(|index| {
                let (text, start) = (TEXTS[index % TEXTS.len()], training.len());
                read(text, &mut generator, &mut training, &mut Vec::new());
                (symbols(text), start..training.len())
            })
            .collect();
        let listener =
            Listener::train(&training, &pieces, &AlignConfig::default()).expect("texts and frames");

        // Texts 0, 1, something else, 2, 4: text 3 is left out; the path ends within text 5.
        let mut cepstra = Vec::new();
        let (mut levels, mut places) = (Vec::new(), Vec::new());
        for unit in [0, 1, 9, 2, 4, 5] {
            let start = cepstra.len();
            // Speech with the sounds of the texts in another order, long enough to pay for entering the filler.
            let other = format!("<bos> {}<eos>", "S IY1 D N AE1 L T M OW1 L S AW1 N IY1 D ".repeat(4));
            let text = TEXTS.get(unit).copied().unwrap_or(&other);
            read(text, &mut generator, &mut cepstra, &mut levels);
            places.push((unit, start..cepstra.len()));
        }
        cepstra.truncate(cepstra.len() - 40);
        levels.truncate(cepstra.len());
        let sound = Sound::of(levels);
        let found = parse(&listener.ear(&cepstra, &sound), 0..cepstra.len(), &graphs, 0);
        let units: Vec<(usize, bool)> =
            found.visits.iter().map(|visit| (visit.unit, visit.is_complete)).collect();
        assert_eq!(units, [(0, true), (1, true), (2, true), (4, true), (5, false)], "{:?}", found.visits);
        for (visit, place) in found.visits.iter().zip([0, 1, 3, 4, 5]) {
            let place = &places[place].1;
            // Twelve frames of silence on either side; so few of them are as good as a part of a phone.
            assert!(visit.frames.start.abs_diff(place.start + 12) <= 18, "{visit:?} {place:?}");
            if visit.is_complete {
                assert!(visit.frames.end.abs_diff(place.end - 12) <= 18, "{visit:?} {place:?}");
            }
        }
        let extra = &places[2].1;
        let overlap = |filler: &std::ops::Range<usize>| {
            filler.end.min(extra.end).saturating_sub(filler.start.max(extra.start))
        };
        let covered: usize = found.fillers.iter().map(overlap).sum();
        // Twelve frames of silence on either side, and a part of a phone, as above.
        assert!(covered + 2 * 12 + 18 >= extra.len(), "{:?} {extra:?}", found.fillers);
    }
}
